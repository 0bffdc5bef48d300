//! What calls cost, as last recorded by the benchmark.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;

use crate::graph::{Dependency, Via};

/// Instructions of the benchmark's rows.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Costs {
    instructions: BTreeMap<String, u64>,
}

/// Calls in a round of a page, over which its rows are measured: its slots.
const ROUND: u64 = 64;

impl Costs {
    /// The figures that were recorded last, if there are any where the composer was built.
    pub fn recorded() -> Option<Self> {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/bench/recorded.json");
        serde_json::from_slice(&std::fs::read(file).ok()?).ok()
    }

    /// What a call over the edge costs, in instructions, in words; another if both ends share a page table. Nothing if that is not measured.
    pub fn of(&self, dep: &Dependency, is_shared: bool) -> Option<String> {
        let row = |name: &str| self.instructions.get(name).copied();
        let is_trusted = dep.trust.server && dep.trust.client;
        if is_shared {
            let is_measured = is_trusted && dep.via == Via::Call;
            return row("sinv_stub_shared").filter(|_| is_measured).map(|call| format!("{call} a call"));
        }
        if dep.via == Via::Page {
            // Measured between ends that trust each other, on one core.
            let is_measured = is_trusted && dep.core.is_none();
            let round = row("page_serve_b8").filter(|_| is_measured);
            return round.map(|round| format!("{} a call, 8 a batch", round / ROUND));
        }
        let (both, neither) = (row("sinv_stub")?, row("sinv_stub_cleared")?);
        Some(match (dep.trust.server, dep.trust.client) {
            (true, true) => format!("{both} a call"),
            (false, false) => format!("{neither} a call"),
            _ => format!("{both} to {neither} a call"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_recorded_figures_have_the_rows() {
        let costs = Costs::recorded().unwrap();
        for row in ["sinv_stub", "sinv_stub_cleared", "page_serve_b8"] {
            assert!(costs.instructions.contains_key(row), "{row}");
        }
    }
}
