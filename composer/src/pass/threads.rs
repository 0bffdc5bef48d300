//! What the graph says of threads and of how they are scheduled, with defaults filled in. A part of `resolve`.

use std::ops::Range;

use abi::plan::{Parameters, Slot};

use super::draft;
use crate::graph::{Scheduling, Spanned, Thread};
use crate::keys::{DEFAULT_PRIORITY, SCHEDULING};

/// How a component schedules the threads of its clients.
pub fn scheduling(draft: &draft::Component) -> Scheduling {
    let named = draft.scheduling_policy.as_ref();
    let policy = named.and_then(|named| SCHEDULING.iter().position(|choice| choice.text == named.value));
    let partitions = partitions(draft);
    let slot =
        |slot: &draft::Slot| Slot { partition: number(&partitions, slot.partition.as_ref()), length: slot.length };
    let slots = draft.slots.iter().map(slot).collect();
    Scheduling { policy: policy.unwrap_or(0), partitions, slots }
}

/// The names of a scheduler's partitions, in the order in which they first have a slot.
fn partitions(scheduler: &draft::Component) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    for name in scheduler.slots.iter().filter_map(|slot| slot.partition.as_ref()) {
        if !all.contains(&name.value) {
            all.push(name.value.clone());
        }
    }
    all
}

/// The number of a partition, from 1; 0 for none.
fn number(partitions: &[String], name: Option<&Spanned<String>>) -> u64 {
    let at = name.and_then(|name| partitions.iter().position(|partition| *partition == name.value));
    at.map_or(0, |at| at as u64 + 1)
}

/// A component's own thread, and those that it may create: what the graph does not say of the priority, the weight and
/// the partition of these is as with its own.
pub fn all(draft: &draft::Component, scheduler: Option<&draft::Component>) -> (Thread, Vec<Thread>) {
    let partitions = scheduler.map(partitions).unwrap_or_default();
    let here = draft.name.as_ref().map_or(&draft.span, |name| &name.span);
    let defaults = Parameters { priority: DEFAULT_PRIORITY, weight: 1, ..Parameters::default() };
    let own = thread(&draft.own, defaults, &partitions, here);
    let like = |of: &Spanned<draft::Thread>| thread(&of.value, own.parameters, &partitions, &of.span);
    let created = draft.threads.iter().map(like).collect();
    (own, created)
}

fn thread(draft: &draft::Thread, defaults: Parameters, partitions: &[String], here: &Range<usize>) -> Thread {
    let or = |said: &Option<Spanned<u64>>, default: u64| said.as_ref().map_or(default, |said| said.value);
    let period = or(&draft.period, 0);
    let budget = or(&draft.budget, 0);
    let parameters = Parameters {
        priority: or(&draft.priority, defaults.priority),
        weight: or(&draft.weight, defaults.weight),
        partition: match &draft.partition {
            Some(partition) => number(partitions, Some(partition)),
            None => defaults.partition,
        },
        budget,
        period,
        deadline: or(&draft.deadline, period),
    };
    let says = [&draft.deadline, &draft.cost, &draft.budget, &draft.period];
    let span = says.into_iter().flatten().next().map_or(here, |said| &said.span);
    let core = draft.cores.first().cloned();
    let has_deadline = draft.deadline.is_some() || draft.cost.is_some();
    Thread { parameters, cost: or(&draft.cost, budget), has_deadline, core, span: span.clone() }
}
