//! The command line of `cargo bench`.

use clap::Parser;

/// Measures what everything costs, in instructions and privileged operations.
#[derive(Clone, Debug, Default, PartialEq, Eq, Parser)]
#[command(
    name = "cargo bench --",
    after_help = "exit statuses: 0 measured, 1 not everything could be, 2 the command line is wrong"
)]
pub struct Options {
    /// Writes the figures to tests/bench/recorded.json, which the tests hold later ones against
    #[arg(long, conflicts_with = "compare")]
    pub record: bool,
    /// Measures this revision too, by its own benchmark, and shows what is better and what is worse here
    #[arg(long, value_name = "REV")]
    pub compare: Option<String>,
    /// Cargo says so when benchmarks are to run
    #[arg(long, hide = true)]
    pub bench: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Option<Options> {
        Options::try_parse_from(format!("bench {line}").split_whitespace()).ok()
    }

    #[test]
    fn what_can_be_asked_for() {
        assert_eq!(parse("--bench"), Some(Options { bench: true, ..Options::default() }));
        assert!(parse("--record --bench").unwrap().record);
        assert_eq!(parse("--compare HEAD~1").unwrap().compare.as_deref(), Some("HEAD~1"));
        for refused in ["--recrod", "--compare", "--record --compare HEAD", "thread_switch"] {
            assert_eq!(parse(refused), None, "{refused}");
        }
    }
}
