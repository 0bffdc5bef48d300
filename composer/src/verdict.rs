//! Whether a system ended as its graph declares: what it printed, held against `[system] expect`.

use std::fmt;

use crate::graph::Expect;

/// The kernel's last line, before the status.
const END: &str = "tessera: end, status ";
/// A component's fault, before the component's name.
pub(crate) const FAULT: &str = "tessera: fault: component ";
/// The kernel cannot go on.
pub(crate) const FATAL: &str = "tessera: fatal: ";

/// A way in which a system did not end as declared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Difference {
    /// The kernel could not go on. The line says why.
    Fatal(String),
    /// A component faulted that should not. The line says how.
    UnexpectedFault(String),
    /// A component should have faulted and did not.
    MissingFault(String),
    /// The first expected line that did not come.
    MissingLine {
        /// The line.
        line: String,
        /// The expected line before it, which did come.
        after: Option<String>,
    },
    /// The last line is not the kernel's last line.
    NoEnd,
    /// The system ended with another status.
    OtherStatus {
        /// The status of the kernel's last line.
        status: u64,
        /// The declared one.
        expected: u64,
    },
    /// The emulator's exit status and the kernel's last line contradict each other.
    ExitStatus {
        /// The emulator's.
        code: i32,
        /// The kernel's.
        status: u64,
    },
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fatal(line) => write!(f, "the kernel gave up: {line}"),
            Self::UnexpectedFault(line) => write!(f, "a fault that is not expected: {line}"),
            Self::MissingFault(name) => write!(f, "`{name}` was expected to fault and did not"),
            Self::MissingLine { line, after: None } => write!(f, "the line `{line}` did not come"),
            Self::MissingLine { line, after: Some(after) } => {
                write!(f, "the line `{line}` did not come after `{after}`")
            }
            Self::NoEnd => write!(f, "the last line is not `{END}...`: the machine stopped without an end"),
            Self::OtherStatus { status, expected } => write!(f, "it ended with status {status}, expected {expected}"),
            Self::ExitStatus { code, status } => {
                write!(f, "the emulator's exit status {code} contradicts the end with status {status}")
            }
        }
    }
}

/// All differences between what is expected and a run that printed `console` and ended with the emulator's `code`.
pub fn judge(expect: &Expect, console: &str, code: i32) -> Vec<Difference> {
    let lines: Vec<&str> = lines(console).collect();
    if let Some(fatal) = fatal(&lines) {
        // All else follows from it.
        return vec![fatal];
    }
    let mut differences = Vec::new();
    differences.extend(faults(expect, &lines));
    differences.extend(output(expect, &lines));
    differences.extend(end(expect, &lines, code));
    differences
}

/// The lines of a console. What the kernel says starts one, though a component may have left half a line before it.
fn lines(console: &str) -> impl Iterator<Item = &str> {
    console.lines().map(|line| line.trim_end_matches('\r')).flat_map(|line| {
        let kernel = [FAULT, FATAL, END].into_iter().filter_map(|said| line.rfind(said)).max().unwrap_or(0);
        let (half, rest) = line.split_at(kernel);
        [half, rest].into_iter().skip(usize::from(half.is_empty()))
    })
}

fn fatal(lines: &[&str]) -> Option<Difference> {
    lines.iter().find_map(|line| line.strip_prefix(FATAL)).map(|why| Difference::Fatal(why.to_owned()))
}

fn faults(expect: &Expect, lines: &[&str]) -> Vec<Difference> {
    let reports = || lines.iter().filter_map(|line| Some((line, line.strip_prefix(FAULT)?.split(',').next()?)));
    let expected = |name: &str| expect.faults.iter().any(|expected| expected == name);
    let missing = expect.faults.iter().filter(|name| !reports().any(|(_, faulted)| faulted == name.as_str()));
    let unexpected = reports().filter(|(_, name)| !expected(name)).map(|(line, _)| (*line).to_owned());
    unexpected.map(Difference::UnexpectedFault).chain(missing.cloned().map(Difference::MissingFault)).collect()
}

fn output(expect: &Expect, lines: &[&str]) -> Option<Difference> {
    let mut rest = lines.iter();
    let mut after = None;
    for expected in &expect.output {
        if !rest.by_ref().any(|line| matches(expected, line)) {
            return Some(Difference::MissingLine { line: expected.clone(), after });
        }
        after = Some(expected.clone());
    }
    None
}

fn end(expect: &Expect, lines: &[&str], code: i32) -> Option<Difference> {
    let last = lines.iter().rev().find(|line| !line.is_empty());
    let status = last.and_then(|line| line.strip_prefix(END)).and_then(|status| status.parse().ok());
    let Some(status) = status else { return Some(Difference::NoEnd) };
    let agreed = if status == 0 { qemu::EXIT_SUCCESS } else { qemu::EXIT_FAILURE };
    if code != agreed {
        return Some(Difference::ExitStatus { code, status });
    }
    (status != expect.status).then_some(Difference::OtherStatus { status, expected: expect.status })
}

/// Whether `line` is `pattern`, in which `*` stands for any text.
pub fn matches(pattern: &str, line: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = parts.next().and_then(|first| line.strip_prefix(first)) else { return false };
    let mut parts = parts.peekable();
    if parts.peek().is_none() {
        return rest.is_empty();
    }
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return rest.ends_with(part);
        }
        // The first place is as good as any: what follows it is longest.
        let Some((_, behind)) = rest.split_once(part) else { return false };
        rest = behind;
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expect(output: &[&str], status: u64, faults: &[&str]) -> Expect {
        let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        Expect { output: owned(output), status, faults: owned(faults) }
    }

    #[test]
    fn a_star_is_any_text() {
        for (pattern, line) in
            [("", ""), ("*", ""), ("*", "a"), ("a*", "abc"), ("*c", "abc"), ("a*c", "ac"), ("a*b*c", "abbc")]
        {
            assert!(matches(pattern, line), "{pattern} is {line}");
        }
        for (pattern, line) in [("", "a"), ("a", "ab"), ("a*", "ba"), ("*a", "ab"), ("ab*b", "ab"), ("a*b*c", "acb")] {
            assert!(!matches(pattern, line), "{pattern} is not {line}");
        }
    }

    #[test]
    fn an_end_as_declared() {
        let console = "tessera: boot\r\nping: 3 calls\r\ntessera: end, status 0\r\n";
        assert_eq!(judge(&expect(&["ping: * calls"], 0, &[]), console, 33), []);
        assert_eq!(judge(&expect(&[], 7, &[]), "tessera: end, status 7\n", 35), []);
    }

    #[test]
    fn another_status() {
        let expected = Difference::OtherStatus { status: 1, expected: 0 };
        assert_eq!(judge(&expect(&[], 0, &[]), "tessera: end, status 1\n", 35), [expected]);
    }

    #[test]
    fn the_emulator_must_agree() {
        let expected = Difference::ExitStatus { code: 35, status: 0 };
        assert_eq!(judge(&expect(&[], 0, &[]), "tessera: end, status 0\n", 35), [expected]);
    }

    #[test]
    fn no_end_at_all() {
        for console in ["", "hello\n", "tessera: end, status 0\nmore\n", "tessera: end, status x\n"] {
            assert_eq!(judge(&expect(&[], 0, &[]), console, 0), [Difference::NoEnd], "{console}");
        }
    }

    #[test]
    fn lines_come_in_order() {
        let console = "b\na\ntessera: end, status 0\n";
        let expected = Difference::MissingLine { line: "b".into(), after: Some("a".into()) };
        assert_eq!(judge(&expect(&["a", "b"], 0, &[]), console, 33), [expected]);
    }

    #[test]
    fn one_line_does_not_count_twice() {
        let console = "a\ntessera: end, status 0\n";
        let expected = Difference::MissingLine { line: "a".into(), after: Some("a".into()) };
        assert_eq!(judge(&expect(&["a", "a"], 0, &[]), console, 33), [expected]);
    }

    #[test]
    fn only_expected_components_fault() {
        let console = "tessera: fault: component faulty, page fault\ntessera: end, status 0\n";
        assert_eq!(judge(&expect(&[], 0, &["faulty"]), console, 33), []);
        let unexpected = Difference::UnexpectedFault("tessera: fault: component faulty, page fault".into());
        let missing = Difference::MissingFault("fault".into());
        assert_eq!(judge(&expect(&[], 0, &["fault"]), console, 33), [unexpected, missing]);
    }

    #[test]
    fn the_kernel_may_speak_behind_half_a_line() {
        let fault = "tessera: fault: component faulty, page fault";
        let console = format!("one{fault}\ntwotessera: end, status 0\n");
        assert_eq!(judge(&expect(&["one", "tessera: fault: *", "two"], 0, &["faulty"]), &console, 33), []);
        assert_eq!(judge(&expect(&[], 0, &[]), &console, 33), [Difference::UnexpectedFault(fault.into())]);
        let expected = Difference::Fatal("out of memory".into());
        assert_eq!(judge(&expect(&[], 0, &[]), "onetessera: fatal: out of memory\n", 35), [expected]);
    }

    #[test]
    fn a_kernel_that_gives_up() {
        let console = "tessera: fatal: out of memory\n";
        let expected = Difference::Fatal("out of memory".into());
        assert_eq!(judge(&expect(&["hello"], 0, &["faulty"]), console, 35), [expected]);
    }
}
