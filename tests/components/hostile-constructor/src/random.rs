//! Operations at random, hundreds of thousands: whatever they are, the kernel answers, and stays whole.

use crate::components::{NAME, address, returns};
use crate::rogue::{Answer, KERNEL, NON_CANONICAL, Rogue, pair};
use abi::boot::{BUNDLE, INFORMATION, UNTYPED, slot};
use abi::error::Error;
use abi::layout::{PAGE, READ, USER_END, USER_START, WRITE};
use abi::operation::TableOperation::{CreateComponent, CreateInvocation};
use abi::operation::{ComponentOperation, PageTableOperation, TableOperation, ThreadEnd};

runtime::parameter!(ROUNDS: u64 = 300_000, "rounds");
runtime::parameter!(SEED: u64 = 0x7e55_e7a0_0000_0001, "seed");

/// Slots that are played with: what is in those below stays as it is.
const SLOTS: u64 = 64;
/// Where pages are mapped, and where there is no code.
const FAR: u64 = 0x6800_0000_0000;
/// Frames that are played with.
const FRAMES: u64 = 4000;
/// Numbers of operations, of any kind.
const OPERATIONS: u64 = TableOperation::ALL.len() as u64;
/// Faults behind which nothing is entered any more.
const FAULTS: u64 = 100;

/// All of it.
pub fn all(rogue: &mut Rogue) {
    rogue.hide();
    let mut random = Random { state: SEED.get(), faults: 0, done: 0, pool: rogue.frame() };
    for _ in 0..FRAMES {
        rogue.frame(); // the pool: its frames are used for this, for that, and twice
    }
    for _ in 0..ROUNDS.get() {
        random.step(rogue);
    }
    rogue.say(format_args!("rogue: {} operations at random were done\n", random.done));
    still_works(rogue);
}

/// The answer of a server, and of a thread, that faulted.
const FAULTED: Answer = Err(Error::Faulted);
const ENDED: Answer = Ok([ThreadEnd::Faulted as u64, Error::Faulted.status() as u64]);

struct Random {
    state: u64,
    faults: u64,
    done: u64,
    pool: u64,
}

impl Random {
    /// Xorshift.
    fn next(&mut self) -> u64 {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        self.state
    }

    fn below(&mut self, end: u64) -> u64 {
        (self.next() >> 16) % end
    }

    fn step(&mut self, rogue: &Rogue) {
        let own = [slot::TABLE, slot::PAGE_TABLE, 1 + self.below(SLOTS - 1) as u32];
        let capability = own[self.below(3) as usize];
        let operation = if self.below(50) == 0 { self.next() as u16 } else { self.below(OPERATIONS) as u16 };
        let mut words = [0, 1, 2, 3].map(|at| self.word(at));
        if capability >= slot::FREE && operation == 0 {
            // A component is not renamed: the graph says by its name that it may fault.
            words[0] = NAME;
        }
        if self.permits(capability, operation, words) {
            // Any answer will do.
            let answer = rogue.ask(capability, operation, words);
            self.done += u64::from(answer.is_ok());
            self.faults += u64::from(answer == FAULTED || answer == ENDED);
            if capability == slot::TABLE && operation == CreateComponent as u16 && answer.is_ok() {
                let _ = rogue.ask(words[0] as u32, ComponentOperation::Name as u16, [NAME, 0, 0, 0]);
            }
        }
    }

    /// Not what would end the game: the loss of the constructor's own tables, and more faults than one can read.
    fn permits(&self, capability: u32, operation: u16, words: [u64; 4]) -> bool {
        const REMOVE: u16 = TableOperation::Remove as u16;
        const RECLAIM: u16 = TableOperation::Reclaim as u16;
        const UNMAP: u16 = PageTableOperation::Unmap as u16;
        match capability {
            // Of a table that may be the constructor's own by another name.
            _ if [REMOVE, RECLAIM].contains(&operation) && words[0] < u64::from(slot::FREE) => false,
            // Of the names of memory, 512 at once.
            _ if operation == UNMAP && (UNTYPED..UNTYPED << 1).contains(&words[0]) => false,
            slot::TABLE | slot::PAGE_TABLE => true,
            // What it makes in another's table cannot be named.
            _ if operation == CreateComponent as u16 => false,
            _ if operation == 0 => self.faults < FAULTS && words[3] == 0,
            _ => true,
        }
    }

    /// A word for the place `at`, of the sorts that operations take there, or of any other sort.
    fn word(&mut self, at: usize) -> u64 {
        let sort = if self.below(6) == 0 { 4 + self.below(6) } else { self.below(4) };
        let (small, other) = (self.below(SLOTS), self.below(SLOTS));
        match (at, sort) {
            (0, 0 | 1) => small,
            (0 | 2, 2) => pair(small as u32, other as u32),
            (1, 0..=2) => self.pool + self.below(FRAMES) * PAGE,
            (2, 0) => READ | self.below(8),
            (2, 1) => pair(slot::TABLE, slot::PAGE_TABLE),
            (3, 0) => 0,
            (3, 1) => 100 + small,
            (_, 3) => FAR + small * PAGE,
            (_, 4) => [BUNDLE, INFORMATION, USER_START, USER_END][(small % 4) as usize],
            (_, 5) => NON_CANONICAL[(small % 3) as usize],
            (_, 6) => KERNEL[(small % 3) as usize],
            (_, 7) => self.next(),
            _ => small,
        }
    }
}

/// Memory can still be mapped and used, and components made and entered.
fn still_works(rogue: &mut Rogue) {
    const PROOF: u64 = 0x6f00_0000_0000;
    for level in [3, 2, 1] {
        let frame = rogue.frame();
        rogue.done(slot::PAGE_TABLE, PageTableOperation::Graft as u16, [PROOF, frame, level, 0]);
    }
    let frame = rogue.frame();
    rogue.done(slot::PAGE_TABLE, PageTableOperation::Map as u16, [PROOF, frame, READ | WRITE, 0]);
    let word = PROOF as *mut u64;
    // SAFETY: the page was mapped a line ago, for nothing else.
    let fresh = unsafe {
        let before = word.read_volatile();
        word.write_volatile(before + 1);
        word.read_volatile()
    };
    if fresh != 1 {
        rogue.surprise(format_args!("rogue: a fresh page did not hold 0, or not what was written: {fresh:#x}\n"));
    }
    // In a leaf of its own: who knows what is in the others.
    let (leaf, first) = (300, 300 * abi::crossing::LEAF_SLOTS);
    let (frame, object) = (rogue.frame(), rogue.frame());
    rogue.done(slot::TABLE, TableOperation::Graft as u16, [leaf, frame, 0, 0]);
    let tables = pair(slot::TABLE, slot::PAGE_TABLE);
    rogue.done(slot::TABLE, CreateComponent as u16, [first.into(), object, tables, 1000]);
    rogue.done(slot::TABLE, CreateInvocation as u16, [pair(first, first + 1), address(returns), 0, 1]);
    rogue.answered(first + 1, 0, [3, 4, 5, 6], [3, 4]);
}
