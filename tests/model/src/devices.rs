//! Interrupt lines, and the memory of devices.

use crate::call::{Answer, DONE};
use crate::kernel::Outcome;
use crate::state::{Capability, Held, Id, Line, Model, State};
use abi::error::Error;
use abi::layout::{EXECUTE, PAGE, WRITE};
use abi::operation::InterruptOperation;
use abi::rights;

impl Model {
    /// Performs operation `number` of interrupt lines.
    pub(crate) fn interrupt_operation(&mut self, held: Held, number: u16, send: u64) -> Answer {
        use InterruptOperation::*;
        let operation = InterruptOperation::from_number(number).ok_or(Error::UnknownOperation)?;
        let Capability::Lines(line, 1) = held.capability else { return Err(Error::BadArgument) };
        let needed = match operation {
            Attach | Detach => rights::interrupt::ATTACH,
            Acknowledge | Mask => rights::interrupt::SERVE,
        };
        if held.rights & needed == 0 {
            return Err(Error::RightsExceeded);
        }
        match operation {
            Attach => {
                let Capability::Send(receiver) = self.fresh(self.caller(), send)?.capability else {
                    return Err(Error::WrongKind);
                };
                if self.line(line).is_some() {
                    return Err(Error::InUse);
                }
                self.lines.insert(line, Line { receiver, is_masked: false });
            }
            Acknowledge => match self.line(line) {
                Some(line) if line.is_masked => line.is_masked = false,
                _ => return Err(Error::NothingPending),
            },
            Mask => {
                if let Some(line) = self.lines.get_mut(&line) {
                    line.is_masked = true;
                }
            }
            Detach => _ = self.lines.remove(&line),
        }
        Ok(DONE)
    }

    /// The line, if it is attached to somebody who lives.
    fn line(&mut self, line: u64) -> Option<&mut Line> {
        self.lines.get_mut(&line).filter(|line| self.threads.contains_key(&line.receiver))
    }

    /// An interrupt of `line`: masks it, and tells whom it is attached to. Answers whom.
    pub(crate) fn arrive(&mut self, line: u64) -> Option<Id> {
        let line = self.line(line).filter(|line| !line.is_masked)?;
        line.is_masked = true;
        let receiver = line.receiver;
        self.notify(receiver);
        Some(receiver)
    }

    /// What an interrupt of a device leads to.
    pub(crate) fn interrupted_for(&mut self, receiver: Option<Id>) -> Outcome {
        let Some(receiver) = receiver else { return self.interrupted(None) };
        match self.taking_precedence(receiver) {
            Some(scheduler) if !self.has_ended() => self.give_way(scheduler, State::Preempted),
            _ => {
                let decide = self.calls_for_decision(receiver);
                self.interrupted(decide)
            }
        }
    }

    /// A part of what somebody has of the machine, with no more rights.
    pub(crate) fn part(&self, whole: Held, [first, count]: [u64; 2]) -> Result<Held, Error> {
        let inside = |(start, length): (u64, u64), (first, count): (u64, u64)| {
            start <= first && first.checked_add(count).is_some_and(|end| end <= start + length)
        };
        let capability = match whole.capability {
            Capability::Ports(start, length) => match (first >> 32, first & 0xffff_ffff) {
                (_, 0) => return Err(Error::BadArgument),
                part if inside((start, length), part) => Capability::Ports(part.0, part.1),
                _ => return Err(Error::RightsExceeded),
            },
            Capability::Lines(start, length) if inside((start, length), (first, 1)) => Capability::Lines(first, 1),
            Capability::Lines(..) => return Err(Error::RightsExceeded),
            Capability::Range(..) if !first.is_multiple_of(PAGE) => return Err(Error::BadAddress),
            Capability::Range(..) if count == 0 => return Err(Error::BadArgument),
            Capability::Range(start, length) if inside((start, length), (first / PAGE, count)) => {
                self.check_device(first / PAGE, count)?;
                Capability::Range(first / PAGE, count)
            }
            Capability::Range(..) => return Err(Error::RightsExceeded),
            _ => return Err(Error::WrongKind),
        };
        Ok(Held { capability, rights: whole.rights })
    }

    /// Checks that these pages are a device's.
    fn check_device(&self, first: u64, pages: u64) -> Result<(), Error> {
        if (first, pages) == (self.device, 1) { Ok(()) } else { Err(Error::FrameState) }
    }

    /// The range in one of the caller's slots, to be mapped with `rights`.
    pub(crate) fn range(&self, number: u64, rights: u64) -> Result<(u64, u64), Error> {
        let held = self.slot(self.caller(), number)?;
        let Capability::Range(first, pages) = held.capability else { return Err(Error::WrongKind) };
        let written = if rights & WRITE != 0 { rights::physical_range::WRITE } else { 0 };
        let needed = rights::physical_range::READ | written;
        if held.rights & needed == needed { Ok((first, pages)) } else { Err(Error::RightsExceeded) }
    }

    /// Page number `page` of a range, to be mapped with `rights`.
    pub(crate) fn device_page(&self, (first, pages): (u64, u64), page: u64, rights: u64) -> Result<u64, Error> {
        if page >= pages {
            return Err(Error::BadArgument);
        }
        self.check_device(first + page, 1)?;
        if rights & EXECUTE != 0 { Err(Error::BadArgument) } else { Ok(first + page) }
    }
}
