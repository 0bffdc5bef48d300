//! What the kernel keeps of a machine's memory for itself, and where it maps that: fixed before it boots, so that the composer can
//! count by the same numbers what is left for components.

use crate::store::Descriptor;

/// Memory below this is never free: firmware tables, and the page from which other cores start. But a loader may
/// put the bundle there, from address 0 on: under UEFI, GRUB does.
pub const LOW_MEMORY: u64 = 1 << 20;

/// What the kernel's addresses and their physical addresses differ by.
pub const KERNEL_OFFSET: u64 = 0xffff_ffff_8000_0000;

/// Where the hot descriptors are mapped. In the last 2 GiB, so that the entry
/// path reaches a descriptor with one constant displacement.
pub const DESCRIPTORS: u64 = 0xffff_ffff_c000_0000;

/// Where the registers of a core's own interrupt controller are mapped. In the last 2 GiB, as the descriptors.
pub const LOCAL_APIC: u64 = 0xffff_ffff_e000_0000;

/// Where the cores' stacks are mapped, each with an unmapped page below it.
pub const STACKS: u64 = 0xffff_ffff_d000_0000;

/// Bytes of memory of each of these stacks.
pub const STACK_BYTES: u64 = 0x4000;

/// Bytes of address space of each.
pub const STACK_SPAN: u64 = 0x8000;

/// Stacks of a core: the kernel's own, and one for each exception that must not rely on it.
pub const STACKS_PER_CORE: u64 = 6;

/// Bytes of what is kept of each core, beside its stacks. The kernel does not compile if they are others.
pub const CORE_BYTES: u64 = 704;

/// Bytes of the word that is kept of each frame.
pub const FRAME_BYTES: u64 = size_of::<u64>() as u64;

/// The end of stack `number` of the core with the number `core`.
pub const fn stack_end(core: u64, number: u64) -> u64 {
    STACKS + (core * STACKS_PER_CORE + number + 1) * STACK_SPAN
}

/// Bytes of the hot descriptors of a machine whose memory ends at `top`.
pub fn descriptor_bytes(top: u64) -> u64 {
    (top >> 16).clamp(1024, 65_536) * size_of::<Descriptor>() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn much_memory_has_room_for_many_components_and_little_for_some() {
        let descriptors = |top: u64| descriptor_bytes(top) / size_of::<Descriptor>() as u64;
        assert_eq!([0, 64 << 20, 1 << 30, 1 << 40].map(descriptors), [1024, 1024, 16_384, 65_536]);
    }
}
