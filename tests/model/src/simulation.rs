//! User level on the host: what the guest's director, player and other code do, played on a [`Kernel`].

use crate::kernel::{Entry, Kernel, Outcome, Registers, Seen};
use abi::error::Error;
use abi::fault::Answer;
use play::calls::Call;
use play::world::{Code, DEEP};
use play::{Operations, Player, Stage};
use std::collections::BTreeMap;

/// Where code lies, if nobody says otherwise. Nothing is there.
pub const CODE: Code = Code { returns: 0x41_0000, unwinds: 0x42_0000, deepens: 0x43_0000, player: 0x44_0000 };
/// Where the director and players call from.
const DIRECTOR: u64 = 0x7000_0000_0000;
const PLAYER: u64 = DIRECTOR + 1;
/// Where the code that deepens calls from.
const DEEPENING: u64 = DIRECTOR + 2;
/// Ticks between an entry and the next.
const TICKS: u64 = 7;
/// Entries that one call of the director leads to, at most, for each call of a player.
const PATIENCE: u64 = 1 << 24;

/// A call and its answer, if it had one: a player that ended itself had none.
pub type Answered = (Call, Option<(u16, [u64; 2])>);

/// A system of a director and its players.
#[derive(Debug)]
pub struct Simulation<K> {
    /// The kernel that is called.
    pub kernel: K,
    player: Player,
    code: Code,
    page_table: u64,
    now: u64,
    /// Registers of threads that were interrupted, by their indices.
    interrupted: BTreeMap<u32, Registers>,
    /// What each call of a player was answered, if that is to be kept: the call, and status and words.
    pub kept: Option<Vec<Answered>>,
}

impl<K: Kernel> Simulation<K> {
    /// A director and a player on `kernel`, whose first component's page table has its root in the frame `page_table`.
    pub fn new(kernel: K, player: Player, code: Code, page_table: u64) -> Self {
        Self { kernel, player, code, page_table, now: 1, interrupted: BTreeMap::new(), kept: None }
    }

    /// The time.
    pub const fn now(&self) -> u64 {
        self.now
    }

    /// Enters the kernel as the code does that goes on.
    fn go_on(&mut self, seen: Seen) -> Seen {
        let registers = match seen.outcome {
            Outcome::Resume(registers) => registers,
            Outcome::Idle if seen.deadline == 0 => return Seen { outcome: Outcome::End(None), ..seen },
            Outcome::Idle => return self.interrupt(seen),
            Outcome::Restore => self.interrupted.remove(&seen.thread).unwrap_or_default(),
            Outcome::RestoreFaulted => Registers::default(),
            Outcome::End(_) => return seen,
        };
        if seen.deadline != 0 && seen.deadline <= self.now + TICKS {
            self.interrupted.insert(seen.thread, registers);
            return self.interrupt(seen);
        }
        if seen.page_table != self.page_table {
            return self.fault(seen.at);
        }
        let [first, second, ..] = registers.words;
        match seen.at {
            _ if seen.at == self.code.returns => self.call(seen.at, 0, [first, second, 0, 0]),
            _ if seen.at == self.code.unwinds => self.call(seen.at, 0, [Answer::Unwind as u64, 0, 0, 0]),
            _ if seen.at == self.code.deepens => self.call(DEEPENING, Call::new(DEEP, 0, [0; 4]).word, registers.words),
            DEEPENING => self.call(seen.at, registers.rax, [first, second, 0, 0]),
            _ if seen.at == self.code.player => self.play(),
            PLAYER => {
                let answer = (registers.rax as u16, [first, second]);
                if let Some((_, kept)) = self.kept.as_mut().and_then(|kept| kept.last_mut()) {
                    *kept = Some(answer);
                }
                self.player.answered(answer.0, answer.1);
                self.play()
            }
            _ => self.fault(seen.at),
        }
    }

    fn call(&mut self, at: u64, word: u64, words: [u64; 4]) -> Seen {
        self.now += TICKS;
        self.kernel.call(Entry { at, now: self.now }, word, words)
    }

    fn fault(&mut self, at: u64) -> Seen {
        self.now += TICKS;
        self.kernel.fault(Entry { at, now: self.now })
    }

    /// The timer's interrupt, at the time for which it is set.
    fn interrupt(&mut self, seen: Seen) -> Seen {
        self.now = self.now.max(seen.deadline);
        self.kernel.interrupt(Entry { at: seen.at, now: self.now }, None)
    }

    fn play(&mut self) -> Seen {
        let Some(call) = self.player.next_call() else { return self.call(PLAYER, 0, [0; 4]) };
        if let Some(kept) = &mut self.kept {
            kept.push((call, None));
        }
        self.call(PLAYER, call.word, call.words)
    }
}

impl<K: Kernel> Operations for Simulation<K> {
    fn operate(&mut self, capability: u32, operation: u16, words: [u64; 4]) -> Result<[u64; 2], Error> {
        let mut seen = self.call(DIRECTOR, Call::new(capability, operation, words).word, words);
        for _ in 0..PATIENCE {
            match seen.outcome {
                Outcome::Resume(registers) if seen.at == DIRECTOR => {
                    let [first, second, ..] = registers.words;
                    return Error::from_status(registers.rax as u16).map_or(Ok([first, second]), Err);
                }
                Outcome::End(_) => break,
                _ => seen = self.go_on(seen),
            }
        }
        Err(Error::TimedOut)
    }
}

impl<K: Kernel> Stage for Simulation<K> {
    fn player(&mut self) -> &mut Player {
        &mut self.player
    }
}
