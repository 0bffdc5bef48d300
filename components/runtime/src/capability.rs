//! The one system call, with what the kernel does not keep kept by hand.

use crate::storage::restore_own_base;
use abi::crossing::CapabilityWord;
use core::arch::asm;
use core::mem::MaybeUninit;

/// Writes out the crossing, with what differs by trust: the instructions that keep state on the stack before it, in a multiple
/// of 16 bytes; those that clear registers; and those that put the state back.
///
/// The kernel keeps `rsp` and the return address. Everything else may come back
/// as anything, so what the compiler cannot be told about is kept here: `rbx` and
/// `rbp`, which it reserves, and the state outside the registers that it
/// allocates. The block uses the stack and says so (no `nostack`): the compiler aligns it to 16 bytes,
/// and keeps its red zone, if it has one, out of the way.
macro_rules! crossing {
    ($word:expr, $words:expr, [$($keep:literal)*], [$($clear:expr),*], [$($restore:literal)*]) => {{
        let [first, second, third, fourth]: [MaybeUninit<u64>; 4] = $words;
        let (status, words): (u64, [u64; 2]);
        let (word0, word1);
        asm!(
            "push rbx",
            "push rbp",
            $($keep,)*
            // Let an invocation that comes back into this component start below
            // what is in use. The last eight bytes of the stack's span say where that is: 8 below a multiple of 16.
            "mov rbx, rsp",
            "or rbx, {span_mask}",           // the stack's last byte
            "push qword ptr [rbx - 7]",      // what they said until now
            "mov qword ptr [rbx - 7], rsp",
            $($clear,)*
            "syscall",
            "mov rbx, rsp",
            "or rbx, {span_mask}",
            "pop qword ptr [rbx - 7]",
            $($restore,)*
            "pop rbp",
            "pop rbx",
            span_mask = const abi::layout::STACK_SPAN - 1,
            inlateout("rax") $word => status,
            inlateout("rdi") first => word0,
            inlateout("rsi") second => word1,
            inlateout("rdx") third => _,
            inlateout("r10") fourth => _,
            lateout("r12") _,
            lateout("r13") _,
            lateout("r14") _,
            lateout("r15") _,
            // The other general registers, xmm, x87 and what came after them.
            clobber_abi("C"),
        );
        words = [word0, word1];
        // A status is below 2^16: anything more would not have been a return.
        (status as u16, words)
    }};
}

/// Fails a test that calls what only an image can call: on the host it would be Linux that is asked, with whatever happens to be there.
#[inline(always)]
fn expect_image() {
    debug_assert!(
        crate::is_image(),
        "there is nothing behind a capability on the host: implement the interface's trait there"
    );
}

/// The words, and behind them nothing in particular.
const fn and_anything<const WORDS: usize>(words: [u64; WORDS]) -> [MaybeUninit<u64>; 4] {
    let mut all = [MaybeUninit::uninit(); 4];
    let mut at = 0;
    while at < WORDS && at < all.len() {
        all[at] = MaybeUninit::new(words[at]);
        at += 1;
    }
    all
}

/// The words, and zeros behind them.
const fn and_zeros<const WORDS: usize>(words: [u64; WORDS]) -> [MaybeUninit<u64>; 4] {
    let mut all = [MaybeUninit::new(0); 4];
    let mut at = 0;
    while at < WORDS && at < all.len() {
        all[at] = MaybeUninit::new(words[at]);
        at += 1;
    }
    all
}

/// Invokes what `word` names, trusts it, and leaves to it what is in the registers.
///
/// FS base, MXCSR and x87 control word are the server's to keep. If it faults, they come back as a thread starts with
/// them, which is how compiled code has them; but on the component's own threads FS base is their block again.
///
/// # Safety
///
/// On a thread that runs in an image, on the stack that the booter made for it:
/// the 64 KiB span around `rsp` ends with the stack-top word. What is invoked
/// changes nothing that this component's safe code relies on.
#[inline(always)]
pub(crate) unsafe fn invoke_trusted<const WORDS: usize>(word: u64, words: [u64; WORDS]) -> (u16, [u64; 2]) {
    expect_image();
    // SAFETY: the block restores every register that it does not name as
    // changed. It writes below `rsp` and to the stack-top word, which exists by
    // the caller's promise and which nothing but such blocks uses.
    let (status, words) = unsafe { crossing!(word, and_anything(words), [], [], []) };
    (if status == 0 { 0 } else { restore_own_base(status) }, words)
}

/// Asks for what `word` names, and leaves what is in the registers: the kernel answers, perhaps after other threads have run.
///
/// # Safety
///
/// As for [`invoke_trusted`].
#[inline]
pub(crate) unsafe fn invoke(word: u64, words: [u64; 4]) -> (u16, [u64; 2]) {
    expect_image();
    // SAFETY: as in `invoke_trusted`.
    unsafe {
        crossing!(
            word,
            and_zeros(words),
            ["rdfsbase rbx" "push rbx" "sub rsp, 8" "stmxcsr [rsp]" "fnstcw [rsp + 4]"],
            [],
            ["fldcw [rsp + 4]" "ldmxcsr [rsp]" "add rsp, 8" "pop rbx" "wrfsbase rbx"]
        )
    }
}

/// Asks a thread of this component's own to go on, by a dispatch: as [`invoke`], for what cannot come back into this component on this
/// thread before it has answered. So the stack-top word stays as it is, which is seven instructions less.
///
/// # Safety
///
/// As for [`invoke`], and `word` names a thread and its operation.
#[inline(always)]
pub(crate) unsafe fn switch(word: u64, words: [u64; 4]) -> u16 {
    let [first, second, third, fourth] = words;
    let status: u64;
    // SAFETY: the block restores every register that it does not name as changed, and writes below `rsp` only.
    unsafe {
        asm!(
            "push rbx",
            "push rbp",
            "rdfsbase rbx",
            "push rbx",
            "sub rsp, 8",
            "stmxcsr [rsp]",
            "fnstcw [rsp + 4]",
            "syscall",
            "fldcw [rsp + 4]",
            "ldmxcsr [rsp]",
            "add rsp, 8",
            "pop rbx",
            "wrfsbase rbx",
            "pop rbp",
            "pop rbx",
            inlateout("rax") word => status,
            inlateout("rdi") first => _,
            inlateout("rsi") second => _,
            inlateout("rdx") third => _,
            inlateout("r10") fourth => _,
            lateout("r12") _,
            lateout("r13") _,
            lateout("r14") _,
            lateout("r15") _,
            // The other general registers, xmm, x87 and what came after them.
            clobber_abi("C"),
        );
    }
    // A status is below 2^16: anything more would not have been a return.
    status as u16
}

/// Invokes what `word` names, and shows the server nothing but the words.
///
/// The kernel overwrites `rcx r8 r9 r11` on its way. x87 is put into its initial
/// state afterwards: control word and pending exceptions are the server's, and
/// loading a control word would raise those.
///
/// # Safety
///
/// As for [`invoke_trusted`].
#[inline]
pub(crate) unsafe fn invoke_cleared<const WORDS: usize>(word: u64, words: [u64; WORDS]) -> (u16, [u64; 2]) {
    expect_image();
    // SAFETY: as in `invoke_trusted`; the registers cleared are saved or named as changed.
    unsafe {
        crossing!(
            word,
            and_zeros(words),
            ["rdfsbase rbx" "push rbx" "sub rsp, 8" "stmxcsr [rsp]" "fnstcw [rsp + 4]"],
            [crate::clear_registers!()],
            ["fninit" "fldcw [rsp + 4]" "ldmxcsr [rsp]" "add rsp, 8" "pop rbx" "wrfsbase rbx"]
        )
    }
}

/// Asks the object behind `capability` for `operation`, and returns the
/// kernel's status and its two words.
///
/// For the components that construct others. Everything else has a type that
/// knows what is safe: clients of interfaces, [`Ports`](crate::Ports).
///
/// # Safety
///
/// In an image, on a stack that the booter or the kernel made. The operation
/// must not take away or change memory that this component's safe code relies
/// on: a component that holds its own page table can do that.
pub unsafe fn operate(capability: u32, operation: u16, words: [u64; 4]) -> (u16, [u64; 2]) {
    // SAFETY: the caller's promise is the callee's condition.
    unsafe { invoke(CapabilityWord::new(capability, operation).0, words) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[should_panic(expected = "nothing behind a capability on the host")]
    fn nothing_is_invoked_on_the_host() {
        // SAFETY: it comes to no invocation.
        let _ = unsafe { invoke(CapabilityWord::IDENTITY.0, [0; 4]) };
    }
}
