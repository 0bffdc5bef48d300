//! The interface `console`.
