#![allow(clippy::indexing_slicing, reason = "a test that indexes out of its vectors should fail")]

use super::*;
use crate::capability::{Capability, Invocation};
use crate::capability_table::CapabilityTable;
use crate::component;
use crate::dispatch::{self, Decision};
use crate::fault;
use crate::outcome::Outcome;
use crate::testing::System;
use abi::crossing::{FAULT_HANDLER, PERSONALITY};
use abi::fault::{Answer, SYSTEM_CALL};
use abi::layout::{READ, WRITE};
use abi::register::number::*;

const REGISTERS: [u64; 20 + 52] = {
    let mut all = [0; 72];
    let mut at = 0;
    while at < 72 {
        all[at] = if at < 20 { at as u64 } else { FLOATING_POINT + at as u64 - 20 };
        at += 1;
    }
    all
};

/// A word that every register but MXCSR and RFLAGS can hold, another for each.
fn sample(register: u64) -> u64 {
    0x40_0000 + register
}

/// The first thread, a scheduler, has been given the core back by a thread that was preempted.
fn preempted() -> (System, Frame) {
    let mut system = System::new();
    let scheduler = system.core.thread();
    let (thread, _) = system.thread(5, 0x41_0000);
    let decision = Decision { scheduler, token: 1, timeout: 0, budget: None };
    dispatch::switch_to(&system.memory, &mut system.core, thread, 0, decision).unwrap();
    dispatch::preempt(&system.memory, &mut system.core, 0, 0);
    assert_eq!(thread::state(&system.memory, thread), State::Preempted);
    (system, thread)
}

impl System {
    fn read(&self, thread: Frame, number: u64) -> Result<u64, Error> {
        read(&self.memory, &self.core, thread, number)
    }

    fn write(&self, thread: Frame, number: u64, word: u64) -> Result<(), Error> {
        write(&self.memory, &self.core, thread, number, word)
    }
}

#[test]
fn every_register_of_a_preempted_thread_is_its_own() {
    let (system, thread) = preempted();
    for register in REGISTERS {
        system.write(thread, register, sample(register)).unwrap();
    }
    for register in REGISTERS.into_iter().filter(|register| ![FLAGS, FLOATING_POINT + 3].contains(register)) {
        assert_eq!(system.read(thread, register), Ok(sample(register)), "register {register}");
    }
}

#[test]
fn registers_are_where_the_way_out_looks_for_them() {
    let (system, thread) = preempted();
    let words = system.memory.words(thread);
    let expected = [
        (RAX, saved::PREEMPTED.registers + 14),
        (14, saved::PREEMPTED.registers),
        (FLAGS, saved::PREEMPTED.flags),
        (FS_BASE, saved::PREEMPTED.fs_base),
        (GS_BASE, saved::PREEMPTED.gs_base),
        (XMM0 + 31, saved::PREEMPTED.floating_point + 51),
        (RIP, entry::index(thread::top(&system.memory, thread)) + entry::ADDRESS),
        (RSP, entry::index(thread::top(&system.memory, thread)) + entry::STACK),
    ];
    for (register, at) in expected {
        words[at].store(0x1_2345, Relaxed);
        assert_eq!(system.read(thread, register), Ok(0x1_2345), "register {register}");
    }
}

#[test]
fn there_are_no_other_registers() {
    let (system, thread) = preempted();
    for number in [20, 31, FLOATING_POINT + 52, u64::MAX] {
        assert_eq!(system.read(thread, number), Err(Error::BadArgument), "register {number}");
        assert_eq!(system.write(thread, number, 0), Err(Error::BadArgument), "register {number}");
    }
}

#[test]
fn an_address_that_cannot_be_one_is_refused() {
    let (system, thread) = preempted();
    for address in [0, 0xffff, 0x7fff_ffff_f000, 1 << 47, u64::MAX] {
        assert_eq!(system.write(thread, RIP, address), Err(Error::BadAddress), "address {address:#x}");
        assert_eq!(system.write(thread, RSP, address), Ok(()), "a stack pointer may be anything");
    }
    for base in [FS_BASE, GS_BASE] {
        for address in [1 << 47, u64::MAX >> 1, 1 << 63] {
            assert_eq!(system.write(thread, base, address), Err(Error::BadAddress), "base {address:#x}");
        }
        assert_eq!(system.write(thread, base, (1 << 47) - 1), Ok(()));
    }
}

#[test]
fn of_flags_and_mxcsr_only_what_is_harmless_is_taken() {
    let (system, thread) = preempted();
    system.write(thread, FLAGS, u64::MAX).unwrap();
    assert_eq!(system.read(thread, FLAGS), Ok(0x25_0fd7), "no I/O privilege, no nested task");
    system.write(thread, FLAGS, 0).unwrap();
    assert_eq!(system.read(thread, FLAGS), Ok(EXIT_FLAGS), "interrupts stay on");
    let mxcsr = FLOATING_POINT + 3;
    system.write(thread, mxcsr, u64::MAX).unwrap();
    assert_eq!(system.read(thread, mxcsr), Ok(0xffbf), "a reserved bit would fault in the kernel");
    let word = &system.memory.words(thread)[saved::PREEMPTED.floating_point + 3];
    word.store(0x2_ffff_0000_1f80, Relaxed);
    system.write(thread, mxcsr, u64::MAX).unwrap();
    assert_eq!(system.read(thread, mxcsr), Ok(0x2_ffff_0002_ffff), "what this processor has");
}

#[test]
fn a_thread_at_its_start_has_an_address_and_a_base() {
    let system = System::new();
    let (thread, _) = system.thread(5, 0x41_0000);
    assert_eq!(system.read(thread, RIP), Ok(0x41_0000));
    system.write(thread, RIP, 0x42_0000).unwrap();
    system.write(thread, FS_BASE, 0x5000_0000).unwrap();
    assert_eq!(system.write(thread, RIP, 0), Err(Error::BadAddress));
    assert_eq!(system.write(thread, FS_BASE, 1 << 47), Err(Error::BadAddress));
    for other in [RAX, RSP, FLAGS, GS_BASE, XMM0] {
        assert_eq!(system.read(thread, other), Err(Error::BadArgument), "register {other}");
        assert_eq!(system.write(thread, other, 0), Err(Error::BadArgument), "register {other}");
    }
    let mut system = system;
    dispatch::wait_for(&system.memory, &mut system.core, thread, 0).unwrap();
    assert_eq!(system.resume_point().0, 0x42_0000);
    assert_eq!(thread::start_fs_base(&system.memory, thread), 0x5000_0000);
}

#[test]
fn a_thread_that_does_not_stand_still_keeps_its_registers_to_itself() {
    let (system, thread) = preempted();
    assert_eq!(system.read(system.core.thread(), RAX), Err(Error::NotStopped), "it runs");
    for state in [State::Running, State::Faulted, State::Suspended, State::Receiving, State::Waiting] {
        thread::set_state(&system.memory, thread, state);
        assert_eq!(system.read(thread, RIP), Err(Error::NotStopped), "{state:?}");
        assert_eq!(system.write(thread, RIP, 0x40_0000), Err(Error::NotStopped), "{state:?}");
    }
}

#[test]
fn a_thread_of_another_core_is_refused() {
    let (mut system, thread) = preempted();
    system.core.identity |= 1 << 32;
    assert_eq!(system.read(thread, RIP), Err(Error::WrongCore));
    assert_eq!(system.write(thread, RIP, 0x40_0000), Err(Error::WrongCore));
}

/// A thread of a component whose handler, in `slot`, has been invoked for `vector`.
fn handling(slot: u32, vector: u8) -> (System, Reference) {
    let mut system = System::new();
    let (thread, faulty) = system.thread(5, 0x41_0000);
    let handler = system.component(6);
    system.grow(faulty);
    let invocation = Invocation { server: handler, entry: 0x50_0000, token: 77, methods: 1 };
    let table = CapabilityTable::of(&system.memory, faulty).unwrap();
    table.add(&system.memory, slot.into(), Capability::Invocation(invocation)).unwrap();
    dispatch::wait_for(&system.memory, &mut system.core, thread, 0).unwrap();
    let cause = fault::Cause { vector, error: 0, address: 1, instruction: 0x41_0002 };
    fault::handle(&system.memory, &mut system.core, cause).unwrap();
    (system, faulty)
}

#[test]
fn a_handler_reaches_the_registers_of_the_level_that_it_handles() {
    let (mut system, _) = handling(FAULT_HANDLER, 6);
    let (memory, core) = (&system.memory, &system.core);
    for register in REGISTERS {
        write_handled(memory, core, register, sample(register)).unwrap();
    }
    for register in REGISTERS.into_iter().filter(|register| ![FLAGS, FLOATING_POINT + 3].contains(register)) {
        assert_eq!(read_handled(memory, core, register), Ok(sample(register)), "register {register}");
    }
    assert_eq!(write_handled(memory, core, RIP, 0), Err(Error::BadAddress));
    assert_eq!(read_handled(memory, core, 20), Err(Error::BadArgument));
    let retry = [Answer::Retry as u64, 0];
    let outcome = crate::invocation::return_with(&system.memory, &mut system.core, 0, retry);
    assert_eq!(outcome, Outcome::RestoreFaulted);
    assert_eq!(system.resume_point(), (sample(RIP), sample(RSP)));
    assert_eq!(read_handled(&system.memory, &system.core, RAX), Err(Error::NotStopped), "it is handled");
}

#[test]
fn whom_the_handler_calls_does_not() {
    let (mut system, _) = handling(FAULT_HANDLER, 6);
    let server = system.component(7);
    let capability = Invocation { server, entry: 0x50_0000, token: 0, methods: 1 };
    crate::invocation::invoke(&system.memory, &mut system.core, capability, 0, [0; 4]).unwrap();
    assert_eq!(read_handled(&system.memory, &system.core, RAX), Err(Error::NotStopped));
    assert_eq!(write_handled(&system.memory, &system.core, RAX, 0), Err(Error::NotStopped));
    assert_eq!(read_memory(&system.memory, &system.core, 0x40_0000), Err(Error::NotStopped));
}

#[test]
fn nobody_handles_what_did_not_fault() {
    let (system, _) = preempted();
    assert_eq!(read_handled(&system.memory, &system.core, RAX), Err(Error::NotStopped));
    assert_eq!(write_memory(&system.memory, &system.core, 0x40_0000, 0), Err(Error::NotStopped));
}

#[test]
fn a_handler_reaches_the_memory_of_the_level_that_it_handles() {
    let (system, faulty) = handling(FAULT_HANDLER, 6);
    let (memory, core) = (&system.memory, &system.core);
    let page_table = PageTable::of(memory, faulty).unwrap();
    for level in [3, 2, 1] {
        page_table.graft(memory, 0x40_0000, memory.untyped(), level).unwrap();
    }
    page_table.map(memory, 0x40_0000, memory.untyped(), READ | WRITE).unwrap();
    page_table.map(memory, 0x40_1000, memory.untyped(), READ).unwrap();
    assert_eq!(write_memory(memory, core, 0x40_0ff8, 7), Ok(()));
    assert_eq!(read_memory(memory, core, 0x40_0ff8), Ok(7));
    assert_eq!(read_memory(memory, core, 0x40_1000), Ok(0));
    assert_eq!(write_memory(memory, core, 0x40_1000, 7), Err(Error::RightsExceeded), "the level cannot write there");
    assert_eq!(read_memory(memory, core, 0x40_2000), Err(Error::NoFrame));
    assert_eq!(read_memory(memory, core, 0x4000_0000), Err(Error::NoFrame));
    for address in [0, 0x40_0004, 1 << 47, u64::MAX - 7] {
        assert_eq!(read_memory(memory, core, address), Err(Error::BadAddress), "address {address:#x}");
    }
    component::revoke(memory, faulty).unwrap();
    assert_eq!(read_memory(memory, core, 0x40_0ff8), Err(Error::Revoked));
}

#[test]
fn a_system_call_goes_to_the_personality_and_a_fault_does_not() {
    let (system, _) = handling(PERSONALITY, SYSTEM_CALL);
    write_handled(&system.memory, &system.core, RAX, 3).unwrap();
    let (mut system, _) = handling(FAULT_HANDLER, 6);
    let retry = [Answer::Retry as u64, 0];
    crate::invocation::return_with(&system.memory, &mut system.core, 0, retry);
    let cause = fault::Cause { vector: SYSTEM_CALL, error: 0, address: 1, instruction: 0x41_0002 };
    assert_eq!(fault::handle(&system.memory, &mut system.core, cause), None, "it has no personality");
}

#[test]
fn a_thread_of_a_foreign_component_starts_with_the_registers_that_were_written() {
    let mut system = System::new();
    let (memory, thread) = (&system.memory, system.memory.kernel());
    let (table, page_table) = (memory.kernel(), memory.kernel());
    let foreign = component::create_foreign(memory, memory.kernel(), 7, table, page_table).unwrap();
    thread::create(memory, thread, 7, 0, foreign, 0x41_0000).unwrap();
    let start = [RIP, RSP, RAX, FLAGS, FLOATING_POINT, FLOATING_POINT + 3, XMM0].map(|at| system.read(thread, at));
    assert_eq!(start, [0x41_0000, 0, 0, EXIT_FLAGS, 0x37f, 0x1f80, 0].map(Ok));
    system.write(thread, RSP, 0x7000_0000).unwrap();
    system.write(thread, RDI, 9).unwrap();
    let outcome = dispatch::wait_for(&system.memory, &mut system.core, thread, 0).unwrap();
    assert_eq!((outcome, system.resume_point()), (Outcome::Restore, (0x41_0000, 0x7000_0000)));
    assert_eq!(system.core.component(&system.memory), foreign);
}
