//! One user thread: its control, how it starts, and how one is left for another.
//!
//! A switch is a jump, not a return: each call returns to where it was made, and so a processor that predicts returns, or
//! checks them, is not surprised. The compiler keeps what it needs of the registers, since a switch changes all; `rbx` and
//! `rbp`, which it does not let go, are kept on the stack that is left.

use super::Threads;
use core::arch::{asm, naked_asm};
use core::cell::Cell;
use core::ptr::{NonNull, null_mut};

/// What is known of a user thread: at the end of its stack.
#[repr(C, align(16))]
pub(super) struct Control {
    /// Where it goes on: the stack pointer, and on that the address.
    stack: Cell<*mut u8>,
    pub(super) next: Cell<*mut Control>,
    joiner: Cell<*mut Control>,
    state: Cell<State>,
    /// Those to which it belongs; null as long as nobody uses it.
    pub(super) threads: *const Threads,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// It lives, and somebody has a handle.
    Joinable,
    /// It lives, and nobody has one.
    Detached,
    /// It has ended, and somebody has a handle.
    Ended,
}

/// What becomes of a thread that has ended.
pub(super) enum AfterEnd {
    /// This one waits for it.
    Wake(NonNull<Control>),
    /// Somebody may ask for its result.
    Keep,
    /// Nobody will.
    Free,
}

impl Control {
    pub(super) const fn new(threads: *const Threads) -> Self {
        Self {
            threads,
            stack: Cell::new(null_mut()),
            next: Cell::new(null_mut()),
            joiner: Cell::new(null_mut()),
            state: Cell::new(State::Joinable),
        }
    }

    pub(super) fn has_ended(&self) -> bool {
        self.state.get() == State::Ended
    }

    pub(super) fn is_detached(&self) -> bool {
        self.state.get() == State::Detached
    }

    pub(super) fn set_joiner(&self, joiner: NonNull<Self>) {
        self.joiner.set(joiner.as_ptr());
    }

    pub(super) fn end(&self) -> AfterEnd {
        if self.state.replace(State::Ended) == State::Detached {
            return AfterEnd::Free;
        }
        NonNull::new(self.joiner.get()).map_or(AfterEnd::Keep, AfterEnd::Wake)
    }

    /// Nobody has a handle any more; answers whether the stack is free now.
    pub(super) fn give_up(&self) -> bool {
        let has_ended = self.has_ended();
        if !has_ended {
            self.state.set(State::Detached);
        }
        has_ended
    }
}

/// Bytes of a packet, with what aligns it: less than half of the smallest stack.
const MOST: usize = 1024;
const _: () = assert!(2 * (MOST + size_of::<Control>()) <= super::stack::MINIMUM);

/// What a user thread runs, and what came of it: on its own stack, below its control.
pub(super) struct Packet<F, T> {
    control: NonNull<Control>,
    function: Option<F>,
    result: Option<T>,
}

impl<T, F: FnOnce() -> T> Packet<F, T> {
    /// Puts `function` onto a free stack, so that a switch there starts it. Answers where its result will be.
    ///
    /// # Safety
    ///
    /// Nobody uses the stack. What `function` borrows outlives the thread, and so do `threads`.
    pub(super) unsafe fn prepare(control: NonNull<Control>, threads: &Threads, function: F) -> NonNull<Option<T>> {
        let room = size_of::<Self>().next_multiple_of(16);
        let align = align_of::<Self>().max(16);
        const {
            assert!(
                size_of::<Self>() + align_of::<Self>() <= MOST,
                "give it less to own: it lies on its thread's stack"
            )
        };
        // SAFETY: no stack is smaller than twice of it.
        let packet = unsafe { control.cast::<u8>().sub(room) };
        // SAFETY: as above.
        let packet = unsafe { packet.sub(packet.addr().get() % align) }.cast::<Self>();
        let words: [usize; 3] = [start as *const () as usize, Self::run as *const () as usize, packet.addr().get()];
        // SAFETY: room on a stack that nobody uses, aligned.
        unsafe {
            packet.write(Self { control, function: Some(function), result: None });
            // Four words, so that the packet's address leaves the stack aligned as a call wants it.
            let stack = packet.cast::<usize>().sub(4);
            stack.cast::<[usize; 3]>().write(words);
            control.write(Control::new(threads));
            control.as_ref().stack.set(stack.as_ptr().cast());
            NonNull::from(&mut (*packet.as_ptr()).result)
        }
    }

    /// Where it starts.
    unsafe extern "C" fn run(packet: *mut Self) -> ! {
        // SAFETY: the packet is this thread's; whoever has a handle touches the result when this has ended.
        unsafe {
            let result = (*packet).function.take().map(|function| function());
            let control = (*packet).control.as_ref();
            // Nobody takes the result of one that is detached.
            (*packet).result = result.filter(|_| !control.is_detached());
            (*control.threads).end()
        }
    }
}

/// Where a switch to a new user thread arrives: on its stack are the function and its argument.
#[unsafe(naked)]
unsafe extern "C" fn start() -> ! {
    naked_asm!(
        "pop rax",
        "pop rdi",
        "xor ebp, ebp", // nobody called: where a backtrace ends
        "add rsp, 8",   // aligned
        "call rax",
        "ud2", // which does not come back
    )
}

/// Leaves the one stack for the other: `$from` gets the stack pointer, `$to` is one. `$before` and `$after` are done on the
/// stack that is left.
macro_rules! change_stack {
    ($from:expr, $to:expr, [$($before:literal)*], [$($after:literal)*]) => {
        asm!(
            "push rbx",
            "push rbp",
            $($before,)*
            "lea rcx, [rip + 2f]",
            "push rcx",
            "mov [rdi], rsp",
            "mov rsp, rsi",
            "pop rcx",
            "jmp rcx",
            "2:",
            $($after,)*
            "pop rbp",
            "pop rbx",
            inout("rdi") $from => _,
            inout("rsi") $to => _,
            out("r12") _, out("r13") _, out("r14") _, out("r15") _,
            clobber_abi("C"),
        )
    };
}

/// Leaves `current`, which executes this, for `next`.
///
/// # Safety
///
/// `next` was prepared, or has left by one of these functions and not been gone on with since.
#[inline(always)]
pub(super) unsafe fn switch(current: NonNull<Control>, next: NonNull<Control>) {
    // SAFETY: controls exist as long as stacks, for ever.
    let (from, to) = unsafe { (current.as_ref().stack.as_ptr(), next.as_ref().stack.get()) };
    // SAFETY: the other side goes on where it left; this side does when somebody switches back, with `rbx` and `rbp` as they
    // were. All other registers are named as changed.
    unsafe { change_stack!(from, to, [], []) }
}

/// Leaves the stack of the thread of the kernel's, whose pointer goes to `outside`, for `next`. The stack-top word is lowered
/// meanwhile, as by a call, so that whoever comes into the component on this thread finds the rest of the stack.
///
/// # Safety
///
/// As for [`switch`].
pub(super) unsafe fn enter(outside: *mut *mut u8, next: NonNull<Control>) {
    // SAFETY: as above.
    let to = unsafe { next.as_ref() }.stack.get();
    // SAFETY: as in `switch`; the word at the end of the span is what stubs keep.
    unsafe {
        #[cfg(not(test))]
        change_stack!(
            outside, to,
            ["mov rbx, rsp" "or rbx, 0xffff" "push [rbx - 7]" "mov [rbx - 7], rsp"],
            ["mov rbx, rsp" "or rbx, 0xffff" "pop [rbx - 7]"]
        );
        // A stack of the host's has no such word.
        #[cfg(test)]
        change_stack!(outside, to, [], []);
    }
}

/// Leaves `current`, which executes this, for the thread of the kernel's.
///
/// # Safety
///
/// It has left by [`enter`], and its stack pointer is `outside`.
pub(super) unsafe fn leave(current: NonNull<Control>, outside: *mut u8) {
    // SAFETY: as above.
    let from = unsafe { current.as_ref() }.stack.as_ptr();
    // SAFETY: as in `switch`.
    unsafe { change_stack!(from, outside, [], []) }
}
