//! What the contract promises of the images themselves, read from the images.

use std::path::Path;

use iced_x86::{Code, CpuidFeature, Decoder, DecoderOptions, Instruction, Mnemonic, Register};
use libtest_mimic::{Failed, Trial};
use object::elf::{PF_W, PF_X, PT_LOAD};
use object::read::elf::{ElfFile64, ProgramHeader};

use crate::tools::{Outcome, compose, ensure, finish, root, scratch, trials};

/// The trials of this file.
pub fn trials() -> Vec<Trial> {
    trials!("artefacts":
        the_same_graph_gives_the_same_bytes
        no_memory_of_the_kernel_can_be_both_written_and_executed
        the_system_call_path_touches_no_vector_register
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

/// A loadable segment: where it is, what may be done to it, what it holds.
struct Segment<'e> {
    address: u64,
    flags: u32,
    contents: &'e [u8],
}

fn segments(elf: &[u8]) -> Result<Vec<Segment<'_>>, Failed> {
    let file = ElfFile64::<object::Endianness>::parse(elf)?;
    let endian = file.endian();
    let headers = file.elf_program_headers().iter().filter(|header| header.p_type(endian) == PT_LOAD);
    let read = headers.map(|header| {
        let contents = header.data(endian, elf).map_err(|()| "a segment lies outside its file")?;
        Ok(Segment { address: header.p_vaddr(endian), flags: header.p_flags(endian).0, contents })
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

fn the_system_call_path_touches_no_vector_register() -> Outcome {
    let elf = kernel()?;
    let segments = segments(&elf)?;
    let code = segments.iter().find(|segment| segment.address >= KERNEL_HALF && segment.flags & PF_X.0 != 0);
    let (path, rest) = system_call_path(code.ok_or("the kernel has no code")?)?;
    ensure(!rest.iter().all(is_general), || {
        "the code behind the path clears vector registers, and was not seen to".into()
    })?;
    let exits = path.iter().filter(|instruction| instruction.code() == Code::Sysretq).count();
    ensure(exits == 2, || format!("the path leaves the kernel {exits} times, not for a call and for a return"))?;
    match path.iter().find(|instruction| !is_general(instruction)) {
        Some(instruction) => Err(format!("{:?} at {:#x}", instruction.mnemonic(), instruction.ip()).into()),
        None => Ok(()),
    }
}

/// From where `syscall` leads to up to the jump that leads out of it for good; and the code behind that.
fn system_call_path(code: &Segment) -> Result<(Vec<Instruction>, Vec<Instruction>), Failed> {
    let instructions: Vec<_> =
        Decoder::with_ip(64, code.contents, code.address, DecoderOptions::NONE).into_iter().collect();
    // An entry has the user's GS in its hands: it swaps before it uses it.
    let is_entry = |pair: &[Instruction]| {
        let [swap, first] = pair else { return false };
        swap.mnemonic() == Mnemonic::Swapgs
            && first.mnemonic() == Mnemonic::Mov
            && first.segment_prefix() == Register::GS
    };
    let start = instructions.windows(2).position(is_entry).ok_or("there is no entry for `syscall`")?;
    let rest = instructions.get(start..).unwrap_or_default();
    let is_jump = |instruction: &Instruction| instruction.mnemonic() == Mnemonic::Jmp;
    let length = rest.iter().position(is_jump).ok_or("the entry for `syscall` has no end")?;
    let (path, behind) = rest.split_at(length);
    Ok((path.to_vec(), behind.to_vec()))
}

/// Whether the instruction belongs to the general ones: to none of the floating-point or vector extensions.
fn is_general(instruction: &Instruction) -> bool {
    use CpuidFeature::*;
    const GENERAL: [CpuidFeature; 7] = [INTEL8086, INTEL186, INTEL286, INTEL386, INTEL486, X64, SYSCALL];
    let names_vector = |register: Register| register.is_vector_register() || register.is_mm() || register.is_st();
    let operands = 0..instruction.op_count();
    instruction.cpuid_features().iter().all(|feature| GENERAL.contains(feature))
        && !operands.into_iter().any(|operand| names_vector(instruction.op_register(operand)))
}
