//! Checks of policies: a scheduler has one that it can follow, and its clients' threads say what that policy looks at.

use std::ops::Range;

use abi::plan::SLOTS;
use sched_sl::policy::any::{KEYS, NAMES};
use sched_sl::policy::time_partitions::PARTITIONS;

use super::super::draft;
use crate::code::{BAD_PARTITION, BAD_SHARE, BAD_SLOTS, NOT_FOR_POLICY, NOT_SCHEDULING};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::graph::{Component, Graph, Spanned};
use crate::schedulability::{EARLIEST_DEADLINE, TIME_PARTITIONS};
use crate::schedule::SCHED;
use crate::suggest;

/// What the component at `at` says of scheduling, and of its threads.
pub fn check(
    at: usize,
    component: &Component,
    draft: Option<&draft::Component>,
    graph: &Graph,
    found: &mut Diagnostics,
) {
    let Some(draft) = draft else { return };
    check_scheduler(component, draft, found);
    let scheduler = graph.scheduler(at).and_then(|scheduler| graph.components.get(scheduler));
    let policy = scheduler.map(policy_of);
    for thread in std::iter::once(&draft.own).chain(draft.threads.iter().map(|thread| &thread.value)) {
        check_times(component, thread, policy, found);
        if let (Some(scheduler), Some(policy)) = (scheduler, policy) {
            check_uses(component, thread, policy, found);
            check_partition(component, thread, scheduler, found);
        }
    }
    if policy == Some(TIME_PARTITIONS) && draft.own.partition.is_none() {
        found.push(in_no_partition(component));
    }
}

/// The name of a scheduler's policy.
pub fn policy_of(scheduler: &Component) -> &'static str {
    NAMES.get(scheduler.scheduling.policy).copied().unwrap_or_default()
}

/// The keys by which a graph says something of a thread, as far as they are there.
pub fn said(thread: &draft::Thread) -> impl Iterator<Item = (&'static str, &Range<usize>)> {
    [
        thread.priority.as_ref().map(|it| ("priority", &it.span)),
        thread.weight.as_ref().map(|it| ("weight", &it.span)),
        thread.partition.as_ref().map(|it| ("partition", &it.span)),
        thread.budget.as_ref().map(|it| ("budget", &it.span)),
        thread.period.as_ref().map(|it| ("period", &it.span)),
        thread.deadline.as_ref().map(|it| ("deadline", &it.span)),
        thread.cost.as_ref().map(|it| ("cost", &it.span)),
    ]
    .into_iter()
    .flatten()
}

fn check_scheduler(component: &Component, draft: &draft::Component, found: &mut Diagnostics) {
    let name = &component.name.value;
    let slots = draft.slots_span.as_ref();
    let schedules = !draft.implements_complete || draft.implements.iter().any(|it| it.interface.value == SCHED);
    let policy = draft.scheduling_policy.as_ref();
    if !schedules {
        let policy = policy.map(|policy| ("policy", &policy.span));
        let slots = slots.map(|(span, _)| ("slots", span));
        found.extend([policy, slots].into_iter().flatten().map(|(key, span)| {
            let message = format!("`{name}` has `{key}`, and schedules nobody");
            let complaint = Diagnostic::error(NOT_SCHEDULING, message).label(span, "nobody looks at this");
            complaint.help(format!("who serves `{SCHED}` schedules its clients: put it there"))
        }));
        return;
    }
    match (policy, slots) {
        (Some(policy), None) if policy.value == TIME_PARTITIONS => found.push(no_slots(name, &policy.span)),
        (Some(policy), Some((span, true))) if policy.value == TIME_PARTITIONS => {
            check_slots(component, draft, span, found);
        }
        (_, Some((span, _))) if policy_of(component) != TIME_PARTITIONS => {
            let message = format!("`{name}` has slots, and the policy `{}`", policy_of(component));
            let complaint = Diagnostic::error(BAD_SLOTS, message).label(span, "nobody looks at this");
            found.push(complaint.help(format!("slots are of partitions: policy = \"{TIME_PARTITIONS}\"")));
        }
        _ => {}
    }
}

fn no_slots(name: &str, span: &Range<usize>) -> Diagnostic {
    let message = format!("`{name}` schedules partitions, and none of them has a slot");
    let complaint = Diagnostic::error(BAD_SLOTS, message).label(span, "nobody would ever run");
    complaint
        .help("say whose turn it is, and for how many microseconds: slots = [{ partition = \"…\", length = 1000 }]")
}

fn check_slots(component: &Component, draft: &draft::Component, span: &Range<usize>, found: &mut Diagnostics) {
    let name = &component.name.value;
    if component.scheduling.partitions.is_empty() {
        found.push(no_slots(name, span));
    }
    let too_many = |what: &str, number: usize, most: usize| {
        let message = format!("`{name}` has {number} {what}, more than the {most} that there is room for");
        Diagnostic::error(BAD_SLOTS, message).label(span, "")
    };
    let (slots, partitions) = (draft.slots.len(), component.scheduling.partitions.len());
    found.extend((slots > SLOTS).then(|| too_many("slots", slots, SLOTS)));
    found.extend((partitions > PARTITIONS).then(|| too_many("partitions", partitions, PARTITIONS)));
}

/// Lengths of time that go together.
fn check_times(component: &Component, thread: &draft::Thread, policy: Option<&str>, found: &mut Diagnostics) {
    let draft::Thread { budget, period, deadline, cost, .. } = thread;
    let longer = |left: &Option<Spanned<u64>>, right: &Option<Spanned<u64>>| {
        let (left, right) = (left.as_ref()?, right.as_ref()?);
        (left.value > right.value).then(|| left.span.clone())
    };
    let without = |left: &Option<Spanned<u64>>, right: bool| left.as_ref().filter(|_| !right).map(|it| it.span.clone());
    let has_period = period.is_some();
    let budget_by_deadline = if policy == Some(EARLIEST_DEADLINE) { longer(budget, deadline) } else { None };
    let wrong = [
        ("a budget without a period", without(budget, has_period)),
        ("a cost without a period", without(cost, has_period)),
        ("a deadline without a period", without(deadline, has_period)),
        ("a period without a budget or a cost", without(period, budget.is_some() || cost.is_some())),
        ("a budget longer than its period", longer(budget, period)),
        ("a deadline after the end of its period", longer(deadline, period)),
        ("a cost longer than its period", longer(cost, period)),
        ("a cost longer than its deadline", longer(cost, deadline)),
        ("a cost longer than its budget", longer(cost, budget)),
        ("a budget longer than its deadline", budget_by_deadline),
    ];
    let complain = |(what, span): (&str, Option<Range<usize>>)| {
        let complaint = Diagnostic::error(BAD_SHARE, format!("`{}` has {what}", component.name.value));
        Some(complaint.label(&span?, "").help(
            "in each `period`, a thread has `cost` microseconds of work to be done within `deadline`, and may run for `budget`",
        ))
    };
    found.extend(wrong.into_iter().filter_map(complain));
}

/// Keys that the policy does not look at.
fn check_uses(component: &Component, thread: &draft::Thread, policy: &str, found: &mut Diagnostics) {
    let name = &component.name.value;
    let looks_at = || NAMES.into_iter().zip(KEYS);
    let Some((_, keys)) = looks_at().find(|(of, _)| *of == policy) else { return };
    for (key, span) in said(thread).filter(|(key, _)| !keys.contains(key)) {
        let others = looks_at().filter(|(_, keys)| keys.contains(&key)).map(|(other, _)| format!("`{other}`"));
        let others = others.collect::<Vec<_>>().join(", ");
        let message = format!("`{name}` has `{key}`, which its scheduler's policy `{policy}` does not look at");
        let complaint = Diagnostic::error(NOT_FOR_POLICY, message).label(span, "nobody looks at this");
        found.push(complaint.help(format!("it has a meaning for {others}")));
    }
    let without_budget = [&thread.cost, &thread.deadline].into_iter().flatten().next();
    if let (EARLIEST_DEADLINE, None, Some(said)) = (policy, &thread.budget, without_budget) {
        let message = format!("`{name}` has a deadline, and no budget, under the policy `{policy}`");
        let complaint = Diagnostic::error(NOT_FOR_POLICY, message).label(&said.span, "nobody looks at this");
        found.push(complaint.help("a deadline is a budget's: without, a thread has what the others leave"));
    }
    if let (EARLIEST_DEADLINE, Some(priority), Some(_)) = (policy, &thread.priority, &thread.budget) {
        let message = format!("`{name}` has `priority`, and a budget under the policy `{policy}`");
        let complaint = Diagnostic::error(NOT_FOR_POLICY, message).label(&priority.span, "nobody looks at this");
        found.push(complaint.help("its deadline says when it runs; a priority is for threads without a budget"));
    }
}

fn check_partition(component: &Component, thread: &draft::Thread, scheduler: &Component, found: &mut Diagnostics) {
    let Some(partition) = thread.partition.as_ref().filter(|_| policy_of(scheduler) == TIME_PARTITIONS) else { return };
    let known = &scheduler.scheduling.partitions;
    if !known.contains(&partition.value) {
        let message = format!("`{}` is in a partition without a slot", component.name.value);
        let complaint = Diagnostic::error(BAD_PARTITION, message).label(&partition.span, "it would never run");
        found.push(complaint.maybe_help(suggest::help(&partition.value, known.iter().map(String::as_str))));
    }
}

fn in_no_partition(component: &Component) -> Diagnostic {
    let message = format!("`{}` is in no partition", component.name.value);
    let complaint = Diagnostic::error(BAD_PARTITION, message).label(&component.name.span, "it would never run");
    complaint.help("its scheduler's slots say which partitions there are: partition = \"…\"")
}
