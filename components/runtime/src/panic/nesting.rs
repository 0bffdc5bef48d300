//! Panics within panics: what is to be said of a panic may panic itself.

use abi::layout::THREADS;
use core::sync::atomic::AtomicU64;
use core::sync::atomic::Ordering::Relaxed;

/// Whose turn it is to speak.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// A panic's that is in no other. It formats a message, and that is the component's own code.
    First = 1,
    /// Of a panic in that: its own message is not formatted, so nothing but the runtime's code is left to panic.
    Second = 2,
}

/// Bits for the state of a thread: which turn it is in, or 0.
const BITS: u64 = 2;
const OF_ONE: u64 = (1 << BITS) - 1;
const IN_A_WORD: u64 = u64::BITS as u64 / BITS;
const WORDS: usize = THREADS as usize / IN_A_WORD as usize;

/// The turns that threads are in, by their indices. Each thread changes its own bits alone.
static TURNS: [AtomicU64; WORDS] = [const { AtomicU64::new(0) }; WORDS];

/// The word and the lowest bit of a thread.
fn place(thread: u64) -> Option<(&'static AtomicU64, u64)> {
    Some((TURNS.get((thread / IN_A_WORD) as usize)?, thread % IN_A_WORD * BITS))
}

impl Turn {
    /// The next turn of `thread`, which begins. None if two are under way: a third panic says nothing.
    pub fn of(thread: u64) -> Option<Self> {
        let (word, bit) = place(thread)?;
        let turn = match word.load(Relaxed) >> bit & OF_ONE {
            0 => Self::First,
            1 => Self::Second,
            _ => return None,
        };
        turn.go_on(thread);
        Some(turn)
    }

    /// The thread is in this turn, whatever else has ended meanwhile.
    pub fn go_on(self, thread: u64) {
        set(thread, self as u64);
    }
}

/// All turns of the thread end.
pub fn end(thread: u64) {
    set(thread, 0);
}

fn set(thread: u64, state: u64) {
    if let Some((word, bit)) = place(thread) {
        word.fetch_and(!(OF_ONE << bit), Relaxed);
        word.fetch_or(state << bit, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_third_panic_has_no_turn_and_neighbours_have_their_own() {
        let turns = |thread| [(); 3].map(|()| Turn::of(thread));
        let expected = [Some(Turn::First), Some(Turn::Second), None];
        assert_eq!((turns(31), turns(32), turns(33)), (expected, expected, expected));
        end(32);
        assert_eq!((turns(31), turns(32)), ([None; 3], expected));
        (31..=33).for_each(end);
    }

    #[test]
    fn a_turn_goes_on_when_a_later_one_has_ended() {
        let first = Turn::of(700).unwrap();
        assert_eq!(Turn::of(700), Some(Turn::Second));
        end(700);
        first.go_on(700);
        assert_eq!((Turn::of(700), Turn::of(700)), (Some(Turn::Second), None));
        end(700);
    }
}
