//! A timeline as a file that Perfetto and Chrome open: JSON in the trace event format.
//!
//! An instruction is shown as a nanosecond: the clock that counts them says so, too.

use serde::Serialize;

use super::place::Category;
use super::timeline::{Timeline, Track, thread_name};
use crate::pass::report::Report;

/// A file.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Trace {
    trace_events: Vec<Event>,
    display_time_unit: &'static str,
}

/// An event, as the format has it.
#[derive(Clone, Debug, Serialize)]
struct Event {
    /// `X` has a beginning and a duration, `i` is a moment, and `M` names a row.
    ph: &'static str,
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    cat: Option<Category>,
    pid: u64,
    tid: u64,
    /// In microseconds.
    ts: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    dur: Option<f64>,
    /// Of a moment: it belongs to its row.
    #[serde(skip_serializing_if = "Option::is_none")]
    s: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    args: Option<Arguments>,
}

#[derive(Clone, Debug, Serialize)]
struct Arguments {
    name: String,
}

const CORES: u64 = 1;
const THREADS: u64 = 2;

fn microseconds(instructions: u64) -> f64 {
    instructions as f64 / 1000.0
}

/// From one to the other, never so much that a reader who adds it to the beginning comes out behind the end: what follows would lie inside.
fn length(start: u64, end: u64) -> f64 {
    let (start, end) = (microseconds(start), microseconds(end));
    let length = end - start;
    if start + length > end { length.next_down() } else { length }
}

fn row(track: Track) -> (u64, u64) {
    match track {
        // Number 0 stands for the process itself.
        Track::Core(core) => (CORES, core as u64 + 1),
        Track::Thread(thread) => (THREADS, thread + 1),
    }
}

/// The file of `timeline`.
pub fn trace(report: &Report, timeline: &Timeline) -> Trace {
    let slices = timeline.slices.iter().map(|slice| {
        let (dur, at) = (Some(length(slice.start, slice.end)), microseconds(slice.start));
        Event { dur, ..event("X", &slice.name, slice.track, Some(slice.category), at) }
    });
    let moments = timeline.moments.iter().map(|moment| {
        let at = microseconds(moment.at);
        Event { s: Some("t"), ..event("i", &moment.name, moment.track, Some(moment.category), at) }
    });
    let mut trace_events: Vec<Event> = names(report, timeline).chain(slices).chain(moments).collect();
    // What begins first is first, and of two that begin at once the one that is around the other.
    trace_events.sort_by(|one, other| {
        one.ts.total_cmp(&other.ts).then(other.dur.unwrap_or(0.0).total_cmp(&one.dur.unwrap_or(0.0)))
    });
    Trace { trace_events, display_time_unit: "ns" }
}

fn event(ph: &'static str, name: &str, track: Track, cat: Option<Category>, ts: f64) -> Event {
    let (pid, tid) = row(track);
    Event { ph, name: name.into(), cat, pid, tid, ts, dur: None, s: None, args: None }
}

/// What the rows are called.
fn names(report: &Report, timeline: &Timeline) -> impl Iterator<Item = Event> {
    let named = |what: &str, track: Track, name: String| Event {
        args: Some(Arguments { name }),
        ..event("M", what, track, None, 0.0)
    };
    let mut rows: Vec<Track> = timeline.slices.iter().map(|slice| slice.track).collect();
    rows.sort_unstable();
    rows.dedup();
    let groups = [(Track::Core(0), "processors"), (Track::Thread(0), "threads")];
    let groups = groups.map(|(track, name)| named("process_name", track, name.into()));
    let rows: Vec<Event> = rows
        .into_iter()
        .map(|track| match track {
            Track::Core(core) => named("thread_name", track, format!("core {core}")),
            Track::Thread(thread) => named("thread_name", track, thread_name(report, thread)),
        })
        .collect();
    groups.into_iter().chain(rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_follows_does_not_lie_inside_what_was_before() {
        let is_long = |start: u64, end: u64| microseconds(end - start) + microseconds(start) > microseconds(end);
        let pairs = || (100_000..200_000).step_by(7).map(|start| (start, start + 1 + start % 1_013));
        assert!(pairs().any(|(start, end)| is_long(start, end)), "nothing was to be seen");
        for (start, end) in pairs() {
            let length = length(start, end);
            assert!(microseconds(start) + length <= microseconds(end), "{start} to {end}");
            assert_eq!((1000.0 * length).round() as u64, end - start);
        }
    }
}
