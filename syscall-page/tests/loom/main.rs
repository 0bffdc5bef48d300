//! Every order in which client, server and workers can meet, on small models
//! of the very same code: only the atomic word is the explorer's.
//!
//! They are built with `RUSTFLAGS="--cfg loom"` only; the package `tests` runs them that way.
//! `LOOM_MAX_PREEMPTIONS` widens or narrows the search; the default here keeps it to seconds.
//!
//! Each step of a call's life, whom it can meet, and the models of that; the package `tests` sees to it that these are all models, and that
//! each was gone through.
//!
//! | step | meets | models |
//! |---|---|---|
//! | free → submitted | the server's pass | `calls::a_call_is_whole_even_if_the_hint_was_there_before_it`, `quiet::a_call_that_is_posted_while_a_pass_runs_is_run_once`, `quiet::who_follows_a_hint_that_is_older_than_the_call_reads_the_whole_call` |
//! |  | two workers | `calls::a_call_that_is_hinted_twice_is_run_once` |
//! |  | revocation | `refused::a_call_is_run_or_refused_whenever_the_edge_goes_and_later_ones_are_served_in_order` |
//! |  | the client's death | `ends::a_client_that_dies_at_any_moment_leaves_its_server_nothing_to_trip_over` |
//! | submitted → busy | the client, who announces | `calls::a_hint_that_is_taken_leads_to_its_call` |
//! |  | the client, who rewrites | `calls::a_client_that_rewrites_its_entry_is_served_from_what_was_read` |
//! |  | the client, who gives up | `ends::a_result_that_is_given_up_at_any_moment_gives_its_slot_back` |
//! |  | two workers | `workers::two_workers_run_each_call_once`, `workers::what_a_bounded_pass_leaves_is_found_by_another`, `workers::who_is_served_quietly_beside_a_worker_misses_nothing` |
//! |  | revocation | `refused::a_worker_that_is_inside_when_the_edge_goes_takes_a_call_or_its_client_takes_it_back` |
//! |  | the client's death | `ends::a_client_that_dies_at_any_moment_leaves_its_server_nothing_to_trip_over` |
//! |  | the server's death | `ends::a_server_that_dies_during_service_ends_that_call_and_no_other`, `ends::a_server_that_dies_before_it_takes_a_call_ends_the_first_while_others_are_answered` |
//! | busy → done | the client, who polls | `calls::a_result_that_is_seen_is_whole` |
//! |  | the client, who sleeps | `sleep::no_wake_up_is_lost`, `calls::a_hint_that_is_taken_leads_to_its_result` |
//! |  | the client, who gives up | `ends::a_result_that_is_given_up_at_any_moment_gives_its_slot_back` |
//! |  | two workers | `workers::of_two_workers_one_wakes_the_sleeper` |
//! |  | revocation | `refused::in_every_state_that_a_call_can_be_in_it_ends_as_a_direct_call_does` |
//! |  | the client's death | `ends::a_client_that_dies_at_any_moment_leaves_its_server_nothing_to_trip_over` |
//! |  | the server's death during service | `ends::a_server_that_dies_during_service_ends_that_call_and_no_other`, `refused::a_server_that_is_gone_ends_what_it_was_at_and_its_workers_calls_keep_their_slots` |
//! | busy → blocked | the pass, which goes on | `workers::a_blocked_call_is_answered_by_another_thread_while_the_pass_goes_on` |
//! |  | two passes | `workers::of_one_entry_submitted_twice_over_one_call_waits` |
//! |  | a worker that ends | `backlog::a_call_that_is_left_to_a_worker_that_ends_is_run`, `backlog::a_call_is_run_or_refused_when_no_thread_can_be_had` |
//! |  | two clients | `backlog::calls_that_two_clients_leave_at_once_as_a_thread_ends_are_run` |
//! | blocked → done | the client, who sleeps | `sleep::a_sleeper_on_a_blocked_call_is_woken_by_its_answer`, `sleep::who_polls_and_waits_misses_no_result` |
//! |  | the client, who gives up | `ends::a_blocked_call_is_given_up_while_it_is_answered` |
//! |  | two workers | `backlog::of_two_workers_a_client_has_its_part_and_each_call_one`, `backlog::of_two_workers_two_clients_have_those_together_that_there_are` |
//! |  | revocation | `backlog::what_waits_for_workers_is_run_when_the_edge_goes_and_what_is_behind_it_is_not`, `refused::who_sleeps_on_a_blocked_call_when_the_edge_goes_is_woken_by_its_answer` |
//! |  | the client's death | `backlog::a_client_that_dies_while_its_call_waits_leaves_its_neighbour_the_workers`, `ends::a_client_that_dies_while_workers_answer_leaves_nothing_that_waits` |
//! |  | the server's death | `refused::a_server_that_is_gone_ends_what_it_was_at_and_its_workers_calls_keep_their_slots`, `ends::a_server_that_dies_at_nothing_ends_nothing_that_its_workers_are_at` |
//! |  | a worker's death | `ends::of_two_workers_one_dies_and_the_others_answer_is_its_own` |
//! | done → free | the next call in the slot | `calls::a_slot_that_comes_back_is_served_again`, `quiet::a_slot_that_is_used_again_while_a_pass_runs_is_run_for_each_call`, `workers::a_slot_that_was_blocked_comes_back_too` |
//! |  | a hint that is late | `calls::a_hint_that_comes_late_does_not_pass_for_a_newer_result` |
//! |  | revocation | `refused::a_call_is_run_or_refused_whenever_the_edge_goes_and_later_ones_are_served_in_order` |
//! |  | the client's death | `ends::a_client_that_dies_while_workers_answer_leaves_nothing_that_waits` |
//! | any, on another core | the runner, which sleeps | `relay::a_runner_that_sleeps_is_woken_by_what_is_announced` |
//! |  | the poster, who waits | `relay::a_poster_that_waits_is_woken_by_an_answer`, `relay::a_poster_that_waits_for_the_end_is_woken_by_it_and_finds_the_answers`, `relay::calls_and_answers_go_by_the_relay_as_they_are` |
//! |  | revocation and the server's death | `relay::a_failure_is_told_once_and_ends_the_wait`, `relay::after_a_failure_the_runner_goes_on_when_the_poster_knows_and_announces`, `relay::a_fault_is_dealt_with_before_the_page_is_served_again`, `refused::a_page_that_a_runner_cannot_have_served_is_an_error_to_who_posts_and_goes_on_when_it_can` |
//! | defects that are found | no fences, torn words | `backlog::without_fences_it_would_be_forgotten`, `backlog::with_torn_bits_it_could_be_run_twice`, `backlog::with_torn_counts_it_would_have_both` |
#![cfg(loom)]
#![allow(clippy::unwrap_used, clippy::panic, reason = "this is how a test fails")]

mod backlog;
mod calls;
mod ends;
mod quiet;
mod refused;
mod relay;
mod sleep;
mod workers;

use loom::sync::Arc;
use loom::sync::atomic::{AtomicU64, Ordering, fence};
use loom::thread;
use std::cell::Cell;
use std::marker::PhantomData;
use syscall_page::server::State;
use syscall_page::{
    Blocked, Call, Client, Entry, Header, Next, Outcome, Page, PollError, Reply, Request, Server, Sleep, Ticket, Word,
};

/// The explorer's word.
///
/// loom remembers only the latest access to a word. A thread that reads a word
/// and then writes it therefore hides, from loom, that another thread read it
/// before, and the order in which that other one reads the new value is never
/// tried. So each model is explored twice: as it is, and with a relaxed step on
/// a companion word at every access, which makes any two accesses meet.
struct Explored<D = Sound> {
    word: AtomicU64,
    companion: AtomicU64,
    defect: PhantomData<D>,
}

/// What a word can lack, to see that models find it.
trait Defect: 'static {
    /// Fences stand where they are written.
    const IS_FENCED: bool = true;
    /// To set bits, or to clear some, is one step.
    const ARE_BITS_WHOLE: bool = true;
    /// To count is one step.
    const ARE_COUNTS_WHOLE: bool = true;
}

struct Sound;
struct Unfenced;
struct TornBits;
struct TornCounts;

impl Defect for Sound {}

impl Defect for Unfenced {
    const IS_FENCED: bool = false;
}

impl Defect for TornBits {
    const ARE_BITS_WHOLE: bool = false;
}

impl Defect for TornCounts {
    const ARE_COUNTS_WHOLE: bool = false;
}

thread_local! {
    /// All threads of a model run on the one thread of its test.
    static EVERY_ACCESS_MEETS: Cell<bool> = const { Cell::new(false) };
}

impl<D: Defect> Explored<D> {
    fn meet(&self) -> &AtomicU64 {
        if EVERY_ACCESS_MEETS.get() {
            self.companion.fetch_add(1, Ordering::Relaxed);
        }
        &self.word
    }

    /// Writes what `change` makes of what is there, in two steps.
    fn change_torn(&self, change: impl FnOnce(u64) -> u64) -> u64 {
        let word = self.meet();
        let seen = word.load(Ordering::Acquire);
        word.store(change(seen), Ordering::Release);
        seen
    }
}

impl<D: Defect> Word for Explored<D> {
    fn new(value: u64) -> Self {
        Self { word: AtomicU64::new(value), companion: AtomicU64::new(0), defect: PhantomData }
    }

    fn load(&self, order: Ordering) -> u64 {
        self.meet().load(order)
    }

    fn store(&self, value: u64, order: Ordering) {
        self.meet().store(value, order);
    }

    fn swap(&self, value: u64, order: Ordering) -> u64 {
        self.meet().swap(value, order)
    }

    fn fetch_or(&self, bits: u64, order: Ordering) -> u64 {
        if D::ARE_BITS_WHOLE { self.meet().fetch_or(bits, order) } else { self.change_torn(|seen| seen | bits) }
    }

    fn fetch_and(&self, bits: u64, order: Ordering) -> u64 {
        if D::ARE_BITS_WHOLE { self.meet().fetch_and(bits, order) } else { self.change_torn(|seen| seen & bits) }
    }

    fn fetch_add(&self, number: u64, order: Ordering) -> u64 {
        if D::ARE_COUNTS_WHOLE { self.meet().fetch_add(number, order) } else { self.change_torn(|seen| seen + number) }
    }

    fn fetch_sub(&self, number: u64, order: Ordering) -> u64 {
        if D::ARE_COUNTS_WHOLE {
            self.meet().fetch_sub(number, order)
        } else {
            self.change_torn(|seen| seen.wrapping_sub(number))
        }
    }

    fn exchange_acquire(&self, current: u64, new: u64) -> Result<u64, u64> {
        if D::ARE_COUNTS_WHOLE {
            return self.meet().compare_exchange(current, new, Ordering::Acquire, Ordering::Relaxed);
        }
        let seen = self.load(Ordering::Acquire);
        if seen == current { Ok(self.change_torn(|_| new)) } else { Err(seen) }
    }

    fn full_fence() {
        if D::IS_FENCED {
            fence(Ordering::SeqCst);
        }
    }
}

type Service<const N: usize> = Server<'static, Explored, State<Explored>, N>;

fn explore(model: fn()) {
    explore_with(3, model);
}

/// The same for models of three threads, of which there are many more orders.
fn explore_three(model: fn()) {
    explore_with(2, model);
}

/// For those of which there are more still.
fn explore_many(model: fn()) {
    explore_with(1, model);
}

/// For those of which there are too many even so: as the word is.
fn explore_coarsely(model: fn()) {
    explore_as(false, 1, model);
}

fn explore_with(preemptions: usize, model: fn()) {
    for every_access_meets in [false, true] {
        explore_as(every_access_meets, preemptions, model);
    }
}

fn explore_as(every_access_meets: bool, preemptions: usize, model: fn()) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = builder.preemption_bound.or(Some(preemptions));
    EVERY_ACCESS_MEETS.set(every_access_meets);
    builder.check(model);
}

/// A page that lives as long as the model: leaked, since the threads of a model need it for `'static`.
fn page<const N: usize>() -> Page<'static, Explored, N> {
    page_of()
}

fn page_of<W: Word, const N: usize>() -> Page<'static, W, N> {
    let header: &'static Header<W> = Box::leak(Box::new(Header::empty()));
    let entries = Box::new(std::array::from_fn(|_| Entry::free()));
    Page::new(header, Box::leak(entries))
}

fn both_ends<const N: usize>() -> (Client<'static, Explored, N>, Arc<Service<N>>) {
    let page = page();
    (Client::new(page), Arc::new(Server::new(page, 1, 1)))
}

fn ask(word: u64) -> Request {
    Request::new(0, [word, word + 1, 0, 0])
}

/// Answers with what was asked, so that a torn or early read of the arguments shows.
fn echo<const N: usize>(call: Call<'_, '_, Explored, N>) -> Outcome {
    let [first, second, ..] = call.request().args;
    assert_eq!(second, first + 1, "arguments are those that were submitted");
    call.answer(&Reply::success([first * 10, first]))
}

fn expected(word: u64) -> Reply {
    Reply::success([word * 10, word])
}

/// A client that polls its tickets waits: what client and scheduler do about it.
fn wait<const N: usize>(client: &mut Client<'static, Explored, N>, page: Page<'static, Explored, N>) -> Sleep {
    match client.prepare_to_be_served() {
        Next::NothingToWaitFor => Sleep::NothingToWaitFor,
        Next::ResultsCame => Sleep::ResultsCame,
        // The server finds nothing to do.
        Next::BeServed => page.header().wait_for_client().map_or(Sleep::ResultsCame, Sleep::On),
    }
}

/// Blocks the call with word 1, answers the others.
fn block_the_first<const N: usize>(server: &Service<N>) -> (u32, Option<Blocked>) {
    let mut waiting = None;
    let pass = server.pass(4, |call| {
        if call.request().args[0] != 1 {
            return echo(call);
        }
        let parked = call.block().unwrap();
        waiting = Some(parked.blocked);
        parked.outcome
    });
    (pass.run, waiting)
}

/// A call with word 1 that was blocked, and a worker that answers it meanwhile.
fn blocked_and_answered() -> (Client<'static, Explored, 1>, Arc<Service<1>>, Ticket, thread::JoinHandle<()>) {
    let (mut client, server) = both_ends::<1>();
    let ticket = client.post(&ask(1), 1).unwrap();
    let waiting = block_the_first(&server).1.unwrap();
    let other = server.clone();
    let worker = thread::spawn(move || _ = other.complete(waiting, &expected(1)).unwrap());
    (client, server, ticket, worker)
}
