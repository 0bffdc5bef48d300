//! The keys of a graph file, format version 1: the one place that says which there are, and what they take. All of them have
//! an effect. Parsing, suggestions and the manual are driven by this table.

use std::ops::RangeInclusive;

use sched_sl::policy::any::NAMES;
use sched_sl::policy::proportional_share::MAX_WEIGHT;

/// Version of the graph format.
pub const FORMAT: i128 = 1;

/// Makes the enumeration of tables, and what says something of each: so none can be left out.
macro_rules! places {
    ($($(#[$doc:meta])* $place:ident => $title:literal,)*) => {
        /// A table of the graph file.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Place {
            $($(#[$doc])* $place,)*
        }

        /// All tables.
        pub const PLACES: &[Place] = &[$(Place::$place),*];

        impl Place {
            /// What the table is called in a message.
            pub const fn title(self) -> &'static str {
                match self {
                    $(Self::$place => $title,)*
                }
            }
        }
    };
}

places! {
    /// The file itself.
    File => "the graph file",
    /// `[system]`.
    System => "`[system]`",
    /// `[system] expect`.
    Expect => "`[system] expect`",
    /// `[system] machine`.
    Machine => "`[system] machine`",
    /// `[[components]]`.
    Component => "`[[components]]`",
    /// An element of a component's `implements`.
    Implements => "an element of `implements`",
    /// An element of a component's `deps`.
    Dependency => "an element of `deps`",
    /// An element of a component's `params`.
    Parameter => "an element of `params`",
    /// An element of a component's `constants`.
    Constant => "an element of `constants`",
    /// An element of a component's `devices`.
    Device => "an element of `devices`",
    /// An element of a component's `threads`.
    Thread => "an element of `threads`",
    /// An element of a scheduler's `slots`.
    Slot => "an element of `slots`",
    /// A component's `fault`.
    Fault => "`fault`",
    /// A component's `personality`.
    Personality => "`personality`",
    /// `[[address_spaces]]`.
    AddressSpace => "`[[address_spaces]]`",
}

/// What a key takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Any text without control characters.
    Text,
    /// The name of a new component.
    Name,
    /// The name of a component, or `"kernel"`.
    Component,
    /// A name that an image gives: of an interface, a variant, a method, a device.
    Identifier,
    /// A component crate: a package name, or a path.
    Crate,
    /// The path of a file or a directory, from the graph file.
    Path,
    /// One of these texts.
    Choice(&'static [Choice]),
    /// A whole number between two others, both included.
    Integer(i128, i128),
    /// `true` or `false`.
    Boolean,
    /// A whole number of 64 bits, signed or not, or a boolean.
    Word,
    /// The same, or any text without control characters.
    WordOrText,
    /// A number of bytes such as `"16KiB"`: at least, less than, a multiple of.
    Size(u64, u64, u64),
    /// An address where an image may start: a whole number, or `"0x…"`.
    Address,
    /// An array of elements of one kind.
    List(&'static Kind),
    /// A table.
    Table(Place),
}

/// A text that a key takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Choice {
    /// The text.
    pub text: &'static str,
    /// Whether it has an effect.
    pub effective: bool,
}

/// Whether a key may, or must, be there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// It must be there.
    Required,
    /// It may be there.
    Optional,
}

/// A key of the graph format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key {
    /// The table that it stands in.
    pub place: Place,
    /// Its name.
    pub name: &'static str,
    /// What it takes.
    pub kind: Kind,
    /// Whether it must be there.
    pub status: Status,
    /// What it means, for the manual and for help.
    pub meaning: &'static str,
}

const fn key(place: Place, name: &'static str, status: Status, kind: Kind, meaning: &'static str) -> Key {
    Key { place, name, kind, status, meaning }
}

const fn choice(text: &'static str) -> Choice {
    Choice { text, effective: true }
}

use Kind::{Boolean, Identifier, Integer, List, Size, Table, Text};
use Place::{
    AddressSpace, Component, Constant, Dependency, Device, Expect, Fault, File, Implements, Machine, Parameter,
    Personality, Slot, System, Thread,
};
use Status::{Optional, Required};

/// The values of `trust`: nobody trusts, the client trusts the server, the server trusts the client, both.
pub const TRUST: [Choice; 4] = [choice("none"), choice("server"), choice("client"), choice("both")];
/// The values of `regions`: whose memory the other end may be given.
pub const REGIONS: [Choice; 4] = [choice("none"), choice("client"), choice("server"), choice("both")];
/// The values of `via`: by invocations alone, or by a syscall page as well.
pub const VIA: [Choice; 2] = [choice("call"), choice("page")];

/// The values of `policy`: the call that faulted fails, the component ends, or is made anew.
pub const POLICY: [Choice; 3] = [choice("unwind"), choice("end"), choice("recreate")];

/// The values of a scheduler's `policy`, by their numbers in a plan.
#[expect(clippy::indexing_slicing, reason = "the compiler looks whether they are in bounds")]
pub const SCHEDULING: [Choice; NAMES.len()] = {
    let mut choices = [choice(""); NAMES.len()];
    let mut at = 0;
    while at < NAMES.len() {
        choices[at] = choice(NAMES[at]);
        at += 1;
    }
    choices
};

/// Priorities of threads; 0 goes first.
pub const PRIORITIES: i128 = 32;
/// Priority of a component's own thread unless the graph says otherwise.
pub const DEFAULT_PRIORITY: u64 = 16;

const KIB: u64 = 1 << 10;
const MIB: u64 = 1 << 20;
const TIB: u64 = 1 << 40;

/// Bytes of memory unless the graph says otherwise.
pub const DEFAULT_MEMORY: u64 = 256 * MIB;
/// Seconds until a run is given up, unless the graph says otherwise.
pub const DEFAULT_TIMEOUT: u64 = 60;
/// Numbers of processors that a machine may have, in a graph and on the command line.
pub const PROCESSORS: RangeInclusive<i64> = 1..=64;
/// Bytes of memory that a machine may have.
pub const MEMORY_BYTES: RangeInclusive<u64> = 64 * MIB..=TIB;
/// What a machine's memory is a multiple of.
pub const MEMORY_UNIT: u64 = MIB;
/// Microseconds that a budget, and a period, may have.
pub const SHARE: RangeInclusive<u64> = 10..=3_600_000_000;
/// Seconds that a run may take.
pub const SECONDS: RangeInclusive<u64> = 1..=86_400;
const MEMORY: Kind = Size(*MEMORY_BYTES.start(), *MEMORY_BYTES.end() + 1, MEMORY_UNIT);
const SMP: Kind = Integer(*PROCESSORS.start() as i128, *PROCESSORS.end() as i128);
const CORE: Kind = Integer(0, *PROCESSORS.end() as i128 - 1);
/// Threads that a component can create.
const WORKERS: Kind = Integer(1, abi::plan::CREATED as i128);
const TIMEOUT: Kind = Integer(*SECONDS.start() as i128, *SECONDS.end() as i128);
const QUOTA: Kind = Size(abi::layout::PAGE, TIB, abi::layout::PAGE);
const LINE: Kind = Integer(0, 127);
const REGISTERS: Kind = Size(abi::layout::PAGE, TIB, abi::layout::PAGE);
const MICROSECONDS: Kind = Integer(*SHARE.start() as i128, *SHARE.end() as i128);
const PRIORITY: Kind = Integer(0, PRIORITIES - 1);
const WEIGHT: Kind = Integer(1, MAX_WEIGHT as i128);
const WEIGHT_MEANING: &str =
    "its weight under the policy `proportional-share`: twice the weight is twice the time; 1 if left out";
const PARTITION_MEANING: &str = "the partition in whose slots it runs, under the policy `time-partitions`";
const DEADLINE_MEANING: &str =
    "microseconds from the start of a period until its work is to be done; the period if left out";
const COST_MEANING: &str = "microseconds of work that it has in each period at most, also what it does in servers that it calls, but not what it waits there for locks that others have: for the analysis and the timeline; `budget` if left out";
const STACK: Kind = Size(4 * KIB, abi::layout::STACK_SPAN, abi::layout::PAGE);

/// All keys, table by table, in the order in which one would write them.
#[rustfmt::skip]
pub const KEYS: &[Key] = &[
    key(File, "system", Required, Table(System), "the system as a whole"),
    key(File, "components", Optional, List(&Table(Component)), "the components, each with `[[components]]`"),
    key(File, "templates", Optional, List(&Table(Component)), "what components have in common: each a component, of which others take what they do not say themselves"),
    key(File, "address_spaces", Optional, List(&Table(AddressSpace)), "the address spaces that several components share, each with `[[address_spaces]]`; every other component has one of its own"),

    key(System, "description", Required, Text, "one line about the system"),
    key(System, "format", Optional, Integer(FORMAT, FORMAT), "version of the graph format"),
    key(System, "expect", Optional, Table(Expect), "what the system prints and how it ends"),
    key(System, "machine", Optional, Table(Machine), "the machine that it runs on unless the command line says otherwise"),

    key(Expect, "output", Optional, List(&Text), "lines that appear in this order; `*` stands for any text"),
    key(Expect, "status", Optional, Integer(0, 0xffff), "the status with which the system ends"),
    key(Expect, "faults", Optional, List(&Kind::Component), "components that fault"),

    key(Machine, "smp", Optional, SMP, "number of virtual processors"),
    key(Machine, "memory", Optional, MEMORY, "memory of the machine"),
    key(Machine, "timeout", Optional, TIMEOUT, "seconds until a run is given up"),
    key(Machine, "icount", Optional, Boolean, "whether time is counted in instructions"),

    key(Component, "name", Required, Kind::Name, "its name, unique in the graph"),
    key(Component, "template", Optional, Identifier, "the template from which it takes every key that it does not say itself"),
    key(Component, "count", Optional, Integer(1, abi::layout::THREADS as i128), "how many instances of it there are; `{n}` in any text stands for the number of the instance, from 0"),
    key(Component, "img", Optional, Kind::Crate, "its component crate: a package name, or a path; as `name` if left out"),
    key(Component, "constructor", Optional, Kind::Component, "who constructs it: `\"kernel\"`, a component that does so at run time, or the base constructor (if left out)"),
    key(Component, "implements", Optional, List(&Table(Implements)), "the interfaces that it serves"),
    key(Component, "deps", Optional, List(&Table(Dependency)), "the interfaces that it calls"),
    key(Component, "params", Optional, List(&Table(Parameter)), "words and texts of its image to set"),
    key(Component, "devices", Optional, List(&Table(Device)), "the devices that it drives"),
    key(Component, "baseaddr", Optional, Kind::Address, "where its image starts"),
    key(Component, "stack", Optional, STACK, "memory of each of its stacks"),
    key(Component, "stack_check", Optional, Boolean, "whether its stacks are held against what its image can use; `false` for images whose code cannot be followed"),
    key(Component, "recursion", Optional, Integer(1, 64), "how deep functions of its image go that call each other in a circle, for the bound of its stacks; calls by address are followed 8 times, or as often as this says if that is more"),
    key(Component, "priority", Optional, PRIORITY, "priority of its own thread under its scheduler; lower goes first"),
    key(Component, "fault", Optional, Table(Fault), "who handles its faults; without, the call that faults fails"),
    key(Component, "personality", Optional, Table(Personality), "who serves its system calls: it is a foreign program"),
    key(Component, "weight", Optional, WEIGHT, WEIGHT_MEANING),
    key(Component, "partition", Optional, Identifier, PARTITION_MEANING),
    key(Component, "budget", Optional, MICROSECONDS, "microseconds that its own thread may run in each period; at the end of one and the start of the next, twice that at once"),
    key(Component, "period", Optional, MICROSECONDS, "microseconds of a period"),
    key(Component, "deadline", Optional, MICROSECONDS, DEADLINE_MEANING),
    key(Component, "cost", Optional, MICROSECONDS, COST_MEANING),
    key(Component, "policy", Optional, Kind::Choice(&SCHEDULING), "how it schedules its clients' threads, if it serves `sched`; `fixed-priority` if left out"),
    key(Component, "slots", Optional, List(&Table(Slot)), "the cycle in which the partitions of its clients' threads take turns, under the policy `time-partitions`"),
    key(Component, "threads", Optional, List(&Table(Thread)), "threads that it may create under its scheduler"),
    key(Component, "constants", Optional, List(&Table(Constant)), "constants of its image to set"),
    key(Component, "initfs", Optional, Kind::Path, "the files that it starts with: a directory, or one file, by its path from the graph file"),
    key(Component, "memory", Optional, QUOTA, "memory that it may have at once from its memory manager"),
    key(Component, "cores", Optional, List(&CORE), "the core that its own thread runs on, from 0; its scheduler's, or 0, if left out. On several, a scheduler schedules, and other components initialise on each and run on the first"),

    key(Implements, "interface", Required, Identifier, "the interface"),
    key(Implements, "variant", Optional, Identifier, "which of the image's implementations"),

    key(Dependency, "srv", Required, Kind::Component, "the component that serves"),
    key(Dependency, "interface", Required, Identifier, "the interface that is called"),
    key(Dependency, "variant", Optional, Identifier, "which of the server's implementations"),
    key(Dependency, "methods", Optional, List(&Identifier), "the methods that may be called; all if left out"),
    key(Dependency, "trust", Optional, Kind::Choice(&TRUST), "who trusts whom not to look at leftover registers"),
    key(Dependency, "regions", Optional, Kind::Choice(&REGIONS), "whose memory at run time the other may be given, as a region: the client's, the server's; nobody's if left out"),
    key(Dependency, "import", Optional, Identifier, "which of the image's imports, if it has several of this interface"),
    key(Dependency, "via", Optional, Kind::Choice(&VIA), "how calls travel"),
    key(Dependency, "core", Optional, CORE, "the core on which the page is served, by one of the client's `threads`; where the client is if left out"),
    key(Dependency, "workers", Optional, WORKERS, "how many of the server's `threads` may run calls of the page that may block at once; an equal share of what other edges leave if left out"),
    key(Dependency, "interposers", Optional, List(&Kind::Component), "components that calls go through, each of which calls the next by this interface"),

    key(Parameter, "key", Required, Identifier, "what the image calls the word, or the text"),
    key(Parameter, "value", Required, Kind::WordOrText, "what it gets: a value of the type that the image says"),
    key(Parameter, "at", Optional, Identifier, "the group of words in which it lies: the image calls it `at.key`"),

    key(Constant, "variable", Required, Identifier, "the constant's name in the image"),
    key(Constant, "value", Required, Kind::Word, "what it is: a value of the type that the image says"),

    key(Device, "name", Required, Identifier, "what the image calls it"),
    key(Device, "ports", Optional, Integer(0, PORTS_MAX), "its first I/O port, with `count`"),
    key(Device, "count", Optional, Integer(1, PORTS_MAX + 1), "number of I/O ports"),
    key(Device, "interrupt", Optional, LINE, "its interrupt line: 0 to 15 as on every PC, from 16 on by the machine's own number"),
    key(Device, "memory", Optional, Kind::Address, "physical address of its registers, with `bytes`"),
    key(Device, "bytes", Optional, REGISTERS, "bytes of its registers"),

    key(Thread, "priority", Optional, PRIORITY, "its priority; the component's own if left out"),
    key(Thread, "weight", Optional, WEIGHT, WEIGHT_MEANING),
    key(Thread, "partition", Optional, Identifier, PARTITION_MEANING),
    key(Thread, "budget", Optional, MICROSECONDS, "microseconds that it may run in each period; at the end of one and the start of the next, twice that at once"),
    key(Thread, "period", Optional, MICROSECONDS, "microseconds of a period"),
    key(Thread, "deadline", Optional, MICROSECONDS, DEADLINE_MEANING),
    key(Thread, "cores", Optional, List(&CORE), "the core that it is created on; that of the component's own thread if left out"),
    key(Thread, "cost", Optional, MICROSECONDS, COST_MEANING),

    key(Slot, "partition", Optional, Identifier, "whose threads run; nobody's if left out"),
    key(Slot, "length", Required, MICROSECONDS, "microseconds that it lasts"),

    key(Fault, "handler", Required, Kind::Component, "the component that handles them, by the interface `fault`"),
    key(Fault, "variant", Optional, Identifier, "which of the handler's implementations"),
    key(Fault, "policy", Optional, Kind::Choice(&POLICY), "what the handler is to do"),
    key(Fault, "limit", Optional, Integer(0, 255), "how often the component is made anew; 0 for always"),
    key(Fault, "backoff", Optional, Integer(0, u32::MAX as i128), "microseconds until it is made anew; doubled by each further fault"),

    key(Personality, "handler", Required, Kind::Component, "the component that serves them, by the interface `fault`"),
    key(Personality, "variant", Optional, Identifier, "which of the handler's implementations"),

    key(AddressSpace, "name", Required, Identifier, "its name, unique among address spaces"),
    key(AddressSpace, "components", Required, List(&Kind::Component), "the components that share it: nothing protects their memory from each other"),
    key(AddressSpace, "parent", Optional, Identifier, "the address space around it, whose components' memory is here, too"),
];

const PORTS_MAX: i128 = 0xffff;

/// The keys of the table `place`.
pub fn of(place: Place) -> impl Iterator<Item = &'static Key> + Clone {
    KEYS.iter().filter(move |key| key.place == place)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_is_listed_once() {
        for (at, key) in KEYS.iter().enumerate() {
            let again = KEYS.iter().skip(at + 1).find(|other| (other.place, other.name) == (key.place, key.name));
            assert_eq!(again, None);
        }
    }

    #[test]
    fn every_table_has_keys() {
        for key in KEYS {
            if let Table(place) | List(&Table(place)) = key.kind {
                assert!(of(place).count() > 0, "{place:?}");
            }
        }
    }
}
