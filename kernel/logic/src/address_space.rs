//! The word by which a core loads an address space: what it writes to CR3.
//!
//! | bits | meaning |
//! |---|---|
//! | 0–11 | tag: translations of other tags are not used (the processor's process-context identifier) |
//! | 12–46 | the page table's root |
//! | 63 | [`KEEP`] |
//!
//! Without tags, each load of another page table forgets all translations but the kernel's. With tags, a component finds its
//! own again when it is entered the next time. A component's tag follows from its number, so that no two have one tag;
//! those with high numbers share tag 0, and what that has is forgotten at each load.
//! What is unmapped is gone from a tag that is not loaded only when its epoch is past, as from other cores: whoever
//! acknowledges an epoch forgets the translations of all tags.

use crate::frame::{DIRECT_MAP, Frame};

/// The translations of the tag stay.
pub const KEEP: u64 = 1 << 63;

/// Tags that a processor has.
const TAGS: u32 = 1 << 12;

/// The word for the page table `root` of the component with the descriptor number `component`.
pub const fn word(root: Frame, component: u32, is_tagged: bool) -> u64 {
    if is_tagged && component < TAGS { root.physical() | component as u64 | KEEP } else { root.physical() }
}

/// The page table that a word loads.
#[inline(always)]
pub const fn root(word: u64) -> Frame {
    // The direct map starts where a set bit 63 makes no difference.
    Frame::at((word & !0xfff) | DIRECT_MAP)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;
    use std::vec::Vec;

    const ROOT: Frame = Frame::numbered(0x7_ffff_ffff);

    #[test]
    fn without_tags_the_word_is_the_root() {
        assert_eq!(word(ROOT, 7, false), ROOT.physical());
        assert_eq!(root(word(ROOT, 7, false)), ROOT);
    }

    #[test]
    fn with_tags_no_two_components_keep_translations_under_one_tag() {
        let keeping = (1..10_000).map(|component| word(ROOT, component, true)).filter(|word| word & KEEP != 0);
        let tags: Vec<u64> = keeping.map(|word| word & 0xfff).collect();
        assert_eq!((tags.len(), tags.iter().collect::<BTreeSet<_>>().len()), (4095, 4095));
        assert!(!tags.contains(&0), "what is loaded without a tag of its own is not kept");
    }

    #[test]
    fn the_root_is_found_whatever_the_tag() {
        for component in [1, 4095, 4096, u32::MAX] {
            assert_eq!(root(word(ROOT, component, true)), ROOT);
        }
    }
}
