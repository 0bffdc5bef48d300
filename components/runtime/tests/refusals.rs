//! What the compiler says about an interface with a type that is no word, and about phases that are none, and where.

#![allow(clippy::unwrap_used, reason = "a test, its helpers too, may panic")]

mod refused;

use refused::expect;

const INTERFACE: &str = "\
use runtime::Result;
#[derive(Clone, Copy)]
pub struct Wide([u64; 5]);
#[runtime::interface]
pub trait Wrong {
    fn takes(&self, first: u64, second: Wide) -> Result<()>;
    fn answers(&self) -> Result<Wide>;
}
";

const WRONG_FUNCTIONS: &str = "\
#![no_std]
runtime::component! {
    initialise: answers_text, parallel_initialise: takes_nothing, main: takes_something }
fn answers_text() -> &'static str { \"\" }
fn takes_nothing() {}
fn takes_something(_: runtime::Core) {}
";

const NO_PHASE: &str = "\
#![no_std]
runtime::component! { run: run }
fn run() {}
";

const TWICE: &str = "\
#![no_std]
runtime::component! { main: run, main: run }
fn run() {}
";

fn said(name: &str, text: &str) -> String {
    refused::said(name, &["runtime", "../kernel/memory-functions"], text)
}

#[test]
fn the_parameter_and_the_answer_are_underlined() {
    let refused = "error[E0277]: `Wide` cannot cross a component boundary in a register";
    let lines = ["src/lib.rs:6:41", "src/lib.rs:7:33"].map(|place| format!("{place}: {refused}"));
    expect(&said("interface", INTERFACE), &[&lines[0], &lines[1]]);
}

#[test]
fn a_phase_that_is_none_is_refused_at_its_function() {
    let functions = [
        "src/lib.rs:2:1: error[E0277]: a phase of a component cannot end with `&'static str`",
        "src/lib.rs:3:52: error[E0593]: function is expected to take 1 argument, but it takes 0 arguments",
        "src/lib.rs:3:73: error[E0593]: function is expected to take 0 arguments, but it takes 1 argument",
    ];
    expect(&said("functions", WRONG_FUNCTIONS), &functions);
    let there_are = "there are `initialise`, `parallel_initialise` and `main`";
    expect(&said("phase", NO_PHASE), &[&format!("error: a component has no phase `run`: {there_are}")]);
    expect(&said("twice", TWICE), &["src/lib.rs:2:1: error[E0124]: field `main` is already declared"]);
}
