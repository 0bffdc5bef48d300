//! The campaign `graph`: what the composer reads, as nobody wrote it. Coverage leads to it, as in `kernel-logic`.
//!
//! It starts with the graphs of the composer's own tests, those that are shipped, the images and the bundle of one of them, a dump and a log made by hand, and what
//! earlier runs kept in `target/campaign/corpus`; the inputs that are counted are those beyond these.

use std::path::{Path, PathBuf};
use std::process::Command;

use composer::command::build::{Arguments, compose};
use indicatif::ProgressBar;

use super::Order;
use super::counts::Counts;
use super::error::CampaignError;
use super::logic::{build, failure, lines, numbers};

/// Where the kept graphs are.
const GRAPHS: [&str; 3] = ["composer/tests/good", "composer/tests/bad", "systems"];
/// The system whose images are read.
const SYSTEM: &str = "systems/pingpong.toml";
/// Its images.
const IMAGES: [&str; 3] = ["ping", "pong", "console"];

/// Runs the campaign.
///
/// # Errors
///
/// The program, or the images that it starts with, cannot be built; the program cannot be started.
pub fn run(order: &Order, bar: &ProgressBar) -> Result<Counts, CampaignError> {
    bar.set_message("building");
    let program = build("garbled")?;
    let kept = super::directory()?.join("corpus");
    std::fs::create_dir_all(&kept)?;
    let mut files = images()?;
    for directory in GRAPHS.iter().map(|directory| root().join(directory)).chain([kept.clone()]) {
        files.extend(inputs(&directory)?);
    }
    bar.set_message("graphs and images");
    let mut command = Command::new(&program);
    command.args([order.count.to_string(), order.seed.to_string()]).arg(&kept).args(&files);
    let (said, status) = lines(&mut command, &mut |line| {
        if let [at, ..] = numbers(line).as_slice() {
            bar.set_position(*at);
        }
    })?;
    Ok(counted(order, &said, failure("graphs and images", status)))
}

fn counted(order: &Order, said: &[String], failure: Option<String>) -> Counts {
    let (parts, others): (Vec<_>, Vec<_>) = said.iter().partition(|line| line.starts_with("at "));
    let mut counts = Counts { failures: others.into_iter().cloned().chain(failure).collect(), ..Counts::default() };
    if let Some([at, succeeded, errors, ..]) = parts.last().map(|line| numbers(line)).as_deref() {
        (counts.tried, counts.succeeded, counts.errors) = (*at, *succeeded, *errors);
    }
    if counts.tried != order.count {
        counts.failures.push(format!("{} of {} inputs were read", counts.tried, order.count));
    }
    counts
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new(".")).into()
}

/// The images of the system, built, and the bundle that is made of them.
fn images() -> Result<Vec<PathBuf>, CampaignError> {
    let directory = super::directory()?.join("system");
    let arguments = Arguments { file: root().join(SYSTEM), output: Some(directory.clone()) };
    let system = compose(&arguments).map_err(|_| CampaignError::Build)?;
    let located = system.loaded.located.as_ref().ok_or(CampaignError::Build)?;
    let images = located.target.join("image/x86_64-unknown-linux-gnu/image");
    Ok(IMAGES.iter().map(|image| images.join(image)).chain([system.bundle()]).collect())
}

/// The inputs in `directory`, in the order of their names.
fn inputs(directory: &Path) -> Result<Vec<PathBuf>, CampaignError> {
    let is_input = |path: &PathBuf| {
        let extension = path.extension().and_then(|extension| extension.to_str());
        matches!(extension, Some("toml" | "graph" | "image" | "bundle" | "dump" | "log"))
    };
    let mut inputs: Vec<PathBuf> = std::fs::read_dir(directory)?.filter_map(|entry| Some(entry.ok()?.path())).collect();
    inputs.retain(is_input);
    inputs.sort();
    Ok(inputs)
}
