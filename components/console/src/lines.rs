//! Lines that have not come to their end yet: their pieces are kept until the line is whole.

use crate::pieces::Piece;
use console_interface::{Result, TEXT_BYTES, Text};
use core::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed, Release};
use core::sync::atomic::{AtomicU64, AtomicUsize};
use runtime::Caller;

/// Pieces of a line that stay together. What is longer is sent in parts of so many.
pub const LONGEST: usize = 8;

/// Lines that can be unfinished at once. One more, and the one that has been waiting longest is sent as far as it goes.
const PLACES: usize = 16;

/// Lines of others behind which an unfinished line does not wait any more: who writes it may have come to its end.
const PATIENCE: usize = 1024;

/// Unfinished lines, each of one thread in one client. No thread waits for another.
///
/// A line is put into a place and taken out as a whole, by its writer or by who sends it in the writer's stead; whoever has
/// taken it has it alone.
pub struct Lines {
    places: [Place; PLACES],
    /// Places that are not empty.
    used: AtomicUsize,
    /// Lines that have been sent.
    sent: AtomicUsize,
}

struct Place {
    state: AtomicU64,
    token: AtomicU64,
    /// How many lines had been sent when it was put here.
    since: AtomicUsize,
    count: AtomicUsize,
    pieces: [[AtomicU64; 4]; LONGEST],
}

/// States of a place.
mod state {
    pub const EMPTY: u64 = 0;
    /// Somebody has it alone.
    pub const TAKEN: u64 = 1;
    /// It holds a line of the thread with index 0; those of the others follow.
    pub const HELD: u64 = 2;
}

/// A line, as far as it goes.
#[derive(Clone, Copy)]
struct Line {
    pieces: [Piece; LONGEST],
    count: usize,
}

impl Line {
    const EMPTY: Self = Self { pieces: [[0; 4]; LONGEST], count: 0 };

    /// Adds a piece; answers whether there is room for another one.
    fn add(&mut self, piece: Piece) -> bool {
        if let Some(place) = self.pieces.get_mut(self.count) {
            *place = piece;
            self.count += 1;
        }
        self.count < LONGEST
    }

    fn pieces(&self) -> &[Piece] {
        self.pieces.get(..self.count).unwrap_or(&[])
    }
}

impl Place {
    const fn new() -> Self {
        Self {
            state: AtomicU64::new(state::EMPTY),
            token: AtomicU64::new(0),
            since: AtomicUsize::new(0),
            count: AtomicUsize::new(0),
            pieces: [const { [const { AtomicU64::new(0) }; 4] }; LONGEST],
        }
    }

    fn change(&self, from: u64, to: u64) -> bool {
        self.state.compare_exchange(from, to, AcqRel, Relaxed).is_ok()
    }

    fn read(&self) -> Line {
        let pieces = self.pieces.each_ref().map(|words| words.each_ref().map(|word| word.load(Relaxed)));
        Line { pieces, count: self.count.load(Relaxed) }
    }

    fn write(&self, line: &Line) {
        for (to, from) in self.pieces.iter().zip(line.pieces()) {
            to.iter().zip(from).for_each(|(to, from)| to.store(*from, Relaxed));
        }
        self.count.store(line.count, Relaxed);
    }
}

impl Lines {
    /// No line is unfinished.
    pub const fn new() -> Self {
        Self { places: [const { Place::new() }; PLACES], used: AtomicUsize::new(0), sent: AtomicUsize::new(0) }
    }

    /// Adds a piece to the caller's line, and has `send` send what is whole by that, or does not wait any more.
    ///
    /// # Errors
    ///
    /// Those of `send`.
    pub fn add(&self, caller: Caller, piece: Piece, send: impl Fn(&[Piece]) -> Result<()>) -> Result<()> {
        if self.used.load(Relaxed) == 0 && is_last(piece) {
            return send(&[piece]);
        }
        let mut line = self.take_of(caller).unwrap_or(Line::EMPTY);
        let has_room = line.add(piece);
        if has_room && !is_last(piece) {
            return self.keep(caller, &line, send);
        }
        self.sent.fetch_add(1, Relaxed);
        send(line.pieces())?;
        self.take_oldest(PATIENCE).map_or(Ok(()), |late| send(late.pieces()))
    }

    /// Keeps an unfinished line: if need be in the place of the one that has been kept longest.
    fn keep(&self, caller: Caller, line: &Line, send: impl Fn(&[Piece]) -> Result<()>) -> Result<()> {
        if self.put(caller, line) {
            return Ok(());
        }
        let oldest = self.take_oldest(0);
        let sent = oldest.map_or(Ok(()), |oldest| send(oldest.pieces()));
        if self.put(caller, line) { sent } else { send(line.pieces()) }
    }

    /// Puts a line into an empty place, if there is one.
    fn put(&self, caller: Caller, line: &Line) -> bool {
        let Some(place) = self.places.iter().find(|place| place.change(state::EMPTY, state::TAKEN)) else {
            return false;
        };
        self.used.fetch_add(1, Relaxed);
        place.write(line);
        place.token.store(caller.token, Relaxed);
        place.since.store(self.sent.load(Relaxed), Relaxed);
        place.state.store(state::HELD + u64::from(caller.thread), Release);
        true
    }

    /// Takes the caller's line out.
    fn take_of(&self, caller: Caller) -> Option<Line> {
        let held = state::HELD + u64::from(caller.thread);
        let is_its = |place: &&Place| place.state.load(Acquire) == held && place.token.load(Relaxed) == caller.token;
        // Between these, nobody puts another of its lines there: the thread is here.
        self.places.iter().filter(is_its).find_map(|place| self.take(place, held))
    }

    /// Takes the line out that has been kept longest, if `patience` lines have been sent since.
    fn take_oldest(&self, patience: usize) -> Option<Line> {
        if self.used.load(Relaxed) == 0 {
            return None;
        }
        let sent = self.sent.load(Relaxed);
        let held = self.places.iter().map(|place| (place, place.state.load(Acquire)));
        let ages = held.filter(|(_, held)| *held >= state::HELD).map(|(place, held)| {
            // What has been put there this moment may be newer than the number.
            let age = sent.wrapping_sub(place.since.load(Relaxed)).cast_signed();
            (age, place, held)
        });
        let (age, place, held) = ages.max_by_key(|(age, ..)| *age)?;
        if age.try_into().unwrap_or(0) >= patience { self.take(place, held) } else { None }
    }

    fn take(&self, place: &Place, held: u64) -> Option<Line> {
        if !place.change(held, state::TAKEN) {
            return None;
        }
        let line = place.read();
        place.state.store(state::EMPTY, Release);
        self.used.fetch_sub(1, Relaxed);
        Some(line)
    }
}

/// Whether nothing of the same line follows: the piece ends the line, or has room that its writer did not need.
fn is_last(piece: Piece) -> bool {
    let text = Text::from_words(piece);
    text.bytes().len() < TEXT_BYTES || text.bytes().ends_with(b"\n")
}

#[cfg(test)]
mod tests;
