//! What privileged operations cost on a real processor, by sources that anyone can look up.
//!
//! A clock that counts instructions takes each for one tick, and hides exactly what is dear. So beside it stands an
//! *estimate* in cycles: each ordinary instruction for one cycle, each counted operation for its weight. It shows where
//! the cost lies, and orders designs; it is no measurement, and knows nothing of cache and TLB misses.
//!
//! The weights are those of Intel's Skylake (2015) without mitigations for flaws of that generation, as far as somebody
//! has published them; the others say what they are of instead.

use super::privileged::Counts;

/// Somebody who has published figures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// A measurement of crossings.
    SkyBridge,
    /// A compiler's model of a processor.
    Llvm,
    /// A measurement of page faults.
    Xperf,
    /// A measurement of single instructions.
    Agner,
    /// What a device answers to.
    Delay,
    /// Nobody known.
    Assumed,
}

impl Source {
    /// All of them, in the order in which they are listed.
    pub const ALL: [Self; 6] = [Self::SkyBridge, Self::Agner, Self::Llvm, Self::Xperf, Self::Delay, Self::Assumed];

    /// The word by which a table refers to it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::SkyBridge => "SkyBridge",
            Self::Agner => "Agner Fog",
            Self::Llvm => "LLVM",
            Self::Xperf => "xperf",
            Self::Delay => "bus",
            Self::Assumed => "assumed",
        }
    }

    /// What it is, for those who look it up.
    pub const fn text(self) -> &'static str {
        match self {
            Self::SkyBridge => {
                "Mi, Li, Yang, Wang, Chen: SkyBridge: Fast and Secure Inter-Process Communication for Microkernels, \
                 EuroSys 2019, section 2 and table 2: Intel Skylake (Core i7-6700K), page-table load with PCID"
            }
            Self::Llvm => {
                "LLVM 14, llvm/lib/Target/X86/X86SchedSkylakeClient.td: latencies of Intel Skylake, as `llvm-mca -mcpu=skylake` \
                 shows them; those that it does not know (and shows as 100) are not taken"
            }
            Self::Xperf => {
                "Shan: x86 Ring Switch Overhead (Page Fault version), lastweek.io/notes/xperf, 2020: Intel Xeon E5 v3 \
                 (Haswell), without a hypervisor"
            }
            Self::Agner => {
                "Fog: Instruction tables, agner.org/optimize: Intel Skylake, an uncontended read-modify-write with LOCK"
            }
            Self::Delay => {
                "one microsecond for an access to a port of the old bus, as the delay by port 0x80 has always counted on; \
                 at 4 GHz"
            }
            Self::Assumed => "no source: assumed, on the high side of what is said of its like",
        }
    }
}

/// What one operation costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Weight {
    /// Its name, as it is counted.
    pub name: &'static str,
    /// Cycles.
    pub cycles: u64,
    /// Who says so.
    pub source: Source,
}

const fn weight(name: &'static str, cycles: u64, source: Source) -> Weight {
    Weight { name, cycles, source }
}

/// Every weight there is.
pub const WEIGHTS: &[Weight] = &[
    weight("syscall", 82, Source::SkyBridge),
    weight("sysret", 75, Source::SkyBridge),
    weight("swapgs", 26, Source::SkyBridge),
    weight("cr3", 186, Source::SkyBridge),
    weight("exception", 440, Source::Xperf),
    weight("iret", 270, Source::Xperf),
    weight("fxrstor", 63, Source::Llvm),
    weight("fxsave", 63, Source::Assumed),
    weight("xsave", 41, Source::Llvm),
    weight("xrstor", 37, Source::Llvm),
    weight("fninit", 75, Source::Llvm),
    weight("ldmxcsr", 7, Source::Llvm),
    weight("stmxcsr", 2, Source::Llvm),
    weight("fldcw", 7, Source::Llvm),
    weight("fnstcw", 2, Source::Llvm),
    weight("cpuid", 100, Source::Assumed),
    weight("locked", 18, Source::Agner),
    weight("in", 4000, Source::Delay),
    weight("out", 4000, Source::Delay),
    weight("wrfsbase", 30, Source::Assumed),
    weight("rdfsbase", 30, Source::Assumed),
    weight("wrgsbase", 30, Source::Assumed),
    weight("rdgsbase", 30, Source::Assumed),
    weight("wrmsr", 150, Source::Assumed),
    weight("rdmsr", 100, Source::Assumed),
    weight("invlpg", 200, Source::Assumed),
    weight("invpcid", 200, Source::Assumed),
    weight("cr0", 150, Source::Assumed),
    weight("cr4", 150, Source::Assumed),
    weight("read_cr0", 30, Source::Assumed),
    weight("read_cr2", 30, Source::Assumed),
    weight("read_cr3", 30, Source::Assumed),
    weight("read_cr4", 30, Source::Assumed),
];

/// Cycles of `instructions`, among which are these operations.
///
/// # Errors
///
/// The name of an operation without a weight.
pub fn estimate(instructions: u64, counts: &Counts) -> Result<u64, &'static str> {
    counts.iter().filter(|(_, number)| *number > 0).try_fold(instructions, |cycles, (name, number)| {
        let weight = of(name).ok_or(name)?;
        Ok(cycles + number * (weight.cycles - 1))
    })
}

/// The weight of the operation that is counted by `name`.
pub fn of(name: &str) -> Option<Weight> {
    WEIGHTS.iter().find(|weight| weight.name == name).copied()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::privileged::tests::counts;

    #[test]
    fn an_operation_costs_its_weight_and_all_else_a_cycle() {
        let crossing = counts(&[&[0x0f, 0x05], &[0x48, 0x0f, 0x07], &[0x90]]);
        assert_eq!(estimate(10, &crossing), Ok(8 + 82 + 75));
        assert_eq!(estimate(10, &counts(&[])), Ok(10));
    }

    #[test]
    fn what_is_counted_and_has_no_weight_is_named() {
        assert_eq!(estimate(10, &counts(&[&[0xf4]])), Err("hlt"));
    }

    #[test]
    fn every_weight_is_of_something_that_is_counted_and_has_one_source() {
        let mut names: Vec<_> = WEIGHTS.iter().map(|weight| weight.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), WEIGHTS.len());
        assert!(WEIGHTS.iter().all(|weight| weight.cycles > 0));
    }
}
