//! Answers ping.
