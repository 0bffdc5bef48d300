//! Stacks: what runs never uses more of them than the composer says beforehand. And as many instances as there can be.

use std::path::{Path, PathBuf};
use std::time::Duration;

use composer::command::build::{Examined, examine};
use composer::diagnostic::Diagnostics;
use composer::graph::Graph;
use composer::inspect::{Dump, State, Subject, look};
use composer::pass::stack::Stacks;
use composer::pass::{build, schema, stack};
use composer::{LoadOptions, load};
use libtest_mimic::{Failed, Trial};
use object::{Object, ObjectSymbol};
use qemu::debugger::{Debugger, Door};
use qemu::{Machine, Session};

use crate::tools::{Outcome, compose, ensure, files, finish, root, scratch, trial, trials};

/// The trials.
pub fn trials() -> Vec<Trial> {
    let all = "stacks::no_system_at_all_uses_more_than_its_bounds";
    let mut trials = trials!("stacks": what_is_used_is_within_the_bound no_system_uses_more_than_its_bounds
        recursion_has_the_bound_that_is_said_and_no_other recursion_asks_for_a_number every_instance_answers);
    trials.push(trial(all, no_system_at_all_uses_more_than_its_bounds).with_ignored_flag(true));
    trials
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

/// Systems whose invocations nest, by pages, schedulers, handlers and managers; and the two that are run first.
const SOME: [&str; 6] = [
    "systems/pingpong",
    "systems/quickstart",
    "tests/systems/handlers-preempted",
    "tests/systems/levels",
    "tests/systems/pages_wait",
    "tests/systems/sharing",
];

/// Where a component goes deeper than its graph says, to show what happens then.
const DEEPER: &str = "recursion.toml";

/// All stacks of all threads in all components are looked into at the end of each system: what has once lain there still does.
fn no_system_uses_more_than_its_bounds() -> Outcome {
    SOME.iter().try_for_each(|name| is_within_its_bounds(&root().join(name).with_extension("toml")))
}

/// The same for every system that there is, which takes minutes:
/// `cargo test -p tests --test boot -- --ignored stacks::no_system`.
fn no_system_at_all_uses_more_than_its_bounds() -> Outcome {
    let graphs = [files(&root().join("systems"), "toml")?, files(&root().join("tests/systems"), "toml")?].concat();
    graphs.iter().filter(|graph| !graph.ends_with(DEEPER)).try_for_each(|graph| is_within_its_bounds(graph))
}

fn is_within_its_bounds(graph: &Path) -> Outcome {
    let beyond = above_their_bounds(&at_its_end(graph)?);
    ensure(beyond.is_empty(), || format!("{}: {}", graph.display(), beyond.join(", ")))
}

/// The stacks of which more has been used than their bound.
fn above_their_bounds(state: &State) -> Vec<String> {
    let stacks =
        state.components.iter().flat_map(|component| component.stacks.iter().map(move |stack| (component, stack)));
    let beyond = stacks.filter(|(_, stack)| stack.bound.is_some_and(|bound| stack.used > bound));
    let say = |(component, stack): (&composer::inspect::state::Component, &composer::inspect::spaces::Stack)| {
        format!("{}, thread {}: {} bytes of {:?}", component.name, stack.thread, stack.used, stack.bound)
    };
    beyond.map(say).collect()
}

/// What there is when the system is about to end.
fn at_its_end(graph: &Path) -> Result<State, Failed> {
    let loaded = load(graph, LoadOptions { graph_only: false });
    let loaded = loaded.map_err(|failure| failure.diagnostics.render(&failure.source))?;
    let examined = examine(&loaded).map_err(|failure| failure.diagnostics.render(&failure.source))?;
    let directory = scratch()?;
    finish(&mut compose("build", graph, directory.path())?)?.expect_status(0)?;
    let dump = dump_at_the_end(directory.path(), &loaded.graph, &examined)?;
    let programs = examined.programs(&loaded.graph);
    let (kernel, report) = (&examined.images.kernel, &examined.report);
    let subject = Subject { kernel, programs: &programs, report, schedulers: &[] };
    let dump = Dump::open(&dump).map_err(|error| error.to_string())?;
    look(&subject, dump).map_err(|blind| format!("{blind:?}").into())
}

fn dump_at_the_end(directory: &Path, graph: &Graph, examined: &Examined) -> Result<PathBuf, Failed> {
    let kernel = object::File::parse(examined.images.kernel.as_slice())?;
    let mut symbols = kernel.symbols();
    let end = symbols.find(|symbol| symbol.name().is_ok_and(|name| name.contains("7console3end")));
    let end = end.ok_or("the kernel has no end")?.address();
    let (door, wanted) = (Door::new(directory.join("door")), &graph.machine);
    let machine = Machine::new(directory.join("kernel"), directory.join("bundle")).extra(door.arguments());
    let machine = machine.processors(wanted.smp).memory(wanted.memory).counts_instructions(wanted.icount);
    let session = Session::new(machine).timeout(Duration::from_secs(120));
    let run = std::thread::spawn(move || session.run(&mut std::io::sink()));
    let mut debugger = Debugger::connect(&door, Duration::from_secs(60)).map_err(|error| error.to_string())?;
    let dump = directory.join("dump");
    debugger.run_to(end).map_err(|error| error.to_string())?;
    debugger.monitor(&format!("dump-guest-memory {}", dump.display())).map_err(|error| error.to_string())?;
    debugger.kill().map_err(|error| error.to_string())?;
    let _ = run.join();
    Ok(dump)
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
