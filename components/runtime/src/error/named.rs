//! Errors that interfaces name.

use abi::crossing::SERVER_STATUS;
use core::fmt;

/// An error that an interface names, with its name. Made of the interface's own enum, by `?` or `into`.
#[derive(Clone, Copy, Eq)]
pub struct Refusal {
    code: u16,
    names: Option<&'static Names>,
}

/// The errors of an interface. Those of two are never the same: the path of the enum says which they are.
#[derive(Debug, Eq)]
pub struct Names {
    /// The enum, with its module.
    pub path: &'static str,
    /// The enum.
    pub name: &'static str,
    /// Its errors.
    pub errors: &'static [Named],
}

impl PartialEq for Names {
    /// There may be several copies of one enum's names; mostly there is one.
    fn eq(&self, other: &Self) -> bool {
        core::ptr::eq(self, other) || self.path == other.path
    }
}

/// An error of an interface.
#[derive(Debug, PartialEq, Eq)]
pub struct Named {
    /// The number as which it travels.
    pub code: u16,
    /// What it is called.
    pub name: &'static str,
    /// What it means.
    pub text: &'static str,
}

impl Refusal {
    /// The error `code` of those that `names` has.
    pub const fn named(code: u16, names: &'static Names) -> Self {
        Self { code, names: Some(names) }
    }

    /// An error of which only the number is known.
    pub const fn numbered(code: u16) -> Self {
        Self { code, names: None }
    }

    /// Its code, if it is one of `names`.
    pub fn code(&self, names: &Names) -> Option<u16> {
        self.names.is_some_and(|own| own == names).then_some(self.code)
    }

    pub(super) const fn is_named(self) -> bool {
        self.names.is_some()
    }

    pub(super) const fn status(self) -> u16 {
        SERVER_STATUS.saturating_add(self.code)
    }

    fn parts(&self) -> Option<(&'static str, &'static Named)> {
        let names = self.names?;
        Some((names.name, names.errors.iter().find(|error| error.code == self.code)?))
    }
}

impl PartialEq for Refusal {
    fn eq(&self, other: &Self) -> bool {
        self.code == other.code && self.names == other.names
    }
}

/// The name, as in the source.
impl fmt::Debug for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.parts() {
            Some((name, error)) => write!(f, "{name}::{}", error.name),
            None => self.code.fmt(f),
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.parts() {
            Some((_, error)) => f.write_str(error.text),
            None => write!(f, "the server's error {}", self.code),
        }
    }
}

/// Declares an interface's errors: an enum of these and of what any call can fail with
/// ([`CallError`](crate::CallError)), in words and as statuses. Methods of the interface return `Result<T, THE_ENUM>`.
///
/// ```
/// runtime::errors! {
///     /// Why a letter box does not take a letter.
///     pub enum LetterBoxError {
///         Full = 1: "the letter box is full",
///         Unstamped = 2: "the letter has no stamp",
///     }
/// }
///
/// let error: runtime::Error = LetterBoxError::Full.into();
/// assert_eq!(error.to_string(), "the letter box is full");
/// assert_eq!(error.downcast(), Some(LetterBoxError::Full));
/// ```
#[macro_export]
macro_rules! errors {
    (
        $(#[$attribute:meta])*
        $visibility:vis enum $name:ident {
            $($(#[$more:meta])* $variant:ident = $code:literal: $text:literal),+ $(,)?
        }
    ) => {
        $(#[$attribute])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        $visibility enum $name {
            $(
                #[doc = $text]
                $(#[$more])*
                $variant,
            )+
            /// What any call can fail with.
            Call($crate::CallError),
        }

        impl $name {
            #[doc(hidden)]
            pub const NAMES: &'static $crate::internal::Names = &$crate::internal::Names {
                path: ::core::concat!(::core::module_path!(), "::", ::core::stringify!($name)),
                name: ::core::stringify!($name),
                errors: &[$(
                    $crate::internal::Named { code: $code, name: ::core::stringify!($variant), text: $text },
                )+],
            };

            /// The same as an error of any interface, which remembers whose it is: what `?` makes of it.
            pub const fn error(self) -> $crate::Error {
                let code: u16 = match self {
                    $(Self::$variant => $code,)+
                    Self::Call($crate::CallError::Kernel(error)) => return $crate::Error::Kernel(error),
                    Self::Call($crate::CallError::Page(error)) => return $crate::Error::Page(error),
                    Self::Call($crate::CallError::Unknown) => return $crate::Error::Unknown,
                };
                $crate::Error::Server($crate::internal::Refusal::named(code, Self::NAMES))
            }

            /// The status as which this travels; never 0.
            pub const fn status(self) -> u16 {
                self.error().status()
            }

            const fn from_code(code: u16) -> Self {
                match code {
                    $($code => Self::$variant,)+
                    _ => Self::Call($crate::CallError::Unknown),
                }
            }
        }

        impl $crate::Failure for $name {
            fn into_status(self) -> u16 {
                self.status()
            }

            #[cold]
            #[inline(never)]
            fn from_status(status: u16) -> Self {
                match status.checked_sub($crate::internal::SERVER_STATUS) {
                    Some(code) => Self::from_code(code),
                    None => Self::Call($crate::CallError::from_status(status)),
                }
            }

            fn from_error(error: $crate::Error) -> Option<Self> {
                match error {
                    $crate::Error::Server(refusal) => refusal.code(Self::NAMES).map(Self::from_code),
                    error => Some(Self::Call(error.into())),
                }
            }
        }

        impl From<$name> for $crate::Error {
            #[cold]
            #[inline(never)]
            fn from(error: $name) -> Self {
                error.error()
            }
        }

        /// One of another interface means nothing here: `CallError::Unknown`.
        impl From<$crate::Error> for $name {
            #[cold]
            #[inline(never)]
            fn from(error: $crate::Error) -> Self {
                <Self as $crate::Failure>::from_error(error).unwrap_or(Self::Call($crate::CallError::Unknown))
            }
        }

        /// What any call can fail with.
        impl From<$name> for $crate::CallError {
            fn from(error: $name) -> Self {
                match error {
                    $name::Call(error) => error,
                    _ => Self::Unknown,
                }
            }
        }

        impl From<$crate::CallError> for $name {
            fn from(error: $crate::CallError) -> Self {
                Self::Call(error)
            }
        }

        impl ::core::fmt::Display for $name {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                f.write_str(match self {
                    $(Self::$variant => $text,)+
                    Self::Call(error) => return error.fmt(f),
                })
            }
        }

        impl ::core::error::Error for $name {}
    };
}
