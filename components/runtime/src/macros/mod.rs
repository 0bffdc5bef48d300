//! What the binary of a component says about it.
//!
//! Names of items are not hygienic: those that the macros declare beside names of
//! their callers start with `__runtime`.

mod component;
mod device;
mod export;
mod import;
mod plan;
mod setting;
mod thread_local;

/// An interface's name in a record, with the import's or the variant's behind it.
#[doc(hidden)]
#[macro_export]
macro_rules! record_name {
    ($interface:expr) => {
        $interface.as_bytes()
    };
    ($interface:expr, $separator:literal, $name:literal) => {
        const { &$crate::internal::joined::<{ $interface.len() + 1 + $name.len() }>($interface, $separator, $name) }
    };
}
