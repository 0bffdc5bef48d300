//! What a panic says, and what becomes of whoever panics.
//!
//! A line says which component and thread it was, where, and why; lines behind it hold what on the stack can be return addresses, with
//! how far above each other they lie. The composer, which has the code, follows them from call to call and names functions and source
//! lines (`cargo composer run`, and `backtrace` for what was printed before). So images need neither frame pointers nor tables, and what
//! is printed is of use without the composer, too.
//!
//! The lines go to the component's console, and to its logger if the graph gives it none. Then the thread faults: the kernel unwinds
//! the one invocation that panicked, with an error to its caller, or has the component's fault handler asked, or ends the thread. Nothing
//! is allocated, and nothing is locked. A panic in what is to be said of another says only where it is; one in that says nothing.

mod nesting;
mod stack;

use crate::capability::invoke;
use crate::client::{ImportSlot, call};
use crate::pieces::{Pieces, Sink};
use crate::{Result, thread};
use abi::crossing::CapabilityWord;
use core::fmt::{self, Display, Write};
use core::mem::offset_of;
use core::panic::PanicInfo;
use nesting::Turn;
use stack::{Found, Stack, stack};

/// Bytes of a component's name that are said.
const NAME_BYTES: usize = 48;

/// What a component says of itself; the composer sets it. See `abi::record::RecordKind::Identity`.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct Identity {
    /// An import slot for the console.
    console: u64,
    /// Where the image's code lies, and where it ends.
    code: [u64; 2],
    room: u64,
    length: u64,
    name: [u8; NAME_BYTES],
}

const _: () = assert!(offset_of!(Identity, room) == 8 * abi::record::IDENTITY_NAME);

/// This component's.
pub static IDENTITY: Identity =
    Identity { console: ImportSlot::UNBOUND, code: [0; 2], room: NAME_BYTES as u64, length: 0, name: [0; NAME_BYTES] };

impl Identity {
    /// As the composer has set it, which the compiler does not know.
    fn bound() -> Self {
        // SAFETY: an initialised static.
        unsafe { (&raw const IDENTITY).read_volatile() }
    }

    fn name(&self) -> &str {
        self.name.get(..self.length as usize).and_then(|name| core::str::from_utf8(name).ok()).unwrap_or("")
    }
}

/// What is said first.
struct Head<'a> {
    thread: u64,
    info: &'a PanicInfo<'a>,
    /// Without the message if it was that which panicked.
    is_first: bool,
}

impl Display for Head<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} panicked", Named(self.thread))?;
        self.info.location().map_or(Ok(()), |place| write!(f, " at {place}"))?;
        match self.is_first {
            true => write!(f, ": {}", self.info.message()),
            false => f.write_str(", in what was to be said of another panic"),
        }
    }
}

/// A thread, by its index and by the name that it was given.
struct Named(u64);

impl Display for Named {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "thread {}", self.0)?;
        thread::name_of(self.0).map_or(Ok(()), |name| write!(f, " ({name})"))
    }
}

/// Addresses on a line, at most.
const ON_A_LINE: usize = 6;

/// Some of what was found on a stack, and whether there is more.
struct Addresses<'a> {
    thread: u64,
    found: &'a [Found],
    goes_on: bool,
}

impl Display for Addresses<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "stack of thread {}:", self.thread)?;
        self.found.iter().try_for_each(|found| write!(f, " {:#x}@{}", found.address, found.above))?;
        f.write_str(if self.goes_on { "," } else { "" })
    }
}

/// Says that there was a panic, and faults.
#[cold]
#[inline(never)]
pub fn panicked(info: &PanicInfo<'_>) -> ! {
    let stack = stack();
    // SAFETY: asks, and changes nothing.
    let (_, [who, _]) = unsafe { invoke(CapabilityWord::IDENTITY.0, [0; 4]) };
    let thread = who & u64::from(u32::MAX);
    if let Some(turn) = Turn::of(thread) {
        speak(Panic { info, thread, turn, identity: Identity::bound() }, &stack);
    }
    nesting::end(thread);
    // SAFETY: the instruction is undefined for ever: it faults, and nothing runs after it.
    unsafe { core::arch::asm!("ud2", options(noreturn, nomem, nostack)) }
}

/// A panic, and whose it is.
struct Panic<'a> {
    info: &'a PanicInfo<'a>,
    thread: u64,
    turn: Turn,
    identity: Identity,
}

/// Where it is said.
#[derive(Clone, Copy)]
struct Console {
    slot: u64,
    thread: u64,
    turn: Turn,
}

impl Sink for Console {
    fn write(&self, words: [u64; 4]) -> Result<()> {
        // SAFETY: only a panic in an image comes here, and the composer has filled the slot or left it unbound.
        let written = unsafe { call(self.slot, 0, words) };
        // On the way, this thread may have come back into this component, and have panicked there.
        self.turn.go_on(self.thread);
        written
    }
}

impl Panic<'_> {
    fn console(&self) -> Console {
        Console { slot: self.identity.console, thread: self.thread, turn: self.turn }
    }

    /// A line on the console. Where there is none, a first panic's goes to the log: that is code of the component's own.
    fn say(&self, line: impl Display) {
        let name = self.identity.name();
        let is_said = writeln!(Pieces::new(self.console()), "{name}: {line}").is_ok();
        if !is_said && self.turn == Turn::First {
            log::error!(target: name, "{line}");
        }
    }

    /// Ends the line that another panic was in the middle of.
    fn end_line(&self) {
        // Where there is no console, nothing is said of this one.
        let _ = self.console().write(crate::pieces::words(b"\n"));
    }
}

/// Says what there is to say. By the name of this function the composer knows that panics are in one another at most so often as there
/// are turns (`abi::stack::PANIC`).
#[cold]
#[inline(never)]
fn speak(panic: Panic<'_>, stack: &Stack) {
    let (info, thread, is_first) = (panic.info, panic.thread, panic.turn == Turn::First);
    if !is_first {
        panic.end_line();
    }
    panic.say(Head { thread, info, is_first });
    let mut found = stack.search(panic.identity.code).peekable();
    while found.peek().is_some() {
        let mut some = [Found::default(); ON_A_LINE];
        let count = some.iter_mut().zip(&mut found).map(|(place, found)| *place = found).count();
        panic.say(Addresses { thread, found: some.get(..count).unwrap_or(&[]), goes_on: found.peek().is_some() });
    }
}
