//! What gdb is told to be at a component: symbols where they are in memory, and breakpoints in one address space.

use std::fmt;
use std::path::Path;

/// Commands for gdb.
///
/// All components may lie at the same addresses. So a breakpoint of a component has a condition: the page table that is loaded is the
/// one that the component's hot descriptor names at that moment.
#[derive(Clone, Copy, Debug)]
pub struct Script<'s> {
    /// The component's name.
    pub component: &'s str,
    /// Address of its hot descriptor.
    pub descriptor: u64,
    /// Address of its first instruction.
    pub start: u64,
    /// The kernel's ELF file, with symbols.
    pub kernel: &'s Path,
    /// The component's.
    pub image: &'s Path,
    /// Bytes that the component lies above where it was linked.
    pub shift: u64,
    /// Where the emulator listens.
    pub door: &'s Path,
}

/// Bits of CR3, and of the word in a descriptor, that say where the root is.
const ROOT: u64 = 0x000f_ffff_ffff_f000;

/// Offset of the word in a descriptor.
const PAGE_TABLE: usize = std::mem::offset_of!(logic::store::Descriptor, page_table);

impl Script<'_> {
    fn is_loaded(&self) -> String {
        let word = self.descriptor + PAGE_TABLE as u64;
        format!("($cr3 & {ROOT:#x}) == (*(unsigned long *) {word:#x} & {ROOT:#x})")
    }
}

impl fmt::Display for Script<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { component, start, shift, .. } = self;
        let condition = self.is_loaded();
        writeln!(f, "set confirm off\nset architecture i386:x86-64")?;
        writeln!(f, "symbol-file \"{}\"", self.kernel.display())?;
        writeln!(f, "add-symbol-file \"{}\" -o {shift:#x}", self.image.display())?;
        writeln!(f, "target remote {}", self.door.display())?;
        // The condition is C, wherever the machine stands.
        writeln!(f, "define here\n  set language c\n  hbreak $arg0 if {condition}\n  set language auto\nend")?;
        writeln!(f, "document here\nStop at a place in {component}, and not where others have the same address.\nend")?;
        writeln!(f, "set language c\nthbreak *{start:#x} if {condition}\nset language auto\ncontinue")?;
        writeln!(f, "echo \\n{component} is about to start. `here PLACE` stops in it alone.\\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_breakpoint_holds_in_one_address_space() {
        let script = Script {
            component: "ping",
            descriptor: 0xffff_ffff_c000_0080,
            start: 0x40_0000,
            kernel: Path::new("/a b/kernel"),
            image: Path::new("/a b/image"),
            shift: 0x40_0000,
            door: Path::new("/a/door"),
        };
        let script = script.to_string();
        let loaded = "($cr3 & 0xffffffffff000) == (*(unsigned long *) 0xffffffffc0000088 & 0xffffffffff000)";
        for line in [
            "symbol-file \"/a b/kernel\"",
            "add-symbol-file \"/a b/image\" -o 0x400000",
            "target remote /a/door",
            &format!("  hbreak $arg0 if {loaded}"),
            &format!("thbreak *0x400000 if {loaded}"),
        ] {
            assert!(script.lines().any(|other| other == line), "{line} is not in\n{script}");
        }
    }
}
