//! What reading and writing another thread's registers refuses; and a scheduler that does it, between two turns of a thread.

use crate::components::{address, create, returns};
use crate::rogue::{KERNEL, NON_CANONICAL, Rogue, pair};
use abi::boot::slot;
use abi::error::Error;
use abi::layout::USER_END;
use abi::operation::HandledLevelOperation;
use abi::operation::TableOperation::{Copy, CreateHandledLevel, CreateReceive, CreateThread};
use abi::operation::{ReceiveOperation, ThreadEnd, ThreadOperation};
use abi::register::number::{FLOATING_POINT, FS_BASE, GS_BASE, RAX, RBX, RIP, RSP};
use core::arch::naked_asm;
use core::sync::atomic::AtomicU64;
use probe::registers::Seen;

const TABLE: u32 = slot::TABLE;
const DISPATCH: u16 = ThreadOperation::Dispatch as u16;
const READ: u16 = ThreadOperation::ReadRegister as u16;
const WRITE: u16 = ThreadOperation::WriteRegister as u16;
/// The slots of a thread that is looked at, and of the end-point of the one that does.
const WATCHED: u32 = 57;
const WATCHER: u32 = 58;

/// All of it.
pub fn all(rogue: &mut Rogue) {
    let component = create(rogue, 23);
    let frame = rogue.frame();
    let thread = rogue.make(CreateThread, [frame, pair(component, 700), address(returns)]);
    at_its_start(rogue, thread);
    nothing_handled(rogue);
    watched(rogue, component);
}

fn at_its_start(rogue: &mut Rogue, thread: u32) {
    rogue.answered(thread, READ, [RIP, 0, 0, 0], [address(returns), 0]);
    rogue.answered(thread, READ, [FS_BASE, 0, 0, 0], [0, 0]);
    for other in [RAX, RSP, GS_BASE, FLOATING_POINT, 20, u64::MAX] {
        rogue.refused(thread, READ, [other, 0, 0, 0], Error::BadArgument);
        rogue.refused(thread, WRITE, [other, 0, 0, 0], Error::BadArgument);
    }
    for wrong in NON_CANONICAL {
        rogue.refused(thread, WRITE, [RIP, wrong, 0, 0], Error::BadAddress);
        rogue.refused(thread, WRITE, [FS_BASE, wrong, 0, 0], Error::BadAddress);
    }
    for wrong in KERNEL.into_iter().chain([0, USER_END]) {
        rogue.refused(thread, WRITE, [RIP, wrong, 0, 0], Error::BadAddress);
    }
    // It starts where it has been told to.
    rogue.done(thread, WRITE, [RIP, address(fs_base_is_seven_pages), 0, 0]);
    rogue.done(thread, WRITE, [FS_BASE, 0x7000, 0, 0]);
    rogue.answered(thread, DISPATCH, [0; 4], [ThreadEnd::Returned as u64, 0x7000]);
}

fn nothing_handled(rogue: &mut Rogue) {
    let level = rogue.make(CreateHandledLevel, [0, 0, 0]);
    for operation in HandledLevelOperation::ALL {
        rogue.refused(level, *operation as u16, [RAX, 0, 0, 0], Error::NotStopped);
    }
    rogue.refused(level, HandledLevelOperation::ALL.len() as u16, [0; 4], Error::UnknownOperation);
}

/// One thread schedules another, which spins: it reads a register of it when it has been preempted, and ends it by writing one.
fn watched(rogue: &mut Rogue, component: u32) {
    let (one, other) = (rogue.frame(), rogue.frame());
    let watched = rogue.make(CreateThread, [one, pair(component, 701), address(spins_until_told)]);
    let watcher = rogue.make(CreateThread, [other, pair(component, 702), address(watches)]);
    let receive = rogue.make(CreateReceive, [watcher.into(), 0, 0]);
    rogue.done(TABLE, Copy as u16, [WATCHED.into(), watched.into(), 0, 0]);
    rogue.done(TABLE, Copy as u16, [WATCHER.into(), receive.into(), 0, 0]);
    rogue.answered(watcher, DISPATCH, [0; 4], [ThreadEnd::Returned as u64, 0]);
    // SAFETY: the thread that stored them has ended.
    let behind = unsafe { BEHIND.get() };
    if behind.general.iter().chain(&behind.state).any(|word| *word == SEEN) || behind.selectors != 0 {
        rogue.surprise(format_args!("rogue: registers of a thread that was preempted are there for the next\n"));
    }
    // It has ended, and is at its start again.
    rogue.answered(watched, READ, [RIP, 0, 0, 0], [address(spins_until_told), 0]);
}

/// Ends with FS base for its status.
#[unsafe(naked)]
unsafe extern "C" fn fs_base_is_seven_pages() {
    naked_asm!("rdfsbase rax", "syscall", "ud2")
}

/// What the thread that watches has in its registers when the one that spins has been preempted.
static BEHIND: Seen = Seen::new();

/// Whether the thread that spins does.
static SPINS: AtomicU64 = AtomicU64::new(0);

/// What the thread that spins has in its registers.
const SEEN: u64 = 0x5eed_0000_1234_5678;
/// What it is told, and ends with.
const TOLD: u64 = 0x123;

#[unsafe(naked)]
unsafe extern "C" fn spins_until_told() {
    naked_asm!(
        "movabs rbx, {value}",
        // Wherever a register can hold it.
        "mov rcx, rbx",
        probe::fill_vector_registers!(),
        probe::fill_kept_registers!(),
        "mov rdx, rcx",
        "mov rsi, rcx",
        "mov rdi, rcx",
        "mov r8, rcx",
        "mov r9, rcx",
        "mov r10, rcx",
        "mov r11, rcx",
        "xor r12d, r12d",
        "mov qword ptr [rip + {spins}], 1",
        "2:",
        "pause",
        "test r12, r12",
        "jz 2b",
        "mov rax, r12",
        "syscall",
        "ud2",
        value = const SEEN,
        spins = sym SPINS,
    )
}

/// Ends with 0 if the register held what it should, and the thread ended with what it was told; else with a step's number.
#[unsafe(naked)]
unsafe extern "C" fn watches() {
    naked_asm!(
        // Let it run for a while, and again if it has not come to spin: the machine may have had other things to do.
        "2:",
        "mov r13d, 1",
        "rdtsc",
        "shl rdx, 32",
        "lea rsi, [rdx + rax + 20000000]",
        "mov eax, {watched} << 16 | {dispatch}",
        "xor edi, edi",
        "mov edx, 1",
        "mov r10d, {watcher}",
        "syscall",
        probe::store_registers!(),
        "mov r13d, 2",
        "test eax, eax",
        "jnz 9f",
        // That it was preempted.
        "mov eax, {watcher} << 16 | {receive}",
        "mov edi, 1",
        "xor esi, esi",
        "syscall",
        "mov r13d, 3",
        "test eax, eax",
        "jnz 9f",
        "cmp qword ptr [rip + {spins}], 0",
        "je 2b",
        // What is in its register?
        "mov eax, {watched} << 16 | {read}",
        "mov edi, {rbx}",
        "syscall",
        "mov r13d, 4",
        "test eax, eax",
        "jnz 9f",
        "movabs rcx, {value}",
        "mov r13d, 5",
        "cmp rdi, rcx",
        "jne 9f",
        // Its next instruction cannot be in the kernel.
        "mov eax, {watched} << 16 | {write}",
        "mov edi, {rip}",
        "mov rsi, -4096",
        "syscall",
        "mov r13d, 6",
        "cmp eax, {bad_address}",
        "jne 9f",
        // Tell it.
        "mov eax, {watched} << 16 | {write}",
        "mov edi, {rbx} + 10",
        "mov esi, {told}",
        "syscall",
        "mov r13d, 7",
        "test eax, eax",
        "jnz 9f",
        "mov eax, {watched} << 16 | {dispatch}",
        "xor edi, edi",
        "xor esi, esi",
        "mov edx, 2",
        "mov r10d, {watcher}",
        "syscall",
        "mov r13d, 8",
        "test eax, eax",
        "jnz 9f",
        // That it has ended, and how.
        "mov eax, {watcher} << 16 | {receive}",
        "mov edi, 1",
        "xor esi, esi",
        "syscall",
        "mov r13d, 9",
        "test eax, eax",
        "jnz 9f",
        "shr rsi, {status_shift}",
        "mov r13d, 10",
        "cmp si, {told}",
        "jne 9f",
        "xor r13d, r13d",
        "9:",
        "mov eax, r13d",
        "syscall",
        "ud2",
        spins = sym SPINS,
        watched = const WATCHED,
        watcher = const WATCHER,
        dispatch = const DISPATCH,
        receive = const ReceiveOperation::Receive as u16,
        read = const READ,
        write = const WRITE,
        rbx = const RBX,
        rip = const RIP,
        value = const SEEN,
        seen = sym BEHIND,
        told = const TOLD,
        bad_address = const Error::BadAddress as u16,
        status_shift = const 40,
    )
}
