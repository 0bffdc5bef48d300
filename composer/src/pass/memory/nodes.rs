//! The nodes of a page table, by what is mapped in it.

use std::ops::Range;

use logic::page_table::span;

/// The levels of tables below the root.
const LEVELS: u64 = 3;

/// The tables below the root of a page table: runs of them, each a level, the first and the last. However much is mapped, a run is as
/// short to write down; and the same tables may be in several.
#[derive(Clone, Debug, Default)]
pub struct Nodes(Vec<(u64, u64, u64)>);

impl Nodes {
    /// Adds what is missing for entries of `level` at the addresses in `range`.
    pub fn add(&mut self, range: Range<u64>, level: u64) {
        let Some(last) = range.end.checked_sub(1).filter(|last| range.start <= *last) else { return };
        let run = |level: u64| (level, range.start / span(level + 1), last / span(level + 1));
        self.0.extend((level..=LEVELS).map(run));
    }

    /// Adds what is missing for pages at the addresses in `range`.
    pub fn add_pages(&mut self, range: Range<u64>) {
        self.add(range, 1);
    }

    /// How many there are, the root not counted.
    pub fn count(&self) -> u64 {
        let mut runs = self.0.clone();
        runs.sort_unstable();
        let (mut count, mut done) = (0, (0, 0));
        for (level, first, last) in runs {
            // The next that has not been counted.
            let next = if done.0 == level { done.1.max(first) } else { first };
            count += (last + 1).saturating_sub(next);
            done = (level, next.max(last + 1));
        }
        count
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_node_is_counted_once_whatever_hangs_from_it() {
        let mut nodes = Nodes::default();
        nodes.add_pages(0x40_0000..0x40_1000);
        assert_eq!(nodes.count(), 3);
        nodes.add_pages(0x40_1000..0x60_0000);
        assert_eq!(nodes.count(), 3, "it is the same 2 MiB");
        nodes.add_pages(0x5f_f000..0x60_1000);
        assert_eq!(nodes.count(), 4);
        nodes.add(0x4000_0000..0x8000_0000, 2);
        assert_eq!(nodes.count(), 5, "2 MiB pages hang from the level above");
        nodes.add_pages(7..7);
        assert_eq!(nodes.count(), 5, "nothing needs nothing");
        nodes.add_pages(0x40_0000..0x80_0000);
        assert_eq!(nodes.count(), 5, "those were there, one and one");
        nodes.add_pages(0x40_0000..0xa0_0000);
        assert_eq!(nodes.count(), 6);
        let mut nodes = Nodes::default();
        nodes.add_pages(0..1 << 40);
        assert_eq!(nodes.count(), (1 << 19) + (1 << 10) + 2, "however much it is");
    }
}
