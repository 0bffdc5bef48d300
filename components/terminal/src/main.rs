//! The image of terminal.
#![no_std]
#![no_main]

use runtime::{Interrupt, Ports, Result};
use sched_interface::SchedClient;
use terminal::Terminal;

runtime::ports!(SERIAL, "serial");
runtime::interrupt!(INPUT, "serial");
runtime::import!(SCHED: SchedClient);

static TERMINAL: Terminal<&Ports, &Interrupt, SchedClient> = Terminal::new(&SERIAL, &INPUT, &SCHED);

runtime::export!(console_interface::ConsoleServer => |caller| TERMINAL.serve(caller), workers: SCHED);

runtime::component! { initialise: initialise, main: run }

fn initialise() -> Result<()> {
    TERMINAL.initialise()
}

fn run() -> Result<()> {
    TERMINAL.run()
}
