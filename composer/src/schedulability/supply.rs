//! What a scheduler has of a core: all of it, what the scheduler above gives it for sure, or nobody can say what.

use simulator::analysis::periodic_resource::Share;

use super::{Analysis, FIXED_PRIORITY, Promise};
use crate::graph::Graph;

/// What a scheduler has of a core.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Supply {
    /// All of it.
    Core,
    /// So much of each period, in microseconds.
    Share(Share),
    /// Nothing is sure.
    Unsure(Unsure),
}

/// Why nothing is sure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unsure {
    /// It is below a scheduler that does not promise it a budget in each period.
    NoShare,
    /// It has a share, and counts time by the clock: what it has not had counts, too.
    CountsByClock,
    /// It runs on this core when this other one, an index into [`Graph::components`], has ended.
    Behind(usize),
}

impl Supply {
    /// That of the scheduler at `index`, where those above it are among the `analysed`.
    pub fn of(graph: &Graph, index: usize, core: u64, analysed: &[Analysis]) -> Self {
        let Some(above) = graph.scheduler(index) else { return at_the_top(graph, index, core) };
        let above = analysed.iter().find(|analysis| analysis.scheduler == above && analysis.core == core);
        match above.and_then(|above| promised(above, index)) {
            None => Self::Unsure(Unsure::NoShare),
            Some(_) if super::policy(graph, index) != FIXED_PRIORITY => Self::Unsure(Unsure::CountsByClock),
            Some(share) => Self::Share(share),
        }
    }
}

/// Who schedules others, and is scheduled by nobody, has the core until it ends; then the next one has it.
fn at_the_top(graph: &Graph, index: usize, core: u64) -> Supply {
    let is_before = |other: &usize| graph.is_scheduler(*other) && graph.scheduler(*other).is_none();
    let first = (0..index).filter(is_before).find(|other| graph.cores(*other).contains(&core));
    first.map_or(Supply::Core, |first| Supply::Unsure(Unsure::Behind(first)))
}

/// What a scheduler promises to the own thread of one below it.
fn promised(above: &Analysis, index: usize) -> Option<Share> {
    let own = above.threads.iter().find(|thread| thread.component == index && thread.number == 0)?;
    let is_sure = matches!(own.promise, Promise::Within(_) | Promise::ByDeadline);
    let budget = own.parameters.budget.0;
    (is_sure && budget > 0).then_some(Share { budget, period: own.period })
}
