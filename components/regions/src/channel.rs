//! A channel whose elements are buffers: who sends one has it no more, and whoever receives it has it.
//!
//! Both ends map one region: two rings of buffers' numbers, one each way, and the buffers behind them. At the start all buffers are with the
//! end that made the channel, so the channel is bounded by them: who has none left waits until one comes back. An end knows for itself which
//! buffers it has. What the other end says is held against that: a number that is none, or of a buffer that is here already, is an error and
//! nothing else. What the other writes to a buffer that it has sent is what this end reads there, no more.

use crate::mapped::{Mapped, PAGE};
use crate::{Memory, Owned, Peer, Plain, Share, Shared, Source};
use core::fmt;
use core::marker::PhantomData;
use core::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use memory_interface::{MemoryClient, MemoryError, Result};
use runtime::Word;

/// Buffers that a channel can have, as one word says which are where.
const MOST: usize = 64;

/// Words from one ring to the next: its position and whether somebody waits for it to change, on a line of their own, and the numbers.
const RING: usize = 8 + MOST;

/// How the other end broke the protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Broken {
    /// It says that it has sent more than it can have, or takes back what it has sent. Nothing can be received any more.
    Position,
    /// It has sent what is no buffer, or is none of its own. That is left out; what comes next can be received.
    Number,
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Position => "the other end says that it has sent what it cannot have",
            Self::Number => "the other end has sent what is no buffer of its own",
        })
    }
}

impl core::error::Error for Broken {}

/// A buffer that is with this end. It is read and written through its channel.
#[derive(Debug, PartialEq, Eq)]
#[must_use = "who has a buffer sends it, or puts it back: there are no others"]
pub struct Buffer {
    channel: u64,
    number: usize,
}

/// One end of a channel of `BUFFERS` buffers, with room for `LENGTH` values each.
pub struct Channel<T, const BUFFERS: usize, const LENGTH: usize, M: Memory + 'static = MemoryClient> {
    pub(crate) region: Shared<u64, M>,
    /// A bit for each buffer that is with this end.
    here: u64,
    /// A bit for each of those that nobody has taken.
    idle: u64,
    sent: u64,
    received: u64,
    /// The words at which the rings start: of what is sent, and of what is received.
    pub(crate) rings: [usize; 2],
    of: PhantomData<T>,
}

impl<T: Plain, const BUFFERS: usize, const LENGTH: usize, M: Memory> Channel<T, BUFFERS, LENGTH, M> {
    /// Words of a buffer.
    const WORDS: usize = {
        assert!(BUFFERS > 0 && BUFFERS <= MOST, "a channel has 1 to 64 buffers");
        assert!(LENGTH > 0 && align_of::<T>() <= 8, "a buffer has values that lie on words");
        (LENGTH * size_of::<T>()).div_ceil(8)
    };

    /// The word at which the buffers start.
    const BUFFERS_AT: usize = (2 * RING * 8).next_multiple_of(PAGE) / 8;

    /// Words of all of it.
    const LEN: usize = Self::BUFFERS_AT + BUFFERS * Self::WORDS;

    const ALL: u64 = u64::MAX >> (MOST - BUFFERS);

    /// Makes a channel to another component. All its buffers are here. The other end [opens](Self::open) it by its [name](Self::name).
    ///
    /// # Errors
    ///
    /// The memory manager's.
    pub fn new(source: &'static Source<M>, to: Peer) -> Result<Self> {
        let region = Owned::new(source, Self::LEN)?.share(to).map_err(|(error, _)| error)?;
        Ok(Self::with(region, Self::ALL, [0, RING]))
    }

    /// The name by which the other end opens it.
    pub fn name(&self) -> Share<T> {
        Share::from_word(self.region.name().into_word())
    }

    /// Opens the channel that another component has made, of as many buffers of the same size.
    ///
    /// # Errors
    ///
    /// As of [`Shared::open`].
    pub fn open(source: &'static Source<M>, from: Peer, name: Share<T>) -> Result<Self> {
        let region = Shared::open(source, from, Share::from_word(name.into_word()))?;
        if region.len() == Self::LEN { Ok(Self::with(region, 0, [RING, 0])) } else { Err(MemoryError::WrongSize) }
    }

    const fn with(region: Shared<u64, M>, here: u64, rings: [usize; 2]) -> Self {
        Self { region, here, idle: here, sent: 0, received: 0, rings, of: PhantomData }
    }

    /// A buffer that is here and idle; what is in it is what somebody left there.
    pub fn buffer(&mut self) -> Option<Buffer> {
        let number = self.idle.trailing_zeros() as usize;
        (number < MOST).then(|| {
            self.idle &= !(1 << number);
            self.named(number)
        })
    }

    /// Lets a buffer be idle.
    ///
    /// # Errors
    ///
    /// The buffer, if it is of another channel.
    pub fn put_back(&mut self, buffer: Buffer) -> core::result::Result<(), Buffer> {
        if !self.has(&buffer) {
            return Err(buffer);
        }
        self.idle |= 1 << buffer.number;
        Ok(())
    }

    /// Sends a buffer: from now on it is the other end's. There is always room, as no ring has fewer places than there are buffers.
    ///
    /// # Errors
    ///
    /// The buffer, if it is of another channel.
    pub fn send(&mut self, buffer: Buffer) -> core::result::Result<(), Buffer> {
        let [ring, _] = self.rings;
        let place = ring + 8 + self.sent as usize % MOST;
        let words = self.region.mapped();
        let (Some(place), Some(position), true) = (words.atomic(place), words.atomic(ring), self.has(&buffer)) else {
            return Err(buffer);
        };
        place.store(buffer.number as u64, Relaxed);
        self.sent += 1;
        position.store(self.sent, Release);
        self.here &= !(1 << buffer.number);
        Ok(())
    }

    /// Receives a buffer, if the other end has sent one.
    ///
    /// # Errors
    ///
    /// [`Broken`]; whatever the other end writes, nothing worse comes of it.
    pub fn recv(&mut self) -> core::result::Result<Option<Buffer>, Broken> {
        let [_, ring] = self.rings;
        let words = self.region.mapped();
        let sent = words.atomic(ring).map_or(0, |position| position.load(Acquire));
        let waiting = sent.wrapping_sub(self.received);
        // What is here cannot be on its way.
        if waiting > u64::from((Self::ALL & !self.here).count_ones()) {
            return Err(Broken::Position);
        }
        if waiting == 0 {
            return Ok(None);
        }
        let place = ring + 8 + self.received as usize % MOST;
        let number = words.atomic(place).map_or(u64::MAX, |place| place.load(Relaxed));
        self.received += 1;
        self.gain(number).map(Some)
    }

    /// A buffer of the other end's is here.
    fn gain(&mut self, number: u64) -> core::result::Result<Buffer, Broken> {
        let number = usize::try_from(number).ok().filter(|number| *number < BUFFERS).ok_or(Broken::Number)?;
        if self.here & 1 << number != 0 {
            return Err(Broken::Number);
        }
        self.here |= 1 << number;
        Ok(self.named(number))
    }

    /// Copies values out of a buffer, from number `at` on; `None` if there are not as many, or it is of another channel.
    pub fn read(&self, buffer: &Buffer, at: usize, to: &mut [T]) -> Option<()> {
        self.values(buffer, at, to.len())?.read(at, to)
    }

    /// Copies values into a buffer, from number `at` on; `None` if there is not as much room, or it is of another channel.
    pub fn write(&mut self, buffer: &mut Buffer, at: usize, from: &[T]) -> Option<()> {
        // SAFETY: it is mapped to be written, and `&mut self` is the only way in this component.
        unsafe { self.values(buffer, at, from.len())?.write(at, from) }
    }

    /// The values of a buffer, if so many from `at` on are in it.
    fn values(&self, buffer: &Buffer, at: usize, count: usize) -> Option<Mapped<T>> {
        let is_inside = at.checked_add(count).is_some_and(|end| end <= LENGTH);
        let first = Self::BUFFERS_AT + buffer.number * Self::WORDS;
        (is_inside && self.has(buffer)).then(|| self.region.mapped().part(first, LENGTH * size_of::<T>()))?
    }

    fn named(&self, number: usize) -> Buffer {
        Buffer { channel: self.region.mapped().extent().address, number }
    }

    fn has(&self, buffer: &Buffer) -> bool {
        buffer.channel == self.region.mapped().extent().address && self.here & 1 << buffer.number != 0
    }
}

impl<T: Plain, const BUFFERS: usize, const LENGTH: usize, M: Memory> fmt::Debug for Channel<T, BUFFERS, LENGTH, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Channel").field("region", &self.region).field("here", &self.here).finish_non_exhaustive()
    }
}
