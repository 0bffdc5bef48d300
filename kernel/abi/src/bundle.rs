//! The bundle: one file with every component of a system, placed, relocated and
//! bound, and the plan by which the booter constructs them.
//!
//! All numbers are little-endian words of eight bytes. The file is a whole
//! number of pages. Segment contents start on page boundaries, so that they can
//! be mapped as they lie, without a copy.
//!
//! | word | header field |
//! |---|---|
//! | 0 | [`MAGIC`] |
//! | 1 | [`VERSION`] |
//! | 2 | bytes of the whole bundle |
//! | 3 | [`checksum`] of every word after this one |
//! | 4, 5 | number of [`Component`]s, and the byte offset of the first |
//! | 6, 7 | the same for [`Segment`]s |
//! | 8, 9 | the same for [`Capability`]s |
//! | 10, 11 | the same for [`Stack`]s |
//!
//! Component 0 is the booter. The others follow in the order in which they are
//! to be initialised. Behind them, an entry with [`of`](Component::of) is no component, but one more thread of one.

use crate::crossing::PERSONALITY;
use crate::kind::Kind;
use crate::layout::{EXECUTE, PAGE, READ, STACK_SPAN, THREADS, WRITE, is_user};
use crate::phase::Phases;

/// First word of a bundle: "TESSERA" and a zero byte, in memory order.
pub const MAGIC: u64 = u64::from_le_bytes(*b"TESSERA\0");

/// Version of everything on this page.
pub const VERSION: u64 = 6;

/// Bytes of the header.
pub const HEADER_BYTES: usize = 12 * 8;

/// Bytes of a component's name, padded with zeros.
pub const NAME_BYTES: usize = 32;

/// Every core's number is below this.
pub const MOST_CORES: u32 = 1 << 16;

/// Interrupt lines that a kernel has room for.
pub const INTERRUPT_LINES: u64 = 128;

/// What is wrong with a bundle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BundleError {
    /// It is shorter than it says, or than a header.
    Truncated,
    /// It does not start with [`MAGIC`].
    NotABundle,
    /// It has another [`VERSION`].
    OtherVersion(u64),
    /// Its contents do not match its checksum.
    Corrupt,
    /// A table or a segment lies outside the file or off its alignment.
    BadTable,
    /// A component's fields contradict each other.
    BadComponent(usize),
    /// It has no components.
    Empty,
}

impl core::fmt::Display for BundleError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Truncated => f.write_str("the bundle is truncated"),
            Self::NotABundle => f.write_str("the module is not a bundle"),
            Self::OtherVersion(v) => write!(f, "the bundle has version {v}, this kernel reads {VERSION}"),
            Self::Corrupt => f.write_str("the bundle is corrupt: its checksum does not match"),
            Self::BadTable => f.write_str("the bundle is corrupt: a table lies outside it"),
            Self::BadComponent(at) => write!(f, "the bundle is corrupt: component {at} is malformed"),
            Self::Empty => f.write_str("the bundle has no components"),
        }
    }
}

impl core::error::Error for BundleError {}

/// A component: its name, where it starts, and its share of the other tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Component {
    /// The name in the graph, padded with zeros.
    pub name: [u8; NAME_BYTES],
    /// Address at which its thread starts.
    pub entry: u64,
    /// Index of its own thread.
    pub thread: u64,
    /// First of its segments, and how many.
    pub segments: (u64, u64),
    /// First of its capabilities, and how many.
    pub capabilities: (u64, u64),
    /// First of its stacks, and how many.
    pub stacks: (u64, u64),
    /// The component that schedules its thread, as an index into the bundle's components; 0 if that is
    /// nobody, and the booter runs it.
    pub scheduler: u64,
    /// The component that constructs it, as an index into the bundle's components; 0 for the booter.
    pub constructor: u64,
    /// The core that its thread runs on.
    pub core: u64,
    /// 0 for a component; for one more thread of a component, on another core, the component, as an index into the bundle's components.
    pub of: u64,
    /// What its thread does.
    pub phases: Phases,
    /// Time of its thread's own.
    pub time: Time,
    /// The component before it whose page table it shares, as an index into the bundle's components; 0 if it has one of its
    /// own.
    pub space: u64,
    /// If it has one of its own, the component in whose page table everything is mapped at first that is to be mapped in its
    /// own as well; 0 if there is none.
    pub around: u64,
}

/// The temporal capability that belongs to a scheduler's thread.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u64)]
pub enum Time {
    /// There is none.
    #[default]
    None = 0,
    /// An empty one: the scheduler above fills it.
    Given = 1,
    /// One that is never used up, of the thread's core.
    Endless = 2,
}

impl Time {
    const fn from_word(word: u64) -> Self {
        match word {
            1 => Self::Given,
            2 => Self::Endless,
            _ => Self::None,
        }
    }
}

/// A run of pages of a component.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Segment {
    /// First address, on a page boundary.
    pub address: u64,
    /// Bytes of address space, a whole number of pages.
    pub memory_bytes: u64,
    /// Where the contents lie in the bundle, on a page boundary.
    pub offset: u64,
    /// Bytes of contents, a whole number of pages; the rest of the memory is zero.
    pub file_bytes: u64,
    /// [`READ`], and [`WRITE`] or [`EXECUTE`], never both.
    pub rights: u64,
}

/// A capability that a component starts with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capability {
    /// The slot it goes to.
    pub slot: u64,
    /// What it refers to.
    pub grant: Grant,
}

/// What a component is granted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grant {
    /// An entry point of another component.
    Invocation {
        /// The server, as an index into the bundle's components.
        server: u64,
        /// Address of the entry.
        entry: u64,
        /// The word by which the server knows the edge.
        token: u64,
        /// Bit n permits method n.
        methods: u64,
    },
    /// A range of I/O ports.
    Ports {
        /// First port.
        first: u64,
        /// Number of ports.
        count: u64,
    },
    /// An interrupt line.
    Interrupt {
        /// Its number.
        line: u64,
    },
    /// A device's registers in memory, mapped for the component as well.
    Registers {
        /// Their physical address.
        physical: u64,
        /// Number of pages.
        pages: u64,
        /// Where the component finds them.
        address: u64,
    },
    /// The capability table of a component: an index into the bundle's components.
    Table(u64),
    /// The page table of a component.
    PageTable(u64),
    /// A component, to make threads in.
    Component(u64),
    /// A component, to make invocations of.
    Server(u64),
    /// The thread of a component.
    Thread(u64),
    /// The receive end-point of a component's thread.
    Receive(u64),
    /// The right to send to a component's thread.
    Send(u64),
    /// The level whose fault or system call the component handles.
    HandledLevel,
    /// The temporal capability that all cycles come from, to run threads on and to give cycles from.
    Time,
    /// The temporal capability of a component's thread, to run it on and to move cycles to it.
    Fill(u64),
    /// The temporal capability of a component's thread, to run threads on and to give cycles from.
    Spend(u64),
    /// Untyped frames of its own, named in its page table. Takes no slot: the slot's number is 0.
    Untyped {
        /// Name of the first.
        address: u64,
        /// How many.
        frames: u64,
    },
    /// The bundle's tables, and the segments of the components that it constructs, mapped read-only where the booter
    /// has them. Takes no slot.
    Bundle,
}

/// Stack memory for one thread in one component.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stack {
    /// Index of the thread.
    pub thread: u64,
    /// The end of the stack, on a [`STACK_SPAN`] boundary.
    pub end: u64,
    /// Bytes of memory below the end, a whole number of pages.
    pub bytes: u64,
}

/// A fixed-size entry of one of the bundle's tables.
trait Entry: Sized {
    const WORDS: usize;
    fn from_words(words: &[u64]) -> Option<Self>;
}

impl Component {
    /// Words of an entry.
    pub const WORDS: usize = 20;

    /// The entry's words.
    pub fn to_words(&self) -> [u64; Self::WORDS] {
        let mut words = [0; Self::WORDS];
        for (word, bytes) in words.iter_mut().zip(self.name.chunks_exact(8)) {
            *word = u64::from_le_bytes(array(bytes));
        }
        words[4..].copy_from_slice(&[
            self.entry,
            self.thread,
            self.segments.0,
            self.segments.1,
            self.capabilities.0,
            self.capabilities.1,
            self.stacks.0,
            self.stacks.1,
            self.scheduler,
            self.constructor,
            self.core,
            self.of,
            self.phases.to_word(),
            self.time as u64,
            self.space,
            self.around,
        ]);
        words
    }

    /// The name as text, or the part before the first byte that is none.
    pub fn name(&self) -> &str {
        let end = self.name.iter().position(|b| *b == 0).unwrap_or(NAME_BYTES);
        match core::str::from_utf8(&self.name[..end]) {
            Ok(name) => name,
            Err(error) => core::str::from_utf8(&self.name[..error.valid_up_to()]).unwrap_or(""),
        }
    }

    /// The name as the four words that the kernel's `Name` operation takes.
    pub fn name_words(&self) -> [u64; 4] {
        let words = self.to_words();
        [words[0], words[1], words[2], words[3]]
    }
}

impl Entry for Component {
    const WORDS: usize = Component::WORDS;

    fn from_words(w: &[u64]) -> Option<Self> {
        let mut name = [0; NAME_BYTES];
        for (bytes, word) in name.chunks_exact_mut(8).zip(w) {
            bytes.copy_from_slice(&word.to_le_bytes());
        }
        Some(Self {
            name,
            entry: w[4],
            thread: w[5],
            segments: (w[6], w[7]),
            capabilities: (w[8], w[9]),
            stacks: (w[10], w[11]),
            scheduler: w[12],
            constructor: w[13],
            core: w[14],
            of: w[15],
            phases: Phases::from_word(w[16]),
            time: Time::from_word(w[17]),
            space: w[18],
            around: w[19],
        })
    }
}

impl Segment {
    /// Words of an entry.
    pub const WORDS: usize = 5;

    /// The entry's words.
    pub fn to_words(&self) -> [u64; Self::WORDS] {
        [self.address, self.memory_bytes, self.offset, self.file_bytes, self.rights]
    }

    fn is_sound(&self, bundle_bytes: u64) -> bool {
        let aligned = (self.address | self.memory_bytes | self.offset | self.file_bytes).is_multiple_of(PAGE);
        let sized = self.memory_bytes > 0 && self.file_bytes <= self.memory_bytes;
        let inside = self.offset.checked_add(self.file_bytes).is_some_and(|end| end <= bundle_bytes);
        let rights = [READ, READ | WRITE, READ | EXECUTE].contains(&self.rights);
        aligned && sized && inside && rights && is_user_range(self.address, self.memory_bytes)
    }
}

impl Entry for Segment {
    const WORDS: usize = Segment::WORDS;

    fn from_words(w: &[u64]) -> Option<Self> {
        Some(Self { address: w[0], memory_bytes: w[1], offset: w[2], file_bytes: w[3], rights: w[4] })
    }
}

impl Capability {
    /// Words of an entry.
    pub const WORDS: usize = 6;

    const INVOCATION: u64 = Kind::Invocation as u64;
    const PORTS: u64 = Kind::Ports as u64;
    const INTERRUPT: u64 = Kind::Interrupt as u64;
    const REGISTERS: u64 = Kind::PhysicalRange as u64;
    const TABLE: u64 = Kind::CapabilityTable as u64;
    const PAGE_TABLE: u64 = Kind::PageTable as u64;
    const COMPONENT: u64 = Kind::Component as u64;
    const THREAD: u64 = Kind::Thread as u64;
    const RECEIVE: u64 = Kind::Receive as u64;
    const SEND: u64 = Kind::Send as u64;
    const HANDLED_LEVEL: u64 = Kind::HandledLevel as u64;
    const TIME: u64 = Kind::TemporalCapability as u64;
    /// No kind of capability: untyped memory is named in page tables.
    const UNTYPED: u64 = 0x100;
    /// A component, with other rights.
    const SERVER: u64 = 0x101;
    /// Memory.
    const BUNDLE: u64 = 0x102;
    /// Temporal capabilities, with some rights each.
    const FILL: u64 = 0x103;
    const SPEND: u64 = 0x104;

    /// The entry's words.
    pub fn to_words(&self) -> [u64; Self::WORDS] {
        let (kind, [a, b, c, d]) = match self.grant {
            Grant::Invocation { server, entry, token, methods } => (Self::INVOCATION, [server, entry, token, methods]),
            Grant::Ports { first, count } => (Self::PORTS, [first, count, 0, 0]),
            Grant::Interrupt { line } => (Self::INTERRUPT, [line, 0, 0, 0]),
            Grant::Registers { physical, pages, address } => (Self::REGISTERS, [physical, pages, address, 0]),
            Grant::Table(of) => (Self::TABLE, [of, 0, 0, 0]),
            Grant::PageTable(of) => (Self::PAGE_TABLE, [of, 0, 0, 0]),
            Grant::Server(of) => (Self::SERVER, [of, 0, 0, 0]),
            Grant::Component(of) => (Self::COMPONENT, [of, 0, 0, 0]),
            Grant::Thread(of) => (Self::THREAD, [of, 0, 0, 0]),
            Grant::Receive(of) => (Self::RECEIVE, [of, 0, 0, 0]),
            Grant::Send(of) => (Self::SEND, [of, 0, 0, 0]),
            Grant::HandledLevel => (Self::HANDLED_LEVEL, [0; 4]),
            Grant::Time => (Self::TIME, [0; 4]),
            Grant::Fill(of) => (Self::FILL, [of, 0, 0, 0]),
            Grant::Spend(of) => (Self::SPEND, [of, 0, 0, 0]),
            Grant::Untyped { address, frames } => (Self::UNTYPED, [address, frames, 0, 0]),
            Grant::Bundle => (Self::BUNDLE, [0; 4]),
        };
        [self.slot, kind, a, b, c, d]
    }
}

impl Entry for Capability {
    const WORDS: usize = Capability::WORDS;

    fn from_words(w: &[u64]) -> Option<Self> {
        let grant = match w[1] {
            Self::INVOCATION => Grant::Invocation { server: w[2], entry: w[3], token: w[4], methods: w[5] },
            Self::PORTS => Grant::Ports { first: w[2], count: w[3] },
            Self::INTERRUPT => Grant::Interrupt { line: w[2] },
            Self::REGISTERS => Grant::Registers { physical: w[2], pages: w[3], address: w[4] },
            Self::TABLE => Grant::Table(w[2]),
            Self::PAGE_TABLE => Grant::PageTable(w[2]),
            Self::SERVER => Grant::Server(w[2]),
            Self::COMPONENT => Grant::Component(w[2]),
            Self::THREAD => Grant::Thread(w[2]),
            Self::RECEIVE => Grant::Receive(w[2]),
            Self::SEND => Grant::Send(w[2]),
            Self::HANDLED_LEVEL => Grant::HandledLevel,
            Self::TIME => Grant::Time,
            Self::UNTYPED => Grant::Untyped { address: w[2], frames: w[3] },
            Self::BUNDLE => Grant::Bundle,
            Self::FILL => Grant::Fill(w[2]),
            Self::SPEND => Grant::Spend(w[2]),
            _ => return None,
        };
        Some(Self { slot: w[0], grant })
    }
}

impl Stack {
    /// Words of an entry.
    pub const WORDS: usize = 3;

    /// The entry's words.
    pub fn to_words(&self) -> [u64; Self::WORDS] {
        [self.thread, self.end, self.bytes]
    }

    fn is_sound(&self) -> bool {
        let aligned = self.end.is_multiple_of(STACK_SPAN) && self.bytes.is_multiple_of(PAGE);
        let sized = 0 < self.bytes && self.bytes < STACK_SPAN && self.thread < u64::from(THREADS);
        aligned && sized && self.end >= STACK_SPAN && is_user_range(self.end - self.bytes, self.bytes)
    }
}

impl Entry for Stack {
    const WORDS: usize = Stack::WORDS;

    fn from_words(w: &[u64]) -> Option<Self> {
        Some(Self { thread: w[0], end: w[1], bytes: w[2] })
    }
}

/// The sum that guards a bundle against corruption; not against malice, which
/// no sum without a secret can. Fowler–Noll–Vo 1a, by words instead of bytes.
pub fn checksum(words: impl Iterator<Item = u64>) -> u64 {
    words.fold(0xcbf2_9ce4_8422_2325, |sum, word| (sum ^ word).wrapping_mul(0x0000_0100_0000_01b3))
}

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
            self.check_capability(&capability)?;
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

    fn check_capability(&self, capability: &Capability) -> Option<()> {
        let in_table = 0 < capability.slot && capability.slot < u64::from(crate::crossing::CAPABILITIES);
        let exists = |component: u64| component < self.tables[COMPONENTS].0 as u64;
        let sound = match capability.grant {
            Grant::Invocation { server, entry, .. } => in_table && exists(server) && is_user(entry),
            Grant::Ports { first, count } => {
                in_table && count > 0 && first.checked_add(count).is_some_and(|end| end <= 0x1_0000)
            }
            Grant::Interrupt { line } => in_table && line < INTERRUPT_LINES,
            Grant::Registers { physical, pages, address } => {
                let bytes = pages.checked_mul(PAGE).filter(|bytes| *bytes > 0);
                let aligned = (physical | address).is_multiple_of(PAGE);
                let end = bytes.and_then(|bytes| physical.checked_add(bytes));
                let fits = end.is_some() && bytes.is_some_and(|bytes| is_user_range(address, bytes));
                in_table && aligned && fits
            }
            Grant::Table(of) | Grant::PageTable(of) | Grant::Component(of) | Grant::Server(of) => {
                in_table && exists(of)
            }
            Grant::HandledLevel | Grant::Time => in_table,
            Grant::Thread(of) | Grant::Receive(of) | Grant::Send(of) => in_table && exists(of),
            Grant::Fill(of) | Grant::Spend(of) => in_table && exists(of),
            Grant::Bundle => capability.slot == 0,
            Grant::Untyped { address, frames } => {
                let bytes = frames.checked_mul(PAGE).filter(|bytes| *bytes > 0)?;
                capability.slot == 0 && address.is_multiple_of(PAGE) && is_user_range(address, bytes)
            }
        };
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

/// Bytes of header and tables of the bundle that starts with `start`, a whole number of pages; nothing where none starts.
pub fn table_bytes(start: &[u8]) -> Option<u64> {
    let sizes = [Component::WORDS, Segment::WORDS, Capability::WORDS, Stack::WORDS];
    let mut bytes = HEADER_BYTES as u64;
    for (at, words) in (4..).step_by(2).zip(sizes) {
        let (count, offset) = (word_at(start, 8 * at)?, word_at(start, 8 * (at + 1))?);
        bytes = bytes.max(count.checked_mul(8 * words as u64)?.checked_add(offset)?);
    }
    (word_at(start, 0) == Some(MAGIC)).then_some(bytes)?.checked_next_multiple_of(PAGE)
}

fn is_user_range(start: u64, bytes: u64) -> bool {
    is_user(start) && start.checked_add(bytes - 1).is_some_and(is_user)
}

fn word_at(bytes: &[u8], offset: usize) -> Option<u64> {
    bytes.get(offset..offset.checked_add(8)?).map(|b| u64::from_le_bytes(array(b)))
}

/// `bytes` as an array; every caller passes eight.
fn array(bytes: &[u8]) -> [u8; 8] {
    let mut array = [0; 8];
    for (to, from) in array.iter_mut().zip(bytes) {
        *to = *from;
    }
    array
}

#[cfg(test)]
mod tests;
