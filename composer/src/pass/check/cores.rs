//! On which core a component's thread runs: one that the machine has, and that its scheduler runs on too.

use crate::code::{BAD_VALUE, NO_SUCH_CORE, NOT_SUPPORTED_YET, WRONG_CORE};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::graph::{Component, Graph, Spanned};
use crate::pass::draft;

/// Complains of what `component`, which was resolved from `draft`, says of its core.
pub fn check(
    at: usize,
    component: &Component,
    draft: Option<&draft::Component>,
    graph: &Graph,
    found: &mut Diagnostics,
) {
    if let Some((draft, span)) = draft.and_then(|draft| Some((draft, draft.cores_span.as_ref()?)))
        && draft.cores.len() != 1
    {
        let message = format!("`{}` names {} cores", component.name.value, draft.cores.len());
        let complaint = Diagnostic::error(BAD_VALUE, message).label(span, "its own thread runs on one");
        found.push(complaint.help("for example: cores = [1]"));
    }
    let Some(core) = &component.core else { return };
    check_machine(component, core, graph, found);
    check_constructor(component, core, found);
    check_scheduler(at, component, core, graph, found);
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
    let there = graph.core(scheduler);
    if core.value != there {
        let name = graph.components.get(scheduler).map_or("", |scheduler| &scheduler.name.value);
        let message = format!(
            "`{}` runs on core {}, and its scheduler `{name}` on core {there}",
            component.name.value, core.value
        );
        let complaint = Diagnostic::error(WRONG_CORE, message).label(&core.span, "its scheduler cannot reach it here");
        found.push(complaint.help("leave `cores` out, or give it a scheduler on this core"));
    }
}
