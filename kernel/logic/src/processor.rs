//! What the kernel makes of a processor: what it cannot do without, what it turns on, and which flaws it does not close.
//!
//! All of it follows from what CPUID says and one register, so that a test can make processors up. The stance
//! on each flaw, and what it would cost to close it, is in `docs/security.md`.

/// What a processor says of itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Identification {
    /// Leaf 0: the vendor's name, `ebx ecx edx`.
    pub vendor: [u32; 3],
    /// Leaf 1, `eax`: family, model and stepping.
    pub version: u32,
    /// Leaf 1, `edx`.
    pub basic: u32,
    /// Leaf 1, `ecx`.
    pub instructions: u32,
    /// Leaf 7, `ebx ecx edx`; zeros if there is none.
    pub structured: [u32; 3],
    /// Leaf 0x8000_0001, `edx`.
    pub extended: u32,
    /// Leaf 0x8000_0021, `eax`; 0 if there is none.
    pub further: u32,
    /// IA32_ARCH_CAPABILITIES; 0 if [`Identification::has_capabilities`] says that there is none.
    pub capabilities: u64,
}

bitflags::bitflags! {
    /// What is turned on where it is offered.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct Features: u32 {
        /// Translations that stay when the page table is exchanged.
        const GLOBAL_PAGES = 1;
        /// The kernel does not execute what user level can write.
        const SMEP = 1 << 1;
        /// The kernel does not reach user level's memory.
        const SMAP = 1 << 2;
        /// User level does not learn where the kernel's tables lie.
        const UMIP = 1 << 3;
        /// Pages of 1 GiB.
        const HUGE_PAGES = 1 << 4;
        /// By one bit of IA32_SPEC_CTRL, for ever: what user level has trained does not lead the kernel's indirect jumps.
        const ENHANCED_IBRS = 1 << 5;
        /// The same, by a bit of EFER.
        const AUTOMATIC_IBRS = 1 << 6;
        /// An exception when the hardware fails, and registers that say how.
        const MACHINE_CHECKS = 1 << 7;
        /// Translations kept apart by tags, and an instruction that forgets those of all tags.
        const TAGS = 1 << 8;
    }

    /// Flaws that the kernel does not close.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct Flaws: u32 {
        /// User level can read what the kernel has mapped.
        const MELTDOWN = 1;
        /// It can read what the first-level cache holds of a frame that an entry which is not present names.
        const L1_TERMINAL_FAULT = 1 << 1;
        /// It can read what passed through the core's buffers.
        const DATA_SAMPLING = 1 << 2;
        /// It can lead the kernel's indirect jumps astray.
        const BRANCH_INJECTION = 1 << 3;
        /// It can read what passed through the core's buffers, by transactions that it aborts.
        const TRANSACTION_ABORT = 1 << 4;
    }
}

impl Flaws {
    /// What reports call them.
    pub const NAMES: [(Self, &'static str); 5] = [
        (Self::MELTDOWN, "Meltdown"),
        (Self::L1_TERMINAL_FAULT, "L1 terminal fault"),
        (Self::DATA_SAMPLING, "data sampling"),
        (Self::BRANCH_INJECTION, "branch target injection"),
        (Self::TRANSACTION_ABORT, "transaction asynchronous abort"),
    ];
}

/// What the kernel cannot do without.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missing {
    /// Pages that are not executable.
    NoExecute,
    /// Instructions for FS and GS base.
    FsGsBase,
}

impl core::fmt::Display for Missing {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::NoExecute => "this processor cannot keep data from being executed (no NX)",
            Self::FsGsBase => "this processor has no FSGSBASE, which components use for thread-local storage",
        })
    }
}

impl Identification {
    /// Whether IA32_ARCH_CAPABILITIES can be read.
    pub const fn has_capabilities(&self) -> bool {
        self.structured[2] & 1 << 29 != 0
    }

    /// What is missing that the kernel cannot do without.
    pub const fn missing(&self) -> Option<Missing> {
        if self.extended & 1 << 20 == 0 {
            Some(Missing::NoExecute)
        } else if self.structured[0] & 1 == 0 {
            Some(Missing::FsGsBase)
        } else {
            None
        }
    }

    /// What is turned on.
    pub fn features(&self) -> Features {
        let [ebx, ecx, edx] = self.structured;
        let offered = [
            (Features::GLOBAL_PAGES, self.basic & 1 << 13 != 0),
            (Features::SMEP, ebx & 1 << 7 != 0),
            (Features::SMAP, ebx & 1 << 20 != 0),
            (Features::UMIP, ecx & 1 << 2 != 0),
            (Features::HUGE_PAGES, self.extended & 1 << 26 != 0),
            // The bit is there, and stays of effect while it is set.
            (Features::ENHANCED_IBRS, edx & 1 << 26 != 0 && self.is_capable(1)),
            (Features::AUTOMATIC_IBRS, self.further & 1 << 8 != 0),
            (Features::TAGS, self.instructions & 1 << 17 != 0 && ebx & 1 << 10 != 0),
            (Features::MACHINE_CHECKS, self.basic & 1 << 7 != 0 && self.basic & 1 << 14 != 0),
        ];
        offered.into_iter().filter(|(_, is_offered)| *is_offered).map(|(feature, _)| feature).collect()
    }

    /// Which flaws it has, as far as its maker says.
    pub fn flaws(&self) -> Flaws {
        let is_protected = self.features().intersects(Features::ENHANCED_IBRS | Features::AUTOMATIC_IBRS);
        match self.vendor {
            INTEL => {
                let leaks = !self.is_capable(0);
                [
                    (Flaws::MELTDOWN | Flaws::L1_TERMINAL_FAULT, leaks),
                    (Flaws::DATA_SAMPLING, leaks || !self.is_capable(5)),
                    (Flaws::BRANCH_INJECTION, !is_protected),
                    (Flaws::TRANSACTION_ABORT, self.has_transactions() && !self.is_capable(8)),
                ]
                .into_iter()
                .filter(|(_, is_there)| *is_there)
                .map(|(flaw, _)| flaw)
                .collect()
            }
            AMD if self.family() >= FIRST_ZEN && !is_protected => Flaws::BRANCH_INJECTION,
            _ => Flaws::empty(),
        }
    }

    /// Whether user level can begin transactions (RTM).
    const fn has_transactions(&self) -> bool {
        self.structured[0] & 1 << 11 != 0
    }

    const fn is_capable(&self, bit: u32) -> bool {
        self.has_capabilities() && self.capabilities & 1 << bit != 0
    }

    const fn family(&self) -> u32 {
        let family = self.version >> 8 & 0xf;
        if family == 0xf { family + (self.version >> 20 & 0xff) } else { family }
    }
}

/// "GenuineIntel", in the order of `ebx ecx edx`.
const INTEL: [u32; 3] = name(b"Genu", b"ntel", b"ineI");
/// "AuthenticAMD".
const AMD: [u32; 3] = name(b"Auth", b"cAMD", b"enti");
const FIRST_ZEN: u32 = 0x17;

const fn name(ebx: &[u8; 4], ecx: &[u8; 4], edx: &[u8; 4]) -> [u32; 3] {
    [u32::from_le_bytes(*ebx), u32::from_le_bytes(*ecx), u32::from_le_bytes(*edx)]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What every processor here has.
    const PLAIN: Identification = Identification {
        vendor: AMD,
        version: 0xf61,
        basic: 1 << 13,
        instructions: 0,
        structured: [1, 0, 0],
        extended: 1 << 20,
        further: 0,
        capabilities: 0,
    };
    const HAS_CAPABILITIES: u32 = 1 << 29;
    const HAS_IBRS: u32 = 1 << 26;

    fn intel(structured: u32, capabilities: u64) -> Identification {
        Identification { vendor: INTEL, version: 0x50654, structured: [1, 0, structured], capabilities, ..PLAIN }
    }

    #[test]
    fn what_is_missing_is_named() {
        assert_eq!(PLAIN.missing(), None);
        assert_eq!(Identification { extended: !(1 << 20), ..PLAIN }.missing(), Some(Missing::NoExecute));
        assert_eq!(Identification { structured: [!1, !0, !0], ..PLAIN }.missing(), Some(Missing::FsGsBase));
        assert_eq!(Identification::default().missing(), Some(Missing::NoExecute));
    }

    #[test]
    fn only_what_is_offered_is_turned_on() {
        assert_eq!(PLAIN.features(), Features::GLOBAL_PAGES);
        assert_eq!(Identification::default().features(), Features::empty());
        for (feature, offering) in [
            (Features::SMEP, Identification { structured: [1 << 7, 0, 0], ..PLAIN }),
            (Features::SMAP, Identification { structured: [1 << 20, 0, 0], ..PLAIN }),
            (Features::UMIP, Identification { structured: [0, 1 << 2, 0], ..PLAIN }),
            (Features::HUGE_PAGES, Identification { extended: 1 << 26, ..PLAIN }),
            (Features::TAGS, Identification { instructions: 1 << 17, structured: [1 << 10, 0, 0], ..PLAIN }),
            (Features::AUTOMATIC_IBRS, Identification { further: 1 << 8, ..PLAIN }),
            (Features::ENHANCED_IBRS, intel(HAS_CAPABILITIES | HAS_IBRS, 2)),
        ] {
            assert_eq!(offering.features(), Features::GLOBAL_PAGES | feature);
        }
        let without_forgetting = Identification { instructions: 1 << 17, ..PLAIN };
        assert_eq!(
            without_forgetting.features(),
            Features::GLOBAL_PAGES,
            "tags, and no way to forget what all of them have"
        );
    }

    #[test]
    fn a_bit_of_speculation_control_is_set_only_if_it_is_there_and_stays_of_effect() {
        for (structured, capabilities) in [(HAS_CAPABILITIES, 2), (HAS_IBRS, 2), (HAS_CAPABILITIES | HAS_IBRS, 0)] {
            assert!(!intel(structured, capabilities).features().contains(Features::ENHANCED_IBRS));
        }
    }

    #[test]
    fn a_processor_that_says_nothing_has_what_its_makers_others_had() {
        let all = Flaws::all() - Flaws::TRANSACTION_ABORT;
        assert_eq!(intel(0, 0).flaws(), all);
        assert_eq!(intel(0, u64::MAX).flaws(), all, "what is not offered is not read");
        let sure = HAS_CAPABILITIES | HAS_IBRS;
        assert_eq!(intel(sure, 1 << 5 | 2).flaws(), all - Flaws::BRANCH_INJECTION);
        assert_eq!(intel(sure, 1 | 2).flaws(), Flaws::DATA_SAMPLING);
        assert_eq!(intel(sure, 1 | 1 << 5).flaws(), Flaws::BRANCH_INJECTION);
        assert_eq!(intel(sure, 1 | 2 | 1 << 5).flaws(), Flaws::empty());
    }

    #[test]
    fn a_processor_with_transactions_leaks_by_their_aborts_unless_it_says_that_it_does_not() {
        const RTM: u32 = 1 << 11;
        let with_transactions = |capabilities| {
            let plain = intel(HAS_CAPABILITIES | HAS_IBRS, capabilities);
            let [ebx, ecx, edx] = plain.structured;
            Identification { structured: [ebx | RTM, ecx, edx], ..plain }
        };
        let sure = 1 | 2 | 1 << 5;
        assert_eq!(with_transactions(sure).flaws(), Flaws::TRANSACTION_ABORT);
        assert_eq!(with_transactions(sure | 1 << 8).flaws(), Flaws::empty());
        assert_eq!(Identification { vendor: AMD, ..with_transactions(0) }.flaws(), Flaws::empty());
    }

    #[test]
    fn other_makers_have_other_flaws() {
        let zen = Identification { version: 0x80_0f11, ..PLAIN };
        assert_eq!(zen.flaws(), Flaws::BRANCH_INJECTION);
        assert_eq!(Identification { further: 1 << 8, ..zen }.flaws(), Flaws::empty());
        assert_eq!(PLAIN.flaws(), Flaws::empty(), "too old to be judged");
        assert_eq!(Identification { vendor: name(b"Hygo", b"uine", b"nGen"), ..zen }.flaws(), Flaws::empty());
    }

    #[test]
    fn every_flaw_has_a_name() {
        let named: Flaws = Flaws::NAMES.into_iter().map(|(flaw, _)| flaw).collect();
        assert_eq!(named, Flaws::all());
    }
}
