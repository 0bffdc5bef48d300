//! Where things lie in a component's address space, and the rights of a mapping.

/// Bytes in a frame, a page, and every node of a table.
pub const PAGE: u64 = 4096;

/// Lowest address that can be mapped. Below it a null pointer, with an offset, always faults.
pub const USER_START: u64 = 0x1_0000;

/// First address that can never be mapped. The last page below the
/// non-canonical hole stays empty, so that the address after a `syscall`
/// instruction is always canonical.
pub const USER_END: u64 = 0x7fff_ffff_f000;

/// Where an image starts unless its graph says otherwise.
pub const DEFAULT_BASE: u64 = 0x40_0000;

/// Address range of one stack, a power of two. The stack grows down from its
/// end; what is not mapped below it is guard.
pub const STACK_SPAN: u64 = 0x1_0000;

/// Stack memory unless the graph says otherwise, in bytes.
pub const DEFAULT_STACK: u64 = 0x4000;

/// Where memory lies that a component gets at run time. Images and stacks end below.
pub const RUN_TIME: u64 = 0x0100_0000_0000;

/// Bytes of address space for memory that a component gets at run time. Behind it, a component that constructs others
/// has as much again for itself.
pub const RUN_TIME_SPAN: u64 = 1 << 36;

/// Threads of a system: a thread's index is below this.
pub const THREADS: u16 = 1024;

/// The end of thread `thread`'s stack, given the end of thread 0's.
///
/// The eight bytes below it hold the *stack-top word*: where the thread's next
/// entry into this component starts. It is lowered before each outgoing
/// invocation, so that an invocation that comes back into the component nests.
pub const fn stack_end(first_stack_end: u64, thread: u16) -> u64 {
    first_stack_end + STACK_SPAN * thread as u64
}

/// May be read. Every mapping has this right.
pub const READ: u64 = 1;
/// May be written. Never together with [`EXECUTE`] in one mapping.
pub const WRITE: u64 = 2;
/// May be executed.
pub const EXECUTE: u64 = 4;

/// Whether `address` lies in the part of the address space that user level can map.
pub const fn is_user(address: u64) -> bool {
    USER_START <= address && address < USER_END
}
