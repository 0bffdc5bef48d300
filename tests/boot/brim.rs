//! Systems that use all memory of their machine: the largest one that is accepted boots, and has what its graph says.

use std::path::Path;
use std::time::Duration;

use abi::layout::PAGE;
use composer::command::build::{self, Arguments, Strictness, judge_images, report};
use composer::command::run::stacks::Memory;
use composer::{Failure, LoadOptions, Loaded, load};
use libtest_mimic::{Failed, Trial};
use qemu::{Emulator, Machine, Session};

use crate::tools::{Outcome, compose, ensure, finish, root, scratch, trials};

/// The trials.
pub fn trials() -> Vec<Trial> {
    trials!("brim": all_memory_of_a_machine_is_used_to_the_last_page many_components_use_it_so_too
        kernel_and_booter_take_the_frames_that_are_counted)
}

/// Bytes of memory of the machine, the least that a graph may declare.
const MACHINE: u64 = 64 << 20;

/// Pages that the first of the two hoarders may have: nearly all that its manager can give.
const FIRST: u64 = 7900;

/// Bytes that one firmware keeps and another does not: they are counted always.
const FIRMWARE: u64 = 128 << 10;

/// Pages by which what is counted may be more than what is taken, and what a smaller machine needs less.
const WITHIN: u64 = 8;

fn graph(others: u64, pages: u64) -> String {
    let others = match others {
        0 => String::new(),
        count => format!(
            "[[components]]\nname = \"pong-{{n}}\"\nimg = \"pong\"\ncount = {count}\n\
             implements = [{{ interface = \"pong\" }}]\n"
        ),
    };
    let hoarder = |number: u64, pages: u64| {
        format!(
            "[[components]]\nname = \"memory-{number}\"\nimg = \"memory\"\nimplements = [{{ interface = \"memory\" }}]\n\
             [[components]]\nname = \"hoarder-{number}\"\nimg = \"hoarder\"\nmemory = \"{}KiB\"\n\
             deps = [{{ srv = \"memory-{number}\", interface = \"memory\" }}, {{ srv = \"console\", interface = \"console\" }}]\n",
            pages * PAGE / 1024
        )
    };
    format!(
        "[system]\ndescription = \"all memory is used\"\nmachine = {{ memory = \"64MiB\" }}\n\
         [[components]]\nname = \"booter\"\nconstructor = \"kernel\"\n\
         [[components]]\nname = \"console\"\nimplements = [{{ interface = \"console\" }}]\n\
         devices = [{{ name = \"serial\", ports = 0x3f8, count = 8 }}]\n{others}{}{}",
        hoarder(1, FIRST),
        hoarder(2, pages)
    )
}

fn rendered(failure: Failure) -> Failed {
    failure.diagnostics.render(&failure.source).into()
}

/// The graph in `file`, in which the second hoarder may have so many pages.
fn with(file: &Path, others: u64, pages: u64) -> Result<Loaded, Failed> {
    std::fs::write(file, graph(others, pages))?;
    load(file, LoadOptions { graph_only: false }).map_err(rendered)
}

/// Whether that system is accepted; if it is refused, that is because of its memory.
fn is_accepted(file: &Path, others: u64, pages: u64) -> Result<bool, Failed> {
    match judge_images(&with(file, others, pages)?, Strictness::Usual) {
        Ok(_) => Ok(true),
        Err(refused) => {
            let said = refused.diagnostics.render(&refused.source);
            ensure(said.contains("[E0809]") && said.contains("1 error"), || said.clone())?;
            Ok(false)
        }
    }
}

/// The most pages with which the system is accepted.
fn most(file: &Path, others: u64) -> Result<u64, Failed> {
    const START: u64 = 16;
    let free = report(&with(file, others, START)?).map_err(rendered)?.owners.free / PAGE;
    // Pages for tables are used up by the way.
    let mut pages = START + free - free / 128;
    while !is_accepted(file, others, pages)? {
        pages -= 1;
    }
    while is_accepted(file, others, pages + 1)? {
        pages += 1;
    }
    Ok(pages)
}

fn all_memory_of_a_machine_is_used_to_the_last_page() -> Outcome {
    is_used_to_the_last_page(0)
}

fn many_components_use_it_so_too() -> Outcome {
    is_used_to_the_last_page(60)
}

fn is_used_to_the_last_page(others: u64) -> Outcome {
    let directory = scratch()?;
    let (file, system) = (directory.path().join("graph.toml"), directory.path().join("system"));
    let pages = most(&file, others)?;
    let free = report(&with(&file, others, pages)?).map_err(rendered)?.owners.free;
    ensure(free < WITHIN * PAGE, || format!("{free} bytes are left, and one page more is refused"))?;
    let finished = finish(&mut compose("run", &file, &system)?)?.expect_status(0)?;
    for has in [FIRST, pages] {
        let line = format!("hoarder: has {has} of {has} pages, and no more");
        ensure(finished.output.contains(&line), || format!("`{line}` is not in:\n{}", finished.output))?;
    }
    // It needs all that it is said to need: what remains is only what another firmware would have kept.
    let spare = if Emulator::find().is_ok_and(|emulator| emulator.firmware().is_some()) { FIRMWARE } else { 0 };
    let smaller = MACHINE - spare - free - WITHIN * PAGE;
    let machine = Machine::new(system.join("kernel"), system.join("bundle")).memory(smaller);
    let run = Session::new(machine).run(&mut std::io::sink());
    let console = String::from_utf8_lossy(&run.console);
    ensure(console.contains("booter: cannot construct the system: memory ran out"), || {
        format!("{smaller} bytes are enough, too:\n{console}")
    })
}

/// Systems with schedulers, devices, pages, several cores, and many components. In them nobody adds to page tables at run time.
const COUNTED: [&str; 7] = [
    "tests/systems/address-spaces",
    "systems/quickstart",
    "tests/systems/levels",
    "tests/systems/pages_wait",
    "tests/systems/inversion-cores",
    "tests/systems/instances",
    "tests/systems/flags",
];

fn kernel_and_booter_take_the_frames_that_are_counted() -> Outcome {
    COUNTED.iter().try_for_each(|name| takes_what_is_counted(&root().join(name).with_extension("toml")))
}

/// Each page table has the nodes that are counted, and what the kernel leaves to the booter is all that is not counted as somebody's.
fn takes_what_is_counted(graph: &Path) -> Outcome {
    let directory = scratch()?;
    let arguments = Arguments { file: graph.to_owned(), output: Some(directory.path().join("system")) };
    let system = build::compose(&arguments).map_err(rendered)?;
    let wanted = system.loaded.graph.machine.clone();
    let memory = Memory::create(&system, wanted.memory)?;
    let machine = Machine::new(system.kernel(), system.bundle()).processors(wanted.smp).memory(wanted.memory);
    let machine = machine.counts_instructions(wanted.icount).memory_file(memory.file());
    Session::new(machine).timeout(Duration::from_secs(120)).run(&mut std::io::sink());
    let left = memory.left(&system).ok_or("it did not come up")?;
    let owners = &system.report.owners;
    let (booter, others) = owners.components.split_first().ok_or("there is nobody")?;
    // What lies in several page tables is in the booter's, too, where its frames happen to be: a node or two may be counted that are
    // not needed.
    let nested = system.loaded.graph.spaces.iter().any(|space| space.parent.is_some());
    // Those that share an address space have one page table, which is counted with the first.
    for owner in owners.components.iter().filter(|owner| owner.page_tables > 0) {
        let made = left.iter().find(|left| left.component == owner.name).map_or(0, |left| left.pages.tables);
        let counted = owner.page_tables / PAGE;
        let most = if nested && owner.name == booter.name { made + 2 } else { made };
        ensure((made..=most).contains(&counted), || {
            format!("{}, {}: {counted} counted, {made} made", graph.display(), owner.name)
        })?;
    }
    if nested {
        return Ok(());
    }
    // The kernel has made the booter's table and its first leaf; it adds the others itself.
    let added = booter.capability_tables - 2 * PAGE;
    let spare = if Emulator::find().is_ok_and(|emulator| emulator.firmware().is_some()) { FIRMWARE } else { 0 };
    let counted = owners.free + spare + added + others.iter().map(|owner| owner.total).sum::<u64>();
    let named = left.iter().find(|left| left.component == booter.name).map_or(0, |left| left.pages.untyped * PAGE);
    ensure(counted == named, || format!("{}: {counted} bytes counted, {named} named", graph.display()))
}
