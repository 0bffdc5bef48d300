//! What locks, channels and queues fail with are errors as others are: they say what they are, and `?` makes [`runtime::Error`]s of them.

use super::mutex::TryLockError;
use super::{channel, mpsc};
use crate::{NO_TIME_LEFT, ThreadError};
use core::fmt;
use runtime::Error;

macro_rules! errors {
    ($($error:ty $(, of $value:ident)? => $all:expr;)*) => {$(
        impl$(<$value>)? From<$error> for Error {
            fn from(error: $error) -> Self {
                let all: fn(&$error) -> Self = $all;
                all(&error)
            }
        }

        impl$(<$value>)? fmt::Display for $error {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let all: fn(&$error) -> Error = $all;
                fmt::Display::fmt(&all(self), f)
            }
        }

        impl$(<$value: fmt::Debug>)? core::error::Error for $error {}
    )*};
}

errors! {
    TryLockError => |_| ThreadError::WouldBlock.error();
    channel::TrySendError<T>, of T => |_| ThreadError::Full.error();
    channel::TryRecvError => |_| ThreadError::Empty.error();
    mpsc::SendError<T>, of T => |_| ThreadError::Disconnected.error();
    mpsc::TrySendError<T>, of T => |error| match error {
        mpsc::TrySendError::Full(_) => ThreadError::Full.error(),
        mpsc::TrySendError::Disconnected(_) => ThreadError::Disconnected.error(),
    };
    mpsc::RecvError => |error| match error {
        mpsc::RecvError::Disconnected => ThreadError::Disconnected.error(),
        mpsc::RecvError::Refused(refused) => *refused,
    };
    mpsc::TryRecvError => |error| match error {
        mpsc::TryRecvError::Empty => ThreadError::Empty.error(),
        mpsc::TryRecvError::Disconnected => ThreadError::Disconnected.error(),
    };
    mpsc::RecvTimeoutError => |error| match error {
        mpsc::RecvTimeoutError::Timeout => NO_TIME_LEFT,
        mpsc::RecvTimeoutError::Disconnected => ThreadError::Disconnected.error(),
        mpsc::RecvTimeoutError::Refused(refused) => *refused,
    };
}
