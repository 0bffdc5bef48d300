//! `cargo bench`: what everything costs, in instructions and privileged operations.

use std::process::ExitCode;

use clap::Parser;
use tests::bench::options::Options;

fn main() -> ExitCode {
    // Cargo passes `--bench` when benchmarks are to run, and other things when all targets are run as tests.
    if std::env::args().any(|argument| argument == "--bench") {
        return tests::bench::main(&Options::parse());
    }
    eprintln!("bench: nothing to do, benchmarks run under `cargo bench`");
    ExitCode::SUCCESS
}
