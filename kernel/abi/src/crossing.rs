//! The crossing: which register holds what when a protection boundary is crossed.
//!
//! | register | invoke (client → kernel) | server sees | return (server → kernel) | client sees |
//! |---|---|---|---|---|
//! | `rax` | capability << 16 \| method | method | status, below 2^16 | status |
//! | `rdi` `rsi` | words 0, 1 | words 0, 1 | words 0, 1 | words 0, 1 |
//! | `rdx` `r10` | words 2, 3 | words 2, 3 | – | what the server left |
//! | `r8` | – | token of the capability | – | what the server left |
//! | `r9` | – | thread index \| core << 32 | – | what the server left |
//! | `rcx` `r11` | taken by `syscall` | entry address, [`EXIT_FLAGS`] | taken | return address, [`EXIT_FLAGS`] |
//! | `rsp` | kept by the kernel | 0 | – | the client's own again |
//! | `rbx` `rbp` `r12`–`r15`, `xmm0`–`xmm15` | the client's | what the client left | the server's | what the server left |
//! | FS base, MXCSR, x87 control word | the client's | what the client left | – | what the server left |
//!
//! The kernel keeps return address and stack pointer on the thread's invocation
//! stack and nothing else. The client's stub keeps the rest on its own stack and
//! puts it back on success, error and unwind alike; but where the client trusts the server, FS base, MXCSR and the x87
//! control word are the server's to keep, and if that faults, they come back as a thread starts with them: FS base 0, MXCSR
//! 0x1f80, control word 0x37f, as compiled code has them. What the other side must not
//! see, each side clears in its own stub; `trust` on an edge omits that.
//!
//! An operation of the kernel that answers at once leaves `rbx rbp r12`–`r15` and FS base as they are, and clears
//! `rdx r8 r9 r10`; but a number that no capability can have, and [`CapabilityWord::IDENTITY`], are answered with `rdx r9
//! r10` as they were and nine bits of the caller's own number in `r8`. One that lets other threads run in between leaves anything of theirs that is of the same component, and
//! nothing of any other.
//!
//! A status is zero for success, below [`SERVER_STATUS`] an [`Error`] of the
//! kernel, and from there on whatever the interface defines. A server can
//! answer with a kernel's number: that misleads nobody but its own clients.
//!
//! [`Error`]: crate::error::Error

/// Capability number 0 is "return": it needs no slot.
pub const RETURN: u32 = 0;

/// Slots of a full capability table; every capability number is below this.
///
/// A table is a trie of fixed depth two: a root of [`TABLE_LEAVES`] pointers and a word that counts
/// the components that use the table, and leaves of [`LEAF_SLOTS`] slots of [`SLOT_BYTES`] bytes.
pub const CAPABILITIES: u32 = TABLE_LEAVES * LEAF_SLOTS;

/// Leaves below the root of a capability table.
pub const TABLE_LEAVES: u32 = 511;

/// Slots in a leaf of a capability table.
pub const LEAF_SLOTS: u32 = 64;

/// Size of a slot in bytes: one cache line, so that an invocation reads one.
pub const SLOT_BYTES: u32 = 64;

/// Methods of an interface, and bits in a capability's mask of permitted methods.
pub const METHODS: u16 = 64;

/// First status that the kernel does not use for itself.
pub const SERVER_STATUS: u16 = 0x100;

/// Status with which a thread returns from its first level that is not at its end: it goes on from its start when its scheduler
/// dispatches it again, which lets others go first.
pub const YIELDED: u16 = 0xff;

/// RFLAGS on every exit to user level: interrupts on, IOPL 0, nothing else.
pub const EXIT_FLAGS: u64 = 0x202;

/// Invocations that may be nested in one thread, checked before each push.
pub const INVOCATION_DEPTH: u64 = 78;

/// Slot in which a component keeps the invocation of its fault handler, if it has one. See [`fault`](crate::fault).
pub const FAULT_HANDLER: u32 = 1;

/// Slot in which a foreign component keeps the invocation of its personality. See [`fault`](crate::fault).
pub const PERSONALITY: u32 = 2;

/// Slot in which a handler of faults or system calls finds what its graph grants for it: the level that it handles.
pub const HANDLED_LEVEL: u32 = 3;

/// First of the slots in which a component finds what its graph grants, other than those above.
pub const FIRST_GRANT: u32 = 8;

/// The word in `rax` that names what is invoked and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CapabilityWord(pub u64);

impl CapabilityWord {
    /// Asks for what everybody may know without a capability: which thread executes, and on which core.
    ///
    /// Answers word 0 = thread index | core << 32, as a server is told. The capability number is out of every range, and
    /// the method is none that a stub would put behind it.
    pub const IDENTITY: Self = Self(!0xfff);

    /// Says without a capability whose stack the thread is on that asks: see `unheard` in the kernel's logic. With an address in word 0 it joins
    /// those threads of its component that hand over to each other without the kernel, and begins there whenever it starts.
    pub const HERE: Self = Self(Self::IDENTITY.0 | 0xff);

    /// Names `method` of the capability in slot `capability`.
    pub const fn new(capability: u32, method: u16) -> Self {
        Self((capability as u64) << 16 | method as u64)
    }

    /// The capability number, as wide as the caller made it: not yet checked against [`CAPABILITIES`].
    pub const fn capability(self) -> u64 {
        self.0 >> 16
    }

    /// The method or operation number.
    pub const fn method(self) -> u16 {
        self.0 as u16
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_node_fills_a_frame() {
        assert_eq!((TABLE_LEAVES + 1) * 8, 4096);
        assert_eq!(LEAF_SLOTS * SLOT_BYTES, 4096);
        assert_eq!(CAPABILITIES, 32_704);
    }

    #[test]
    fn capability_word_round_trip() {
        let word = CapabilityWord::new(CAPABILITIES - 1, 63);
        assert_eq!(word.0, 0x7fbf_003f);
        assert_eq!((word.capability(), word.method()), (0x7fbf, 63));
    }

    #[test]
    fn a_status_is_a_return() {
        assert_eq!(CapabilityWord(u64::from(u16::MAX)).capability(), u64::from(RETURN));
    }
}
