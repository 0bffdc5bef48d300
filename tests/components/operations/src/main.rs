//! A component that asks for each kind of operation that FlexSC had for the teaching system JOS, each by a page of who serves it: where
//! a direct call would answer the same, it is asked for, too.
#![no_std]
#![no_main]

mod faults;
mod memory;
mod messages;
mod threads;

use capabilities_interface::{Capabilities, CapabilitiesPage, name_words};
use console_interface::{ConsolePage, Text, Writer};
use core::fmt::Write;
use mailbox::MailboxPage;
use memory_interface::MemoryPage;
use pages_interface::PagesClient;
use runtime::{Result, page};
use sched_interface::SchedPage;
use timer_interface::{Timer, TimerPage};
use upcalls::UpcallsPage;

runtime::import!(PAGES: PagesClient);
runtime::import_page!(CONSOLE: ConsolePage);
runtime::import_page!(MAILBOX: MailboxPage);
runtime::import_page!(CAPABILITIES: CapabilitiesPage);
runtime::import_page!(SCHED: SchedPage);
runtime::import_page!(MEMORY: MemoryPage);
runtime::import_page!(UPCALLS: UpcallsPage);
runtime::import_page!(TIMER: TimerPage);
runtime::import!(NEIGHBOUR: taker::TakerClient);

runtime::component! { main: run }

/// What is asked for, and whether it came out as it should.
type Operation = fn() -> Result<bool>;

fn run() -> Result<u16> {
    let operations: [(&str, Operation); 14] = [
        ("cputs", print),
        ("cgetc", read),
        ("getenvid", messages::who_am_i),
        ("env_destroy", destroy),
        ("yield", threads::yield_now),
        ("page_alloc", memory::allocate),
        ("page_map", memory::map),
        ("page_unmap", memory::unmap),
        ("env_set_status", threads::set_runnable),
        ("env_set_trapframe", threads::start),
        ("env_set_pgfault_upcall", faults::set_upcall),
        ("ipc_try_send", messages::send),
        ("ipc_recv", messages::receive),
        ("time_msec", time),
    ];
    let mut out = Writer::new(CONSOLE.direct());
    let mut wrong = 0;
    for (name, operation) in operations {
        let outcome = operation();
        wrong += u16::from(outcome != Ok(true));
        let _ = writeln!(out, "operations: {name}: {outcome:?}");
    }
    Ok(wrong)
}

/// The page of an import, registered for as long as `work` takes.
fn registered<T>(posts: &page::Posts<'_>, work: impl FnOnce() -> Result<T>) -> Result<T> {
    posts.register(&PAGES)?;
    let result = work();
    posts.unregister(&PAGES)?;
    result
}

fn text(line: &str) -> [u64; 4] {
    Text::new(line.as_bytes()).words()
}

fn print() -> Result<bool> {
    let console = CONSOLE.open()?;
    registered(&console, || {
        let [first, second, third, fourth] = text("operations: posted\n");
        console.post().write(first, second, third, fourth)?.wait(&PAGES)?;
        Ok(true)
    })
}

/// The byte is waited for; what is behind that on the page is written at once, and only then somebody types.
fn read() -> Result<bool> {
    let console = CONSOLE.open()?;
    registered(&console, || {
        let key = console.post().wait()?;
        let [first, second, third, fourth] = text("operations: press a key\n");
        console.post().write(first, second, third, fourth)?.wait(&PAGES)?;
        let Err(key) = key.poll() else { return Ok(false) };
        Ok(key.wait(&PAGES)? == b'k')
    })
}

/// A component that lives is ended, and made anew.
fn destroy() -> Result<bool> {
    let capabilities = CAPABILITIES.open()?;
    registered(&capabilities, || {
        let [first, second, third, fourth] = name_words("victim");
        let victim = capabilities.post().find(first, second, third, fourth)?.wait(&PAGES)?;
        let lives = || CAPABILITIES.direct().state(victim).map(|state| state.lives);
        let lived = lives()?;
        capabilities.post().destroy(victim)?.wait(&PAGES)?;
        let is_dead = !lives()?;
        capabilities.post().create(victim)?.wait(&PAGES)?;
        Ok(lived && is_dead && lives()?)
    })
}

fn time() -> Result<bool> {
    let timer = TIMER.open()?;
    registered(&timer, || {
        let before = TIMER.direct().now()?;
        let posted = timer.post().now()?.wait(&PAGES)?;
        Ok(before <= posted && posted <= TIMER.direct().now()?)
    })
}
