//! Pieces of text that wait to be sent.

use core::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed, Release};
use core::sync::atomic::{AtomicU64, AtomicUsize};

/// Pieces that can wait.
const PLACES: usize = 32;

/// Text of up to 32 bytes, as `console_interface::Text` packs it.
pub type Piece = [u64; 4];

/// A ring of pieces, which any number of threads fill and empty; none waits for another.
///
/// Each place counts its turns: twice the round for "empty", and one more for "full". (The bounded queue of D. Vyukov.) Who
/// adds several pieces takes their places at once, so that nothing of others comes between them.
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

    /// Whether the oldest piece can be taken: there is one, and it is not still being added.
    pub fn is_ready(&self) -> bool {
        let at = self.popped.load(Acquire);
        self.places.get(at % PLACES).is_some_and(|place| place.turn.load(Acquire) == full(at))
    }

    /// How many pieces have been taken, ever.
    pub fn popped(&self) -> usize {
        self.popped.load(Acquire)
    }

    /// Adds pieces, one behind the other. Answers how many have been added by then, ever; `None` if there is no room.
    pub fn push(&self, pieces: &[Piece]) -> Option<usize> {
        loop {
            let at = self.pushed.load(Acquire);
            let end = at.wrapping_add(pieces.len());
            if !self.has_room(at, pieces.len()) {
                if self.pushed.load(Acquire) == at {
                    return None;
                }
            } else if self.pushed.compare_exchange(at, end, AcqRel, Relaxed).is_ok() {
                pieces.iter().enumerate().for_each(|(number, piece)| self.fill(at.wrapping_add(number), *piece));
                return Some(end);
            }
        }
    }

    fn has_room(&self, at: usize, count: usize) -> bool {
        let is_empty =
            |at: usize| self.places.get(at % PLACES).is_some_and(|place| place.turn.load(Acquire) == empty(at));
        count <= PLACES && (0..count).all(|number| is_empty(at.wrapping_add(number)))
    }

    fn fill(&self, at: usize, piece: Piece) {
        let Some(place) = self.places.get(at % PLACES) else { return };
        place.words.iter().zip(piece).for_each(|(word, value)| word.store(value, Relaxed));
        // It fails if this took so long that the piece has been given up.
        let _ = place.turn.compare_exchange(empty(at), full(at), Release, Relaxed);
    }

    /// Gives the oldest piece up, if it is still being added: whoever adds it may have come to its end in the middle of that.
    pub fn give_up(&self) {
        let at = self.popped.load(Acquire);
        let Some(place) = self.places.get(at % PLACES) else { return };
        let next = empty(at.wrapping_add(PLACES));
        if at != self.pushed.load(Acquire) && place.turn.compare_exchange(empty(at), next, AcqRel, Relaxed).is_ok() {
            self.popped.store(at.wrapping_add(1), Release);
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

#[cfg(test)]
impl Pieces {
    /// What `push` begins with, for a piece that is then not added.
    pub fn begin(&self) {
        self.pushed.fetch_add(1, Relaxed);
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
            assert!(!pieces.is_ready());
            assert_eq!(pieces.push(&[[round; 4], [!round; 4]]), Some(2 * round as usize + 2));
            assert_eq!((pieces.pop(), pieces.pop(), pieces.pop()), (Some([round; 4]), Some([!round; 4]), None));
        }
    }

    #[test]
    fn a_full_ring_refuses_and_loses_nothing() {
        let pieces = Pieces::new();
        for number in 0..PLACES as u64 {
            assert!(pieces.push(&[[number; 4]]).is_some());
        }
        assert_eq!(pieces.push(&[[99; 4]]), None);
        assert_eq!(pieces.pop(), Some([0; 4]));
        assert_eq!(pieces.push(&[[98; 4], [99; 4]]), None, "there is room for one");
        assert!(pieces.push(&[[99; 4]]).is_some());
        let rest: Vec<_> = core::iter::from_fn(|| pieces.pop()).map(|piece| piece[0]).collect();
        assert_eq!(rest, (1..PLACES as u64).chain([99]).collect::<Vec<_>>());
    }

    #[test]
    fn a_piece_that_is_never_added_is_given_up_and_those_behind_it_are_not() {
        let pieces = Pieces::new();
        pieces.give_up();
        assert!(pieces.push(&[[1; 4]]).is_some());
        pieces.give_up();
        assert_eq!(pieces.pop(), Some([1; 4]), "it was not being added");
        // Somebody takes a place and comes to its end.
        pieces.begin();
        assert!(pieces.push(&[[3; 4]]).is_some());
        assert_eq!((pieces.is_ready(), pieces.pop()), (false, None));
        pieces.give_up();
        assert_eq!((pieces.pop(), pieces.pop()), (Some([3; 4]), None));
        // It goes on after all, when the place has had its next turn.
        pieces.fill(1, [2; 4]);
        assert_eq!(pieces.pop(), None);
        assert!(pieces.push(&[[4; 4]; PLACES]).is_some());
        assert_eq!(core::iter::from_fn(|| pieces.pop()).count(), PLACES);
    }

    #[test]
    fn between_threads_pieces_come_once_and_behind_those_that_they_were_added_with() {
        const EACH: u64 = 5_000;
        let pieces = Pieces::new();
        let (pieces, taken) = (&pieces, std::sync::Mutex::new(Vec::new()));
        std::thread::scope(|scope| {
            for who in 0..2 {
                scope.spawn(move || {
                    for number in 0..EACH {
                        let first = 4 * number + 2 * who;
                        while pieces.push(&[[first; 4], [first + 1; 4]]).is_none() {}
                    }
                });
            }
            for _ in 0..4 * EACH {
                let piece = core::iter::repeat_with(|| pieces.pop()).flatten().next().unwrap();
                assert_eq!(piece, [piece[0]; 4]);
                taken.lock().unwrap().push(piece[0]);
            }
        });
        let mut taken = taken.into_inner().unwrap();
        assert!(taken.chunks(2).all(|pair| pair[0] + 1 == pair[1]), "something came between");
        taken.sort_unstable();
        assert!(taken.into_iter().eq(0..4 * EACH));
    }
}
