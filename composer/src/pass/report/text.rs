//! The report as text.

use std::fmt::{self, Display, Write};

use super::pages::{Page, Role};
use super::{Capability, Component, Disk, Granted, Report, Scheduling, Share};

/// The report for people.
pub fn render(report: &Report) -> String {
    let mut text = String::new();
    // Writing to a string cannot fail.
    let _ = write_all(&mut text, report);
    text
}

fn write_all(text: &mut String, report: &Report) -> fmt::Result {
    writeln!(text, "{}", report.description)?;
    let (kernel, bundle) = (kibibytes(report.kernel_bytes), kibibytes(report.bundle_bytes));
    writeln!(text, "\n{} components, kernel {kernel}, bundle {bundle}", report.components.len())?;
    match &report.disk {
        Disk::Bytes(bytes) => writeln!(text, "disk image {}, for BIOS and UEFI", kibibytes(*bytes))?,
        Disk::Missing(why) => writeln!(text, "no disk image: {why}")?,
    }
    write_calls(text, report)?;
    write_memory(text, report)?;
    for component in &report.components {
        write_component(text, component)?;
    }
    Ok(())
}

fn write_calls(text: &mut String, report: &Report) -> fmt::Result {
    writeln!(text, "\nWho may call what")?;
    let mut calls = 0;
    for component in &report.components {
        for capability in &component.capabilities {
            if let Granted::Invocation { server, interface, methods, interposed, .. } = &capability.grant {
                calls += 1;
                let on_the_way = interposed.as_ref().map_or_else(String::new, |to| format!(", on the way to {to}"));
                let by_page = if posts(component, server, interface) { ", posted to a page as well" } else { "" };
                writeln!(
                    text,
                    "  {} -> {server}: {interface} ({}){by_page}{on_the_way}",
                    component.name,
                    methods.join(", ")
                )?;
            }
            if let Granted::Fault { handler, interface, .. } = &capability.grant {
                writeln!(text, "  {} -> {handler}: {interface}, when it faults", component.name)?;
            }
            if let Granted::Personality { handler, interface, .. } = &capability.grant {
                writeln!(text, "  {} -> {handler}: {interface}, by its system calls", component.name)?;
            }
            if let Granted::Serve { server, interface, client } = &capability.grant {
                writeln!(text, "  {} -> {server}: {interface}, to have the page of {client} served", component.name)?;
            }
        }
    }
    if calls == 0 { writeln!(text, "  nobody calls anybody") } else { Ok(()) }
}

fn posts(component: &Component, to: &str, of: &str) -> bool {
    let flush =
        |grant: &Granted| matches!(grant, Granted::Flush { server, interface } if server == to && interface == of);
    component.capabilities.iter().any(|capability| flush(&capability.grant))
}

fn write_memory(text: &mut String, report: &Report) -> fmt::Result {
    let width = report.components.iter().map(|component| component.name.len()).max().unwrap_or(0).max(9);
    writeln!(text, "\nMemory in KiB")?;
    writeln!(
        text,
        "  {:width$} {:>8} {:>9} {:>8} {:>8} {:>8} {:>8}",
        "component", "code", "constants", "data", "shared", "stacks", "total"
    )?;
    for component in &report.components {
        let memory = component.memory;
        let [code, constants, data, shared, stacks, total] =
            [memory.code, memory.constants, memory.data, memory.shared, memory.stacks, memory.total]
                .map(|bytes| bytes / 1024);
        writeln!(
            text,
            "  {:width$} {code:>8} {constants:>9} {data:>8} {shared:>8} {stacks:>8} {total:>8}",
            component.name
        )?;
    }
    Ok(())
}

fn write_component(text: &mut String, component: &Component) -> fmt::Result {
    write!(text, "\n{}, image `{}`, thread {}", component.name, component.image, component.index)?;
    writeln!(text, "{}", if component.core == 0 { String::new() } else { format!(", core {}", component.core) })?;
    writeln!(text, "  starts at {:#x}; servers know it by {}", component.entry, component.token)?;
    if !component.serves.is_empty() {
        writeln!(text, "  serves {}", component.serves.join(", "))?;
    }
    if let Some(scheduling) = &component.scheduling {
        write_scheduling(text, scheduling)?;
    }
    for parameter in &component.parameters {
        writeln!(text, "  parameter {} = {}", parameter.key, parameter.value)?;
    }
    for segment in &component.segments {
        writeln!(text, "  memory {:#014x}, {} {}", segment.address, segment.rights, kibibytes(segment.bytes))?;
    }
    for page in &component.pages {
        write_page(text, page)?;
    }
    for stack in &component.stacks {
        let (end, size) = (stack.end, kibibytes(stack.bytes));
        writeln!(text, "  stack of thread {} ({}) below {end:#x}, {size}", stack.thread, stack.thread_of)?;
    }
    for capability in &component.capabilities {
        write_capability(text, capability)?;
    }
    if component.capabilities.is_empty() {
        writeln!(text, "  no capabilities")?;
    }
    Ok(())
}

fn write_scheduling(text: &mut String, scheduling: &Scheduling) -> fmt::Result {
    let share = share_text(scheduling.share);
    writeln!(text, "  scheduled by {} at priority {}{share}", scheduling.scheduler, scheduling.priority)?;
    for thread in &scheduling.threads {
        let share = share_text(thread.share);
        writeln!(text, "  may create thread {} at priority {}{share}", thread.thread, thread.priority)?;
    }
    Ok(())
}

fn share_text(share: Option<Share>) -> String {
    share.map_or_else(String::new, |Share { budget, period }| format!(", {budget} of {period} microseconds"))
}

fn write_page(text: &mut String, page: &Page) -> fmt::Result {
    let Page { role, client, server, interface, header, entries, .. } = page;
    let role = match role {
        Role::Client => "posts to",
        Role::Server => "serves",
        Role::Scheduler => "has served",
    };
    write!(text, "  {role} the page of {interface} between {client} and {server}: header {header:#x}")?;
    match entries {
        Some(entries) => writeln!(text, ", entries {entries:#x}"),
        None => writeln!(text),
    }
}

fn write_capability(text: &mut String, capability: &Capability) -> fmt::Result {
    match &capability.grant {
        Granted::Invocation { server, interface, methods, client_clears, server_clears, .. } => {
            let trust = match (client_clears, server_clears) {
                (true, true) => "neither trusts the other",
                (false, true) => "the client trusts the server",
                (true, false) => "the server trusts the client",
                (false, false) => "each trusts the other",
            };
            let methods = methods.join(", ");
            writeln!(text, "  slot {}: {interface} of {server}, methods {methods}; {trust}", capability.slot)
        }
        Granted::Fault { handler, interface, .. } => {
            writeln!(
                text,
                "  slot {}: {interface} of {handler}, for the kernel: it handles its faults",
                capability.slot
            )
        }
        Granted::Personality { handler, interface, .. } => {
            writeln!(
                text,
                "  slot {}: {interface} of {handler}, for the kernel: it serves its system calls",
                capability.slot
            )
        }
        Granted::HandledLevel => {
            writeln!(text, "  slot {}: registers and memory of what it handles, while it does", capability.slot)
        }
        Granted::Ports { device, first, count } => {
            let last = first.saturating_add(count.saturating_sub(1));
            writeln!(text, "  slot {}: I/O ports {first:#x}-{last:#x} ({device})", capability.slot)
        }
        Granted::Interrupt { device, line } => {
            writeln!(text, "  slot {}: interrupt line {line} ({device})", capability.slot)
        }
        Granted::Registers { device, physical, bytes, address } => {
            let (last, slot) = (physical.saturating_add(bytes.saturating_sub(1)), capability.slot);
            writeln!(text, "  slot {slot}: registers at {physical:#x}-{last:#x} ({device}), mapped at {address:#x}")
        }
        Granted::Flush { server, interface } => {
            writeln!(text, "  slot {}: the batch entry of {server} for {interface}, to flush", capability.slot)
        }
        Granted::Serve { server, interface, client } => {
            let slot = capability.slot;
            writeln!(text, "  slot {slot}: the batch entry of {server} for {interface}, to serve {client}")
        }
        Granted::Table { component } => {
            writeln!(text, "  slot {}: the capability table of {component}", capability.slot)
        }
        Granted::PageTable { component } => writeln!(text, "  slot {}: the page table of {component}", capability.slot),
        Granted::Server { component } => {
            writeln!(text, "  slot {}: {component}, to make invocations of", capability.slot)
        }
        Granted::Bundle => writeln!(text, "  the bundle's tables, and what it constructs from them"),
        Granted::Component { component } => {
            writeln!(text, "  slot {}: {component}, to create threads in", capability.slot)
        }
        Granted::Thread { component } => writeln!(text, "  slot {}: the thread of {component}", capability.slot),
        Granted::Receive { component } => {
            writeln!(text, "  slot {}: where the thread of {component} receives", capability.slot)
        }
        Granted::Send { component } => {
            writeln!(text, "  slot {}: sending to the thread of {component}", capability.slot)
        }
        Granted::Time => writeln!(text, "  slot {}: the time of its core", capability.slot),
        Granted::Untyped { address, frames } => {
            writeln!(text, "  untyped frames, named from {address:#x} on: {frames}")
        }
    }
}

fn kibibytes(bytes: u64) -> impl Display {
    format!("{} KiB", bytes.div_ceil(1024))
}
