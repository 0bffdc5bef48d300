//! Which instructions are counted by name: the privileged ones, those that enter, leave or set up a privilege level's
//! state, and locked ones. On a real processor each costs many times what an ordinary instruction costs.

use std::collections::BTreeMap;

use iced_x86::{Decoder, DecoderOptions, Instruction, Mnemonic, OpKind, Register};

/// How often each privileged operation occurs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts(BTreeMap<&'static str, u64>);

/// Those that every measured row reports, even if it has none.
const ALWAYS: [&str; 4] = ["syscall", "sysret", "swapgs", "cr3"];

impl Counts {
    /// None of any.
    pub fn new() -> Self {
        Self(ALWAYS.map(|name| (name, 0)).into())
    }

    /// Counts `instruction`, if it is one.
    pub fn add(&mut self, instruction: &Instruction) {
        if let Some(name) = name(instruction) {
            *self.0.entry(name).or_default() += 1;
        }
    }

    /// Every name and its number, in alphabetical order.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, u64)> {
        self.0.iter().map(|(name, number)| (*name, *number))
    }
}

impl std::fmt::Display for Counts {
    /// Those that there are, as `cr3 ×2, syscall ×2`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let there = self.iter().filter(|(_, number)| *number > 0);
        let texts: Vec<_> = there.map(|(name, number)| format!("{name} ×{number}")).collect();
        f.write_str(&texts.join(", "))
    }
}

/// The first instruction of `bytes`, which lie at `address`; `None` if they are none or too few.
pub fn decode(bytes: &[u8], address: u64) -> Option<Instruction> {
    let instruction = Decoder::with_ip(64, bytes, address, DecoderOptions::NONE).decode();
    (!instruction.is_invalid()).then_some(instruction)
}

/// The name by which `instruction` is counted, if it is a privileged operation.
fn name(instruction: &Instruction) -> Option<&'static str> {
    use Mnemonic::*;
    Some(match instruction.mnemonic() {
        Syscall => "syscall",
        Sysret | Sysretq => "sysret",
        Swapgs => "swapgs",
        Int => "int",
        // Nobody executes it but to have an exception.
        Ud2 => "exception",
        Iret | Iretd | Iretq => "iret",
        Mov => return moves_control_register(instruction),
        Wrmsr => "wrmsr",
        Rdmsr => "rdmsr",
        Wrfsbase => "wrfsbase",
        Rdfsbase => "rdfsbase",
        Wrgsbase => "wrgsbase",
        Rdgsbase => "rdgsbase",
        Invlpg => "invlpg",
        Invpcid => "invpcid",
        In | Insb | Insw | Insd => "in",
        Out | Outsb | Outsw | Outsd => "out",
        Cli => "cli",
        Sti => "sti",
        Stac => "stac",
        Clac => "clac",
        Clts => "clts",
        Hlt => "hlt",
        Lgdt => "lgdt",
        Lidt => "lidt",
        Ltr => "ltr",
        Ldmxcsr => "ldmxcsr",
        Stmxcsr => "stmxcsr",
        Fldcw => "fldcw",
        Fnstcw => "fnstcw",
        Fninit => "fninit",
        Fxsave | Fxsave64 => "fxsave",
        Fxrstor | Fxrstor64 => "fxrstor",
        Xsave | Xsave64 | Xsaveopt | Xsaveopt64 => "xsave",
        Xrstor | Xrstor64 => "xrstor",
        Xsetbv => "xsetbv",
        Cpuid => "cpuid",
        // With a place in memory it is locked without saying so.
        Xchg if instruction.op0_kind() == OpKind::Memory || instruction.op1_kind() == OpKind::Memory => "locked",
        _ if instruction.has_lock_prefix() => "locked",
        _ => return None,
    })
}

/// A move to a control register goes by the register's name, a move from one by `read_` before it.
fn moves_control_register(instruction: &Instruction) -> Option<&'static str> {
    Some(match (instruction.op0_register(), instruction.op1_register()) {
        (Register::CR0, _) => "cr0",
        (Register::CR3, _) => "cr3",
        (Register::CR4, _) => "cr4",
        (_, Register::CR0) => "read_cr0",
        (_, Register::CR2) => "read_cr2",
        (_, Register::CR3) => "read_cr3",
        (_, Register::CR4) => "read_cr4",
        _ => return None,
    })
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// What these instructions are counted as.
    pub fn counts(instructions: &[&[u8]]) -> Counts {
        let mut counts = Counts::new();
        instructions.iter().for_each(|bytes| counts.add(&decode(bytes, 0).unwrap()));
        counts
    }

    fn name_of(bytes: &[u8]) -> Option<&'static str> {
        name(&decode(bytes, 0x40_0000).unwrap())
    }

    #[test]
    fn knows_the_crossings_instructions() {
        assert_eq!(name_of(&[0x0f, 0x05]), Some("syscall"));
        assert_eq!(name_of(&[0x48, 0x0f, 0x07]), Some("sysret"));
        assert_eq!(name_of(&[0x0f, 0x01, 0xf8]), Some("swapgs"));
        assert_eq!(name_of(&[0x48, 0xcf]), Some("iret"));
        assert_eq!(name_of(&[0xf3, 0x48, 0x0f, 0xae, 0xd0]), Some("wrfsbase"));
        assert_eq!(name_of(&[0x0f, 0x30]), Some("wrmsr"));
    }

    #[test]
    fn a_write_of_a_control_register_is_no_read() {
        assert_eq!(name_of(&[0x0f, 0x22, 0xd8]), Some("cr3"));
        assert_eq!(name_of(&[0x0f, 0x20, 0xd8]), Some("read_cr3"));
        assert_eq!(name_of(&[0x0f, 0x22, 0xc0]), Some("cr0"));
    }

    #[test]
    fn what_locks_a_line_is_counted() {
        assert_eq!(name_of(&[0xf0, 0x48, 0x0f, 0xb1, 0x0f]), Some("locked"));
        assert_eq!(name_of(&[0x48, 0x87, 0x07]), Some("locked"));
        assert_eq!(name_of(&[0x48, 0x87, 0xd8]), None);
    }

    #[test]
    fn an_ordinary_instruction_is_none() {
        assert_eq!(name_of(&[0x90]), None);
        assert_eq!(name_of(&[0x48, 0x89, 0xd8]), None);
    }

    #[test]
    fn half_an_instruction_is_not_decoded() {
        assert_eq!(decode(&[0x0f], 0), None);
        assert_eq!(decode(&[], 0), None);
    }

    #[test]
    fn what_there_is_not_is_counted_but_not_shown() {
        let counts = counts(&[&[0x0f, 0x05], &[0x0f, 0x05], &[0x90]]);
        assert_eq!(counts.to_string(), "syscall ×2");
        assert!(counts.iter().eq([("cr3", 0), ("swapgs", 0), ("syscall", 2), ("sysret", 0)]));
    }
}
