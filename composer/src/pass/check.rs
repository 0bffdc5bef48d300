//! Pass 3: what the graph says must make sense, component by component and edge by edge.

mod cores;
pub mod depth;
mod devices;
mod edges;
mod foreign;
mod interposers;
mod manage;
mod pages;
mod policies;
mod regions;
mod schedulability;
mod scheduling;
mod spaces;
pub mod unused;
mod visitors;
mod waiting;

use std::collections::HashMap;
use std::ops::Range;

use visitors::Visitors;

use super::draft::Draft;
use crate::code::{BASE_CONSTRUCTOR_DEPENDS, DUPLICATE_PARAMETER, TOO_MANY_COMPONENTS, TOO_MANY_THREADS};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::graph::{Component, Graph, Spanned};

/// Complains of contradictions in `graph`, which was resolved from `draft`.
pub fn check(graph: &Graph, draft: &Draft, found: &mut Diagnostics) {
    check_number(graph, found);
    let (made, visitors) = (graph.first_made(), Visitors::of(graph));
    for (at, component) in graph.components.iter().enumerate() {
        check_base_constructor(component, found);
        check_parameters(component, found);
        devices::check_names(component, found);
        foreign::check(component, found);
        interposers::check(component, graph, draft, found);
        edges::check_implements(component, found);
        edges::check_component(component, graph, draft, found);
        scheduling::check(component, draft.components.get(at), found);
        policies::check(at, component, draft.components.get(at), graph, found);
        cores::check(at, component, draft.components.get(at), graph, found);
        manage::check(at, draft.components.get(at), made.get(&at).copied(), graph, found);
        regions::check(at, component, graph, draft, found);
        spaces::check(at, component, graph, found);
        visitors.check(at, graph, found);
        waiting::check(at, draft, graph, found);
    }
    pages::check(graph, found);
    devices::check_grants(graph, found);
    schedulability::check(graph, found);
}

fn check_number(graph: &Graph, found: &mut Diagnostics) {
    let most = usize::from(abi::layout::THREADS);
    if let Some(component) = graph.components.get(most) {
        let message = format!("the graph has {} components, more than the {most} there can be", graph.components.len());
        found.push(Diagnostic::error(TOO_MANY_COMPONENTS, message).label(&component.name.span, "one too many"));
    } else if let Some(component) = (0..).zip(&graph.components).find(|(at, _)| graph.created_threads(*at).end > most) {
        let message = format!("the graph has {} threads, more than the {most} there can be", graph.thread_count());
        let name = &component.1.name;
        found.push(Diagnostic::error(TOO_MANY_THREADS, message).label(&name.span, "one of its `threads` is too many"));
    }
}

/// It runs before all others: there is nobody yet that it could call.
fn check_base_constructor(component: &Component, found: &mut Diagnostics) {
    if let (true, Some(dep)) = (component.is_base_constructor, component.edges().next()) {
        let message = format!("the base constructor `{}` depends on `{}`", component.name.value, dep.srv.value);
        let complaint = Diagnostic::error(BASE_CONSTRUCTOR_DEPENDS, message);
        let complaint = complaint
            .label(&dep.span, "it starts before its server")
            .label(&component.name.span, "constructed before all others");
        found.push(complaint.help("move what needs this dependency to a component of its own"));
    }
}

fn check_parameters(component: &Component, found: &mut Diagnostics) {
    for (second, first) in repeated(&component.constants, |constant| &constant.key) {
        let message = format!("`{}` sets the constant `{}` twice", component.name.value, second.value);
        found.push(twice(DUPLICATE_PARAMETER, message, &second.span, &first.span));
    }
    for (second, first) in repeated(&component.params, |parameter| &parameter.key) {
        let message = format!("`{}` sets the parameter `{}` twice", component.name.value, second.value);
        found.push(twice(DUPLICATE_PARAMETER, message, &second.span, &first.span));
    }
}

/// The names that occurred before, each with its first occurrence.
fn repeated<T>(items: &[T], name: impl Fn(&T) -> &Spanned<String>) -> Vec<(&Spanned<String>, &Spanned<String>)> {
    let mut seen: HashMap<&str, &Spanned<String>> = HashMap::new();
    let mut repeated = Vec::new();
    for name in items.iter().map(name) {
        match seen.get(name.value.as_str()) {
            Some(first) => repeated.push((name, *first)),
            None => {
                seen.insert(&name.value, name);
            }
        }
    }
    repeated
}

fn twice(code: &'static str, message: String, second: &Range<usize>, first: &Range<usize>) -> Diagnostic {
    Diagnostic::error(code, message).label(second, "the second time").label(first, "the first time")
}
