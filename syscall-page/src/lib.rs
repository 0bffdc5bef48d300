//! The syscall page: layout and protocol.
