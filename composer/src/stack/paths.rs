//! The longest path from each function, by what a path may still come into.

use abi::stack::PANICS;

use super::follow::Frame;
use super::longest::Calls;

/// How often a path may still come into what is on a stack no more than so often.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Left {
    /// Functions in a circle of direct calls, from another one in it.
    circles: u32,
    /// Functions that are called by address.
    nested: u32,
    /// The function in which a panic is said.
    panics: u32,
}

/// A function, and what a path from it may still come into.
type Step = (usize, Left);

/// The longest path from each function.
pub struct Paths<'c, O> {
    calls: &'c Calls<'c>,
    /// The bytes that a function needs of its own, if a path may end in it.
    own: O,
    /// At most.
    top: Left,
    levels: Vec<Level>,
}

/// The longest paths of which so much is left.
#[derive(Clone, Debug)]
struct Level {
    /// For each function the bytes, if there is such a path.
    bytes: Vec<Option<u32>>,
    /// Through a function that is called by address.
    by_address: Option<(u64, Step)>,
}

impl<'c, O: Fn(&Frame) -> Option<u64>> Paths<'c, O> {
    /// Of functions of which each needs so much of its `own`, and by which a path may come so often into some.
    pub fn new(calls: &'c Calls<'c>, circles: u32, nested: u32, own: O) -> Self {
        let top = Left { circles: if calls.circles.is_empty() { 0 } else { circles }, nested, panics: PANICS };
        let mut paths = Self { calls, own, top, levels: Vec::new() };
        // Whatever a path goes on with has less left, or is called directly.
        for panics in 0..=top.panics {
            for nested in 0..=top.nested {
                (0..=top.circles).for_each(|circles| paths.add(Left { circles, nested, panics }));
            }
        }
        paths
    }

    fn add(&mut self, left: Left) {
        let by_address = self.longest_by_address(left);
        self.levels.push(Level { bytes: vec![None; self.calls.frames.len()], by_address });
        for function in &self.calls.order {
            let longest = self.longest((*function, left)).map(|(bytes, _)| u32::try_from(bytes).unwrap_or(u32::MAX));
            let place = self.levels.last_mut().and_then(|level| level.bytes.get_mut(*function));
            place.into_iter().for_each(|place| *place = longest);
        }
    }

    fn level(&self, left: Left) -> Option<&Level> {
        let number = (left.panics * (self.top.nested + 1) + left.nested) * (self.top.circles + 1) + left.circles;
        self.levels.get(number as usize)
    }

    fn at(&self, (function, left): Step) -> Option<u64> {
        Some((*self.level(left)?.bytes.get(function)?)?.into())
    }

    /// The function whose address is taken that needs most.
    fn longest_by_address(&self, left: Left) -> Option<(u64, Step)> {
        let nested = Left { nested: left.nested.checked_sub(1)?, ..left };
        let steps = self.calls.taken.iter().filter_map(|function| self.calls.enter(*function, nested));
        steps.filter_map(|step| Some((self.at(step)?, step))).max_by_key(|(bytes, step)| (*bytes, step.0))
    }

    /// The bytes of the longest path from here, and where it goes on.
    fn longest(&self, (function, left): Step) -> Option<(u64, Option<Step>)> {
        let frame = self.calls.frames.get(function)?;
        let direct = frame.calls.iter().filter_map(|(callee, depth)| {
            let step = self.calls.call(function, *callee, left)?;
            Some((depth.saturating_add(self.at(step)?), Some(step)))
        });
        let by_address = self.level(left)?.by_address;
        let unknown =
            frame.unknown.zip(by_address).map(|(depth, (bytes, step))| (depth.saturating_add(bytes), Some(step)));
        let own = (self.own)(frame).map(|bytes| (bytes, None));
        direct.chain(unknown).chain(own).max_by_key(|(bytes, _)| *bytes)
    }

    /// The bytes that the longest path from `function` needs.
    pub fn bytes(&self, function: usize) -> Option<u64> {
        self.at((function, self.top))
    }

    /// The functions on the longest path from this one.
    pub fn path(&self, function: usize) -> Vec<usize> {
        let mut path = vec![function];
        let mut step = (function, self.top);
        while let Some((_, Some(next))) = self.longest(step) {
            path.push(next.0);
            step = next;
        }
        path
    }
}

impl Calls<'_> {
    /// What is left in `callee` if `function` calls it, if a path may come there.
    fn call(&self, function: usize, callee: usize, left: Left) -> Option<Step> {
        let is_in_circle = self.are_in_circle(function, callee);
        let circles = if is_in_circle { left.circles.checked_sub(1)? } else { left.circles };
        self.enter(callee, Left { circles, ..left })
    }

    /// What is left in `function`, if a path may come into it.
    fn enter(&self, function: usize, left: Left) -> Option<Step> {
        let is_panic = self.panic == Some(function);
        let panics = if is_panic { left.panics.checked_sub(1)? } else { left.panics };
        Some((function, Left { panics, ..left }))
    }
}
