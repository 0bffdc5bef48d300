//! How mapped frames become a page: the only file of this crate with `unsafe`.
//!
//! # Why this is sound
//!
//! The other side of a page runs in another protection domain and may write any
//! byte at any time. Rust has one way to share memory with such a writer: atomics.
//! [`Header`] and [`Entry`] consist of nothing else (the assertions below hold
//! their sizes to whole words and no more), every bit pattern is a valid
//! `AtomicU64`, and nobody in *this* domain makes another kind of reference to
//! the frames: that, and that they stay mapped, is what the caller promises.
//! What a hostile writer can do is then to change values, never to cause
//! undefined behaviour; the protocol is written to stand any value.

use crate::entry::Entry;
use crate::header::Header;
use crate::layout::{ENTRIES, FRAME_BYTES};
use crate::page::Page;
use core::ptr::NonNull;
use core::sync::atomic::AtomicU64;

const _: () = assert!(size_of::<[Entry<AtomicU64>; ENTRIES]>() == FRAME_BYTES);
const _: () = assert!(size_of::<Header<AtomicU64>>() <= FRAME_BYTES);

/// The address is not one at which a frame can be mapped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotAFrame;

impl core::fmt::Display for NotAFrame {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("address is not frame-aligned")
    }
}

impl core::error::Error for NotAFrame {}

#[inline]
fn check(address: NonNull<u8>) -> Result<(), NotAFrame> {
    if address.as_ptr().addr().is_multiple_of(FRAME_BYTES) { Ok(()) } else { Err(NotAFrame) }
}

/// The header in a mapped frame.
///
/// # Errors
///
/// [`NotAFrame`] if the address is not frame-aligned.
///
/// # Safety
///
/// For all of `'a` a whole frame is mapped there, readable and writable, and
/// whatever else runs in this domain touches it by atomic words only.
#[inline]
pub unsafe fn header<'a>(frame: NonNull<u8>) -> Result<&'a Header<AtomicU64>, NotAFrame> {
    check(frame)?;
    // SAFETY: aligned to a frame, hence to the header; the caller promises that the frame is
    // mapped for 'a and shared by atomics only; the header is no larger, and any bits are valid.
    Ok(unsafe { frame.cast().as_ref() })
}

/// The page in a mapped header frame and a mapped entry frame.
///
/// # Errors
///
/// [`NotAFrame`] if an address is not frame-aligned.
///
/// # Safety
///
/// As for [`header()`], for both frames.
#[inline]
pub unsafe fn page<'a>(header_frame: NonNull<u8>, entry_frame: NonNull<u8>) -> Result<Page<'a, AtomicU64>, NotAFrame> {
    check(entry_frame)?;
    // SAFETY: the caller promises for this frame what `header` asks for.
    let header = unsafe { header(header_frame) }?;
    // SAFETY: as in `header`; 64 entries are exactly a frame.
    let entries: &'a [Entry<AtomicU64>; ENTRIES] = unsafe { entry_frame.cast().as_ref() };
    Ok(Page::new(header, entries))
}
