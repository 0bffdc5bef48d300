//! The management plan: what the composer tells a component that constructs others at run time, or gives them memory.
//!
//! It lies in the manager's address space, read-only; its address is in the word of the image's
//! [`Management`](crate::record::RecordKind::Management) record.
//!
//! | word | meaning |
//! |---|---|
//! | 0 | slot of the manager's own capability table |
//! | 1 | slot of its own page table |
//! | 2 | first of its slots that are free for what it makes |
//! | 3 | how many are free |
//! | 4 | name of the first untyped frame that it manages |
//! | 5 | how many there are |
//! | 6 | its own token if it constructs others: then the bundle's tables lie at [`BUNDLE`](crate::boot::BUNDLE); else 0 |
//! | 7 | number of components in the bundle |
//! | 8, … | the components, in the bundle's order, [`Managed::WORDS`] each |
//!
//! Behind them lies a *region map* for each component, of [`map_words`] each: bit n says that it may give component n memory
//! of its own.
//!
//! The segments of the components that it constructs lie where the bundle has them, counted from
//! [`BUNDLE`](crate::boot::BUNDLE), each with the rights of the segment but the right to write.

/// Frames of which a manager can keep account: 32 MiB.
pub const MOST_FRAMES: u64 = 8192;

/// Words before the first component.
pub const HEADER_WORDS: usize = 8;

/// Words of the header.
pub mod word {
    /// Slot of the manager's own capability table.
    pub const TABLE: usize = 0;
    /// Slot of its own page table.
    pub const PAGE_TABLE: usize = 1;
    /// The first free slot.
    pub const FREE: usize = 2;
    /// Number of free slots.
    pub const FREE_SLOTS: usize = 3;
    /// Name of the first untyped frame.
    pub const UNTYPED: usize = 4;
    /// Number of untyped frames.
    pub const FRAMES: usize = 5;
    /// Its own token, if it constructs others.
    pub const CONSTRUCTS: usize = 6;
    /// Number of components.
    pub const COMPONENTS: usize = 7;
}

/// What a manager holds of a component. A slot is 0 where it holds nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Managed {
    /// Slot of the component, to make invocations of.
    pub component: u64,
    /// Slot of its capability table.
    pub table: u64,
    /// Slot of its page table.
    pub page_table: u64,
    /// Frames that it may have from the manager at once.
    pub quota: u64,
    /// Of a component that is made at run time, the token of its other manager: who makes it is told who gives it memory, and the
    /// reverse. Who makes it then has 0 for everything else but `page_table`, which is a slot of the other's own table, where the
    /// page table is to go.
    pub partner: u64,
}

impl Managed {
    /// Words of a component.
    pub const WORDS: usize = 5;

    /// The component at the front of `words`.
    pub fn from_words(words: &[u64]) -> Option<Self> {
        let [component, table, page_table, quota, partner, ..] = *words else { return None };
        Some(Self { component, table, page_table, quota, partner })
    }

    /// The fields as words, in their order.
    pub const fn to_words(&self) -> [u64; Self::WORDS] {
        [self.component, self.table, self.page_table, self.quota, self.partner]
    }
}

/// Words of a region map of so many components.
pub const fn map_words(components: usize) -> usize {
    components.div_ceil(64)
}

/// The word at which the region map of component number `at` starts.
pub const fn map_at(components: usize, at: usize) -> usize {
    HEADER_WORDS + components * Managed::WORDS + at * map_words(components)
}

/// Words of a plan for so many components.
pub const fn words(components: usize) -> usize {
    map_at(components, components)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_component_round_trips() {
        let managed = Managed { component: 9, table: 10, page_table: 11, quota: 12, partner: 13 };
        assert_eq!(Managed::from_words(&managed.to_words()), Some(managed));
        assert_eq!(Managed::from_words(&[1, 2, 3, 4]), None);
    }

    #[test]
    fn region_maps_follow_the_components() {
        assert_eq!((map_words(1), map_words(64), map_words(65)), (1, 1, 2));
        assert_eq!(map_at(3, 0), HEADER_WORDS + 3 * Managed::WORDS);
        assert_eq!(words(65), HEADER_WORDS + 65 * (Managed::WORDS + 2));
    }
}
