use super::*;
use std::string::ToString;

crate::errors! {
    /// Of one interface.
    enum LeftError {
        Full = 1: "the left one is full",
        Closed = 2: "the left one is closed",
    }
}

crate::errors! {
    /// Of another, with the same number.
    enum RightError {
        Empty = 1: "the right one is empty",
    }
}

const FAULTED: abi::error::Error = abi::error::Error::Faulted;

#[test]
fn every_status_is_one_error_and_travels_on_unchanged() {
    assert_eq!(Error::check(0), Ok(()));
    for status in 1..=u16::MAX {
        let error = Error::check(status).unwrap_err();
        let known = error != Error::Unknown;
        assert_eq!(error.into_status(), if known { status } else { CallError::Unknown.status() });
    }
}

#[test]
fn no_error_travels_as_success() {
    for code in 0..=u16::MAX {
        assert!(Error::numbered(code).status() >= SERVER_STATUS);
    }
    assert_ne!(Error::Unknown.status(), 0);
}

#[test]
fn the_kernel_and_the_server_are_told_apart() {
    assert_eq!(Error::check(FAULTED.status()), Err(Error::Kernel(FAULTED)));
    assert_eq!(Error::check(SERVER_STATUS + 3), Err(Error::numbered(3)));
    assert_eq!(Error::check(SERVER_STATUS - 8), Err(Error::Unknown));
}

#[test]
fn an_interfaces_errors_arrive_as_they_were() {
    let all = [LeftError::Full, LeftError::Closed, CallError::Kernel(FAULTED).into(), CallError::Unknown.into()];
    for error in all {
        assert_eq!(LeftError::check(error.into_status()), Err(error));
        assert_eq!(Error::from(error).downcast(), Some(error));
    }
    assert_eq!(LeftError::check(SERVER_STATUS + 3), Err(LeftError::Call(CallError::Unknown)), "it has no such error");
}

#[test]
fn errors_of_two_interfaces_are_never_taken_for_each_other() {
    let (left, right) = (Error::from(LeftError::Full), Error::from(RightError::Empty));
    assert_eq!(left.status(), right.status(), "their numbers are the same");
    assert_ne!(left, right);
    assert_eq!((left.downcast::<RightError>(), right.downcast::<LeftError>()), (None, None));
    // A server that hands on what its own server said does not say it in its own name.
    assert_eq!(RightError::from(left), RightError::Call(CallError::Unknown));
    assert_eq!(RightError::from(left).into_status(), CallError::Unknown.status());
    // Nor does one whose methods name no errors.
    assert_eq!(Error::check(left.into_status()), Err(Error::Unknown));
}

#[test]
fn the_kernels_word_is_the_same_in_every_interface() {
    let left = LeftError::check(FAULTED.status()).unwrap_err();
    assert_eq!(RightError::from(Error::from(left)), RightError::Call(CallError::Kernel(FAULTED)));
}

#[test]
fn errors_have_names_and_words() {
    let error = Error::from(LeftError::Closed);
    assert_eq!(std::format!("{error:?}"), "Server(LeftError::Closed)");
    assert_eq!(
        (error.to_string(), LeftError::Closed.to_string()),
        ("the left one is closed".into(), error.to_string())
    );
    assert_eq!(Error::numbered(7).to_string(), "the server's error 7");
}

#[test]
fn a_question_mark_leads_into_a_callers_own_type() {
    #[derive(Debug, PartialEq)]
    enum Mine {
        Left(LeftError),
        Right(RightError),
    }
    impl From<LeftError> for Mine {
        fn from(error: LeftError) -> Self {
            Self::Left(error)
        }
    }
    impl From<RightError> for Mine {
        fn from(error: RightError) -> Self {
            Self::Right(error)
        }
    }
    fn both(left: u16, right: u16) -> core::result::Result<(), Mine> {
        LeftError::check(left)?;
        Ok(RightError::check(right)?)
    }
    assert_eq!(both(SERVER_STATUS + 1, 0), Err(Mine::Left(LeftError::Full)));
    assert_eq!(both(0, SERVER_STATUS + 1), Err(Mine::Right(RightError::Empty)));
}

#[test]
fn an_error_is_no_larger_than_it_has_to_be() {
    assert_eq!(size_of::<LeftError>(), 4, "it travels in a register, whatever it is returned with");
}
