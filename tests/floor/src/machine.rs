//! The little of the machine that the measurement needs.

use core::arch::x86_64::_rdtsc;
use core::fmt;

use spin::Once;
use x86_64::instructions::{hlt, port::Port, segmentation, tables};
use x86_64::registers::model_specific::{KernelGsBase, LStar, SFMask, Star};
use x86_64::registers::rflags::RFlags;
use x86_64::structures::gdt::{Descriptor, GlobalDescriptorTable};
use x86_64::structures::idt::InterruptDescriptorTable;
use x86_64::structures::tss::TaskStateSegment;
use x86_64::{PrivilegeLevel, VirtAddr};

use segmentation::Segment;

/// An address in assembly.
pub type Label = unsafe extern "C" fn();

unsafe extern "C" {
    fn run_end();
    fn trap();
    static core: u8;
    static trap_stack_end: u8;
}

/// The interrupt by which a client loop ends, raised in user level.
const END_OF_RUN: u8 = 0x80;

/// How the machine is told that all went well, and that it did not.
const SUCCESS: u32 = 0x10;
const FAILURE: u32 = 0x11;

/// Sets up what a crossing between the two rings needs.
pub fn initialise() {
    load_segments();
    load_interrupts();
    SFMask::write(RFlags::INTERRUPT_FLAG | RFlags::DIRECTION_FLAG);
    KernelGsBase::write(address(&raw const core));
}

/// Makes `entry` what the `syscall` instruction enters.
pub fn set_entry(entry: Label) {
    LStar::write(VirtAddr::new(entry as usize as u64));
}

/// The machine's clock: under the deterministic clock, instructions executed.
pub fn ticks() -> u64 {
    // SAFETY: every x86-64 processor has the instruction, and it touches no memory.
    unsafe { _rdtsc() }
}

/// Ends the machine.
pub fn end(success: bool) -> ! {
    // SAFETY: the port is the emulator's exit device; without one the write goes nowhere.
    unsafe { Port::<u32>::new(0xf4).write(if success { SUCCESS } else { FAILURE }) };
    loop {
        hlt();
    }
}

fn load_segments() {
    static TASK: Once<TaskStateSegment> = Once::new();
    static SEGMENTS: Once<GlobalDescriptorTable> = Once::new();
    let task = TASK.call_once(|| {
        let mut task = TaskStateSegment::new();
        task.privilege_stack_table[0] = address(&raw const trap_stack_end);
        task
    });
    let mut segments = GlobalDescriptorTable::new();
    let kernel_code = segments.append(Descriptor::kernel_code_segment());
    let kernel_data = segments.append(Descriptor::kernel_data_segment());
    let user_data = segments.append(Descriptor::user_data_segment());
    let user_code = segments.append(Descriptor::user_code_segment());
    let task = segments.append(Descriptor::tss_segment(task));
    SEGMENTS.call_once(|| segments).load();
    // SAFETY: the selectors are those of the table just loaded, each of the kind that its register needs.
    unsafe {
        segmentation::CS::set_reg(kernel_code);
        segmentation::SS::set_reg(kernel_data);
        tables::load_tss(task);
    }
    if Star::write(user_code, user_data, kernel_code, kernel_data).is_err() {
        end(false);
    }
}

fn load_interrupts() {
    static INTERRUPTS: Once<InterruptDescriptorTable> = Once::new();
    let trap = VirtAddr::new(trap as Label as usize as u64);
    let run_end = VirtAddr::new(run_end as Label as usize as u64);
    let mut table = InterruptDescriptorTable::new();
    // SAFETY: `trap` never returns and takes any stack; `run_end` is written to be entered by this interrupt.
    unsafe {
        table.invalid_opcode.set_handler_addr(trap);
        table.double_fault.set_handler_addr(trap);
        table.general_protection_fault.set_handler_addr(trap);
        table.page_fault.set_handler_addr(trap);
        table[END_OF_RUN].set_handler_addr(run_end).set_privilege_level(PrivilegeLevel::Ring3);
    }
    INTERRUPTS.call_once(|| table).load();
}

fn address(of: *const u8) -> VirtAddr {
    VirtAddr::from_ptr(of)
}

/// The first serial port.
pub struct Console;

impl Console {
    const DATA: u16 = 0x3f8;
    const LINE_STATUS: u16 = Self::DATA + 5;
    const TRANSMITTER_EMPTY: u8 = 0x20;

    fn write_byte(byte: u8) {
        let mut status = Port::<u8>::new(Self::LINE_STATUS);
        // SAFETY: the ports are the serial port's, which nothing else here uses.
        unsafe {
            while status.read() & Self::TRANSMITTER_EMPTY == 0 {}
            Port::new(Self::DATA).write(byte);
        }
    }
}

impl fmt::Write for Console {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        text.bytes().for_each(Self::write_byte);
        Ok(())
    }
}

/// Prints a line on the console.
macro_rules! print_line {
    ($($argument:tt)*) => {{
        // The console never fails.
        let _ = core::fmt::Write::write_fmt(&mut $crate::machine::Console, format_args!("{}\n", format_args!($($argument)*)));
    }};
}
pub(crate) use print_line;
