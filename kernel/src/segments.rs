//! Segments: what long mode still needs of them, and the stacks that the processor switches to.

use crate::memory::stack_end;
use x86_64::VirtAddr;
use x86_64::instructions::segmentation::{CS, DS, ES, SS, Segment};
use x86_64::instructions::tables::load_tss;
use x86_64::structures::gdt::{Descriptor, GlobalDescriptorTable, SegmentSelector};
use x86_64::structures::tss::TaskStateSegment;

/// Selector of user level's data.
pub const USER_DATA: u16 = 0x18 | 3;
/// Selector of user level's code.
pub const USER_CODE: u16 = 0x20 | 3;

/// Exceptions with a stack of their own, by their place in the processor's table; the kernel's
/// stack, number 0, is for all others. They may strike while the kernel's stack pointer is still
/// the user's, or has run out.
pub mod stack {
    /// Non-maskable interrupt.
    pub const NON_MASKABLE: u16 = 0;
    /// Double fault.
    pub const DOUBLE_FAULT: u16 = 1;
    /// Machine check.
    pub const MACHINE_CHECK: u16 = 2;
    /// Debug exception.
    pub const DEBUG: u16 = 3;
    /// Page fault.
    pub const PAGE_FAULT: u16 = 4;
}

struct Segments {
    table: GlobalDescriptorTable,
    kernel_code: SegmentSelector,
    kernel_data: SegmentSelector,
    task_state: SegmentSelector,
}

/// The segment tables of a core.
pub struct Tables {
    task_state: spin::Once<TaskStateSegment>,
    segments: spin::Once<Segments>,
}

impl Tables {
    /// Not yet made.
    pub const fn new() -> Self {
        Self { task_state: spin::Once::new(), segments: spin::Once::new() }
    }

    /// Makes them for the core with this number, which runs this, and loads them.
    pub fn load(&'static self, core: u64) {
        let task_state = self.task_state.call_once(|| task_state(core));
        let segments = self.segments.call_once(|| segments(task_state));
        segments.table.load();
        // SAFETY: the selectors are those of the table just loaded, and the table lives for ever.
        unsafe {
            CS::set_reg(segments.kernel_code);
            SS::set_reg(segments.kernel_data);
            DS::set_reg(SegmentSelector::NULL);
            ES::set_reg(SegmentSelector::NULL);
            load_tss(segments.task_state);
            // No local table: whatever the loader left is not for user level to select from.
            core::arch::asm!("lldt {0:x}", in(reg) 0, options(nomem, nostack, preserves_flags));
        }
    }
}

/// The order is what `sysret` counts on: user data, then user code, 16 bytes behind the selector in `STAR`.
fn segments(task_state: &'static TaskStateSegment) -> Segments {
    let mut table = GlobalDescriptorTable::new();
    let kernel_code = table.append(Descriptor::kernel_code_segment());
    let kernel_data = table.append(Descriptor::kernel_data_segment());
    table.append(Descriptor::user_data_segment());
    table.append(Descriptor::user_code_segment());
    let task_state = table.append(Descriptor::tss_segment(task_state));
    Segments { table, kernel_code, kernel_data, task_state }
}

fn task_state(core: u64) -> TaskStateSegment {
    let stacks = [0, 1, 2, 3, 4, 5, 5, 5].map(|number| VirtAddr::new_truncate(stack_end(core, number)));
    let [kernel, own @ ..] = stacks;
    let mut task_state = TaskStateSegment::new();
    task_state.privilege_stack_table[0] = kernel;
    task_state.interrupt_stack_table = own;
    task_state
}
