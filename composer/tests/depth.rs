//! How deep invocations can nest, by whichever way a thread gets from one component into another.

#![allow(clippy::unwrap_used, reason = "a test, its helpers too, may panic")]

use std::fmt::Write as _;

use abi::crossing::INVOCATION_DEPTH;
use composer::code::INVOCATIONS_TOO_DEEP;
use composer::diagnostic::Source;
use composer::{LoadOptions, judge_all_but};

const START: &str = "[system]\ndescription = \"deep\"\n[[components]]\nname = \"booter\"\nconstructor = \"kernel\"\n";

/// A chain of so many invocations, from `first` to the last one, each of the components with `says`.
fn chain(first: &str, invocations: u64, says: &str) -> String {
    let mut text = String::new();
    for at in 0..=invocations {
        let name = if at == 0 { first.to_owned() } else { format!("{first}-{at}") };
        write!(text, "[[components]]\nname = \"{name}\"\nimplements = [{{ interface = \"level\" }}]\n").unwrap();
        if at < invocations {
            write!(text, "deps = [{{ srv = \"{first}-{}\", interface = \"level\" }}]\n{says}\n", at + 1).unwrap();
        }
    }
    text
}

/// What is said of how deep invocations nest.
fn said(components: &str) -> Option<String> {
    let source = Source { path: "graph.toml".into(), text: format!("{START}{components}") };
    let judged = judge_all_but(source, LoadOptions { graph_only: true }, &[]);
    let (source, diagnostics) = match judged {
        Ok(sound) => (sound.source, sound.warnings),
        Err(failure) => (failure.source, failure.diagnostics),
    };
    let text = diagnostics.render(&source);
    text.contains(INVOCATIONS_TOO_DEEP).then_some(text)
}

#[test]
fn a_page_that_is_served_is_a_level_more_than_its_edge() {
    let scheduler =
        "[[components]]\nname = \"sched\"\nimplements = [{ interface = \"sched\" }, { interface = \"pages\" }]\n";
    let client = |via: &str| {
        format!(
            "[[components]]\nname = \"client\"\ndeps = [{{ srv = \"sched\", interface = \"sched\" }}, {{ srv = \"sched\", interface = \"pages\" }}, \
             {{ srv = \"level\", interface = \"level\", via = \"{via}\" }}]\n"
        )
    };
    let deep = |via: &str, below: u64| said(&format!("{scheduler}{}{}", chain("level", below, ""), client(via)));
    assert_eq!(deep("call", INVOCATION_DEPTH - 1), None);
    assert_eq!(deep("page", INVOCATION_DEPTH - 2), None);
    let text = deep("page", INVOCATION_DEPTH - 1).unwrap();
    assert!(text.contains("the chain is `client` → `sched` → `level` → … →"), "{text}");
}

#[test]
fn who_makes_components_has_them_initialise_on_the_thread_of_who_asks() {
    let maker = "[[components]]\nname = \"memory\"\nimplements = [{ interface = \"memory\" }]\n\
                 [[components]]\nname = \"maker\"\nimplements = [{ interface = \"capabilities\" }]\ndeps = [{ srv = \"memory\", interface = \"memory\" }]\n\
                 [[components]]\nname = \"asks\"\ndeps = [{ srv = \"maker\", interface = \"capabilities\" }]\n";
    let made = "[[components]]\nname = \"made\"\nconstructor = \"maker\"\ndeps = [{ srv = \"level\", interface = \"level\" }]\n";
    // Who asks invokes the maker, which invokes what is made.
    let deep = |below: u64| said(&format!("{maker}{made}{}", chain("level", below, "")));
    assert_eq!(deep(INVOCATION_DEPTH - 3), None);
    let text = deep(INVOCATION_DEPTH - 2).unwrap();
    assert!(text.contains("the chain is `asks` → `maker` → `made` → … →"), "{text}");
}
