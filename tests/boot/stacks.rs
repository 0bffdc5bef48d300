//! Stacks: what runs never uses more of them than the composer says beforehand. And as many instances as there can be.

use std::path::Path;

use composer::diagnostic::Diagnostics;
use composer::pass::stack::Stacks;
use composer::pass::{build, schema, stack};
use composer::{LoadOptions, load};
use libtest_mimic::Trial;

use crate::tools::{Outcome, compose, ensure, finish, root, scratch, trials};

/// The trials.
pub fn trials() -> Vec<Trial> {
    trials!("stacks": what_is_used_is_within_the_bound every_instance_answers)
}

/// The bounds of all components of a graph, with their names.
fn bounds(graph: &Path) -> Result<Vec<(String, u64)>, libtest_mimic::Failed> {
    let loaded = load(graph, LoadOptions { graph_only: false });
    let loaded = loaded.map_err(|failure| failure.diagnostics.render(&failure.source))?;
    let located = loaded.located.as_ref().ok_or("its images are nowhere")?;
    let mut found = Diagnostics::default();
    let stacks = build::build(&loaded.graph, located, &mut found).and_then(|images| {
        let schema = schema::schema(&loaded.graph, &images, &mut found)?;
        stack::stack(&loaded.graph, &images, &schema, &mut found)
    });
    let Stacks { components } = stacks.ok_or_else(|| found.render(&loaded.source))?;
    let names = loaded.graph.components.iter().map(|component| component.name.value.clone());
    Ok(names.zip(components.iter().map(|need| need.bytes)).collect())
}

fn what_is_used_is_within_the_bound() -> Outcome {
    let graph = root().join("tests/systems/settings.toml");
    let (directory, bounds) = (scratch()?, bounds(&graph)?);
    let finished = finish(&mut compose("run", &graph, directory.path())?)?.expect_status(0)?;
    for name in ["settings", "deep"] {
        let line = format!("settings: {name} used ");
        let line =
            finished.output.lines().find_map(|said| said.split_once(&line)).ok_or("it did not say what it used")?;
        let used: u64 = line.1.split(' ').next().unwrap_or_default().parse()?;
        let bound = bounds.iter().find(|(other, _)| other == name).map_or(0, |(_, bound)| *bound);
        ensure(used <= bound, || format!("{name} used {used} bytes of stack, and has a bound of {bound}"))?;
        // A bound that is far too high would never be exceeded either.
        ensure(bound <= 8 * used, || {
            format!("{name} used {used} bytes of stack, and its bound is as high as {bound}")
        })?;
    }
    Ok(())
}

/// 256 components of four images.
fn every_instance_answers() -> Outcome {
    const CLIENTS: usize = 127;
    let directory = scratch()?;
    let graph = root().join("tests/systems/instances.toml");
    let finished = finish(&mut compose("run", &graph, directory.path())?)?.expect_status(0)?;
    let answers = finished.output.lines().filter(|line| line.contains("ping: pong answered 5 to 2 + 3")).count();
    ensure(answers == CLIENTS, || format!("{answers} of {CLIENTS} clients were answered"))
}
