//! What several threads print at once, on one core and on two.

use libtest_mimic::Trial;

use crate::tools::{Outcome, compose, ensure, finish, root, scratch, trials};

/// The trials of this file.
pub fn trials() -> Vec<Trial> {
    trials!("lines":
        printed_at_once_by_two_cores_and_by_preempted_threads_are_whole
    )
}

fn printed_at_once_by_two_cores_and_by_preempted_threads_are_whole() -> Outcome {
    let directory = scratch()?;
    let graph = root().join("tests/systems/lines/lines.toml");
    let run = finish(&mut compose("run", &graph, directory.path())?)?.expect_status(0)?;
    for name in ["a", "b", "c"] {
        let said = (1..=100).map(|number| format!("{name} {number}: {}", name.repeat(90)));
        let whole = run.output.lines().filter(|line| line.starts_with(&format!("{name} "))).eq(said);
        ensure(whole, || format!("the lines of {name} are not whole:\n{}", run.output))?;
    }
    // Otherwise nobody has printed at once with another.
    let names: Vec<_> =
        run.output.lines().filter_map(|line| line.split_once(": ")).map(|(name, _)| &name[..1]).collect();
    ensure(names.windows(2).any(|pair| pair == ["c", "a"] || pair == ["c", "b"]), || format!("one by one: {names:?}"))
}
