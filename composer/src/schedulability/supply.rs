//! What a scheduler has of a core: all of it, what the scheduler above gives it for sure, or nobody can say what.

use std::collections::BTreeSet;

use simulator::analysis::periodic_resource::Share;

use super::{Analysis, FIXED_PRIORITY, PROPORTIONAL_SHARE, Promise};
use crate::graph::{Graph, Setting};

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
    /// Its turns are as long as its `quantum` says, in ticks, and nobody knows how long these are.
    Turns,
    /// It runs on this core when this other one, an index into [`Graph::components`], has ended.
    Behind(usize),
}

impl Supply {
    /// That of the scheduler at `index` on a core, one of `schedulers`, where those above it are among the `analysed`.
    pub fn of(graph: &Graph, (index, core): (usize, u64), schedulers: &BTreeSet<usize>, analysed: &[Analysis]) -> Self {
        let Some(above) = graph.scheduler(index) else { return at_the_top(graph, (index, core), schedulers) };
        let above = analysed.iter().find(|analysis| analysis.scheduler == above && analysis.core == core);
        match above.and_then(|above| promised(above, index)) {
            None => Self::Unsure(Unsure::NoShare),
            Some(_) if super::policy(graph, index) != FIXED_PRIORITY => Self::Unsure(Unsure::CountsByClock),
            Some(share) => Self::Share(share),
        }
    }
}

/// Who schedules others, and is scheduled by nobody, has the core until it ends; then the next one has it.
fn at_the_top(graph: &Graph, (index, core): (usize, u64), schedulers: &BTreeSet<usize>) -> Supply {
    if super::policy(graph, index) == PROPORTIONAL_SHARE && turn(graph, index).is_none() {
        return Supply::Unsure(Unsure::Turns);
    }
    let mut before = schedulers.range(..index).filter(|other| graph.scheduler(**other).is_none());
    let first = before.find(|other| graph.cores(**other).contains(&core)).copied();
    first.map_or(Supply::Core, |first| Supply::Unsure(Unsure::Behind(first)))
}

/// Microseconds of a turn of a scheduler that does not say.
const TURN: u64 = 1_000;

/// Ticks of the shortest turn that there is.
const SHORTEST: u64 = 10_000;

/// Ticks of a microsecond where time is counted in instructions.
const TICKS: u64 = 1_000;

/// Microseconds of a turn; `None` if the scheduler says that in ticks of a machine of which nobody knows how fast it is.
pub fn turn(graph: &Graph, scheduler: usize) -> Option<u64> {
    let mut said = graph.components.get(scheduler)?.params.iter().filter(|it| it.key.value == "quantum");
    match said.next().map(|said| &said.value.value) {
        None | Some(Setting::Integer(0)) => Some(TURN),
        Some(Setting::Integer(ticks)) => {
            let ticks = u64::try_from(*ticks).ok()?;
            graph.machine.icount.then_some(ticks.max(SHORTEST).div_ceil(TICKS))
        }
        Some(Setting::Boolean(_) | Setting::Text(_)) => None,
    }
}

/// What a scheduler promises to the own thread of one below it.
fn promised(above: &Analysis, index: usize) -> Option<Share> {
    let own = above.threads.iter().find(|thread| thread.component == index && thread.number == 0)?;
    let is_sure = matches!(own.promise, Promise::Within(_) | Promise::ByDeadline);
    let budget = own.parameters.budget.0;
    (is_sure && budget > 0).then_some(Share { budget, period: own.period })
}
