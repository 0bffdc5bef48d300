//! A binary heap of places that knows where each place is.
//!
//! Setting, removing and taking the least take at most log₂ N steps, and
//! nothing is left behind by what was removed.

/// Not in the heap.
const ABSENT: u16 = u16::MAX;

/// At most `N` places, each with a key; of equal keys, the one that was set first comes first.
#[derive(Debug)]
pub(crate) struct Heap<K, const N: usize> {
    /// Places; each comes no later than those at twice its index and one or two more.
    heap: [u16; N],
    length: usize,
    /// Where in the heap a place is.
    index: [u16; N],
    /// A place's key, and when it was set.
    key: [(K, u64); N],
    count: u64,
}

impl<K: Copy + Ord, const N: usize> Heap<K, N> {
    /// Nothing is in it. `none` is any key.
    pub(crate) const fn new(none: K) -> Self {
        const { assert!(N <= ABSENT as usize, "a place is a 16-bit number") };
        Self { heap: [ABSENT; N], length: 0, index: [ABSENT; N], key: [(none, 0); N], count: 0 }
    }

    /// Puts a place in, or gives it another key.
    pub(crate) fn set(&mut self, place: usize, key: K) {
        self.remove(place);
        self.key[place] = (key, self.count);
        self.count += 1;
        self.heap[self.length] = place as u16;
        self.index[place] = self.length as u16;
        self.length += 1;
        self.rise(self.length - 1);
    }

    /// Takes a place out, if it is in.
    pub(crate) fn remove(&mut self, place: usize) {
        if self.contains(place) {
            self.remove_at(usize::from(self.index[place]));
        }
    }

    /// Whether a place is in.
    pub(crate) const fn contains(&self, place: usize) -> bool {
        self.index[place] != ABSENT
    }

    /// Whether there are others than the first.
    pub(crate) const fn has_second(&self) -> bool {
        self.length > 1
    }

    /// The place that comes first, and its key.
    #[inline(always)]
    pub(crate) fn first(&self) -> Option<(usize, K)> {
        if self.length == 0 {
            return None;
        }
        let place = usize::from(self.heap[0]);
        Some((place, self.key[place].0))
    }

    /// The key of a place that is in.
    pub(crate) fn key(&self, place: usize) -> Option<K> {
        self.contains(place).then(|| self.key[place].0)
    }

    /// Takes out the place that comes first, and its key, if that is at most `most`.
    #[inline(always)]
    pub(crate) fn take(&mut self, most: K) -> Option<(usize, K)> {
        let first = self.first().filter(|(_, key)| *key <= most)?;
        self.remove_at(0);
        Some(first)
    }

    fn is_before(&self, left: usize, right: usize) -> bool {
        self.key[usize::from(self.heap[left])] < self.key[usize::from(self.heap[right])]
    }

    fn swap(&mut self, left: usize, right: usize) {
        self.heap.swap(left, right);
        self.index[usize::from(self.heap[left])] = left as u16;
        self.index[usize::from(self.heap[right])] = right as u16;
    }

    fn rise(&mut self, mut at: usize) {
        while at > 0 && self.is_before(at, (at - 1) / 2) {
            self.swap(at, (at - 1) / 2);
            at = (at - 1) / 2;
        }
    }

    fn sink(&mut self, mut at: usize) {
        while let Some(child) = self.earlier_child(at) {
            if !self.is_before(child, at) {
                break;
            }
            self.swap(child, at);
            at = child;
        }
    }

    fn earlier_child(&self, at: usize) -> Option<usize> {
        let (left, right) = (2 * at + 1, 2 * at + 2);
        if right < self.length && self.is_before(right, left) {
            return Some(right);
        }
        (left < self.length).then_some(left)
    }

    #[inline(always)]
    fn remove_at(&mut self, at: usize) {
        self.length -= 1;
        if at == self.length {
            self.index[usize::from(self.heap[at])] = ABSENT;
        } else {
            self.fill(at);
        }
    }

    /// Puts the last one into the place of another, which is gone.
    #[inline(never)]
    fn fill(&mut self, at: usize) {
        self.swap(at, self.length);
        self.index[usize::from(self.heap[self.length])] = ABSENT;
        self.rise(at);
        self.sink(at);
    }
}
