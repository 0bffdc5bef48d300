//! The image of a base constructor that makes and destroys objects without end, in constant memory.
#![no_std]
#![no_main]

mod across;
mod asking;
mod edges;
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
// Whether all that is done is to use the first and the last frames that there are.
runtime::parameter!(EDGES: bool = false, "edges");
// How many more cores invoke it, again and again.
runtime::parameter!(OTHERS: u64 = 0, "others");
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

const ON_THE_EDGE: &[Scene] = &[("first and last frames", edges::of_ranges)];

/// Ends the system with the number of answers that were not as documented.
fn run() -> u16 {
    let mut asking = Asking::new(&CONSTRUCTOR);
    asking.prepare();
    let scenes = match (EDGES.get(), CORES.get()) {
        (true, _) => ON_THE_EDGE,
        (_, true) => ON_TWO_CORES,
        _ => ON_ONE_CORE,
    };
    for (name, scene) in scenes {
        scene(&mut asking, ROUNDS.get());
        asking.say(format_args!("recycler: {name}: done\n"));
    }
    asking.count();
    asking.end();
    1
}
