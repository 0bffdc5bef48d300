//! What the contract promises of the images themselves, read from the images.

use std::collections::BTreeMap;
use std::path::Path;

use abi::crossing::CAPABILITIES;
use iced_x86::{Code, CpuidFeature, Decoder, DecoderOptions, FlowControl, Instruction, Mnemonic, OpKind, Register};
use libtest_mimic::{Failed, Trial};
use object::elf::{PF_W, PF_X, PT_LOAD};
use object::read::elf::{ElfFile64, ProgramHeader};
use object::{Object, ObjectSymbol, SymbolKind};
use serde_json::Value;

use crate::tools::{Outcome, compose, ensure, finish, root, scratch, trials};

/// The trials of this file.
pub fn trials() -> Vec<Trial> {
    trials!("artefacts":
        the_same_graph_gives_the_same_bytes
        no_memory_of_the_kernel_can_be_both_written_and_executed
        the_system_call_path_touches_no_vector_register
        every_lookup_of_a_capability_cuts_its_number_off
        the_kernel_is_small
        who_changes_stacks_jumps_and_does_not_return
        a_component_is_as_small_as_what_it_does
    )
}

const FILES: [&str; 4] = ["kernel", "bundle", "report.txt", "report.json"];

fn build(directory: &Path) -> Outcome {
    finish(&mut compose("build", &root().join("systems/pingpong.toml"), directory)?)?.expect_status(0)?;
    Ok(())
}

fn the_same_graph_gives_the_same_bytes() -> Outcome {
    let (one, other) = (scratch()?, scratch()?);
    build(one.path())?;
    build(other.path())?;
    for name in FILES {
        let same = std::fs::read(one.path().join(name))? == std::fs::read(other.path().join(name))?;
        ensure(same, || format!("two builds differ in {name}"))?;
    }
    Ok(())
}

fn kernel() -> Result<Vec<u8>, Failed> {
    let directory = scratch()?;
    build(directory.path())?;
    Ok(std::fs::read(directory.path().join("kernel"))?)
}

/// The kernel that was just built, as the linker left it.
fn kernel_with_names() -> Result<Vec<u8>, Failed> {
    kernel()?;
    let target = tests::bench::image::target_directory().map_err(|error| error.to_string())?;
    Ok(std::fs::read(target.join("image/x86_64-unknown-linux-gnu/image/kernel"))?)
}

/// The least that serves others, and the least that calls: `pong` and `ping`, by the report. There is a stack for each thread that can come
/// there, and for no other.
fn a_component_is_as_small_as_what_it_does() -> Outcome {
    let directory = scratch()?;
    build(directory.path())?;
    let report: Value = serde_json::from_slice(&std::fs::read(directory.path().join("report.json"))?)?;
    let components = report["components"].as_array().ok_or("no components")?;
    for (name, threads) in [("pong", &["pong", "ping"][..]), ("ping", &["ping"])] {
        let component = components.iter().find(|component| component["name"] == name).ok_or("it is not there")?;
        let (memory, file) = (component["memory"]["without_stacks"].as_u64(), component["file_bytes"].as_u64());
        ensure(memory.is_some_and(|bytes| 0 < bytes && bytes <= 32 << 10), || format!("{name}: {memory:?} of memory"))?;
        ensure(file.is_some_and(|bytes| 0 < bytes && bytes <= 24 << 10), || format!("{name}: a file of {file:?}"))?;
        let stacks = component["stacks"].as_array().ok_or("no stacks")?;
        let stacks: Vec<_> = stacks.iter().filter_map(|stack| stack["thread_of"].as_str()).collect();
        ensure(stacks == threads, || format!("{name} has stacks for {stacks:?}"))?;
    }
    let target = tests::bench::image::target_directory().map_err(|error| error.to_string())?;
    let image = std::fs::read(target.join("image/x86_64-unknown-linux-gnu/image/pong"))?;
    let memory: u64 = segments(&image)?.iter().map(|segment| segment.bytes.next_multiple_of(0x1000)).sum();
    let file = composer::elf::strip::strip(&image).map_err(|defect| format!("{defect:?}"))?.len();
    let pong = components.iter().find(|component| component["name"] == "pong").ok_or("it is not there")?;
    let said = (pong["memory"]["without_stacks"].as_u64(), pong["file_bytes"].as_u64());
    ensure(said == (Some(memory), Some(file as u64)), || format!("pong has {memory} and {file} bytes, not {said:?}"))
}

/// A user thread goes on where it left by a jump. A return there would be one without its call, and the processor foretells returns by calls.
fn who_changes_stacks_jumps_and_does_not_return() -> Outcome {
    let directory = scratch()?;
    let graph = root().join("tests/systems/pages_undecided.toml");
    finish(&mut compose("build", &graph, directory.path())?)?.expect_status(0)?;
    let target = tests::bench::image::target_directory().map_err(|error| error.to_string())?;
    let image = std::fs::read(target.join("image/x86_64-unknown-linux-gnu/image/undecided"))?;
    let mut changes = 0;
    for function in functions(&image)?.values() {
        for (at, _) in function.code.iter().enumerate().filter(|(_, instruction)| changes_stack(instruction)) {
            let mut behind = function.code.iter().skip(at).map(Instruction::flow_control);
            let goes_on = behind.find(|flow| *flow != FlowControl::Next);
            ensure(goes_on == Some(FlowControl::IndirectBranch), || format!("{goes_on:?} in {}", function.name))?;
            changes += 1;
        }
    }
    ensure(changes > 0, || "nobody changes stacks".to_owned())
}

/// Whether it takes the stack pointer from another register.
fn changes_stack(instruction: &Instruction) -> bool {
    let is_to = instruction.mnemonic() == Mnemonic::Mov && instruction.op0_register() == Register::RSP;
    is_to && instruction.op1_kind() == OpKind::Register
}

/// A loadable segment: where it is, what may be done to it, how long it is in memory, what it holds.
struct Segment<'e> {
    address: u64,
    flags: u32,
    bytes: u64,
    contents: &'e [u8],
}

fn segments(elf: &[u8]) -> Result<Vec<Segment<'_>>, Failed> {
    let file = ElfFile64::<object::Endianness>::parse(elf)?;
    let endian = file.endian();
    let headers = file.elf_program_headers().iter().filter(|header| header.p_type(endian) == PT_LOAD);
    let read = headers.map(|header| {
        let contents = header.data(endian, elf).map_err(|()| "a segment lies outside its file")?;
        let (address, bytes) = (header.p_vaddr(endian), header.p_memsz(endian));
        Ok(Segment { address, flags: header.p_flags(endian).0, bytes, contents })
    });
    read.collect()
}

/// Where everything but the boot code is linked.
const KERNEL_HALF: u64 = 1 << 63;

fn no_memory_of_the_kernel_can_be_both_written_and_executed() -> Outcome {
    let elf = kernel()?;
    let segments = segments(&elf)?;
    let high: Vec<_> = segments.iter().filter(|segment| segment.address >= KERNEL_HALF).collect();
    ensure(high.iter().any(|segment| segment.flags & PF_X.0 != 0), || "the kernel has no code".to_owned())?;
    let both = high.iter().find(|segment| segment.flags & (PF_W | PF_X).0 == (PF_W | PF_X).0);
    ensure(both.is_none(), || "a segment of the kernel can be written and executed".to_owned())
}

/// What `syscall` leads to, and what that jumps to by a capability's kind, up to the functions that clear these registers.
const ENTRY: &str = "13syscall_entry";
const OPERATIONS: [&str; 10] = [
    "5empty",
    "7receive",
    "4send",
    "5ports",
    "16capability_table",
    "10page_table",
    "3map",
    "5alias",
    "5unmap",
    "4here",
];
/// What it jumps to for threads, which leaves the kernel itself.
const SWITCH: &str = "5entry6switch17h";

/// Functions that the kernel's operations hand over to, and that clear all vector registers before they return. What
/// they call is not looked at.
fn clears(name: &str) -> bool {
    ["any_of_", "other_of_", "7general", "return_from_level"].iter().any(|part| name.contains(part))
}

/// What the kernel may have of code, and of memory that is there whatever the machine.
const MOST_CODE: usize = 96 << 10;
const MOST_STATIC: u64 = 1 << 20;

/// Code is the segment of it, with all entries and stubs, and the first page of the boot segment up to its last byte that is not
/// zero: behind that are page tables and the boot code's stack. Static memory is what can be written, zeroed or not, and the
/// whole boot segment. (Tables whose size depends on the machine are made at boot, and constants are not counted.)
fn the_kernel_is_small() -> Outcome {
    let elf = kernel()?;
    let segments = segments(&elf)?;
    let with = |flag: u32| segments.iter().find(move |one| one.address >= KERNEL_HALF && one.flags & flag != 0);
    let boot = segments.iter().find(|one| one.address < KERNEL_HALF).ok_or("there is no boot segment")?;
    let boot_code = boot
        .contents
        .get(..4096)
        .unwrap_or(boot.contents)
        .iter()
        .rposition(|byte| *byte != 0)
        .map_or(0, |last| last + 1);
    let code = with(PF_X.0).ok_or("there is no code")?.contents.len() + boot_code;
    ensure(code < MOST_CODE, || format!("the kernel has {code} bytes of code, not fewer than {MOST_CODE}"))?;
    let memory = with(PF_W.0).ok_or("there is no data")?.bytes + boot.bytes;
    ensure(memory < MOST_STATIC, || format!("the kernel has {memory} bytes of static memory: {MOST_STATIC} or more"))
}

fn the_system_call_path_touches_no_vector_register() -> Outcome {
    let elf = kernel_with_names()?;
    let functions = functions(&elf)?;
    let entry = functions.values().find(|function| function.name.contains(ENTRY)).ok_or("there is no entry")?;
    let exits = entry.code.iter().filter(|instruction| instruction.code() == Code::Sysretq).count();
    ensure(exits == 5, || {
        format!("the entry leaves the kernel {exits} times: call, return, answer, who, out of range")
    })?;
    all_general(entry)?;
    let switch = functions.values().find(|function| function.name.contains(SWITCH)).ok_or("there is no switch")?;
    reached(switch, &functions).into_iter().try_for_each(all_general)?;
    for operation in OPERATIONS {
        let is_it = |function: &&Function| function.name.contains(&format!("operations{operation}17h"));
        let start = functions.values().find(is_it).ok_or_else(|| format!("there is no `{operation}`"))?;
        reached(start, &functions).into_iter().try_for_each(all_general)?;
    }
    let slow: Vec<_> =
        functions.values().filter(|function| function.name.contains("operations") && clears(&function.name)).collect();
    ensure(slow.len() >= 5, || format!("{} functions clear the registers", slow.len()))?;
    for function in slow {
        let cleared = function.code.iter().filter(|instruction| instruction.mnemonic() == Mnemonic::Pxor).count();
        ensure(cleared >= 16, || format!("{} clears {cleared} registers", function.name))?;
    }
    Ok(())
}

/// Whoever compares a number with the end of capability tables takes a leaf's number from it, and that in nine bits, whatever
/// the comparison says: a processor may go on before it knows.
fn every_lookup_of_a_capability_cuts_its_number_off() -> Outcome {
    const ENDS: [u64; 2] = [(CAPABILITIES - 1) as u64, CAPABILITIES as u64];
    let elf = kernel_with_names()?;
    let functions = functions(&elf)?;
    let has = |function: &Function, mnemonic: Mnemonic, values: &[u64]| {
        let is_it = |one: &&Instruction| one.mnemonic() == mnemonic && one.op_count() == 2;
        let has_value = |one: &Instruction| is_immediate(one.op1_kind()) && values.contains(&one.immediate(1));
        function.code.iter().filter(is_it).filter(|one| has_value(one)).count()
    };
    let is_kernels = |function: &&Function| ["5logic", "5entry"].iter().any(|part| function.name.contains(part));
    let looks_up = |function: &&Function| has(function, Mnemonic::Cmp, &ENDS) > 0;
    let lookups: Vec<_> = functions.values().filter(is_kernels).filter(looks_up).collect();
    ensure(lookups.len() >= 8, || format!("{} functions look capabilities up", lookups.len()))?;
    for function in lookups {
        let (compared, cut) = (has(function, Mnemonic::Cmp, &ENDS), has(function, Mnemonic::And, &[0x1ff]));
        ensure(cut >= compared, || format!("{} compares {compared} numbers and cuts {cut} off", function.name))?;
    }
    Ok(())
}

fn is_immediate(kind: OpKind) -> bool {
    matches!(kind, OpKind::Immediate32 | OpKind::Immediate32to64 | OpKind::Immediate16)
}

/// A function of an image.
struct Function {
    name: String,
    code: Vec<Instruction>,
}

/// The functions of an image, by their addresses.
fn functions(elf: &[u8]) -> Result<BTreeMap<u64, Function>, Failed> {
    let file = ElfFile64::<object::Endianness>::parse(elf)?;
    let segments = segments(elf)?;
    let code_at = |address: u64, size: u64| {
        let segment = segments.iter().find(|segment| {
            address.checked_sub(segment.address).is_some_and(|at| at < segment.contents.len() as u64)
        })?;
        let start = (address - segment.address) as usize;
        segment.contents.get(start..start + size as usize)
    };
    let named = file.symbols().filter(|symbol| symbol.kind() == SymbolKind::Text && symbol.size() > 0);
    let decoded = named.filter_map(|symbol| {
        let code =
            Decoder::with_ip(64, code_at(symbol.address(), symbol.size())?, symbol.address(), DecoderOptions::NONE);
        Some((symbol.address(), Function { name: symbol.name().ok()?.to_owned(), code: code.into_iter().collect() }))
    });
    Ok(decoded.collect())
}

/// All that runs before the kernel is left, or a function takes over that clears the registers.
fn reached<'f>(start: &'f Function, functions: &'f BTreeMap<u64, Function>) -> Vec<&'f Function> {
    let mut reached: Vec<&Function> = vec![start];
    let mut at = 0;
    while let Some(function) = reached.get(at) {
        let targets = function.code.iter().map(Instruction::near_branch_target);
        let next: Vec<_> = targets.filter_map(|target| functions.get(&target)).collect();
        for function in next {
            if !clears(&function.name) && reached.iter().all(|known| known.name != function.name) {
                reached.push(function);
            }
        }
        at += 1;
    }
    reached
}

fn all_general(function: &Function) -> Outcome {
    match function.code.iter().find(|instruction| !is_general(instruction)) {
        Some(instruction) => {
            Err(format!("{:?} at {:#x} in {}", instruction.mnemonic(), instruction.ip(), function.name).into())
        }
        None => Ok(()),
    }
}

/// Whether the instruction belongs to the general ones: to none of the floating-point or vector extensions.
fn is_general(instruction: &Instruction) -> bool {
    use CpuidFeature::*;
    const GENERAL: [CpuidFeature; 11] =
        [INTEL8086, INTEL186, INTEL286, INTEL386, INTEL486, X64, SYSCALL, CMOV, MULTIBYTENOP, TSC, FSGSBASE];
    let names_vector = |register: Register| register.is_vector_register() || register.is_mm() || register.is_st();
    let operands = 0..instruction.op_count();
    instruction.cpuid_features().iter().all(|feature| GENERAL.contains(feature))
        && !operands.into_iter().any(|operand| names_vector(instruction.op_register(operand)))
}
