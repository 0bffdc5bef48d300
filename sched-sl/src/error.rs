//! What can be refused, and why.

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

macro_rules! texts {
    ($($error:ident { $($variant:ident: $text:literal,)* })*) => {$(
        impl core::fmt::Display for $error {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                f.write_str(match self { $(Self::$variant => $text),* })
            }
        }

        impl core::error::Error for $error {}
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
