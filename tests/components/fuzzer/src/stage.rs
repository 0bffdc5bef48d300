//! The player and its calls, as the processor executes them.

use crate::CONSTRUCTOR;
use crate::report::Report;
use abi::error::Error;
use abi::kind::Kind;
use core::arch::asm;
use core::cell::UnsafeCell;
use core::hint::spin_loop;
use core::sync::atomic::{AtomicBool, Ordering::Relaxed};
use play::calls::Call;
use play::world::{Code, World};
use play::{Operations, Player, Stage};
use runtime::Constructor;

/// The director, which is the only one that constructs.
pub struct Guest {
    /// The machine.
    pub constructor: &'static Constructor,
}

struct Shared(UnsafeCell<Player>);

// SAFETY: the director and its players run on one core, and by turns: a player while the director waits for its thread's end.
unsafe impl Sync for Shared {}

const NOWHERE: World =
    World { player: 0, frames: 0, code: Code { returns: 0, unwinds: 0, deepens: 0, player: 0 }, timed: false };

static PLAYER: Shared = Shared(UnsafeCell::new(Player::new(0, NOWHERE)));
static LISTED: AtomicBool = AtomicBool::new(false);

/// Whether calls are to be listed from now on.
pub fn list(yes: bool) {
    LISTED.store(yes, Relaxed);
}

impl Guest {
    /// Asks for what players do not come to, and counts what is answered.
    pub fn ask(&mut self, kind: Kind, capability: u32, operation: u16, words: [u64; 4]) -> Result<[u64; 2], Error> {
        let answer = self.operate(capability, operation, words);
        let status = answer.map_or_else(Error::status, |_| 0);
        self.player().tally.count(kind, operation, status, 1);
        answer
    }
}

impl Guest {
    /// Asks for what has to be refused with `expected`; says so if it is not.
    pub fn refused(&mut self, expected: Error, kind: Kind, capability: u32, operation: u16, words: [u64; 4]) {
        let answer = self.ask(kind, capability, operation, words);
        if answer != Err(expected) {
            let kind = kind.name();
            let text = format_args!("operation {operation} of a {kind}: {answer:?}, not {expected:?}");
            Report(self.constructor).line(text);
        }
    }
}

impl Operations for Guest {
    fn operate(&mut self, capability: u32, operation: u16, words: [u64; 4]) -> Result<[u64; 2], Error> {
        self.constructor.operate(capability, operation, words)
    }
}

impl Stage for Guest {
    fn player(&mut self) -> &mut Player {
        // SAFETY: see `Shared`; the borrow ends before the director waits for a player.
        unsafe { &mut *PLAYER.0.get() }
    }
}

/// Calls of a player after which it is another core's turn, where cores take turns.
const TURN: u64 = 4;

/// What a player's thread runs.
pub extern "C" fn play() {
    // SAFETY: see `Shared`.
    let player = unsafe { &mut *PLAYER.0.get() };
    while let Some(call) = player.next_call() {
        let (status, words) = ask(&call);
        player.answered(status, words);
        if LISTED.load(Relaxed) {
            print(player.tally.tried, &call, status, words);
        }
        if player.tally.tried.is_multiple_of(TURN) {
            spin_loop();
        }
    }
}

/// The call alone: whatever a player invokes leaves the rest of the machine's state as it is.
fn ask(call: &Call) -> (u16, [u64; 2]) {
    let [first, second, third, fourth] = call.words;
    let (status, word0, word1): (u64, u64, u64);
    // SAFETY: what the kernel does not keep is kept here or named as changed. What players call changes nothing of
    // this image: they hold no capability to its writable memory, and no name of it.
    unsafe {
        asm!(
            "push rbx",
            "push rbp",
            "syscall",
            "pop rbp",
            "pop rbx",
            inlateout("rax") call.word => status,
            inlateout("rdi") first => word0,
            inlateout("rsi") second => word1,
            inlateout("rdx") third => _,
            inlateout("r10") fourth => _,
            lateout("r12") _,
            lateout("r13") _,
            lateout("r14") _,
            lateout("r15") _,
            clobber_abi("C"),
        );
    }
    (status as u16, [word0, word1])
}

fn print(number: u64, call: &Call, status: u16, [first, second]: [u64; 2]) {
    let [a, b, c, d] = call.words;
    let line =
        format_args!("answer {number:x} {:x} {a:x} {b:x} {c:x} {d:x} {status:x} {first:x} {second:x}", call.word);
    Report(&CONSTRUCTOR).line_of_player(line);
}
