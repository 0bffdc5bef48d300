//! Complaints of threads that cannot be sure to meet their deadlines.

use std::ops::Range;

use simulator::analysis::demand::Late;

use super::blocking::WAITS;
use super::elsewhere::MOVES;
use super::text::why;
use super::{Analysis, Doubt, Holder, PROPORTIONAL_SHARE, Promise, Supply, TIME_PARTITIONS, Timed, Unsure};
use crate::code::{UNBOUNDED_BLOCKING, UNBOUNDED_INTERFERENCE, UNSCHEDULABLE};
use crate::diagnostic::Diagnostic;
use crate::graph::{Dependency, Graph, Thread};
use crate::schedule::SCHED;

/// Threads that a complaint points at, at most.
const SHOWN: usize = 6;

/// What is to be said of an analysis: of threads with declared deadlines that may miss them.
pub fn complaints(graph: &Graph, analysis: &Analysis) -> Vec<Diagnostic> {
    if let Some(late) = analysis.late {
        return vec![overload(graph, analysis, late)];
    }
    let complain = |thread: &Timed| match thread.promise {
        _ if !declared(graph, thread)?.has_deadline => None,
        Promise::Late => Some(too_late(graph, analysis, thread)),
        Promise::Unknown(_) => Some(unknown(graph, analysis, thread)),
        Promise::Unsupplied => Some(unsupplied(graph, analysis, thread)),
        Promise::Blocked(by) => Some(blocked(graph, thread, by)),
        _ => None,
    };
    analysis.threads.iter().filter_map(complain).collect()
}

fn declared<'g>(graph: &'g Graph, thread: &Timed) -> Option<&'g Thread> {
    graph.components.get(thread.component)?.thread(thread.number)
}

fn span(graph: &Graph, thread: &Timed) -> Range<usize> {
    declared(graph, thread).map_or(0..0, |thread| thread.span.clone())
}

/// Points at some threads, and says what each asks for.
fn with_labels<'t>(complaint: Diagnostic, graph: &Graph, threads: impl Iterator<Item = &'t Timed>) -> Diagnostic {
    threads.take(SHOWN).fold(complaint, |complaint, thread| {
        let text = match thread.doubt() {
            None => format!("{} of {} microseconds", thread.cost, thread.period),
            Some(Doubt::Undeclared) => "nothing says how long this one runs".to_owned(),
            Some(Doubt::Visits) => "this one can come from another core".to_owned(),
            Some(Doubt::Saves) => "this one can use at once what it has saved".to_owned(),
        };
        complaint.label(&span(graph, thread), text)
    })
}

fn overload(graph: &Graph, analysis: &Analysis, late: Late) -> Diagnostic {
    let name = graph.thread_name(analysis.scheduler, 0);
    let why = match late {
        Late::Overload => {
            let utilisation = analysis.utilisation();
            format!("they ask for {}.{} % of the core", utilisation / 10, utilisation % 10)
        }
        Late::Demand { within, work } => {
            format!("if all come at once, {work} microseconds of work are to be done within {within}")
        }
        Late::Undecided => "their periods are too many to be looked at".to_owned(),
    };
    let message = format!("the threads of `{name}` cannot all meet their deadlines: {why}");
    let threads = analysis.threads.iter().filter(|thread| thread.is_declared());
    let complaint = with_labels(Diagnostic::error(UNSCHEDULABLE, message), graph, threads);
    complaint.help("give some of them a smaller `budget`, a longer `period` or a later `deadline`")
}

/// Those that go before a thread.
fn before<'a>(analysis: &'a Analysis, thread: &'a Timed) -> impl Iterator<Item = &'a Timed> {
    let is_before = |other: &Timed| match analysis.policy {
        // All have their shares.
        PROPORTIONAL_SHARE => true,
        TIME_PARTITIONS if other.parameters.partition != thread.parameters.partition => false,
        _ => other.parameters.priority <= thread.parameters.priority,
    };
    analysis.threads.iter().chain(&analysis.visitors).filter(move |it| *it != thread && is_before(it))
}

fn too_late(graph: &Graph, analysis: &Analysis, thread: &Timed) -> Diagnostic {
    let name = graph.thread_name(thread.component, thread.number);
    let message = format!("`{name}` cannot be sure to meet its deadline of {} microseconds", thread.deadline);
    let complaint = Diagnostic::error(UNSCHEDULABLE, message);
    let complaint = complaint.label(&span(graph, thread), format!("{} microseconds of work", thread.cost));
    let has_share = analysis.policy == PROPORTIONAL_SHARE;
    let declared = before(analysis, thread).filter(|other| has_share || other.doubt().is_none());
    let help = match analysis.policy {
        _ if analysis.supply != Supply::Core => {
            "give its scheduler more of each period, or the same in a shorter one; or the thread a later `deadline`"
        }
        PROPORTIONAL_SHARE => "give it more weight, or a later `deadline`; or the others less weight",
        TIME_PARTITIONS => "give its partition more or longer slots, or the thread less work or a later `deadline`",
        _ => "give it a higher priority, or a later `deadline`; or those that go before it less work",
    };
    with_labels(complaint, graph, declared).help(help)
}

fn nothing_says(graph: &Graph, thread: &Timed, why: &str) -> Diagnostic {
    let name = graph.thread_name(thread.component, thread.number);
    let message = format!("nothing says whether `{name}` meets its deadline of {} microseconds", thread.deadline);
    Diagnostic::warning(UNBOUNDED_INTERFERENCE, message).label(&span(graph, thread), why)
}

fn unsupplied(graph: &Graph, analysis: &Analysis, thread: &Timed) -> Diagnostic {
    let complaint = nothing_says(graph, thread, "its scheduler's time is not sure");
    let (Supply::Unsure(unsure), Some(scheduler)) = (analysis.supply, graph.components.get(analysis.scheduler)) else {
        return complaint;
    };
    complaint.label(&scheduler.name.span, why(graph, unsure)).help(match unsure {
        Unsure::NoShare => {
            "give its scheduler a `budget` and a `period` that it is sure to have, or have the highest one schedule it"
        }
        Unsure::CountsByClock => "below another scheduler, only `fixed-priority` promises anything",
        Unsure::Turns => {
            "leave out `quantum`: then a turn is a millisecond; or have the machine count instructions: icount = true"
        }
        Unsure::Behind(_) => "give the second scheduler a core of its own, or put it below the first one, with a share",
    })
}

fn blocked(graph: &Graph, thread: &Timed, by: Holder) -> Diagnostic {
    let (name, server) = (graph.thread_name(thread.component, thread.number), graph.thread_name(by.server, 0));
    let holder = graph.thread_name(by.component, by.number);
    let message = format!(
        "`{name}` may miss its deadline of {} microseconds, as `{holder}` may have a lock of `{server}`",
        thread.deadline
    );
    let complaint = Diagnostic::warning(UNBOUNDED_BLOCKING, message)
        .label(&span(graph, thread), "this one, or one before it, may wait for that lock");
    let complaint = match graph.components.get(by.component).and_then(|of| of.thread(by.number)) {
        Some(other) => {
            complaint.label(&other.span, "it is lent the time of those that wait, and goes behind them else")
        }
        None => complaint,
    };
    let server = graph.components.get(by.server).and_then(|server| server.deps.iter().find(|dep| is_scheduler(dep)));
    let complaint =
        server.into_iter().fold(complaint, |complaint, dep| complaint.label(&dep.span, "takes locks by this"));
    complaint.help(format!(
        "give `{holder}` a `cost` and a `period`, or less of it; or list the `methods` of the scheduler that the server needs, \
         if these are none of {}",
        list(&WAITS)
    ))
}

fn is_scheduler(dep: &Dependency) -> bool {
    dep.interface.value == SCHED
}

fn unknown(graph: &Graph, analysis: &Analysis, thread: &Timed) -> Diagnostic {
    let complaint = nothing_says(graph, thread, "this one waits for others");
    let unsure = || before(analysis, thread).filter(|other| other.doubt().is_some());
    let help = match unsure().find_map(Timed::doubt) {
        Some(Doubt::Visits) => format!(
            "give those a `budget` and a `period`, which keeps them on their core; or list the `methods` of the scheduler that they \
             need, if these are none of {}",
            list(&MOVES)
        ),
        Some(Doubt::Saves) => {
            "put this one before those, by its `priority`; or below the highest scheduler, which knows what they have had".to_owned()
        }
        _ => "give those a `period`, and a `budget` or a `cost`; or put this one before them, by its `priority`".to_owned(),
    };
    with_labels(complaint, graph, unsure()).help(help)
}

/// Methods, as a text.
fn list(methods: &[&str]) -> String {
    methods.iter().map(|method| format!("`{method}`")).collect::<Vec<_>>().join(", ")
}
