//! A state, for people.

use std::fmt::{self, Write};

use super::capabilities::Held;
use super::core::Processor;
use super::rings::{Calls, Ring};
use super::scheduler::{Blockpoint, Waiting, Wish};
use super::state::{Component, State};
use super::threads::{Doing, Level, Thread, WaitsFor};
use crate::text::count;

/// The state as text.
pub fn render(state: &State) -> String {
    let mut text = String::new();
    // Text in memory takes everything.
    let _ = write_all(&mut text, state);
    text
}

fn write_all(text: &mut String, state: &State) -> fmt::Result {
    state.processors.iter().try_for_each(|processor| write_processor(text, processor, &state.threads))?;
    writeln!(text, "\nthreads, each with the components that it is in, the innermost first")?;
    state.threads.iter().try_for_each(|thread| write_thread(text, thread))?;
    state.components.iter().try_for_each(|component| write_component(text, component))
}

fn write_processor(text: &mut String, processor: &Processor, threads: &[Thread]) -> fmt::Result {
    write!(text, "processor {}: ", processor.number)?;
    let Some(number) = processor.thread else { return writeln!(text, "has not run any thread") };
    let thread = threads.iter().find(|thread| thread.thread == number);
    let level = thread.and_then(|thread| thread.stack.first());
    let component = level.map_or("a component that is not known", |level| level.component.as_str());
    write!(text, "thread {number}, in {component}")?;
    if processor.in_kernel {
        write!(text, ", in the kernel at {:#x}", processor.instruction)?;
        processor.function.iter().try_for_each(|function| write!(text, ", in {function}"))?;
    }
    writeln!(text)
}

fn write_thread(text: &mut String, thread: &Thread) -> fmt::Result {
    write!(text, "  {:>4}  {}: {}", thread.thread, thread.component, doing(thread.state))?;
    thread.waits_for.iter().try_for_each(|what| write!(text, ", {what}"))?;
    write_events(text, thread)?;
    thread.budget.iter().try_for_each(|budget| write!(text, "; {budget}"))?;
    thread.limit.iter().try_for_each(|limit| write!(text, "; has the core until {limit}"))?;
    writeln!(text)?;
    thread.waiting.iter().try_for_each(|waiting| writeln!(text, "        at its scheduler, it waits {waiting}"))?;
    thread.stack.iter().try_for_each(|level| write_level(text, level))
}

/// What it has not been told of yet.
fn write_events(text: &mut String, thread: &Thread) -> fmt::Result {
    if thread.sends > 0 {
        write!(text, "; {} not received", count(thread.sends as usize, "send"))?;
    }
    if !thread.events_of.is_empty() {
        let threads: Vec<_> = thread.events_of.iter().map(|index| format!("thread {index}")).collect();
        write!(text, "; events not received of {}", threads.join(", "))?;
    }
    Ok(())
}

impl fmt::Display for Waiting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.wish {
            Wish::Change(Blockpoint { component, number }) => {
                write!(f, "for a change at blockpoint {number} of {component}")?
            }
            Wish::WakeUp => f.write_str("to be woken")?,
            Wish::Time => f.write_str("for its time to come")?,
            Wish::Call => f.write_str("to be called")?,
            Wish::Answer => f.write_str("for an answer")?,
        }
        self.on.iter().try_for_each(|thread| write!(f, ", which depends on thread {thread}"))?;
        if self.is_changing { f.write_str(" (as its scheduler was about to change)") } else { Ok(()) }
    }
}

fn doing(state: Doing) -> &'static str {
    match state {
        Doing::AtStart => "has not started, or has ended",
        Doing::Faulted => "ended by a fault",
        Doing::Waiting => "waits",
        Doing::Running => "runs",
        Doing::Suspended => "suspended",
        Doing::Receiving => "receives",
        Doing::Preempted => "preempted",
    }
}

impl fmt::Display for WaitsFor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::EndOf(thread) => write!(f, "for the end of thread {thread}"),
            Self::Event => f.write_str("at its end-point"),
            Self::DecisionOf(thread) => write!(f, "until thread {thread} lets it run"),
            Self::Dispatch => f.write_str("until somebody lets it run"),
        }
    }
}

fn write_level(text: &mut String, level: &Level) -> fmt::Result {
    write!(text, "          {}", level.component)?;
    if level.dead {
        write!(text, " (dead)")?;
    }
    if level.faulted {
        write!(text, " (its fault is being handled)")?;
    }
    level.address.iter().try_for_each(|address| write!(text, " at {address:#x}"))?;
    level.functions.iter().try_for_each(|function| write!(text, "\n              {function}"))?;
    writeln!(text)
}

fn write_component(text: &mut String, component: &Component) -> fmt::Result {
    let pages = component.pages;
    writeln!(text, "\n{}, number {} (epoch {})", component.name, component.descriptor, component.epoch)?;
    write!(text, "  pages: {} read, {} written, {} executed", pages.read, pages.write, pages.execute)?;
    for (number, what) in [(pages.devices, "of devices"), (pages.untyped, "untyped frames named")] {
        if number > 0 {
            write!(text, ", {number} {what}")?;
        }
    }
    writeln!(text, "; {}", count(pages.tables as usize, "table"))?;
    for stack in &component.stacks {
        write!(text, "  stack of thread {}: {} of {} bytes used", stack.thread, stack.used, stack.bytes)?;
        stack.bound.iter().try_for_each(|bound| write!(text, ", at most {bound}"))?;
        writeln!(text)?;
    }
    component.rings.iter().try_for_each(|ring| write_ring(text, ring))?;
    component.capabilities.iter().try_for_each(|held| write_held(text, held))
}

fn write_ring(text: &mut String, ring: &Ring) -> fmt::Result {
    write!(text, "  page to {} ({}):", ring.server, ring.interface)?;
    let Calls { free, submitted, busy, blocked, done, damaged } = ring.calls;
    let states = [
        (free, "free"),
        (submitted, "submitted"),
        (busy, "under way"),
        (blocked, "blocked"),
        (done, "done"),
        (damaged, "damaged"),
    ];
    let there = states.into_iter().filter(|(number, _)| *number > 0);
    let words: Vec<String> = there.map(|(number, state)| format!("{number} {state}")).collect();
    writeln!(text, " {}", words.join(", "))
}

fn write_held(text: &mut String, held: &Held) -> fmt::Result {
    write!(text, "  {:>6}  {}", held.slot, held.kind)?;
    if !held.to.is_empty() {
        write!(text, ": {}", held.to)?;
    }
    if !held.methods.is_empty() {
        write!(text, ", methods {}", held.methods.join(", "))?;
    }
    if held.stale {
        write!(text, " (stale: it has ended)")?;
    }
    held.graph_line.iter().try_for_each(|line| write!(text, " (line {line})"))?;
    writeln!(text)
}
