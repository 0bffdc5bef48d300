//! Segments: what long mode still needs of them, and the stacks that the processor switches to.

use crate::core_local::CoreLocal;
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

struct Tables {
    segments: GlobalDescriptorTable,
    kernel_code: SegmentSelector,
    kernel_data: SegmentSelector,
    task_state: SegmentSelector,
}

static TASK_STATE: spin::Once<TaskStateSegment> = spin::Once::new();
static TABLES: spin::Once<Tables> = spin::Once::new();

/// Loads the segment tables of this core.
pub fn load(core: &CoreLocal) {
    let task_state = TASK_STATE.call_once(|| task_state(core));
    let tables = TABLES.call_once(|| tables(task_state));
    tables.segments.load();
    // SAFETY: the selectors are those of the table just loaded, and the table lives for ever.
    unsafe {
        CS::set_reg(tables.kernel_code);
        SS::set_reg(tables.kernel_data);
        DS::set_reg(SegmentSelector::NULL);
        ES::set_reg(SegmentSelector::NULL);
        load_tss(tables.task_state);
        // No local table: whatever the loader left is not for user level to select from.
        core::arch::asm!("lldt {0:x}", in(reg) 0, options(nomem, nostack, preserves_flags));
    }
}

/// The order is what `sysret` counts on: user data, then user code, 16 bytes behind the selector in `STAR`.
fn tables(task_state: &'static TaskStateSegment) -> Tables {
    let mut segments = GlobalDescriptorTable::new();
    let kernel_code = segments.append(Descriptor::kernel_code_segment());
    let kernel_data = segments.append(Descriptor::kernel_data_segment());
    segments.append(Descriptor::user_data_segment());
    segments.append(Descriptor::user_code_segment());
    let task_state = segments.append(Descriptor::tss_segment(task_state));
    Tables { segments, kernel_code, kernel_data, task_state }
}

fn task_state(core: &CoreLocal) -> TaskStateSegment {
    let mut task_state = TaskStateSegment::new();
    task_state.privilege_stack_table[0] = VirtAddr::new(core.stack_end);
    task_state.interrupt_stack_table = [1, 2, 3, 4, 5, 5, 5].map(|number| VirtAddr::new(stack_end(number)));
    task_state
}
