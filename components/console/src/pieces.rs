//! Pieces of text that wait to be sent.

use core::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed, Release};
use core::sync::atomic::{AtomicU64, AtomicUsize};

/// Pieces that can wait.
const PLACES: usize = 32;

/// Text of up to 32 bytes, as `console_interface::Text` packs it.
pub type Piece = [u64; 4];

/// A ring of pieces, which any number of threads fill and empty; none waits for another.
///
/// Each place counts its turns: twice the round for "empty", and one more for "full". (The bounded queue of D. Vyukov.)
pub struct Pieces {
    places: [Place; PLACES],
    pushed: AtomicUsize,
    popped: AtomicUsize,
}

struct Place {
    turn: AtomicUsize,
    words: [AtomicU64; 4],
}

impl Place {
    const fn new() -> Self {
        Self { turn: AtomicUsize::new(0), words: [const { AtomicU64::new(0) }; 4] }
    }
}

impl Pieces {
    /// Nothing waits.
    pub const fn new() -> Self {
        Self { places: [const { Place::new() }; PLACES], pushed: AtomicUsize::new(0), popped: AtomicUsize::new(0) }
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.popped.load(Acquire) == self.pushed.load(Acquire)
    }

    /// Adds a piece; false if there is no room.
    pub fn push(&self, piece: Piece) -> bool {
        loop {
            let at = self.pushed.load(Acquire);
            let Some(place) = self.places.get(at % PLACES) else { return false };
            if place.turn.load(Acquire) != empty(at) {
                if self.pushed.load(Acquire) == at {
                    return false;
                }
            } else if self.pushed.compare_exchange(at, at.wrapping_add(1), AcqRel, Relaxed).is_ok() {
                place.words.iter().zip(piece).for_each(|(word, value)| word.store(value, Relaxed));
                place.turn.store(full(at), Release);
                return true;
            }
        }
    }

    /// Takes the oldest piece. None, also if it is still being added.
    pub fn pop(&self) -> Option<Piece> {
        loop {
            let at = self.popped.load(Acquire);
            let place = self.places.get(at % PLACES)?;
            if place.turn.load(Acquire) != full(at) {
                if self.popped.load(Acquire) == at {
                    return None;
                }
            } else if self.popped.compare_exchange(at, at.wrapping_add(1), AcqRel, Relaxed).is_ok() {
                let piece = core::array::from_fn(|word| place.words.get(word).map_or(0, |word| word.load(Relaxed)));
                place.turn.store(empty(at.wrapping_add(PLACES)), Release);
                return Some(piece);
            }
        }
    }
}

const fn empty(at: usize) -> usize {
    (at / PLACES).wrapping_mul(2)
}

const fn full(at: usize) -> usize {
    empty(at).wrapping_add(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec::Vec;

    #[test]
    fn pieces_come_out_in_their_order_for_any_number_of_rounds() {
        let pieces = Pieces::new();
        for round in 0..10 * PLACES as u64 {
            assert!(pieces.is_empty());
            assert!(pieces.push([round; 4]) && pieces.push([!round; 4]));
            assert_eq!((pieces.pop(), pieces.pop(), pieces.pop()), (Some([round; 4]), Some([!round; 4]), None));
        }
    }

    #[test]
    fn a_full_ring_refuses_and_loses_nothing() {
        let pieces = Pieces::new();
        for number in 0..PLACES as u64 {
            assert!(pieces.push([number; 4]));
        }
        assert!(!pieces.push([99; 4]));
        assert_eq!(pieces.pop(), Some([0; 4]));
        assert!(pieces.push([99; 4]));
        let rest: Vec<_> = core::iter::from_fn(|| pieces.pop()).map(|piece| piece[0]).collect();
        assert_eq!(rest, (1..PLACES as u64).chain([99]).collect::<Vec<_>>());
    }

    #[test]
    fn between_threads_every_piece_comes_once_and_whole() {
        const EACH: u64 = 5_000;
        let pieces = Pieces::new();
        let (pieces, taken) = (&pieces, std::sync::Mutex::new(Vec::new()));
        std::thread::scope(|scope| {
            for who in 0..2 {
                scope.spawn(move || {
                    for number in 0..EACH {
                        while !pieces.push([2 * number + who; 4]) {}
                    }
                });
                scope.spawn(|| {
                    for _ in 0..EACH {
                        let piece = core::iter::repeat_with(|| pieces.pop()).flatten().next().unwrap();
                        assert_eq!(piece, [piece[0]; 4]);
                        taken.lock().unwrap().push(piece[0]);
                    }
                });
            }
        });
        let mut taken = taken.into_inner().unwrap();
        taken.sort_unstable();
        assert!(taken.into_iter().eq(0..2 * EACH));
    }
}
