//! Who waits for whom, so that the time of those that wait goes to the one that they wait for.
//!
//! A thread that waits for a lock, or for an answer, gains nothing from being passed over in favour of threads that are
//! less urgent than itself: the owner of the lock is not getting on. So it stays among those that the policy
//! chooses from, and when it is chosen, the *end of its chain* runs in its place and on its time: the one that it waits
//! for, or the one that that one waits for, and so on. This is inheritance by proxy. It needs to
//! know nothing of priorities, deadlines or shares, so it works with any policy; and it ends by itself when
//! the waiting does.
//!
//! ```text
//!    a ──waits for──▶ b ──▶ c        if any of the three is chosen, c runs
//!                     ▲
//!                     d              d too lends its time to c
//! ```
//!
//! When the end of a chain cannot run, because it sleeps or the kernel holds it, nobody in the chain is
//! chosen. A chain that bites its own tail is a deadlock: it is refused to whoever would close it.

/// No place.
const NONE: u16 = u16::MAX;

/// The thread would wait for one that waits for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cycle;

/// A place among the chains: whom it waits for, and who waits for it. All of it is one word, so that it is compared at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C, align(8))]
struct Link {
    target: u16,
    /// The first of those that wait for this one.
    first: u16,
    /// The next and the previous of those that wait for the same.
    next: u16,
    previous: u16,
}

impl Link {
    #[inline(always)]
    const fn to_word(self) -> u64 {
        let [target, first, next, previous] = [self.target, self.first, self.next, self.previous];
        target as u64 | (first as u64) << 16 | (next as u64) << 32 | (previous as u64) << 48
    }
}

const ALONE: Link = Link { target: NONE, first: NONE, next: NONE, previous: NONE };

/// Which of `N` places waits for which. Each waits for one at most.
#[derive(Debug)]
pub struct Chains<const N: usize> {
    links: [Link; N],
}

impl<const N: usize> Chains<N> {
    /// Nobody waits.
    pub const fn new() -> Self {
        const { assert!(N <= NONE as usize, "a place is a 16-bit number") };
        Self { links: [ALONE; N] }
    }

    /// Whether a place neither waits nor is waited for.
    #[inline(always)]
    pub fn is_alone(&self, place: usize) -> bool {
        self.links[place].to_word() == ALONE.to_word()
    }

    /// A place waits for another from here on; both are alone.
    #[inline(always)]
    pub(crate) fn pair(&mut self, place: usize, target: usize) {
        self.links[place].target = target as u16;
        self.links[target].first = place as u16;
    }

    /// Whether a place waits for another, and nobody else waits for either.
    #[inline(always)]
    pub(crate) fn is_pair(&self, place: usize, target: usize) -> bool {
        // Neither has a next: it is the first and only one that waits there.
        self.links[place].to_word() == Link { target: target as u16, ..ALONE }.to_word()
    }

    /// Such a place waits no longer.
    #[inline(always)]
    pub(crate) fn part(&mut self, place: usize, target: usize) {
        self.links[place].target = NONE;
        self.links[target].first = NONE;
    }

    /// Whom a place waits for.
    pub fn target(&self, place: usize) -> Option<usize> {
        some(self.links[place].target)
    }

    /// The end of the chain that starts at a place: the place itself if it waits for nobody.
    pub fn end(&self, mut place: usize) -> usize {
        while let Some(target) = self.target(place) {
            place = target;
        }
        place
    }

    /// From here on, a place waits for another, and no more for whom it waited before.
    ///
    /// # Errors
    ///
    /// [`Cycle`]; nothing has changed.
    pub fn wait_for(&mut self, place: usize, target: usize) -> Result<(), Cycle> {
        if self.comes_to(target, place) {
            return Err(Cycle);
        }
        self.cut(place);
        let next = core::mem::replace(&mut self.links[target].first, place as u16);
        if let Some(next) = some(next) {
            self.links[next].previous = place as u16;
        }
        let link = &mut self.links[place];
        (link.target, link.next, link.previous) = (target as u16, next, NONE);
        Ok(())
    }

    /// Whether the chain that starts at `from` comes to `place`.
    pub fn comes_to(&self, from: usize, place: usize) -> bool {
        core::iter::successors(Some(from), |at| self.target(*at)).any(|at| at == place)
    }

    /// A place waits no longer.
    pub fn cut(&mut self, place: usize) {
        let Link { target, next, previous, .. } = self.links[place];
        let Some(target) = some(target) else { return };
        match some(previous) {
            Some(previous) => self.links[previous].next = next,
            None => self.links[target].first = next,
        }
        if let Some(next) = some(next) {
            self.links[next].previous = previous;
        }
        let link = &mut self.links[place];
        (link.target, link.next, link.previous) = (NONE, NONE, NONE);
    }

    /// One of those that wait for a place and for nobody in between.
    pub fn first_waiting(&self, place: usize) -> Option<usize> {
        some(self.links[place].first)
    }

    /// Another one that waits for the same as the one in this place, of those after [`Self::first_waiting`].
    pub fn next_waiting(&self, place: usize) -> Option<usize> {
        some(self.links[place].next)
    }

    /// A place and all that wait for it, whoever is in between.
    pub fn tree(&self, root: usize) -> impl Iterator<Item = usize> {
        core::iter::successors(Some(root), move |at| self.after(*at, root))
    }

    /// Of a tree, what comes after a place: who waits for it, or else the next of those that wait for the same, or else the
    /// next of those that wait for whom it waits for, and so on.
    pub fn after(&self, mut at: usize, root: usize) -> Option<usize> {
        if let Some(first) = some(self.links[at].first) {
            return Some(first);
        }
        while at != root {
            if let Some(next) = some(self.links[at].next) {
                return Some(next);
            }
            at = self.target(at)?;
        }
        None
    }
}

impl<const N: usize> Default for Chains<N> {
    fn default() -> Self {
        Self::new()
    }
}

fn some(place: u16) -> Option<usize> {
    (place != NONE).then_some(usize::from(place))
}
