//! The address spaces that components share, with every name looked up. A part of `resolve`.

use std::collections::HashMap;
use std::ops::Range;

use super::draft::{self, Draft};
use crate::code::{DUPLICATE_SPACE, EMPTY_SPACE, IN_TWO_SPACES, SPACE_CYCLE, UNKNOWN_SPACE};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::graph::{AddressSpace, Spanned};
use crate::suggest;
use crate::text::quote;

/// The spaces, and who is in which.
#[derive(Clone, Debug, Default)]
pub struct Spaces {
    /// The spaces, in file order.
    pub all: Vec<AddressSpace>,
    /// By component: the space, and where it says so.
    members: HashMap<usize, Spanned<usize>>,
}

impl Spaces {
    /// The space of the component at `index`.
    pub fn of(&self, index: usize) -> Option<Spanned<usize>> {
        self.members.get(&index).cloned()
    }
}

/// Looks up every component, by `component`, and every parent.
pub fn resolve(
    draft: &Draft,
    component: impl Fn(&Spanned<String>, &mut Diagnostics) -> Option<usize>,
    found: &mut Diagnostics,
) -> Spaces {
    let numbers = numbers(&draft.address_spaces, found);
    let mut spaces = Spaces::default();
    for (number, space) in draft.address_spaces.iter().enumerate() {
        let parent = space.parent.as_ref().and_then(|parent| look_up(parent, &numbers, &draft.address_spaces, found));
        spaces.all.push(AddressSpace { name: space.name.clone(), parent });
        for member in &space.components {
            let Some(at) = component(member, found) else { continue };
            match spaces.members.get(&at) {
                Some(first) => found.push(twice(member, &first.span)),
                None => _ = spaces.members.insert(at, Spanned { value: number, span: member.span.clone() }),
            }
        }
        if space.components.is_empty() && space.is_complete {
            let message = format!("the address space `{}` has no components", space.name.value);
            found.push(Diagnostic::error(EMPTY_SPACE, message).label(&space.name.span, "nothing lies in it"));
        }
    }
    check_circles(&spaces.all, found);
    spaces
}

fn numbers<'d>(spaces: &'d [draft::AddressSpace], found: &mut Diagnostics) -> HashMap<&'d str, usize> {
    let mut numbers: HashMap<&str, usize> = HashMap::new();
    for (number, space) in spaces.iter().enumerate() {
        let first = *numbers.entry(&space.name.value).or_insert(number);
        if let Some(first) = spaces.get(first).filter(|_| first != number) {
            let message = format!("two address spaces are named `{}`", space.name.value);
            let complaint = Diagnostic::error(DUPLICATE_SPACE, message).label(&space.name.span, "the second one");
            found.push(complaint.label(&first.name.span, "the first one"));
        }
    }
    numbers
}

fn look_up(
    parent: &Spanned<String>,
    numbers: &HashMap<&str, usize>,
    spaces: &[draft::AddressSpace],
    found: &mut Diagnostics,
) -> Option<usize> {
    let number = numbers.get(parent.value.as_str()).copied();
    if number.is_none() {
        let complaint = Diagnostic::error(UNKNOWN_SPACE, format!("unknown address space {}", quote(&parent.value)));
        let names = spaces.iter().map(|space| space.name.value.as_str());
        let help = suggest::help(&parent.value, names.collect::<Vec<_>>());
        found.push(complaint.label(&parent.span, "no address space has this name").maybe_help(help));
    }
    number
}

fn twice(member: &Spanned<String>, first: &Range<usize>) -> Diagnostic {
    let complaint = Diagnostic::error(IN_TWO_SPACES, format!("`{}` cannot lie in two places", member.value));
    let complaint = complaint.label(&member.span, "the second time").label(first, "the first time");
    complaint.help("two instances of one image need two names: keep `img`, change `name`")
}

/// Complains once of each circle, at its first space.
fn check_circles(spaces: &[AddressSpace], found: &mut Diagnostics) {
    let parent = |number: &usize| spaces.get(*number).and_then(|space| space.parent);
    for (number, space) in spaces.iter().enumerate() {
        let around = || std::iter::successors(parent(&number), parent).take(spaces.len());
        let circle: Vec<usize> = around().take_while(|outer| *outer != number).collect();
        let closes = around().any(|outer| outer == number) && circle.iter().all(|other| *other > number);
        if closes {
            let name = |number: usize| spaces.get(number).map_or("", |space| space.name.value.as_str());
            let names = [number].into_iter().chain(circle).chain([number]).map(|number| format!("`{}`", name(number)));
            let names = names.collect::<Vec<_>>().join(" in ");
            let message = format!("address spaces lie in each other in a circle: {names}");
            found.push(Diagnostic::error(SPACE_CYCLE, message).label(&space.name.span, "part of the circle"));
        }
    }
}
