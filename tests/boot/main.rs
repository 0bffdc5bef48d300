//! Boot tests: whole systems in the emulator, and the tools from end to end.
//!
//! Every trial is independent and finds what it needs by itself, so that they run in any order, at the same time, and each in
//! a process of its own. What they share is cargo's: images are built once, under cargo's own lock, and taken from there.
//!
//! | question | file |
//! |---|---|
//! | does every graph run to its declared end? | `systems.rs` |
//! | does `composer` end with the right status, and take the emulator with it? | `statuses.rs` |
//! | in which line of the source did a component fault? | `sources.rs` |
//! | what does the kernel say of a broken machine or bundle? | `machines.rs` |
//! | what do page tables permit? | `mappings.rs` |
//! | can one build components elsewhere, as `components/README.md` says? | `outside.rs` |
//! | what is built again when something has changed? | `rebuilding.rs` |
//! | does what `composer new` makes run, and pass its tests? | `beginnings.rs` |
//! | does what is accepted fit into the machine, and how much does it leave? | `brim.rs` |
//! | does GRUB boot the disk image, under BIOS and UEFI? | `disks.rs` |
//! | what does an interposer change, and for whom? | `interposers.rs` |
//! | what does `composer inspect` say of a system? | `inspections.rs` |
//! | what do devices do that interrupt? | `devices.rs` |
//! | what do interrupts do that nobody asked for? | `interrupts.rs`; `messages.rs` |
//! | where does each vector lead, and a double fault? | `gates.rs` |
//! | does what several print at once stay whole? | `lines.rs` |
//! | how much stack is used, and how many instances can there be? | `stacks.rs` |
//! | do campaigns, in small, find nothing? | `campaigns.rs` |
//! | do the images keep what the contract promises? | `artefacts.rs` |

mod artefacts;
mod beginnings;
mod brim;
mod campaigns;
mod devices;
mod disks;
mod gates;
mod inspections;
mod interposers;
mod interrupts;
mod lines;
mod machines;
mod mappings;
mod messages;
mod outside;
mod places;
mod rebuilding;
mod sources;
mod stacks;
mod statuses;
mod systems;
mod tools;

use libtest_mimic::{Arguments, run};
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let trials = [
        systems::trials(),
        statuses::trials(),
        machines::trials(),
        mappings::trials(),
        outside::trials(),
        beginnings::trials(),
        brim::trials(),
        rebuilding::trials(),
        disks::trials(),
        sources::trials(),
        interposers::trials(),
        inspections::trials(),
        devices::trials(),
        interrupts::trials(),
        gates::trials(),
        lines::trials(),
        stacks::trials(),
        artefacts::trials(),
        campaigns::trials(),
    ];
    run(&arguments, trials.into_iter().flatten().collect()).exit_code()
}
