//! A queue by which each thread hands something in to the component's own one.

use crate::THREADS;
use concurrency::sync::mpsc::{Queue, Receiver, Sender};
use core::cell::Cell;
use pong_interface::PongError;
use runtime::Result;

/// Fewer than there are threads, so that some wait for room.
const ROOM: usize = 4;

/// Who handed in, and what number of its own.
type Paper = (usize, u64);

static QUEUE: Queue<Paper, ROOM> = Queue::new();

/// Where all is handed in.
pub struct Desk(Receiver<'static, Paper, ROOM>);

/// A thread's end of it.
pub struct Clerk {
    number: usize,
    handed_in: Cell<u64>,
    desk: Sender<'static, Paper, ROOM>,
}

impl Desk {
    /// The desk, and a clerk for each thread.
    pub fn open() -> Result<(Self, [Clerk; THREADS as usize])> {
        let (desk, papers) = QUEUE.split().ok_or(PongError::Refused)?;
        let clerk = |number| Clerk { number, handed_in: Cell::new(0), desk: desk.clone() };
        Ok((Self(papers), core::array::from_fn(clerk)))
    }

    /// Takes what is handed in until all clerks have gone. Answers whether so much came from each, in order.
    pub fn is_in_order(&self, each: u64) -> bool {
        let mut next = [0; THREADS as usize];
        let in_order = |(number, paper): Paper| {
            let next = next.get_mut(number).filter(|next| **next == paper);
            next.map(|next| *next += 1).is_some()
        };
        self.0.iter().map(in_order).fold(true, |all, one| all & one) && next == [each; THREADS as usize]
    }
}

impl Clerk {
    /// Which one it is.
    pub const fn number(&self) -> usize {
        self.number
    }

    /// Hands in the next of its numbers.
    pub fn hand_in(&self) -> Result<()> {
        let paper = self.handed_in.replace(self.handed_in.get() + 1);
        Ok(self.desk.send((self.number, paper)).map_err(|_| PongError::Refused)?)
    }
}
