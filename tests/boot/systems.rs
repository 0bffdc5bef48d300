//! Every graph in `systems/` and `tests/systems/` runs to its declared end, as `composer run` judges it.
//!
//! A test system is one file: what it shows, and what it is to print, are in it.

use std::path::Path;

use libtest_mimic::Trial;

use crate::tools::{Outcome, compose, ensure, files, finish, root, scratch, trial};

/// Where graphs are, and what their trials are called.
const DIRECTORIES: [(&str, &str); 2] = [("systems", "shipped"), ("tests/systems", "system")];

/// A trial for each graph, and one that there are any.
pub fn trials() -> Vec<Trial> {
    let mut trials = vec![trial("systems::are_found", are_found)];
    for (directory, kind) in DIRECTORIES {
        let graphs = files(&root().join(directory), "toml").unwrap_or_default();
        trials.extend(
            graphs.into_iter().map(|graph| trial(&format!("systems::{kind}::{}", name(&graph)), move || run(&graph))),
        );
    }
    trials
}

fn name(graph: &Path) -> String {
    graph.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}

fn are_found() -> Outcome {
    for (directory, _) in DIRECTORIES {
        let graphs = files(&root().join(directory), "toml")?;
        ensure(!graphs.is_empty(), || format!("there are no graphs in {directory}"))?;
        graphs.iter().try_for_each(|graph| says_what_it_shows(graph))?;
    }
    Ok(())
}

fn says_what_it_shows(graph: &Path) -> Outcome {
    let text = std::fs::read_to_string(graph)?;
    ensure(text.starts_with("# "), || format!("{} does not start with a comment", graph.display()))?;
    let says = text.contains("expect = {") || text.contains("[system.expect]");
    ensure(says, || format!("{} does not say how it ends", graph.display()))
}

/// In which a component goes deeper than its graph says, to show what happens then.
const DEEPER: &str = "recursion.toml";

/// No stack is ever used further than its bound: the machine's memory is looked at when it has ended.
fn run(graph: &Path) -> Outcome {
    let directory = scratch()?;
    let mut run = compose("run", graph, directory.path())?;
    if graph.ends_with(DEEPER) {
        finish(&mut run)?.expect_status(0)?;
        return Ok(());
    }
    finish(run.arg("--stacks"))?.expect_status(0)?.expect_text("used within their bounds")?;
    Ok(())
}
