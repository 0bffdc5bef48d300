//! Serves the serial console, with input by interrupt: who reads where nothing has been typed waits, and keeps nobody from
//! the core.
//!
//! The component's own thread takes what the port has received into a buffer, and wakes those that wait. Readers take
//! it from there on their own threads.
#![no_std]
#![forbid(unsafe_code)]

#[cfg(test)]
extern crate std;

mod buffer;
mod waiting;

use buffer::Buffer;
use console::{PortAccess, Uart};
use console_interface::{Console, ConsoleError};
use runtime::{Caller, Error, Interrupt, Result};
use sched_interface::Sched;
use waiting::Waiting;

/// Where interrupts come from.
pub trait Line {
    /// Lets them come.
    ///
    /// # Errors
    ///
    /// The kernel's; [`ConsoleError::NoInterrupt`].
    fn attach(&self) -> Result<()>;

    /// Waits for the next one.
    ///
    /// # Errors
    ///
    /// The kernel's.
    fn wait(&self) -> Result<()>;

    /// Lets the next one come.
    ///
    /// # Errors
    ///
    /// The kernel's.
    fn acknowledge(&self) -> Result<()>;
}

impl Line for &Interrupt {
    fn attach(&self) -> Result<()> {
        if self.is_granted() { Interrupt::attach(self) } else { Err(ConsoleError::NoInterrupt.into()) }
    }

    fn wait(&self) -> Result<()> {
        Interrupt::wait(self)
    }

    fn acknowledge(&self) -> Result<()> {
        // Another wake-up than an interrupt's leaves nothing to acknowledge.
        const NOTHING: Error = Error::Kernel(abi::error::Error::NothingPending);
        match Interrupt::acknowledge(self) {
            Err(NOTHING) => Ok(()),
            done => done,
        }
    }
}

/// A terminal on a serial port.
pub struct Terminal<P, L, S: 'static> {
    uart: Uart<P>,
    line: L,
    scheduler: &'static S,
    buffer: Buffer,
    waiting: Waiting,
}

impl<P: PortAccess, L: Line, S: Sched> Terminal<P, L, S> {
    /// A terminal at which nothing has been typed.
    pub const fn new(ports: P, line: L, scheduler: &'static S) -> Self {
        Self { uart: Uart::new(ports), line, scheduler, buffer: Buffer::new(), waiting: Waiting::new() }
    }

    /// Sets the port up.
    ///
    /// # Errors
    ///
    /// The port's.
    pub fn initialise(&self) -> Result<()> {
        Ok(self.uart.initialise()?)
    }

    /// What the component's own thread does: takes input in for as long as somebody is there to read it.
    ///
    /// # Errors
    ///
    /// The line's, the port's and the scheduler's.
    pub fn run(&self) -> Result<()> {
        self.scheduler.background()?;
        self.line.attach()?;
        self.uart.interrupt_on_input()?;
        loop {
            self.take_input()?;
            self.line.wait()?;
        }
    }

    /// Opens the line first: what comes while the rest is taken in is an interrupt of its own.
    fn take_input(&self) -> Result<()> {
        self.line.acknowledge()?;
        while let Some(byte) = self.uart.receive()? {
            self.buffer.push(byte);
        }
        self.waiting.wake_all(|thread| {
            // A reader that has ended meanwhile does not wait any more.
            let _ = self.scheduler.wake(thread.into());
        });
        Ok(())
    }

    /// What is asked for on behalf of a caller.
    pub const fn serve(&self, caller: Caller) -> Call<'_, P, L, S> {
        Call { terminal: self, caller }
    }
}

/// An invocation of the terminal.
pub struct Call<'t, P, L, S: 'static> {
    terminal: &'t Terminal<P, L, S>,
    caller: Caller,
}

impl<P: PortAccess, L: Line, S: Sched> Console for Call<'_, P, L, S> {
    fn write(&self, first: u64, second: u64, third: u64, fourth: u64) -> console_interface::Result<()> {
        self.terminal.uart.send(self.caller, [first, second, third, fourth])
    }

    fn read(&self) -> console_interface::Result<(bool, u8)> {
        Ok(self.terminal.buffer.pop().map_or((false, 0), |byte| (true, byte)))
    }

    fn wait(&self) -> console_interface::Result<u8> {
        let Terminal { buffer, waiting, scheduler, .. } = self.terminal;
        loop {
            if let Some(byte) = buffer.pop() {
                return Ok(byte);
            }
            let place = waiting.enter(self.caller.thread).ok_or(ConsoleError::TooManyReaders)?;
            // What came before the reader was known to wait has woken nobody.
            if buffer.is_empty() {
                scheduler.block().map_err(Error::from)?;
            }
            drop(place);
        }
    }
}

#[cfg(test)]
mod tests;
