//! What can be asked of each kind of capability, other than an invocation.
//!
//! An operation's number travels in the method's place of `rax`; `w0`–`w3` are
//! the words in `rdi rsi rdx r10`. `w0`, `w1` of an answer are in `rdi rsi`.
//! "Frame address" is an address at which the *caller's own* page table names
//! an untyped frame. Capability numbers are looked up in the caller's table.

/// Operations of a [`CapabilityTable`](crate::kind::Kind::CapabilityTable) capability.
///
/// The `Create…` operations consume the untyped frames that they name and put a
/// capability to the new object into slot `w0` of this table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u16)]
pub enum TableOperation {
    /// `w0` slot, `w1` capability number: puts a copy of the caller's capability into the slot.
    Copy = 0,
    /// `w0` slot: empties it.
    Remove = 1,
    /// `w0` leaf index below 512, `w1` frame address: adds a leaf of 64 slots.
    Graft = 2,
    /// `w0` slot, `w1` frame address: makes an empty table, without leaves.
    CreateTable = 3,
    /// `w0` slot, `w1` frame address: makes an empty page table.
    CreatePageTable = 4,
    /// `w0` slot, `w1` frame address, `w2` table capability << 32 | page-table capability,
    /// `w3` component index.
    CreateComponent = 5,
    /// `w0` slot, `w1` frame address, `w2` component capability << 32 | thread index,
    /// `w3` address at which it starts.
    CreateThread = 6,
    /// `w0` slot | component capability << 32, `w1` entry address, `w2` token, `w3` permitted methods.
    CreateInvocation = 7,
    /// `w0` slot, `w1` ports capability, `w2` first port << 32 | number of ports:
    /// a capability to a part of the range.
    CreatePorts = 8,
    /// `w0` slot, `w1` thread capability: the receive end-point of that thread.
    CreateReceive = 9,
    /// `w0` slot, `w1` receive capability: the right to send there.
    CreateSend = 10,
}

/// Operations of a [`PageTable`](crate::kind::Kind::PageTable) capability.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u16)]
pub enum PageTableOperation {
    /// `w0` page address, `w1` frame address, `w2` rights: turns the untyped
    /// frame into user memory, cleared, and maps it.
    Map = 0,
    /// `w0` page address, `w1` address of a page mapped in the caller's own
    /// page table, `w2` rights, no more than that page's: maps the same frame.
    Alias = 1,
    /// `w0` address in the node's range, `w1` frame address, `w2` level of the
    /// table that the frame becomes: 1, 2 or 3 (entries of 4 KiB, 2 MiB, 1 GiB).
    Graft = 2,
    /// `w0` page address, `w1` frame address: names the untyped frame there too.
    Name = 3,
}

/// Operations of a [`Component`](crate::kind::Kind::Component) capability.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u16)]
pub enum ComponentOperation {
    /// `w0`–`w3`: the name, up to 32 bytes of text padded with zeros, that fault reports show.
    Name = 0,
    /// Ends the component: every later invocation of it, or return into it, is an error.
    Revoke = 1,
}

/// Operations of a [`Thread`](crate::kind::Kind::Thread) capability.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u16)]
pub enum ThreadOperation {
    /// `w0`: a word for the thread, if it is at its start; `w1` timeout; `w2` scheduling token;
    /// `w3`: receive capability of the thread's scheduler, or 0.
    ///
    /// With 0, the caller, which has no scheduler itself, waits until the thread ends; timeout and token are 0.
    /// Answers `w0` = how it ended ([`ThreadEnd`]), `w1` = its status.
    ///
    /// With a scheduler, switches to the thread, and answers when somebody
    /// switches back; if the thread is the caller, at once. At the timeout, an absolute time in ticks of the
    /// time-stamp counter (0 for none), and when the thread blocks or ends, the scheduler's thread goes on.
    Dispatch = 0,
}

/// Operations of a [`Receive`](crate::kind::Kind::Receive) capability.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u16)]
pub enum ReceiveOperation {
    /// `w0` 1 not to wait, else 0; `w1` time until which to wait, 0 for ever. Only the end-point's own thread
    /// can ask. Answers `w0` = times that somebody sent since the last answer,
    /// `w1` = one [`Event`](crate::event::Event) of a thread that it schedules, or 0.
    ///
    /// A time can be given only by a thread without a scheduler: the others have that for it.
    Receive = 0,
    /// Answers `w0` = ticks of the time-stamp counter in a second, as measured since boot.
    Frequency = 1,
}

/// Operations of a [`Send`](crate::kind::Kind::Send) capability.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u16)]
pub enum SendOperation {
    /// `w0` 1 to let the receiver's scheduler decide now who runs, 0 to go on.
    Send = 0,
}

/// How a dispatched thread came to an end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u64)]
pub enum ThreadEnd {
    /// It returned from its entry; the word is its status. It can be dispatched again.
    Returned = 0,
    /// It faulted with no invocation left to unwind. It cannot be dispatched again.
    Faulted = 1,
}

/// Operations of a [`Ports`](crate::kind::Kind::Ports) capability. Offsets count from the range's first port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u16)]
pub enum PortsOperation {
    /// `w0` offset: answers `w0` = the byte read.
    Read = 0,
    /// `w0` offset, `w1` byte to write.
    Write = 1,
}

/// Operations of the [`DebugConsole`](crate::kind::Kind::DebugConsole) capability.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u16)]
pub enum DebugConsoleOperation {
    /// `w0`–`w3`: up to 32 bytes of text; the first zero byte ends it.
    Write = 0,
}

/// Operations of the [`Power`](crate::kind::Kind::Power) capability.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u16)]
pub enum PowerOperation {
    /// `w0` status: ends the system. Does not return.
    End = 0,
}

macro_rules! numbered {
    ($($name:ident: $($variant:ident)*;)*) => {$(
        impl $name {
            /// Every operation of this kind, in the order of their numbers.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The operation that `number` stands for.
            pub fn from_number(number: u16) -> Option<Self> {
                Self::ALL.get(usize::from(number)).copied()
            }
        }
    )*};
}

numbered! {
    TableOperation: Copy Remove Graft CreateTable CreatePageTable CreateComponent CreateThread CreateInvocation CreatePorts CreateReceive CreateSend;
    PageTableOperation: Map Alias Graft Name;
    ComponentOperation: Name Revoke;
    ThreadOperation: Dispatch;
    ReceiveOperation: Receive Frequency;
    SendOperation: Send;
    PortsOperation: Read Write;
    DebugConsoleOperation: Write;
    PowerOperation: End;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_dense() {
        for (at, operation) in TableOperation::ALL.iter().enumerate() {
            assert_eq!(*operation as usize, at);
        }
        for (at, operation) in PageTableOperation::ALL.iter().enumerate() {
            assert_eq!(*operation as usize, at);
        }
        assert_eq!(TableOperation::from_number(11), None);
        assert_eq!(PowerOperation::from_number(0), Some(PowerOperation::End));
    }
}
