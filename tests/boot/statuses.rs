//! What `composer run` ends with, and that it takes its emulator with it, however it ends.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use libtest_mimic::{Failed, Trial};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::tools::{Finished, Outcome, compose, composer, ensure, finish, path_without, root, scratch, trials};

/// The trials of this file.
pub fn trials() -> Vec<Trial> {
    trials!("statuses":
        a_run_that_nobody_reads_is_0
        an_unexpected_fault_is_1
        a_fault_that_does_not_come_is_1
        a_missing_line_is_1
        another_status_is_1
        a_bad_graph_is_2
        a_graph_that_is_not_there_is_2
        a_component_that_does_not_compile_is_2
        a_check_looks_into_the_images
        two_versions_of_an_interface_are_2
        a_run_that_does_not_end_is_3
        a_run_has_the_time_that_its_graph_says
        the_machine_is_as_the_graph_says
        a_missing_emulator_is_3
        a_missing_toolchain_says_what_to_type
        an_interrupt_ends_the_emulator
        a_termination_ends_the_emulator
        a_kill_ends_the_emulator
    )
}

/// A graph with `faulty`, which behaves as `parameters` say, and these expectations.
fn graph(expect: &str, parameters: &str) -> String {
    format!(
        "[system]\ndescription = \"a test\"\nexpect = {{ {expect} }}\n\
         [[components]]\nname = \"booter\"\nconstructor = \"kernel\"\n\
         [[components]]\nname = \"faulty\"\nparams = [{parameters}]\n"
    )
}

const UNDEFINED: &str = "{ key = \"ud2\", value = true }";
const ENDLESS: &str = "{ key = \"loop\", value = true }";

/// Runs a graph that is written for it.
fn run(text: &str, prepare: impl FnOnce(&Path, &mut Command) -> Outcome) -> Result<Finished, Failed> {
    let directory = scratch()?;
    let mut command = written(directory.path(), text)?;
    prepare(directory.path(), &mut command)?;
    finish(&mut command)
}

fn written(directory: &Path, text: &str) -> Result<Command, Failed> {
    let graph = directory.join("graph.toml");
    std::fs::write(&graph, text)?;
    compose("run", &graph, &directory.join("system"))
}

fn run_plain(text: &str) -> Result<Finished, Failed> {
    run(text, |_, _| Ok(()))
}

fn a_run_that_nobody_reads_is_0() -> Outcome {
    let directory = scratch()?;
    let mut command = written(directory.path(), &graph("", ""))?;
    let (read, write) = std::io::pipe()?;
    drop(read);
    let status = command.stdin(Stdio::null()).stdout(write.try_clone()?).stderr(write).status()?;
    ensure(status.code() == Some(0), || format!("it ended with {status}"))
}

fn an_unexpected_fault_is_1() -> Outcome {
    let finished = run_plain(&graph("status = 8", UNDEFINED))?;
    finished.expect_status(1)?.expect_text("a fault that is not expected: tessera: fault: component faulty, ")?;
    Ok(())
}

fn a_fault_that_does_not_come_is_1() -> Outcome {
    let finished = run_plain(&graph("faults = [\"faulty\"]", ""))?;
    finished.expect_status(1)?.expect_text("`faulty` was expected to fault and did not")?;
    Ok(())
}

fn a_missing_line_is_1() -> Outcome {
    let finished = run_plain(&graph("output = [\"tessera: *\", \"no such line\"]", ""))?;
    finished.expect_status(1)?.expect_text("the line `no such line` did not come after `tessera: *`")?;
    Ok(())
}

fn another_status_is_1() -> Outcome {
    let finished = run_plain(&graph("status = 0", "{ key = \"status\", value = 5 }"))?;
    finished.expect_status(1)?.expect_text("it ended with status 5, expected 0")?;
    Ok(())
}

fn a_bad_graph_is_2() -> Outcome {
    let finished = run_plain(&graph("stauts = 0", "").replace("params", "parms"))?.expect_status(2)?;
    let finished = finished.expect_text("did you mean `status`?")?.expect_text("did you mean `params`?")?;
    ensure(!finished.errors.contains("panicked"), || finished.errors.clone())
}

fn a_graph_that_is_not_there_is_2() -> Outcome {
    let directory = scratch()?;
    finish(&mut compose("run", &directory.path().join("none.toml"), directory.path())?)?.expect_status(2)?;
    Ok(())
}

fn a_component_that_does_not_compile_is_2() -> Outcome {
    let broken = |name: &str| format!("[[components]]\nname = \"{name}\"\nimg = \"./broken\"\n");
    let text = graph("", "") + &broken("left") + &broken("right");
    let finished = run(&text, |directory, _| write_broken_crate(&directory.join("broken")))?;
    let finished = finished.expect_status(2)?.expect_text("the component crate `broken` does not build")?;
    let finished = finished.expect_text("image of `left`")?.expect_text("image of `right`")?;
    let finished = finished.expect_text("mismatched types")?;
    ensure(finished.errors.matches("E0503").count() == 1, || finished.errors.clone())
}

fn write_broken_crate(directory: &Path) -> Outcome {
    std::fs::create_dir_all(directory.join("src"))?;
    let manifest = "[package]\nname = \"broken\"\nversion = \"0.1.0\"\nedition = \"2024\"\n[workspace]\n";
    std::fs::write(directory.join("Cargo.toml"), manifest)?;
    std::fs::write(directory.join("src/main.rs"), "fn main() -> u8 {\n    \"not a number\"\n}\n")?;
    Ok(())
}

/// The graph of ping and pong, with a pong of an older version of their interface.
fn two_versions() -> String {
    include_str!("../../systems/pingpong.toml").replace("name = \"pong\"\n", "name = \"pong\"\nimg = \"old-pong\"\n")
}

fn a_check_looks_into_the_images() -> Outcome {
    let directory = scratch()?;
    let graph = directory.path().join("graph.toml");
    std::fs::write(&graph, two_versions())?;
    let check = |options: &[&str]| -> Result<Finished, Failed> {
        finish(
            Command::new(composer()?).arg("check").args(options).arg(&graph).current_dir(root()).stdin(Stdio::null()),
        )
    };
    check(&[])?.expect_status(2)?.expect_text("E0704")?;
    check(&["--graph-only"])?.expect_status(0)?;
    is_narrow(&root().join("systems/pingpong.toml"))?;
    let draw = |options: &[&str]| -> Result<Finished, Failed> {
        let mut draw = Command::new(composer()?);
        finish(draw.arg("graph").args(options).arg(&graph).current_dir(root()).stdin(Stdio::null()))
    };
    let is_red = |picture: &Finished| picture.output.contains("arrow broken\"");
    let (alone, with_images) = (draw(&[])?.expect_status(0)?, draw(&["--images"])?.expect_status(2)?);
    ensure(!is_red(&alone) && is_red(&with_images), || {
        "what does not fit the images is red, and only if they are asked".into()
    })?;
    ensure(std::fs::read_dir(directory.path())?.count() == 1, || "a check left something behind".to_owned())
}

/// Ping may call everything of pong, and calls two methods: that is no mistake, and said to who asks, with what to write instead.
fn is_narrow(graph: &Path) -> Outcome {
    let composer = |arguments: &[&str]| -> Result<Finished, Failed> {
        let mut command = Command::new(composer()?);
        finish(command.args(arguments).arg(graph).current_dir(root()).stdin(Stdio::null()))?.expect_status(0)
    };
    let usual = composer(&["check"])?;
    ensure(!usual.errors.contains("E0719"), || format!("an edge that permits all is usual:\n{}", usual.errors))?;
    let strict = composer(&["check", "--strict"])?;
    strict.expect_text("E0719")?.expect_text("permit what it calls: methods = [\"call\", \"add\"]")?;
    composer(&["report"])?.expect_text("; never calls args, fails")?;
    Ok(())
}

fn two_versions_of_an_interface_are_2() -> Outcome {
    let directory = scratch()?;
    let finished = finish(&mut written(directory.path(), &two_versions())?)?.expect_status(2)?;
    finished.expect_text("`ping`")?.expect_text("`pong`")?.expect_text("E0704")?;
    ensure(!directory.path().join("system").exists(), || "something half-built was left behind".to_owned())
}

fn a_run_that_does_not_end_is_3() -> Outcome {
    let finished = run(&graph("", ENDLESS), |_, command| {
        command.args(["--timeout", "2"]);
        Ok(())
    })?;
    finished.expect_status(3)?.expect_text("timed out after 2 s")?;
    Ok(())
}

/// A graph with `faulty`, on such a machine.
fn on(machine: &str, parameters: &str) -> String {
    graph("", parameters).replace(
        "[[components]]\nname = \"booter\"",
        &format!("machine = {{ {machine} }}\n[[components]]\nname = \"booter\""),
    )
}

fn a_run_has_the_time_that_its_graph_says() -> Outcome {
    run_plain(&on("timeout = 2", ENDLESS))?.expect_status(3)?.expect_text("timed out after 2 s")?;
    Ok(())
}

/// Of the clock it shows in that two runs take the same time, which they say.
fn the_machine_is_as_the_graph_says() -> Outcome {
    let run = || run_plain(&on("memory = \"80MiB\", smp = 2, icount = true", ""))?.expect_status(0);
    let (one, other) = (run()?, run()?);
    ensure(one.output == other.output, || format!("{}\n{}", one.output, other.output))?;
    one.expect_text(" 79 MiB of memory, 2 of 2 processors in use")?;
    Ok(())
}

fn a_missing_emulator_is_3() -> Outcome {
    let finished = run(&graph("", ""), |directory, command| {
        command.env("PATH", path_without("qemu-system", &directory.join("programs"))?);
        Ok(())
    })?;
    finished.expect_status(3)?.expect_text("is not installed")?.expect_text("apt-get install")?;
    Ok(())
}

fn a_missing_toolchain_says_what_to_type() -> Outcome {
    for (program, line) in [("cc", "apt-get install"), ("cargo", "rustup.rs")] {
        let directory = scratch()?;
        let path = path_without(program, &directory.path().join("programs"))?;
        for command in ["qemu/run", "tests/run"] {
            let mut command = Command::new(root().join(command));
            let finished = finish(command.arg("systems/pingpong.toml").current_dir(root()).env("PATH", &path))?;
            finished.expect_status(3)?.expect_text("there is no")?.expect_text(line)?;
        }
    }
    Ok(())
}

fn an_interrupt_ends_the_emulator() -> Outcome {
    ends_the_emulator(Signal::SIGINT)
}

fn a_termination_ends_the_emulator() -> Outcome {
    ends_the_emulator(Signal::SIGTERM)
}

fn a_kill_ends_the_emulator() -> Outcome {
    ends_the_emulator(Signal::SIGKILL)
}

/// Long enough for a machine that builds the images first.
const PATIENCE: Duration = Duration::from_secs(240);

fn ends_the_emulator(signal: Signal) -> Outcome {
    let directory = scratch()?;
    let mut command = written(directory.path(), &graph("", ENDLESS))?;
    let mut composer = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
    let outcome = strike(&mut composer, signal);
    let _ = composer.kill();
    let _ = composer.wait();
    outcome
}

fn strike(composer: &mut Child, signal: Signal) -> Outcome {
    let pid = Pid::from_raw(i32::try_from(composer.id())?);
    let emulator = wait_for("an emulator", || emulator_of(composer.id()))?;
    kill(pid, signal)?;
    let status = composer.wait()?;
    ensure(!status.success(), || "an interrupted run ended with success".to_owned())?;
    wait_for("the emulator's end", || (!is_emulator(emulator)).then_some(()))
}

fn wait_for<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> Result<T, Failed> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = look() {
            return Ok(found);
        }
        ensure(Instant::now() < deadline, || format!("{what} did not come"))?;
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// The process of an emulator that `parent` has started.
fn emulator_of(parent: u32) -> Option<u32> {
    let processes = std::fs::read_dir("/proc").ok()?.flatten();
    let numbers = processes.filter_map(|process| process.file_name().to_str()?.parse().ok());
    numbers.into_iter().find(|process| is_emulator(*process) && stat(*process).is_some_and(|(_, of)| of == parent))
}

/// Whether the process is an emulator that has not ended.
fn is_emulator(process: u32) -> bool {
    let name = std::fs::read_to_string(format!("/proc/{process}/comm")).unwrap_or_default();
    name.starts_with("qemu-system") && stat(process).is_some_and(|(state, _)| state != 'Z')
}

/// State and parent of a process.
fn stat(process: u32) -> Option<(char, u32)> {
    let text = std::fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    let mut fields = text.rsplit_once(')')?.1.split_whitespace();
    Some((fields.next()?.chars().next()?, fields.next()?.parse().ok()?))
}
