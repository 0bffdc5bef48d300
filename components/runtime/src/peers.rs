//! Threads of a component that hand over to each other without the kernel.
//!
//! A thread [joins](Member::join) those of its component that can be handed over to, and [leaves](Member::leave) the core to others: from then on
//! it is *parked*, what it goes on with lies in the component's memory, and any of the others on its core goes on in its place by
//! [`Member::hand_over`]. The kernel hears of it at the next interrupt or fault, or when it is [told](Member::report), which is done before anything
//! is called: so servers, schedulers among them, always meet the thread that calls.
//!
//! Each keeps what a thread keeps that calls: its registers, FS base, and how it rounds (MXCSR, and the control word of x87). GS base is nobody's.
//!
//! A parked thread is a stack pointer in a word. To park and to take are one instruction each, which exchange the stack pointer with such a
//! word; between the two it is 0, and the kernel knows that nobody's registers are there. `tests/unheard_switches.rs` of the kernel's logic walks through all sequences.

use crate::{Error, Result, thread};
use abi::crossing::{CapabilityWord, YIELDED};
use abi::error::Error as KernelError;
use abi::layout::THREADS;
use core::arch::{asm, naked_asm};
use core::marker::PhantomData;
use core::sync::atomic::Ordering::Relaxed;
use core::sync::atomic::{AtomicU64, AtomicUsize};

/// What is kept of a thread.
#[repr(C)]
struct Slot {
    /// Where it goes on; 0 unless it is parked. Only the exchanges below write it.
    stack: AtomicUsize,
    /// One more than its core; 0 before it has joined. It stays on that core.
    core: AtomicU64,
}

const SLOT_BITS: u32 = 4;
const _: () = assert!(size_of::<Slot>() == 1 << SLOT_BITS);

/// By the threads' indices.
static SLOTS: [Slot; THREADS as usize] =
    [const { Slot { stack: AtomicUsize::new(0), core: AtomicU64::new(0) } }; THREADS as usize];

/// A thread that has joined, for itself.
pub struct Member {
    slot: &'static Slot,
    not_for_others: PhantomData<*const ()>,
}

/// Another thread that has joined, on the same core.
#[derive(Clone, Copy)]
pub struct Peer<'m> {
    slot: &'static Slot,
    of: PhantomData<&'m Member>,
}

// How an exchange ended for who asked for it: 0 if nobody was parked there.
const BACK: u64 = 1;
const NOT_BELIEVED: u64 = 2;

impl Member {
    /// The thread that executes this joins the others of its component. From now on it stays on its core: where it would go to another, also to
    /// wait at a blockpoint there, its scheduler refuses that.
    ///
    /// # Errors
    ///
    /// The kernel's: `BadArgument` if the thread is another component's, has no scheduler, or is on a stack of its own making.
    pub fn join() -> Result<Self> {
        const REFUSED: Error = Error::Kernel(KernelError::BadArgument);
        let slot = SLOTS.get(thread::index(thread::number()) as usize).filter(|_| thread::is_own()).ok_or(REFUSED)?;
        let start: unsafe extern "C" fn() -> ! = go_on;
        // SAFETY: the thread begins there whenever it starts, with its index; and the start of the component is done there if it is not parked.
        Error::check(unsafe { here(start as usize as u64) })?;
        slot.core.store(u64::from(thread::core()) + 1, Relaxed);
        Ok(Self { slot, not_for_others: PhantomData })
    }

    /// The thread with this index, if it has joined on this one's core.
    pub fn peer(&self, index: u64) -> Option<Peer<'_>> {
        let slot = SLOTS.get(usize::try_from(index).ok()?)?;
        let is_here = slot.core.load(Relaxed) == self.slot.core.load(Relaxed) && !core::ptr::eq(slot, self.slot);
        is_here.then_some(Peer { slot, of: PhantomData })
    }

    /// Hands over to `peer`, if it is parked, and tells the kernel whoever goes on. Returns when this thread goes on; whether it was handed over.
    ///
    /// # Errors
    ///
    /// `NotDispatchable`: the kernel does not believe that `peer` runs in this one's place, as they run on different budgets. Nothing has happened.
    pub fn hand_over(&self, peer: Peer<'_>) -> Result<bool> {
        if !thread::is_own() {
            return Ok(false);
        }
        // SAFETY: it is this component's own, and the kernel is told before anything else is done.
        let gone = unsafe { self.hand_over_unheard(peer) };
        self.report();
        gone
    }

    /// The same, and the kernel has not been told yet who goes on. Returns when this thread goes on, unheard.
    ///
    /// # Errors
    ///
    /// As [`hand_over`](Self::hand_over).
    ///
    /// # Safety
    ///
    /// On the stack that the booter made for the thread, and not called by another component. Before it calls anything, or asks anything of
    /// the kernel, the thread [reports](Self::report).
    #[inline(always)]
    pub unsafe fn hand_over_unheard(&self, peer: Peer<'_>) -> Result<bool> {
        // SAFETY: the slot is this thread's; what the caller says.
        match unsafe { exchange(self.slot, peer.slot, BACK) } {
            NOT_BELIEVED => Err(Error::Kernel(KernelError::NotDispatchable)),
            gone => Ok(gone == BACK),
        }
    }

    /// Tells the kernel that this thread runs, whoever was handed over by. If it does not believe that, the one that it takes for running goes on, and
    /// this one when the kernel runs it itself.
    pub fn report(&self) {
        // SAFETY: it says who it is.
        while unsafe { here(0) } != 0 {
            let taken_for = thread::current() as usize;
            let Some(current) = SLOTS.get(taken_for) else { continue };
            // SAFETY: the slot is this thread's, which is told when it goes on.
            unsafe { exchange(self.slot, current, NOT_BELIEVED) };
        }
    }

    /// Lets others of its rank go first, and is parked until it goes on.
    pub fn leave(&self) {
        self.report();
        // SAFETY: the slot is this thread's, which the kernel takes for running.
        unsafe { leave(self.slot) }
    }
}

/// Says whose stack it is on; with an address, joins. The kernel answers at once.
///
/// # Safety
///
/// `start` is 0 or [`go_on`].
unsafe fn here(start: u64) -> u16 {
    let status: u64;
    // SAFETY: changes no memory, and what it changes of the registers is named. An answer leaves the others as they are.
    unsafe {
        asm!(
            "syscall",
            inlateout("rax") CapabilityWord::HERE.0 => status,
            inlateout("rdi") start => _,
            lateout("rsi") _, lateout("rdx") _, lateout("rcx") _,
            lateout("r8") _, lateout("r9") _, lateout("r10") _, lateout("r11") _,
        );
    }
    status as u16
}

/// Takes the thread whose index is in `r9`, if it is parked; what follows is done if not. It is found in one step.
macro_rules! take_by_index {
    ($($otherwise:tt)*) => {
        naked_asm!(
            "mov ecx, r9d", // the index, without the core
            "shl ecx, {bits}",
            "lea rdx, [rip + {slots}]",
            "xchg rsp, [rdx + rcx]",
            "mov eax, {back}",
            "test rsp, rsp",
            "2:",
            crate::stack_depth!("2b", "0"), // or all of what was in use when it was parked
            "jz 3f",
            "ret",
            "3:",
            $($otherwise)*
            bits = const SLOT_BITS,
            slots = sym SLOTS,
            back = const BACK,
        )
    };
}

/// Where a thread that has joined starts: it goes on, if it is parked, or else begins.
///
/// # Safety
///
/// As a component's start.
#[unsafe(naked)]
unsafe extern "C" fn go_on() -> ! {
    take_by_index!("jmp {start}", start = sym _start,)
}

unsafe extern "C" {
    /// Where the component's threads start.
    fn _start() -> !;
}

/// Where nobody's registers are, and nobody is to be taken who was there: the thread goes on that the kernel takes for running. It has `r9`.
///
/// # Safety
///
/// With a stack pointer of 0.
#[unsafe(naked)]
unsafe extern "C" fn find() -> ! {
    // Whom the kernel takes for running is parked, or was.
    take_by_index!("ud2",)
}

/// Returns from the thread's first level, at nobody's end.
///
/// # Safety
///
/// With a stack pointer of 0.
#[unsafe(naked)]
unsafe extern "C" fn end_turn() -> ! {
    naked_asm!("mov eax, {yielded}", "xor edi, edi", "xor esi, esi", "syscall", "ud2", yielded = const YIELDED)
}

/// Parks who executes this, in `own`, and does what `$then` says with a stack pointer of 0. Answers what whoever takes it puts into `eax`.
macro_rules! park {
    ($own:expr, [$($then:tt)*], $($operands:tt)*) => {{
        let how: u64;
        asm!(
            "push rbx",
            "push rbp",
            "rdfsbase rax",
            "push rax",
            "sub rsp, 8",
            "stmxcsr [rsp]",
            "fnstcw [rsp + 4]",
            "lea rcx, [rip + 2f]",
            // Never: so that the composer knows how deep the stack is there.
            "test rdi, rdi",
            "jz 2f",
            "push rcx",
            "xchg rsp, [rdi]", // which is 0
            $($then)*
            "2:",
            "fldcw [rsp + 4]",
            "ldmxcsr [rsp]",
            "add rsp, 8",
            "pop rcx",
            "wrfsbase rcx",
            "pop rbp",
            "pop rbx",
            inout("rdi") $own => _,
            out("rax") how,
            out("r12") _, out("r13") _, out("r14") _, out("r15") _,
            $($operands)*
            clobber_abi("C"),
        );
        how
    }};
}

/// Parks who executes this, in `own`, and takes whoever is parked in `other`, which is told `how`. If nobody is, or not any more, it goes on.
///
/// # Safety
///
/// On the stack of the thread with the slot `own`, at its first level; see [`Member::hand_over_unheard`].
#[inline(always)]
unsafe fn exchange(own: &'static Slot, other: &'static Slot, how: u64) -> u64 {
    // SAFETY: whoever takes this one goes on at 2, with the stack as it was; all other registers are named as changed.
    unsafe {
        park!(own, [
            "xchg rsp, [rsi]",
            "test rsp, rsp",
            "jz 3f",
            "4:",
            "mov eax, edx",
            "6:",
            crate::stack_depth!("6b", "0"), // or all of what was in use when it was parked
            "ret",
            "3:", // nobody there: itself again, unless somebody has taken it meanwhile
            "xor edx, edx",
            "xchg rsp, [rdi]",
            "test rsp, rsp",
            "jnz 4b",
            "5:",
            crate::stack_depth!("5b", "0"),
            "mov rax, {who}",
            "syscall",
            "mov r9, rdi",
            "jmp {find}",
        ], inout("rsi") other => _, inout("rdx") how => _, who = const CapabilityWord::IDENTITY.0 as i64, find = sym find,)
    }
}

/// Parks who executes this, in `own`, and leaves the core to the scheduler.
///
/// # Safety
///
/// As for [`exchange`], and the kernel takes the thread for running.
unsafe fn leave(own: &'static Slot) {
    // SAFETY: as in `exchange`.
    unsafe { park!(own, ["5:", crate::stack_depth!("5b", "0"), "jmp {end_turn}",], end_turn = sym end_turn,) };
}
