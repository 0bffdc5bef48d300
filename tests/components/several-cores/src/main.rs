//! The image of a base constructor that runs threads on another core, and tries what only that core may do.
#![no_std]
#![no_main]

mod asking;
mod end;
mod parallel;
mod refusals;
mod revoked;
mod sends;
mod shared;
mod time;
mod worker;

use asking::Asking;

runtime::constructor!(CONSTRUCTOR);

runtime::component! { initialise: run }

runtime::parameter!(ROUNDS: u64 = 400, "rounds");

/// Ends the system with the number of answers that were not as documented.
fn run() -> u16 {
    let mut asking = Asking::new();
    asking.prepare();
    for (name, scene) in [
        ("refusals", refusals::all as fn(&mut Asking, u64)),
        ("ends", end::all),
        ("parallel invocations", parallel::all),
        ("sends", sends::all),
        ("time", time::all),
        ("shared tables", shared::all),
        ("revocation", revoked::all),
    ] {
        scene(&mut asking, ROUNDS.get());
        asking.say(format_args!("cores: {name}: done\n"));
    }
    asking.end();
    1
}
