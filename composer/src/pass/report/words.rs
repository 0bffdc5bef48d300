//! Capabilities in words.

use super::Granted;

/// What a capability permits.
pub fn of(grant: &Granted) -> String {
    match grant {
        Granted::Invocation { server, interface, methods, unused, client_clears, server_clears, .. } => {
            let trust = match (client_clears, server_clears) {
                (true, true) => "neither trusts the other",
                (false, true) => "the client trusts the server",
                (true, false) => "the server trusts the client",
                (false, false) => "each trusts the other",
            };
            let methods = methods.join(", ");
            let unused = if unused.is_empty() { String::new() } else { format!("; never calls {}", unused.join(", ")) };
            format!("{interface} of {server}, methods {methods}; {trust}{unused}")
        }
        Granted::Fault { handler, interface, .. } => {
            format!("{interface} of {handler}, for the kernel: it handles its faults")
        }
        Granted::Personality { handler, interface, .. } => {
            format!("{interface} of {handler}, for the kernel: it serves its system calls")
        }
        Granted::HandledLevel => "registers and memory of what it handles, while it does".into(),
        Granted::Ports { device, first, count } => {
            let last = first.saturating_add(count.saturating_sub(1));
            format!("I/O ports {first:#x}-{last:#x} ({device})")
        }
        Granted::Interrupt { device, line } => {
            format!("interrupt line {line} ({device})")
        }
        Granted::Registers { device, physical, bytes, address } => {
            let last = physical.saturating_add(bytes.saturating_sub(1));
            format!("registers at {physical:#x}-{last:#x} ({device}), mapped at {address:#x}")
        }
        Granted::Flush { server, interface } => {
            format!("the batch entry of {server} for {interface}, to flush")
        }
        Granted::Serve { server, interface, client } => {
            format!("the batch entry of {server} for {interface}, to serve {client}")
        }
        Granted::Work { interface, client } => {
            format!("its own entry for {interface}, for workers that run calls of {client}")
        }
        Granted::Table { component } => {
            format!("the capability table of {component}")
        }
        Granted::PageTable { component } => format!("the page table of {component}"),
        Granted::Server { component } => {
            format!("{component}, to make invocations of")
        }
        Granted::Made { component } => format!("{component}, to do whatever can be done with it"),
        Granted::Machine { part } => format!("{part}, from the kernel"),
        Granted::Bundle => "the bundle's tables, and what it constructs from them".into(),
        Granted::Component { component } => {
            format!("{component}, to create threads in")
        }
        Granted::Thread { component } => format!("the thread of {component}"),
        Granted::Receive { component } => {
            format!("where the thread of {component} receives")
        }
        Granted::Send { component } => {
            format!("sending to the thread of {component}")
        }
        Granted::Time => "the time of its core".into(),
        Granted::Spend { component } => format!("the time of {component}, to give"),
        Granted::Fill { component } => format!("the time of {component}, to fill"),
        Granted::Untyped { address, frames } => {
            format!("untyped frames, named from {address:#x} on: {frames}")
        }
    }
}
