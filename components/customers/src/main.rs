//! The image of the customers: many user threads of one component, whose calls go directly, and then by pages.
#![no_std]
#![no_main]

use console_interface::{ConsoleClient, Logger};
use core::cell::Cell;
use customers::{Counted, OPERATIONS, Report, visit};
use journal::{JournalPage, JournalPosts};
use log::{LevelFilter, info};
use pages_interface::PagesClient;
use runtime::page::Posts;
use runtime::user::{OnPage, Scope, StackPool, UserError, UserThreads};
use runtime::waiting::Sources;
use runtime::{Error, Result, time};
use sched_interface::{Sched, SchedClient};
use store::{StorePage, StorePosts};

runtime::import!(CONSOLE: ConsoleClient);
runtime::import!(SCHED: SchedClient);
runtime::import!(PAGES: PagesClient);
runtime::import_page!(STORE: StorePage);
runtime::import_page!(JOURNAL: JournalPage);
runtime::import_page!(STORE_AFAR: StorePage, workers: SCHED, "afar");
runtime::import_page!(JOURNAL_AFAR: JournalPage, workers: SCHED, "afar");
runtime::parameter!(CUSTOMERS: u64 = 48, "customers");
runtime::parameter!(VISITS: u64 = 20, "visits");
runtime::parameter!(WEIGHT: u64 = 780, "weight");

static LOGGER: Logger<ConsoleClient> = Logger::new(&CONSOLE);
static THREADS: UserThreads = UserThreads::new();
static STACKS: StackPool<{ 9 * 0x1_0000 }> = StackPool::new();

runtime::component! { main: run }

fn run() -> Result<()> {
    LOGGER.install(LevelFilter::Info);
    THREADS.adopt(&STACKS, 0x2000).map_err(|_| Error::Unknown)?;
    // With a whole turn ahead.
    SCHED.yield_now()?;
    directly()?;
    by_page("by page", &STORE.open()?, &JOURNAL.open()?)?;
    by_page("on another core", &STORE_AFAR.open()?, &JOURNAL_AFAR.open()?)
}

fn directly() -> Result<()> {
    let right = Cell::new(0);
    let start = time::ticks();
    let ran = THREADS
        .run(&(), |scope| crowd(scope, &right, |number| visit(STORE.direct(), JOURNAL.direct(), number, VISITS.get())));
    report("directly", start, right.get(), OPERATIONS * CUSTOMERS.get() * VISITS.get(), ran)
}

fn by_page(how: &str, store: &StorePosts<'_>, journal: &JournalPosts<'_>) -> Result<()> {
    let (stores, journals) = (OnPage::new(store, &PAGES), OnPage::new(journal, &PAGES));
    let (stored, told) = (Counted::new(&stores), Counted::new(&journals));
    let sources = Sources::new([&stored, &told], &SCHED);
    let right = Cell::new(0);
    let start = time::ticks();
    let ran = THREADS.run(&sources, |scope| {
        let (store, journal, threads) = (&stores, &journals, scope.threads());
        crowd(scope, &right, move |number| {
            let store = StorePosts::sequential(store, threads);
            visit(&store, &JournalPosts::sequential(journal, threads), number, VISITS.get())
        })
    });
    report(how, start, right.get(), invocations(store, &stored) + invocations(journal, &told), ran)
}

/// How often the server of a page was invoked: by this thread, or by the one that has the page served on another core.
fn invocations(page: &Posts<'_>, counted: &Counted<'_>) -> u64 {
    page.service().map_or(counted.batches.get(), |service| service.passes)
}

/// All customers come; `right` is how many visits went as they should.
fn crowd<'scope>(
    scope: &'scope Scope<'scope, '_>,
    right: &'scope Cell<u64>,
    visits: impl Fn(u64) -> u64 + Copy + 'scope,
) -> Came {
    let comes = |number| {
        move || {
            // Others come meanwhile.
            let mine = visits(number);
            right.set(right.get() + mine);
        }
    };
    (0..CUSTOMERS.get()).try_for_each(|number| scope.spawn(comes(number)).map(drop))
}

/// Whether all customers came.
type Came = core::result::Result<(), UserError>;

/// Says what came of the visits that began at `start`.
fn report(
    how: &str,
    start: u64,
    right: u64,
    invocations: u64,
    ran: core::result::Result<Came, UserError>,
) -> Result<()> {
    let (instructions, visits) = (time::ticks() - start, CUSTOMERS.get() * VISITS.get());
    ran.flatten().map_err(|_| Error::Unknown)?;
    let report = Report { operations: OPERATIONS * visits, instructions, invocations, weight: WEIGHT.get() };
    info!("{how}: {right} of {visits} visits right");
    info!("{how}: {report}");
    Ok(())
}
