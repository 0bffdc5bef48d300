//! The image of the first demonstration.
#![no_std]
#![no_main]

use console_interface::{ConsolePage, ConsolePosts};
use flexsc::{Posting, lines, results, say};
use mailbox::{MailboxPage, MailboxPosts};
use pages_interface::PagesClient;
use runtime::user::{OnPage, Sources, StackPool, UserThreads};
use runtime::{Error, Result};
use sched_interface::SchedClient;
use timer_interface::{TimerPage, TimerPosts};

runtime::import!(SCHED: SchedClient);
runtime::import!(PAGES: PagesClient);
runtime::import_page!(CONSOLE: ConsolePage);
runtime::import_page!(TIMER: TimerPage);
runtime::import_page!(MAILBOX: MailboxPage);

static THREADS: UserThreads = UserThreads::new();
static STACKS: StackPool<0x2_0000> = StackPool::new();

runtime::component! { main: run }

fn run() -> Result<()> {
    THREADS.adopt(&STACKS, 0x4000).map_err(|_| Error::Unknown)?;
    let (console, timer, mailbox) = (CONSOLE.open()?, TIMER.open()?, MAILBOX.open()?);
    console.register(&PAGES)?;
    timer.register(&PAGES)?;
    mailbox.register(&PAGES)?;
    say(CONSOLE.direct(), format_args!("Registered three pages"))?;
    lines(&Posting::new(&console, &PAGES))?;
    say(CONSOLE.direct(), format_args!("Waiting for system calls to complete..."))?;
    console.wait(&PAGES)?;
    say(CONSOLE.direct(), format_args!("More system calls..."))?;
    more(&console, &timer, &mailbox)
}

/// Calls whose results are wanted, by code that knows nothing of pages: whoever executes it waits for each result.
fn more(console: &ConsolePosts, timer: &TimerPosts, mailbox: &MailboxPosts) -> Result<()> {
    let (console, timer, mailbox) =
        (OnPage::new(console, &PAGES), OnPage::new(timer, &PAGES), OnPage::new(mailbox, &PAGES));
    let sources = Sources::new([&console, &timer, &mailbox], &SCHED);
    let ran = THREADS.run(&sources, |scope| {
        let threads = scope.threads();
        let console = ConsolePosts::sequential(&console, threads);
        results(&console, &TimerPosts::sequential(&timer, threads), &MailboxPosts::sequential(&mailbox, threads))
    });
    ran.map_err(|_| Error::Unknown)?
}
