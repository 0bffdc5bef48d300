//! Interrupt lines.

use crate::capability::invoke;
use crate::client::ImportSlot;
use crate::{Error, Result};
use abi::crossing::CapabilityWord;
use abi::operation::{InterruptOperation, ReceiveOperation};

/// An interrupt line that the graph may grant; made by [`interrupt!`](crate::interrupt).
///
/// Its interrupts come to the component's own thread, which [`wait`](Self::wait)s for them. From an interrupt on the line is
/// masked, until the driver has seen to the device and [`acknowledge`](Self::acknowledge)s it.
///
/// ```ignore
/// runtime::interrupt!(INPUT, "serial");
///
/// INPUT.attach()?;
/// loop {
///     INPUT.wait()?;
///     INPUT.acknowledge()?;
///     // What the device has is taken after that: an edge in between is an interrupt of its own.
/// }
/// ```
#[repr(C)]
pub struct Interrupt {
    line: u64,
    receive: u64,
    send: u64,
}

impl Interrupt {
    /// A line that the composer has not bound yet.
    ///
    /// # Safety
    ///
    /// In an image, and as a static whose record names it; see [`ImportSlot::unbound`].
    #[doc(hidden)]
    pub const unsafe fn unbound() -> Self {
        Self { line: ImportSlot::UNBOUND, receive: ImportSlot::UNBOUND, send: ImportSlot::UNBOUND }
    }

    /// Whether the graph grants the line. Without it, a driver looks at its device from time to time.
    pub fn is_granted(&self) -> bool {
        read(&self.line) != ImportSlot::UNBOUND
    }

    /// Lets the line's interrupts come to the component's own thread.
    ///
    /// # Errors
    ///
    /// The kernel's: `InUse` if they come to somebody already.
    pub fn attach(&self) -> Result<()> {
        let send = CapabilityWord(read(&self.send)).capability();
        self.operate(InterruptOperation::Attach, send)
    }

    /// Lets the next interrupt come.
    ///
    /// # Errors
    ///
    /// The kernel's: `NothingPending` if the line is not masked, or not attached.
    pub fn acknowledge(&self) -> Result<()> {
        self.operate(InterruptOperation::Acknowledge, 0)
    }

    /// Lets none come until [`acknowledge`](Self::acknowledge).
    ///
    /// # Errors
    ///
    /// The kernel's.
    pub fn mask(&self) -> Result<()> {
        self.operate(InterruptOperation::Mask, 0)
    }

    /// Lets none come any more.
    ///
    /// # Errors
    ///
    /// The kernel's.
    pub fn detach(&self) -> Result<()> {
        self.operate(InterruptOperation::Detach, 0)
    }

    /// Waits until an interrupt has come since the last time. For the component's own thread.
    ///
    /// What comes of all lines that the component has attached ends the wait.
    ///
    /// # Errors
    ///
    /// The kernel's: `BadArgument` if it is another thread.
    pub fn wait(&self) -> Result<()> {
        const FOR_EVER: [u64; 4] = [0; 4];
        ask(read(&self.receive) | ReceiveOperation::Receive as u64, FOR_EVER)
    }

    fn operate(&self, operation: InterruptOperation, word: u64) -> Result<()> {
        ask(read(&self.line) | operation as u64, [word, 0, 0, 0])
    }
}

fn ask(word: u64, words: [u64; 4]) -> Result<()> {
    // SAFETY: the word names the line, or the thread's end-point, or nothing (`unbound`); none of their
    // operations here changes memory.
    let (status, _) = unsafe { invoke(word, words) };
    Error::check(status)
}

fn read(word: &u64) -> u64 {
    // SAFETY: a reference can be read through. Volatile: the composer sets the word.
    unsafe { (&raw const *word).read_volatile() }
}
