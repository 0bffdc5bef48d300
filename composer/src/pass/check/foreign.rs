//! Checks of foreign components: they make system calls, and can do nothing else.

use crate::code::{FOREIGN_EDGE, NOT_SUPPORTED_YET};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::graph::Component;

/// What a foreign component cannot have.
pub fn check(component: &Component, found: &mut Diagnostics) {
    let Some(personality) = &component.personality else { return };
    let name = &component.name.value;
    let calls = component.deps.iter().map(|dep| (&dep.span, "calls"));
    let serves = component.implements.iter().map(|implements| (&implements.interface.span, "serves"));
    let drives = component.devices.iter().map(|device| (&device.span, "drives"));
    for (span, verb) in calls.chain(serves).chain(drives) {
        let complaint = Diagnostic::error(FOREIGN_EDGE, format!("`{name}` is foreign, and {verb} something"));
        let complaint = complaint.label(span, "this is out of its reach");
        let complaint = complaint.label(&personality.span, "its system calls are served here");
        found.push(complaint.help("its personality calls, serves and drives for it"));
    }
    if component.constructor.is_some() {
        let message = format!("a foreign component that is constructed at run time, as `{name}`, is not supported yet");
        found.push(Diagnostic::error(NOT_SUPPORTED_YET, message).label(&component.name.span, ""));
    }
}
