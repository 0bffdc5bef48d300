//! Ours: the page's protocol, client and server on one thread; and switches between user threads.

use crate::clock::{Figure, measure};
use crate::common::Frames;
use runtime::user::{StackPool, UserThreads};
use std::hint::black_box;
use syscall_page::{Client, Reply, Server};

pub fn figures() -> Vec<Figure> {
    vec![
        batches::<1>("page: post, serve, reap, batches of 1"),
        batches::<8>("page: post, serve, reap, batches of 8"),
        batches::<32>("page: post, serve, reap, batches of 32"),
        batches::<64>("page: post, serve, reap, batches of 64"),
        user_switch(),
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
