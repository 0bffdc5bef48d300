//! A component that would call by pages. Whether it does, its graph says, edge by edge; its code reads the same.
#![no_std]
#![no_main]

use console_interface::{ConsoleClient, Logger};
use core::cell::Cell;
use gate::{Gate, GatePage, GatePosts};
use log::{LevelFilter, info};
use pages_interface::PagesClient;
use pong_interface::{Pong, PongError, PongPage, PongPosts};
use runtime::future::{self, Executor, join};
use runtime::page::Ticket;
use runtime::user::{self, Scope, StackPool, UserThreads};
use runtime::{Error, Result};
use sched_interface::SchedClient;

runtime::import!(CONSOLE: ConsoleClient);
runtime::import!(SCHED: SchedClient);
runtime::import!(PAGES: PagesClient);
runtime::import_page!(PONG: PongPage);
runtime::import_page!(GATE: GatePage);

static LOGGER: Logger<ConsoleClient> = Logger::new(&CONSOLE);
static TASKS: Executor<2> = Executor::new(&SCHED);
static THREADS: UserThreads = UserThreads::new();
static STACKS: StackPool<{ 3 * 0x1_0000 }> = StackPool::new();

runtime::component! { main: run }

/// User threads, each of which calls as if it were alone.
const VISITORS: u64 = 16;

fn run() -> Result<()> {
    LOGGER.install(LevelFilter::Info);
    THREADS.adopt(&STACKS, 0x2000).map_err(|_| Error::Unknown)?;
    info!("alone: {}", visit(&PONG, &GATE, 1));
    let right = adaptively()?;
    let (pong, gate) = (PONG.open()?, GATE.open()?);
    pong.register(&PAGES)?;
    gate.register(&PAGES)?;
    info!("posted: {} of 40", posted(&pong)?);
    fault(&gate)?;
    by_user_threads(&pong, &gate)?;
    fault_beside_user_threads(&gate)?;
    by_tasks(&pong)?;
    info!("adaptively: {right} of 40");
    info!("{} and {} slots are free", pong.free(), gate.free());
    Ok(())
}

/// What a user of the two writes, whoever they are.
fn visit(pong: &impl Pong, gate: &impl Gate, number: u64) -> bool {
    let sum = pong.add(number, 2);
    let sums = pong.args(number, 1, 2, 3);
    let refused = pong.fails();
    (sum, sums, refused) == (Ok(number + 2), Ok((number + 1, 5)), Err(PongError::Refused))
        && gate.nap(number) == Ok(number)
}

/// Ten at once, four times.
fn adaptively() -> Result<usize> {
    let pong = PONG.adaptive()?;
    let ten = || {
        let promises = core::array::from_fn::<_, 10, _>(|at| pong.call().add(at as u64, 1));
        promises
            .into_iter()
            .zip(1..)
            .filter_map(|(promise, sum)| (promise.wait(&PAGES) == Ok(sum)).then_some(()))
            .count()
    };
    Ok((0..4).map(|_| ten()).sum())
}

fn posted(pong: &PongPosts<'_>) -> Result<usize> {
    let mut tickets: [Option<Ticket<u64, PongError>>; 40] = [const { None }; 40];
    for (number, ticket) in (0..).zip(&mut tickets) {
        *ticket = Some(pong.post().add(number, 1)?);
    }
    pong.flush()?;
    let taken = tickets.into_iter().flatten().map(Ticket::take);
    Ok(taken.zip(1..).filter(|(sum, expected)| *sum == Ok(*expected)).count())
}

/// A call at which the server faults ends with that, and those around it do not.
fn fault(gate: &GatePosts<'_>) -> Result<()> {
    let (before, faulty, behind) = (gate.post().divide(84, 2)?, gate.post().divide(1, 0)?, gate.post().echo(7)?);
    // By a page, that is heard here, too.
    let _ = gate.flush();
    info!("before it {}, then {:?}, behind it {}", before.take()?, faulty.take().err(), behind.take()?);
    Ok(())
}

fn by_user_threads(pong: &PongPosts<'_>, gate: &GatePosts<'_>) -> Result<()> {
    let (pong, gate) = (user::OnPage::new(pong, &PAGES), user::OnPage::new(gate, &PAGES));
    let sources = runtime::waiting::Sources::new([&pong, &gate], &SCHED);
    let right = Cell::new(0);
    THREADS.run(&sources, |scope| visits(scope, &pong, &gate, &right)).map_err(|_| Error::Unknown)??;
    info!("user threads: {} of {VISITORS}", right.get());
    Ok(())
}

fn visits<'scope, S: runtime::page::Scheduler>(
    scope: &'scope Scope<'scope, '_>,
    pong: &'scope user::OnPage<'_, S>,
    gate: &'scope user::OnPage<'_, S>,
    right: &'scope Cell<u64>,
) -> Result<()> {
    let threads = scope.threads();
    for number in 0..VISITORS {
        let visitor = move || {
            let (pong, gate) = (PongPosts::sequential(pong, threads), GatePosts::sequential(gate, threads));
            let is_right = visit(&pong, &gate, number);
            right.set(right.get() + u64::from(is_right));
        };
        drop(scope.spawn(visitor).map_err(|_| Error::Unknown)?);
    }
    Ok(())
}

/// A fault is that of the user thread whose call it was. One waits for a worker by then, and one is behind; nobody calls after them.
fn fault_beside_user_threads(gate: &GatePosts<'_>) -> Result<()> {
    let page = user::OnPage::new(gate, &PAGES);
    let sources = runtime::waiting::Sources::new([&page], &SCHED);
    let answers = [const { Cell::new(None) }; 3];
    let ran = THREADS.run(&sources, |scope| {
        let (answers, page, threads) = (&answers, &page, scope.threads());
        let gate = move || GatePosts::sequential(page, threads);
        drop(scope.spawn(move || answers[0].set(Some(gate().nap(1)))));
        drop(scope.spawn(move || answers[1].set(Some(gate().divide(1, 0)))));
        drop(scope.spawn(move || answers[2].set(Some(gate().echo(7)))));
    });
    ran.map_err(|_| Error::Unknown)?;
    let [nap, divide, echo] = answers.map(Cell::into_inner);
    info!("beside a user thread that hears of a fault: {}", divide.is_some_and(|it| it.is_err()));
    info!("others hear {:?} and {:?}", nap, echo);
    Ok(())
}

fn by_tasks(pong: &PongPosts<'_>) -> Result<()> {
    let page = future::OnPage::new(pong, &PAGES);
    let pong = PongPosts::asynchronous(&page);
    let (one, other) = TASKS.run(&page, join(pong.add(1, 2), pong.fails())).map_err(|_| Error::Unknown)?;
    info!("tasks: {} and {}", one?, other == Err(PongError::Refused));
    Ok(())
}
