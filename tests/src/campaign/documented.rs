//! Which errors each operation of the kernel answers, as the documentation of `abi::operation` says.

use std::collections::BTreeSet;

use abi::error::Error;
use abi::kind::Kind;

/// Where it is said.
const DOCUMENTATION: &str = include_str!("../../../kernel/abi/src/operation.rs");

/// What stands in the documentation for several errors.
const PHRASES: [(&str, &[Error]); 4] = {
    use Error::*;
    [
        ("filling a slot", &[RightsExceeded, OutOfRange, NoNode, SlotTaken, NotQuiescent]),
        ("taking a frame", &[BadAddress, NoFrame, FrameState, NotQuiescent]),
        ("filling a page", &[BadAddress, BadArgument, NoNode, AlreadyMapped]),
        ("a capability looked up", &[OutOfRange, Empty, WrongKind, Revoked]),
    ]
};

/// An operation: what can be asked of capabilities of a kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operation {
    /// The kind of the capability.
    pub kind: Kind,
    /// The operation's number.
    pub number: u64,
    /// Its name.
    pub name: String,
    /// What it answers other than success; what every operation of the kind answers is not among that.
    pub errors: BTreeSet<Error>,
}

impl Operation {
    /// Whether it may answer `error`: it says so, or that goes for all operations of the kind.
    pub fn may_answer(&self, error: Error) -> bool {
        self.errors.contains(&error) || (error == Error::Revoked && OBJECTS.contains(&self.kind))
    }

    /// Whether the campaign must see it answer `error`.
    pub fn must_answer(&self, error: Error) -> bool {
        let elsewhere = |(kind, name, other, _): &(Kind, &str, Error, &str)| {
            (*kind, *name, *other) == (self.kind, self.name.as_str(), error)
        };
        self.errors.contains(&error) && !ELSEWHERE.iter().any(elsewhere)
    }

    /// Kind and name.
    pub fn title(&self) -> String {
        format!("{} of a {}", self.name, self.kind.name())
    }
}

/// What no call of the campaign comes to, why, and by which test it is shown instead.
pub const ELSEWHERE: [(Kind, &str, Error, &str); 1] = [
    // Another core must have sent since the call began. Where cores take turns, none loses its turn inside the kernel.
    (
        Kind::Thread,
        "Migrate",
        Error::Pending,
        "what_was_sent_and_not_taken_keeps_it_here_and_what_is_sent_then_follows",
    ),
];

/// Kinds behind whose capabilities there is an object, so that each operation answers `Revoked` when that is gone.
pub const OBJECTS: [Kind; 7] = [
    Kind::CapabilityTable,
    Kind::PageTable,
    Kind::Component,
    Kind::Thread,
    Kind::Receive,
    Kind::Send,
    Kind::TemporalCapability,
];

/// What the documentation says of an operation.
struct Said {
    kind: Kind,
    number: u64,
    name: &'static str,
    errors: String,
}

/// Every operation, an invocation among them.
pub fn operations() -> Vec<Operation> {
    use Error::*;
    let of_invocation = BTreeSet::from([MethodNotPermitted, Revoked, DepthExceeded, Faulted]);
    let invocation =
        Operation { kind: Kind::Invocation, number: 0, name: "invocation".to_owned(), errors: of_invocation };
    let (said, moving) = read(DOCUMENTATION);
    let operation = |one: &Said| {
        let mut errors = self::errors(&one.errors, &moving);
        // "Those of" another operation of the kind.
        let others = said.iter().filter(|other| other.kind == one.kind && other.name != one.name);
        for other in others.filter(|other| refers(&one.errors, other.name)) {
            errors.extend(self::errors(&other.errors, &moving));
        }
        Operation { kind: one.kind, number: one.number, name: one.name.to_owned(), errors }
    };
    std::iter::once(invocation).chain(said.iter().map(operation)).collect()
}

/// What the documentation says of each operation, and of moving cycles.
fn read(documentation: &'static str) -> (Vec<Said>, String) {
    let (mut all, mut moving) = (Vec::new(), String::new());
    let (mut text, mut of) = (String::new(), None);
    for line in documentation.lines().map(str::trim) {
        if let Some(said) = line.strip_prefix("///") {
            text.push_str(said);
            continue;
        }
        if let Some(name) = line.strip_prefix("pub enum ").and_then(|rest| rest.strip_suffix("Operation {")) {
            of = kind(name);
        } else if line == "}" {
            of = None;
        } else if let (Some(kind), Some((name, number))) = (of, variant(line)) {
            all.push(Said { kind, number, name, errors: after(&text, "Errors: ") });
        }
        if text.contains("Errors of moving: ") {
            moving = after(&text, "Errors of moving: ");
        }
        if !line.starts_with('#') {
            text.clear();
        }
    }
    (all, moving)
}

fn after(text: &str, start: &str) -> String {
    text.split_once(start).map_or_else(String::new, |(_, rest)| rest.to_owned())
}

/// The kind of whose operations the enumeration with this name is.
fn kind(name: &str) -> Option<Kind> {
    let named = |kind: &Kind| format!("{kind:?}") == name || (name == "Table" && *kind == Kind::CapabilityTable);
    Kind::ALL.into_iter().find(named)
}

fn variant(line: &'static str) -> Option<(&'static str, u64)> {
    let (name, number) = line.strip_suffix(',')?.split_once(" = ")?;
    Some((name, number.parse().ok()?))
}

/// The errors that are named in what is said, or that a phrase stands for.
fn errors(said: &str, moving: &str) -> BTreeSet<Error> {
    let named = |error: &Error| said.contains(&format!("`{error:?}`"));
    let mut errors: BTreeSet<_> = Error::ALL.into_iter().filter(named).collect();
    for (_, stands_for) in PHRASES.iter().filter(|(phrase, _)| said.contains(phrase)) {
        errors.extend(*stands_for);
    }
    if said.contains("those of moving") {
        errors.extend(self::errors(moving, ""));
    }
    errors
}

/// Whether what is said refers to all the errors of the operation with this name.
fn refers(said: &str, name: &str) -> bool {
    let words = format!("those of [`{name}`](Self::{name});");
    said.contains(&words) || said.contains(&format!("the others of `{name}`"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use play::tally;

    fn errors_of(kind: Kind, name: &str) -> BTreeSet<Error> {
        let operation = operations().into_iter().find(|one| (one.kind, one.name.as_str()) == (kind, name));
        operation.map(|operation| operation.errors).unwrap_or_default()
    }

    #[test]
    fn every_operation_is_read() {
        let all = operations();
        for kind in Kind::ALL {
            let numbers: Vec<_> = all.iter().filter(|one| one.kind == kind).map(|one| one.number).collect();
            assert_eq!(numbers, (0..tally::operations(kind) as u64).collect::<Vec<_>>(), "{}", kind.name());
        }
    }

    #[test]
    fn errors_are_read_by_name_by_phrase_and_by_reference() {
        use Error::*;
        let slot = [RightsExceeded, OutOfRange, NoNode, SlotTaken, NotQuiescent];
        assert_eq!(errors_of(Kind::CapabilityTable, "CreateHandledLevel"), BTreeSet::from(slot));
        let memory = [NotStopped, Revoked, BadAddress, NoFrame];
        assert_eq!(errors_of(Kind::HandledLevel, "ReadMemory"), BTreeSet::from(memory));
        let both: BTreeSet<_> = memory.into_iter().chain([RightsExceeded]).collect();
        assert_eq!(errors_of(Kind::HandledLevel, "WriteMemory"), both);
        assert!(errors_of(Kind::TemporalCapability, "Transfer").contains(&TooManySchedulers));
        assert!(!errors_of(Kind::TemporalCapability, "Merge").contains(&BudgetExhausted));
        assert_eq!(errors_of(Kind::DebugConsole, "Write"), BTreeSet::new());
    }

    #[test]
    fn what_is_shown_elsewhere_is_documented_and_the_test_is_there() {
        let tests = [include_str!("../../../kernel/logic/src/migrate/tests.rs")];
        for (kind, name, error, test) in ELSEWHERE {
            assert!(errors_of(kind, name).contains(&error), "{name}: {error:?}");
            let start = format!("fn {test}() {{");
            let body = tests.iter().find_map(|source| source.split_once(&start)).map(|(_, rest)| rest);
            let body = body.and_then(|rest| rest.split_once("\n}\n")).map(|(body, _)| body).unwrap_or_default();
            assert!(body.contains(&format!("Err(Error::{error:?})")), "{test}");
        }
    }
}
