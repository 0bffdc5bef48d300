use std::ops::ControlFlow;

use super::count::{Counter, Crossing};
use super::entry::{Cause, Entry, Reader};

const fn executed(level: u64) -> &'static str {
    if level == 3 { "08c0c2b3" } else { "08c0c2b0" }
}

fn line(address: u64, level: u64) -> String {
    format!("Trace 0: 0x7fbbec5a20c0 [0000000000000000/{address:016x}/{}/ff020201] ", executed(level))
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
    assert_eq!((counter.instructions, counter.start, counter.is_cut_short()), (6, Some(1), false));
    assert_eq!(counter.crossings, [Crossing { left: 3, entry: kernel, entered: Some(5) }]);
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
