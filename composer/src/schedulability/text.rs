//! The analysis as text.

use std::fmt::Write as _;

use super::{Analysis, Promise, Supply, Timed, Unsure};
use crate::graph::Graph;

/// The analysis, a line for each thread.
pub fn render(graph: &Graph, analysis: &Analysis) -> String {
    let mut text = String::new();
    let (name, utilisation) = (graph.thread_name(analysis.scheduler, 0), analysis.utilisation());
    // Writing to a string does not fail.
    let _ = writeln!(
        text,
        "{name} on core {}: {}, {}.{} % of the time is asked for{}",
        analysis.core,
        analysis.policy,
        utilisation / 10,
        utilisation % 10,
        supplied(graph, analysis.supply)
    );
    let width = analysis.threads.iter().map(|it| graph.thread_name(it.component, it.number).len()).max().unwrap_or(0);
    for thread in &analysis.threads {
        let name = graph.thread_name(thread.component, thread.number);
        let _ = writeln!(text, "  {name:width$}  {}", line(graph, thread));
    }
    text
}

/// What there is, if it is not the core.
pub fn supplied(graph: &Graph, supply: Supply) -> String {
    match supply {
        Supply::Core => String::new(),
        Supply::Share(share) => format!("; it has {} of each {} microseconds", share.budget, share.period),
        Supply::Unsure(unsure) => format!("; {}", why(graph, unsure)),
    }
}

/// Why nothing is sure of a scheduler's time.
pub fn why(graph: &Graph, unsure: Unsure) -> String {
    match unsure {
        Unsure::NoShare => "it is below another, and sure of no share".to_owned(),
        Unsure::CountsByClock => "it has a share, and counts also the time that it has not had".to_owned(),
        Unsure::Turns => "its `quantum` is in ticks, and nobody knows how long these are".to_owned(),
        Unsure::Behind(first) => format!("it has the core when `{}` has ended", graph.thread_name(first, 0)),
    }
}

fn line(graph: &Graph, thread: &Timed) -> String {
    let Timed { cost, period, deadline, .. } = thread;
    let asks = format!("{cost} of {period} microseconds, by {deadline}");
    match thread.promise {
        Promise::Within(time) if thread.blocking.time > 0 => {
            format!("{asks}: within {time}, and {} of that for locks", thread.blocking.time)
        }
        Promise::Within(time) => format!("{asks}: within {time}"),
        Promise::ByDeadline => format!("{asks}: in time"),
        Promise::Late => format!("{asks}: may be late"),
        Promise::Unknown(others) => format!("{asks}: unknown, {others} of which nothing is said go before it"),
        Promise::Blocked(by) => {
            let (holder, server) = (graph.thread_name(by.component, by.number), graph.thread_name(by.server, 0));
            format!("{asks}: unknown, `{holder}` may have a lock of `{server}`")
        }
        Promise::Unsupplied => format!("{asks}: unknown"),
        Promise::Undeclared => "nothing is said of it".to_owned(),
    }
}
