//! Whose threads run where, for how long, how soon, and who decides that.

use super::{Extent, Item};
use crate::graph::{Component, Graph, Thread};
use crate::keys::SCHEDULING;

/// The time of the components of `graph`.
pub fn items(graph: &Graph) -> Vec<Item> {
    let components = graph.components.iter().enumerate();
    components.flat_map(|(at, component)| of(graph, at, component)).collect()
}

fn of(graph: &Graph, at: usize, component: &Component) -> Vec<Item> {
    let is_scheduler = graph.is_scheduler(at);
    let label = if is_scheduler { "itself and those that it schedules" } else { "its own thread" };
    let own = graph.cores(at).into_iter().map(|core| runs(graph, at, &component.own, label, core));
    let created = component.threads.iter().enumerate().flat_map(|(number, thread)| {
        let label = format!("its thread {}", number + 1);
        let runs = runs(graph, at, thread, &label, graph.created_core(at, number));
        std::iter::once(runs).chain(standing(graph, at, thread, &label))
    });
    let own = own.chain(standing(graph, at, &component.own, "its own thread"));
    own.chain(created).chain(schedules(graph, at, component)).collect()
}

fn runs(graph: &Graph, at: usize, thread: &Thread, label: &str, core: u64) -> Item {
    let parameters = &thread.parameters;
    let share = Extent::Share { budget: parameters.budget, period: parameters.period };
    let extent = if parameters.is_limited() { share } else { Extent::Whole };
    Item::new(graph, at, &thread.span, format!("runs {label} on core {core}")).of(extent).time()
}

/// How its scheduler takes a thread beside others, by what its policy goes by.
fn standing(graph: &Graph, at: usize, thread: &Thread, label: &str) -> Vec<Item> {
    let Some(scheduler) = graph.scheduler(at).and_then(|scheduler| graph.components.get(scheduler)) else {
        return Vec::new();
    };
    let told = &thread.parameters;
    let partition = told.partition.checked_sub(1).and_then(|number| {
        let name = scheduler.scheduling.partitions.get(usize::try_from(number).ok()?)?;
        Some((format!("has {label} in the partition"), Extent::Way(name.clone())))
    });
    let policy = SCHEDULING.get(scheduler.scheduling.policy).map_or("", |choice| choice.text);
    let goes_by_priority = matches!(policy, "fixed-priority" | "time-partitions");
    let is_due = thread.has_deadline || policy == "earliest-deadline" && told.deadline > 0;
    let parts = [
        goes_by_priority.then(|| (format!("has {label} at priority"), Extent::Urgency(told.priority))),
        (policy == "proportional-share").then(|| (format!("has {label} at weight"), Extent::Number(told.weight))),
        is_due.then(|| (format!("has the work of {label} due after"), Extent::Due(told.deadline))),
        partition,
    ];
    let item = |(what, extent)| Item::new(graph, at, &thread.span, what).of(extent).time();
    parts.into_iter().flatten().map(item).collect()
}

/// Whom it schedules, and how.
fn schedules(graph: &Graph, at: usize, component: &Component) -> Vec<Item> {
    let scheduled = graph.scheduled_by(at).filter_map(|of| Some((of, graph.components.get(of)?)));
    let item = |(index, of): (usize, &Component)| {
        let item = Item::new(graph, at, &of.name.span, format!("schedules the threads of `{}`", of.name.value)).time();
        // A scheduler has those below it run others.
        if graph.is_scheduler(index) { item.to(index) } else { item.about(index) }
    };
    let policy = graph.is_scheduler(at).then(|| {
        let item = Item::new(graph, at, &component.name.span, "decides who runs".to_owned());
        item.of(Extent::Way(policy(component))).time()
    });
    scheduled.map(item).chain(policy).collect()
}

fn policy(component: &Component) -> String {
    let scheduling = &component.scheduling;
    let policy = SCHEDULING.get(scheduling.policy).map_or("", |choice| choice.text);
    let slots = scheduling.slots.iter().map(|slot| {
        let number = slot.partition.checked_sub(1).and_then(|number| usize::try_from(number).ok());
        let name = number.and_then(|number| scheduling.partitions.get(number)).map_or("nobody", String::as_str);
        format!(", {name} {}", slot.length)
    });
    std::iter::once(policy.to_owned()).chain(slots).collect()
}
