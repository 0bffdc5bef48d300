//! The server's side of an invocation: what its entry stub is made of.
//!
//! The stub itself is written out by [`export!`](crate::export), once for each
//! interface that an image serves and each answer to "is the client trusted".

use crate::{Answer, Failure};
use core::arch::asm;
use core::fmt;
use core::mem::MaybeUninit;
use core::sync::atomic::AtomicU64;

/// Where the words are that a client passed.
pub trait Arguments {
    /// The words that the method has. They are read here, once.
    fn read<const WORDS: usize>(self) -> [u64; WORDS];
}

/// Those of a direct call, from the registers.
impl Arguments for [u64; 4] {
    #[inline(always)]
    fn read<const WORDS: usize>(self) -> [u64; WORDS] {
        core::array::from_fn(|at| self[at])
    }
}

/// Those of a posted call, from its page.
impl Arguments for syscall_page::Arguments<'_, AtomicU64> {
    #[inline(always)]
    fn read<const WORDS: usize>(self) -> [u64; WORDS] {
        Self::read(self)
    }
}

/// An invocation as it arrived, or a call that was posted.
#[derive(Clone, Copy, Debug)]
pub struct Invocation<Words = [u64; 4]> {
    /// The method's number.
    pub method: u64,
    /// The words that the client passed.
    pub words: Words,
    /// The token of the capability that was invoked: which edge of the graph this is.
    pub token: u64,
}

/// Who invokes a server: asked for by those that write `|caller|` in [`export!`](crate::export).
///
/// The kernel says both, so that neither can be forged. They arrive in registers, and the entry stub hands them on as
/// arguments; the stub of a server that does not ask does nothing about them. Of a call that came by a page, the token is what the composer
/// wrote into the server's own memory beside the page: nothing that its client can write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Caller {
    /// The token of the capability that was invoked: which edge of the graph this is.
    pub token: u64,
    /// The index of the thread that executes; of whichever component, if the client was itself called.
    pub thread: u32,
    /// The core that it executes on.
    pub core: u32,
}

impl Caller {
    /// What the kernel says, in the registers' words: a token, and thread index | core << 32.
    #[doc(hidden)]
    pub const fn new(token: u64, identity: u64) -> Self {
        Self { token, thread: identity as u32, core: (identity >> 32) as u32 }
    }
}

/// What a server answers: a status and two words.
#[derive(Clone, Copy)]
pub struct Reply {
    status: u16,
    words: [u64; 2],
    /// The words again, but for those that mean nothing.
    meant: [MaybeUninit<u64>; 2],
    /// How many mean something.
    count: usize,
}

impl Reply {
    /// The reply to a method that the interface does not have.
    pub const UNKNOWN_METHOD: Self = Self::of_status(abi::error::Error::UnknownOperation.status());

    #[inline]
    const fn of_status(status: u16) -> Self {
        Self { status, words: [0; 2], meant: [MaybeUninit::uninit(); 2], count: 0 }
    }

    /// The status, 0 for success.
    pub const fn status(&self) -> u16 {
        self.status
    }

    /// The words, which mean something only if the call succeeded.
    pub const fn words(&self) -> [u64; 2] {
        self.words
    }

    /// How many of the words mean something.
    #[inline]
    pub(crate) const fn count(&self) -> usize {
        self.count
    }

    /// Returns it to a client that the server trusts: what else is in the registers stays there.
    ///
    /// # Safety
    ///
    /// At the end of an invocation that [`entry_stub!`](crate::entry_stub) began.
    #[doc(hidden)]
    #[inline(always)]
    pub unsafe fn leave(self) -> ! {
        let [first, second] = self.meant;
        // SAFETY: the invocation ends here; nothing on its stack is needed again.
        unsafe {
            asm!(
                "syscall", // rax < 2^16: a return
                "ud2",     // which does not come back
                in("rax") u64::from(self.status),
                in("rdi") first,
                in("rsi") second,
                options(noreturn, nostack),
            )
        }
    }

    /// Returns it to a client that the server does not trust: nothing else is left for it to see.
    ///
    /// # Safety
    ///
    /// As [`leave`](Self::leave).
    #[doc(hidden)]
    #[inline(always)]
    pub unsafe fn leave_cleared(self) -> ! {
        let [first, second] = self.words;
        // SAFETY: as in `leave`. The kernel overwrites `rcx`, `r11` and `rsp` on its way.
        unsafe {
            asm!(
                "xor edx, edx",
                "xor r8d, r8d",
                "xor r9d, r9d",
                "xor r10d, r10d",
                crate::clear_registers!(),
                "syscall",
                "ud2",
                in("rax") u64::from(self.status),
                in("rdi") first,
                in("rsi") second,
                options(noreturn, nostack),
            )
        }
    }
}

impl fmt::Debug for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reply").field("status", &self.status).field("words", &self.words).finish()
    }
}

impl PartialEq for Reply {
    fn eq(&self, other: &Self) -> bool {
        (self.status, self.words) == (other.status, other.words)
    }
}

impl Eq for Reply {}

/// The status of an error, out of the way of what succeeds.
#[cold]
#[inline(never)]
fn status(error: impl Failure) -> u16 {
    error.into_status()
}

/// What a method returns, taken apart.
pub trait Returned {
    /// What it can fail with.
    type Failure;
}

impl<A, E> Returned for Result<A, E> {
    type Failure = E;
}

impl<A: Answer, E: Failure> From<Result<A, E>> for Reply {
    #[inline]
    fn from(result: Result<A, E>) -> Self {
        match result {
            Ok(answer) => {
                Self { status: 0, words: answer.into_words(), meant: answer.into_meant_words(), count: A::WORDS }
            }
            Err(error) => Self::of_status(status(error)),
        }
    }
}

/// What an entry stub jumps to: one method, with the words of the invocation, the token of its capability, and thread
/// index | core << 32.
///
/// It is entered as if it had been called, and does not return: it leaves by [`Reply::leave`].
pub type Method = unsafe extern "C" fn(u64, u64, u64, u64, u64, u64) -> !;

/// The functions for all numbers that the kernel lets pass, so that the stub need not look at them.
pub type Methods = [Method; abi::crossing::METHODS as usize];

/// MXCSR as compiled code expects it.
pub static MXCSR: u32 = 0x1f80;

/// The table of methods of an entry: `$method::<N, $cleared>` for each `N` below `$count`, and its like for `$count` itself for
/// all others.
#[doc(hidden)]
#[macro_export]
macro_rules! methods {
    ($name:ident, $method:ident, $count:expr, $cleared:literal) => {
        $crate::methods!($name, $method, $count, $cleared,
            0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31
            32 33 34 35 36 37 38 39 40 41 42 43 44 45 46 47 48 49 50 51 52 53 54 55 56 57 58 59 60 61 62 63);
    };
    ($name:ident, $method:ident, $count:expr, $cleared:literal, $($number:literal)*) => {
        static $name: $crate::internal::Methods =
            [$($method::<{ if $number < $count { $number } else { $count } }, $cleared>),*];
    };
}

/// Writes out an entry stub: where the kernel enters a server.
///
/// In: `rdi rsi rdx r10` words, `rax` method, `r8` token, `r9` thread index | core << 32, and no stack. It jumps to the
/// method, on the thread's stack.
#[doc(hidden)]
#[macro_export]
macro_rules! entry_stub {
    ($name:ident, $methods:ident, [$($prepare:literal)*] $(, $operand:ident = sym $symbol:path)*) => {
        #[unsafe(naked)]
        unsafe extern "C" fn $name() -> ! {
            ::core::arch::naked_asm!(
                $crate::take_stack!(),
                $($prepare,)*
                // C passes the fourth argument in rcx, and calls with a return address on the stack.
                "mov rcx, r10",
                "lea r11, [rip + {methods}]",
                "jmp [r11 + rax * 8]",           // the kernel has seen to it that rax < 64
                // Nobody has used this stack: it starts below the word, which says so from now on.
                "3:",
                "lea rsp, [rcx - 24]",
                "mov [rcx - 8], rsp",
                "jmp 2b",
                span = const $crate::internal::STACK_SPAN_BITS,
                stacks = sym $crate::internal::STACKS,
                methods = sym $methods,
                $($operand = sym $symbol,)*
            )
        }
    };
}

/// The start of every way into a component: the thread's stack, by its index in `r9`. What jumps back to label 2 gives `rsp` a
/// first value, by `rcx`, the stack's end. `rsp` is then where a function finds it that has been called.
#[doc(hidden)]
#[macro_export]
macro_rules! take_stack {
    () => {
        ::core::concat!(
            // The thread's stack in this component ends at STACKS + (index << 16) ...
            "mov ecx, r9d\n", // the index, without the core
            "shl rcx, {span}\n",
            "add rcx, [rip + {stacks}]\n",
            // ... and is in use as far down as the word at its end says.
            "mov rsp, [rcx - 8]\n",
            "test rsp, rsp\n",
            "jz 3f\n",
            "2:\n",
            $crate::stack_depth!("2b", "24"),
        )
    };
}

/// Says that `$bytes` of the stack are in use at the label `$place`: see [`abi::stack`]. Hand-written code that sets the stack
/// pointer says so behind that, or the composer refuses the image.
#[macro_export]
macro_rules! stack_depth {
    ($place:literal, $bytes:literal) => {
        ::core::concat!(
            ".pushsection .tessera.stack,\"\",@progbits\n",
            ".quad ",
            $place,
            ", ",
            $bytes,
            "\n",
            ".popsection\n",
        )
    };
}

/// Clears every register that nothing is passed in and that the kernel leaves alone, in instructions: for both ends, so
/// that neither forgets one that the other thinks of.
#[doc(hidden)]
#[macro_export]
macro_rules! clear_registers {
    () => {
        ::core::concat!(
            // Segment selectors mean nothing to compiled code, which leaves them 0: to look at them is quicker than to load them.
            "mov ebx, ds\n",
            "mov ebp, es\n",
            "or ebx, ebp\n",
            "mov ebp, fs\n",
            "or ebx, ebp\n",
            "mov ebp, gs\n",
            "or ebx, ebp\n",
            "jz 9f\n",
            // Somebody else has left one; FS base goes with its selector, and stays.
            "rdfsbase rbx\n",
            "xor ebp, ebp\n",
            "mov ds, ebp\n",
            "mov es, ebp\n",
            "mov fs, ebp\n",
            "mov gs, ebp\n",
            "wrfsbase rbx\n",
            "9:\n",
            "xor ebx, ebx\n",
            "xor ebp, ebp\n",
            "xor r12d, r12d\n",
            "xor r13d, r13d\n",
            "xor r14d, r14d\n",
            "xor r15d, r15d\n",
            // x87 and SSE registers, data that `fninit` leaves behind included: one by one that is 26 instructions.
            "fxrstor64 [rip + TESSERA_CLEAN_STATE]",
        )
    };
}

/// The entry stub for clients that the server does not trust: x87 state and MXCSR as compiled code expects them, whatever
/// the client left.
#[doc(hidden)]
#[macro_export]
macro_rules! cleared_entry_stub {
    ($name:ident, $methods:ident) => {
        $crate::entry_stub!(
            $name, $methods, ["fninit" "ldmxcsr [rip + {mxcsr}]"], mxcsr = sym $crate::internal::MXCSR
        );
    };
}

// What the stubs say of the stack on a first entry.
const _: () = assert!(abi::stack::FIRST_ENTRY == 24);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Error;

    #[test]
    fn an_answer_travels_in_its_words() {
        let reply = Reply::from(Ok::<_, Error>((3_u64, 4_u64)));
        assert_eq!((reply.status(), reply.words()), (0, [3, 4]));
    }

    #[test]
    fn an_error_travels_as_its_status_and_takes_no_words_along() {
        let reply = Reply::from(Err::<u64, _>(Error::numbered(2)));
        assert_eq!((reply.status(), reply.words()), (0x102, [0, 0]));
    }
}
