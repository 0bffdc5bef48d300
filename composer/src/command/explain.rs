//! `composer explain`: the chain of lines by which a component reaches something.

use std::collections::{BTreeSet, VecDeque};
use std::path::PathBuf;

use serde::Serialize;

use super::check::Format;
use crate::authority::{self, Authority, Grant, Item};
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
    /// What it reaches: a component, an interface, a device, `memory` or `time`
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
    /// What else the last one of the chain may do about the resource.
    beside: Vec<Grant>,
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
    let authority = Authority::of(&loaded.graph);
    let path = path(&loaded.graph, &authority, start, resource);
    if path.is_none() {
        check_resource(&loaded, &authority, resource)?;
    }
    let reached = path.is_some();
    if arguments.format == Format::Json {
        let Path { chain, beside } = path.unwrap_or_default();
        let grants = |items: Vec<&Item>| items.iter().map(|item| item.grant(&loaded.source.text)).collect();
        let (chain, beside) = (grants(chain), grants(beside));
        let answer = Answer { format: authority::FORMAT, component: holder, resource, reached, chain, beside };
        print::line(format_args!("{}", serde_json::to_string_pretty(&answer).unwrap_or_default()));
    } else if let Some(path) = path {
        print::line(format_args!("{}", explanation(holder, resource, &path).render(&loaded.source).trim_end()));
    } else {
        print::line(format_args!("`{holder}` does not reach {}", quote(resource)));
    }
    Ok(reached)
}

/// The chain of lines by which the component at `holder` reaches something of this name, for people. `None` if it does not.
pub fn chain(graph: &Graph, holder: usize, resource: &str) -> Option<Diagnostics> {
    let authority = Authority::of(graph);
    let name = &graph.components.get(holder)?.name.value;
    Some(explanation(name, resource, &path(graph, &authority, holder, resource)?))
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
fn check_resource(loaded: &Loaded, authority: &Authority, name: &str) -> Result<(), Failure> {
    let known = resources(&loaded.graph, authority);
    if known.contains(name) {
        return Ok(());
    }
    let message = format!("the graph has no component, interface or device {}", quote(name));
    let help = suggest::help(name, known.iter().copied().collect::<Vec<_>>());
    let complaint = Diagnostic::error(UNKNOWN_COMPONENT, message).maybe_help(help);
    Err(Failure { source: loaded.source.clone(), diagnostics: complaint.into() })
}

/// All that components are, serve and hold.
fn resources<'a>(graph: &'a Graph, authority: &'a Authority) -> BTreeSet<&'a str> {
    let held = authority.items().iter().filter_map(|item| item.resource.as_deref());
    let served = graph.components.iter().flat_map(|component| {
        let interfaces = component.implements.iter().map(|implements| implements.interface.value.as_str());
        interfaces.chain([component.name.value.as_str()])
    });
    held.chain(served).collect()
}

/// How a component reaches something.
#[derive(Default)]
struct Path<'a> {
    /// A shortest chain of items, each the one by which the next one's holder is reached.
    chain: Vec<&'a Item>,
    /// What else the last one's holder may do about it.
    beside: Vec<&'a Item>,
}

/// What somebody asks about.
#[derive(Clone, Copy)]
enum Subject<'a> {
    Component(usize),
    Resource(&'a str),
}

impl Subject<'_> {
    fn is_of(self, item: &Item) -> bool {
        match self {
            Self::Component(at) => item.about == Some(at),
            Self::Resource(name) => item.resource.as_deref() == Some(name),
        }
    }
}

/// By what the component at `start` reaches the component called `name`; or else what is called so otherwise.
fn path<'a>(graph: &Graph, authority: &'a Authority, start: usize, name: &str) -> Option<Path<'a>> {
    let component = graph.components.iter().position(|component| component.name.value == name);
    let subjects = component.map(Subject::Component).into_iter().chain([Subject::Resource(name)]);
    subjects.into_iter().find_map(|subject| path_to(authority, start, subject))
}

fn path_to<'a>(authority: &'a Authority, start: usize, subject: Subject<'_>) -> Option<Path<'a>> {
    let mut seen = BTreeSet::from([start]);
    let mut waiting = VecDeque::from([(start, Vec::new())]);
    while let Some((at, chain)) = waiting.pop_front() {
        let held = authority.held_by(at);
        let longer = |item| chain.iter().copied().chain([item]).collect();
        let mut about = held.iter().filter(|item| subject.is_of(item));
        if let Some(item) = about.next() {
            return Some(Path { chain: longer(item), beside: about.collect() });
        }
        for item in held.iter().filter(|item| item.leads) {
            if let Some(to) = item.about.filter(|to| seen.insert(*to)) {
                waiting.push_back((to, longer(item)));
            }
        }
    }
    None
}

fn explanation(holder: &str, resource: &str, path: &Path<'_>) -> Diagnostics {
    let note = Diagnostic::note(format!("`{holder}` reaches {}", quote(resource)));
    let words = |item: &Item| match item.extent.describe() {
        extent if extent.is_empty() => format!("`{}` {}", item.holder, item.what),
        extent => format!("`{}` {}: {extent}", item.holder, item.what),
    };
    let chain = path.chain.iter().zip(1..).map(|(item, number)| (&item.span, format!("{number}. {}", words(item))));
    let beside = path.beside.iter().map(|item| (&item.span, format!("and {}", words(item))));
    chain.chain(beside).fold(note, |note, (span, text)| note.label(span, text)).into()
}
