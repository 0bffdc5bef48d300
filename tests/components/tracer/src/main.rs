//! The image of an interposer: it serves `pong` by the `pong` behind it, and says what travels there.
#![no_std]
#![no_main]

use console_interface::{ConsoleClient, Writer};
use core::fmt::Write;
use pong_interface::{Pong, PongClient, PongServer, Result};

runtime::import!(CONSOLE: ConsoleClient);
runtime::import!(PONG: PongClient);

runtime::export!(PongServer => TRACER);

runtime::component! {}

static TRACER: Tracer = Tracer;

struct Tracer;

impl Pong for Tracer {
    fn call(&self) -> Result<()> {
        PONG.call()
    }

    fn add(&self, a: u64, b: u64) -> Result<u64> {
        let answer = PONG.add(a, b);
        // Whether anyone can read it does not change what travels.
        let _ = writeln!(Writer::new(&CONSOLE), "tracer: add({a}, {b}) -> {answer:?}");
        answer
    }

    fn args(&self, a: u64, b: u64, c: u64, d: u64) -> Result<(u64, u64)> {
        PONG.args(a, b, c, d)
    }

    fn fails(&self) -> Result<()> {
        PONG.fails()
    }
}
