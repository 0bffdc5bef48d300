//! The campaign `kernel-logic`: cases that coverage leads to, of the logic on the host, held against the model.
//!
//! The program `guided` is built with a counter on every edge. That its guidance leads anywhere is shown first: it finds
//! what is planted in it, which as many cases by chance do not.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};

use indicatif::ProgressBar;

use super::Order;
use super::counts::Counts;
use super::error::CampaignError;

/// What makes the stable compiler count edges.
const FLAGS: &str = "-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=3 \
                     -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Ccodegen-units=1";
/// So that the flags are not those of build scripts.
const TRIPLE: &str = "x86_64-unknown-linux-gnu";
/// Cases in which guidance finds what is planted, with this seed.
const PLANTED: [&str; 2] = ["1000000", "1"];

/// Runs the campaign.
///
/// # Errors
///
/// The program cannot be built or started.
pub fn run(order: &Order, bar: &ProgressBar) -> Result<Counts, CampaignError> {
    bar.set_message("building");
    let program = build("guided")?;
    bar.set_message("looking for what is planted");
    let mut counts = Counts { tried: order.count, ..Counts::default() };
    for (how, expected) in [("planted", true), ("blind", false)] {
        let (found, status) = lines(Command::new(&program).args(PLANTED).arg(how), &mut |_| ())?;
        counts.failures.extend(failure(how, status));
        if found.iter().any(|line| line.starts_with("found after ")) != expected {
            counts.failures.push(format!("{how}: {}", found.join("; ")));
        }
    }
    bar.set_message("logic and model");
    let mut command = Command::new(&program);
    command.args([order.count.to_string(), order.seed.to_string()]);
    let (said, status) = lines(&mut command, &mut |line| {
        if let [at, ..] = numbers(line).as_slice() {
            bar.set_position(*at);
        }
    })?;
    counts.failures.extend(failure("logic and model", status));
    let (parts, others): (Vec<_>, Vec<_>) = said.iter().partition(|line| line.starts_with("at "));
    counts.failures.extend((!others.is_empty()).then(|| others.into_iter().cloned().collect::<Vec<_>>().join("\n")));
    match parts.last().map(|line| numbers(line)).as_deref() {
        Some([at, succeeded, errors, ..]) => {
            (counts.tried, counts.succeeded, counts.errors) = (*at, *succeeded, *errors);
        }
        _ => counts.tried = 0,
    }
    if counts.tried != order.count {
        counts.failures.push(format!("{} of {} cases were tried", counts.tried, order.count));
    }
    Ok(counts)
}

/// Builds a program that coverage guides.
pub(super) fn build(package: &str) -> Result<PathBuf, CampaignError> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let directory = super::directory()?.join("guided");
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(root).env("RUSTFLAGS", FLAGS).env_remove("CARGO_ENCODED_RUSTFLAGS");
    cargo.args(["build", "--quiet", "--release", "--package", package, "--target", TRIPLE]);
    let built = cargo.arg("--target-dir").arg(&directory).stdin(Stdio::null()).status();
    match built {
        Ok(status) if status.success() => Ok(directory.join(TRIPLE).join("release").join(package)),
        _ => Err(CampaignError::Build),
    }
}

/// What is to be said of a program that ended so.
pub(super) fn failure(what: &str, status: ExitStatus) -> Option<String> {
    (!status.success()).then(|| format!("{what}: the program ended with {status}"))
}

/// What a program prints, line by line, and how it ended.
pub(super) fn lines(
    command: &mut Command,
    each: &mut dyn FnMut(&str),
) -> Result<(Vec<String>, ExitStatus), CampaignError> {
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn()?;
    let mut lines = Vec::new();
    if let Some(output) = child.stdout.take() {
        for line in BufReader::new(output).lines() {
            let line = line?;
            each(&line);
            lines.push(line);
        }
    }
    Ok((lines, child.wait()?))
}

pub(super) fn numbers(line: &str) -> Vec<u64> {
    line.split(' ').filter_map(|word| word.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> (Vec<String>, Option<String>) {
        let (said, status) = lines(Command::new("sh").args(["-c", script]), &mut |_| ()).unwrap();
        (said, failure("a program", status))
    }

    #[test]
    fn a_program_that_ends_well_has_not_failed() {
        assert_eq!(shell("echo at 1; echo at 2"), (vec!["at 1".to_owned(), "at 2".to_owned()], None));
    }

    #[test]
    fn a_program_that_ends_otherwise_has_failed_whatever_it_said() {
        let failed = |status: &str| Some(format!("a program: the program ended with {status}"));
        assert_eq!(shell("echo at 1; exit 3"), (vec!["at 1".to_owned()], failed("exit status: 3")));
        assert!(shell("kill -9 $$").1.is_some());
    }
}
