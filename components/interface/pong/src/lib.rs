//! The interface `pong`.
