//! From what was in the registers when user level was left to who was inside whom.

use std::collections::BTreeMap;

use super::count::{Counter, Crossing};
use super::entry::Entry;
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
    /// What the core ran.
    Core,
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
    running: Option<(u64, u64)>,
    done: Timeline,
}

/// Draws the history of a system.
///
/// # Errors
///
/// [`Differ`].
pub fn timeline(report: &Report, counter: &Counter, entries: &[Entry]) -> Result<Timeline, Differ> {
    if entries.len() < counter.crossings.len() {
        return Err(Differ);
    }
    let mut places = Places::new(report);
    let mut drawing = Drawing { report, open: BTreeMap::new(), running: None, done: Timeline::default() };
    let mut since = counter.start.unwrap_or(0);
    let mut thread = 0;
    let mut before: Option<Asked<'_>> = None;
    for (crossing, entry) in counter.crossings.iter().zip(entries) {
        let place = places.find(entry);
        // A thread on a stack of its own stays the one that it was.
        thread = place.thread.unwrap_or(thread);
        drawing.runs(thread, place, since, before);
        let asked = places.asked(place, entry);
        drawing.leaves(thread, crossing, &asked);
        before = Some(asked);
        since = crossing.entered.unwrap_or(counter.instructions);
    }
    Ok(drawing.finish(counter.instructions))
}

impl Drawing<'_> {
    /// From `since` on, `thread` has run in `place`, as what was asked `before` led to.
    fn runs(&mut self, thread: u64, place: Place, since: u64, before: Option<Asked<'_>>) {
        let was_running = self.switch(thread, since);
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
    fn switch(&mut self, thread: u64, now: u64) -> bool {
        match self.running {
            Some((running, _)) if running == thread => true,
            running => {
                self.running = Some((thread, now));
                self.close_core(running, now);
                false
            }
        }
    }

    fn close_core(&mut self, running: Option<(u64, u64)>, end: u64) {
        if let Some((thread, start)) = running {
            let name = thread_name(self.report, thread);
            self.done.slices.push(Slice { track: Track::Core, name, category: Category::Switch, start, end });
        }
    }

    fn component(&self, place: Place) -> String {
        let component = place.component.and_then(|at| self.report.components.get(at));
        component.map_or_else(|| format!("component at {:#x}", place.page_table), |component| component.name.clone())
    }

    fn finish(mut self, end: u64) -> Timeline {
        let running = self.running.take();
        self.close_core(running, end);
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
