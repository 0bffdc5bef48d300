//! One phase of one component: on its core, or on all of its cores at once.

use crate::construct::held;
use crate::run::{Set, Status};
use crate::{Kernel, cores, say};
use abi::bundle::{Bundle, Component};
use abi::error::Error;
use abi::operation::{ThreadEnd, ThreadOperation};
use abi::phase;

/// Lets the component number `at` prepare: first alone, then on all of its cores at once. Returns the first status that is not 0.
pub fn initialise(bundle: &Bundle, at: usize, component: &Component, kernel: &mut impl Kernel) -> u16 {
    let ended = match component.core {
        0 => dispatch(at, component, phase::INITIALISE, kernel),
        _ => cores::run(at, component, phase::INITIALISE, kernel),
    };
    match ended {
        0 if component.phases.parallel_initialise => initialise_in_parallel(bundle, at, kernel),
        ended => ended,
    }
}

/// Runs the phase by each thread that the component number `of` has from the start, and waits until the last one has ended. The one
/// of this core goes last, when the others run.
fn initialise_in_parallel(bundle: &Bundle, of: usize, kernel: &mut impl Kernel) -> u16 {
    let threads = || bundle.components().enumerate().filter(move |(at, entry)| *at == of || entry.of == of as u64);
    let count = threads().count() as u32;
    let numbered =
        || (0..).zip(threads()).map(|(index, (at, entry))| (at, entry, phase::parallel_initialise(index, count)));
    let (mut launched, mut status) = (Set::new(), Status::default());
    for (at, entry, word) in numbered().filter(|(_, entry, _)| entry.core != 0) {
        match cores::await_free(at, word, kernel) {
            Ok(_) => launched.insert(at),
            refused => status.note(judge(&entry, refused, kernel)),
        }
    }
    // It may wait for those of the other cores, so it is not alone.
    if let (true, Some((at, entry, word))) = (status.is_good(), numbered().find(|(_, entry, _)| entry.core == 0)) {
        status.note(dispatch(at, &entry, word, kernel));
    }
    for (at, entry) in threads().filter(|(at, _)| launched.contains(*at)) {
        let ended = cores::await_end(at, kernel);
        status.note(judge(&entry, ended, kernel));
    }
    status.word()
}

/// Runs the component number `at` on this core, to its end.
pub fn dispatch(at: usize, component: &Component, phase: u64, kernel: &mut impl Kernel) -> u16 {
    let ended = kernel.operate(held(at).thread, ThreadOperation::Dispatch as u16, [phase, 0, 0, 0]);
    judge(component, ended, kernel)
}

/// The status with which a component ended; says so if that is not 0.
pub fn judge(component: &Component, ended: Result<[u64; 2], Error>, kernel: &mut impl Kernel) -> u16 {
    let name = component.name();
    match ended {
        Ok([end, status]) if end != ThreadEnd::Faulted as u64 => {
            if status != 0 {
                say(kernel, format_args!("booter: {name} ended with status {status}\n"));
            }
            status as u16
        }
        Ok(_) => {
            say(kernel, format_args!("booter: {name} was ended by a fault\n"));
            Error::Faulted.status()
        }
        Err(error) => {
            say(kernel, format_args!("booter: {name} cannot run: {error}\n"));
            error.status()
        }
    }
}
