//! What `composer inspect` says of a system, dumped and running, `composer trace` of all that it did, and gdb in it.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use libtest_mimic::{Failed, Trial};
use qemu::debugger::{Debugger, Door};
use qemu::{Machine, Run, Session};
use serde_json::Value;

use crate::tools::{Outcome, compose, composer, ensure, finish, path_without, root, scratch, trials};

/// The trials of this file.
pub fn trials() -> Vec<Trial> {
    trials!("inspections": a_dump_says_who_is_inside_whom_and_who_holds_what who_waits_for_what_at_the_scheduler
        a_running_system_is_looked_into_and_goes_on
        a_timeline_shows_calls_batches_switches_and_faults
        a_timeline_has_a_row_for_each_core
        gdb_takes_over_where_a_component_starts)
}

const KNOWN: &str = "tests/systems/inspected/known.toml";
/// Where pong is, and nobody else.
const PONG: u64 = 0x1000_0000;

/// Composes a graph into `directory` and starts it there, behind a door, at its first instruction.
fn start(graph: &str, directory: &Path) -> Result<(Debugger, JoinHandle<Run>), Failed> {
    finish(&mut compose("build", &root().join(graph), directory)?)?.expect_status(0)?;
    let door = Door::new(directory.join("door"));
    let machine = Machine::new(directory.join("kernel"), directory.join("bundle")).counts_instructions(true);
    let session = Session::new(machine.extra(door.arguments()));
    let run = std::thread::spawn(move || session.run(&mut std::io::sink()));
    let debugger = Debugger::connect(&door, Duration::from_secs(60)).map_err(|error| error.to_string())?;
    Ok((debugger, run))
}

/// Dumps a system where pong is entered for the first time.
fn dump_in_pong(graph: &str, directory: &Path) -> Outcome {
    let (mut debugger, run) = start(graph, directory)?;
    let dump = directory.join("dump");
    debugger.run_to(PONG).map_err(|error| error.to_string())?;
    debugger.monitor(&format!("dump-guest-memory {}", dump.display())).map_err(|error| error.to_string())?;
    debugger.kill().map_err(|error| error.to_string())?;
    let _ = run.join();
    Ok(())
}

fn inspect(graph: &Path, of: &str, place: &Path) -> Result<Command, Failed> {
    let mut command = Command::new(composer()?);
    command.current_dir(root()).arg("inspect").arg(graph).arg(of).arg(place);
    Ok(command)
}

/// What is said as JSON.
fn state(command: &mut Command) -> Result<Value, Failed> {
    let finished = finish(command.args(["--format", "json"]))?.expect_status(0)?;
    Ok(serde_json::from_str(&finished.output)?)
}

fn thread<'s>(state: &'s Value, component: &str) -> Result<&'s Value, Failed> {
    let threads = state["threads"].as_array().ok_or("no threads")?;
    threads.iter().find(|thread| thread["component"] == component).ok_or_else(|| format!("no {component}").into())
}

fn components(thread: &Value) -> Vec<&str> {
    thread["stack"].as_array().into_iter().flatten().filter_map(|level| level["component"].as_str()).collect()
}

fn component<'s>(state: &'s Value, name: &str) -> Result<&'s Value, Failed> {
    let components = state["components"].as_array().ok_or("no components")?;
    components.iter().find(|component| component["name"] == name).ok_or_else(|| format!("no {name}").into())
}

/// What a component holds, as `slot kind: to`.
fn held(component: &Value) -> Vec<String> {
    let held = component["capabilities"].as_array().into_iter().flatten();
    held.map(|held| format!("{} {}: {}", held["slot"], text(&held["kind"]), text(&held["to"]))).collect()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn expect<T: PartialEq + std::fmt::Debug>(found: &T, expected: &T) -> Outcome {
    ensure(found == expected, || format!("{found:?} instead of {expected:?}"))
}

fn a_dump_says_who_is_inside_whom_and_who_holds_what() -> Outcome {
    let directory = scratch()?;
    dump_in_pong(KNOWN, directory.path())?;
    let (graph, dump) = (root().join(KNOWN), directory.path().join("dump"));
    let state = state(&mut inspect(&graph, "--dump", &dump)?)?;
    let (ping, booter) = (thread(&state, "ping")?, thread(&state, "booter")?);
    expect(&components(ping), &vec!["pong", "ping"])?;
    expect(&text(&ping["state"]), &"running")?;
    expect(&ping["stack"][0]["address"].as_u64(), &Some(PONG))?;
    expect(&components(booter), &vec!["booter"])?;
    expect(&booter["waits_for"]["end_of"], &ping["thread"])?;
    expect(&state["processors"][0]["thread"], &ping["thread"])?;
    let place = ping["stack"][1]["functions"].to_string();
    ensure(place.contains("components/ping/src/lib.rs:"), || format!("ping is at {place}"))?;
    expect(
        &held(component(&state, "ping")?),
        &vec![format!("8 invocation: pong, entry {PONG:#x}"), "9 invocation: console, entry 0x400000".into()],
    )?;
    expect(&held(component(&state, "console")?), &vec!["8 ports: 0x3f8-0x3ff".into()])?;
    expect(&held(component(&state, "pong")?), &vec![])?;
    is_as_reported(&state, directory.path())?;
    let stack = &component(&state, "ping")?["stacks"][0];
    let (used, bound) = (stack["used"].as_u64().unwrap_or(0), stack["bound"].as_u64().unwrap_or(0));
    ensure(0 < used && used <= bound, || format!("{used} bytes of stack used, and at most {bound}"))?;
    finish(&mut inspect(&graph, "--dump", &dump)?)?.expect_status(0)?.expect_text("booter: waits, for the end of")?;
    // Of the same kernel, and its components have the same names; pong is elsewhere.
    is_refused(&root().join("systems/pingpong.toml"), &dump, "E1002")?;
    is_refused(&root().join("systems/pingpong.toml"), &directory.path().join("kernel"), "E1001")
}

/// The report says of each slot of each component that something is there, the base constructor's included, and of no other.
fn is_as_reported(state: &Value, directory: &Path) -> Outcome {
    let report: Value = serde_json::from_str(&std::fs::read_to_string(directory.join("report.json"))?)?;
    for reported in report["components"].as_array().ok_or("no components")? {
        let slots = |of: &Value| -> Vec<u64> {
            let held = of["capabilities"].as_array().into_iter().flatten();
            held.filter_map(|held| held["slot"].as_u64()).filter(|slot| *slot != 0).collect()
        };
        expect(&slots(component(state, text(&reported["name"]))?), &slots(reported))?;
    }
    Ok(())
}

const WAITS: &str = "tests/systems/inspected/waits.toml";

/// The kernel knows of three threads that they do not run; their scheduler, why.
fn who_waits_for_what_at_the_scheduler() -> Outcome {
    let directory = scratch()?;
    dump_in_pong(WAITS, directory.path())?;
    let (graph, dump) = (root().join(WAITS), directory.path().join("dump"));
    let state = state(&mut inspect(&graph, "--dump", &dump)?)?;
    let threads = state["threads"].as_array().ok_or("no threads")?;
    let of_waiters = |thread: &&Value| components(thread).last() == Some(&"waiters");
    let (waiting, others): (Vec<_>, Vec<_>) =
        threads.iter().filter(of_waiters).partition(|thread| thread["waiting"].is_object());
    expect(&others.iter().map(|thread| components(thread)).collect::<Vec<_>>(), &vec![vec!["pong", "waiters"]])?;
    let owner = &others[0]["thread"];
    let [parks, sleeps, locks] = waiting[..] else { return Err(format!("{waiting:?} wait").into()) };
    expect(&locks["waiting"]["for"]["change"]["component"], &"waiters".into())?;
    expect(&locks["waiting"]["on"], owner)?;
    expect(&parks["waiting"], &serde_json::json!({ "for": "wake_up" }))?;
    expect(&sleeps["waiting"], &serde_json::json!({ "for": "time" }))?;
    ensure(sleeps["budget"]["left"].is_u64(), || format!("its budget is not counted: {sleeps}"))?;
    let number = locks["waiting"]["for"]["change"]["number"].as_u64().ok_or("no blockpoint")?;
    let line = format!("it waits for a change at blockpoint {number} of waiters, which depends on thread {owner}");
    finish(&mut inspect(&graph, "--dump", &dump)?)?.expect_status(0)?.expect_text(&line)?;
    Ok(())
}

/// Whatever is no dump, and a dump of another kernel, is refused by name.
fn is_refused(graph: &Path, file: &Path, code: &str) -> Outcome {
    finish(&mut inspect(graph, "--dump", file)?)?.expect_status(2)?.expect_text(code)?;
    Ok(())
}

/// A child that is killed, whatever happens.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn a_running_system_is_looked_into_and_goes_on() -> Outcome {
    let directory = scratch()?;
    let (graph, door) = (directory.path().join("endless.toml"), directory.path().join("door"));
    let endless = "[system]\ndescription = \"never ends\"\n[[components]]\nname = \"booter\"\nconstructor = \"kernel\"\n\
                   [[components]]\nname = \"faulty\"\nparams = [{ key = \"loop\", value = true }]\n";
    std::fs::write(&graph, endless)?;
    finish(&mut inspect(&graph, "--door", &door)?)?.expect_status(2)?.expect_text("E1003")?;
    let mut run = compose("run", &graph, &directory.path().join("system"))?;
    run.args(["--timeout", "240", "--door"]).arg(&door).stdin(Stdio::null()).stdout(Stdio::null());
    let mut run = Running(run.stderr(Stdio::null()).spawn()?);
    // It comes up in its own time; from then on it does the same for ever.
    let deadline = Instant::now() + Duration::from_secs(200);
    let is_inside = || -> Result<bool, Failed> {
        let finished = finish(inspect(&graph, "--door", &door)?.args(["--format", "json"]))?;
        let state: Value = serde_json::from_str(&finished.output).unwrap_or_default();
        Ok(thread(&state, "faulty")
            .is_ok_and(|thread| thread["state"] == "running" && components(thread) == ["faulty"]))
    };
    while !is_inside()? {
        ensure(Instant::now() < deadline, || "the endless component is nowhere".into())?;
        ensure(run.0.try_wait()?.is_none(), || "the run has ended".into())?;
        std::thread::sleep(Duration::from_millis(100));
    }
    ensure(is_inside()?, || "it cannot be looked into twice".into())
}

/// What has a beginning and an end on a timeline, in instructions.
struct Slice<'t> {
    row: (u64, u64),
    name: &'t str,
    category: &'t str,
    start: u64,
    end: u64,
}

impl Slice<'_> {
    fn contains(&self, other: &Self) -> bool {
        self.row == other.row && self.start <= other.start && other.end <= self.end
    }
}

fn instructions(microseconds: &Value) -> u64 {
    (microseconds.as_f64().unwrap_or(-1.0) * 1000.0).round() as u64
}

/// The slices in the events of a trace, each of which is of a kind that the format has.
fn slices(events: &[Value]) -> Result<Vec<Slice<'_>>, Failed> {
    let mut slices = Vec::new();
    for event in events {
        let row = event["pid"].as_u64().zip(event["tid"].as_u64()).ok_or("an event without a row")?;
        ensure(event["ts"].as_f64().is_some_and(|at| at >= 0.0) && event["name"].is_string(), || event.to_string())?;
        match text(&event["ph"]) {
            "X" => {
                let (start, length) = (instructions(&event["ts"]), instructions(&event["dur"]));
                let (name, category) = (text(&event["name"]), text(&event["cat"]));
                slices.push(Slice { row, name, category, start, end: start + length });
            }
            "M" => ensure(event["args"]["name"].is_string(), || event.to_string())?,
            "i" => ensure(event["s"] == "t", || event.to_string())?,
            other => return Err(format!("an event of kind {other:?}").into()),
        }
    }
    Ok(slices)
}

/// Slices of a row lie in each other, or beside each other: what shows them has no other way.
fn are_nested(slices: &[Slice<'_>]) -> Outcome {
    let mut open: Vec<&Slice<'_>> = Vec::new();
    for slice in slices {
        open.retain(|around| around.row != slice.row || around.end > slice.start);
        let around = open.iter().rfind(|around| around.row == slice.row);
        ensure(around.is_none_or(|around| around.contains(slice)), || format!("{} crosses another", slice.name))?;
        open.push(slice);
    }
    Ok(())
}

/// The events of the timeline of a graph.
fn traced(graph: &str) -> Result<Vec<Value>, Failed> {
    let (directory, mut trace) = (scratch()?, Command::new(composer()?));
    let file = directory.path().join("trace.json");
    trace.current_dir(root()).arg("trace").arg(root().join(graph)).arg("--output").arg(&file);
    finish(&mut trace)?.expect_status(0)?;
    let mut trace: Value = serde_json::from_slice(&std::fs::read(&file)?)?;
    let Value::Array(events) = trace["traceEvents"].take() else { return Err("no events".into()) };
    is_readable(&events)?;
    Ok(events)
}

/// What readers of the format rely on: events come in the order of their times, those that name rows first, and each row that has events has
/// one name, as has each group of rows. That what is on a row lies in each other is seen by [`are_nested`].
fn is_readable(events: &[Value]) -> Outcome {
    let times: Vec<f64> = events.iter().filter_map(|event| event["ts"].as_f64()).collect();
    ensure(times.is_sorted() && times.len() == events.len(), || "events are not in their order".into())?;
    let names = |what: &str, row: &dyn Fn(&Value) -> bool| {
        events.iter().filter(|event| event["ph"] == "M" && event["name"] == what && row(event)).count()
    };
    for event in events.iter().filter(|event| event["ph"] != "M") {
        let is_same = |other: &Value| other["pid"] == event["pid"] && other["tid"] == event["tid"];
        expect(&names("thread_name", &is_same), &1)?;
        expect(&names("process_name", &|other| other["pid"] == event["pid"]), &1)?;
    }
    are_nested(&slices(events)?)
}

/// Ping runs on the second core, and nobody else does. What it asks of pong and the console is on its own row, as with one core.
fn a_timeline_has_a_row_for_each_core() -> Outcome {
    let events = traced("tests/systems/other-core.toml")?;
    let slices = slices(&events)?;
    let named = |name: &str| events.iter().find(|event| event["args"]["name"] == name).ok_or(format!("no {name}"));
    let on = |core: &str| -> Result<Vec<&str>, Failed> {
        let row = named(core)?["pid"].as_u64().zip(named(core)?["tid"].as_u64());
        let mut names: Vec<_> = slices.iter().filter(|slice| Some(slice.row) == row).map(|slice| slice.name).collect();
        names.sort_unstable();
        names.dedup();
        Ok(names)
    };
    let (first, second) = (on("core 0")?, on("core 1")?);
    expect(&second, &vec!["thread 3 (ping)"])?;
    ensure(first.contains(&"thread 0 (booter)") && !first.contains(&second[0]), || format!("core 0 has {first:?}"))?;
    let call = slices.iter().find(|slice| slice.name == "pong: pong.add").ok_or("pong is never called")?;
    let caller = slices.iter().find(|slice| slice.name == "ping" && slice.contains(call));
    ensure(caller.is_some(), || "ping is not around pong".into())
}

fn a_timeline_shows_calls_batches_switches_and_faults() -> Outcome {
    let events = traced("tests/systems/inspected/traced.toml")?;
    let slices = slices(&events)?;
    let named = |name: &str| slices.iter().filter(|slice| slice.name == name).collect::<Vec<_>>();
    let one = |name: &str| named(name).first().copied().ok_or_else(|| Failed::from(format!("no {name}")));
    // The page is served twice, by the scheduler on the client's thread, and calls without a page come one by one.
    let batches = named("pong: batch of pong for batcher");
    expect(&batches.len(), &2)?;
    let served = one("sched: pages.wait")?;
    ensure(batches.iter().all(|batch| batch.category == "batch") && served.contains(batches[0]), || {
        "the batch is not within what the client waits for".into()
    })?;
    ensure(one("survivor")?.contains(one("fragile: pong.fails")?), || "survivor is not around fragile".into())?;
    let core: Vec<_> = slices.iter().filter(|slice| slice.category == "switch").collect();
    ensure(core.windows(2).all(|two| two[0].end == two[1].start), || "the core has gaps".into())?;
    ensure(core.iter().any(|slice| slice.name == "thread 5 (batcher)"), || "batcher never has the core".into())?;
    let faults = events.iter().filter(|event| event["ph"] == "i" && event["cat"] == "fault");
    expect(&faults.map(|event| text(&event["name"])).collect::<Vec<_>>(), &vec!["page fault at 0x0"])
}

/// Whether the page table that is loaded is that of the component with hot descriptor 4.
const IS_IN_PING: &str = "print ($cr3 & 0xffffffffff000) == (*(unsigned long *) 0xffffffffc0000088 & 0xffffffffff000)";

/// All components but pong start at the same address, the booter first.
fn gdb_takes_over_where_a_component_starts() -> Outcome {
    let debug = |component: &str| -> Result<Command, Failed> {
        let mut command = Command::new(composer()?);
        command.current_dir(root()).arg("debug").arg(root().join(KNOWN)).arg(component).arg("--");
        command.args(["-nx", "-batch", "-ex", "set language c", "-ex", IS_IN_PING]);
        command.args(["-ex", "here ping::_::__runtime_start", "-ex", "continue", "-ex", "backtrace 1"]);
        // What only debugging information about variables and types can say.
        command.args(["-ex", "info args", "-ex", "whatis ping::PONG"]);
        Ok(command)
    };
    let directory = scratch()?;
    let path = path_without("gdb", &directory.path().join("programs"))?;
    let missing = finish(debug("ping")?.env("PATH", &path))?.expect_status(3)?;
    missing.expect_text("`gdb` is not installed")?.expect_text("apt-get install")?;
    finish(&mut debug("pings")?)?.expect_status(2)?.expect_text("did you mean `ping`")?;
    let stopped = finish(&mut debug("ping")?)?.expect_status(0)?;
    let (before, after) = stopped.output.split_once("ping is about to start").ok_or("it never came to ping")?;
    ensure(before.contains("_start ()"), || format!("it stopped elsewhere:\n{before}"))?;
    // Whoever came to this address before is not where gdb stopped.
    ensure(after.contains("$1 = 1"), || format!("another component is there:\n{after}"))?;
    ensure(after.contains("word = 0") && after.contains("type = pong_interface::PongClient"), || {
        format!("no variables:\n{after}")
    })?;
    ensure(after.contains("__runtime_start (word=0) at components/runtime/src/macros/component.rs"), || {
        format!("not there:\n{after}")
    })
}
