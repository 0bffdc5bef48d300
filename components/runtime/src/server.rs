//! The server's side of an invocation: what its entry stub is made of.
//!
//! The stub itself is written out by [`export!`](crate::export), once for each
//! interface that an image serves and each answer to "is the client trusted".

use crate::{Answer, Result};

/// An invocation as it arrived.
#[derive(Clone, Copy, Debug)]
pub struct Invocation {
    /// The method's number.
    pub method: u64,
    /// The words that the client passed.
    pub words: [u64; 4],
    /// The token of the capability that was invoked: which edge of the graph this is.
    pub token: u64,
}

/// Who invokes a server: asked for by those that write `|caller|` in [`export!`](crate::export).
///
/// The kernel says both, so that neither can be forged. They arrive in registers, and the entry stub hands them on as
/// arguments; the stub of a server that does not ask does nothing about them.
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
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reply {
    status: u16,
    words: [u64; 2],
}

impl Reply {
    /// The reply to a method that the interface does not have.
    pub const UNKNOWN_METHOD: Self = Self { status: abi::error::Error::UnknownOperation.status(), words: [0; 2] };

    /// The status, 0 for success.
    pub const fn status(&self) -> u16 {
        self.status
    }

    /// The words, which mean something only if the call succeeded.
    pub const fn words(&self) -> [u64; 2] {
        self.words
    }

    /// Leaves the reply where the entry stub looks for it.
    #[doc(hidden)]
    #[inline]
    pub fn into_registers(self, second: &mut u64) -> CReply {
        *second = self.words[1];
        CReply { status: self.status.into(), word: self.words[0] }
    }
}

impl<A: Answer> From<Result<A>> for Reply {
    #[inline]
    fn from(result: Result<A>) -> Self {
        match result {
            Ok(answer) => Self { status: 0, words: answer.into_words() },
            Err(error) => Self { status: error.status(), words: [0; 2] },
        }
    }
}

/// Status and first word, as the C calling convention returns them: in `rax` and `rdx`.
///
/// The status is as wide as the register, and never above `u16::MAX`: the entry
/// stub passes `rax` on as it is.
#[repr(C)]
pub struct CReply {
    status: u64,
    word: u64,
}

/// Writes out an entry stub: where the kernel enters a server.
///
/// In: `rdi rsi rdx r10` words, `rax` method, `r8` token, `r9` thread index | core << 32, and no stack.
/// Out: `rax` status, `rdi rsi` words. Everything else is free to use.
#[doc(hidden)]
#[macro_export]
macro_rules! entry_stub {
    ($name:ident, $dispatch:ident, [$($prepare:literal)*], [$($clear:expr),*]) => {
        $crate::entry_stub!($name, $dispatch, [$($prepare)*], [$($clear),*],
            ["push 0" "push rsp"], "mov rsi, [rsp + 8]");
    };
    // The same for a server that asks who calls: C passes the eighth argument, the calling
    // thread, on the stack behind the seventh. The first push is for alignment.
    ($name:ident, $dispatch:ident, [$($prepare:literal)*], [$($clear:expr),*], caller) => {
        $crate::entry_stub!($name, $dispatch, [$($prepare)*], [$($clear),*],
            ["push 0" "push 0" "push r9" "lea r11, [rsp + 8]" "push r11"], "mov rsi, [rsp + 16]");
    };
    (
        $name:ident, $dispatch:ident, [$($prepare:literal)*], [$($clear:expr),*],
        [$($push:literal)*], $second:literal
    ) => {
        #[unsafe(naked)]
        unsafe extern "C" fn $name() -> ! {
            ::core::arch::naked_asm!(
                // The thread's stack in this component ends at STACKS + (index << 16) ...
                "mov ecx, r9d",                  // the index, without the core
                "shl rcx, {span}",
                "add rcx, [rip + {stacks}]",
                // ... and is in use as far down as the word at its end says.
                "lea rsp, [rcx - 16]",
                "sub rsp, [rcx - 8]",
                $($prepare,)*
                // C passes the fourth argument in rcx, the sixth in r9, and the
                // seventh on the stack: the address of the second word.
                "mov rcx, r10",
                $($push,)*                       // room for the second word; its address
                "mov r9d, eax",
                "call {dispatch}",               // -> rax status, rdx first word
                "mov rdi, rdx",
                $second,
                $($clear,)*
                "syscall",                       // rax < 2^16: capability 0, return
                "ud2",                           // which does not come back
                span = const $crate::internal::STACK_SPAN_BITS,
                stacks = sym $crate::internal::STACKS,
                dispatch = sym $dispatch,
            )
        }
    };
}

/// Clears every register that nothing is passed in and that the kernel leaves alone, in instructions: for both ends, so
/// that neither forgets one that the other thinks of.
#[doc(hidden)]
#[macro_export]
macro_rules! clear_registers {
    () => {
        ::core::concat!(
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

/// The entry stub for clients that the server does not trust: x87 state and MXCSR as compiled code expects them, whatever the client left;
/// and nothing left for the client but the answer. The kernel overwrites `rcx r11` on its way.
#[doc(hidden)]
#[macro_export]
macro_rules! cleared_entry_stub {
    ($name:ident, $dispatch:ident $(, $caller:ident)?) => {
        $crate::entry_stub!(
            $name,
            $dispatch,
            [
                "fninit"
                "mov dword ptr [rsp - 8], 0x1f80"
                "ldmxcsr [rsp - 8]"
            ],
            [
                "xor edx, edx",
                "xor r8d, r8d",
                "xor r9d, r9d",
                "xor r10d, r10d",
                $crate::clear_registers!()
            ]
            $(, $caller)?
        );
    };
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Error;

    #[test]
    fn an_answer_travels_in_its_words() {
        let reply = Reply::from(Ok((3_u64, 4_u64)));
        assert_eq!((reply.status(), reply.words()), (0, [3, 4]));
    }

    #[test]
    fn an_error_travels_as_its_status_and_takes_no_words_along() {
        let reply = Reply::from(Err::<u64, _>(Error::Server(2)));
        assert_eq!((reply.status(), reply.words()), (0x102, [0, 0]));
    }

    #[test]
    fn the_entry_stub_gets_every_part() {
        let mut second = 99;
        let registers = Reply::from(Ok((3_u64, 4_u64))).into_registers(&mut second);
        assert_eq!((registers.status, registers.word, second), (0, 3, 4));
    }
}
