//! Where in the source a fault happened, as `composer run` shows it on the console and in the log.

use std::path::{Path, PathBuf};
use std::process::Command;

use composer::command::build;
use libtest_mimic::{Failed, Trial};
use object::{Object, ObjectSymbol};

use crate::tools::{Outcome, compose, composer, ensure, finish, root, scratch, trials};

/// The trials of this file.
pub fn trials() -> Vec<Trial> {
    trials!("sources":
        a_null_pointer_is_reported_with_its_source_line
        a_component_elsewhere_is_reported_with_its_source_line
        a_jump_out_of_the_code_is_reported_without
        a_fault_of_the_kernel_would_be_reported_with_its_source_line
        a_panic_is_reported_with_the_calls_that_led_to_it
        what_was_printed_can_be_explained_later
    )
}

/// A graph whose component `culprit` has this image and these keys, and faults.
fn graph(image: &str, keys: &str) -> String {
    format!(
        "[system]\ndescription = \"a test\"\nexpect = {{ faults = [\"culprit\"], status = 8 }}\n\
         [[components]]\nname = \"booter\"\nconstructor = \"kernel\"\n\
         [[components]]\nname = \"culprit\"\nimg = \"{image}\"\n{keys}\n"
    )
}

/// What the console shows from the report of the culprit's fault on. The log has the same, and nothing that tells where
/// on this machine anything was built.
fn report(directory: &Path, graph: &str) -> Result<String, Failed> {
    let (file, log) = (directory.join("graph.toml"), directory.join("log"));
    std::fs::write(&file, graph)?;
    let mut command = compose("run", &file, &directory.join("system"))?;
    let shown = finish(command.arg("--log").arg(&log))?.expect_status(0)?.output;
    let logged = std::fs::read_to_string(log)?;
    ensure(shown == logged, || format!("the console shows\n{shown}\nand the log\n{logged}"))?;
    for place in [root(), directory] {
        ensure(!shown.contains(&place.display().to_string()), || shown.clone())?;
    }
    let report = shown.split_once("tessera: fault: component culprit, thread 1 (culprit), ");
    Ok(report.ok_or_else(|| shown.clone())?.1.to_owned())
}

/// Cause and address, then these places, innermost first, each the beginning of a line.
fn is(report: &str, cause: &str, places: &[&str]) -> Outcome {
    let mut lines = report.lines();
    let first = lines.next().unwrap_or_default();
    let caused = first.starts_with(cause) && first.contains(" at instruction 0x");
    let placed = places.iter().all(|place| lines.next().is_some_and(|line| line.starts_with(place)));
    let over = lines.next().is_some_and(|line| !line.starts_with(' '));
    ensure(caused && placed && over, || format!("expected `{cause}` in {places:?}, but:\n{report}"))
}

fn a_null_pointer_is_reported_with_its_source_line() -> Outcome {
    let directory = scratch()?;
    let null = "params = [{ key = \"read\", value = 0 }]";
    for keys in [null.to_owned(), format!("{null}\nbaseaddr = 0x1000_0000")] {
        let report = report(directory.path(), &graph("faulty", &keys))?;
        let place = "  in faulty::memory::read, tests/components/faulty/src/memory.rs:";
        is(&report, "page fault reading address 0x0", &[place])?;
    }
    Ok(())
}

fn a_component_elsewhere_is_reported_with_its_source_line() -> Outcome {
    let directory = scratch()?;
    write_crate(&directory.path().join("culprit"))?;
    let report = report(directory.path(), &graph("./culprit", ""))?;
    is(&report, "invalid opcode", &["  in culprit::stumble, src/main.rs:9"])
}

const CULPRIT: &str = "\
#![no_std]
#![no_main]
use memory_functions as _;
runtime::component! { main: stumble }

#[inline(never)]
fn stumble() {
    // SAFETY: the instruction is undefined: it faults.
    unsafe { core::arch::asm!(\"ud2\") }
}
";

/// A component that is a workspace of its own.
fn write_crate(directory: &Path) -> Outcome {
    let ours = |place: &str| format!("{{ path = \"{}\" }}", root().join(place).display());
    let (runtime, functions) = (ours("components/runtime"), ours("kernel/memory-functions"));
    let manifest = format!(
        "[package]\nname = \"culprit\"\nedition = \"2024\"\n\
         [dependencies]\nruntime = {runtime}\nmemory-functions = {functions}\n\
         [build-dependencies]\nimage-link = {}\n[workspace]\n",
        ours("kernel/image-link")
    );
    std::fs::create_dir_all(directory.join("src"))?;
    std::fs::write(directory.join("Cargo.toml"), manifest)?;
    // The versions that are known to be at hand.
    // The versions that are there: those of the repository.
    std::fs::copy(root().join("Cargo.lock"), directory.join("Cargo.lock"))?;
    std::fs::copy(root().join("tests/outside/visitor/build.rs"), directory.join("build.rs"))?;
    std::fs::write(directory.join("src/main.rs"), CULPRIT)?;
    Ok(())
}

fn a_jump_out_of_the_code_is_reported_without() -> Outcome {
    let directory = scratch()?;
    for (address, cause) in
        [("0", "page fault executing address 0x0"), ("0x8000_0000_0000", "general protection fault")]
    {
        let report = report(
            directory.path(),
            &graph("faulty", &format!("params = [{{ key = \"execute\", value = {address} }}]")),
        )?;
        is(&report, cause, &[])?;
    }
    Ok(())
}

/// The kernel does not fault: its report is made up, of the address of a function.
fn a_fault_of_the_kernel_would_be_reported_with_its_source_line() -> Outcome {
    let directory = scratch()?;
    let output = Some(directory.path().join("system"));
    let arguments = build::Arguments { file: root().join("systems/pingpong.toml"), output };
    let system = build::compose(&arguments).map_err(|failure| failure.diagnostics.render(&failure.source))?;
    let kernel = object::read::elf::ElfFile64::<object::Endianness>::parse(system.images.kernel.as_slice())?;
    let main = kernel.symbols().find(|symbol| symbol.name() == Ok("kernel_main")).ok_or("there is no `kernel_main`")?;
    let line = format!("tessera: fatal: the kernel faulted: page fault at instruction {:#x}", main.address());
    let frames = system.programs().explain(&line);
    let shown: Vec<_> = frames.iter().map(ToString::to_string).collect();
    let is_there = shown.last().is_some_and(|frame| frame.contains("kernel_main, kernel/src/main.rs:"));
    ensure(is_there, || format!("{shown:?}"))
}

/// The graph of components that panic.
fn panics() -> PathBuf {
    root().join("tests/systems/panics.toml")
}

/// What stands behind the last line of a panic's stack, up to the kernel's report.
fn calls(shown: &str, panic: &str) -> Result<String, Failed> {
    let said = shown.split_once(panic).and_then(|(_, rest)| rest.split_once("tessera: fault:"));
    let (said, _) = said.ok_or_else(|| format!("expected `{panic}` in\n{shown}"))?;
    Ok(said.lines().filter(|line| line.starts_with("  ")).map(|line| format!("{line}\n")).collect())
}

const WHO: &str = "panicker::server::";
const WHERE: &str = "tests/components/panicker/src/server.rs";

fn a_panic_is_reported_with_the_calls_that_led_to_it() -> Outcome {
    let directory = scratch()?;
    let shown = finish(&mut compose("run", &panics(), directory.path())?)?.expect_status(0)?.output;
    let own = format!("  in {WHO}because, {WHERE}:48\n  in {WHO}fail, {WHERE}:43\n");
    let (served, started) = (calls(&shown, "server: thread 4 panicked")?, calls(&shown, " (worker) panicked")?);
    let method = format!("{own}  in fails, {WHERE}:25\n  inlined into dispatch<{WHO}Panicking, ");
    ensure(served.starts_with(&method), || served.clone())?;
    // As far as where the component was entered, and no further: what lies above was left there by others.
    ensure(served.lines().last().is_some_and(|line| line.contains("__runtime_method, ")), || served.clone())?;
    ensure(started.starts_with(&own) && started.ends_with("  in _start\n"), || started.clone())?;
    let nested = calls(&shown, ", in what was to be said of another panic")?;
    let (inner, outer) = (format!("  in <{WHO}Unspeakable as core::fmt::Display>::fmt, {WHERE}:36\n"), "  in call, ");
    ensure(nested.starts_with(&inner) && nested.contains(outer), || nested.clone())
}

fn what_was_printed_can_be_explained_later() -> Outcome {
    let directory = scratch()?;
    let log = directory.path().join("log");
    let shown = finish(compose("run", &panics(), directory.path())?.arg("--log").arg(&log))?.expect_status(0)?.output;
    let logged = std::fs::read_to_string(&log)?;
    let plain: Vec<_> = logged.lines().filter(|line| !line.starts_with("  ")).collect();
    ensure(plain.len() < shown.lines().count(), || format!("nothing was explained:\n{shown}"))?;
    std::fs::write(&log, plain.join("\n") + "\n")?;
    let mut backtrace = Command::new(composer()?);
    backtrace.current_dir(root()).arg("backtrace").arg(panics()).arg(&log);
    let explained = finish(&mut backtrace)?.expect_status(0)?.output;
    ensure(explained == shown, || format!("expected\n{shown}\nbut\n{explained}"))
}
