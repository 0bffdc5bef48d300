//! Servers that fault, and servers that answer what they may not.

use crate::{Check, PROBE, Verdict, same, status};
use abi::error::Error;
use probe::{CLOBBERED, Probe, how};

/// The checks of this file.
pub const CHECKS: &[Check] = &[
    ("a server that faults is an error, and then works a thousand times", faults_are_errors),
    ("a status may be any", statuses_pass),
    ("a server that clobbers everything answers", clobbering_answers),
];

fn faults_are_errors() -> Verdict {
    for how in how::FAULTS {
        same(status(PROBE.misbehave(how)), Error::Faulted.status().into())?;
        for word in 0..1000 {
            same(PROBE.next(word).unwrap_or(0), word + 1)?;
        }
    }
    Ok(())
}

fn statuses_pass() -> Verdict {
    let unknown = runtime::Error::Unknown.status();
    same(status(PROBE.misbehave(how::HIGHEST_STATUS)), u16::MAX.into())?;
    same(status(PROBE.misbehave(how::UNDEFINED_STATUS)), unknown.into())
}

fn clobbering_answers() -> Verdict {
    for word in 0..1000 {
        same(PROBE.misbehave(how::CLOBBER).unwrap_or(0), CLOBBERED)?;
        same(PROBE.next(word).unwrap_or(0), word + 1)?;
    }
    Ok(())
}
