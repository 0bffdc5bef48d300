//! What other systems need for the same, measured on the same clock.

/// A system that others were measured against, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peer {
    /// Its name, at the head of a column.
    pub name: &'static str,
    /// Which state of it was measured, where and how, for those who want to do it again.
    pub source: &'static str,
    /// Its figures, each with the row that it stands beside.
    pub figures: &'static [(&'static str, Figure)],
}

/// The instructions of one operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Figure {
    /// On a kernel for one core.
    pub instructions: u64,
    /// On a kernel for many, one of which runs, if that is another kernel.
    pub many_cores: Option<u64>,
    /// What exactly was measured, where that is not just what the row is named after.
    pub note: &'static str,
}

impl Peer {
    /// Its figure beside `row`.
    pub fn beside(&self, row: &str) -> Option<Figure> {
        self.figures.iter().find_map(|(name, figure)| (*name == row).then_some(*figure))
    }
}

impl std::fmt::Display for Figure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.many_cores {
            Some(many) => write!(f, "{} / {many}", self.instructions),
            None if self.instructions >= 10_000_000 => write!(f, "{:.1} M", self.instructions as f64 / 1e6),
            None => write!(f, "{}", self.instructions),
        }
    }
}

const fn one(instructions: u64, note: &'static str) -> Figure {
    Figure { instructions, many_cores: None, note }
}

const fn either(instructions: u64, many_cores: u64, note: &'static str) -> Figure {
    Figure { instructions, many_cores: Some(many_cores), note }
}

/// All of them.
pub const PEERS: [Peer; 2] = [COMPOSITE, SEL4];

const COMPOSITE: Peer = Peer {
    name: "Composite",
    source: "github.com/gwsystems/composite at 2f77a25a (February 2026), one core, built and run by ourselves: QEMU 7.2, \
        -icount shift=0, time-stamp counter read around each operation. It asserts PCID, XSAVES and VMX, which emulation \
        has not; these checks were relaxed, which changes a handful of instructions.",
    figures: &[
        ("null_entry", one(209, "its scheduler receives, nothing pending: the cheapest entry that was measured")),
        ("receive", one(209, "")),
        ("sinv_raw", one(449, "within one page table")),
        ("sinv_stub", one(500, "")),
        ("sinv_stub_4args", one(522, "three words back")),
        ("thread_switch", one(548, "with temporal capability and priority")),
        ("asnd", one(462, "")),
        ("asnd_arcv", one(1515, "")),
        ("yield_sched", one(1336, "half of a yield there and back")),
        ("mutex_uncontended", one(12, "")),
        ("mutex_contended", one(2697, "a hand-over")),
        ("chan_uncontended", one(39, "one sender, one receiver")),
        ("chan_blocking_roundtrip", one(2880, "")),
        ("captable_add", one(586, "of an invocation capability")),
        ("captable_copy", one(772, "")),
        ("captable_remove", one(346, "")),
        ("retype_map", one(1371, "")),
        ("alias", one(816, "")),
        ("temporal_capability_transfer", one(556, "")),
        ("temporal_capability_create", one(1443, "")),
        ("thread_create", one(4160, "")),
        ("component_create", one(627, "")),
        ("boot_to_first_component", one(563_000_000, "8 GiB of memory")),
        ("boot_to_components_up", one(1_770_000_000, "six components, 8 GiB of memory")),
    ],
};

const SEL4: Peer = Peer {
    name: "seL4",
    source: "seL4 16.0.0-dev at the revision of the sel4bench manifest of 2026-08-07, GCC 12.2 -O2, fast path on, no PCID, no \
        KPTI, not MCS, built and run by ourselves: QEMU 7.2, -icount shift=0, sel4bench with its counters read from the \
        time-stamp counter. Behind the stroke: the kernel configured for four cores, of which one runs.",
    figures: &[
        ("null_entry", one(89, "null system call")),
        ("sinv_stub_cleared", either(406, 576, "call and reply without words, two address spaces")),
        ("sinv_stub_4args", either(448, 618, "call and reply with four words each way")),
        ("thread_switch", either(268, 373, "yield to another thread of the process")),
        ("asnd", either(353, 427, "signal, nobody to switch to")),
        ("asnd_arcv", one(1018, "two signals, each with a switch")),
        ("retype_map", one(1620, "retype 900 and map 720, for a page")),
        ("unmap", one(570, "")),
        ("fault_handler", either(1303, 1539, "fault, handler, back; the handler has its own thread")),
        ("boot_to_first_component", one(19_900_000, "512 MiB of memory, without its 199.6 M of waiting for timers")),
        ("boot_to_components_up", one(930_000, "Microkit 2.3: its initialiser alone, behind the kernel")),
    ],
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::row::named;

    #[test]
    fn every_figure_stands_beside_a_row() {
        for (row, _) in PEERS.iter().flat_map(|peer| peer.figures) {
            assert!(named(row).is_some(), "{row}");
        }
    }

    #[test]
    fn every_peer_says_where_its_figures_come_from() {
        for peer in PEERS {
            assert!(peer.source.contains("QEMU") && peer.source.contains("icount"), "{}", peer.name);
        }
    }
}
