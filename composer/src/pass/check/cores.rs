//! On which core a component's thread runs: one that the machine has, and that its scheduler runs on too. Its own can be on several,
//! of which its image has to know something. A page can be served on another core, by a thread of its client.

use crate::code::{BAD_VALUE, NO_SUCH_CORE, NOT_SERVED_THERE, NOT_SUPPORTED_YET, WRONG_CORE};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::graph::{Component, Dependency, Graph, Spanned, Via};
use crate::pass::draft;
use abi::plan::CORES;

/// Complains of what `component`, which was resolved from `draft`, says of its core.
pub fn check(
    at: usize,
    component: &Component,
    draft: Option<&draft::Component>,
    graph: &Graph,
    found: &mut Diagnostics,
) {
    let Some(draft) = draft else { return };
    check_number(component, &draft.own, true, "its own thread", found);
    for thread in &draft.threads {
        check_number(component, &thread.value, false, "a thread", found);
    }
    if graph.runs_everywhere(at)
        && let Some(core) = component.cores.iter().find(|core| core.value >= CORES as u64)
    {
        let message = format!("`{}` is to schedule on core {}", component.name.value, core.value);
        let complaint = Diagnostic::error(BAD_VALUE, message).label(&core.span, "too high");
        found.push(complaint.help(format!("a scheduler runs on some of the cores 0 to {}", CORES - 1)));
    }
    for core in &component.cores {
        check_constructor(component, core, found);
    }
    for core in component.cores.iter().chain(component.threads.iter().flat_map(|thread| &thread.core)) {
        check_machine(component, core, graph, found);
        check_scheduler(at, component, core, graph, found);
    }
    check_pages(at, component, graph, found);
}

/// Pages that are served on a core that the graph names: each by a thread of its client.
fn check_pages(at: usize, component: &Component, graph: &Graph, found: &mut Diagnostics) {
    let served = component.deps.iter().filter_map(|dep| Some((dep, dep.core.as_ref()?)));
    for (number, (dep, core)) in (1..).zip(served) {
        match without_runner(at, component, dep, number, graph) {
            Some((message, help)) => {
                let complaint =
                    Diagnostic::error(NOT_SERVED_THERE, message).label(&core.span, "nobody serves it there");
                found.push(complaint.help(help));
            }
            None => {
                check_machine(component, core, graph, found);
                check_scheduler(at, component, core, graph, found);
            }
        }
    }
}

/// Why the client has no thread for page `number` of those that are served on another core, and what to do about it.
fn without_runner(
    at: usize,
    component: &Component,
    dep: &Dependency,
    number: usize,
    graph: &Graph,
) -> Option<(String, &'static str)> {
    let (name, server) = (&component.name.value, &dep.srv.value);
    if dep.via != Via::Page {
        return Some((format!("calls of `{name}` to `{server}` run where `{name}` does"), "add `via = \"page\"`"));
    }
    if component.threads.len() >= number && graph.scheduler(at).is_some() {
        return None;
    }
    let message = format!("`{name}` has no thread that could have its page of `{server}` served");
    Some((message, "add one to its `threads`, of which `core` takes the first that is free: threads = [{}]"))
}

/// One core, or for a component several different ones.
fn check_number(
    component: &Component,
    thread: &draft::Thread,
    may_be_several: bool,
    whose: &str,
    found: &mut Diagnostics,
) {
    let Some(span) = &thread.cores_span else { return };
    let cores: Vec<_> = thread.cores.iter().map(|core| core.value).collect();
    let repeated =
        thread.cores.iter().enumerate().find(|(at, core)| cores.iter().take(*at).any(|other| *other == core.value));
    if let (true, Some((_, core))) = (may_be_several, repeated) {
        let message = format!("`{}` names core {} twice", component.name.value, core.value);
        found.push(Diagnostic::error(BAD_VALUE, message).label(&core.span, "the second time"));
    } else if cores.is_empty() || (cores.len() > 1 && !may_be_several) {
        let message = format!("`{}` names {} cores", component.name.value, cores.len());
        let complaint = Diagnostic::error(BAD_VALUE, message).label(span, format!("{whose} runs on one"));
        found.push(complaint.help("for example: cores = [1]"));
    }
}

fn check_machine(component: &Component, core: &Spanned<u64>, graph: &Graph, found: &mut Diagnostics) {
    let processors = u64::from(graph.machine.smp);
    if core.value >= processors {
        let has = if processors == 1 { "1 processor".into() } else { format!("{processors} processors") };
        let message = format!("`{}` is to run on core {}, and the machine has {has}", component.name.value, core.value);
        let complaint = Diagnostic::error(NO_SUCH_CORE, message).label(&core.span, "there is no such core");
        found.push(complaint.help(format!("add to [system]: machine = {{ smp = {} }}", core.value + 1)));
    }
}

fn check_constructor(component: &Component, core: &Spanned<u64>, found: &mut Diagnostics) {
    let name = &component.name.value;
    if component.is_base_constructor && core.value != 0 {
        let message = format!("`{name}` is constructed by the kernel, which starts it on core 0");
        found.push(Diagnostic::error(WRONG_CORE, message).label(&core.span, "it cannot run here"));
    } else if component.constructor.is_some() {
        let message = format!("`cores` of `{name}`, which is constructed at run time, is not supported yet");
        found.push(
            Diagnostic::error(NOT_SUPPORTED_YET, message).label(&core.span, "it runs where its constructor runs it"),
        );
    }
}

/// Only threads of a scheduler's own core can be dispatched by it.
fn check_scheduler(at: usize, component: &Component, core: &Spanned<u64>, graph: &Graph, found: &mut Diagnostics) {
    let Some(scheduler) = graph.scheduler(at) else { return };
    let there = graph.cores(scheduler);
    if !there.contains(&core.value) {
        let noun = if there.len() == 1 { "core" } else { "cores" };
        let there: Vec<_> = there.iter().map(u64::to_string).collect();
        let there = format!("{noun} {}", there.join(" and "));
        let name = graph.components.get(scheduler).map_or("", |scheduler| &scheduler.name.value);
        let message =
            format!("`{}` runs on core {}, and its scheduler `{name}` on {there}", component.name.value, core.value);
        let complaint = Diagnostic::error(WRONG_CORE, message).label(&core.span, "its scheduler cannot reach it here");
        found.push(complaint.help("leave `cores` out, or give it a scheduler on this core"));
    }
}
