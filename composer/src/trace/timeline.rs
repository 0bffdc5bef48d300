//! From what was in the registers when user level was left to who was inside whom.

use std::collections::BTreeMap;

use super::count::{Counter, Crossing};
use super::entry::{Entry, Reader};
use super::place::{Asked, Category, Place, Places};
use crate::pass::report::Report;

/// Something with a beginning and an end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slice {
    /// Where it is shown.
    pub track: Track,
    /// What it is called.
    pub name: String,
    /// Its kind.
    pub category: Category,
    /// When it began, in instructions.
    pub start: u64,
    /// When it ended.
    pub end: u64,
}

/// A row of the picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Track {
    /// What a core ran.
    Core(usize),
    /// What a thread did.
    Thread(u64),
}

/// Something that happened at a moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moment {
    /// Where it is shown.
    pub track: Track,
    /// What it is called.
    pub name: String,
    /// Its kind.
    pub category: Category,
    /// When, in instructions.
    pub at: u64,
}

/// All that happened.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Timeline {
    /// What has a beginning and an end, by its end.
    pub slices: Vec<Slice>,
    /// What happened at a moment.
    pub moments: Vec<Moment>,
    /// Instructions that were looked at.
    pub end: u64,
}

/// The two runs differ: this is not one history.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Differ;

/// What is open on a thread's track.
struct Open {
    name: String,
    category: Category,
    start: u64,
    /// The page table of the component that it is in; none if it is in the kernel.
    page_table: Option<u64>,
}

/// A timeline under construction.
struct Drawing<'r> {
    report: &'r Report,
    open: BTreeMap<u64, Vec<Open>>,
    cores: BTreeMap<usize, Core<'r>>,
    done: Timeline,
}

/// What a core does.
#[derive(Clone, Copy, Debug, Default)]
struct Core<'r> {
    /// The thread that it has, and since when.
    running: Option<(u64, u64)>,
    /// Since when it has been at user level.
    since: u64,
    /// What was asked when it last left that.
    before: Option<Asked<'r>>,
}

/// Draws the history of a system, of which `counter` and `reader` have followed one run each.
///
/// # Errors
///
/// [`Differ`].
pub fn timeline(report: &Report, counter: &Counter, reader: &Reader) -> Result<Timeline, Differ> {
    let mut places = Places::new(report);
    let mut drawing = Drawing { report, open: BTreeMap::new(), cores: BTreeMap::new(), done: Timeline::default() };
    let mut entries = reader.by_core();
    for crossing in counter.crossings(&reader.tasks) {
        let entry = entries.get_mut(&crossing.core).and_then(std::collections::VecDeque::pop_front);
        let entry = entry.filter(|entry| is_of(entry, &crossing)).ok_or(Differ)?;
        let start = Core { since: counter.start(crossing.core).unwrap_or(0), ..Core::default() };
        let mut core = drawing.cores.get(&crossing.core).copied().unwrap_or(start);
        let place = places.find(&entry);
        // A thread on a stack of its own stays the one that it was.
        let thread = place.thread.or(core.running.map(|(thread, _)| thread)).unwrap_or(0);
        drawing.runs(thread, place, crossing.core, &mut core);
        let asked = places.asked(place, &entry);
        drawing.leaves(thread, &crossing, &asked);
        core.before = Some(asked);
        core.since = crossing.entered.unwrap_or(counter.instructions);
        drawing.cores.insert(crossing.core, core);
    }
    Ok(drawing.finish(counter.instructions))
}

/// Whether both runs say the same of a crossing: a system call of one is none of the other's interrupts.
fn is_of(entry: &Entry, crossing: &Crossing) -> bool {
    entry.entry.is_none_or(|address| crossing.entry == Some(address))
}

impl Drawing<'_> {
    /// Since the core is at user level, `thread` has run there in `place`, as what was asked before led to.
    fn runs(&mut self, thread: u64, place: Place, number: usize, core: &mut Core<'_>) {
        let Core { since, before, .. } = *core;
        let was_running = self.switch(thread, number, core);
        let name = self.component(place);
        let open = self.open.entry(thread).or_default();
        // What the kernel did for it is over.
        close_while(open, &mut self.done, Track::Thread(thread), since, |open| open.page_table.is_none());
        if open.last().is_some_and(|top| top.page_table == Some(place.page_table)) {
            return;
        }
        let asked = before.filter(|asked| was_running && asked.invokes());
        let is_left = open.iter().any(|level| level.page_table == Some(place.page_table));
        if is_left && asked.is_none() {
            let is_above = |open: &Open| open.page_table != Some(place.page_table);
            close_while(open, &mut self.done, Track::Thread(thread), since, is_above);
            return;
        }
        let is_handled = was_running && matches!(before, Some(Asked::Fault(..)));
        let (name, category) = match asked {
            Some(asked) => (asked.name(), asked.category()),
            None if is_handled => (name, Category::Fault),
            None => (name, Category::Invocation),
        };
        open.push(Open { name, category, start: since, page_table: Some(place.page_table) });
    }

    /// The thread leaves user level: for the kernel, until it is back.
    fn leaves(&mut self, thread: u64, crossing: &Crossing, asked: &Asked<'_>) {
        let (track, name, category) = (Track::Thread(thread), asked.name(), asked.category());
        match asked {
            Asked::Interrupt(_) | Asked::Fault(..) => {
                self.done.moments.push(Moment { track, name, category, at: crossing.left });
            }
            Asked::Of { .. } if category == Category::Kernel => {
                let open = self.open.entry(thread).or_default();
                open.push(Open { name, category, start: crossing.left, page_table: None });
            }
            Asked::Return | Asked::Of { .. } => {}
        }
    }

    /// The core runs `thread`; answers whether it did before.
    fn switch(&mut self, thread: u64, number: usize, core: &mut Core<'_>) -> bool {
        let before = core.running;
        if before.is_some_and(|(running, _)| running == thread) {
            return true;
        }
        core.running = Some((thread, core.since));
        self.close_core(number, before, core.since);
        false
    }

    fn close_core(&mut self, number: usize, running: Option<(u64, u64)>, end: u64) {
        if let Some((thread, start)) = running {
            let (name, track) = (thread_name(self.report, thread), Track::Core(number));
            self.done.slices.push(Slice { track, name, category: Category::Switch, start, end });
        }
    }

    fn component(&self, place: Place) -> String {
        let component = place.component.and_then(|at| self.report.components.get(at));
        component.map_or_else(|| format!("component at {:#x}", place.page_table), |component| component.name.clone())
    }

    fn finish(mut self, end: u64) -> Timeline {
        for (number, core) in std::mem::take(&mut self.cores) {
            self.close_core(number, core.running, end);
        }
        for (thread, mut open) in std::mem::take(&mut self.open) {
            close_while(&mut open, &mut self.done, Track::Thread(thread), end, |_| true);
        }
        self.done.end = end;
        self.done
    }
}

/// Ends what is open, from the innermost on, as long as `is_over`.
fn close_while(open: &mut Vec<Open>, done: &mut Timeline, track: Track, end: u64, is_over: impl Fn(&Open) -> bool) {
    while let Some(Open { name, category, start, .. }) = open.pop_if(|top| is_over(top)) {
        done.slices.push(Slice { track, name, category, start, end });
    }
}

/// What a thread is called.
pub fn thread_name(report: &Report, thread: u64) -> String {
    let owner = report.threads.iter().find(|entry| entry.thread as u64 == thread);
    owner.map_or_else(|| format!("thread {thread}"), |owner| format!("thread {thread} ({})", owner.component))
}
