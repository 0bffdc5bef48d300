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

const COMPARISONS: [Comparison; 3] = [
    Comparison { ours: "user switch", other: "corosensei: suspend and resume", target: 1.2 },
    Comparison { ours: "page: post, serve, reap, batches of 32", other: NULL_CALL, target: 1.0 / 40.0 },
    Comparison {
        ours: "page: post, serve, reap, batches of 32",
        other: "io_uring: null operation, batches of 32",
        target: 1.0,
    },
];

const NULL_CALL: &str = "null call of Linux (getppid)";

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
    let null_call = figures.first().map_or(1.0, |figure| figure.median);
    println!("{:45} {:>9} {:>9} {:>16}", "operation", "ns", "least", "of a null call");
    for Figure { name, median, least } in figures {
        println!("{name:45} {median:9.2} {least:9.2} {:16.4}", median / null_call);
    }
    for Comparison { ours, other, target } in COMPARISONS {
        let of = |name| figures.iter().find(|figure| figure.name == name).map(|figure| figure.median);
        match of(ours).zip(of(other)) {
            Some((one, two)) => println!("{ours} / {other}: {:.3}, target {target:.3}", one / two),
            None => println!("{ours} / {other}: not on this host"),
        }
    }
}
