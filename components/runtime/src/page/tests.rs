//! Client and server over frames in ordinary memory, as the composer would have bound them.

extern crate std;

mod garbage;
mod shapes;
mod ways;

use super::direct::Enter;
use super::import::PageImport;
use super::{Adaptive, Batch, PageError, PageTable, Posts, Runner, Scheduler, Ticket, WorkerThreads, Workers};
use crate::server::{Invocation, Reply};
use crate::thread::Function;
use crate::user::{JoinHandle, OnPage, UserThreads};
use crate::{CallError, Error, Result};
use abi::page::{PARKED_WORDS, ROW_WORDS};
use core::cell::Cell;
use core::ptr::NonNull;
use core::sync::atomic::{AtomicU64, Ordering};
use std::boxed::Box;
use std::vec::Vec;

/// Calls of every kind; the attribute makes of it what images use.
#[crate::interface]
pub trait Sums {
    /// Answers the sum.
    fn add(&self, a: u64, b: u64) -> Result<u64>;
    /// Fails.
    fn fails(&self) -> Result<()>;
    /// Answers the number, sooner or later.
    #[may_block]
    fn later(&self, number: u64) -> Result<u64>;
}

struct Adder;

impl Sums for Adder {
    fn add(&self, a: u64, b: u64) -> Result<u64> {
        Ok(a.wrapping_add(b))
    }

    fn fails(&self) -> Result<()> {
        Err(Error::numbered(9))
    }

    fn later(&self, number: u64) -> Result<u64> {
        Ok(number)
    }
}

#[repr(C, align(4096))]
struct Frame([AtomicU64; 512]);

impl Frame {
    fn address(&self) -> u64 {
        core::ptr::from_ref(self) as u64
    }
}

/// A page, its client's end and its server's table with one row.
pub(crate) struct Ends {
    frames: Box<[Frame; 2]>,
    pub(crate) import: PageImport,
    /// As a server finds it that has no workers.
    table: PageTable,
    /// The same for a server that has some.
    with_workers: PageTable,
    /// What the table's address leads to.
    _rows: Box<Rows>,
}

/// A table with one row, and what workers find behind it.
type Rows = [u64; 2 * ROW_WORDS + PARKED_WORDS];

const PERMITTED: u64 = 0b101;
const TOKEN: u64 = 4;

/// Threads that run what may block.
const WORKERS: u64 = 1;

/// By what they enter the server.
const ENTRY: u64 = 5 << 16;

pub(crate) fn ends() -> Ends {
    ends_with(0, None)
}

/// The same, with a word that says on which core it is served, and by whom.
pub(super) fn ends_with(core: u64, runner: Option<&'static Runner>) -> Ends {
    ends_permitting(PERMITTED, core, runner)
}

fn ends_permitting(methods: u64, core: u64, runner: Option<&'static Runner>) -> Ends {
    ends_entered(methods, core, runner, super::direct::enter)
}

/// The same, where calls that are made directly enter the server so.
fn ends_entered(methods: u64, core: u64, runner: Option<&'static Runner>, enter: Enter) -> Ends {
    let frames = Box::new([const { Frame([const { AtomicU64::new(0) }; 512]) }; 2]);
    let [header, entries] = [frames[0].address(), frames[1].address()];
    let mut rows: Box<Rows> = Box::new([0; _]);
    rows[..3].copy_from_slice(&[1, WORKERS, WORKERS]);
    rows[2 * ROW_WORDS..][..3].copy_from_slice(&[ENTRY, WORKERS, 1]);
    rows[8..12].copy_from_slice(&[header, entries, methods, TOKEN]);
    // SAFETY: the frames and the table live as long as what is bound to them. Nothing here invokes through the import.
    let (import, table, with_workers) = unsafe {
        (
            PageImport::bound([u64::MAX << 16, 0, header, entries, methods, 0, core], runner, enter),
            PageTable::bound(rows.as_ptr() as u64, false),
            PageTable::bound(rows.as_ptr() as u64, true),
        )
    };
    Ends { frames, import, table, with_workers, _rows: rows }
}

impl Ends {
    pub(super) fn header(&self) -> &syscall_page::Header<AtomicU64> {
        let frame = NonNull::from(&self.frames[0]).cast();
        // SAFETY: a frame of atomic words, which outlives this use of it.
        unsafe { syscall_page::mapped::header(frame) }.unwrap()
    }

    /// The server faults at the first call that it takes, if there is any.
    pub(super) fn fault_at_a_call(&self) -> Result<[u64; 2]> {
        let submitted = self.frames[1].0.iter().step_by(8).find(|status| status.load(Ordering::Acquire) as u16 == 2);
        submitted.inspect(|status| status.store(3, Ordering::Release));
        Err(Error::Kernel(abi::error::Error::Faulted))
    }

    /// Serves what was posted, and leaves what may block to workers.
    pub(crate) fn park(&self, posts: &Posts<'_>) {
        posts.with(|client| client.announce());
        let answered = self.serve_with_workers();
        posts.with(|client| client.served(answered));
    }

    /// Runs what is parked.
    pub(crate) fn work(&self, workers: &Workers) {
        self.work_by(workers, &Hands::default());
    }

    fn work_by(&self, workers: &Workers, hands: &Hands) {
        workers.work_by(&self.with_workers, hands, |entry, request| {
            assert_eq!(entry, ENTRY);
            let invocation = Invocation { method: request.method.into(), words: request.args, token: TOKEN };
            let reply = SumsServer::dispatch(&Adder, invocation);
            syscall_page::Reply { status: reply.status(), words: reply.words() }
        });
    }

    pub(super) fn serve(&self) -> Reply {
        serve(&self.table)
    }

    /// Serves what was posted, and parks what blocks; answers the slots that were answered.
    pub(crate) fn serve_with_workers(&self) -> u64 {
        let reply = serve(&self.with_workers);
        assert_eq!(reply.status(), 0);
        reply.words()[0]
    }
}

fn serve(table: &PageTable) -> Reply {
    let batch = Batch { method: 0, row: 0, identity: 7 };
    table.serve(batch, SumsServer::METHODS, SumsServer::MAY_BLOCK, dispatch_posted)
}

fn dispatch<Words: crate::Arguments>(invocation: Invocation<Words>) -> Reply {
    assert_eq!(invocation.token, TOKEN, "as direct calls of the edge");
    SumsServer::dispatch(&Adder, invocation)
}

fn dispatch_posted(posted: super::Posted<'_>) -> Reply {
    dispatch(posted)
}

fn add<'p>(posts: &'p Posts<'p>, a: u64, b: u64) -> Ticket<'p, u64> {
    posts.post(0, [a, b, 0, 0]).unwrap()
}

/// Who has a page served for those that wait, in whichever way a test wants: a scheduler with which nobody has to register.
pub(crate) trait Serves {
    /// Has the page with this number served; answers the slots that were answered.
    fn serve_for(&self, page: u64) -> Result<u64>;
}

impl<S: Serves> Scheduler for S {
    type Error = Error;

    fn register(&self, _: u64) -> Result<()> {
        Ok(())
    }

    fn unregister(&self, _: u64) -> Result<()> {
        Ok(())
    }

    fn wait(&self, page: u64) -> Result<u64> {
        self.serve_for(page)
    }
}

/// A scheduler that has the page served on the spot.
pub(crate) struct Serving<'e>(pub(crate) &'e Ends, pub(crate) Cell<u64>);

impl Serves for Serving<'_> {
    fn serve_for(&self, page: u64) -> Result<u64> {
        assert_eq!(page, 0);
        self.1.set(self.1.get() + 1);
        let reply = self.0.serve();
        assert_eq!(reply.status(), 0);
        Ok(reply.words()[0])
    }
}

#[test]
fn a_posted_call_answers_what_the_direct_call_answers() {
    let ends = ends();
    let posts = ends.import.open().unwrap();
    let scheduler = Serving(&ends, Cell::new(0));
    let (sum, refused) = (add(&posts, 2, 3), posts.post::<(), Error, _>(1, [0; 4]).unwrap());
    let Err(sum) = sum.poll() else { panic!("it was not served") };
    assert_eq!(sum.wait(&scheduler), Ok(5));
    let forbidden = Error::Kernel(abi::error::Error::MethodNotPermitted);
    assert_eq!(refused.wait(&scheduler), Err(forbidden), "the mask is the server's");
    assert_eq!(scheduler.1.get(), 1, "one serving for both");
    assert_eq!(posts.wait(&scheduler), Ok(false), "nothing to wait for");
}

#[test]
fn a_full_page_is_an_error_and_slots_come_back() {
    let ends = ends();
    let posts = ends.import.open().unwrap();
    let scheduler = Serving(&ends, Cell::new(0));
    for round in 0..100 {
        let all: Vec<_> = (0..64).map(|number| add(&posts, number, round)).collect();
        let full = posts.post::<u64, Error, _>(0, [0; 4]).err();
        assert_eq!(full, Some(CallError::Page(PageError::Exhausted)));
        for (number, sum) in (0..).zip(all) {
            if number % 3 == 0 {
                drop(sum);
            } else {
                assert_eq!(sum.wait(&scheduler), Ok(number + round));
            }
        }
        assert_eq!(posts.free(), 64);
    }
}

#[test]
fn one_has_it_open() {
    let ends = ends();
    let posts = ends.import.open().unwrap();
    assert_eq!(ends.import.open().err(), Some(Error::Page(PageError::Open)));
    drop(posts);
    assert!(ends.import.open().is_ok());
}

/// Whatever the client writes into its page, all of it.
#[test]
fn whose_call_it_is_the_servers_own_row_and_the_kernel_say() {
    let ends = ends();
    for garbage in [0, 1, TOKEN + 1, u64::MAX] {
        ends.frames.iter().flat_map(|frame| &frame.0).for_each(|word| word.store(garbage, Ordering::Relaxed));
        // What is submitted, and that there is something.
        ends.frames[1].0.iter().step_by(8).for_each(|status| status.store(2, Ordering::Relaxed));
        ends.frames[0].0.iter().for_each(|word| word.store(u64::MAX, Ordering::Relaxed));
        let (identity, calls) = (7 | 1 << 32, Cell::new(0));
        let batch = Batch { method: 0, row: 0, identity };
        let reply = ends.table.serve(batch, 3, 0, |posted| {
            let caller = crate::Caller::new(posted.token, batch.identity);
            assert_eq!(caller, crate::Caller { token: TOKEN, thread: 7, core: 1 });
            calls.set(calls.get() + 1);
            SumsServer::dispatch(&Adder, posted)
        });
        assert_eq!((reply.status(), calls.get()), (0, 64));
    }
}

#[test]
fn the_batch_entry_serves_the_rows_that_there_are() {
    let ends = ends();
    let serve = |method, row| {
        ends.table.serve(Batch { method, row, identity: 0 }, 3, 0, |_| panic!("there is nothing to run")).status()
    };
    let bad = abi::error::Error::BadArgument.status();
    assert_eq!([serve(0, 0), serve(0, 1), serve(0, u64::MAX)], [0, bad, bad]);
    assert_eq!(serve(1, 0), Reply::UNKNOWN_METHOD.status());
}

#[test]
fn garbage_runs_nothing_that_is_not_permitted() {
    let ends = ends();
    let mut random = 0x9e37_79b9_7f4a_7c15_u64;
    for _ in 0..2000 {
        for word in ends.frames.iter().flat_map(|frame| &frame.0) {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            let submitted = 2 | (random % 5) << 16;
            word.store(if random & 1 << 60 == 0 { submitted } else { random }, Ordering::Relaxed);
        }
        let batch = Batch { method: 0, row: 0, identity: 0 };
        let reply = ends.table.serve(batch, 3, 0, |invocation| {
            assert!(PERMITTED & 1 << invocation.method != 0);
            SumsServer::dispatch(&Adder, invocation)
        });
        assert_eq!(reply.status(), 0);
    }
}

/// Threads that are run by hand.
#[derive(Default)]
pub(crate) struct Hands {
    spawned: Cell<u64>,
    woken: Cell<Option<u64>>,
}

impl WorkerThreads for Hands {
    fn spawn(&self, _: Function) -> Result<()> {
        self.spawned.set(self.spawned.get() + 1);
        if self.spawned.get() == 1 { Ok(()) } else { Err(Error::numbered(3)) }
    }

    fn wake(&self, thread: u64) -> Result<()> {
        self.woken.set(Some(thread));
        Ok(())
    }

    fn pause(&self) -> Result<()> {
        Err(Error::numbered(4))
    }

    fn background(&self) -> Result<()> {
        Ok(())
    }
}

fn never_called(_: u64) -> Result<()> {
    panic!("these threads are run by hand")
}

#[test]
fn a_call_that_may_block_is_left_to_a_worker_and_the_rest_is_served() {
    let (ends, hands, workers) = (ends(), Hands::default(), Workers::new());
    let posts = ends.import.open().unwrap();
    let (later, sum) = (posts.post::<u64, Error, _>(2, [11, 0, 0, 0]).unwrap(), add(&posts, 1, 1));
    posts.with(|client| client.announce());
    assert_eq!(serve(&ends.with_workers).status(), 0);
    workers.start(&ends.with_workers, &hands, never_called);
    assert!(matches!(sum.poll(), Ok(Ok(2))));
    let Err(later) = later.poll() else { panic!("nobody has run it") };
    assert_eq!(posts.with(|client| client.prepare_to_be_served()), syscall_page::Next::BeServed);
    assert!(ends.header().wait_for_client().is_some());
    ends.work_by(&workers, &hands);
    assert_eq!(hands.woken.get(), Some(7), "whoever had the page served, and sleeps");
    assert!(matches!(later.poll(), Ok(Ok(11))));
}

/// While a worker runs one of its calls, another finds none: there is one for this client. As many wait as a page has entries.
#[test]
fn a_client_has_its_part_of_the_workers_and_no_more() {
    let (ends, hands, workers) = (ends(), Hands::default(), Workers::new());
    let posts = ends.import.open().unwrap();
    let calls: Vec<_> = (0..64).map(|number| posts.post::<u64, Error, _>(2, [number, 0, 0, 0]).unwrap()).collect();
    ends.park(&posts);
    let (run, beside) = (Cell::new(0), Cell::new(0));
    workers.work_by(&ends.with_workers, &hands, |_, request| {
        run.set(run.get() + 1);
        Workers::new().work_by(&ends.with_workers, &hands, |_, _| {
            beside.set(beside.get() + 1);
            super::table::exhausted()
        });
        syscall_page::Reply { status: 0, words: [request.args[0], 0] }
    });
    assert_eq!((run.get(), beside.get()), (64, 0));
    assert!((0..).zip(calls).all(|(number, call)| matches!(call.poll(), Ok(Ok(answer)) if answer == number)));
}

#[test]
fn without_a_thread_for_it_a_call_that_may_block_is_refused() {
    let (ends, hands, workers) = (ends(), Hands::default(), Workers::new());
    hands.spawned.set(1);
    let posts = ends.import.open().unwrap();
    let scheduler = Serving(&ends, Cell::new(0));
    let later = posts.post::<u64, Error, _>(2, [11, 0, 0, 0]).unwrap();
    let unknown = Error::Kernel(abi::error::Error::UnknownOperation);
    assert_eq!(later.wait(&scheduler), Err(unknown), "the server has no workers at all");
    let later = posts.post::<u64, Error, _>(2, [12, 0, 0, 0]).unwrap();
    posts.with(|client| client.announce());
    assert_eq!(serve(&ends.with_workers).status(), 0);
    workers.start(&ends.with_workers, &hands, never_called);
    assert!(matches!(later.poll(), Ok(Err(Error::Page(PageError::Exhausted)))));
    assert_eq!(posts.free(), 64);
}

/// Makes so many calls before the first result is wanted; answers how many of them were made directly.
fn batch(page: &Adaptive<'_>, scheduler: &Serving<'_>, calls: u64) -> u64 {
    let direct = Cell::new(0);
    let made = |number| {
        direct.set(direct.get() + 1);
        Ok::<_, Error>(number + 1)
    };
    let promises: Vec<_> = (0..calls).map(|number| page.call(0, [number, 1], || made(number))).collect();
    // What the first result that is waited for does, but for the flush, which only an image can make.
    if direct.get() < calls {
        page.learn();
    }
    page.posts.with(|client| client.announce());
    assert_eq!(scheduler.0.serve().status(), 0);
    for (number, promise) in (0..).zip(promises) {
        assert_eq!(promise.wait(scheduler), Ok(number + 1));
    }
    direct.get()
}

#[test]
fn calls_go_by_the_page_as_long_as_they_come_together() {
    let ends = ends();
    let (page, scheduler) = (Adaptive::new(ends.import.open().unwrap()), Serving(&ends, Cell::new(0)));
    let direct = |calls| batch(&page, &scheduler, calls);
    assert_eq!([direct(1), direct(1), direct(1)], [1, 1, 1]);
    assert_eq!([direct(8), direct(8), direct(2)], [1, 0, 0], "the first of many comes alone, as far as anyone knows");
    assert_eq!([direct(1), direct(1)], [0, 1], "and the last of them does not, after many");
    assert_eq!([direct(2), direct(2), direct(2)], [1, 0, 0], "two are many");
}

#[test]
fn what_a_direct_call_came_to_is_kept_as_a_ticket_is() {
    let ends = ends();
    let (page, scheduler) = (Adaptive::new(ends.import.open().unwrap()), Serving(&ends, Cell::new(0)));
    for result in [Ok((3, u64::MAX)), Err(Error::numbered(5)), Err(Error::Kernel(abi::error::Error::Faulted))] {
        let kept = page.call::<(u64, u64), Error, 2>(0, [1, 2], || result).detach();
        assert_eq!(kept.attach(&page).wait(&scheduler), result);
        drop(kept.attach(&page));
        assert_eq!(page.posts.free(), 64, "it has no slot");
        assert!((0..9).all(|_| kept.attach(&page).wait(&scheduler) == result), "each copy says so");
    }
    assert_eq!([2, 2].map(|calls| batch(&page, &scheduler, calls)), [1, 0], "and calls that come together are seen");
}

#[test]
fn a_result_is_taken_once_whoever_has_copies_of_its_ticket() {
    let ends = ends();
    let (posts, scheduler) = (ends.import.open().unwrap(), Serving(&ends, Cell::new(0)));
    let ticket = add(&posts, 1, 2).detach();
    assert_eq!(ticket.attach(&posts).wait(&scheduler), Ok(3));
    for number in 1..64 {
        assert_eq!(add(&posts, number, 1).wait(&scheduler), Ok(number + 1));
    }
    // In the same slot, and done.
    let newer = add(&posts, 3, 4);
    posts.with(|client| client.announce());
    assert_eq!(ends.serve().status(), 0);
    assert_eq!(ticket.attach(&posts).take(), Err(Error::Page(PageError::UnknownCall)));
    assert_eq!(newer.wait(&scheduler), Ok(7));
}

/// User threads with stacks.
fn user_threads() -> &'static UserThreads {
    let layout = std::alloc::Layout::from_size_align(0x20_0000, 0x1_0000).unwrap();
    // SAFETY: not empty; leaked, so it stays.
    let memory = NonNull::new(unsafe { std::alloc::alloc(layout) }).unwrap();
    let threads: &UserThreads = Box::leak(Box::new(UserThreads::new()));
    // SAFETY: as above.
    assert_eq!(unsafe { threads.adopt_memory(memory, 0x20_0000, 0x4000) }, Ok(128));
    threads
}

#[test]
fn who_wants_a_slot_while_all_results_are_kept_is_told() {
    let ends = ends();
    let (posts, scheduler) = (ends.import.open().unwrap(), Serving(&ends, Cell::new(0)));
    let page = OnPage::new(&posts, &scheduler);
    let kept: Vec<_> = (0..64).map(|number| add(&posts, number, 1)).collect();
    let refused = Err(Error::Page(PageError::Exhausted));
    let told = user_threads().run(&page, |scope| page.call::<u64, Error, 2>(scope.threads(), 0, [1, 2]));
    assert_eq!(told, Ok(refused));
    for (number, ticket) in (0..).zip(kept) {
        assert_eq!(ticket.wait(&scheduler), Ok(number + 1));
    }
    let told = user_threads().run(&page, |scope| page.call::<u64, Error, 2>(scope.threads(), 0, [1, 2]));
    assert_eq!(told, Ok(Ok(3)));
}

#[test]
fn user_threads_share_a_page() {
    let ends = ends();
    let (posts, scheduler) = (ends.import.open().unwrap(), Serving(&ends, Cell::new(0)));
    let page = OnPage::new(&posts, &scheduler);
    let right = user_threads().run(&page, |scope| {
        let call = |number: u64| {
            let page = &page;
            move || (0..5).all(|turn| page.call(scope.threads(), 0, [number, turn]) == Ok::<_, Error>(number + turn))
        };
        let all: Vec<_> = (0..100).map(|number| scope.spawn(call(number)).unwrap()).collect();
        let fails = page.call::<(), Error, 0>(scope.threads(), 1, []);
        assert_eq!(fails, Err(Error::Kernel(abi::error::Error::MethodNotPermitted)));
        all.into_iter().filter_map(JoinHandle::join).filter(|right| *right).count()
    });
    assert_eq!(right, Ok(100));
    assert!(scheduler.1.get() <= 501_u64.div_ceil(64) + 5, "{} waits for 501 calls", scheduler.1.get());
    assert_eq!(posts.free(), 64);
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig { failure_persistence: None, ..Default::default() })]

    /// By the generated code: whatever is called, in batches of whatever sizes.
    #[test]
    fn any_calls_answer_by_page_as_directly(
        calls in proptest::collection::vec((0_u16..4, proptest::prelude::any::<[u64; 2]>()), 0..200),
        batch in 1_usize..64,
    ) {
        let ends = ends();
        let (posts, scheduler) = (ends.import.open().unwrap(), Serving(&ends, Cell::new(0)));
        for batch in calls.chunks(batch) {
            let tickets: Vec<_> = batch.iter().map(|(method, words)| posts.post::<u64, Error, 2>(*method, *words).unwrap()).collect();
            for (ticket, (method, words)) in tickets.into_iter().zip(batch) {
                proptest::prop_assert_eq!(ticket.wait(&scheduler), direct(*method, *words));
            }
        }
    }
}

/// What the kernel and the server make of a direct call.
fn direct(method: u16, [first, second]: [u64; 2]) -> Result<u64> {
    if PERMITTED & 1 << method == 0 {
        return Err(Error::Kernel(abi::error::Error::MethodNotPermitted));
    }
    if SumsServer::MAY_BLOCK & 1 << method != 0 {
        // This server has no workers.
        return Err(Error::Kernel(abi::error::Error::UnknownOperation));
    }
    let reply = dispatch(Invocation { method: method.into(), words: [first, second, 0, 0], token: TOKEN });
    Error::check(reply.status()).map(|()| reply.words()[0])
}
