//! How a component's own thread starts and ends.

use crate::{Error, thread};

/// The end of thread 0's stack in this image; the composer sets it. Read by
/// entry stubs alone.
pub static STACKS: u64 = 0;

/// Whether this runs in an image, and not in a program of the host.
#[inline]
pub fn is_image() -> bool {
    // SAFETY: an initialised static. Volatile, as the composer has written it, which the compiler does not know.
    unsafe { (&raw const STACKS).read_volatile() != 0 }
}

/// Status of a thread that was started for a phase that there is not.
pub const UNKNOWN_PHASE: u16 = abi::error::Error::BadArgument.status();

/// Which of its component's cores `parallel_initialise` runs on: it is told so on each of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Core {
    /// The core's number in the machine.
    pub number: u32,
    /// Which it is of those that the graph gives the component, from 0.
    pub index: u32,
    /// How many these are.
    pub count: u32,
}

impl Core {
    /// What the thread that executes this was told by `word`.
    fn of(word: u64) -> Self {
        Self { number: thread::core(), index: word as u32, count: (word >> 32) as u32 }
    }
}

/// How a phase ended, as the status of the component's thread.
#[diagnostic::on_unimplemented(
    message = "a phase of a component cannot end with `{Self}`",
    label = "this component's",
    note = "it returns nothing, a status (`u16`), or a `runtime::Result` of one of these"
)]
pub trait Outcome {
    /// 0 for success.
    fn status(self) -> u16;
}

/// Runs the function of a phase. The macro's way to it: so the compiler's complaints are about the function.
#[inline]
pub fn run_phase<T: Outcome>(function: impl FnOnce() -> T) -> u16 {
    function().status()
}

/// The same of a phase that is told its core by `word`.
#[inline]
pub fn run_on_core<T: Outcome>(function: impl FnOnce(Core) -> T, word: u64) -> u16 {
    function(Core::of(word)).status()
}

impl Outcome for () {
    fn status(self) -> u16 {
        0
    }
}

impl Outcome for u16 {
    fn status(self) -> u16 {
        self
    }
}

impl<T: Outcome, E: Into<Error>> Outcome for Result<T, E> {
    fn status(self) -> u16 {
        match self {
            Ok(value) => value.status(),
            Err(error) => error.into().status(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_phase_ends_with_the_status_of_its_outcome() {
        assert_eq!(().status(), 0);
        assert_eq!(7_u16.status(), 7);
        assert_eq!(Ok::<_, Error>(()).status(), 0);
        assert_eq!(Err::<(), _>(Error::numbered(1)).status(), 0x101);
    }
}
