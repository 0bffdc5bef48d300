//! Lines for whoever reads. That one may have seen enough and be gone, which is no reason to fail: the exit status tells.

use std::fmt::Display;
use std::io::{self, Write};

/// Prints a line to the standard output.
pub fn line(text: impl Display) {
    _ = writeln!(io::stdout(), "{text}");
}

/// Prints a line to the standard error output.
pub fn remark(text: impl Display) {
    _ = writeln!(io::stderr(), "{text}");
}
