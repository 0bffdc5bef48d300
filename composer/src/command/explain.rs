//! `composer explain`: the chain of lines by which a component reaches something.

use std::collections::{BTreeSet, VecDeque};
use std::path::PathBuf;

use serde::Serialize;

use super::check::Format;
use crate::authority::{self, Grant, Item};
use crate::code::UNKNOWN_COMPONENT;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::graph::Graph;
use crate::text::quote;
use crate::{Failure, LoadOptions, Loaded, load, print, suggest};

/// What `explain` is told.
#[derive(Clone, Debug, clap::Args)]
pub struct Arguments {
    /// The graph file
    file: PathBuf,
    /// The component that holds it
    component: String,
    /// What it reaches: a component, an interface, or a device
    resource: String,
    /// How the answer is written
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
}

/// The answer for programs.
#[derive(Serialize)]
struct Answer<'a> {
    format: u32,
    component: &'a str,
    resource: &'a str,
    reached: bool,
    chain: Vec<Grant>,
}

/// Says by which lines the component reaches the resource. Answers whether it does.
///
/// # Errors
///
/// All complaints, if the graph is not sound, or has no such component or resource.
pub fn run(arguments: &Arguments) -> Result<bool, Failure> {
    let loaded = load(&arguments.file, LoadOptions { graph_only: true })?;
    let start = find(&loaded, &arguments.component)?;
    let (holder, resource) = (&arguments.component, &arguments.resource);
    let chain = chain(&loaded.graph, start, resource);
    if chain.is_none() {
        check_resource(&loaded, resource)?;
    }
    if arguments.format == Format::Json {
        let reached = chain.is_some();
        let chain = chain.unwrap_or_default().iter().map(|item| item.grant(&loaded.source.text)).collect();
        let answer = Answer { format: authority::FORMAT, component: holder, resource, reached, chain };
        print::line(format_args!("{}", serde_json::to_string_pretty(&answer).unwrap_or_default()));
        return Ok(reached);
    }
    match chain {
        Some(chain) => {
            print::line(format_args!("{}", explanation(holder, resource, &chain).render(&loaded.source).trim_end()));
            Ok(true)
        }
        None => {
            print::line(format_args!("`{holder}` does not reach {}", quote(resource)));
            Ok(false)
        }
    }
}

/// The component called `name`, by its place in the graph.
///
/// # Errors
///
/// There is none.
pub(super) fn find(loaded: &Loaded, name: &str) -> Result<usize, Failure> {
    let names = || loaded.graph.components.iter().map(|component| component.name.value.as_str());
    names().position(|other| other == name).ok_or_else(|| {
        let complaint = Diagnostic::error(UNKNOWN_COMPONENT, format!("unknown component {}", quote(name)));
        let complaint = complaint.maybe_help(suggest::help(name, names().collect::<Vec<_>>()));
        Failure { source: loaded.source.clone(), diagnostics: complaint.into() }
    })
}

/// A resource that nobody could hold is a slip of the pen, and no answer about authority.
fn check_resource(loaded: &Loaded, name: &str) -> Result<(), Failure> {
    let graph = &loaded.graph;
    let known = resources(graph);
    if known.contains(name) {
        return Ok(());
    }
    let message = format!("the graph has no component, interface or device {}", quote(name));
    let help = suggest::help(name, known.iter().map(String::as_str).collect::<Vec<_>>());
    let complaint = Diagnostic::error(UNKNOWN_COMPONENT, message).maybe_help(help);
    Err(Failure { source: loaded.source.clone(), diagnostics: complaint.into() })
}

/// All that components are, serve and hold; items quote the names of what they are about.
fn resources(graph: &Graph) -> BTreeSet<String> {
    let items = (0..graph.components.len()).flat_map(|at| authority::of(graph, at));
    let held = items.flat_map(|item| item.what.split('`').skip(1).step_by(2).map(str::to_owned).collect::<Vec<_>>());
    let served = graph.components.iter().flat_map(|component| {
        let interfaces = component.implements.iter().map(|implements| implements.interface.value.clone());
        interfaces.chain([component.name.value.clone()])
    });
    held.chain(served).collect()
}

/// A shortest chain of items from the component at `start` to one that is, or drives, or serves `resource`.
fn chain(graph: &Graph, start: usize, resource: &str) -> Option<Vec<Item>> {
    let mut seen = vec![start];
    let mut waiting = VecDeque::from([(start, Vec::new())]);
    while let Some((at, chain)) = waiting.pop_front() {
        for item in authority::of(graph, at) {
            let longer: Vec<Item> = chain.iter().cloned().chain([item.clone()]).collect();
            if is_about(graph, &item, resource) {
                return Some(longer);
            }
            if let Some(to) = item.to.filter(|to| !seen.contains(to)) {
                seen.push(to);
                waiting.push_back((to, longer));
            }
        }
    }
    None
}

/// Items quote the names of what they are about.
fn is_about(graph: &Graph, item: &Item, resource: &str) -> bool {
    let is_component = |at: usize| graph.components.get(at).is_some_and(|to| to.name.value == resource);
    item.to.is_some_and(is_component) || item.what.contains(&format!("`{resource}`"))
}

fn explanation(holder: &str, resource: &str, chain: &[Item]) -> Diagnostics {
    let note = Diagnostic::note(format!("`{holder}` reaches {}", quote(resource)));
    let labels = chain.iter().zip(1..).map(|(item, number)| {
        let extent = match item.extent.describe() {
            extent if extent.is_empty() => extent,
            extent => format!(": {extent}"),
        };
        (&item.span, format!("{number}. `{}` {}{extent}", item.holder, item.what))
    });
    labels.fold(note, |note, (span, text)| note.label(span, text)).into()
}
