//! Faults in user level, by text and specification.

use crate::Run;
use crate::arena::{CORE, Core, STACK_END};
use crate::processor::{Stop, USER_GS};
use abi::crossing::EXIT_FLAGS;
use logic::core_state::CoreState;
use logic::fault::{self, Cause};
use logic::outcome::{Outcome, Registers};
use logic::store::Store;
use logic::thread::{entry, saved};
use nix::libc;
use std::sync::atomic::Ordering::Relaxed;

/// The general registers in the order in which a level's are kept.
const ORDER: [i32; saved::COUNT] = [
    libc::REG_R15,
    libc::REG_R14,
    libc::REG_R13,
    libc::REG_R12,
    libc::REG_R11,
    libc::REG_R10,
    libc::REG_R9,
    libc::REG_R8,
    libc::REG_RBP,
    libc::REG_RDI,
    libc::REG_RSI,
    libc::REG_RDX,
    libc::REG_RCX,
    libc::REG_RBX,
    libc::REG_RAX,
];

/// Words of the x87 and SSE state, which the processor writes in a format of its own.
const STATE_WORDS: u64 = 64;

/// What the processor pushes, and the stub: vector, error code, instruction, code segment, RFLAGS, stack pointer and segment.
type Pushed = [u64; 7];

impl Run {
    /// One fault, by text and specification.
    pub fn fault_step(&mut self) {
        let vector = [3, 6, 13, 14, 14, 18][(self.world.word() >> 8) as usize % 6];
        let pushed: Pushed = [0; 7].map(|_: u64| self.world.word());
        let [_, error, instruction, _, flags, stack, segment] = pushed;
        let pushed = [vector, error & 0xff, instruction, 0x23, flags, stack, segment];
        (0..16).for_each(|register| self.processor.registers[register] = self.world.word() as i64);
        self.processor.fs = self.world.word() >> 18;
        self.processor.cr2 = self.world.word();
        self.world.revoke_at(self.world.arena.core().state.top);
        let mut core = self.world.arena.core();
        core.foreign = self.world.one_in(8);
        self.world.arena.set_core(core);
        self.fault_beside(&pushed);
    }

    fn fault_beside(&mut self, pushed: &Pushed) {
        let (arena, before) = (&self.world.arena, self.world.arena.snapshot());
        let core = arena.core();
        self.keep(pushed);
        let kept = arena.snapshot();
        let [vector, error, instruction, ..] = *pushed;
        let address = if vector == 14 { self.processor.cr2 } else { 0 };
        let mut state = core.state;
        let outcome = fault::handle(arena, &mut state, Cause { vector: vector as u8, error, address, instruction });
        let after = arena.snapshot();
        arena.restore(&before);
        arena.restore_stack(pushed);
        self.processor.set(libc::REG_RSP, STACK_END - 8 * pushed.len() as u64);
        let stop = self.processor.fault();
        let common = outcome.is_some() && vector != 18 && !core.foreign;
        assert_eq!(stop, if common { Stop::Left } else { Stop::FaultInUserLevel }, "vector {vector}");
        self.check_fault_memory(if common { &after } else { &kept }, core);
        assert_eq!(self.processor.fs, 0, "FS base of the handler, or of the kernel");
        if common {
            let mut pushed = after.clone();
            let entered = *pushed.word(state.top + 8 * entry::ADDRESS as u64);
            assert_eq!(self.processor.get(libc::REG_RCX), entered, "where the handler is entered");
            self.check_handler(outcome.unwrap(), &state, core.space);
            *self.ways.entry("fault").or_default() += 1;
        } else {
            assert!(self.processor.gs == [CORE, 0] && self.processor.spaces.is_empty());
            assert_eq!(self.world.arena.core().state, core.state, "nobody else is current");
            assert_eq!(self.processor.get(libc::REG_RDI), STACK_END - 8 * pushed.len() as u64 - 8, "the frame");
            *self.ways.entry("other fault").or_default() += 1;
        }
        let arena = &self.world.arena;
        arena.restore(&after);
        let space = state.descriptor(arena).page_table.load(Relaxed);
        arena.set_core(Core { state, space, foreign: false, ..core });
        self.processor.gs = [USER_GS, CORE];
    }

    /// Keeps what the text is to keep of the level: all of its registers, unless those of another fault are kept.
    fn keep(&self, pushed: &Pushed) {
        let (arena, core) = (&self.world.arena, self.world.arena.core());
        let [_, _, instruction, _, flags, stack, _] = *pushed;
        let level = arena.level(core.state.top);
        level[entry::ADDRESS].store(instruction, Relaxed);
        level[entry::STACK].store(stack, Relaxed);
        if kept_before(arena, core.state) {
            return;
        }
        let (words, area) = (arena.words(core.state.thread()), saved::FAULTED);
        ORDER.iter().enumerate().for_each(|(at, register)| {
            words[area.registers + at].store(self.processor.get(*register), Relaxed);
        });
        words[area.flags].store(flags, Relaxed);
        words[area.fs_base].store(self.processor.fs, Relaxed);
        words[area.gs_base].store(USER_GS, Relaxed);
    }

    fn check_fault_memory(&self, wanted: &crate::arena::Snapshot, core: Core) {
        let (mut after, mut wanted) = (self.world.arena.snapshot(), wanted.clone());
        let state = core.state.thread + 8 * saved::FAULTED.floating_point as u64;
        let top = self.world.arena.core().state.top;
        let is_entered = top != core.state.top;
        for snapshot in [&mut after, &mut wanted] {
            (0..STATE_WORDS).for_each(|at| *snapshot.word(state + 8 * at) = 0);
            (0..size_of::<Core>() as u64 / 8).for_each(|at| *snapshot.word(CORE + 8 * at) = 0);
            if is_entered {
                [entry::ADDRESS, entry::STACK].iter().for_each(|at| *snapshot.word(top + 8 * *at as u64) = 0);
            }
        }
        assert_eq!(after.differences(&wanted), [0; 0], "memory");
    }

    /// The handler is entered, as it would be by an invocation, and finds nothing of the level in any register.
    fn check_handler(&self, outcome: Outcome, state: &CoreState, before: u64) {
        let (p, arena) = (&self.processor, &self.world.arena);
        let r = outcome.registers(state).unwrap();
        assert_eq!(p.gs, [0, CORE], "GS is the user's, and 0");
        let place = |state: CoreState| CoreState { registers: Registers::ZERO, ..state };
        assert_eq!(place(arena.core().state), place(*state), "what the core runs");
        let expected = [
            (libc::REG_RAX, r.rax),
            (libc::REG_RDI, r.rdi),
            (libc::REG_RSI, r.rsi),
            (libc::REG_RDX, r.rdx),
            (libc::REG_R10, r.r10),
            (libc::REG_R8, r.r8),
            (libc::REG_R9, r.r9),
            (libc::REG_R11, EXIT_FLAGS),
            (libc::REG_RSP, 0),
            (libc::REG_RBX, 0),
            (libc::REG_RBP, 0),
            (libc::REG_R12, 0),
            (libc::REG_R13, 0),
            (libc::REG_R14, 0),
            (libc::REG_R15, 0),
        ];
        expected.iter().for_each(|(at, word)| assert_eq!(p.get(*at), *word, "register {at}"));
        let loaded = state.descriptor(arena).page_table.load(Relaxed);
        let written: &[u64] = if loaded == before { &[] } else { &[loaded] };
        assert_eq!(p.spaces, written, "CR3");
        assert_eq!(arena.core().space, loaded);
    }
}

fn kept_before(arena: &crate::arena::Arena, state: CoreState) -> bool {
    arena.words(state.thread())[saved::IN_USE].load(Relaxed) != 0
}
