//! What can be refused, and why.

use crate::policy::BadParameters;
use crate::waiting::WaitError;
use core::error::Error;
use core::fmt::{self, Display, Formatter};

/// Why a thread was not created. Nothing was changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CreateError {
    /// Every place is taken; one comes back when a thread exits.
    Exhausted,
    /// The policy does not take a thread with these parameters.
    BadParameters,
}

/// Why an operation on a thread was refused. Nothing was changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ThreadError {
    /// The name is of no thread, or of one that has ended.
    NoSuchThread,
    /// A thread that is blocked or asleep cannot block, sleep or yield: it does not run.
    NotRunning,
    /// It would wait for a thread that waits for it, itself included: neither would ever go on.
    Deadlock,
}

/// Why no decision could be carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScheduleError {
    /// The policy chose a thread that is not ready: a defect of the policy, and nothing was dispatched.
    PolicyChoseUnready,
}

impl Display for WaitError {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exhausted => f.write_str("every blockpoint that the owner may have is taken"),
            Self::NoSuchPoint => f.write_str("no such blockpoint"),
            Self::Thread(error) => error.fmt(f),
        }
    }
}

impl Error for WaitError {}

impl Display for BadParameters {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str("the parameters are outside what the policy can do")
    }
}

impl Error for BadParameters {}

macro_rules! texts {
    ($($error:ident { $($variant:ident: $text:literal,)* })*) => {$(
        impl Display for $error {
            fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
                f.write_str(match self { $(Self::$variant => $text),* })
            }
        }

        impl Error for $error {}
    )*};
}

texts! {
    CreateError {
        Exhausted: "every place for a thread is taken",
        BadParameters: "the policy does not take a thread with these parameters",
    }
    ThreadError {
        NoSuchThread: "no such thread",
        NotRunning: "the thread does not run",
        Deadlock: "the thread would wait for one that waits for it",
    }
    ScheduleError {
        PolicyChoseUnready: "the policy chose a thread that is not ready",
    }
}
