//! Components that do their work beside the players: a client that invokes a server and checks each answer.
//!
//! They run this image's code, read-only, in a page table of their own; their only capability is the client's, to invoke the server.

use crate::CONSTRUCTOR;
use crate::stage::Guest;
use abi::boot::{BUNDLE, slot};
use abi::bundle::{Bundle, Segment};
use abi::crossing::CapabilityWord;
use abi::error::Error;
use abi::kind::Kind;
use abi::layout::{EXECUTE, PAGE, READ, WRITE};
use abi::operation::{PageTableOperation, TableOperation, ThreadOperation};
use core::arch::naked_asm;
use core::hint::spin_loop;
use core::sync::atomic::{AtomicU64, Ordering::Relaxed};
use play::Operations;

/// The director's leaf for these, far behind those for players.
const LEAF: u32 = 480;
const FIRST_SLOT: u32 = LEAF * abi::crossing::LEAF_SLOTS;
const TABLE: u32 = FIRST_SLOT;
const PAGE_TABLE: u32 = FIRST_SLOT + 1;
const SERVER: u32 = FIRST_SLOT + 2;
/// Slot of the clients' component.
pub const CLIENT: u32 = FIRST_SLOT + 3;
const SERVER_TABLE: u32 = FIRST_SLOT + 4;
/// Slot of the first client's thread; the others follow.
pub const THREAD: u32 = FIRST_SLOT + 8;
/// Indices of components and threads that players do not use.
pub const INDEX: u64 = 480;
/// The client's slot for the server.
const SERVED: u32 = 1;
/// Where the client counts, in its address space and in the director's.
const COUNTS: u64 = 0x5900_0000_0000;
/// Rounds that a client works each time that it is dispatched.
const ROUNDS: u64 = 200;

/// Neighbours at work.
pub struct Neighbours {
    next_frame: u64,
    cores: u64,
}

impl Neighbours {
    /// Constructs them from the frames at `frames`; from the second of `cores` on, each has a client that works all the time.
    pub fn new(frames: u64, cores: u64, guest: &mut Guest) -> Result<Self, Error> {
        use TableOperation::*;
        let mut new = Self { next_frame: frames, cores };
        make(guest, Graft, [LEAF.into(), new.frame(), 0, 0])?;
        make(guest, CreateTable, [TABLE.into(), new.frame(), 0, 0])?;
        make(guest, CreateTable, [SERVER_TABLE.into(), new.frame(), 0, 0])?;
        guest.operate(TABLE, Graft as u16, [0, new.frame(), 0, 0])?;
        make(guest, CreatePageTable, [PAGE_TABLE.into(), new.frame(), 0, 0])?;
        new.map_code(guest)?;
        new.map_counts(guest)?;
        for (component, table, index) in [(SERVER, SERVER_TABLE, INDEX), (CLIENT, TABLE, INDEX + 1)] {
            make(guest, CreateComponent, [component.into(), new.frame(), pair(table, PAGE_TABLE.into()), index])?;
        }
        let entry = serves as *const () as u64;
        guest.operate(TABLE, CreateInvocation as u16, [pair(SERVER, SERVED.into()), entry, 0, 1])?;
        for core in 0..cores {
            new.client(core, guest)?;
        }
        Ok(new)
    }

    fn client(&mut self, core: u64, guest: &mut Guest) -> Result<(), Error> {
        let thread = THREAD + core as u32;
        let start = works as *const () as u64;
        let of = pair(CLIENT, core << 16 | (INDEX + core));
        make(guest, TableOperation::CreateThread, [thread.into(), self.frame(), of, start])?;
        if core > 0 {
            // It works until it is told to stop; the word says where it counts.
            guest.ask(Kind::Thread, thread, ThreadOperation::Launch as u16, [counts_of(core), 0, 0, 0])?;
        }
        Ok(())
    }

    /// Lets the client of this core work for a while.
    pub fn work(&mut self, guest: &mut Guest) -> Result<(), Error> {
        let counts = counts(0);
        counts[LEFT].store(ROUNDS, Relaxed);
        guest.operate(THREAD, ThreadOperation::Dispatch as u16, [counts_of(0), 0, 0, 0])?;
        if counts[LEFT].load(Relaxed) != 0 {
            counts[WRONG].fetch_add(1, Relaxed);
        }
        Ok(())
    }

    /// Ends the work; answers how many rounds there were, and how many answers were wrong.
    pub fn end(&self, guest: &mut Guest) -> Result<(u64, u64), Error> {
        let mut sum = (0, 0);
        for core in 0..self.cores {
            let counts = counts(core);
            if core > 0 {
                stop(core, guest)?;
            }
            sum.0 += counts[DONE].load(Relaxed);
            sum.1 += counts[WRONG].load(Relaxed);
            // A core on which nobody has worked has been lost.
            sum.1 += u64::from(counts[DONE].load(Relaxed) == 0);
        }
        Ok(sum)
    }

    fn map_code(&mut self, guest: &mut Guest) -> Result<(), Error> {
        let bundle = Bundle::parse(CONSTRUCTOR.bundle()).map_err(|_| Error::BadArgument)?;
        let own = bundle.components().next().ok_or(Error::BadArgument)?;
        for Segment { address, memory_bytes, offset, .. } in
            bundle.segments(&own).filter(|segment| segment.rights == READ | EXECUTE)
        {
            for at in (0..memory_bytes).step_by(PAGE as usize) {
                self.map(
                    PAGE_TABLE,
                    PageTableOperation::Alias,
                    address + at,
                    BUNDLE + offset + at,
                    READ | EXECUTE,
                    guest,
                )?;
            }
        }
        Ok(())
    }

    fn map_counts(&mut self, guest: &mut Guest) -> Result<(), Error> {
        let frame = self.frame();
        self.map(slot::PAGE_TABLE, PageTableOperation::Map, COUNTS, frame, READ | WRITE, guest)?;
        self.map(PAGE_TABLE, PageTableOperation::Alias, COUNTS, COUNTS, READ | WRITE, guest)
    }

    /// Maps a page, adding the tables above it where they are missing.
    fn map(
        &mut self,
        table: u32,
        how: PageTableOperation,
        address: u64,
        from: u64,
        rights: u64,
        guest: &mut Guest,
    ) -> Result<(), Error> {
        for level in [3, 2, 1] {
            let words = [address, self.next_frame, level, 0];
            match guest.operate(table, PageTableOperation::Graft as u16, words) {
                Ok(_) => self.next_frame += PAGE,
                Err(Error::AlreadyMapped) => {}
                Err(error) => return Err(error),
            }
        }
        guest.operate(table, how as u16, [address, from, rights, 0]).map(|_| ())
    }

    /// The name of a frame that nobody uses yet.
    pub fn frame(&mut self) -> u64 {
        self.next_frame += PAGE;
        self.next_frame - PAGE
    }
}

/// Words of a client's counts: rounds to go, done, and with a wrong answer.
const LEFT: usize = 0;
const DONE: usize = 1;
const WRONG: usize = 2;
/// Words between the counts of two cores.
const STRIDE: u64 = 8;

/// Stops the client of another core, and waits until it has ended.
fn stop(core: u64, guest: &mut Guest) -> Result<(), Error> {
    counts(core)[LEFT].store(1, Relaxed);
    loop {
        match guest.ask(Kind::Thread, THREAD + core as u32, ThreadOperation::Ended as u16, [0; 4]) {
            Err(Error::Pending) => spin_loop(),
            ended => return ended.map(|_| ()),
        }
    }
}

const fn counts_of(core: u64) -> u64 {
    COUNTS + 8 * STRIDE * core
}

fn counts(core: u64) -> &'static [AtomicU64; 3] {
    // SAFETY: `new` has mapped a page of zeros there, for ever, which all that use it take for atomic words.
    unsafe { &*(counts_of(core) as *const [AtomicU64; 3]) }
}

/// A client: `rdi` is where it counts. Round after round, until there are none left: asks for the sum of two numbers that are never the same, and compares.
#[unsafe(naked)]
unsafe extern "C" fn works() {
    naked_asm!(
        "mov rbx, rdi",
        "2:",
        "mov r12, [rbx + 8]",
        "imul r13, r12, 0x1e3779b1",
        "mov eax, {server}",
        "mov rdi, r12",
        "mov rsi, r13",
        "mov rdx, r12",
        "mov r10, r13",
        "syscall",
        "lea rcx, [r12 + r13]",
        "sub rdi, rcx",
        "xor rsi, r12",
        "xor rsi, r13",
        "or rdi, rsi",
        "or rdi, rax",
        "cmp rdi, 1",
        "cmc",
        "adc qword ptr [rbx + 16], 0", // one more wrong answer
        "inc qword ptr [rbx + 8]",
        "pause", // where cores take turns, it is another's
        "lock dec qword ptr [rbx]", // the other core may set it, to stop
        "jnz 2b",
        "xor eax, eax",
        "syscall", // ends the thread
        "ud2",
        server = const CapabilityWord::new(SERVED, 0).0,
    )
}

/// A server: answers the sum of words 0 and 1, and the exclusive or of words 2 and 3.
#[unsafe(naked)]
unsafe extern "C" fn serves() {
    naked_asm!("add rdi, rsi", "mov rsi, rdx", "xor rsi, r10", "xor eax, eax", "syscall", "ud2")
}

/// Asks the base constructor's table for an operation.
pub fn make(guest: &mut Guest, operation: TableOperation, words: [u64; 4]) -> Result<(), Error> {
    guest.operate(slot::TABLE, operation as u16, words).map(|_| ())
}

/// Two numbers in one word.
pub fn pair(high: u32, low: u64) -> u64 {
    u64::from(high) << 32 | low
}
