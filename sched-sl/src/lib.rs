//! User-level scheduling.
