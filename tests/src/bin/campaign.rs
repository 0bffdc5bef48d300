//! `tests/campaign`.

use std::process::ExitCode;

fn main() -> ExitCode {
    tests::campaign::main()
}
