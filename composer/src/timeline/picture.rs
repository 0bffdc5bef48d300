//! The picture of a timeline: a row for each thread, time from left to right, in light and dark.

use simulator::Job;

use super::{Lane, Processor, Timeline};
use crate::graph::Graph;
use crate::schedulability::{Analysis, PROPORTIONAL_SHARE, Promise, Supply, Timed, Unsure, supplied};
use crate::svg::{Page, escape};

const MARGIN: f64 = 24.0;
/// Width of the names.
const NAMES: f64 = 230.0;
/// Letters of a name that there is room for.
const LETTERS: usize = 26;
/// Width of the time.
const TIME: f64 = 960.0;
/// Width of the remarks.
const REMARKS: f64 = 210.0;
const TITLE: f64 = 44.0;
const HEADER: f64 = 44.0;
const ROW: f64 = 46.0;
const AXIS: f64 = 44.0;
/// Height of a line about what is not drawn.
const NOTE: f64 = 18.0;
/// Height of what runs.
const BAR: f64 = 18.0;
/// Height of arrows above their line.
const ARROW: f64 = BAR + 9.0;
/// From a row's upper end to its line.
const LINE: f64 = 36.0;
/// Colours of rows, which come again after so many.
const COLOURS: usize = 6;

const STYLE: &str = "
  .page { fill: #ffffff } text { font-family: ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace; fill: #1f2328; font-size: 12px }
  .title, .policy { font-family: system-ui, 'DejaVu Sans', sans-serif; font-weight: 600 } .title { font-size: 17px } .policy { font-size: 14px }
  .name { font-weight: 700; font-size: 13px } .detail { fill: #59636e; font-size: 11px } .tick { text-anchor: middle; fill: #59636e; font-size: 11px }
  .slot-name { text-anchor: middle; fill: #59636e; font-size: 11px } .bad { fill: #cf222e; font-weight: 700 }
  .base { stroke: #57606a; stroke-width: 1 } .grid { stroke: #d8dee4; stroke-width: 1 } .slot { fill: #f0f3f6 } .nobody { fill: #d8dee4 }
  .release { stroke: #1f2328; stroke-width: 1.2; fill: none } .deadline { stroke: #57606a; stroke-width: 1.2; fill: none } .dotted { stroke-dasharray: 2 2 }
  .late { fill: #cf222e; fill-opacity: .25 } .missed { stroke: #cf222e; stroke-width: 2; fill: none }
  .run0 { fill: #0b5cad } .run1 { fill: #1a7f37 } .run2 { fill: #9a5b00 } .run3 { fill: #8250df } .run4 { fill: #0e7490 } .run5 { fill: #a8326e }
  @media (prefers-color-scheme: dark) {
    .page { fill: #0d1117 } text { fill: #e6edf3 } .detail, .tick, .slot-name { fill: #9198a1 } .bad { fill: #f85149 }
    .base { stroke: #8b949e } .grid { stroke: #30363d } .slot { fill: #161b22 } .nobody { fill: #30363d }
    .release { stroke: #e6edf3 } .deadline { stroke: #8b949e } .late { fill: #f85149 } .missed { stroke: #f85149 }
    .run0 { fill: #4493f8 } .run1 { fill: #3fb950 } .run2 { fill: #d29922 } .run3 { fill: #ab7df8 } .run4 { fill: #39c5cf } .run5 { fill: #e86fb0 }
  }
";

const DESCRIPTION: &str = "A row for each thread, time from left to right. A bar is time in which it runs, an arrow upwards the start of a period, \
     a dotted arrow downwards a deadline; what is red is late.";

/// The picture.
pub fn draw(graph: &Graph, timeline: &Timeline) -> String {
    let height: f64 = timeline.processors.iter().map(height).sum();
    let left_out = timeline.left_out.len() as f64 * NOTE;
    let size = (2.0 * MARGIN + NAMES + TIME + REMARKS, 2.0 * MARGIN + TITLE + height + left_out);
    let page = Page::new((size.0 as u64, size.1 as u64), &graph.description, DESCRIPTION, STYLE);
    let mut picture = Picture { page, scale: TIME / timeline.length.max(1) as f64, left: MARGIN + NAMES };
    picture.page.text("title", (MARGIN, MARGIN + 14.0), &graph.description);
    let mut top = MARGIN + TITLE;
    for processor in &timeline.processors {
        picture.processor(graph, processor, top, timeline.length);
        top += height_of(processor.lanes.len());
    }
    for analysis in &timeline.left_out {
        picture.page.text("detail", (MARGIN, top + 12.0), &not_drawn(graph, analysis));
        top += NOTE;
    }
    picture.page.finish()
}

/// That a scheduler is not drawn, and why.
fn not_drawn(graph: &Graph, analysis: &Analysis) -> String {
    let (name, core) = (graph.thread_name(analysis.scheduler, 0), analysis.core);
    let supply = match analysis.supply {
        Supply::Core => Supply::Unsure(Unsure::Turns),
        supply => supply,
    };
    format!("{name}, core {core}: not drawn{}", supplied(graph, supply))
}

fn height(processor: &Processor) -> f64 {
    height_of(processor.lanes.len())
}

fn height_of(rows: usize) -> f64 {
    HEADER + rows as f64 * ROW + AXIS
}

struct Picture {
    page: Page,
    /// Width of a microsecond.
    scale: f64,
    /// Where time begins.
    left: f64,
}

impl Picture {
    fn x(&self, time: u64) -> f64 {
        self.left + time as f64 * self.scale
    }

    fn processor(&mut self, graph: &Graph, processor: &Processor, top: f64, length: u64) {
        let analysis = &processor.analysis;
        let (name, asked) = (graph.thread_name(analysis.scheduler, 0), analysis.utilisation());
        self.page.text("policy", (MARGIN, top + 12.0), &format!("{name}, core {}: {}", analysis.core, analysis.policy));
        if analysis.threads.iter().any(Timed::is_declared) {
            let asked = format!("{}.{} % is asked for", asked / 10, asked % 10);
            self.page.text("detail", (self.left + TIME + 12.0, top + 12.0), &asked);
        }
        let (rows, bottom) = (top + HEADER, top + HEADER + ROW * processor.lanes.len() as f64);
        self.slots(processor, rows, bottom);
        self.axis(rows, bottom, length);
        for (at, (thread, lane)) in analysis.threads.iter().zip(&processor.lanes).enumerate() {
            let name = graph.thread_name(thread.component, thread.number);
            self.page.text("name", (MARGIN, rows + ROW * at as f64 + 20.0), &shortened(&name));
            self.page.text("detail", (MARGIN, rows + ROW * at as f64 + 34.0), &asks(thread, analysis.policy));
            self.row(&name, thread, lane, (at, rows + ROW * at as f64), length);
        }
    }

    fn slots(&mut self, processor: &Processor, top: f64, bottom: f64) {
        let mut names: Vec<&String> = Vec::new();
        for (from, to, name) in &processor.slots {
            let (x, width) = (self.x(*from), self.x(*to) - self.x(*from));
            let class = if name.is_none() { "nobody" } else { "slot" };
            if name.as_ref().is_none_or(|name| is_shaded(&mut names, name)) {
                self.page.line(format_args!(
                    r#"<rect class="{class}" x="{x:.2}" y="{top:.1}" width="{width:.2}" height="{:.1}"/>"#,
                    bottom - top
                ));
            }
            if let Some(name) = name.as_ref().filter(|name| width > 8.0 * name.len() as f64) {
                self.page.text("slot-name", (x + width / 2.0, top - 6.0), name);
            }
        }
    }

    fn axis(&mut self, top: f64, bottom: f64, length: u64) {
        let step = step(length);
        for time in (0..=length / step).map(|tick| tick * step) {
            let x = self.x(time);
            self.page.line(format_args!(r#"<path class="grid" d="M{x:.2} {top:.1}V{:.1}"/>"#, bottom + 5.0));
            self.page.text("tick", (x, bottom + 18.0), &duration(time));
        }
    }

    fn row(&mut self, name: &str, thread: &Timed, lane: &Lane, (at, top): (usize, f64), length: u64) {
        let line = top + LINE;
        for job in &lane.jobs {
            self.lateness(job, line, length);
        }
        for span in &lane.spans {
            let (x, width) = (self.x(span.from), ((span.to - span.from) as f64 * self.scale).max(0.5));
            self.page.line(format_args!(
                r#"<rect class="run{}" x="{x:.2}" y="{:.1}" width="{width:.2}" height="{BAR}"><title>{}: {} to {} microseconds</title></rect>"#,
                at % COLOURS,
                line - BAR,
                escape(name),
                span.from,
                span.to
            ));
        }
        for job in &lane.jobs {
            self.job(job, line, length);
        }
        self.page.line(format_args!(r#"<path class="base" d="M{:.1} {line:.1}h{TIME}"/>"#, self.left));
        self.remarks(thread, lane, top, length);
    }

    /// What is done after its deadline.
    fn lateness(&mut self, job: &Job, line: f64, end: u64) {
        let done = job.done.unwrap_or(end).min(end);
        if done > job.deadline {
            let (x, width) = (self.x(job.deadline), self.x(done) - self.x(job.deadline));
            self.page.line(format_args!(
                r#"<rect class="late" x="{x:.2}" y="{:.1}" width="{width:.2}" height="{:.1}"/>"#,
                line - BAR - 8.0,
                BAR + 8.0
            ));
        }
    }

    fn job(&mut self, job: &Job, line: f64, end: u64) {
        let x = self.x(job.release);
        self.page.line(format_args!(r#"<path class="release" d="M{x:.2} {line:.1}v-{ARROW:.1}m-3 5l3-5 3 5"/>"#));
        if job.deadline <= end {
            let (x, is_late) = (self.x(job.deadline), job.is_late(end));
            let (class, dots) = if is_late { ("missed", "") } else { ("deadline", " dotted") };
            let top = line - ARROW;
            self.page.line(format_args!(r#"<path class="{class}{dots}" d="M{x:.2} {top:.1}v{ARROW:.1}"/>"#));
            self.page.line(format_args!(r#"<path class="{class}" d="M{:.2} {:.1}l3 5 3-5"/>"#, x - 3.0, line - 5.0));
        }
    }

    fn remarks(&mut self, thread: &Timed, lane: &Lane, top: f64, end: u64) {
        let x = self.left + TIME + 12.0;
        let late = lane.jobs.iter().filter(|job| job.is_late(end)).count();
        let longest = lane.jobs.iter().filter_map(Job::response).max();
        let shown = match (late, longest) {
            (0, Some(longest)) => format!("here within {}", duration(longest)),
            (0, None) => {
                let had: u64 = lane.spans.iter().map(|span| span.to - span.from).sum();
                format!("here {} in all", duration(had))
            }
            (late, _) => format!("here {late} of {} late", lane.jobs.len()),
        };
        let (class, promised) = match thread.promise {
            Promise::Within(time) => ("detail", format!("always within {}", duration(time))),
            Promise::ByDeadline => ("detail", "always in time".to_owned()),
            Promise::Late => ("detail bad", "may be late".to_owned()),
            Promise::Unknown(_) => ("detail", "waits for unknown threads".to_owned()),
            Promise::Blocked(_) => ("detail", "may find a lock taken".to_owned()),
            // Whose time is not sure is not drawn.
            Promise::Unsupplied | Promise::Undeclared => ("detail", String::new()),
        };
        let class_shown = if late > 0 { "detail bad" } else { "detail" };
        if !lane.spans.is_empty() || !lane.jobs.is_empty() {
            self.page.text(class_shown, (x, top + 20.0), &shown);
        }
        if !promised.is_empty() {
            self.page.text(class, (x, top + 34.0), &promised);
        }
    }
}

/// Whether a partition's slots are shaded: those of every other one are, in each cycle the same.
fn is_shaded<'n>(names: &mut Vec<&'n String>, name: &'n String) -> bool {
    let known = names.iter().position(|known| *known == name);
    let number = known.unwrap_or_else(|| {
        names.push(name);
        names.len() - 1
    });
    number.is_multiple_of(2)
}

/// A name, as much of it as there is room for.
fn shortened(name: &str) -> String {
    match name.char_indices().nth(LETTERS) {
        Some((end, _)) => format!("{}…", name.get(..end).unwrap_or_default()),
        None => name.to_owned(),
    }
}

/// What a thread asks for.
fn asks(thread: &Timed, policy: &str) -> String {
    let Timed { work, period, deadline, .. } = *thread;
    match (thread.is_declared(), deadline == period) {
        (false, _) if policy == PROPORTIONAL_SHARE => format!("weight {}", thread.parameters.weight),
        (false, _) => "nothing is said of it".to_owned(),
        (true, true) => format!("{} every {}", duration(work), duration(period)),
        (true, false) => format!("{} every {}, by {}", duration(work), duration(period), duration(deadline)),
    }
}

/// A length of time, as one would say it.
fn duration(microseconds: u64) -> String {
    let in_units = |unit: u64, name: &str| {
        let (whole, part) = (microseconds / unit, microseconds % unit * 1_000 / unit);
        let text = format!("{whole}.{part:03}");
        format!("{} {name}", text.trim_end_matches('0').trim_end_matches('.'))
    };
    match microseconds {
        0..1_000 => format!("{microseconds} µs"),
        1_000..1_000_000 => in_units(1_000, "ms"),
        _ => in_units(1_000_000, "s"),
    }
}

/// From one mark of the axis to the next: 1, 2 or 5 times a power of ten, so that there are about ten.
fn step(length: u64) -> u64 {
    let (mut step, mut next) = (1u64, [2, 5, 10].into_iter().cycle());
    let mut power = 1u64;
    while length / step > 12 {
        let factor = next.next().unwrap_or(10);
        step = power.saturating_mul(factor);
        power = if factor == 10 { step } else { power };
    }
    step
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_of_time_are_said_as_one_would() {
        let said = [7, 1_000, 1_500, 20_030, 3_000_000].map(duration);
        assert_eq!(said, ["7 µs", "1 ms", "1.5 ms", "20.03 ms", "3 s"]);
    }

    #[test]
    fn a_name_stays_left_of_the_time() {
        assert_eq!(["short", "é".repeat(26).as_str()].map(shortened), ["short".to_owned(), "é".repeat(26)]);
        assert_eq!(shortened(&"é".repeat(27)), format!("{}…", "é".repeat(26)));
    }

    #[test]
    fn a_partition_is_shaded_in_every_cycle_or_in_none() {
        let (mut names, cycle) = (Vec::new(), ["a", "b", "c"].map(String::from));
        let shaded: Vec<bool> = cycle.iter().chain(&cycle).map(|name| is_shaded(&mut names, name)).collect();
        assert_eq!(shaded, [true, false, true, true, false, true]);
    }

    #[test]
    fn marks_are_round_and_few() {
        assert_eq!([3, 40, 100, 4_000, 60_000, u64::MAX].map(step), [1, 5, 10, 500, 5_000, 2_000_000_000_000_000_000]);
    }
}
