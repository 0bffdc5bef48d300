//! User level on the host: what the guest's director, player and other code do, played on a [`Kernel`].

use crate::kernel::{Kernel, Outcome, Registers, Seen};
use abi::error::Error;
use abi::fault::Answer;
use play::calls::Call;
use play::world::{Code, DEEP};
use play::{Operations, Player, Stage};

/// Where code lies, if nobody says otherwise. Nothing is there.
pub const CODE: Code = Code { returns: 0x41_0000, unwinds: 0x42_0000, deepens: 0x43_0000, player: 0x44_0000 };
/// Where the director and players call from.
const DIRECTOR: u64 = 0x7000_0000_0000;
const PLAYER: u64 = DIRECTOR + 1;
/// Where the code that deepens calls from.
const DEEPENING: u64 = DIRECTOR + 2;
/// Later than any time that a thread waits for.
const LATE: u64 = 1 << 62;
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
    /// What each call of a player was answered, if that is to be kept: the call, and status and words.
    pub kept: Option<Vec<Answered>>,
}

impl<K: Kernel> Simulation<K> {
    /// A director and a player on `kernel`, whose first component's page table has its root in the frame `page_table`.
    pub const fn new(kernel: K, player: Player, code: Code, page_table: u64) -> Self {
        Self { kernel, player, code, page_table, kept: None }
    }

    /// Enters the kernel as the code does that goes on.
    fn go_on(&mut self, seen: Seen) -> Seen {
        let registers = match seen.outcome {
            Outcome::Resume(registers) => registers,
            Outcome::Idle => return self.kernel.interrupt(seen.at, LATE),
            Outcome::Restore | Outcome::RestoreFaulted => Registers::default(),
            Outcome::End(_) => return seen,
        };
        if seen.page_table != self.page_table {
            return self.kernel.fault(seen.at);
        }
        let [first, second, ..] = registers.words;
        match seen.at {
            _ if seen.at == self.code.returns => self.kernel.call(seen.at, 0, [first, second, 0, 0]),
            _ if seen.at == self.code.unwinds => self.kernel.call(seen.at, 0, [Answer::Unwind as u64, 0, 0, 0]),
            _ if seen.at == self.code.deepens => {
                self.kernel.call(DEEPENING, Call::new(DEEP, 0, [0; 4]).word, registers.words)
            }
            DEEPENING => self.kernel.call(seen.at, registers.rax, [first, second, 0, 0]),
            _ if seen.at == self.code.player => self.play(),
            PLAYER => {
                let answer = (registers.rax as u16, [first, second]);
                if let Some((_, kept)) = self.kept.as_mut().and_then(|kept| kept.last_mut()) {
                    *kept = Some(answer);
                }
                self.player.answered(answer.0, answer.1);
                self.play()
            }
            _ => self.kernel.fault(seen.at),
        }
    }

    fn play(&mut self) -> Seen {
        let Some(call) = self.player.next_call() else { return self.kernel.call(PLAYER, 0, [0; 4]) };
        if let Some(kept) = &mut self.kept {
            kept.push((call, None));
        }
        self.kernel.call(PLAYER, call.word, call.words)
    }
}

impl<K: Kernel> Operations for Simulation<K> {
    fn operate(&mut self, capability: u32, operation: u16, words: [u64; 4]) -> Result<[u64; 2], Error> {
        let mut seen = self.kernel.call(DIRECTOR, Call::new(capability, operation, words).word, words);
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
