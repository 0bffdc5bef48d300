//! `cargo bench -p syscall-page`: what calls by a page cost on this machine, beside what one would use on Linux instead. All
//! figures of a table are of one run, since those of a busy machine are worth nothing but beside each other.

mod clock;
#[path = "../../tests/common/mod.rs"]
mod common;
mod peers;
mod subject;

use clock::{Figure, measure};

/// What is compared, and how many times as much as the other it may cost.
struct Comparison {
    ours: &'static str,
    other: &'static str,
    target: f64,
}

const COMPARISONS: [Comparison; 5] = [
    Comparison { ours: "user switch", other: "corosensei: suspend and resume", target: 1.2 },
    Comparison { ours: "user threads: spawn and join", other: "tokio: spawn and join of a task", target: 1.0 },
    Comparison { ours: "tasks: yield", other: "tokio: yield of a task", target: 1.0 },
    Comparison { ours: PAGE_CALL, other: NULL_CALL, target: 1.0 / 40.0 },
    Comparison { ours: PAGE_CALL, other: "io_uring: null operation, batches of 32", target: 1.0 },
];

const NULL_CALL: &str = "null call of Linux (getppid)";

/// The row in terms of which all are shown, too.
const PAGE_CALL: &str = "page: post, serve, reap, batches of 32";

fn main() {
    // Cargo passes `--bench` when benchmarks are to run, and other things when all targets are run as tests.
    if !std::env::args().any(|argument| argument == "--bench") {
        return eprintln!("native: nothing to do, benchmarks run under `cargo bench`");
    }
    let mut figures = vec![measure(NULL_CALL, 1, || {
        std::hint::black_box(nix::unistd::getppid());
    })];
    figures.extend(subject::figures());
    figures.extend(peers::figures());
    print(&figures);
}

fn print(figures: &[Figure]) {
    let of = |name| figures.iter().find(|figure| figure.name == name).map(|figure| figure.median);
    let (null_call, page_call) = (of(NULL_CALL).unwrap_or(1.0), of(PAGE_CALL).unwrap_or(1.0));
    println!("{:45} {:>9} {:>9} {:>15} {:>15}", "operation", "ns", "least", "of a null call", "of a page call");
    for Figure { name, median, least } in figures {
        let (of_null, of_page) = (median / null_call, median / page_call);
        println!("{name:45} {median:9.2} {least:9.2} {of_null:15.4} {of_page:15.2}");
    }
    for Comparison { ours, other, target } in COMPARISONS {
        match of(ours).zip(of(other)) {
            Some((one, two)) => println!("{ours} / {other}: {:.3}, target {target:.3}", one / two),
            None => println!("{ours} / {other}: not on this host"),
        }
    }
}
