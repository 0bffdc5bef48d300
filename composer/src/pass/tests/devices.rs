//! Devices: one component drives a device by all that there is.

use super::*;

const GRAPH: &str = r#"
[system]
description = "a test"
[[components]]
name = "booter"
constructor = "kernel"
[[components]]
name = "driver"
devices = [{ name = "card", ports = 0x300, count = 4, interrupt = 20, memory = "0xfea0_0000", bytes = "8KiB" }]
"#;

/// Where the interrupt's words lie: there are more than a fixture's record has room for.
const LINE: u64 = PAGE + 0xe00;

fn driver() -> Fixture {
    let driver = Fixture { more_memory: PAGE, ..Fixture::empty() };
    driver.ports("card").registers("card").interrupt("card").at(LINE, 0)
}

fn composed() -> Composed {
    compose(GRAPH, &[Fixture::empty(), driver()]).unwrap()
}

fn complaints(from: &str, to: &str, driver: Fixture) -> String {
    assert!(GRAPH.contains(from), "{from}");
    compose(&GRAPH.replace(from, to), &[Fixture::empty(), driver]).err().unwrap()
}

#[test]
fn a_driver_is_granted_each_resource_and_no_other() {
    let composed = composed();
    let address = composed.layout.components[1].registers[0];
    let grants = [
        Grant::Ports { first: 0x300, count: 4 },
        Grant::Interrupt { line: 20 },
        Grant::Receive(1),
        Grant::Send(1),
        Grant::Registers { physical: 0xfea0_0000, pages: 2, address },
    ];
    let slots = (8..).zip(grants).map(|(slot, grant)| Capability { slot, grant }).collect::<Vec<_>>();
    assert_eq!(composed.capabilities.components[1].capabilities, slots);
}

#[test]
fn a_driver_finds_what_it_is_granted() {
    let composed = composed();
    let words = |address: u64| {
        let bytes = composed.bound.components[1].memory.bytes(DEFAULT_BASE + address, 24).unwrap();
        [0, 8, 16].map(|at| u64::from_le_bytes(bytes[at..at + 8].try_into().unwrap()))
    };
    let address = composed.layout.components[1].registers[0];
    assert_eq!(words(word(1))[0], 8 << 16);
    assert_eq!(words(LINE), [9 << 16, 10 << 16, 11 << 16]);
    assert_eq!(words(word(2))[..2], [address, 2 * PAGE]);
}

#[test]
fn registers_lie_apart_from_all_else() {
    let composed = composed();
    let (space, memory) = (&composed.layout.components[1], &composed.bound.components[1].memory);
    let address = space.registers[0];
    let image_end = memory.segments.iter().map(|segment| segment.address + segment.memory_bytes).max().unwrap();
    let stacks = space.stacks.iter().map(|stack| stack.end - stack.bytes).min().unwrap();
    assert!(image_end < address && address + 2 * PAGE < stacks, "{image_end:#x} {address:#x} {stacks:#x}");
}

#[test]
fn a_driver_can_do_without_its_interrupt_but_not_without_its_device() {
    let without = GRAPH.replace(", interrupt = 20", "");
    let composed = compose(&without, &[Fixture::empty(), driver()]).unwrap();
    assert_eq!(composed.capabilities.components[1].capabilities.len(), 2);
    let message = "`driver` drives the device `card`, but the graph does not grant it";
    let registers = complaints(", memory = \"0xfea0_0000\", bytes = \"8KiB\"", "", driver());
    says(&registers, &["[E0708]", message, "{ name = \"card\", memory = ADDRESS, bytes = \"4KiB\" }"]);
    let ports = complaints("ports = 0x300, count = 4, ", "", driver());
    says(&ports, &["[E0708]", message, "{ name = \"card\", ports = FIRST, count = NUMBER }"]);
}

#[test]
fn a_resource_that_the_image_does_not_drive_is_refused() {
    let silent = Fixture::empty().ports("card").registers("card");
    says(&complaints("", "", silent), &["[E0707]", "the image of `driver` drives no device `card` by an interrupt"]);
}

#[test]
fn the_report_says_who_drives_what() {
    let composed = composed();
    let address = composed.layout.components[1].registers[0];
    says(
        &text_of(&composed),
        &[
            "  slot 8: I/O ports 0x300-0x303 (card) [line ",
            "  slot 9: interrupt line 20 (card) [line ",
            "  slot 10: where the thread of driver receives [line ",
            "  slot 11: sending to the thread of driver [line ",
            &format!("  slot 12: registers at 0xfea00000-0xfea01fff (card), mapped at {address:#x} [line "),
        ],
    );
}
