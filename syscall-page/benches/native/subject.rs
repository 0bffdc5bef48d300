//! Ours: the page's protocol, client and server on one thread; and switches between user threads.

use crate::clock::{Figure, measure};
use crate::common::Frames;
use runtime::future::Executor;
use runtime::user::{StackPool, UserThreads};
use std::future::poll_fn;
use std::hint::black_box;
use std::task::Poll;
use syscall_page::{Client, Reply, Server};

pub fn figures() -> Vec<Figure> {
    vec![
        batches::<1>("page: post, serve, reap, batches of 1"),
        batches::<8>("page: post, serve, reap, batches of 8"),
        batches::<32>("page: post, serve, reap, batches of 32"),
        batches::<64>("page: post, serve, reap, batches of 64"),
        user_switch(),
        user_spawn_join(),
        task_yield(),
    ]
}

/// Posts so many calls, has them served, and takes their results.
fn batches<const CALLS: usize>(name: &'static str) -> Figure {
    let frames = Frames::new();
    let (mut client, server) = (Client::new(frames.page()), Server::new(frames.page(), 1, 0));
    let mut tickets = [None; CALLS];
    measure(name, CALLS as u32, || {
        for (number, ticket) in (0..).zip(&mut tickets) {
            *ticket = client.post_words(0, [number]).ok();
        }
        client.announce();
        let pass = server.quiet_pass(1, |unread| {
            let (words, claimed) = unread.split();
            let [number] = words.read();
            claimed.answer(&Reply::success([number, 0]))
        });
        black_box(pass.done);
        for ticket in tickets.iter().flatten() {
            black_box(client.poll_success(*ticket, 1));
        }
    })
}

static THREADS: UserThreads = UserThreads::new();
static STACKS: StackPool<0x2_0000> = StackPool::new();

/// Switches of each measurement.
const SWITCHES: u32 = 10_000;

/// Two user threads that yield to each other.
fn user_switch() -> Figure {
    let adopted = THREADS.adopt(&STACKS, 0x4000);
    assert!(adopted.is_ok_and(|stacks| stacks >= 3), "there is memory for three stacks");
    measure("user switch", SWITCHES, || inside_a_span(&switches))
}

/// A user thread that starts another and waits for its end.
fn user_spawn_join() -> Figure {
    measure("user threads: spawn and join", SWITCHES, || inside_a_span(&joins))
}

fn joins() {
    let ran = THREADS.run(&(), |scope| {
        (0..SWITCHES).all(|number| scope.spawn(move || number).is_ok_and(|thread| thread.join() == Some(number)))
    });
    assert_eq!(ran, Ok(true));
}

static EXECUTOR: Executor<2> = Executor::new(&());

/// Two tasks that yield to each other.
fn task_yield() -> Figure {
    measure("tasks: yield", SWITCHES, || inside_a_span(&yields))
}

fn yields() {
    let task = || async {
        for _ in 0..SWITCHES / 2 {
            yield_now().await;
        }
    };
    let (one, other) = (std::pin::pin!(task()), std::pin::pin!(task()));
    assert_eq!(EXECUTOR.run_all(&(), [one, other]), Ok(()));
}

/// Ready the second time that it is asked.
fn yield_now() -> impl Future<Output = ()> {
    let mut has_yielded = false;
    poll_fn(move |context| {
        context.waker().wake_by_ref();
        if std::mem::replace(&mut has_yielded, true) { Poll::Ready(()) } else { Poll::Pending }
    })
}

fn switches() {
    let ran = THREADS.run(&(), |scope| {
        for _ in 0..2 {
            drop(scope.spawn(|| (0..SWITCHES / 2).for_each(|_| scope.threads().yield_now())));
        }
    });
    assert_eq!(ran, Ok(()));
}

/// Runs `work` in the middle of a span of 64 KiB. User threads use the word at a span's end, as in an image, and put it back: here it lies
/// with a function that waits meanwhile, in a span below that of who calls this, whose own end may lie behind the stack.
fn inside_a_span(work: &dyn Fn()) {
    let here = 0_u8;
    descend(span_of(&raw const here), work);
}

#[inline(never)]
fn descend(from: usize, work: &dyn Fn()) {
    let room = black_box([0_u8; 0x2000]);
    let at = room.as_ptr().addr() % SPAN;
    if span_of(room.as_ptr()) < from && (0x6000..0xa000).contains(&at) {
        work()
    } else {
        descend(from, work)
    }
    black_box(room);
}

const SPAN: usize = 0x1_0000;

fn span_of(place: *const u8) -> usize {
    place.addr() / SPAN
}
