//! The texts of the kernel's entries do what `logic::operation::perform`, `logic::quick::switch` and `logic::fault` specify, on
//! random states.
//!
//! They are the texts that boot: `path.rs`, `switching.rs` and `faulting.rs` in `kernel/src/entry` hold the only copies. Here they execute in a
//! process, on memory that the logic has laid out at real addresses; what is privileged in them traps, and is done by the test.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "this is a test")]

mod arena;
mod entry;
mod faults;
mod processor;
mod states;

use abi::crossing::{CAPABILITIES, CapabilityWord, EXIT_FLAGS, TABLE_LEAVES};
use abi::kind::Kind;
use arena::{Core, STACK_END, Snapshot};
use logic::capability::Slot;
use logic::capability_table::CapabilityTable;
use logic::core_state::CoreState;
use logic::outcome::{Outcome, Registers};
use logic::store::Store;
use logic::thread::{self, entry as level};
use logic::{invocation, quick};
use nix::libc::{
    REG_R8, REG_R9, REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15, REG_RAX, REG_RBP, REG_RBX, REG_RCX, REG_RDI,
    REG_RDX, REG_RSI, REG_RSP,
};
use processor::{Processor, Stop};
use states::{Dispatch, WAYS, World};
use std::collections::BTreeMap;
use std::sync::atomic::Ordering::Relaxed;

/// Registers that belong to user level, all the way.
const KEPT: [i32; 6] = [REG_RBX, REG_RBP, REG_R12, REG_R13, REG_R14, REG_R15];

/// A system, and the processor that enters its kernel.
struct Run {
    world: World,
    processor: Processor,
    /// What user level had in its registers.
    before: processor::Registers,
    /// The dispatch that it asks for, if it is one that was thought of.
    dispatch: Option<Dispatch>,
    /// How often the text went which way.
    ways: BTreeMap<&'static str, u64>,
}

/// What the specification says of an entry.
struct Expected {
    outcome: Outcome,
    /// The function that the text asks, if it does.
    asks: Option<Stop>,
    /// Whether the text dispatches.
    switches: bool,
    after: Snapshot,
    core: Core,
}

impl Run {
    fn new(seed: u64) -> Self {
        let processor = Processor::new();
        let world = World::new(seed);
        world.arena.set_operations(entry::operations as *const () as u64, entry::OPERATION_BYTES);
        // A slot that was a thread's when its function was looked up may be another's by now, on another core's behalf.
        let switched = [Kind::Thread, Kind::Send].into_iter();
        switched.for_each(|kind| world.arena.set_operation(kind, entry::switch as *const () as u64));
        Self { world, before: [0; 23], dispatch: None, processor, ways: BTreeMap::new() }
    }

    /// One entry, by text and specification, and now and then a fault before it. Answers whether user level goes on.
    fn step(&mut self) -> bool {
        self.world.disturb();
        if self.world.one_in(6) {
            self.fault_step();
            let state = self.world.arena.core().state;
            if !state.is_live(&self.world.arena) {
                // It unwinds, which is Rust's business.
                return false;
            }
            self.world.revoke_at(state.top - level::BYTES);
        }
        for register in 0..16 {
            let word = self.world.word();
            self.processor.set(register, word);
        }
        self.ask();
        let word = self.processor.get(REG_RAX);
        self.before = self.processor.registers;
        let before = self.world.arena.snapshot();
        let answer = self.answer();
        let expected = self.specified(word, answer);
        self.world.arena.restore(&before);
        self.execute(&expected, &before);
        self.world.arena.restore(&expected.after);
        let mut core = expected.core;
        if !expected.outcome.goes_on() {
            return false;
        }
        core.space = core.state.descriptor(&self.world.arena).page_table.load(Relaxed);
        self.world.arena.set_core(core);
        core.state.is_live(&self.world.arena)
    }

    /// Puts what is asked for into the registers.
    fn ask(&mut self) {
        // Another core may just have revoked the component that executes.
        let can_dispatch = self.world.arena.core().state.is_live(&self.world.arena) && self.world.one_in(2);
        self.dispatch = can_dispatch.then(|| self.world.dispatch());
        if let Some(dispatch) = &self.dispatch {
            let (word, words) = self.world.request(dispatch);
            self.processor.set(REG_RAX, word);
            let registers = [REG_RDI, REG_RSI, REG_RDX, REG_R10].into_iter();
            return registers.zip(words).for_each(|(at, word)| self.processor.set(at, word));
        }
        let word = self.world.capability_word();
        self.processor.set(REG_RAX, word);
        if word <= 0xffff && self.world.one_in(2) {
            let (status, [first, second]) = self.world.answer();
            let registers = [(REG_RAX, status), (REG_RDI, first), (REG_RSI, second)];
            registers.into_iter().for_each(|(at, word)| self.processor.set(at, word));
        }
    }

    /// What an operation answers that is not this test's business.
    fn answer(&mut self) -> Outcome {
        match self.world.word() % 3 {
            0 => Outcome::Answer(self.world.word()),
            1 => Outcome::Refused(self.world.word() & 0xffff),
            _ => Outcome::Pair(self.world.word()),
        }
    }

    /// What `perform` does, of invocations and returns, and `switch`, of dispatches; and that every other kind's function is asked.
    fn specified(&mut self, word: u64, answer: Outcome) -> Expected {
        let (arena, capability) = (&self.world.arena, CapabilityWord(word));
        let mut core = arena.core();
        let [first, second, third, fourth] = [REG_RDI, REG_RSI, REG_RDX, REG_R10].map(|at| self.processor.get(at));
        let asks = self.asks(&core.state, capability);
        if capability.capability() != 0 {
            self.keep_resume_point();
        }
        let other = match asks {
            Some(Stop::Operation(kind)) => kind != Kind::Invocation as u64,
            asks => asks == Some(Stop::Here),
        };
        let request = logic::operation::Request { word: capability, words: [first, second, third, fourth] };
        let switched = self.switch(&mut core.state, capability);
        let outcome = switched.unwrap_or_else(|| match other {
            true => answer,
            false => logic::operation::perform(arena, &mut Nothing, &mut core.state, request),
        });
        Expected { outcome, asks, switches: switched.is_some(), after: arena.snapshot(), core }
    }

    fn keep_resume_point(&self) {
        let level = self.world.arena.level(self.world.arena.core().state.top);
        level[level::ADDRESS].store(self.processor.get(REG_RCX), Relaxed);
        level[level::STACK].store(self.processor.get(REG_RSP), Relaxed);
    }

    /// Whom the text asks: for all that is no invocation or return of the common case.
    fn asks(&self, core: &CoreState, word: CapabilityWord) -> Option<Stop> {
        let arena = &self.world.arena;
        if word.capability() == 0 {
            let below = CoreState { top: core.top - level::BYTES, ..*core };
            let is_common = !thread::is_at_first_entry(core) && below.is_live(arena);
            return (!is_common).then(|| if self.is_handled(core) { Stop::RestoreFaulted } else { Stop::Return });
        }
        if word == CapabilityWord::HERE {
            return Some(Stop::Here);
        }
        let slot = self.slot(core, word)?;
        let kind = slot[0].load(Relaxed) & 0xff;
        let refused = || {
            let words = [0; 4];
            let outcome =
                logic::operation::perform_on(arena, &mut Nothing, &mut core.clone(), slot, word.method(), words);
            !matches!(outcome, Outcome::Resume)
        };
        if kind == Kind::Thread as u64 || kind == Kind::Send as u64 {
            let before = arena.snapshot();
            let switched = self.switch(&mut core.clone(), word);
            arena.restore(&before);
            return switched.is_none().then_some(Stop::Operation(Kind::Thread as u64));
        }
        (kind != Kind::Invocation as u64 || refused()).then_some(Stop::Operation(kind))
    }

    /// What `switch` does, if it is asked and does anything.
    fn switch(&self, core: &mut CoreState, word: CapabilityWord) -> Option<Outcome> {
        let words = [REG_RSI, REG_RDX, REG_R10].map(|at| self.processor.get(at));
        let slot = self.slot(core, word).filter(|_| word.capability() != 0)?;
        quick::switch(&self.world.arena, core, slot, word.method().into(), words)
    }

    /// Whether the return says that a level goes on whose fault was handled.
    fn is_handled(&self, core: &CoreState) -> bool {
        let (arena, mut core) = (&self.world.arena, *core);
        let before = arena.snapshot();
        let words = [REG_RDI, REG_RSI].map(|at| self.processor.get(at));
        let outcome = invocation::return_with(arena, &mut core, self.processor.get(REG_RAX) as u16, words);
        arena.restore(&before);
        outcome == Outcome::RestoreFaulted
    }

    fn slot(&self, core: &CoreState, word: CapabilityWord) -> Option<&Slot> {
        let number = Some(word.capability()).filter(|number| *number < CAPABILITIES.into())?;
        CapabilityTable::current(&self.world.arena, core).slot(&self.world.arena, number).ok()
    }

    /// Executes the text, and holds what it does against what is expected.
    fn execute(&mut self, expected: &Expected, before: &Snapshot) {
        let core = self.world.arena.core();
        let mut stop = self.processor.enter();
        if expected.asks == Some(Stop::RestoreFaulted) {
            assert_eq!(stop, Stop::RestoreFaulted, "the level goes on");
            assert!(self.processor.is_kernel());
            self.check_memory(expected);
            self.check_space(expected, core.space);
            *self.ways.entry("handled").or_default() += 1;
            return;
        }
        if let Some(asked) = expected.asks {
            assert_eq!(stop, asked, "whom it asks");
            self.check_question(&core, asked, before);
            let outcome = self.answer_question(expected, asked);
            let (tag, word) = as_words(outcome);
            self.processor.set(REG_RAX, tag);
            self.processor.set(REG_RDX, word);
            stop = self.processor.come_back();
        }
        if expected.outcome.is_answer() || expected.asks.is_none() {
            assert_eq!(stop, Stop::Left, "it leaves: {:?}", expected.outcome);
            self.check_registers(expected);
        } else {
            assert_eq!(stop, Stop::Exit, "somebody else says how it goes on: {:?}", expected.outcome);
            assert_eq!(self.processor.get(REG_RAX), as_words(expected.outcome).0, "the outcome");
        }
        self.check_memory(expected);
        self.check_space(expected, core.space);
        if expected.asks.is_none() {
            self.check_written(before);
        }
        *self.ways.entry(self.way(expected)).or_default() += 1;
    }

    /// What the text has written without asking Rust is the core's own: its words, and its threads. Other cores wait for
    /// none of these lines.
    fn check_written(&self, before: &Snapshot) {
        const CORE_BYTES: u64 = size_of::<Core>() as u64;
        let is_core = |at: u64| (arena::CORE..arena::CORE + CORE_BYTES).contains(&at);
        let is_thread = |at: u64| self.world.threads().any(|thread| thread.address() == at & !0xfff);
        let written = self.world.arena.snapshot().differences(before);
        let others: Vec<_> = written.into_iter().filter(|at| !is_core(*at) && !is_thread(*at)).collect();
        assert_eq!(others, [0; 0], "lines that other cores use");
    }

    /// Which way that was: of a dispatch, the one that it was meant to go.
    fn way(&self, expected: &Expected) -> &'static str {
        if let Some(dispatch) = &self.dispatch {
            assert_eq!(expected.switches, dispatch.is_usual, "{}", dispatch.way);
            return dispatch.way;
        }
        match (expected.asks, expected.outcome) {
            (None, Outcome::Resume) if self.before[REG_RAX as usize] as u64 > 0xffff => "invocation",
            (None, Outcome::Resume) => "return",
            (None, Outcome::Answer(_)) => "identity",
            (None, _) => "out of range",
            (Some(Stop::Return), _) => "other return",
            (Some(Stop::Operation(1)), _) => "refused invocation",
            (Some(Stop::Here), _) => "whose stack",
            (Some(_), _) => "other kind",
        }
    }

    /// When Rust is asked, the text has changed nothing but where the level goes on; and the arguments are there.
    fn check_question(&mut self, core: &Core, asked: Stop, before: &Snapshot) {
        let mut expected = before.clone();
        let [address, stack] = [REG_RCX, REG_RSP].map(|at| self.before[at as usize] as u64);
        let (p, arena) = (&self.processor, &self.world.arena);
        let word = CapabilityWord(self.before[REG_RAX as usize] as u64);
        let [first, second, third, fourth] =
            [REG_RDI, REG_RSI, REG_RDX, REG_R10].map(|at| self.before[at as usize] as u64);
        assert_eq!([REG_RDI, REG_RSI].map(|at| p.get(at)), [first, second], "words 0 and 1");
        if asked == Stop::Return {
            assert_eq!(p.get(REG_RDX), word.0, "the status");
        } else {
            *expected.word(core.state.top + 8 * level::ADDRESS as u64) = address;
            *expected.word(core.state.top + 8 * level::STACK as u64) = stack;
        }
        if let Stop::Operation(_) = asked {
            let slot: *const Slot = self.slot(&core.state, word).unwrap();
            let arguments = [REG_RDX, REG_RCX, REG_R8, REG_R9].map(|at| p.get(at));
            assert_eq!(arguments, [third, fourth, slot as u64, word.method().into()], "words 2 and 3, slot and method");
        }
        assert_eq!(arena.snapshot().differences(&expected), [0; 0], "nothing has changed");
        assert!(p.is_kernel() && p.spaces.is_empty(), "nor has the machine");
        assert_eq!(p.get(REG_RSP), STACK_END - 8, "it is on the core's stack");
        self.check_kept();
    }

    /// What Rust answers. Where it changes something, that is what is expected.
    fn answer_question(&mut self, expected: &Expected, asked: Stop) -> Outcome {
        let arena = &self.world.arena;
        let mut core = arena.core();
        match asked {
            Stop::Return => {
                let words = [REG_RDI, REG_RSI].map(|at| self.processor.get(at));
                let status = self.processor.get(REG_RDX) as u16;
                let outcome = invocation::return_with(arena, &mut core.state, status, words);
                assert_eq!(outcome, expected.outcome);
            }
            _ => core.state.registers.rsi = expected.core.state.registers.rsi,
        }
        arena.set_core(core);
        expected.outcome
    }

    fn check_kept(&self) {
        for register in KEPT {
            assert_eq!(
                self.processor.registers[register as usize], self.before[register as usize],
                "register {register}"
            );
        }
    }

    /// The registers with which user level goes on.
    fn check_registers(&self, expected: &Expected) {
        let p = &self.processor;
        assert!(!p.is_kernel(), "GS is the user's again");
        self.check_kept();
        let [address, stack, ..] = self.world.arena.level(expected.core.state.top);
        let level = match expected.outcome {
            Outcome::Resume if self.before[REG_RAX as usize] as u64 > 0xffff => self.entered(expected),
            _ => [address.load(Relaxed), stack.load(Relaxed)],
        };
        assert_eq!([REG_RCX, REG_RSP].map(|at| p.get(at)), level, "where it goes on");
        assert_eq!(p.get(REG_R11), EXIT_FLAGS);
        let r = expected.outcome.registers(&expected.core.state).unwrap();
        assert_eq!([REG_RAX, REG_RDI, REG_RSI].map(|at| p.get(at)), [r.rax, r.rdi, r.rsi], "status and words");
        let rest = [REG_RDX, REG_R10, REG_R8, REG_R9];
        let left = rest.map(|at| p.get(at));
        let own = rest.map(|at| self.before[at as usize] as u64);
        let invoked = [r.rdx, r.r10, r.r8, r.r9];
        match (expected.asks, expected.outcome) {
            // What the server left.
            (None, Outcome::Resume) if self.before[REG_RAX as usize] as u64 <= 0xffff => assert_eq!(left, own),
            // Another thread's now.
            _ if expected.switches => assert_eq!(left, [0; 4], "nothing of the caller or the kernel"),
            // The caller's own, or what it has asked for.
            (None, outcome) if outcome.is_answer() => {
                let word = self.before[REG_RAX as usize] as u64;
                // No more of the number than what names a word of a table's root, even where it is out of range.
                let known = [own[0], own[1], word >> 22 & u64::from(TABLE_LEAVES), own[3]];
                assert!(left.iter().zip(known).all(|(left, known)| *left == 0 || *left == known), "{left:x?}");
            }
            _ => assert_eq!(left, invoked, "the other registers"),
        }
    }

    /// Where the specification has the server entered.
    fn entered(&self, expected: &Expected) -> [u64; 2] {
        let mut after = expected.after.clone();
        [level::ADDRESS, level::STACK].map(|at| *after.word(expected.core.state.top + 8 * at as u64))
    }

    /// All words but those of the core are as expected, and of those the ones that say who is current.
    fn check_memory(&self, expected: &Expected) {
        let (mut after, mut wanted) = (self.world.arena.snapshot(), expected.after.clone());
        for snapshot in [&mut after, &mut wanted] {
            // Of a level that executes, these say nothing.
            if expected.outcome == Outcome::Resume && expected.asks.is_none() {
                [level::ADDRESS, level::STACK]
                    .iter()
                    .for_each(|at| *snapshot.word(expected.core.state.top + 8 * *at as u64) = 0);
            }
            let words = size_of::<Core>() as u64 / 8;
            (0..words).for_each(|at| *snapshot.word(arena::CORE + 8 * at) = 0);
        }
        assert_eq!(after.differences(&wanted), [0; 0], "memory");
        let place = |core: Core| CoreState { registers: Registers::ZERO, ..core.state };
        assert_eq!(place(self.world.arena.core()), place(expected.core), "what the core runs");
        assert_eq!(self.world.arena.core().stack_end, STACK_END);
    }

    /// The page table that is loaded: that of whoever goes on, and none is loaded twice.
    fn check_space(&self, expected: &Expected, before: u64) {
        let of_level = || expected.core.state.descriptor(&self.world.arena).page_table.load(Relaxed);
        let loaded = if matches!(expected.asks, None | Some(Stop::RestoreFaulted)) { of_level() } else { before };
        let written: &[u64] = if loaded == before { &[] } else { &[loaded] };
        assert_eq!(self.processor.spaces, written, "CR3");
        assert_eq!(self.world.arena.core().space, loaded);
    }
}

/// The two words of an outcome.
fn as_words(outcome: Outcome) -> (u64, u64) {
    match outcome {
        Outcome::Answer(word) => (0, word),
        Outcome::Refused(status) => (1, status),
        Outcome::Pair(word) => (2, word),
        Outcome::Resume => (3, 0),
        Outcome::Restore => (4, 0),
        Outcome::RestoreFaulted => (5, 0),
        Outcome::Idle => (6, 0),
        Outcome::End(status) => (7, status),
        Outcome::NothingToRun => (8, 0),
    }
}

/// A machine without devices.
struct Nothing;

impl logic::interrupt::Controller for Nothing {
    fn has_line(&self, _: u32) -> bool {
        false
    }
    fn open_line(&mut self, _: u32, _: u32) {}
    fn mask_line(&mut self, _: u32) {}
}

impl logic::cross_core::Cores for Nothing {
    fn interrupt(&mut self, _: u32) {}
    fn forget_translations(&mut self) {}
}

impl logic::operation::Machine for Nothing {
    fn read_port(&mut self, _: u16) -> u8 {
        0
    }
    fn write_port(&mut self, _: u16, _: u8) {}
    fn write_console(&mut self, _: &[u8]) {}
    fn frequency(&mut self) -> u64 {
        1
    }
    fn now(&mut self) -> u64 {
        1
    }
}

#[test]
fn the_text_of_the_entry_does_what_is_specified() {
    let mut ways = BTreeMap::new();
    for seed in 0..1000 {
        let mut run = Run::new(seed);
        for _ in 0..100 {
            if !run.step() {
                break;
            }
        }
        run.ways.iter().for_each(|(way, count)| *ways.entry(*way).or_insert(0) += count);
    }
    let rare: Vec<_> = ways.iter().filter(|(_, count)| **count < 40).collect();
    assert!(rare.is_empty() && ways.len() == 11 + WAYS, "each way is gone often: {ways:?}");
}
