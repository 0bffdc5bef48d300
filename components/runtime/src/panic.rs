//! What a panic says, and what becomes of whoever panics.
//!
//! A line says which component and thread it was, where, and why; lines behind it hold what on the stack can be return addresses, with
//! how far above each other they lie. The composer, which has the code, follows them from call to call and names functions and source
//! lines (`cargo composer run`, and `backtrace` for what was printed before). So images need neither frame pointers nor tables, and what
//! is printed is of use without the composer, too.
//!
//! The lines go to the component's console, and to its logger if the graph gives it none. Then the thread faults: the kernel unwinds
//! the one invocation that panicked, with an error to its caller, or has the component's fault handler asked, or ends the thread. Nothing
//! is allocated, and nothing is locked.

mod stack;

use crate::capability::invoke;
use crate::client::{ImportSlot, call};
use crate::pieces::{Pieces, Sink};
use crate::{Result, thread};
use abi::crossing::CapabilityWord;
use core::fmt::{self, Display, Write};
use core::mem::offset_of;
use core::panic::PanicInfo;
use core::sync::atomic::AtomicU64;
use core::sync::atomic::Ordering::Relaxed;
use stack::{Found, stack};

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

/// The console's slot.
#[derive(Clone, Copy)]
struct Console(u64);

impl Sink for Console {
    fn write(&self, words: [u64; 4]) -> Result<()> {
        // SAFETY: only a panic in an image comes here, and the composer has filled the slot or left it unbound.
        unsafe { call(self.0, 0, words) }
    }
}

impl Identity {
    /// As the composer has set it, which the compiler does not know.
    fn bound() -> Self {
        // SAFETY: an initialised static.
        unsafe { (&raw const IDENTITY).read_volatile() }
    }

    fn name(&self) -> &str {
        self.name.get(..self.length as usize).and_then(|name| core::str::from_utf8(name).ok()).unwrap_or("")
    }

    /// A line on the console, or else in the log.
    fn say(&self, line: impl Display) {
        let mut console = Pieces::new(Console(self.console));
        if writeln!(console, "{}: {line}", self.name()).is_err() {
            log::error!(target: self.name(), "{line}");
        }
    }

    /// Ends the line that a panic was in the middle of.
    fn end_line(&self) {
        // Where there is no console, the log keeps lines apart.
        let _ = Console(self.console).write(crate::pieces::words(b"\n"));
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

/// Threads that say why they panic: a bit for each index.
static SPEAKING: [AtomicU64; abi::layout::THREADS as usize / 64] =
    [const { AtomicU64::new(0) }; abi::layout::THREADS as usize / 64];

/// The word and the bit of a thread.
fn speaking(thread: u64) -> Option<(&'static AtomicU64, u64)> {
    Some((SPEAKING.get((thread / 64) as usize)?, 1 << (thread % 64)))
}

/// Says that the thread begins to speak. Answers whether it had not begun already: then what it says panics.
fn begin(thread: u64) -> bool {
    speaking(thread).is_none_or(|(word, bit)| word.fetch_or(bit, Relaxed) & bit == 0)
}

fn end(thread: u64) {
    speaking(thread).map(|(word, bit)| word.fetch_and(!bit, Relaxed));
}

/// Says that there was a panic, and faults.
#[cold]
#[inline(never)]
pub fn panicked(info: &PanicInfo<'_>) -> ! {
    let stack = stack();
    // SAFETY: asks, and changes nothing.
    let (_, [who, _]) = unsafe { invoke(CapabilityWord::IDENTITY.0, [0; 4]) };
    let (identity, thread) = (Identity::bound(), who & u64::from(u32::MAX));
    let is_first = begin(thread);
    if !is_first {
        identity.end_line();
    }
    identity.say(Head { thread, info, is_first });
    let mut found = stack.search(identity.code).peekable();
    while found.peek().is_some() {
        let mut some = [Found::default(); ON_A_LINE];
        let count = some.iter_mut().zip(&mut found).map(|(place, found)| *place = found).count();
        identity.say(Addresses { thread, found: some.get(..count).unwrap_or(&[]), goes_on: found.peek().is_some() });
    }
    end(thread);
    // SAFETY: the instruction is undefined for ever: it faults, and nothing runs after it.
    unsafe { core::arch::asm!("ud2", options(noreturn, nomem, nostack)) }
}
