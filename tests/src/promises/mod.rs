//! `docs/promises.md`: what users are promised, and what keeps each promise.
//!
//! A promise is worth what keeps it. So the table names it, and `tests/run` holds the table against the tests that ran.

mod ran;
mod table;

pub use ran::Ran;
pub use table::{Keeper, Promise, parse};

/// What is wrong with the table, in itself: it is empty, a promise is made twice, or nothing keeps it.
pub fn complaints(promises: &[Promise]) -> Vec<String> {
    let mut complaints = Vec::new();
    if promises.is_empty() {
        complaints.push("there is no promise".to_owned());
    }
    for (at, promise) in promises.iter().enumerate() {
        if promises.iter().take(at).any(|other| other.text == promise.text) {
            complaints.push(format!("line {}: `{}` is promised twice", promise.line, promise.text));
        }
        if promise.text.is_empty() || promise.keepers.is_empty() {
            complaints.push(format!("line {}: a promise or what keeps it is missing", promise.line));
        }
    }
    complaints
}

/// The named tests that did not run exactly once.
pub fn not_kept(promises: &[Promise], ran: &Ran) -> Vec<String> {
    let tests = promises.iter().flat_map(|promise| promise.keepers.iter().map(move |keeper| (promise.line, keeper)));
    let complaints = tests.filter_map(|(line, keeper)| match keeper {
        Keeper::Test(name) => match ran.times(name) {
            0 if ran.is_ignored(name) => Some(format!("line {line}: the test `{name}` is ignored")),
            0 => Some(format!("line {line}: no test `{name}` ran")),
            1 => None,
            times => Some(format!("line {line}: {times} tests are called `{name}`; which one is meant?")),
        },
        _ => None,
    });
    complaints.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = "\
# Promises

| promise | kept by |
|---|---|
| it runs | `runs::far`, `runs::fast` |
| it is cheap | row `sinv_raw`, picture `docs/cost.svg`, step `cargo bench` |
";

    #[test]
    fn a_table_is_read() {
        let promises = parse(TABLE).unwrap();
        assert_eq!(complaints(&promises), [""; 0]);
        let test = |name: &str| Keeper::Test(name.into());
        let line = |line, text: &str, keepers: Vec<Keeper>| Promise { line, text: text.into(), keepers };
        let cheap = [Keeper::Row("sinv_raw".into()), Keeper::Picture("docs/cost.svg".into())];
        let cheap = cheap.into_iter().chain([Keeper::Step("cargo bench".into())]).collect();
        let runs = vec![test("runs::far"), test("runs::fast")];
        assert_eq!(promises, [line(5, "it runs", runs), line(6, "it is cheap", cheap)]);
    }

    #[test]
    fn what_is_no_line_of_the_table_is_an_error() {
        for (line, complaint) in [
            ("| it runs |", "line 7: two columns are needed"),
            ("| it | runs | `far` |", "line 7: two columns are needed"),
            ("| it runs | runs::far |", "line 7: `runs::far` is not"),
            ("| it runs | `far`, a hope |", "line 7: `a hope` is not"),
            ("| it runs | hope `far` |", "line 7: `hope `far`` is not"),
        ] {
            let complaints = parse(&format!("{TABLE}{line}\n")).unwrap_err();
            assert!(complaints.len() == 1 && complaints[0].starts_with(complaint), "{complaints:?}");
        }
    }

    #[test]
    fn a_promise_is_made_once_and_kept_by_something() {
        let promises = parse(&format!("{TABLE}| it runs | `runs::far` |\n| it flies | |\n")).unwrap();
        let expected = ["line 7: `it runs` is promised twice", "line 8: a promise or what keeps it is missing"];
        assert_eq!(complaints(&promises), expected);
        assert_eq!(complaints(&parse("no table").unwrap()), ["there is no promise"]);
    }

    #[test]
    fn a_test_that_did_not_run_keeps_nothing() {
        let promises = parse(TABLE).unwrap();
        let kept = |output: &str| not_kept(&promises, &Ran::read(output));
        assert_eq!(kept("test runs::far ... ok\ntest runs::fast ... ok\n"), [""; 0]);
        assert_eq!(kept("test runs::far ... ok\n"), ["line 5: no test `runs::fast` ran"]);
        let ignored = "test runs::far ... ok\ntest runs::fast ... ignored, too slow\n";
        assert_eq!(kept(ignored), ["line 5: the test `runs::fast` is ignored"]);
        let twice = "test runs::far ... ok\ntest runs::fast ... ok\ntest runs::far ... ok\n";
        assert_eq!(kept(twice), ["line 5: 2 tests are called `runs::far`; which one is meant?"]);
    }
}
