//! The books: which frame is whose, and at which page of its owner.

use abi::management::MOST_FRAMES;

/// Pages in which a client's memory can lie: twice what it can have.
const WINDOW: usize = 2 * MOST_FRAMES as usize;

/// What a frame is used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Use {
    /// Memory of its owner.
    Granted,
    /// Memory that its owner has given away, and that nobody has taken yet.
    Given,
    /// Named for its owner, who makes objects from it.
    Lent,
    /// A node of its owner's page table, above that page.
    Node,
    /// A node of the manager's own page table, for good.
    OwnNode,
}

/// A frame that is not free.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Used {
    owner: u16,
    what: Use,
    page: u32,
}

/// The books.
pub struct Books {
    frames: [Option<Used>; MOST_FRAMES as usize],
    /// Below it, no frame is free.
    first_free: usize,
    /// From it on, all are.
    end: usize,
}

impl Books {
    /// Books in which every frame is free.
    pub const fn new() -> Self {
        Self { frames: [None; MOST_FRAMES as usize], first_free: 0, end: 0 }
    }

    /// Takes a frame below `limit` that is free, for a page of `owner`.
    pub fn take(&mut self, limit: u64, owner: usize, what: Use, page: u64) -> Option<u64> {
        let limit = limit.min(MOST_FRAMES) as usize;
        let free = self.frames.get(self.first_free..limit)?.iter().position(Option::is_none);
        let at = self.first_free + free?;
        let used = Used { owner: u16::try_from(owner).ok()?, what, page: u32::try_from(page).ok()? };
        *self.frames.get_mut(at)? = Some(used);
        self.first_free = at + 1;
        self.end = self.end.max(at + 1);
        Some(at as u64)
    }

    /// Makes a frame free.
    pub fn free(&mut self, frame: u64) {
        if let Some(used) = self.frames.get_mut(frame as usize) {
            *used = None;
            self.first_free = self.first_free.min(frame as usize);
            self.end = self.used().rposition(Option::is_some).map_or(0, |last| last + 1);
        }
    }

    /// Makes a frame that is not free another owner's, or something else.
    pub fn change(&mut self, frame: u64, owner: usize, what: Use, page: u64) -> Option<()> {
        let used = Used { owner: u16::try_from(owner).ok()?, what, page: u32::try_from(page).ok()? };
        *self.frames.get_mut(frame as usize)?.as_mut()? = used;
        Some(())
    }

    /// The first frame of `owner` that is used so, and its page.
    pub fn first(&self, owner: usize, what: Use) -> Option<(u64, u64)> {
        let mut frames = self.used().enumerate().filter_map(|(at, used)| Some((at, used.as_ref()?)));
        let (at, used) = frames.find(|(_, used)| (used.owner.into(), used.what) == (owner, what))?;
        Some((at as u64, used.page.into()))
    }

    /// The pages above which nodes of the owner's page table were added.
    pub fn nodes(&self, owner: usize) -> impl Iterator<Item = u64> {
        let nodes = self.used().flatten().filter(move |used| (used.owner.into(), used.what) == (owner, Use::Node));
        nodes.map(|used| used.page.into())
    }

    /// The frame that `owner` uses so at `page`.
    pub fn frame(&self, owner: usize, what: Use, page: u64) -> Option<u64> {
        let wanted = |used: &Option<Used>| {
            used.is_some_and(|used| (used.owner.into(), used.what, used.page.into()) == (owner, what, page))
        };
        self.used().position(wanted).map(|at| at as u64)
    }

    /// Frames that a client has.
    pub fn count(&self, owner: usize) -> u64 {
        self.pages(|other| other == owner).count() as u64
    }

    /// The first of `pages` page numbers in a row at which none of those who share an address space has anything, also nothing of
    /// `others`: pairs of a first page and how many.
    pub fn gap(
        &self,
        shares: impl Fn(usize) -> bool,
        pages: u64,
        others: impl Iterator<Item = (u64, u64)>,
    ) -> Option<u64> {
        let mut taken = [0_u64; WINDOW / 64];
        let mut mark = |page: u64| {
            if let Some(word) = taken.get_mut(page as usize / 64) {
                *word |= 1 << (page % 64);
            }
        };
        self.pages(shares).for_each(&mut mark);
        others.flat_map(|(first, pages)| first..first + pages).for_each(&mut mark);
        let is_taken = |page: u64| taken.get(page as usize / 64).is_none_or(|word| word & 1 << (page % 64) != 0);
        let mut run = 0;
        for page in 0..WINDOW as u64 {
            run = if is_taken(page) { 0 } else { run + 1 };
            if run == pages {
                return Some(page + 1 - pages);
            }
        }
        None
    }

    fn pages(&self, owns: impl Fn(usize) -> bool) -> impl Iterator<Item = u64> {
        let pages = self.used().flatten().filter(|used| !matches!(used.what, Use::Node | Use::OwnNode));
        pages.filter(move |used| owns(used.owner.into())).map(|used| used.page.into())
    }

    /// The frames up to the last one that is not free.
    fn used(&self) -> core::slice::Iter<'_, Option<Used>> {
        self.frames.get(..self.end).unwrap_or_default().iter()
    }
}
