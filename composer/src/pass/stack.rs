//! The stack bound: how much of a component's stack a thread can use, over all chains of invocations in which it comes
//! there. What each image needs is known from its instructions ([`crate::stack`]); this adds up what lies on one stack
//! when invocations come back to a component.

mod chains;
mod kept;
pub mod recursion;
pub mod regions;
pub mod unused;

use std::collections::HashMap;

use super::build::Images;
use super::schema::Schema;
use crate::code;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::graph::{Component, Graph};
use crate::locate::{Binary, Located};
use crate::stack::{self, Bounds};
use crate::text;
use chains::Chains;

pub use chains::{Level, Need};
pub use unused::Unused;

/// What each component's stacks need.
#[derive(Clone, Debug, Default)]
pub struct Stacks {
    /// In the order of [`Graph::components`].
    pub components: Vec<Need>,
    /// What clients could invoke, and never do.
    pub unused: Unused,
}

/// Bounds all stacks, and complains of those that are too small. `None` if one cannot be bounded.
pub fn stack(
    graph: &Graph,
    located: &Located,
    images: &Images,
    schema: &Schema,
    found: &mut Diagnostics,
) -> Option<Stacks> {
    let bounds = bounds(graph, located, images, schema, found)?;
    recursion::check(graph, &bounds, found);
    unused::check(graph, schema, &bounds, found);
    regions::check(graph, schema, &bounds, found);
    let needs = needs(graph, schema, &bounds, found)?;
    Some(Stacks { unused: Unused::of(graph, schema, &bounds), ..needs })
}

/// What the stacks need, if each image needs what `bounds` say. `None` if there is no bound to that.
pub fn needs(graph: &Graph, schema: &Schema, bounds: &[Bounds], found: &mut Diagnostics) -> Option<Stacks> {
    let chains = Chains::new(graph, schema, bounds);
    if let Some(circle) = chains.circle() {
        found.push(endless(graph, &circle));
        return None;
    }
    let components = chains.needs();
    for (component, need) in graph.components.iter().zip(&components) {
        if component.stack_check && need.bytes > component.stack.value {
            found.push(too_small(graph, component, need));
        }
    }
    Some(Stacks { components, unused: Unused::default() })
}

/// What each image needs. Instances of one image share it.
fn bounds(
    graph: &Graph,
    located: &Located,
    images: &Images,
    schema: &Schema,
    found: &mut Diagnostics,
) -> Option<Vec<Bounds>> {
    let mut known: HashMap<(&Binary, Option<u32>, bool), Option<Bounds>> = HashMap::new();
    let mut all = Vec::new();
    let files = located.components.iter().zip(&images.components);
    for ((component, (binary, file)), bindings) in graph.components.iter().zip(files).zip(&schema.components) {
        let recursion = component.recursion.as_ref().map(|recursion| recursion.value);
        let bounds = known.entry((binary, recursion, component.stack_check)).or_insert_with(|| {
            if !component.stack_check {
                return Some(Bounds::default());
            }
            let bounds = kept::bounds(binary, file, &bindings.image, recursion);
            bounds.map_err(|problems| found.extend(problems.iter().map(|problem| unknown(component, problem)))).ok()
        });
        all.extend(bounds.clone());
    }
    (all.len() == graph.components.len()).then_some(all)
}

/// What is said of an image whose use of the stack is not known.
pub fn unknown(component: &Component, problem: &stack::Problem) -> Diagnostic {
    let message = format!("the stack of `{}` has no bound: {problem}", component.name.value);
    let code = match problem {
        stack::Problem::Recursion { .. } => code::RECURSION,
        _ => code::UNBOUNDED_STACK,
    };
    Diagnostic::error(code, message).label(&component.img.span, "this image").help(problem.help())
}

fn endless(graph: &Graph, circle: &[usize]) -> Diagnostic {
    let names = circle.iter().chain(circle.first()).filter_map(|at| graph.components.get(*at));
    let names: Vec<_> = names.map(|component| format!("`{}`", component.name.value)).collect();
    let message = format!("invocations can go round without end: {}", names.join(" → "));
    let complaint = Diagnostic::error(code::ENDLESS_INVOCATIONS, message);
    let components = circle.iter().filter_map(|at| graph.components.get(*at));
    let complaint = components.fold(complaint, |complaint, component| complaint.label(&component.name.span, ""));
    complaint.help("each time round needs more stack: nobody can say how much is enough")
}

fn too_small(graph: &Graph, component: &Component, need: &Need) -> Diagnostic {
    let (name, has) = (&component.name.value, text::size(component.stack.value));
    let message = format!("the stacks of `{name}` have {has}, and may need {} bytes", need.bytes);
    let rounded = need.bytes.next_multiple_of(abi::layout::PAGE);
    let advice = match rounded < abi::layout::STACK_SPAN {
        true => format!("give it `stack = \"{}\"`", text::size(rounded)),
        false => format!("a stack has less than {}", text::size(abi::layout::STACK_SPAN)),
    };
    let help = format!("{advice}\n{}", need.chain(graph));
    Diagnostic::error(code::STACK_TOO_SMALL, message).label(&component.stack.span, "").help(help)
}
