//! The image of the benchmark's client.
//!
//! The code of each row is a function with the row's name, which no other code is between: that is where a debugger
//! finds it. Two rows are loops written by hand, naked functions. All these attributes are unsafe; this image measures
//! and does nothing else.
#![no_std]
#![no_main]

mod pages;

use core::arch::naked_asm;
use core::hint::black_box;

use abi::crossing::CapabilityWord;
use bench_client::Row;
use bench_server::RawClient;
use console_interface::{ConsoleClient, Writer};
use pages::Kept;
use pong_interface::{Pong, PongClient, PongPage};
use runtime::{Error, Result, time};

runtime::import!(CONSOLE: ConsoleClient);
runtime::import!(RAW: RawClient);
runtime::import!(TRUSTED: PongClient, "trusted");
runtime::import!(CLEARED: PongClient, "cleared");
runtime::import!(SHARED: PongClient, "shared");
runtime::import_page!(POSTED: PongPage, "posted");

runtime::component! { main: run }

fn run() -> Result<()> {
    let posts = POSTED.open()?;
    let kept = Kept::new();
    bench_client::run(
        &[
            Row::new("null_entry", &|iterations| check(null_entry(iterations))),
            Row::new("sinv_raw", &|iterations| check(sinv_raw(iterations))),
            Row::new("sinv_stub", &sinv_stub),
            Row::new("sinv_stub_shared", &sinv_stub_shared),
            Row::new("sinv_stub_cleared", &sinv_stub_cleared),
            Row::new("sinv_stub_4args", &sinv_stub_4args),
            Row::new("page_post", &|iterations| pages::page_post(&posts, &kept, iterations))
                .iterations(Kept::ROOM / 2)
                .prepared_by(&|_| kept.prepare(&posts))
                .settled_by(&|iterations| kept.settle(&posts, iterations)),
            Row::new("page_flush_b1", &|iterations| pages::page_flush_b1(&posts, iterations)).iterations(20),
            Row::new("page_flush_b8", &|iterations| pages::page_flush_b8(&posts, iterations)).iterations(20),
            Row::new("page_flush_b32", &|iterations| pages::page_flush_b32(&posts, iterations)).iterations(20),
            Row::new("page_flush_b64", &|iterations| pages::page_flush_b64(&posts, iterations)).iterations(20),
        ],
        &mut Writer::new(&CONSOLE),
        &time::ticks,
    )
}

/// Calls whose ends trust each other: each leaves its registers as they are.
#[unsafe(no_mangle)]
#[inline(never)]
fn sinv_stub(iterations: u64) -> Result<()> {
    for _ in 0..iterations {
        TRUSTED.call()?;
    }
    Ok(())
}

/// The same between components that share an address space.
#[unsafe(no_mangle)]
#[inline(never)]
fn sinv_stub_shared(iterations: u64) -> Result<()> {
    for _ in 0..iterations {
        SHARED.call()?;
    }
    Ok(())
}

/// Calls whose ends clear what the other must not see.
#[unsafe(no_mangle)]
#[inline(never)]
fn sinv_stub_cleared(iterations: u64) -> Result<()> {
    for _ in 0..iterations {
        CLEARED.call()?;
    }
    Ok(())
}

/// Calls with all the words that fit, there and back.
#[unsafe(no_mangle)]
#[inline(never)]
fn sinv_stub_4args(iterations: u64) -> Result<()> {
    for _ in 0..iterations {
        let (first, second) = TRUSTED.args(1, 2, 3, 4)?;
        black_box(first);
        black_box(second);
    }
    Ok(())
}

/// Loops by hand around one system call; answers the last status. The kernel keeps `rsp` and nothing else, so the
/// iterations are counted on the stack.
macro_rules! hand_written {
    ($(#[$documentation:meta])* $name:ident, [$prepare:literal], $($word:tt)*) => {
        $(#[$documentation])*
        #[unsafe(naked)]
        #[unsafe(no_mangle)]
        extern "C" fn $name(iterations: u64) -> u64 {
            naked_asm!(
                "push rbx",
                "push rbp",
                "push r12",
                "push r13",
                "push r14",
                "push r15",
                "push rdi",
                "2:",
                $prepare,
                "syscall",
                "dec qword ptr [rsp]",
                "jnz 2b",
                "pop rdi",
                "pop r15",
                "pop r14",
                "pop r13",
                "pop r12",
                "pop rbp",
                "pop rbx",
                "ret",
                $($word)*
            )
        }
    };
}

hand_written! {
    /// The cheapest that the kernel does for a component: it tells which thread executes.
    null_entry, ["mov rax, {word}"], word = const CapabilityWord::IDENTITY.0 as i64
}

hand_written! {
    /// Calls an entry that only returns.
    sinv_raw, ["mov rax, [rip + {word}]"], word = sym RAW
}

fn check(status: u64) -> Result<()> {
    // A status is below 2^16: anything more would not have been a return.
    Error::check(status as u16)
}
