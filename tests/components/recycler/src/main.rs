//! The image of a base constructor that makes and destroys objects without end, in constant memory.
#![no_std]
#![no_main]

mod across;
mod asking;
mod loops;
mod script;
mod stale;
mod whole;

use asking::Asking;

runtime::constructor!(CONSTRUCTOR);

runtime::component! { initialise: run }

runtime::parameter!(ROUNDS: u64 = 100_000, "rounds");
// Whether there is another core, which is inside what is destroyed.
runtime::parameter!(CORES: bool = false, "cores");
// What moments the two cores choose depends on it.
runtime::parameter!(SEED: u64 = 0, "seed");

type Scene = (&'static str, fn(&mut Asking, u64));

const ON_ONE_CORE: &[Scene] = &[
    ("tables", loops::tables),
    ("page tables", loops::page_tables),
    ("memory", loops::memory),
    ("threads", loops::threads),
    ("invocations and end-points", loops::slots),
    ("components", loops::components),
    ("temporal capabilities", loops::temporal_capabilities),
    ("lines, ranges and levels", loops::parts),
    ("whole components", whole::components),
    ("stale paths", stale::all),
];

const ON_TWO_CORES: &[Scene] = &[("whole components, with another core inside", across::components)];

/// Ends the system with the number of answers that were not as documented.
fn run() -> u16 {
    let mut asking = Asking::new(&CONSTRUCTOR);
    asking.prepare();
    for (name, scene) in if CORES.get() { ON_TWO_CORES } else { ON_ONE_CORE } {
        scene(&mut asking, ROUNDS.get());
        asking.say(format_args!("recycler: {name}: done\n"));
    }
    asking.count();
    asking.end();
    1
}
