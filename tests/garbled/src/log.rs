//! What the emulator logs of a system, by which timelines are made.

use std::ops::ControlFlow;

use composer::pass::report::Report;
use composer::trace::count::Counter;
use composer::trace::entry::Reader;
use composer::trace::perfetto;
use composer::trace::timeline::timeline;

/// Instructions and entries that are read at most.
const LIMIT: u64 = 4096;

/// The log that all others come from: two cores, a system call, an interrupt and a fault.
pub fn seed() -> Vec<u8> {
    let executed = |core: u64, address: u64, level: u64| {
        let flags = if level == 3 { "08c0c2b3" } else { "08c0c2b0" };
        format!("Trace {core}: 0x7fbb [0000000000000000/{address:016x}/{flags}/ff020201] \n")
    };
    let registers = |core: u64| {
        format!(
            "RAX=0000000000080003 RBX=0000000000000000 RCX=0000000000401d3a RDX=0000000000000003\n\
             RIP=ffffffff801092cc RFL=00000002 [-------] CPL=0 II=0 A20=1 SMM=0 HLT=0\n\
             TR =0028 {:016x} 00000067 00008900 DPL=0 TSS64-avl\n\
             CR0=80010033 CR2=0000000000000000 CR3=00000000001a8000 CR4=00310ee0\nEFER=0000000000000d01\n",
            0xffff_8000_0015_b218 + 0x2c0 * core
        )
    };
    let left =
        |what: &str| format!("     8: {what} IP=0033:0000000000401002 pc=0000000000401002 SP=003b:000000000042ff00\n");
    let kernel = 0xffff_ffff_8010_92cc;
    let call = |core| {
        executed(core, 0x40_0000, 3) + &executed(core, kernel, 0) + &registers(core) + &executed(core, 0x40_0002, 3)
    };
    let interrupt =
        left("v=40 e=0000 i=0 cpl=3") + &registers(1) + &executed(1, kernel, 0) + &executed(1, 0x40_0002, 3);
    let fault = left("v=0e e=0004 i=0 cpl=3") + &registers(0) + "Stopped execution of TB chain before 0x7fbb [0040] \n";
    [call(0), call(1), interrupt, fault].concat().into_bytes()
}

/// Whether it is one history.
pub fn is_one_history(bytes: &[u8]) -> bool {
    let text = String::from_utf8_lossy(bytes);
    let (mut counter, mut reader) = (Counter::new(LIMIT), Reader::new(LIMIT as usize));
    // Two logs of one run: here, both are read from one.
    let _: ControlFlow<()> = text.lines().try_for_each(|line| counter.read(line));
    let _: ControlFlow<()> = text.lines().try_for_each(|line| reader.read(line));
    let report = Report::default();
    let of = timeline(&report, &counter, &reader);
    of.is_ok_and(|of| serde_json::to_string(&perfetto::trace(&report, &of)).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_all_others_come_from_is_read() {
        let mut reader = Reader::new(9);
        let text = String::from_utf8(seed()).unwrap();
        let _: ControlFlow<()> = text.lines().try_for_each(|line| reader.read(line));
        // Two calls and an interrupt: the fault was taken back.
        assert_eq!(reader.entries.len(), 3);
        assert!(is_one_history(b""));
    }
}
