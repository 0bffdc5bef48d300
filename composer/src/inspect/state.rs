//! The state of a whole system.

use std::collections::BTreeMap;

use logic::component::{self, Reference};
use logic::store::Store;
use serde::Serialize;

use super::capabilities::{Held, held};
use super::core::{self, Own, Processor};
use super::dump;
use super::memory::Memory;
use super::rings::{Ring, rings};
use super::scheduler::{self, Waiting};
use super::spaces::{Pages, Stack, pages, stacks};
use super::subject::{self, Subject};
use super::threads::{Looking, Thread, name};

/// Version of the state's JSON.
pub const FORMAT: u32 = 2;

/// What a system does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct State {
    /// [`FORMAT`].
    pub format: u32,
    /// The processors.
    pub processors: Vec<Processor>,
    /// All threads that there are, by their index.
    pub threads: Vec<Thread>,
    /// The components that live.
    pub components: Vec<Component>,
}

/// A component that lives.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Component {
    /// Its name.
    pub name: String,
    /// The number of its hot descriptor.
    pub descriptor: u32,
    /// Which of the components with that number it is.
    pub epoch: u64,
    /// Its pages.
    pub pages: Pages,
    /// Its stacks.
    pub stacks: Vec<Stack>,
    /// The syscall pages by which it calls others.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub rings: Vec<Ring>,
    /// Its capability table.
    pub capabilities: Vec<Held>,
}

/// Why a dump shows nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Blind {
    /// The kernel's file does not say where things are.
    NoPlaces,
    /// It is a dump with another kernel.
    OtherKernel,
    /// This component lives there, and is none of the graph's, or another build of it.
    OtherComponent(String),
    /// The kernel has not come up.
    NotUp,
}

/// Looks at the system in `dump`.
///
/// # Errors
///
/// See [`Blind`].
pub fn look(subject: &Subject<'_, '_>, dump: dump::Dump) -> Result<State, Blind> {
    let places = subject::places(subject.kernel).ok_or(Blind::NoPlaces)?;
    if !subject::is_in(subject.kernel, &dump) {
        return Err(Blind::OtherKernel);
    }
    let memory = Memory::new(dump, &places);
    let processors = memory.dump().processors.iter();
    let own = |processor: &dump::Processor| Some((core::own(&memory, &places, processor)?, *processor));
    let cores: Vec<(Own, dump::Processor)> = processors.filter_map(own).collect();
    let (first, _) = cores.first().ok_or(Blind::NotUp)?;
    let frames = core::threads(&memory, &places, first);
    let waiting = waiting(&memory, subject);
    let looking = Looking { memory: &memory, subject, cores: &cores, threads: &frames, waiting: &waiting };
    let processors = cores.iter().enumerate().map(|(number, core)| processor(&memory, subject, number, core)).collect();
    let components = components(&memory, subject)?;
    Ok(State { format: FORMAT, processors, threads: looking.threads(), components })
}

fn processor(
    memory: &Memory,
    subject: &Subject<'_, '_>,
    number: usize,
    (own, at): &(Own, dump::Processor),
) -> Processor {
    let in_kernel = !at.is_at_user_level();
    let frames = if in_kernel { subject.programs.kernel_frames(at.instruction) } else { Vec::new() };
    Processor {
        number,
        thread: own.thread.map(|thread| logic::thread::index(memory, thread)),
        in_kernel,
        instruction: at.instruction,
        function: frames.first().and_then(|frame| frame.function.clone()),
    }
}

/// What threads wait for in their schedulers.
fn waiting(memory: &Memory, subject: &Subject<'_, '_>) -> BTreeMap<u32, Waiting> {
    let schedulers = subject.schedulers.iter().filter_map(|scheduler| {
        let (_, space) = living(memory).find(|(reference, _)| name(memory, *reference) == scheduler.name)?;
        Some(scheduler::waiting(memory, root(space), scheduler, subject.report))
    });
    schedulers.flatten().collect()
}

pub(super) fn root(space: u64) -> u64 {
    logic::address_space::root(space).physical()
}

/// The components that live, each with its address space.
pub(super) fn living(memory: &Memory) -> impl Iterator<Item = (Reference, u64)> {
    let descriptors = memory.descriptors().iter().zip(0_u32..);
    descriptors.filter_map(|(descriptor, index)| {
        let epoch = memory.own(&descriptor.epoch);
        (epoch % 2 == 1).then(|| (Reference { descriptor: index, epoch }, memory.own(&descriptor.page_table)))
    })
}

fn components(memory: &Memory, subject: &Subject<'_, '_>) -> Result<Vec<Component>, Blind> {
    living(memory).map(|(reference, space)| component(memory, subject, reference, space)).collect()
}

fn component(memory: &Memory, subject: &Subject<'_, '_>, reference: Reference, space: u64) -> Result<Component, Blind> {
    let root = root(space);
    let (name, pages) = (name(memory, reference), pages(memory, root));
    let is_named = component::name(memory, reference).first().is_some_and(|byte| *byte != 0);
    if is_named && !subject::is_mapped(subject, &name, memory, root, pages.execute) {
        return Err(Blind::OtherComponent(name));
    }
    let granted = subject.report.components.iter().find(|component| component.name == name);
    Ok(Component {
        descriptor: reference.descriptor,
        epoch: reference.epoch,
        pages,
        stacks: granted.map(|granted| stacks(memory, root, granted)).unwrap_or_default(),
        rings: granted.map(|granted| rings(memory, root, granted)).unwrap_or_default(),
        capabilities: held(memory, reference, granted),
        name,
    })
}
