//! The report as text.

use std::fmt::{self, Display, Write};

use super::{Capability, Component, Disk, Granted, Report, Scheduling};

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
            if let Granted::Invocation { server, interface, methods, .. } = &capability.grant {
                calls += 1;
                writeln!(text, "  {} -> {server}: {interface} ({})", component.name, methods.join(", "))?;
            }
        }
    }
    if calls == 0 { writeln!(text, "  nobody calls anybody") } else { Ok(()) }
}

fn write_memory(text: &mut String, report: &Report) -> fmt::Result {
    let width = report.components.iter().map(|component| component.name.len()).max().unwrap_or(0).max(9);
    writeln!(text, "\nMemory in KiB")?;
    writeln!(
        text,
        "  {:width$} {:>8} {:>9} {:>8} {:>8} {:>8}",
        "component", "code", "constants", "data", "stacks", "total"
    )?;
    for component in &report.components {
        let memory = component.memory;
        let [code, constants, data, stacks, total] =
            [memory.code, memory.constants, memory.data, memory.stacks, memory.total].map(|bytes| bytes / 1024);
        writeln!(text, "  {:width$} {code:>8} {constants:>9} {data:>8} {stacks:>8} {total:>8}", component.name)?;
    }
    Ok(())
}

fn write_component(text: &mut String, component: &Component) -> fmt::Result {
    writeln!(text, "\n{}, image `{}`, thread {}", component.name, component.image, component.index)?;
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
    writeln!(text, "  scheduled by {} at priority {}", scheduling.scheduler, scheduling.priority)?;
    for thread in &scheduling.threads {
        writeln!(text, "  may create thread {} at priority {}", thread.thread, thread.priority)?;
    }
    Ok(())
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
        Granted::Ports { device, first, count } => {
            let last = first.saturating_add(count.saturating_sub(1));
            writeln!(text, "  slot {}: I/O ports {first:#x}-{last:#x} ({device})", capability.slot)
        }
        Granted::Table => writeln!(text, "  slot {}: its own capability table", capability.slot),
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
        Granted::Untyped { address, frames } => {
            writeln!(text, "  untyped frames, named from {address:#x} on: {frames}")
        }
    }
}

fn kibibytes(bytes: u64) -> impl Display {
    format!("{} KiB", bytes.div_ceil(1024))
}
