//! Threads that hand over to each other without the kernel: they lose the core at ever other places, or fault behind each instruction, or
//! one of them lies, or wants what it cannot have, and each is always who the kernel takes it for.
//!
//! To hand over without the kernel is unsafe, and this image tests that.
#![no_std]
#![no_main]

mod lies;
mod refused;
mod stepped;

use console_interface::{ConsoleClient, Writer};
use core::arch::asm;
use core::fmt::{Arguments, Write};
use core::sync::atomic::Ordering::Relaxed;
use core::sync::atomic::{AtomicBool, AtomicU64};
use runtime::peers::Member;
use runtime::{Result, thread, time};
use sched_interface::{Sched, SchedClient, Threads};

runtime::import!(CONSOLE: ConsoleClient);
runtime::import!(SCHED: SchedClient);
runtime::parameter!(ROUNDS: u64 = 20_000, "rounds");
runtime::parameter!(STEPPED: bool = false, "stepped");
runtime::parameter!(LIES: bool = false, "lies");
runtime::parameter!(OTHER_BUDGET: bool = false, "other-budget");
runtime::parameter!(ELSEWHERE: bool = false, "elsewhere");

runtime::component! { main: run }

/// Threads that hand over to each other, the component's own among them.
const MEMBERS: usize = 3;

/// Their indices.
static INDICES: [AtomicU64; MEMBERS] = [const { AtomicU64::new(0) }; MEMBERS];

/// How often each went on because another handed over to it; and how often it left the core to the scheduler instead.
static ARRIVALS: [AtomicU64; MEMBERS] = [const { AtomicU64::new(0) }; MEMBERS];
static LEAVES: AtomicU64 = AtomicU64::new(0);

/// How often the kernel took one for another.
static MISTAKES: AtomicU64 = AtomicU64::new(0);
static ENDED: AtomicU64 = AtomicU64::new(0);
static IS_BROKEN: AtomicBool = AtomicBool::new(false);

fn say(text: Arguments<'_>) {
    // Whether anyone can read it does not change what is shown.
    let _ = writeln!(Writer::new(&CONSOLE), "peers: {text}");
}

fn run() -> Result<()> {
    match (STEPPED.get(), LIES.get(), OTHER_BUDGET.get(), ELSEWHERE.get()) {
        (true, ..) => stepped::run(),
        (_, true, ..) => lies::run(),
        (_, _, true, _) => refused::hand_over(),
        (.., true) => refused::go_elsewhere(),
        _ => sweep(),
    }
}

/// All hand over to each other, and lose the core at ever other places.
fn sweep() -> Result<()> {
    INDICES[0].store(thread::current(), Relaxed);
    for (number, index) in (0..).zip(&INDICES).skip(1) {
        index.store(SCHED.spawn(take_part, number)?.index, Relaxed);
    }
    take_part(0)?;
    while ENDED.load(Relaxed) < MEMBERS as u64 {
        SCHED.sleep(100_000)?;
    }
    let handed: u64 = ARRIVALS.iter().map(|count| count.load(Relaxed)).sum();
    say(format_args!("handed over often: {}", handed > ROUNDS.get()));
    say(format_args!("left the core to the scheduler at times: {}", LEAVES.load(Relaxed) > 0));
    say(format_args!("taken for another: {}", MISTAKES.load(Relaxed)));
    say(format_args!("lost its registers: {}", IS_BROKEN.load(Relaxed)));
    say(format_args!("{handed} {} {}", LEAVES.load(Relaxed), time::ticks() / 1_000_000));
    Ok(())
}

/// One of the threads: hands over to the next for so many rounds.
fn take_part(number: u64) -> Result<()> {
    let member = Member::join()?;
    set_modes(modes(number));
    // All are there before any goes on.
    while (0..MEMBERS).any(|other| INDICES[other].load(Relaxed) == 0) {
        SCHED.yield_now()?;
    }
    for round in 0..ROUNDS.get() {
        pass_on(&member, number as usize, round);
        if round % 64 == number {
            check(&member);
            SCHED.yield_now()?;
        }
    }
    member.report();
    ENDED.fetch_add(1, Relaxed);
    Ok(())
}

/// Hands over to the next that is parked, or leaves; after a stretch that is longer each time, so that the core is lost elsewhere.
fn pass_on(member: &Member, number: usize, round: u64) {
    let mine = round ^ (number as u64) << 32;
    spin(round % 97);
    let next = (1..MEMBERS).map(|step| INDICES[(number + step) % MEMBERS].load(Relaxed));
    let gone = next.into_iter().filter_map(|index| member.peer(index)).any(|peer| {
        // SAFETY: it reports before it calls.
        matches!(unsafe { member.hand_over_unheard(peer) }, Ok(true))
    });
    if core::hint::black_box(mine) != round ^ (number as u64) << 32 || has_modes() != modes(number as u64) {
        IS_BROKEN.store(true, Relaxed);
    }
    if gone {
        ARRIVALS[number].fetch_add(1, Relaxed);
    } else {
        member.leave();
        LEAVES.fetch_add(1, Relaxed);
    }
}

/// How a thread rounds, by MXCSR and by the control word of x87: each in its own way.
const fn modes(number: u64) -> (u32, u16) {
    (0x1f80 | (number as u32 + 1) << 13, 0x037f | (number as u16 + 1) << 10)
}

/// Nothing here computes with fractions.
fn set_modes((mxcsr, control): (u32, u16)) {
    // SAFETY: reads two words, and changes what rounds.
    unsafe { asm!("ldmxcsr [{}]", "fldcw [{}]", in(reg) &mxcsr, in(reg) &control, options(readonly, nostack)) };
}

fn has_modes() -> (u32, u16) {
    let (mut mxcsr, mut control) = (0_u32, 0_u16);
    // SAFETY: writes two words.
    unsafe { asm!("stmxcsr [{}]", "fnstcw [{}]", in(reg) &mut mxcsr, in(reg) &mut control, options(nostack)) };
    (mxcsr & 0xffc0, control)
}

/// Whether the kernel takes the thread for who it is, once it has said so.
fn check(member: &Member) {
    member.report();
    if thread::current() != thread::index(thread::number()) {
        MISTAKES.fetch_add(1, Relaxed);
    }
}

fn spin(steps: u64) {
    for step in 0..steps {
        core::hint::black_box(step);
    }
}
