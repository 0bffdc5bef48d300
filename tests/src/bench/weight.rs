//! What privileged operations cost on a real processor, by sources that anyone can look up.
//!
//! A clock that counts instructions takes each for one tick, and hides exactly what is dear. So beside it stands an
//! *estimate* in cycles: each ordinary instruction for one cycle, each counted operation for its weight. It shows where
//! the cost lies, and orders designs; it is no measurement, and knows nothing of cache and TLB misses.
//!
//! The weights are those of Intel's Skylake (2015) and of the same core under later names, without mitigations for flaws
//! of that generation, as far as somebody has published them. Those that nobody known has published are assumed; every
//! estimate that rests on one is marked.

use super::privileged::Counts;

/// Somebody who has published figures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// A measurement of crossings.
    SkyBridge,
    /// Measurements of single instructions.
    Agner,
    /// Measurements of single instructions, privileged ones among them.
    Uops,
    /// A measurement of page faults.
    Xperf,
    /// A measurement of what it takes to forget a page.
    Invpcid,
    /// What those who use it say of it beside another.
    Fsgsbase,
    /// What a device answers to.
    Delay,
    /// Nobody known.
    Assumed,
}

impl Source {
    /// All of them, in the order in which they are listed.
    pub const ALL: [Self; 8] = [
        Self::SkyBridge,
        Self::Agner,
        Self::Uops,
        Self::Xperf,
        Self::Invpcid,
        Self::Fsgsbase,
        Self::Delay,
        Self::Assumed,
    ];

    /// The word by which a table refers to it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::SkyBridge => "SkyBridge",
            Self::Agner => "Agner Fog",
            Self::Uops => "uops.info",
            Self::Xperf => "xperf",
            Self::Invpcid => "Linux (INVPCID)",
            Self::Fsgsbase => "Linux (FSGSBASE)",
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
            Self::Agner => {
                "Fog: Instruction tables, agner.org/optimize, Intel Skylake: latencies, those of 64-bit mode where it \
                 tells them apart; for LOCK what one of a series takes, uncontended"
            }
            Self::Uops => {
                "Abel, Reineke: uops.info, Intel Kaby Lake (the core of Skylake), as in Resources/Performance/Kabylake.tsv \
                 of HJLebbink/asm-dude: what one of a series takes, rounded; reads of control registers by MOV R64, CR, \
                 which does not say which of them; a write of CR0 by LMSW M16, which is one"
            }
            Self::Xperf => {
                "Shan: x86 Ring Switch Overhead (Page Fault version), lastweek.io/notes/xperf, 2020: Intel Xeon E5 v3 \
                 (Haswell), without a hypervisor"
            }
            Self::Invpcid => {
                "Hansen: x86 TLB flushing: INVPCID vs. deferred CR3 write, linux-kernel, 5 December 2017: some 350 \
                 cycles for each page, on an Intel Skylake desktop"
            }
            Self::Fsgsbase => {
                "Gleixner: tag x86-fsgsbase-2020-08-04 of Linux: SWAPGS is only marginally slower than WRGSBASE; so each \
                 write of a base, FS or GS, counts for as much as SWAPGS"
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
    weight("fxrstor", 77, Source::Agner),
    weight("fxsave", 64, Source::Agner),
    weight("xsave", 107, Source::Agner),
    weight("xrstor", 122, Source::Agner),
    weight("fninit", 78, Source::Agner),
    weight("ldmxcsr", 5, Source::Agner),
    weight("stmxcsr", 5, Source::Agner),
    weight("fldcw", 7, Source::Agner),
    weight("fnstcw", 6, Source::Agner),
    weight("cpuid", 101, Source::Uops),
    weight("locked", 18, Source::Agner),
    weight("in", 4000, Source::Delay),
    weight("out", 4000, Source::Delay),
    weight("wrfsbase", 26, Source::Fsgsbase),
    weight("rdfsbase", 6, Source::Uops),
    weight("wrgsbase", 26, Source::Fsgsbase),
    weight("rdgsbase", 6, Source::Uops),
    weight("wrmsr", 138, Source::Uops),
    weight("rdmsr", 92, Source::Uops),
    weight("invlpg", 200, Source::Assumed),
    weight("invpcid", 350, Source::Invpcid),
    weight("cr0", 150, Source::Uops),
    weight("cr4", 150, Source::Assumed),
    weight("read_cr0", 8, Source::Uops),
    weight("read_cr2", 8, Source::Uops),
    weight("read_cr3", 8, Source::Uops),
    weight("read_cr4", 8, Source::Uops),
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

/// What stands behind an estimate that rests on an assumed weight.
pub const MARK: &str = "*";

/// Whether one of these operations has an assumed weight.
pub fn rests_on_an_assumption(counts: &Counts) -> bool {
    let mut there = counts.iter().filter(|(_, number)| *number > 0);
    there.any(|(name, _)| of(name).is_some_and(|weight| weight.source == Source::Assumed))
}

/// What the mark says, to those who see one.
pub fn footnote() -> String {
    format!("{MARK} rests on a weight without a source: {}", assumed().collect::<Vec<_>>().join(", "))
}

fn assumed() -> impl Iterator<Item = &'static str> {
    WEIGHTS.iter().filter(|weight| weight.source == Source::Assumed).map(|weight| weight.name)
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

    #[test]
    fn all_weights_but_two_have_a_public_source() {
        assert!(assumed().eq(["invlpg", "cr4"]));
        assert_eq!(footnote(), "* rests on a weight without a source: invlpg, cr4");
    }

    #[test]
    fn an_estimate_rests_on_an_assumption_only_if_it_counts_one() {
        const INVLPG: &[u8] = &[0x0f, 0x01, 0x3f];
        assert!(rests_on_an_assumption(&counts(&[&[0x0f, 0x05], INVLPG])));
        assert!(!rests_on_an_assumption(&counts(&[&[0x0f, 0x05], &[0x0f, 0x30]])));
        assert!(!rests_on_an_assumption(&counts(&[])));
    }
}
