//! A component from which an edge of its page is taken away and given back, and then the server behind it: whatever it posts
//! answers as a direct call does then, and what it has of others goes on.
#![no_std]
#![no_main]

use abi::error::Error as KernelError;
use abi::operation::{ComponentOperation, TableOperation};
use console_interface::{ConsoleClient, Logger};
use gate::{Gate, GatePage, GatePosts};
use log::{LevelFilter, info};
use pages_interface::PagesClient;
use patron::{OWN_TABLE, SCHEDULERS_TABLE, SERVED_BY, SERVER, SPARE};
use runtime::page::Ticket;
use runtime::{Error, Result, management};
use sched_interface::{Sched, SchedClient};

runtime::import!(CONSOLE: ConsoleClient);
runtime::import!(SCHED: SchedClient);
runtime::import!(PAGES: PagesClient);
runtime::import_page!(LOST: GatePage, "lost");
runtime::import_page!(KEPT: GatePage, "kept");
runtime::import_page!(OTHER: GatePage, "other");

static LOGGER: Logger<ConsoleClient> = Logger::new(&CONSOLE);

runtime::component! { main: run }

/// Calls that are posted one after another while nobody serves them: more than a page has slots.
const MANY: usize = 200;

fn run() -> Result<()> {
    LOGGER.install(LevelFilter::Info);
    let (lost, kept, other) = (LOST.open()?, KEPT.open()?, OTHER.open()?);
    lost.register(&PAGES)?;
    other.register(&PAGES)?;
    without_the_edge(&lost, &kept)?;
    without_the_server(&lost, &other)
}

/// The edge goes and comes back; that of another page of the same server stays.
fn without_the_edge(lost: &GatePosts, kept: &GatePosts) -> Result<()> {
    let inside = call_inside(lost)?;
    let (opens, before) = (lost.post().open(true)?, lost.post().echo(1)?);
    let edges = [SPARE[0], SPARE[1]].into_iter().zip([edge_at(0), edge_at(GatePage::PAGE)]);
    let served_by = served_by();
    for (spare, edge) in edges.clone() {
        table(OWN_TABLE, TableOperation::Copy, [spare, edge])?;
        table(OWN_TABLE, TableOperation::Remove, [edge, 0])?;
    }
    table(SCHEDULERS_TABLE, TableOperation::Remove, [served_by, 0])?;
    info!("without the edge, called: {:?}", LOST.direct().echo(1));
    let (after, waited) = (lost.post().echo(2)?, lost.post().echo(3)?);
    info!("waited for {:?}", waited.wait(&PAGES));
    info!("posted before {:?}, {:?}, after {:?}", opens.take(), before.take(), after.take());
    info!("{} of {MANY} answer that, {} slots are free", refused(lost), lost.free());
    info!("beside it {:?}, {:?}", kept.post().echo(3)?.take(), KEPT.direct().echo(4));
    management::quiesce(|epoch| ask(OWN_TABLE, TableOperation::Quiesce as u16, [epoch, 0, 0, 0]))
        .map_err(Error::Kernel)?;
    for (spare, edge) in edges {
        table(OWN_TABLE, TableOperation::Copy, [edge, spare])?;
    }
    table(SCHEDULERS_TABLE, TableOperation::Copy, [served_by, SPARE[1]])?;
    info!("with the edge {:?}, called {:?}", lost.post().echo(5)?.wait(&PAGES), LOST.direct().echo(6));
    SCHED.yield_now()?;
    let inside = inside.poll();
    info!("what was refused has not run: {}", inside.is_err());
    KEPT.direct().open(true)?;
    info!("what was inside: {:?}", inside.unwrap_or_else(|inside| inside.wait(&PAGES)));
    Ok(())
}

/// The server goes, and never comes back; another one stays.
fn without_the_server(lost: &GatePosts, other: &GatePosts) -> Result<()> {
    KEPT.direct().open(false)?;
    let inside = call_inside(lost)?;
    let before = lost.post().echo(7)?;
    let waits = lost.post().echo(8)?;
    let beside = other.post().echo(9)?;
    ask(SERVER, ComponentOperation::Revoke as u16, [0; 4]).map_err(Error::Kernel)?;
    info!("without the server, called: {:?}, {:?}", LOST.direct().echo(7), KEPT.direct().echo(7));
    let after = lost.post().echo(10)?;
    info!("posted before {:?}, {:?}, after {:?}", before.take(), waits.wait(&PAGES), after.wait(&PAGES));
    info!("inside {:?}", inside.wait(&PAGES));
    info!("{} of {MANY} answer that, {} slots are free", refused(lost), lost.free());
    info!("another server: {:?}, called {:?}", beside.wait(&PAGES), OTHER.direct().echo(11));
    Ok(())
}

/// A call that waits inside the server, by one of its workers.
fn call_inside<'p>(page: &'p GatePosts<'p>) -> Result<Ticket<'p, u64>> {
    let inside = page.post().pass(100)?;
    page.flush()?;
    SCHED.yield_now()?;
    Ok(inside)
}

/// How many of many calls answer what a direct call does.
fn refused(page: &GatePosts) -> usize {
    let answers =
        |number| page.post().echo(number).map_err(Error::from).and_then(Ticket::take) == LOST.direct().echo(number);
    (0..MANY as u64).filter(|number| answers(*number)).count()
}

/// The slot of a capability that the composer named at this offset in the static of the page: of the server, or of its batch entry.
fn edge_at(offset: usize) -> u32 {
    let word = (&raw const LOST).wrapping_byte_add(offset).cast::<u64>();
    // SAFETY: a capability's word lies there, which the composer set.
    (unsafe { word.read_volatile() } >> 16) as u32
}

/// The slot in which the scheduler has the batch entry of this page.
fn served_by() -> u32 {
    let is_filled = |slot: u32| table(OWN_TABLE, TableOperation::Remove, [slot, 0]).is_ok();
    SERVED_BY.enumerate().map(|(bit, slot)| u32::from(is_filled(slot)) << bit).sum()
}

fn table(table: u32, operation: TableOperation, [first, second]: [u32; 2]) -> Result<()> {
    ask(table, operation as u16, [first.into(), second.into(), 0, 0]).map(drop).map_err(Error::Kernel)
}

fn ask(capability: u32, operation: u16, words: [u64; 4]) -> core::result::Result<[u64; 2], KernelError> {
    // SAFETY: edges of this component, which are invocations, and a server, come and go; memory does not.
    let (status, words) = unsafe { runtime::operate(capability, operation, words) };
    KernelError::from_status(status).map_or(Ok(words), Err)
}
