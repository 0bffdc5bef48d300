//! How a component's own thread starts and ends.

use crate::Result;

/// The end of thread 0's stack in this image; the composer sets it. Read by
/// entry stubs alone.
pub static STACKS: u64 = 0;

/// The phase in which a component prepares to serve others, servers first.
pub const INITIALISE: u64 = 0;

/// The phase in which a component does what it is there for.
pub const MAIN: u64 = 1;

/// Status of a thread that was started for a phase that there is not.
pub const UNKNOWN_PHASE: u16 = abi::error::Error::BadArgument.status();

/// How a phase ended, as the status of the component's thread.
pub trait Outcome {
    /// 0 for success.
    fn status(self) -> u16;
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

impl<T: Outcome> Outcome for Result<T> {
    fn status(self) -> u16 {
        match self {
            Ok(value) => value.status(),
            Err(error) => error.status(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Error;

    #[test]
    fn a_phase_ends_with_the_status_of_its_outcome() {
        assert_eq!(().status(), 0);
        assert_eq!(7_u16.status(), 7);
        assert_eq!(Ok::<_, Error>(()).status(), 0);
        assert_eq!(Err::<(), _>(Error::Server(1)).status(), 0x101);
    }
}
