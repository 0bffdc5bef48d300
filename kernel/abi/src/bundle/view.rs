//! Reading a bundle.

use super::{
    BundleError, Capability, Component, Entry, HEADER_BYTES, MAGIC, MOST_CORES, Segment, Stack, VERSION, array,
    checksum, table_bytes, word_at,
};
use crate::crossing::PERSONALITY;
use crate::layout::{PAGE, THREADS, is_user};

/// A bundle that has been checked: every accessor stays inside the file.
#[derive(Clone, Copy, Debug)]
pub struct Bundle<'a> {
    bytes: &'a [u8],
    /// Bytes of the whole, of which `bytes` may be no more than the tables.
    length: u64,
    tables: [(usize, usize); 4],
}

const COMPONENTS: usize = 0;
const SEGMENTS: usize = 1;
const CAPABILITIES: usize = 2;
const STACKS: usize = 3;

impl<'a> Bundle<'a> {
    /// Checks everything that this module documents and returns a view of it.
    ///
    /// # Errors
    ///
    /// The first [`BundleError`] found. Bytes after the bundle's own length are ignored.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, BundleError> {
        let header = Self::header(bytes)?;
        let length = usize::try_from(header(2)).map_err(|_| BundleError::Truncated)?;
        let bytes = bytes.get(..length).ok_or(BundleError::Truncated)?;
        if length < HEADER_BYTES || !header(2).is_multiple_of(PAGE) {
            return Err(BundleError::Truncated);
        }
        if checksum(bytes[32..].chunks_exact(8).map(|b| u64::from_le_bytes(array(b)))) != header(3) {
            return Err(BundleError::Corrupt);
        }
        Self::with_tables(bytes, header)
    }

    /// The same of the bundle's tables alone, the first [`table_bytes`](Self::table_bytes): nothing is said of the
    /// contents, and the checksum is not looked at.
    ///
    /// # Errors
    ///
    /// As [`parse`](Self::parse).
    pub fn parse_tables(tables: &'a [u8]) -> Result<Self, BundleError> {
        Self::with_tables(tables, Self::header(tables)?)
    }

    fn header(bytes: &'a [u8]) -> Result<impl Fn(usize) -> u64 + 'a, BundleError> {
        let header = bytes.get(..HEADER_BYTES).ok_or(BundleError::Truncated)?;
        let word = move |at: usize| word_at(header, at * 8).unwrap_or(0);
        if word(0) != MAGIC {
            return Err(BundleError::NotABundle);
        }
        if word(1) != VERSION {
            return Err(BundleError::OtherVersion(word(1)));
        }
        Ok(word)
    }

    fn with_tables(bytes: &'a [u8], header: impl Fn(usize) -> u64) -> Result<Self, BundleError> {
        let sizes = [Component::WORDS, Segment::WORDS, Capability::WORDS, Stack::WORDS];
        let mut tables = [(0, 0); 4];
        for (at, (table, size)) in tables.iter_mut().zip(sizes).enumerate() {
            *table = table_bounds(bytes.len(), size * 8, header(4 + 2 * at), header(5 + 2 * at))?;
        }
        let bundle = Self { bytes, length: header(2), tables };
        bundle.check()?;
        Ok(bundle)
    }

    fn check(&self) -> Result<(), BundleError> {
        if self.tables[COMPONENTS].0 == 0 {
            return Err(BundleError::Empty);
        }
        for at in 0..self.tables[COMPONENTS].0 {
            self.check_component(at).ok_or(BundleError::BadComponent(at))?;
        }
        Ok(())
    }

    fn check_component(&self, at: usize) -> Option<()> {
        let component: Component = self.entry(COMPONENTS, at)?;
        let shares =
            [(SEGMENTS, component.segments), (CAPABILITIES, component.capabilities), (STACKS, component.stacks)];
        for (table, (first, count)) in shares {
            let end = first.checked_add(count)?;
            (end <= self.tables[table].0 as u64).then_some(())?;
        }
        let capabilities = (component.capabilities.0..).take(component.capabilities.1 as usize);
        for capability in capabilities {
            let capability: Capability = self.entry(CAPABILITIES, capability as usize)?;
            capability.is_sound(self.tables[COMPONENTS].0 as u64).then_some(())?;
        }
        let sound = is_user(component.entry)
            && component.thread < u64::from(THREADS)
            && component.scheduler < self.tables[COMPONENTS].0 as u64
            && component.core < u64::from(MOST_CORES)
            && (at != 0 || component.core == 0)
            && component.constructor < self.tables[COMPONENTS].0 as u64
            && component.of < self.tables[COMPONENTS].0 as u64
            && component.space <= at as u64
            && component.around < self.tables[COMPONENTS].0 as u64
            && self.segments(&component).all(|s| s.is_sound(self.length))
            && self.stacks(&component).all(|s| s.is_sound());
        sound.then_some(())
    }

    fn entry<T: Entry>(&self, table: usize, at: usize) -> Option<T> {
        let (count, offset) = self.tables[table];
        if at >= count {
            return None;
        }
        let mut words = [0; Component::WORDS];
        let words = words.get_mut(..T::WORDS)?;
        for (i, word) in words.iter_mut().enumerate() {
            *word = word_at(self.bytes, offset + (at * T::WORDS + i) * 8)?;
        }
        T::from_words(words)
    }

    fn share<T: Entry>(&self, table: usize, (first, count): (u64, u64)) -> impl Iterator<Item = T> {
        let bundle = *self;
        (first..).take(count as usize).map_while(move |at| bundle.entry(table, at as usize))
    }

    /// Bytes of the bundle, as its header says.
    pub fn byte_len(&self) -> u64 {
        self.length
    }

    /// Bytes of header and tables, a whole number of pages.
    pub fn table_bytes(&self) -> u64 {
        table_bytes(self.bytes).unwrap_or(HEADER_BYTES as u64)
    }

    /// The components: the booter, then the others in the order of initialisation.
    pub fn components(&self) -> impl Iterator<Item = Component> {
        self.share(COMPONENTS, (0, self.tables[COMPONENTS].0 as u64))
    }

    /// The segments of `component`.
    pub fn segments(&self, component: &Component) -> impl Iterator<Item = Segment> {
        self.share(SEGMENTS, component.segments)
    }

    /// The capabilities of `component`.
    pub fn capabilities(&self, component: &Component) -> impl Iterator<Item = Capability> {
        self.share(CAPABILITIES, component.capabilities)
    }

    /// The stacks of `component`.
    pub fn stacks(&self, component: &Component) -> impl Iterator<Item = Stack> {
        self.share(STACKS, component.stacks)
    }

    /// Whether `component` is foreign: then it has a personality.
    pub fn is_foreign(&self, component: &Component) -> bool {
        self.capabilities(component).any(|capability| capability.slot == u64::from(PERSONALITY))
    }

    /// The bytes of `segment`.
    pub fn contents(&self, segment: &Segment) -> &'a [u8] {
        let start = segment.offset as usize;
        self.bytes.get(start..start + segment.file_bytes as usize).unwrap_or(&[])
    }
}

fn table_bounds(length: usize, size: usize, count: u64, offset: u64) -> Result<(usize, usize), BundleError> {
    let bad = BundleError::BadTable;
    let bytes = count.checked_mul(size as u64).ok_or(bad)?;
    let end = offset.checked_add(bytes).ok_or(bad)?;
    if end > length as u64 || !offset.is_multiple_of(8) || offset < HEADER_BYTES as u64 {
        return Err(bad);
    }
    Ok((count as usize, offset as usize))
}
