//! What the page tables of a running system permit: read out of the machine by a debugger, entry by entry.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::time::Duration;

use libtest_mimic::{Failed, Trial};
use qemu::debugger::{Debugger, DebuggerError, Door};
use qemu::{Machine, Session};

use crate::places;
use crate::tools::{Outcome, ensure, root, scratch, trials};

/// The trials of this file.
pub fn trials() -> Vec<Trial> {
    trials!("mappings":
        nothing_is_written_and_executed_and_nothing_of_the_kernel_is_user_levels
        no_name_of_memory_that_is_handed_out_tells_where_it_lies
    )
}

/// Where the kernel has its hot descriptors, how many there are at least, and all memory.
const DESCRIPTORS: u64 = 0xffff_ffff_c000_0000;
const DESCRIPTOR_BYTES: u64 = 32;
const LEAST_DESCRIPTORS: u64 = 1024;
const DIRECT_MAP: u64 = 0xffff_8000_0000_0000;

/// Bits of an entry.
const PRESENT: u64 = 1;
const WRITABLE: u64 = 1 << 1;
const USER: u64 = 1 << 2;
const LARGE: u64 = 1 << 7;
/// Of an entry that is not present: it names untyped memory.
const NAMES_UNTYPED: u64 = 1 << 9;
const NO_EXECUTE: u64 = 1 << 63;
const ADDRESS: u64 = 0x000f_ffff_ffff_f000;

/// Bytes that the emulator tells at once.
const PART: usize = 1024;

/// How a run of memory is mapped, all levels taken together.
struct Mapping {
    address: u64,
    memory: Range<u64>,
    writable: bool,
    executable: bool,
    user: bool,
}

/// The name of untyped memory, and where that lies.
struct Name {
    address: u64,
    memory: u64,
}

/// A machine that has stopped, and the tables that have been read from it.
struct Walk {
    debugger: Debugger,
    tables: BTreeSet<u64>,
    mappings: Vec<Mapping>,
    names: Vec<Name>,
}

impl Walk {
    fn words(&mut self, address: u64, bytes: u64) -> Result<Vec<u64>, Failed> {
        let mut words = Vec::new();
        for at in (address..address + bytes).step_by(PART) {
            let part = self.debugger.memory(at, PART).map_err(|error| error.to_string())?;
            words.extend(part.as_chunks::<8>().0.iter().map(|bytes| u64::from_le_bytes(*bytes)));
        }
        Ok(words)
    }

    /// The roots of the page tables of all components that live, in their order.
    fn roots(&mut self) -> Result<Vec<u64>, Failed> {
        let words = self.words(DESCRIPTORS, LEAST_DESCRIPTORS * DESCRIPTOR_BYTES)?;
        let living = words.as_chunks::<4>().0.iter().filter(|[epoch, ..]| epoch % 2 == 1);
        Ok(living.map(|[_, page_table, ..]| page_table & ADDRESS).collect())
    }

    /// Reads a table of `level` whose first entry is for `start`, and all below it. `above` is what the levels above permit.
    fn read(&mut self, table: u64, level: u32, start: u64, above: u64) -> Outcome {
        self.tables.insert(table);
        let bytes = 1 << (12 + 9 * (level - 1));
        for (at, entry) in (0_u64..).zip(self.words(DIRECT_MAP + table, 4096)?) {
            let address = start + at * bytes;
            if entry & PRESENT == 0 {
                if entry & NAMES_UNTYPED != 0 {
                    self.names.push(Name { address, memory: entry & ADDRESS });
                }
                continue;
            }
            // What can be done, and with the last bit, what cannot.
            let permits = above & entry & (WRITABLE | USER) | (above | entry) & NO_EXECUTE;
            if level > 1 && entry & LARGE == 0 {
                self.read(entry & ADDRESS, level - 1, address, permits)?;
                continue;
            }
            let memory = entry & ADDRESS & !(bytes - 1);
            self.mappings.push(Mapping {
                address: if address >> 47 == 0 { address } else { address | 0xffff << 48 },
                memory: memory..memory + bytes,
                writable: permits & WRITABLE != 0,
                executable: permits & NO_EXECUTE == 0,
                user: permits & USER != 0,
            });
        }
        Ok(())
    }
}

fn nothing_is_written_and_executed_and_nothing_of_the_kernel_is_user_levels() -> Outcome {
    at_the_end_of("systems/managers.toml", 128, |walk| {
        let roots = walk.roots()?;
        ensure(roots.len() >= 5, || format!("{} page tables", roots.len()))?;
        for root in BTreeSet::from_iter(roots) {
            walk.read(root, 4, 0, WRITABLE | USER)?;
        }
        judge(&walk.tables, &walk.mappings)
    })
}

/// In a machine with more memory, all that a component is given lies elsewhere; the names are the same. The base constructor's alone say
/// where memory lies.
fn no_name_of_memory_that_is_handed_out_tells_where_it_lies() -> Outcome {
    let (one, other) = (names(64)?, names(1024)?);
    let (one, other) = (one.split_first(), other.split_first());
    let (Some((constructor, one)), Some((_, other))) = (one, other) else {
        return Err("there are no components".into());
    };
    ensure(constructor.iter().any(|name| name.address & ADDRESS_BITS == name.memory), || {
        "the base constructor's names say something else".into()
    })?;
    ensure(one.len() == other.len() && one.iter().any(|names| names.len() > 50), || {
        let counts = |all: &[Vec<Name>]| all.iter().map(Vec::len).collect::<Vec<_>>();
        format!("few names are handed out: {:?}, {:?}", counts(one), counts(other))
    })?;
    for (one, other) in one.iter().flatten().zip(other.iter().flatten()) {
        ensure(one.address == other.address, || format!("{:#x} is {:#x} elsewhere", one.address, other.address))?;
    }
    let moved =
        one.iter().flatten().zip(other.iter().flatten()).filter(|(one, other)| one.memory != other.memory).count();
    ensure(2 * moved > one.iter().flatten().count(), || format!("only {moved} frames lie elsewhere"))
}

/// What a name of the base constructor's is, apart from where all of them begin.
const ADDRESS_BITS: u64 = abi::boot::UNTYPED - 1;

/// The names of memory that each component has when a system has come to its end on a machine with so much memory.
fn names(mebibytes: u64) -> Result<Vec<Vec<Name>>, Failed> {
    let mut all = Vec::new();
    at_the_end_of("tests/systems/policies.toml", mebibytes, |walk| {
        for root in walk.roots()? {
            walk.read(root, 4, 0, WRITABLE | USER)?;
            all.push(std::mem::take(&mut walk.names));
        }
        Ok(())
    })?;
    Ok(all)
}

fn failed(error: DebuggerError) -> Failed {
    error.to_string().into()
}

/// Runs a system until the kernel is about to end it, when everything is still there, and looks at it.
fn at_the_end_of(graph: &str, mebibytes: u64, look: impl FnOnce(&mut Walk) -> Outcome) -> Outcome {
    let directory = scratch()?;
    let system = places::composed(&root().join(graph), directory.path())?;
    let end = places::of_kernel(&system, "kernel7console3end17h")?.start;
    let door = Door::new(directory.path().join("door"));
    let machine = Machine::new(directory.path().join("kernel"), directory.path().join("bundle"));
    let machine = machine.memory(mebibytes << 20).extra(door.arguments());
    let session = Session::new(machine).timeout(Duration::from_secs(300));
    let run = std::thread::spawn(move || session.run(&mut std::io::sink()));
    let mut debugger = Debugger::connect(&door, Duration::from_secs(60)).map_err(failed)?;
    let arrived = debugger.run_to(end).map_err(failed);
    let mut walk = Walk { debugger, tables: BTreeSet::new(), mappings: Vec::new(), names: Vec::new() };
    let looked = arrived.and_then(|()| look(&mut walk));
    let _ = walk.debugger.kill();
    let _ = run.join();
    looked
}

fn judge(tables: &BTreeSet<u64>, mappings: &[Mapping]) -> Outcome {
    let none = |wrong: &dyn Fn(&&Mapping) -> bool, what: &str| {
        let found = mappings.iter().find(wrong);
        found.map_or(Ok(()), |one| {
            Err(Failed::from(format!("{what}: {:#x}, memory {:#x}", one.address, one.memory.start)))
        })
    };
    let is_kernels = |one: &Mapping| one.address >= DIRECT_MAP;
    // There is something of each.
    for (what, count) in [
        ("of user level's code", mappings.iter().filter(|one| one.user && one.executable).count()),
        ("of user level's data", mappings.iter().filter(|one| one.user && one.writable).count()),
        ("of the kernel's code", mappings.iter().filter(|one| is_kernels(one) && one.executable).count()),
        ("of the kernel's data", mappings.iter().filter(|one| is_kernels(one) && one.writable).count()),
    ] {
        ensure(count > 0, || format!("nothing {what} is mapped"))?;
    }
    none(&|one| one.writable && one.executable, "written and executed")?;
    none(&|one| is_kernels(one) && one.user, "the kernel's, and open to user level")?;
    none(&|one| one.user && tables.range(one.memory.clone()).next().is_some(), "a page table, and open to user level")?;
    // Nor is the kernel's code to be written by any other address.
    let code: BTreeMap<u64, u64> = mappings
        .iter()
        .filter(|one| is_kernels(one) && one.executable)
        .map(|one| (one.memory.start, one.memory.end))
        .collect();
    none(&|one| one.writable && code.range(one.memory.clone()).next().is_some(), "the kernel's code, and written")
}
