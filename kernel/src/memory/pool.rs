//! Frames for what the kernel makes at boot, taken one after another from one free range.

use crate::boot::information::Region;
use core::sync::atomic::{AtomicU64, Ordering::Relaxed};
use logic::frame::Frame;

/// The boot code's page tables show this much memory where it is.
const BOOT_MAPPED: u64 = 1 << 32;

/// A free range and how much of it is taken.
pub struct Pool {
    next: AtomicU64,
    end: u64,
    start: u64,
}

impl Pool {
    /// Takes from the largest of the `free` ranges that the boot code has mapped.
    pub fn new(free: &[Region]) -> Option<Self> {
        let reachable = free.iter().map(|r| (r.start, r.end.min(BOOT_MAPPED))).filter(|(start, end)| start < end);
        let (start, end) = reachable.max_by_key(|(start, end)| end - start)?;
        Some(Self { next: AtomicU64::new(start), end, start })
    }

    /// The first of `frames` adjacent frames; what they hold is anybody's guess.
    pub fn take(&self, frames: usize) -> Option<Frame> {
        let bytes = (frames as u64).checked_mul(4096)?;
        let start = self.next.load(Relaxed);
        let next = start.checked_add(bytes).filter(|next| *next <= self.end)?;
        self.next.store(next, Relaxed);
        Some(Frame::containing(start))
    }

    /// A frame of zeros. Only after the direct map is there.
    pub fn take_zeroed(&self) -> Option<Frame> {
        let frame = self.take(1)?;
        // SAFETY: the frame is free memory that nobody else can name.
        unsafe { super::direct::<u8>(frame.physical()).write_bytes(0, 4096) };
        Some(frame)
    }

    /// First byte that has not been taken.
    pub fn next(&self) -> u64 {
        self.next.load(Relaxed)
    }

    /// Takes what has been taken so far out of the retype table: it is the kernel's, as no kind of frame.
    pub fn seal(&self, retype: &[AtomicU64]) {
        let taken = (self.start / 4096) as usize..(self.next() / 4096) as usize;
        for entry in retype.get(taken).unwrap_or(&[]) {
            entry.store(0, Relaxed);
        }
    }
}
