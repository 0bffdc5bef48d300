//! Holds `docs/promises.md` against what there is. `tests/run` runs this once more when all tests have run, and says where
//! it wrote down what they printed; then this also asks whether every test that the table names is among them, and every test
//! that `docs/keys.md` names, by which the effect of a key is shown.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use libtest_mimic::{Arguments, Failed, Trial, run};
use tests::bench::row::ROWS;
use tests::promises::{Keeper, Promise, Ran, complaints, not_kept, parse};

/// Where `tests/run` says what the tests printed.
const OUTPUT: &str = "TESSERA_TEST_OUTPUT";

/// Where the promises are.
const FILE: &str = "docs/promises.md";

/// What shows the effects of keys.
const KEYS: &str = "docs/keys.md";

fn main() -> ExitCode {
    let mut trials = vec![
        Trial::test("promises::each_is_made_once_and_kept_by_something", each_is_kept_by_something),
        Trial::test("promises::rows_pictures_and_steps_exist", rows_pictures_and_steps_exist),
    ];
    if let Some(output) = std::env::var_os(OUTPUT).map(PathBuf::from) {
        trials.push(Trial::test("promises::every_named_test_ran", move || every_named_test_ran(&output)));
    }
    run(&Arguments::from_args(), trials).exit_code()
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new("/"))
}

fn promises(file: &str) -> Result<Vec<Promise>, Failed> {
    let text = std::fs::read_to_string(root().join(file))?;
    parse(&text).map_err(|complaints| format!("{file}:\n{}", complaints.join("\n")).into())
}

fn none(file: &str, complaints: &[String]) -> Result<(), Failed> {
    if complaints.is_empty() { Ok(()) } else { Err(format!("{file}:\n{}", complaints.join("\n")).into()) }
}

fn each_is_kept_by_something() -> Result<(), Failed> {
    none(FILE, &complaints(&promises(FILE)?))
}

fn rows_pictures_and_steps_exist() -> Result<(), Failed> {
    let steps = std::fs::read_to_string(root().join("tests/run"))?;
    let promises = promises(FILE)?;
    let keepers = promises.iter().flat_map(|promise| promise.keepers.iter().map(move |keeper| (promise.line, keeper)));
    let missing = keepers.filter(|(_, keeper)| match keeper {
        Keeper::Test(_) => false,
        Keeper::Row(name) => !ROWS.iter().any(|row| row.name == name),
        Keeper::Picture(path) => !root().join(path).is_file(),
        Keeper::Step(command) => !steps.lines().any(|line| line.starts_with("step ") && line.contains(command)),
    });
    none(FILE, &missing.map(|(line, keeper)| format!("line {line}: there is no {keeper:?}")).collect::<Vec<_>>())
}

fn every_named_test_ran(output: &Path) -> Result<(), Failed> {
    let output = std::fs::read(output)?;
    let ran = Ran::read(&String::from_utf8_lossy(&output));
    if ran.count() == 0 {
        return Err("no test ran at all".into());
    }
    [FILE, KEYS].iter().try_for_each(|file| none(file, &not_kept(&promises(file)?, &ran)))
}
