//! The image of the benchmark's server.
//!
//! One entry is written by hand, to be measured beside the generated ones. It is naked and its record is placed by
//! name, and both attributes are unsafe; this image serves the benchmark alone.
#![no_std]
#![no_main]

use core::arch::naked_asm;

use bench_server::RawServer;
use pong_interface::PongServer;
use runtime::internal::Record;

static PONG: pong::Answering = pong::Answering;

runtime::export!(PongServer => PONG);

/// Where the kernel enters: returns, with status 0.
#[unsafe(naked)]
unsafe extern "C" fn only_return() -> ! {
    naked_asm!("xor eax, eax", "syscall")
}

#[used]
#[unsafe(link_section = ".tessera.records")]
static RECORD: Record = Record::export(RawServer::NAME.as_bytes(), RawServer::SCHEMA, only_return, only_return);

runtime::component! {}
