//! Broken bundles and unusual machines: the kernel says what is wrong and ends; it never hangs.

use std::path::PathBuf;

use abi::bundle::{HEADER_BYTES, VERSION};
use abi::layout::PAGE;
use composer::temporary::TemporaryDirectory;
use libtest_mimic::{Failed, Trial};
use qemu::{EXIT_FAILURE, EXIT_SUCCESS, Ending, Machine, Run, Session};

use crate::tools::{Finished, Outcome, compose, ensure, finish, root, scratch, trials};

/// The trials of this file.
pub fn trials() -> Vec<Trial> {
    trials!("machines":
        without_a_bundle
        with_an_empty_bundle
        with_a_truncated_bundle
        with_a_flipped_bit
        with_random_bytes
        with_another_version
        with_little_memory
        with_much_memory
        with_64_gibibytes_that_this_host_does_not_have
        with_memory_that_costs_an_instruction_for_each_kibibyte_at_most
        with_a_processor_that_lacks_what_is_needed
        with_a_processor_that_has_nothing_else
        with_a_processor_that_is_known_to_leak
        with_several_processors
        with_less_memory_than_the_system_needs
        with_two_boots_that_are_equal
    )
}

/// A composed system, to be spoilt.
struct System {
    directory: TemporaryDirectory,
}

impl System {
    fn compose() -> Result<Self, Failed> {
        let directory = scratch()?;
        let graph = root().join("systems/pingpong.toml");
        finish(&mut compose("build", &graph, directory.path())?)?.expect_status(0)?;
        Ok(Self { directory })
    }

    fn kernel(&self) -> PathBuf {
        self.directory.path().join("kernel")
    }

    fn bundle(&self) -> Result<Vec<u8>, Failed> {
        Ok(std::fs::read(self.directory.path().join("bundle"))?)
    }

    /// Boots with `bundle` for a bundle.
    fn boot(&self, bundle: &[u8]) -> Result<Run, Failed> {
        let path = self.directory.path().join("spoilt");
        std::fs::write(&path, bundle)?;
        Ok(boot(Machine::new(self.kernel(), &path)))
    }
}

fn boot(machine: Machine) -> Run {
    Session::new(machine).run(&mut std::io::sink())
}

/// The kernel gave up with these words, and the machine ended with a failure.
fn gave_up(run: &Run, why: &str) -> Outcome {
    let console = String::from_utf8_lossy(&run.console);
    let last = console.trim_end().lines().last().unwrap_or_default();
    let said = last.starts_with("tessera: fatal: ") && last.contains(why);
    ensure(said && run.ending == Ending::Ended { code: EXIT_FAILURE }, || {
        format!("expected `tessera: fatal: ...{why}...`, but: {:?}\n{console}", run.ending)
    })
}

fn without_a_bundle() -> Outcome {
    let system = System::compose()?;
    gave_up(&boot(Machine::bare(system.kernel())), "the loader brought no bundle")
}

fn with_an_empty_bundle() -> Outcome {
    let system = System::compose()?;
    gave_up(&system.boot(&[])?, "bundle")
}

fn with_a_truncated_bundle() -> Outcome {
    let system = System::compose()?;
    let whole = system.bundle()?;
    let cut = |length: usize| system.boot(whole.get(..length).unwrap_or_default());
    for length in [HEADER_BYTES, PAGE as usize, whole.len() / 2, whole.len() - PAGE as usize] {
        gave_up(&cut(length)?, "the bundle is truncated")?;
    }
    // Within a header the kernel may see the page behind what was loaded; then another part of it is wrong.
    for length in [8, 16, HEADER_BYTES - 1] {
        gave_up(&cut(length)?, "the bundle")?;
    }
    Ok(())
}

fn with_a_flipped_bit() -> Outcome {
    let system = System::compose()?;
    let whole = system.bundle()?;
    let last = whole.len() - 1;
    // In the magic word, the sum, a number of entries, an offset, a component, a segment's contents.
    for (at, why) in [
        (0, "not a bundle"),
        (24, "checksum"),
        (32, "checksum"),
        (40, "checksum"),
        (HEADER_BYTES + 33, "checksum"),
        (whole.len() / 2, "checksum"),
        (last, "checksum"),
    ] {
        let mut spoilt = whole.clone();
        if let Some(byte) = spoilt.get_mut(at) {
            *byte ^= 0x10;
        }
        gave_up(&system.boot(&spoilt)?, why)
            .map_err(|failed| format!("byte {at}: {}", failed.message().unwrap_or("")))?;
    }
    Ok(())
}

fn with_random_bytes() -> Outcome {
    let system = System::compose()?;
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut byte = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state as u8
    };
    let bytes: Vec<u8> = (0..3 * PAGE).map(|_| byte()).collect();
    gave_up(&system.boot(&bytes)?, "not a bundle")
}

fn with_another_version() -> Outcome {
    let system = System::compose()?;
    let mut bundle = system.bundle()?;
    let other = VERSION + 1;
    if let Some(version) = bundle.get_mut(8..16) {
        version.copy_from_slice(&other.to_le_bytes());
    }
    gave_up(&system.boot(&bundle)?, &format!("the bundle has version {other}, this kernel reads {VERSION}"))
}

/// From what is too little for the kernel to what is just enough for the system: whoever lacks memory says so, and the machine
/// ends; the kernel, in building its tables and for the booter, and the booter, in constructing the others.
fn with_less_memory_than_the_system_needs() -> Outcome {
    const KIB: u64 = 1 << 10;
    let system = System::compose()?;
    let bundle = system.directory.path().join("bundle");
    let with = |kibibytes: u64| boot(Machine::new(system.kernel(), &bundle).memory(kibibytes * KIB));
    let end = (1600..4096).step_by(64).find(|size| with(*size).ending == Ending::Ended { code: EXIT_SUCCESS });
    let end = end.ok_or("4 MiB of memory are too little")?;
    let mut said = String::new();
    for size in (end - 192..end).step_by(8) {
        let run = with(size);
        if run.ending == (Ending::Ended { code: EXIT_SUCCESS }) {
            break;
        }
        ensure(run.ending == Ending::Ended { code: EXIT_FAILURE }, || {
            format!("{size} KiB: {:?}\n{}", run.ending, text(&run))
        })?;
        said += &text(&run);
    }
    for who in [
        "too little memory for the kernel's tables",
        "too little memory for the booter",
        "booter: cannot construct the system: memory ran out",
    ] {
        ensure(said.contains(who), || format!("nobody said `{who}`:\n{said}"))?;
    }
    Ok(())
}

fn with_little_memory() -> Outcome {
    finds_memory("64MiB", 64)
}

/// More than what lies below 4 GiB.
fn with_much_memory() -> Outcome {
    finds_memory("8GiB", 8 << 10)
}

fn with_64_gibibytes_that_this_host_does_not_have() -> Outcome {
    finds_memory("64GiB", 64 << 10)
}

/// The ticks, which are instructions, until the booter has constructed all components, with so many bytes of memory.
fn ticks_with(system: &System, bytes: u64) -> Result<u64, Failed> {
    let machine = Machine::new(system.kernel(), system.directory.path().join("bundle"));
    let run = boot(machine.memory(bytes).counts_instructions(true));
    let console = text(&run);
    let ticks = |line: &str| {
        let line = line.strip_prefix("booter: up:")?.strip_suffix(" ticks after the start")?;
        line.rsplit_once(", ")?.1.parse().ok()
    };
    Ok(console.lines().find_map(ticks).ok_or(console)?)
}

/// From 64 MiB to 64 GiB, which is reserved nowhere: between each of these machines and the next.
fn with_memory_that_costs_an_instruction_for_each_kibibyte_at_most() -> Outcome {
    const KIB: u64 = 1 << 10;
    let system = System::compose()?;
    let sizes = [64, 256, 1 << 10, 8 << 10, 64 << 10].map(|mebibytes: u64| mebibytes << 20);
    let mut ticks = Vec::new();
    for size in sizes {
        ticks.push(ticks_with(&system, size)?);
    }
    for ((less, more), memory) in ticks.iter().zip(ticks.iter().skip(1)).zip(sizes.windows(2)) {
        let kibibytes = memory.iter().rev().copied().reduce(|more, less| more - less).unwrap_or(0) / KIB;
        ensure(more.saturating_sub(*less) <= kibibytes, || format!("{sizes:?} bytes: {ticks:?} ticks"))?;
    }
    Ok(())
}

/// Boots with another model of processor.
fn with_processor(system: &System, model: &str) -> Run {
    let machine = Machine::new(system.kernel(), system.directory.path().join("bundle"));
    boot(machine.counts_instructions(true).extra(["-cpu", model]))
}

fn with_a_processor_that_lacks_what_is_needed() -> Outcome {
    let system = System::compose()?;
    gave_up(&with_processor(&system, "qemu64,-nx,+fsgsbase"), "(no NX)")?;
    gave_up(&with_processor(&system, "qemu64"), "no FSGSBASE")
}

/// Neither SMEP, SMAP, UMIP, pages of 1 GiB, global pages nor any newer leaf.
const PLAIN: &str = "qemu64,+fsgsbase,-pge,-pdpe1gb,-smep,-smap,-umip";

fn with_a_processor_that_has_nothing_else() -> Outcome {
    let system = System::compose()?;
    let run = with_processor(&system, PLAIN);
    let console = text(&run);
    ensure(console.contains("tessera: end, status 0"), || format!("{:?}\n{console}", run.ending))?;
    ensure(!console.contains("open to"), || console.clone())
}

/// An old Intel: the kernel says so, and goes on.
fn with_a_processor_that_is_known_to_leak() -> Outcome {
    let system = System::compose()?;
    let console = text(&with_processor(&system, "Nehalem,+fsgsbase"));
    for flaw in ["Meltdown", "L1 terminal fault", "data sampling", "branch target injection"] {
        ensure(console.contains(&format!("tessera: this processor is open to {flaw}, ")), || console.clone())?;
    }
    ensure(console.contains("tessera: end, status 0"), || console.clone())
}

/// All of them come up, whoever loads the kernel.
fn with_several_processors() -> Outcome {
    for loader in ["pvh", "grub"] {
        finished_with(&["--smp", "4", "--boot", loader])?.expect_text("4 of 4 processors in use")?;
    }
    Ok(())
}

/// The kernel finds all of the memory but what the firmware keeps, which is less than a MiB, and its very last frame can be
/// written and read by who has it.
fn finds_memory(size: &str, mebibytes: u64) -> Outcome {
    let directory = scratch()?;
    let file = directory.path().join("edges.toml");
    let image = root().join("tests/components/recycler");
    std::fs::write(
        &file,
        format!(
            "[system]\ndescription = \"first and last frames\"\n[[components]]\nname = \"recycler\"\nimg = {:?}\n\
             constructor = \"kernel\"\nparams = [{{ key = \"edges\", value = true }}]\n",
            image.display().to_string()
        ),
    )?;
    let mut run = compose("run", &file, &directory.path().join("system"))?;
    let finished = finish(run.args(["--memory", size]))?.expect_status(0)?;
    let finished = finished.expect_text(&format!(", {} MiB of memory,", mebibytes - 1))?;
    let last =
        finished.output.lines().find_map(|line| line.split_once("the last frame is number ")?.1.trim().parse().ok());
    // Beyond 4 GiB memory begins behind a hole, so that its last frame has a higher number.
    let least = ((mebibytes - 1) << 8) - 1;
    ensure(last.is_some_and(|last: u64| last >= least), || format!("{last:?}, not {least}\n{}", finished.output))
}

fn finished_with(arguments: &[&str]) -> Result<Finished, Failed> {
    let directory = scratch()?;
    let graph = root().join("systems/pingpong.toml");
    finish(compose("run", &graph, directory.path())?.args(arguments))?.expect_status(0)
}

/// With a clock that counts instructions, one run is like the other, to the last tick.
fn with_two_boots_that_are_equal() -> Outcome {
    let system = System::compose()?;
    let bundle = system.directory.path().join("bundle");
    let machine = || Machine::new(system.kernel(), &bundle).counts_instructions(true);
    let (one, other) = (boot(machine()), boot(machine()));
    ensure(one == other, || format!("{}\n{}", text(&one), text(&other)))
}

fn text(run: &Run) -> String {
    String::from_utf8_lossy(&run.console).into_owned()
}
