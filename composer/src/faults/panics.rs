//! Who called whom when a component panicked: what it says of its stack, followed from call to call.
//!
//! It says of each word on its stack that may be a return address where it lies above the first (`components/runtime/src/panic.rs`). The
//! first is one; where that of its caller lies is known from the code, and so on up to where the component was entered. Words that were left
//! there by earlier calls are not on that way.

use std::collections::{BTreeMap, HashMap};

use super::{Frame, Program, Programs};

/// What threads have said so far of their stacks: by component and thread, addresses by where they lie.
#[derive(Default)]
pub struct Stacks(HashMap<(String, u64), BTreeMap<u64, u64>>);

/// Stands between the component's name and the thread's index.
const STACK: &str = ": stack of thread ";

/// Functions by which a program comes to say that it panics: nobody asks about those.
const MACHINERY: [&str; 6] =
    ["runtime::panic::", "__rustc::", "rust_begin_unwind", "core::panicking::", "core::option::", "core::result::"];

impl Stacks {
    /// The calls on the stack of which `line` says the last, innermost first.
    pub fn explain(&mut self, line: &str, programs: &Programs<'_>) -> Vec<Frame> {
        self.follow(line, programs).unwrap_or_default()
    }

    fn follow(&mut self, line: &str, programs: &Programs<'_>) -> Option<Vec<Frame>> {
        let (head, rest) = line.rsplit_once(STACK)?;
        let (thread, addresses) = rest.split_once(':')?;
        let name = programs.named_at_the_end_of(head)?;
        let who = (name.to_owned(), thread.parse().ok()?);
        let stack = self.0.entry(who.clone()).or_default();
        stack.extend(addresses.trim_end_matches(',').split_whitespace().filter_map(address));
        if addresses.ends_with(',') {
            return None;
        }
        let stack = self.0.remove(&who)?;
        Some(calls(programs.components.get(name)?, &stack))
    }
}

/// An address, and where it lies: the latter first.
fn address(word: &str) -> Option<(u64, u64)> {
    let (address, above) = word.split_once('@')?;
    Some((above.parse().ok()?, u64::from_str_radix(address.strip_prefix("0x")?, 16).ok()?))
}

/// The functions on a stack, from the one in which the author's code panicked.
fn calls(program: &Program<'_>, stack: &BTreeMap<u64, u64>) -> Vec<Frame> {
    let mut frames = Vec::new();
    let mut place = 0_u64;
    while let Some((address, depth)) = stack.get(&place).and_then(|address| Some((*address, program.depth(*address)?)))
    {
        // The call itself, not what is behind it.
        frames.extend(program.frames(address.wrapping_sub(1)));
        place = place.saturating_add(depth);
    }
    let is_machinery = |frame: &Frame| {
        let function = frame.function.as_deref().unwrap_or_default();
        MACHINERY.iter().any(|prefix| function.contains(prefix))
    };
    let asked = frames.iter().position(|frame| !is_machinery(frame)).unwrap_or(0);
    frames.split_off(asked)
}
