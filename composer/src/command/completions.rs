//! `composer completions`: a script by which a shell completes what is typed.

use std::io::{self, Write};

use clap_complete::Shell;

/// What `completions` is told.
#[derive(Clone, Copy, Debug, clap::Args)]
pub struct Arguments {
    /// The shell
    #[arg(value_enum)]
    shell: Shell,
}

/// How to have the program that is completed.
pub const HELP: &str = "\
The script completes `composer`, not `cargo composer`, which is cargo's alias. To have that program:
  cargo install --path composer
and to have bash complete it:
  source <(composer completions bash)";

/// Prints the script for `command`, to the standard output: it completes the program `composer`.
pub fn run(arguments: Arguments, command: &mut clap::Command) {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, command, "composer", &mut script);
    // Whoever reads may have seen enough.
    _ = io::stdout().write_all(&script);
}
