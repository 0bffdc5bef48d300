//! What the kernel hands to the booter, the one component that it starts itself.

/// The booter's slots when it starts. Everything else it makes for itself.
pub mod slot {
    /// Its own capability table.
    pub const TABLE: u32 = 1;
    /// Its own page table, which also names the untyped frames.
    pub const PAGE_TABLE: u32 = 2;
    /// The whole range of I/O ports.
    pub const PORTS: u32 = 3;
    /// The kernel's console.
    pub const DEBUG_CONSOLE: u32 = 4;
    /// The end of the system.
    pub const POWER: u32 = 5;
    /// All interrupt lines.
    pub const INTERRUPTS: u32 = 6;
    /// All physical memory in which devices have their registers.
    pub const DEVICES: u32 = 7;
    /// The temporal capability that all cycles come from.
    pub const TIME: u32 = 8;
    /// The receive end-point of its own thread.
    pub const RECEIVE: u32 = 9;
    /// The right to send there, by which other cores tell it that a thread has ended; it makes that if there are any.
    pub const SEND: u32 = 10;
    /// First slot that is free.
    pub const FREE: u32 = 16;
    /// Slots that it uses for each component of the bundle, from [`of`] on; see [`made`](super::made).
    pub const EACH: u32 = 8;

    /// The first of those for the component number `at`.
    pub const fn of(at: usize) -> u32 {
        FREE + EACH * at as u32
    }
}

/// What the booter keeps of a component that it makes, in the slots behind [`slot::of`].
pub mod made {
    /// Its capability table.
    pub const TABLE: u32 = 0;
    /// Its page table.
    pub const PAGE_TABLE: u32 = 1;
    /// The component itself.
    pub const COMPONENT: u32 = 2;
    /// Its thread.
    pub const THREAD: u32 = 3;
    /// The temporal capability of its thread, if it has one.
    pub const TIME: u32 = 4;
    /// The end-point of its thread, for which that is made.
    pub const RECEIVE: u32 = 5;
}

/// Where the booter finds its [`BootInformation`], as words, read-only.
pub const INFORMATION: u64 = 0x1000_0000_0000;

/// Where the booter finds the whole bundle, read-only. Its pages can be aliased
/// with any rights: the booter owns them.
pub const BUNDLE: u64 = 0x2000_0000_0000;

/// Where the booter's page table names the untyped frames: the frame at
/// physical address `p` has the name `UNTYPED + p`.
pub const UNTYPED: u64 = 0x4000_0000_0000;

/// Where the booter maps memory that it maps in several other page tables: the frame with the name `UNTYPED + p` at
/// `SHARED + p`.
pub const SHARED: u64 = 0x3000_0000_0000;

/// Untyped ranges that the boot information can list.
pub const RANGES: usize = 64;

/// Word of the boot information behind the last range.
pub const STARTED: usize = 2 + 2 * RANGES;

/// The word behind that.
pub const CORES: usize = STARTED + 1;

/// A run of untyped frames, by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UntypedRange {
    /// Name of the first frame.
    pub start: u64,
    /// Number of frames.
    pub frames: u64,
}

/// What the booter needs to know of the machine: words of the page at [`INFORMATION`].
///
/// | word | meaning |
/// |---|---|
/// | 0 | bytes of the bundle at [`BUNDLE`] |
/// | 1 | number of untyped ranges, at most [`RANGES`] |
/// | 2, 3, … | name of the first frame and number of frames, for each range |
/// | [`STARTED`] | the time-stamp counter at the kernel's first instruction |
/// | [`CORES`] | number of cores on which threads can run |
#[derive(Clone, Copy, Debug)]
pub struct BootInformation<'a> {
    /// The page, as words.
    pub words: &'a [u64],
}

impl BootInformation<'_> {
    /// Bytes of the bundle.
    pub fn bundle_bytes(&self) -> u64 {
        self.words.first().copied().unwrap_or(0)
    }

    /// The time-stamp counter at the kernel's first instruction.
    pub fn started(&self) -> u64 {
        self.words.get(STARTED).copied().unwrap_or(0)
    }

    /// Cores on which threads can run, numbered from 0 on. The booter runs on the first.
    pub fn cores(&self) -> u64 {
        self.words.get(CORES).copied().unwrap_or(0).max(1)
    }

    /// The runs of untyped frames, in ascending order.
    pub fn untyped(&self) -> impl Iterator<Item = UntypedRange> {
        let count = self.words.get(1).copied().unwrap_or(0) as usize;
        let pairs = self.words.get(2..).unwrap_or(&[]).chunks_exact(2);
        pairs.take(count.min(RANGES)).map(|pair| UntypedRange { start: pair[0], frames: pair[1] })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_the_ranges_it_counts() {
        let words = [8192, 1, UNTYPED + 0x10_0000, 7, 99, 99];
        let information = BootInformation { words: &words };
        assert_eq!(information.bundle_bytes(), 8192);
        let ranges = [UntypedRange { start: UNTYPED + 0x10_0000, frames: 7 }];
        assert!(information.untyped().eq(ranges));
    }

    #[test]
    fn an_empty_page_lists_nothing() {
        assert_eq!(BootInformation { words: &[] }.untyped().count(), 0);
    }
}
