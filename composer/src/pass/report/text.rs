//! The report as text.

use std::fmt::{self, Display, Write};

use super::pages::{Page, Role};
use super::threads::Entry;
use super::{Analysis, Capability, Component, Disk, Granted, Report, Scheduling, Share, owners, spaces, words};

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
    owners::write(text, &report.owners)?;
    spaces::write(text, &report.address_spaces)?;
    write_threads(text, &report.threads)?;
    for component in &report.components {
        write_component(text, component)?;
    }
    report.analyses.iter().try_for_each(|analysis| write_analysis(text, analysis))
}

fn write_threads(text: &mut String, threads: &[Entry]) -> fmt::Result {
    writeln!(text, "\nThreads")?;
    for thread in threads {
        let core = if thread.core == 0 { String::new() } else { format!(", core {}", thread.core) };
        let created = if thread.created { ", if it is created" } else { "" };
        let reaches: Vec<_> = thread.reaches.iter().filter(|name| **name != thread.component).cloned().collect();
        let reaches = if reaches.is_empty() { String::new() } else { format!("; comes to {}", reaches.join(", ")) };
        writeln!(text, "  {:>4} {}{created}{core}{reaches}", thread.thread, thread.component)?;
    }
    Ok(())
}

fn write_analysis(text: &mut String, analysis: &Analysis) -> fmt::Result {
    writeln!(text, "\n{}", analysis.title)?;
    analysis.text.lines().try_for_each(|line| writeln!(text, "  {line}"))
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
        "  {:width$} {:>8} {:>9} {:>8} {:>8} {:>12} {:>8} {:>8} {:>10}",
        "component", "code", "constants", "data", "shared", "= no stacks", "+ stacks", "= total", "ELF file"
    )?;
    for component in &report.components {
        let memory = component.memory;
        let [code, constants, data, shared] =
            [memory.code, memory.constants, memory.data, memory.shared].map(|bytes| bytes / 1024);
        let [without, stacks, total] = [memory.without_stacks, memory.stacks, memory.total].map(|bytes| bytes / 1024);
        let file = format!("{:.1}", component.file_bytes as f64 / 1024.0);
        writeln!(
            text,
            "  {:width$} {code:>8} {constants:>9} {data:>8} {shared:>8} {without:>12} {stacks:>8} {total:>8} {file:>10}",
            component.name
        )?;
    }
    let (start, quotas) = (kibibytes(report.memory.total), kibibytes(report.quota_bytes));
    writeln!(
        text,
        "  all components: {start}, and at run time {quotas}; the machine has {}",
        kibibytes(report.machine_bytes)
    )
}

fn write_component(text: &mut String, component: &Component) -> fmt::Result {
    write!(text, "\n{}, image `{}`, thread {}", component.name, component.image, component.index)?;
    writeln!(text, "{}", cores_text(component))?;
    writeln!(text, "  starts at {:#x}; servers know it by {}", component.entry, component.token)?;
    if !component.serves.is_empty() {
        writeln!(text, "  serves {}", component.serves.join(", "))?;
    }
    if !component.gives_memory_to.is_empty() {
        writeln!(text, "  may give memory to {}", component.gives_memory_to.join(", "))?;
    }
    if let Some(scheduling) = &component.scheduling {
        write_scheduling(text, scheduling)?;
    }
    for parameter in &component.parameters {
        writeln!(text, "  parameter {} = {}", parameter.key, parameter.value)?;
    }
    for region in &component.map {
        let (size, what) = (kibibytes(region.bytes), &region.what);
        writeln!(text, "  memory {:#014x}, {} {size}, {what}", region.address, region.rights)?;
    }
    for page in &component.pages {
        write_page(text, page)?;
    }
    if let Some(bound) = component.stack_bound {
        writeln!(text, "  uses at most {bound} bytes of a stack")?;
    }
    for level in &component.stack_chain {
        writeln!(text, "    {level}")?;
    }
    for capability in &component.capabilities {
        write_capability(text, capability)?;
    }
    if component.capabilities.is_empty() {
        writeln!(text, "  no capabilities")?;
    }
    Ok(())
}

fn cores_text(component: &Component) -> String {
    let further: Vec<_> = component.further_cores.iter().map(|core| format!(", {core}")).collect();
    match component.core {
        0 if further.is_empty() => String::new(),
        core if further.is_empty() => format!(", core {core}"),
        core => format!(", cores {core}{}", further.concat()),
    }
}

fn write_scheduling(text: &mut String, scheduling: &Scheduling) -> fmt::Result {
    let share = share_text(scheduling.share);
    writeln!(text, "  scheduled by {} at priority {}{share}", scheduling.scheduler, scheduling.priority)?;
    for thread in &scheduling.threads {
        let share = share_text(thread.share);
        let core = if thread.core == 0 { String::new() } else { format!(" on core {}", thread.core) };
        writeln!(text, "  may create thread {}{core} at priority {}{share}", thread.thread, thread.priority)?;
    }
    Ok(())
}

fn share_text(share: Option<Share>) -> String {
    share.map_or_else(String::new, |Share { budget, period }| format!(", {budget} of {period} microseconds"))
}

fn write_page(text: &mut String, page: &Page) -> fmt::Result {
    let Page { role, client, server, interface, core, header, entries, .. } = page;
    let role = match role {
        Role::Client => "posts to",
        Role::Server => "serves",
        Role::Scheduler => "has served",
    };
    write!(text, "  {role} the page of {interface} between {client} and {server}")?;
    if let Some(core) = core {
        write!(text, ", on core {core}")?;
    }
    write!(text, ": header {header:#x}")?;
    match entries {
        Some(entries) => writeln!(text, ", entries {entries:#x}"),
        None => writeln!(text),
    }
}

fn write_capability(text: &mut String, capability: &Capability) -> fmt::Result {
    let slot = if capability.slot == 0 { String::new() } else { format!("slot {}: ", capability.slot) };
    let line = capability.line.map_or_else(String::new, |line| format!(" [line {line}]"));
    writeln!(text, "  {slot}{}{line}", words::of(&capability.grant))
}

/// A size in KiB, rounded up.
pub fn kibibytes(bytes: u64) -> impl Display {
    format!("{} KiB", bytes.div_ceil(1024))
}
