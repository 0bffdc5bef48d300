//! The pages: an import that posts bound to an export that serves batches.

use abi::record::RecordKind;

use super::{PageEnds, describe, records};
use crate::code;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::elf::{Image, Record};
use crate::graph::{Component, Dependency, Via};

/// What the page of `dependency` is bound to, if it has one; `slot` is where the client's image finds it.
///
/// # Errors
///
/// The images cannot do what the graph says of the page; that was complained of.
pub fn bind(
    client: &Component,
    (import, slot): (&Record, Option<&Record>),
    server: Option<&Image>,
    export: &Record,
    dependency: &Dependency,
    found: &mut Diagnostics,
) -> Result<Option<PageEnds>, ()> {
    let complaint = match (dependency.via, slot) {
        (Via::Call, None) => return Ok(None),
        (Via::Call, Some(_)) if client.constructor.is_some() => without_page(client, import, dependency),
        // Its calls go directly.
        (Via::Call, Some(_)) => return Ok(None),
        (Via::Page, None) => does_not_post(client, import, dependency),
        (Via::Page, Some(slot)) if dependency.core.is_some() && slot.second == 0 => {
            has_no_runner(client, import, dependency)
        }
        (Via::Page, Some(slot)) => match ends(slot, server, export, dependency) {
            Some(ends) if ends.workers.is_some() && ends.work.is_none() => has_no_workers(export, dependency),
            Some(ends) => return Ok(Some(ends)),
            None => does_not_serve(export, dependency),
        },
    };
    found.push(complaint);
    Err(())
}

fn ends(slot: &Record, server: Option<&Image>, export: &Record, dependency: &Dependency) -> Option<PageEnds> {
    let (batch, table) = (find(server?, RecordKind::Batch, export)?, find(server?, RecordKind::Pages, export)?);
    let batch = if dependency.trust.client { batch.first } else { batch.second };
    // It trusts itself.
    let work = (table.second != 0).then_some(export.first);
    let core = dependency.core.as_ref().map(|core| core.value);
    let workers = dependency.workers.as_ref().map(|workers| workers.value);
    Some(PageEnds { slot: slot.first, batch, table: table.first, core, workers, work })
}

/// The record of another kind that goes with `record`.
fn find<'a>(image: &'a Image, kind: RecordKind, record: &Record) -> Option<&'a Record> {
    records(image, kind).find(|other| other.name == record.name)
}

fn without_page(client: &Component, import: &Record, dependency: &Dependency) -> Diagnostic {
    let message = format!("the image of {} posts to a page of `{}`", describe(client), import.name);
    let complaint = Diagnostic::error(code::NO_SUCH_PAGE, message).label(&dependency.span, "this edge has none");
    complaint.help("components that are made at run time have no pages: let the image declare `runtime::import!`")
}

fn does_not_post(client: &Component, import: &Record, dependency: &Dependency) -> Diagnostic {
    let message = format!("the image of {} does not post to a page of `{}`", describe(client), import.name);
    let complaint = Diagnostic::error(code::NO_SUCH_PAGE, message).label(&dependency.span, "this edge has one");
    complaint.help("leave out `via`, or let the image declare `runtime::import_page!` instead of `runtime::import!`; its calls read the same")
}

fn has_no_runner(client: &Component, import: &Record, dependency: &Dependency) -> Diagnostic {
    let message = format!("the image of {} has its page of `{}` served where it is", describe(client), import.name);
    let complaint = Diagnostic::error(code::NO_SUCH_PAGE, message).label(&dependency.span, "this edge names a core");
    complaint.help("leave out `core`, or let the image declare `runtime::import_page!(…, workers: SCHED)`")
}

fn has_no_workers(export: &Record, dependency: &Dependency) -> Diagnostic {
    let server = &dependency.srv.value;
    let message = format!("the image of `{server}` has no workers for calls of `{}` that may block", export.name);
    let complaint = Diagnostic::error(code::NO_SUCH_PAGE, message).label(&dependency.span, "this edge has some");
    complaint.help("leave out `workers`, or let the image declare `runtime::export!(…, workers: SCHED)`")
}

fn does_not_serve(export: &Record, dependency: &Dependency) -> Diagnostic {
    let message = format!("the image of `{}` does not serve pages of `{}`", dependency.srv.value, export.name);
    let complaint = Diagnostic::error(code::NO_SUCH_PAGE, message).label(&dependency.span, "this edge has one");
    complaint.help("leave out `via`; an image serves by pages what it declares by `runtime::export!`")
}
