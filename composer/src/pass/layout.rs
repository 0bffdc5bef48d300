//! Where everything lies: each component's image at its base, and the stacks of all threads that can enter it.

mod spaces;

use std::ops::Range;

use abi::boot;
use abi::bundle::Stack;
use abi::layout::{PAGE, RUN_TIME, STACK_SPAN, THREADS, USER_START, stack_end};

use super::pages::{Pages, Part, Places};
use super::plan;
use super::schema::{Bindings, Schema};
use super::{files, manage};
use crate::code;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::graph::{Component, Graph, Resource};

/// The address spaces of all components.
#[derive(Clone, Debug)]
pub struct Layout {
    /// In the order of [`Graph::components`].
    pub components: Vec<Space>,
    /// The pages that components share.
    pub pages: Pages,
}

/// The address space of a component.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Space {
    /// What is added to every address for which the image was linked.
    pub shift: u64,
    /// Where thread 0's stack ends, or would end.
    pub first_stack_end: u64,
    /// One stack for each thread that can run in the component, in ascending order.
    pub stacks: Vec<Stack>,
    /// What a scheduler has beside its image.
    pub scheduling: Option<Room>,
    /// Where the plan of a manager of others lies, behind that.
    pub management: Option<u64>,
    /// Where its files lie, behind that, and their bytes.
    pub files: Option<(u64, u64)>,
    /// Where registers of its devices are mapped, behind that, each with a page of guard before it.
    pub registers: Vec<u64>,
    /// Where syscall pages lie, between those and the stacks.
    pub pages: Places,
    /// Everything that is the component's, from its image to its last stack.
    pub range: Range<u64>,
}

/// Where a scheduler finds its plan, and names of the frames for threads that it creates. They lie between image and
/// stacks, with a page of guard on either side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Room {
    /// Address of the plan.
    pub plan: u64,
    /// Its bytes, a whole number of pages.
    pub plan_bytes: u64,
    /// Name of the first untyped frame.
    pub untyped: u64,
    /// Number of untyped frames.
    pub frames: u64,
}

impl Room {
    fn new(graph: &Graph, index: usize, pages: usize, image_end: u64) -> Option<Self> {
        let clients = graph.scheduled_by(index);
        let threads: u64 = clients.map(|client| graph.created_threads(client).len() as u64).sum();
        let frames = threads + graph.budgets(index) as u64;
        let slots = graph.components.get(index).map_or(0, |component| component.scheduling.slots.len());
        let plan_bytes = plan::bytes(graph.scheduled_threads(index).len(), pages, slots);
        let plan = image_end.checked_add(PAGE)?;
        let untyped = plan.checked_add(plan_bytes)?.checked_add(PAGE)?;
        Some(Self { plan, plan_bytes, untyped, frames })
    }

    fn end(&self) -> Option<u64> {
        self.untyped.checked_add(self.frames.checked_mul(PAGE)?)
    }
}

/// Lays out all components. `None` if one does not fit.
pub fn layout(graph: &Graph, schema: &Schema, found: &mut Diagnostics) -> Option<Layout> {
    let callers = callers(graph, schema);
    let pages = Pages::of(graph, schema);
    let mut components = vec![None; graph.components.len()];
    let parts = |at: usize| graph.components.get(at).zip(schema.components.get(at));
    for at in spaces::outer_first(graph) {
        let Some((component, bindings)) = parts(at) else { continue };
        let base = component.baseaddr.as_ref().map_or_else(|| spaces::base(graph, at, &components), |base| base.value);
        let owners = callers.iter().enumerate().filter(|(_, reach)| reach.contains(&at)).map(|(owner, _)| owner);
        let mut threads: Vec<usize> = owners.flat_map(|owner| graph.threads(owner)).collect();
        threads.sort_unstable();
        let placed = place(graph, at, component, bindings, (base, &threads, pages.parts(at)), found);
        if let Some(space) = components.get_mut(at) {
            *space = placed;
        }
    }
    let components: Option<Vec<Space>> = components.into_iter().collect();
    let layout = Layout { components: components?, pages };
    spaces::check_overlaps(graph, &layout, found).then_some(layout)
}

/// For each component, itself and all that its thread can come to over edges.
fn callers(graph: &Graph, schema: &Schema) -> Vec<Vec<usize>> {
    (0..schema.components.len()).map(|thread| reach(graph, schema, thread)).collect()
}

fn reach(graph: &Graph, schema: &Schema, thread: usize) -> Vec<usize> {
    let mut seen = vec![thread];
    let mut next = 0;
    while let Some(bindings) = seen.get(next).and_then(|at| schema.components.get(*at)) {
        // Whoever handles the faults or system calls of a component runs on its threads.
        let handler = bindings.fault.iter().chain(&bindings.personality).map(|handler| handler.server);
        // And what a component constructs initialises on the thread that asks for it.
        let made = seen.get(next).map(|at| graph.constructed_by(*at)).into_iter().flatten();
        for server in bindings.edges.iter().map(|edge| edge.server).chain(handler).chain(made) {
            if !seen.contains(&server) {
                seen.push(server);
            }
        }
        next += 1;
    }
    seen
}

fn place(
    graph: &Graph,
    index: usize,
    component: &Component,
    bindings: &Bindings,
    (base, threads, parts): (u64, &[usize], Vec<Part>),
    found: &mut Diagnostics,
) -> Option<Space> {
    let memory = &bindings.image.memory;
    let image_end = base.checked_add(memory.end() - memory.start());
    let scheduling = bindings.plan.and(image_end).and_then(|end| Room::new(graph, index, parts.len(), end));
    let image_end = scheduling.as_ref().map_or(image_end, Room::end);
    let management = bindings.management.and(image_end).and_then(|end| end.checked_add(PAGE));
    let plan_bytes = manage::bytes(graph.components.len());
    let image_end = management.map_or(image_end, |plan| plan.checked_add(plan_bytes));
    let bytes = component.initfs.as_ref().map(files::length).filter(|_| bindings.files.is_some());
    let files = bytes.and_then(|bytes| Some((image_end?.checked_add(PAGE)?, bytes)));
    let image_end = files.map_or(image_end, |(at, bytes)| at.checked_add(bytes.checked_next_multiple_of(PAGE)?));
    let (registers, image_end) = image_end.and_then(|end| registers(bindings, end)).unzip();
    let (pages, image_end) = image_end.and_then(|end| Places::of(parts, end)).unzip();
    // A guard below the first stack: an image's last page and a stack are never neighbours.
    let first_stack_end =
        image_end.and_then(|end| end.checked_next_multiple_of(STACK_SPAN)).and_then(|end| end.checked_add(STACK_SPAN));
    let end = first_stack_end.and_then(|end| end.checked_add(STACK_SPAN * u64::from(THREADS)));
    let limit = if component.is_base_constructor { boot::INFORMATION } else { RUN_TIME };
    let inside = base >= USER_START && end.is_some_and(|end| end <= limit);
    if !inside {
        found.push(outside(component, limit));
    }
    let first_stack_end = first_stack_end.filter(|_| inside)?;
    let stack = |thread: u16| Stack {
        thread: u64::from(thread),
        end: stack_end(first_stack_end, thread),
        bytes: component.stack.value,
    };
    let stacks = threads.iter().filter_map(|thread| u16::try_from(*thread).ok()).map(stack).collect();
    Some(Space {
        shift: base.wrapping_sub(memory.start()),
        first_stack_end,
        stacks,
        scheduling,
        management,
        files,
        registers: registers?,
        pages: pages?,
        range: base..end?,
    })
}

/// Places for the registers of devices, and where they end.
fn registers(bindings: &Bindings, mut end: u64) -> Option<(Vec<u64>, u64)> {
    let mut places = Vec::new();
    for (_, device) in &bindings.devices {
        if let Resource::Registers { bytes, .. } = device.resource {
            let place = end.checked_add(PAGE)?;
            places.push(place);
            end = place.checked_add(bytes)?;
        }
    }
    Some((places, end))
}

fn outside(component: &Component, limit: u64) -> Diagnostic {
    let place = component.baseaddr.as_ref().map_or(&component.name.span, |base| &base.span);
    let message = format!("image and stacks of `{}` do not fit there", component.name.value);
    let help = format!("a component's memory lies from {USER_START:#x} up to {limit:#x}");
    Diagnostic::error(code::OUTSIDE_MEMORY, message).label(place, "").help(help)
}
