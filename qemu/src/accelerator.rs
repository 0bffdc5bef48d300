//! Whether the processor helps to run the guest.

use std::fs::{File, OpenOptions, read_to_string};

/// How guest instructions are run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Accelerator {
    /// By the processor itself.
    Kvm,
    /// By translation. The only way to count instructions.
    Tcg,
}

impl Accelerator {
    /// The fastest that this machine has.
    ///
    /// A device node proves nothing: containers have one without the processor's help. So the processor's flags
    /// decide first, and the device must open.
    pub fn detect() -> Self {
        let flags = read_to_string("/proc/cpuinfo").unwrap_or_default();
        if has_virtualisation(&flags) && open_kvm().is_some() { Self::Kvm } else { Self::Tcg }
    }

    /// The emulator's name for it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Kvm => "kvm",
            Self::Tcg => "tcg",
        }
    }
}

fn open_kvm() -> Option<File> {
    OpenOptions::new().read(true).write(true).open("/dev/kvm").ok()
}

/// Whether a `flags` line of /proc/cpuinfo names one of the two extensions.
fn has_virtualisation(cpuinfo: &str) -> bool {
    let flags = cpuinfo.lines().filter(|line| line.starts_with("flags"));
    flags.flat_map(str::split_whitespace).any(|flag| flag == "vmx" || flag == "svm")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_flags_line_counts() {
        assert!(has_virtualisation("flags\t\t: fpu vmx sse\n"));
        assert!(has_virtualisation("processor: 0\nflags : svm\n"));
        assert!(!has_virtualisation("flags\t\t: fpu sse svm_lock\n"));
        assert!(!has_virtualisation("model name : vmx\n"));
        assert!(!has_virtualisation(""));
    }
}
