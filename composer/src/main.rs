//! The command line of the composer.

use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};
use composer::command;
use composer::command::check::Format;
use composer::command::report::Format as ReportFormat;
use composer::command::run::Outcome;

/// Checks, builds, runs and draws systems of components from a graph file
#[derive(Parser)]
#[command(name = "composer", bin_name = "cargo composer", version, after_help = EXIT_STATUS)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

const EXIT_STATUS: &str = "\
Exit status:
  0  the system ended as its graph declares (or the command did what it was told)
  1  the system did not end as its graph declares
  2  the graph, the build or the command line is wrong
  3  the run timed out, the emulator failed, or something that the run needs is not installed";

const ANSWER: &str = "\
Exit status:
  0  it is reached (explain); nothing was gained (diff)
  1  it is not reached (explain); something may be done that could not be done before (diff)
  2  a graph or the command line is wrong";

#[derive(Subcommand)]
enum Command {
    /// Build the images and say whether the graph can be composed, and if not, why
    #[command(after_help = EXIT_STATUS)]
    Check(command::check::Arguments),
    /// Compose a graph into a system that boots, with a report of who may do what
    #[command(after_help = EXIT_STATUS)]
    Build(command::build::Arguments),
    /// Compose a graph, boot it in an emulator, and say whether it ended as it declares
    #[command(after_help = EXIT_STATUS)]
    Run(command::run::Arguments),
    /// Say by which lines of a graph a component reaches another, an interface or a device
    #[command(after_help = ANSWER)]
    Explain(command::explain::Arguments),
    /// Say what a changed graph lets components do that they could not do before, and the reverse
    #[command(after_help = ANSWER)]
    Diff(command::diff::Arguments),
    /// Print the graph format as a JSON Schema, for editors
    Schema(command::schema::Arguments),
    /// Say what a system is made of: memory, threads, and capabilities with the lines of the graph that grant them
    #[command(after_help = EXIT_STATUS)]
    Report(command::report::Arguments),
    /// Say what a system does that runs, or that was dumped: threads, who waits for whom, and what each component holds
    #[command(after_help = EXIT_STATUS)]
    Inspect(command::inspect::Arguments),
    /// Run a system twice by the clock that counts instructions, and write what it did as a timeline for Perfetto
    #[command(after_help = EXIT_STATUS)]
    Trace(command::trace::Arguments),
    /// Show what a system printed with functions and source lines behind its faults and panics, as `run` does
    #[command(after_help = EXIT_STATUS)]
    Backtrace(command::backtrace::Arguments),
    /// Run a system to the start of a component, and let gdb take over there, with the component's symbols and the kernel's
    #[command(after_help = EXIT_STATUS)]
    Debug(command::debug::Arguments),
    /// Make the first files of a component, an interface or a system
    New(command::new::Arguments),
    /// Print a script by which a shell completes what is typed
    #[command(after_help = command::completions::HELP)]
    Completions(command::completions::Arguments),
    /// Draw a graph as a picture, or as a page in which edges can be followed; what is wrong is red
    #[command(after_help = EXIT_STATUS)]
    Graph(command::graph::Arguments),
    /// Draw what the declared threads of a graph will do as an SVG picture, and say whether they meet their deadlines
    #[command(after_help = EXIT_STATUS)]
    Timeline(command::timeline::Arguments),
}

/// The graph, the build or the command line is wrong. The parser of the command line ends with it too.
const WRONG: u8 = 2;

fn main() -> ExitCode {
    let done = |()| Outcome::AsDeclared;
    let command = Arguments::parse().command;
    let wants_json = match &command {
        Command::Check(arguments) => arguments.format == Format::Json,
        Command::Explain(arguments) => arguments.format == Format::Json,
        Command::Diff(arguments) => arguments.format == Format::Json,
        Command::Report(arguments) => arguments.format == ReportFormat::Json,
        Command::Inspect(arguments) => arguments.wants_json(),
        _ => false,
    };
    let result = match command {
        Command::Check(arguments) => command::check::run(&arguments).map(done),
        Command::Build(arguments) => command::build::run(&arguments).map(done),
        Command::Run(arguments) => command::run::run(&arguments),
        Command::Explain(arguments) => command::explain::run(&arguments).map(Outcome::as_expected),
        Command::Diff(arguments) => command::diff::run(&arguments).map(|has_grown| Outcome::as_expected(!has_grown)),
        Command::Schema(arguments) => command::schema::run(arguments).map(done),
        Command::Report(arguments) => command::report::run(&arguments).map(done),
        Command::Inspect(arguments) => command::inspect::run(&arguments).map(done),
        Command::Trace(arguments) => command::trace::run(&arguments),
        Command::Backtrace(arguments) => command::backtrace::run(&arguments).map(done),
        Command::Debug(arguments) => command::debug::run(&arguments),
        Command::New(arguments) => command::new::run(&arguments).map(done),
        Command::Completions(arguments) => {
            command::completions::run(arguments, &mut Arguments::command());
            Ok(Outcome::AsDeclared)
        }
        Command::Graph(arguments) => command::graph::run(&arguments).map(done),
        Command::Timeline(arguments) => command::timeline::run(&arguments).map(done),
    };
    match result {
        Ok(outcome) => ExitCode::from(outcome.status()),
        Err(failure) => {
            if wants_json {
                failure.print_json();
            } else {
                failure.print();
            }
            ExitCode::from(WRONG)
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        super::Arguments::command().debug_assert();
    }
}
