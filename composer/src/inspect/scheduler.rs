//! What threads wait for in their scheduler: which knows it, and the kernel does not.
//!
//! The scheduler keeps it in variables of its own, wherever the compiler has put them. Debugging information says where: that of the same
//! sources, compiled with all of it ([`Detail::Types`](crate::pass::build::Detail)). The system runs without, and pays nothing for it.

use abi::inspection::{PLACE_SHIFT, PLACELESS};
use object::read::elf::ElfFile64;
use object::{LittleEndian, Object, ObjectSymbol};
use serde::Serialize;

use super::memory::Memory;
use super::types::Types;
use super::value::Value;
use crate::faults::plain_name;
use crate::pass::report::Report;

/// A scheduler of the system.
pub struct Scheduler<'s> {
    /// Its name.
    pub name: &'s str,
    /// The image that runs, `shift` bytes below where it lies.
    pub elf: &'s [u8],
    /// See there.
    pub shift: u64,
    /// The types of its variables.
    pub types: Types<'s>,
}

/// What a thread has asked its scheduler to let it wait for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Wish {
    /// That a change is told of at a blockpoint: a lock, a channel, whatever is made of those.
    Change(Blockpoint),
    /// That it is woken, by name.
    WakeUp,
    /// That its time comes.
    Time,
    /// That another calls it.
    Call,
    /// That another answers it.
    Answer,
}

/// A blockpoint of a component.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Blockpoint {
    /// Whose it is.
    pub component: String,
    /// Its number at its scheduler, on its core.
    pub number: u64,
}

/// A thread that waits in its scheduler.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Waiting {
    /// For what.
    #[serde(rename = "for")]
    pub wish: Wish,
    /// The thread that has to bring it about, and gets the time of those that wait: who holds the lock, or is to answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub on: Option<u32>,
    /// Whether the scheduler is about to change this: some thread was inside.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub is_changing: bool,
}

/// The variable that holds everything.
const VARIABLE: &str = "SCHEDULERS";

/// All threads that wait in this scheduler, which lies in the page table with the root at `root`, by their index.
pub fn waiting(memory: &Memory, root: u64, scheduler: &Scheduler<'_>, report: &Report) -> Vec<(u32, Waiting)> {
    let word = |address: u64| memory.word(root, address);
    let all = scheduler.address().zip(scheduler.types.of_variable(VARIABLE));
    let all = all.map(|(at, of)| Value::new(&scheduler.types, of, at, &word).elements());
    all.into_iter()
        .flatten()
        .flat_map(|part| Part::of(part, report).into_iter().flat_map(|part| part.waiting()))
        .collect()
}

impl Scheduler<'_> {
    /// Where the variable is.
    fn address(&self) -> Option<u64> {
        let file = ElfFile64::<LittleEndian>::parse(self.elf).ok()?;
        let is_it = |name: &str| name.contains(VARIABLE) && plain_name(name).ends_with(&format!("::{VARIABLE}"));
        let found = file.symbols().find(|symbol| symbol.name().is_ok_and(is_it))?;
        Some(found.address().wrapping_add(self.shift))
    }
}

/// A scheduler's part on one core.
struct Part<'v, 'e, 'r> {
    report: &'r Report,
    is_changing: bool,
    /// By place, the index of the thread there.
    indices: Vec<Option<u32>>,
    threads: Vec<Value<'v, 'e>>,
    links: Vec<Value<'v, 'e>>,
    /// What each has to do with blockpoints.
    statuses: Vec<Value<'v, 'e>>,
    points: Vec<Value<'v, 'e>>,
    clients: Vec<Value<'v, 'e>>,
    /// What each has to do with calls.
    parties: Vec<Value<'v, 'e>>,
}

impl<'v, 'e, 'r> Part<'v, 'e, 'r> {
    fn of(part: Value<'v, 'e>, report: &'r Report) -> Option<Self> {
        let state = part.path(&["section", "value", "value"])?;
        let all = |path: &[&str]| state.path(path).map(|value| value.elements());
        let threads = all(&["threads", "threads", "entries"])?;
        Some(Self {
            report,
            is_changing: part.path(&["section", "occupancy"])?.number()? != 0,
            indices: indices(&part.field("directory")?.elements(), threads.len()),
            threads,
            links: all(&["threads", "chains", "links"])?,
            statuses: all(&["points", "statuses"])?,
            points: all(&["points", "entries"])?,
            clients: all(&["clients"])?,
            parties: all(&["parties"])?,
        })
    }

    fn waiting(&self) -> Vec<(u32, Waiting)> {
        let places = self.indices.iter().enumerate().filter_map(|(place, index)| Some((place, (*index)?)));
        let waiting = places.filter_map(|(place, index)| {
            let wish = self.wish(place)?;
            Some((index, Waiting { wish, on: self.on(place), is_changing: self.is_changing }))
        });
        waiting.collect()
    }

    fn wish(&self, place: usize) -> Option<Wish> {
        let (state, _) = self.threads.get(place)?.field("thread")?.some()?.field("state")?.variant()?;
        match state.as_str() {
            "Blocked" => Some(Wish::WakeUp),
            "Asleep" | "AsleepWoken" => self.change(place).or_else(|| self.exchange(place)).or(Some(Wish::Time)),
            _ => None,
        }
    }

    fn change(&self, place: usize) -> Option<Wish> {
        let (_, waits) = self.statuses.get(place)?.variant().filter(|(name, _)| name == "Waits")?;
        let number = waits.field("at")?.number()? & u64::from(u16::MAX);
        let point = self.points.get(number as usize)?.field("point")?.some()?;
        let owner = self.clients.get(point.field("owner")?.number()? as usize)?.some()?;
        let token = owner.path(&["client", "token"])?.number()?;
        let component = self.report.components.iter().find(|component| component.token == token)?.name.clone();
        Some(Wish::Change(Blockpoint { component, number }))
    }

    fn exchange(&self, place: usize) -> Option<Wish> {
        match self.parties.get(place)?.field("role")?.variant()?.0.as_str() {
            "Accepts" => Some(Wish::Call),
            "Calls" | "IsServed" => Some(Wish::Answer),
            _ => None,
        }
    }

    /// For whom the thread in a place waits.
    fn on(&self, place: usize) -> Option<u32> {
        let target = self.links.get(place)?.field("target")?.number()?;
        *self.indices.get(target as usize)?
    }
}

/// By place, the index of the thread there; `directory` has by index how the scheduler numbers each.
fn indices(directory: &[Value<'_, '_>], places: usize) -> Vec<Option<u32>> {
    let mut indices = vec![None; places];
    for (index, number) in
        directory.iter().zip(0_u32..).filter_map(|(value, index)| Some((index, value.number()? as u32)))
    {
        let place = (number & (PLACELESS - 1)) >> PLACE_SHIFT;
        let is_placed = number != 0 && number & PLACELESS == 0;
        if let Some(at) = indices.get_mut(place as usize).filter(|_| is_placed) {
            *at = Some(index);
        }
    }
    indices
}
