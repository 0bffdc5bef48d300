use std::ops::ControlFlow;

use super::count::{Counter, Crossing};
use super::entry::{Cause, Entry, Reader};
use super::timeline::{Differ, Track, timeline};
use crate::pass::report::Report;

const fn executed(level: u64) -> &'static str {
    if level == 3 { "08c0c2b3" } else { "08c0c2b0" }
}

fn line(address: u64, level: u64) -> String {
    on(0, address, level)
}

fn on(core: usize, address: u64, level: u64) -> String {
    format!("Trace {core}: 0x7fbbec5a20c0 [0000000000000000/{address:016x}/{}/ff020201] ", executed(level))
}

fn counted(lines: &[String], limit: u64) -> Counter {
    let mut counter = Counter::new(limit);
    let _ = lines.iter().try_for_each(|line| counter.read(line));
    counter
}

#[test]
fn instructions_are_counted_and_stays_in_the_kernel_found() {
    let kernel = 0xffff_ffff_8010_92cc;
    let lines = [line(0xf_07cb, 0), line(0x40_0000, 3), line(0x40_0002, 3), line(kernel, 0), line(kernel + 3, 0)];
    let counter = counted(&[&lines[..], &[line(0x40_0004, 3)]].concat(), 100);
    assert_eq!((counter.instructions, counter.start(0), counter.is_cut_short()), (6, Some(1), false));
    let crossing = Crossing { core: 0, left: 3, entry: Some(kernel), entered: Some(5) };
    assert_eq!(counter.crossings(&[].into()), [crossing]);
}

/// What the log says of an interrupt at user level.
const INTERRUPTED: &str = "     8: v=40 e=0000 i=0 cpl=3 IP=0033:0000000000401002 pc=0000000000401002 SP=003b:000000000042ff00 env->regs[R_EAX]=1";

fn task(core: u64) -> String {
    format!("TR =0028 {:016x} 00000067 00008900 DPL=0 TSS64-avl", 0xffff_8000_0015_b218 + 0x2c0 * core)
}

#[test]
fn cores_are_counted_each_by_itself() {
    let kernel = 0xffff_ffff_8010_92cc;
    let lines = [on(0, 0x40_0000, 3), on(1, 0x50_0000, 3), on(0, kernel, 0), on(1, 0x50_0002, 3), on(1, kernel, 0)];
    let counter = counted(&[&lines[..], &[on(0, 0x40_0002, 3)]].concat(), 100);
    let first = Crossing { core: 0, left: 2, entry: Some(kernel), entered: Some(5) };
    let second = Crossing { core: 1, left: 4, entry: Some(kernel), entered: None };
    assert_eq!(counter.crossings(&[].into()), [first, second]);
    assert_eq!((counter.start(0), counter.start(1), counter.start(2)), (Some(0), Some(1), None));
}

#[test]
fn an_interrupt_before_the_first_instruction_at_user_level_is_a_crossing() {
    let kernel = 0xffff_ffff_8010_92cc;
    let before = [line(0x40_0000, 3), line(kernel, 0)];
    let lines = [&before[..], &[INTERRUPTED.into(), task(0), line(kernel + 9, 0), line(0x40_0002, 3)]].concat();
    let tasks = [(0xffff_8000_0015_b218, 0)].into();
    let crossings = counted(&lines, 100).crossings(&tasks);
    let first = Crossing { core: 0, left: 1, entry: Some(kernel), entered: Some(2) };
    assert_eq!(crossings, [first, Crossing { core: 0, left: 2, entry: None, entered: Some(3) }]);
    // One that was seen, as user level had executed something, is counted once.
    let lines = [&before[..1], &[INTERRUPTED.into(), task(0), line(kernel, 0)]].concat();
    assert_eq!(counted(&lines, 100).crossings(&tasks).len(), 1);
}

#[test]
fn what_was_not_executed_is_counted_once() {
    for taken_back in
        ["Stopped execution of TB chain before 0x7fbb [0040] ", "cpu_io_recompile: rewound execution of TB to ffffffff"]
    {
        let lines = [line(0x40_0000, 3), taken_back.into(), line(0x40_0000, 3), line(0x40_0002, 3)];
        assert_eq!(counted(&lines, 100).instructions, 2, "{taken_back}");
    }
}

#[test]
fn nothing_is_counted_behind_the_limit() {
    let lines: Vec<_> = (0..10).map(|at| line(0x40_0000 + at, 3)).collect();
    let counter = counted(&lines, 4);
    assert!(counter.is_cut_short());
    assert_eq!(counter.instructions, 4);
}

const REGISTERS: &str = "\
RAX=0000000000080003 RBX=000000000041ffff RCX=0000000000401d3a RDX=0000000000000003
RSI=0000000000000002 RDI=0000000000000001 RBP=0000200000000000 RSP=000000000041edb8
R8 =0000000000000000 R9 =0000000000000000 R10=0000000000000004 R11=0000000000000206
RIP=ffffffff801092cc RFL=00000002 [-------] CPL=0 II=0 A20=1 SMM=0 HLT=0
TR =0028 ffff80000015b218 00000067 00008900 DPL=0 TSS64-avl
CR0=80010033 CR2=0000000000000000 CR3=00000000001a8000 CR4=00310ee0
EFER=0000000000000d01";

fn entries(log: &str, limit: usize) -> Vec<Entry> {
    let mut reader = Reader::new(limit);
    let _ = log.lines().try_for_each(|line| reader.read(line));
    reader.entries
}

#[test]
fn a_system_call_says_what_was_asked_and_from_where() {
    let log = format!("{}\n{REGISTERS}", line(0xffff_ffff_8010_92cc, 0));
    let call = Entry {
        cause: Cause::SystemCall,
        instruction: 0x40_1d3a,
        stack: 0x41_edb8,
        page_table: 0x1a_8000,
        words: [0x8_0003, 1, 2, 3, 4],
        entry: Some(0xffff_ffff_8010_92cc),
        task: 0xffff_8000_0015_b218,
    };
    assert_eq!(entries(&log, 5), [call]);
    let twice = format!("{log}\nStopped execution of TB chain before 0x7fbb [ffffffff801092cc] \n{log}");
    assert_eq!(entries(&twice, 5), [call]);
}

#[test]
fn interrupts_and_faults_of_user_level_are_entries_and_those_of_the_kernel_are_not() {
    let fault = "     7: v=0e e=0004 i=0 cpl=3 IP=0033:0000000000401000 pc=0000000000401000 SP=003b:000000000042ff00 CR2=0000000000000008";
    let tick = "     8: v=40 e=0000 i=0 cpl=3 IP=0033:0000000000401002 pc=0000000000401002 SP=003b:000000000042ff00 env->regs[R_EAX]=1";
    let idle = "     9: v=40 e=0000 i=0 cpl=0 IP=0008:ffffffff80110000 pc=ffffffff80110000 SP=0010:ffffffffd0008000 env->regs[R_EAX]=1";
    let log = [fault, tick, idle].map(|line| format!("Servicing hardware INT=0x40\n{line}\n{REGISTERS}\n")).concat();
    let found = entries(&log, 5);
    let said: Vec<_> = found.iter().map(|entry| (entry.cause, entry.instruction, entry.stack)).collect();
    let expected = [(Cause::Exception(14, 8), 0x40_1000, 0x42_ff00), (Cause::Interrupt(0x40), 0x40_1002, 0x42_ff00)];
    assert_eq!(said, expected);
    assert!(found.iter().all(|entry| entry.page_table == 0x1a_8000 && entry.words == [0; 5]));
    assert_eq!(entries(&log, 1).len(), 1, "no more than is wanted");
}

#[test]
fn any_line_is_read() {
    for line in ["", "Trace ", "Trace 0: [", "Trace 0: [/]//", ": v=", "     0: v=zz cpl=3", "CR3=", "EFER=", "RAX=€"]
    {
        let mut reader = Reader::new(1);
        assert_eq!((reader.read("Trace 0: "), reader.read(line)).0, ControlFlow::Continue(()));
        assert_eq!(Counter::new(9).read(line), ControlFlow::Continue(()));
    }
}

/// The records of a call of each of two cores, and of an interrupt of the second.
fn two_cores() -> Reader {
    let call = |core: usize| format!("{}\n{}\n", on(core, KERNEL, 0), REGISTERS.replace(&task(0), &task(core as u64)));
    let interrupt = format!("{INTERRUPTED}\n{}\n", REGISTERS.replace(&task(0), &task(1)));
    let mut reader = Reader::new(9);
    let _ = [interrupt, call(0), call(1)].concat().lines().try_for_each(|line| reader.read(line));
    reader
}

const KERNEL: u64 = 0xffff_ffff_8010_92cc;

#[test]
fn an_interrupt_is_of_the_core_whose_task_register_it_shows() {
    let cores = two_cores().by_core();
    let causes = |core: usize| cores[&core].iter().map(|entry| entry.cause).collect::<Vec<_>>();
    assert_eq!((causes(0), causes(1)), (vec![Cause::SystemCall], vec![Cause::Interrupt(0x40), Cause::SystemCall]));
}

#[test]
fn each_core_has_its_row_and_two_histories_are_told_apart() {
    let user = |core: usize, at: u64| on(core, 0x40_0000 + at, 3);
    let kernel = |core: usize, entry: u64| on(core, entry, 0);
    let lines = |calls: u64| {
        [user(0, 0), user(1, 0), kernel(1, KERNEL + 9), user(1, 2), kernel(0, calls), kernel(1, KERNEL), user(0, 2)]
    };
    let report = Report::default();
    let drawn = timeline(&report, &counted(&lines(KERNEL), 100), &two_cores()).unwrap();
    let rows: Vec<_> = drawn.slices.iter().filter(|slice| matches!(slice.track, Track::Core(_))).collect();
    let rows: Vec<_> = rows.iter().map(|slice| (slice.track, slice.start, slice.end)).collect();
    assert_eq!(rows, [(Track::Core(0), 0, 7), (Track::Core(1), 1, 7)]);
    assert_eq!(timeline(&report, &counted(&lines(KERNEL + 9), 100), &two_cores()), Err(Differ));
}
