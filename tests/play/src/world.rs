//! What calls are about: slots, addresses, memory, code.

use abi::layout::PAGE;

/// What a player holds when it starts. The slots of its first leaf from [`FREE`](slot::FREE) on are empty.
pub mod slot {
    use abi::kind::Kind;

    /// Its fault handler, which ends whatever faults.
    pub const HANDLER: u32 = abi::crossing::FAULT_HANDLER;
    /// Its own table.
    pub const TABLE: u32 = 2;
    /// Its own page table.
    pub const PAGE_TABLE: u32 = 3;
    /// Itself.
    pub const COMPONENT: u32 = 4;
    /// A port that no device minds.
    pub const PORTS: u32 = 5;
    /// The kernel's console.
    pub const CONSOLE: u32 = 6;
    /// Its thread.
    pub const THREAD: u32 = 7;
    /// Its thread's receive end-point.
    pub const RECEIVE: u32 = 8;
    /// The right to send there.
    pub const SEND: u32 = 9;
    /// An invocation that returns.
    pub const INVOCATION: u32 = 10;
    /// An invocation that invokes itself until the invocation stack is full.
    pub const DEEP: u32 = 11;
    /// A component in which nobody executes.
    pub const VICTIM: u32 = 12;
    /// An interrupt line that no device uses.
    pub const INTERRUPT: u32 = 13;
    /// The registers of a device that nobody uses.
    pub const RANGE: u32 = 14;
    /// Time.
    pub const TIME: u32 = 15;
    /// The level that is handled; it never is one of those that a player handles.
    pub const LEVEL: u32 = 16;
    /// More time.
    pub const MORE_TIME: u32 = 17;
    /// A thread that has not started; nothing if a player long ago had one with its index.
    pub const OTHER: u32 = 18;
    /// First slot to play with.
    pub const FREE: u32 = 20;

    /// What is in these slots at first.
    pub const START: [(u32, Kind); 18] = [
        (HANDLER, Kind::Invocation),
        (TABLE, Kind::CapabilityTable),
        (PAGE_TABLE, Kind::PageTable),
        (COMPONENT, Kind::Component),
        (PORTS, Kind::Ports),
        (CONSOLE, Kind::DebugConsole),
        (THREAD, Kind::Thread),
        (RECEIVE, Kind::Receive),
        (SEND, Kind::Send),
        (INVOCATION, Kind::Invocation),
        (DEEP, Kind::Invocation),
        (VICTIM, Kind::Component),
        (INTERRUPT, Kind::Interrupt),
        (RANGE, Kind::PhysicalRange),
        (TIME, Kind::TemporalCapability),
        (LEVEL, Kind::HandledLevel),
        (MORE_TIME, Kind::TemporalCapability),
        (OTHER, Kind::Thread),
    ];
}

/// The port that no device minds: the one for codes of a power-on self-test.
pub const PORT: u64 = 0x80;

/// The interrupt line that no device uses.
pub const LINE: u64 = 5;

/// Address of a device's memory that nobody uses: the text of a screen.
pub const DEVICE: u64 = 0xb_8000;

/// The director's slot by which the code that does so invokes itself.
pub const DEEP: u32 = abi::boot::slot::FREE + 1;

/// Name of a director's first frame, on a boundary of 2 MiB: the same wherever players play, so that answers can be compared.
pub const FIRST_FRAME: u64 = abi::boot::UNTYPED + (256 << 20);

/// The director's slot for the level that a player's handler handles.
pub const LEVEL: u32 = DEEP + 1;

/// Where players map pages.
pub const FAR: u64 = 0x6800_0000_0000;

/// The end of a player's stack, in its span.
pub const STACK_END: u64 = 0x5800_0001_0000;

/// Bytes of a player's stack.
pub const STACK_BYTES: u64 = 4 * PAGE;

/// Frames that one player plays with.
pub const FRAMES: u64 = 512;

/// Frames of a player that are not played with: what it is made of.
pub const PRIVATE_FRAMES: u64 = 16;

/// Frames of a director that belong to no player.
pub const COMMON_FRAMES: u64 = 64;

/// Where code lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Code {
    /// Returns with success and the words with which it was entered.
    pub returns: u64,
    /// Asks for what it may of the level whose fault it handles, and returns with success and [`Unwind`](abi::fault::Answer::Unwind).
    pub unwinds: u64,
    /// Invokes [`DEEP`], and returns with the status of that.
    pub deepens: u64,
    /// A player's start.
    pub player: u64,
}

/// Where a player plays.
#[derive(Clone, Copy, Debug)]
pub struct World {
    /// Its number.
    pub player: u64,
    /// Name of the first frame that it plays with.
    pub frames: u64,
    /// Code that can be entered.
    pub code: Code,
    /// Whether threads may be given times: what happens then depends on the machine's speed.
    pub timed: bool,
}

impl World {
    /// The name of the frame number `at`.
    pub const fn frame(&self, at: u64) -> u64 {
        self.frames + at * PAGE
    }

    /// The first address of a range of 4 GiB that only this player uses.
    pub const fn far(&self) -> u64 {
        FAR + (self.player << 32)
    }

    /// The first of four indices of components that only this player uses.
    pub const fn component(&self) -> u64 {
        1024 + self.player * 4
    }

    /// The first of two indices of threads that only this player uses, and one long before it.
    pub const fn thread(&self) -> u64 {
        270 + self.player * 2 % 200
    }
}
