//! The second demonstration of FlexSC for the teaching system JOS, as components: a parent sends its child a word. The child asks for
//! what comes before it says who it is, by the same page; it is heard at once, although nothing has come.
#![no_std]
#![no_main]

use console_interface::{ConsolePage, ConsolePosts};
use flexsc::{Posting, say};
use mailbox::{MailboxError, MailboxPage, MailboxPosts};
use pages_interface::PagesClient;
use runtime::Result;
use sched_interface::{Sched, SchedClient};

runtime::import!(SCHED: SchedClient);
runtime::import!(PAGES: PagesClient);
runtime::import_page!(CONSOLE: ConsolePage);
runtime::import_page!(MAILBOX: MailboxPage);
runtime::parameter!(CHILD: u64 = 0, "child");

/// What the parent sends.
const WORD: u64 = 0x1234;

runtime::component! { main: run }

fn run() -> Result<()> {
    let (console, mailbox) = (CONSOLE.open()?, MAILBOX.open()?);
    console.register(&PAGES)?;
    mailbox.register(&PAGES)?;
    say(CONSOLE.direct(), format_args!("Registered two pages"))?;
    match CHILD.get() {
        0 => child(&console, &mailbox)?,
        child => parent(&console, &mailbox, child)?,
    }
    console.wait(&PAGES).map(drop)
}

/// Sends a word to the component at the address `child`, when that has had its turn to say who it is.
fn parent(console: &ConsolePosts, mailbox: &MailboxPosts, child: u64) -> Result<()> {
    let out = Posting::new(console, &PAGES);
    say(&out, format_args!("This is a FlexSC test"))?;
    let address = mailbox.post().address()?.wait(&PAGES)?;
    say(&out, format_args!("I'm the parent {address:08x}"))?;
    console.wait(&PAGES)?;
    SCHED.yield_now()?;
    say(&out, format_args!("Sending IPC to child {child:08x}"))?;
    while mailbox.post().try_send(child, WORD)?.wait(&PAGES) == Err(MailboxError::Full) {
        SCHED.yield_now()?;
    }
    say(&out, format_args!("IPC completed!"))
}

/// Receives a word.
fn child(console: &ConsolePosts, mailbox: &MailboxPosts) -> Result<()> {
    let out = Posting::new(console, &PAGES);
    let received = mailbox.post().receive()?;
    let address = mailbox.post().address()?.wait(&PAGES)?;
    say(&out, format_args!("I'm the child {address:08x}"))?;
    console.wait(&PAGES)?;
    let (_, word) = received.wait(&PAGES)?;
    say(&out, format_args!("{address:08x} Received {word:08x} via IPC!"))
}
