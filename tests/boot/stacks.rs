//! Stacks: what runs never uses more of them than the composer says beforehand. And as many instances as there can be.

use std::path::Path;

use composer::diagnostic::Diagnostics;
use composer::pass::stack::Stacks;
use composer::pass::{build, schema, stack};
use composer::{LoadOptions, load};
use libtest_mimic::{Failed, Trial};

use crate::tools::{Outcome, compose, ensure, finish, root, scratch, trials};

/// The trials.
pub fn trials() -> Vec<Trial> {
    trials!("stacks": what_is_used_is_within_the_bound who_goes_deeper_than_its_bound_is_found
        recursion_has_the_bound_that_is_said_and_no_other recursion_asks_for_a_number every_instance_answers)
}

/// The bounds of all components of a graph, with their names.
fn bounds(graph: &Path) -> Result<Vec<(String, u64)>, libtest_mimic::Failed> {
    let loaded = load(graph, LoadOptions { graph_only: false });
    let loaded = loaded.map_err(|failure| failure.diagnostics.render(&failure.source))?;
    let located = loaded.located.as_ref().ok_or("its images are nowhere")?;
    let mut found = Diagnostics::default();
    let stacks = build::build(&loaded.graph, located, build::Detail::Lines, &mut found).and_then(|images| {
        let schema = schema::schema(&loaded.graph, &images, &mut found)?;
        stack::stack(&loaded.graph, located, &images, &schema, &mut found)
    });
    let Stacks { components, .. } = stacks.ok_or_else(|| found.render(&loaded.source))?;
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

const RECURSION: &str = "tests/systems/recursion.toml";

/// The bound of the component that calls itself, if so deep; or what is said of it.
fn bound_of_recursion(depth: &str) -> Result<u64, Failed> {
    let directory = scratch()?;
    let graph = directory.path().join("graph.toml");
    std::fs::write(&graph, std::fs::read_to_string(root().join(RECURSION))?.replace("recursion = 20\n", depth))?;
    let bounds = bounds(&graph)?;
    Ok(bounds.iter().find(|(name, _)| name == "nest").map_or(0, |(_, bound)| *bound))
}

/// The trials of `systems::` look at all stacks when a system has ended; here a component goes deeper than its graph says.
fn who_goes_deeper_than_its_bound_is_found() -> Outcome {
    let directory = scratch()?;
    let mut run = compose("run", &root().join(RECURSION), directory.path())?;
    let finished = finish(run.arg("--stacks"))?.expect_status(1)?;
    let finished = finished.expect_text(
        "run: ended as declared\nrun: stacks were used further than their bounds:\n  `nest`, thread 3: ",
    )?;
    ensure(finished.errors.matches("were to be used").count() == 1, || finished.errors)
}

/// Each time deeper is one frame more, and the number that is said is the one that is needed: with one less, what is used
/// would be beyond the bound.
fn recursion_has_the_bound_that_is_said_and_no_other() -> Outcome {
    let [less, said, more, most] =
        ["recursion = 19\n", "recursion = 20\n", "recursion = 21\n", "recursion = 25\n"].map(bound_of_recursion);
    let (less, said) = (less?, said?);
    let frame = said - less;
    ensure(frame > 0 && more? == said + frame && most? == said + 5 * frame, || format!("{less} {said}: {frame}"))?;
    let directory = scratch()?;
    let finished = finish(&mut compose("run", &root().join(RECURSION), directory.path())?)?.expect_status(0)?;
    let line = finished.output.lines().find_map(|line| line.split_once("as deep as the graph says: "));
    let used: u64 = line.and_then(|(_, said)| said.split(' ').next()).ok_or("it did not say")?.parse()?;
    ensure(less < used && used <= said, || format!("{used} bytes used, bounds of {less} and {said}"))
}

fn recursion_asks_for_a_number() -> Outcome {
    let complaint =
        bound_of_recursion("").err().and_then(|failed| failed.message().map(str::to_owned)).unwrap_or_default();
    for part in [
        "[E0806]",
        "`recursive::descend` → `recursive::descend`",
        "img = \"recursive\"\n   |       ^^^^^^^^^^^ this image",
    ] {
        ensure(complaint.contains(part), || complaint.clone())?;
    }
    ensure(complaint.contains("`recursion = NUMBER`"), || complaint.clone())
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
