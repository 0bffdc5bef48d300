//! The image of a server with a method that waits.
#![no_std]
#![no_main]

use gate::Barrier;
use sched_interface::SchedClient;

runtime::import!(SCHED: SchedClient);

static GATE: Barrier<SchedClient> = Barrier::new(&SCHED);

runtime::export!(gate::GateServer => GATE, workers: SCHED);

runtime::component! {}
