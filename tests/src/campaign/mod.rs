//! Campaigns: tests that go on for as long as one likes, at random, from a seed.
//!
//! Each ends with one line of counts, and with exit status 0 if nothing failed, else 1 and the line to type to see it again;
//! 2 if the command line is wrong, 3 if it could not be run.

pub mod counts;
pub mod documented;
pub mod error;
pub mod graph;
pub mod guest;
pub mod joins;
pub mod kernel;
pub mod levels;
pub mod logic;
pub mod pages;
pub mod recycle;
pub mod sched;
pub mod simulator;
pub mod stress;
pub mod system;
pub mod threads;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Parser;
use counts::Counts;
use error::CampaignError;
use indicatif::{ProgressBar, ProgressStyle};

/// A campaign.
struct Campaign {
    name: &'static str,
    about: &'static str,
    count: u64,
    run: fn(&Order, &ProgressBar) -> Result<Counts, CampaignError>,
}

const CAMPAIGNS: [Campaign; 11] = [
    Campaign {
        name: "graph",
        about: "graphs, images and records that coverage leads to, read by the composer",
        count: 10_000_000,
        run: graph::run,
    },
    Campaign {
        name: "joins",
        about: "threads started, allocating, and waited for, in constant memory",
        count: 100_000,
        run: joins::run,
    },
    Campaign {
        name: "kernel",
        about: "random system calls in the guest, beside neighbours at work; the same calls on the host",
        count: 10_000_000,
        run: kernel::run,
    },
    Campaign {
        name: "kernel-logic",
        about: "entries of the kernel's logic that coverage leads to, on the host, held against the model",
        count: 200_000,
        run: logic::run,
    },
    Campaign {
        name: "levels",
        about: "milliseconds of three schedulers below each other, with shares by chance, over a greedy client",
        count: 100_000,
        run: levels::run,
    },
    Campaign {
        name: "pages",
        about: "words of pages rewritten by a hostile client during service, and by a hostile server, beside honest ones",
        count: 10_000_000,
        run: pages::run,
    },
    Campaign {
        name: "recycle",
        about: "components destroyed while another core is inside them, again and again, in constant memory",
        count: 100_000,
        run: recycle::run,
    },
    Campaign {
        name: "sched",
        about: "threads that block and wake each other under one scheduler on two cores, and go from core to core",
        count: 10_000_000,
        run: sched::run,
    },
    Campaign {
        name: "simulator",
        about: "random sets of tasks under each policy that promises deadlines, simulated, and held against analysis",
        count: 1_000_000,
        run: simulator::run,
    },
    Campaign {
        name: "stress",
        about: "64 threads in 8 components on two cores, under locks, at channels, conditions and permits, and in each other's components",
        count: 1_000_000,
        run: stress::run,
    },
    Campaign {
        name: "threads",
        about: "threads created, waiting at ever new blockpoints, and ended, in constant memory",
        count: 100_000,
        run: threads::run,
    },
];

/// Where campaigns put what they make.
fn directory() -> Result<PathBuf, CampaignError> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new("."));
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), |target| root.join(target));
    let directory = target.join("campaign");
    std::fs::create_dir_all(&directory)?;
    Ok(directory)
}

/// How a campaign is to be run.
#[derive(Clone, Copy, Debug)]
pub struct Order {
    /// Cases to try.
    pub count: u64,
    /// What they depend on.
    pub seed: u64,
}

/// Tests that go on for as long as one likes
#[derive(Debug, Parser)]
#[command(name = "tests/campaign")]
struct Arguments {
    /// Which campaign; without it, they are listed
    name: Option<String>,
    /// How many cases to try
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    count: Option<u64>,
    /// What the cases depend on: the same seed gives the same cases
    #[arg(long, value_name = "S")]
    seed: Option<u64>,
}

/// Runs what the command line asks for.
pub fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let Some(campaign) = CAMPAIGNS.iter().find(|campaign| Some(campaign.name) == arguments.name.as_deref()) else {
        return list(arguments.name.as_deref());
    };
    let order = Order { count: arguments.count.unwrap_or(campaign.count), seed: arguments.seed.unwrap_or_else(seed) };
    let bar = progress(campaign.name, order.count);
    let outcome = (campaign.run)(&order, &bar);
    bar.finish_and_clear();
    let again = format!("tests/campaign {} --count {} --seed {}", campaign.name, order.count, order.seed);
    conclude(campaign.name, outcome, &again)
}

fn conclude(name: &str, outcome: Result<Counts, CampaignError>, again: &str) -> ExitCode {
    match outcome {
        Ok(counts) => {
            for failure in &counts.failures {
                eprintln!("{name}: {failure}");
            }
            println!("{name}: {counts} ({again})");
            if counts.failures.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(1) }
        }
        Err(error) => {
            eprintln!("{name}: error: {error}");
            ExitCode::from(error.status())
        }
    }
}

fn list(name: Option<&str>) -> ExitCode {
    if let Some(name) = name {
        eprintln!("tests/campaign: there is no campaign `{name}`; there are:");
    }
    for campaign in &CAMPAIGNS {
        eprintln!("  {:<12} {}", campaign.name, campaign.about);
    }
    ExitCode::from(2)
}

/// A seed that nobody has chosen.
fn seed() -> u64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    now.map_or(1, |since| since.as_secs())
}

/// A bar on a terminal, nothing elsewhere.
fn progress(name: &str, count: u64) -> ProgressBar {
    let bar = ProgressBar::new(count).with_prefix(name.to_owned());
    let template = "{prefix} [{elapsed}] {bar:40} {human_pos} of {human_len}, {msg}";
    bar.set_style(ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar
}
