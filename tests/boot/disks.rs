//! The disk image: GRUB boots it, under a BIOS and under UEFI, and the system is the same.
//!
//! What is not installed cannot be tried: then a trial is ignored and says so. In continuous integration it fails instead.

use std::path::{Path, PathBuf};

use libtest_mimic::{Completion, Failed, Trial};
use qemu::Uefi;

use crate::tools::{Outcome, compose, ensure, finish, path_without, root, scratch, trial};

/// The trials of this file.
pub fn trials() -> Vec<Trial> {
    let ignorable = |name: &str, function: fn() -> Result<Completion, Failed>| {
        Trial::ignorable_test(format!("disks::{name}"), function)
    };
    vec![
        ignorable("grub_boots_under_a_bios", grub_boots_under_a_bios),
        ignorable("grub_boots_components_that_fault", grub_boots_components_that_fault),
        ignorable("grub_boots_several_processors", grub_boots_several_processors),
        ignorable("grub_boots_under_uefi", grub_boots_under_uefi),
        ignorable("equal_graphs_are_equal_disks", equal_graphs_are_equal_disks),
        trial("disks::without_grub_the_rest_works", without_grub_the_rest_works),
    ]
}

fn pingpong() -> PathBuf {
    root().join("systems/pingpong.toml")
}

/// The trial, if what it needs is there; else the reason why there is none.
fn if_installed(missing: Option<String>, trial: impl FnOnce() -> Outcome) -> Result<Completion, Failed> {
    match missing {
        None => trial().map(|()| Completion::Completed),
        Some(why) if std::env::var_os("CI").is_some_and(|value| value == "true") => Err(why.into()),
        Some(why) => Ok(Completion::ignored_with(why.replace('\n', " "))),
    }
}

/// What of GRUB is not installed.
fn missing_grub() -> Option<String> {
    let directory = scratch().map_err(|error| error.to_string());
    let made = directory.and_then(|directory| {
        let loader = composer::pass::disk::grub::Tools::default().loader(directory.path());
        loader.map_err(|error| error.to_string())
    });
    made.err()
}

fn missing_firmware() -> Option<String> {
    missing_grub().or_else(|| Uefi::find().err().map(|missing| missing.to_string()))
}

fn run(graph: &Path, arguments: &[&str]) -> Outcome {
    let directory = scratch()?;
    let finished = finish(compose("run", graph, &directory.path().join("system"))?.args(arguments))?;
    finished.expect_status(0)?.expect_text("tessera: loaded by multiboot2")?;
    Ok(())
}

fn grub_boots_under_a_bios() -> Result<Completion, Failed> {
    if_installed(missing_grub(), || run(&pingpong(), &["--boot", "grub"]))
}

fn grub_boots_components_that_fault() -> Result<Completion, Failed> {
    let graph = root().join("tests/systems/memory.toml");
    if_installed(missing_grub(), || run(&graph, &["--boot", "grub"]))
}

fn grub_boots_several_processors() -> Result<Completion, Failed> {
    if_installed(missing_grub(), || run(&pingpong(), &["--boot", "grub", "--smp", "4"]))
}

/// Without the clock that counts instructions, under which the firmware alone takes half a minute.
fn grub_boots_under_uefi() -> Result<Completion, Failed> {
    if_installed(missing_firmware(), || {
        let directory = scratch()?;
        let graph = directory.path().join("graph.toml");
        std::fs::write(&graph, std::fs::read_to_string(pingpong())?.replace("icount = true", "icount = false"))?;
        let system = directory.path().join("system");
        let finished = finish(compose("run", &graph, &system)?.args(["--boot", "uefi"]))?.expect_status(0)?;
        let first = finished.output.lines().next().unwrap_or_default();
        let message = "expected the kernel's first line to be the first";
        ensure(first.starts_with("tessera: loaded by multiboot2"), || message.to_owned())
            .map_err(|_| finished.explain(message))
    })
}

fn equal_graphs_are_equal_disks() -> Result<Completion, Failed> {
    if_installed(missing_grub(), || {
        let directory = scratch()?;
        let disk = |name: &str| {
            let system = directory.path().join(name);
            finish(&mut compose("build", &pingpong(), &system)?)?.expect_status(0)?;
            Ok::<_, Failed>(std::fs::read(system.join("disk.img"))?)
        };
        ensure(disk("one")? == disk("other")?, || "the same graph gave two different disks".to_owned())
    })
}

fn without_grub_the_rest_works() -> Outcome {
    let directory = scratch()?;
    let path = path_without("grub-mkimage", &directory.path().join("programs"))?;
    let system = directory.path().join("system");
    // With what is installed, first: what is then there must not stay.
    finish(&mut compose("build", &pingpong(), &system)?)?.expect_status(0)?;
    finish(compose("run", &pingpong(), &system)?.env("PATH", &path))?.expect_status(0)?;
    ensure(!system.join("disk.img").exists(), || "there still is a disk image, an old one".to_owned())?;
    let report = std::fs::read_to_string(system.join("report.txt"))?;
    let line = report.lines().find(|line| line.starts_with("no disk image: ")).unwrap_or_default();
    ensure(line.contains("apt-get install --no-install-recommends grub-common"), || report.clone())?;
    for way in ["grub", "uefi"] {
        let finished = finish(compose("run", &pingpong(), &system)?.args(["--boot", way]).env("PATH", &path))?;
        finished
            .expect_status(3)?
            .expect_text("there is no disk image to boot from: GRUB's tools are not installed")?;
    }
    Ok(())
}
