//! The interface record: what an image tells the composer about itself.
//!
//! An image's records lie one after another in the ELF section [`SECTION`],
//! each [`RECORD_BYTES`] long. Pointers in them are relocated with the image, so
//! the composer reads them after it has placed the image at its base.
//!
//! | bytes | field |
//! |---|---|
//! | 0–3 | [`MAGIC`] |
//! | 4–5 | [`VERSION`] |
//! | 6–7 | [`RecordKind`] |
//! | 8–15, 16–23 | address and length of the name |
//! | 24–31, 32–39 | address and length of the schema |
//! | 40–47 | first address, by kind |
//! | 48–55 | second address, by kind |
//! | 56–63 | 0 |
//!
//! The schema of an interface is text, one method after another in the order of
//! their numbers, each followed by a line feed: `name(type,type)->type`. Two ends match when
//! name and schema are equal byte for byte.

/// The ELF section that holds the records.
pub const SECTION: &str = ".tessera.records";

/// First four bytes of a record: "TREC" in memory order.
pub const MAGIC: u32 = u32::from_le_bytes(*b"TREC");

/// Version of the record's layout and of the schema's grammar.
pub const VERSION: u16 = 7;

/// Bytes of a record.
pub const RECORD_BYTES: usize = 64;

/// What a record describes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u16)]
pub enum RecordKind {
    /// An interface that the image calls. Name: the interface. First address:
    /// its import slot, a word: capability number << 16, with
    /// [`CLEAR_REGISTERS`] or without. Second address: the same if the image can do without a server, or else null.
    Import = 1,
    /// An interface that the image serves. Name: the interface. First address:
    /// the entry for clients that the server trusts; second: for those that it does not.
    Export = 2,
    /// An I/O port range that the image drives. Name: what the image calls it.
    /// First address: a word that receives the capability number << 16.
    Ports = 3,
    /// A word that the graph can set. Name: the parameter's key. Schema: its [type](crate::setting)'s name. First
    /// address: the word, which holds the default.
    Parameter = 4,
    /// One for each image. Name: empty. First address: a word that receives
    /// the end of thread 0's stack (see [`stack_end`](crate::layout::stack_end)).
    Stacks = 5,
    /// The image is a scheduler's. Name: empty. First address: a word that receives the address of its
    /// [plan](crate::plan).
    Plan = 6,
    /// An interface that the image calls through a [page](crate::page), beside the [`Import`](Self::Import) of that
    /// name. First address: the client's slot, [`SLOT_WORDS`](crate::page::SLOT_WORDS) words. Second address: the same if the
    /// image has a thread that can have it served on another core, or else null.
    PageImport = 7,
    /// How pages of an interface that the image serves are served. Name: that of the
    /// [`Export`](Self::Export). First and second address: the batch entry, as there.
    Batch = 8,
    /// Which pages those are. Name: that of the export. First address: a word that
    /// receives the address of the [table](crate::page). Second address: the same if the image has workers for methods that may
    /// block, or else null.
    Pages = 9,
    /// The image constructs other components at run time, or gives them memory. Name: empty. First address: a word that
    /// receives the address of its [management plan](crate::management).
    Management = 10,
    /// An interrupt line that the image is driven by, if its graph grants it. Name: what the image calls the device. First
    /// address: three words that receive capability numbers << 16: of the line, of the component's own
    /// receive end-point, and of one to send there. Without a grant they stay 0.
    Interrupt = 11,
    /// A device's registers in memory. Name: what the image calls the device. First address: two words, which receive the
    /// address at which they are mapped, and how many bytes they are.
    Registers = 12,
    /// A constant that the graph can set. Name: the variable. Schema: as of a parameter. First address: the word, which holds what it is otherwise.
    Constant = 13,
    /// The image reads [files](crate::files). Name: empty. First address: two words, which receive where the archive lies,
    /// and how many bytes it has. Without files they stay 0.
    Files = 14,
    /// A text that the graph can set. Name: the parameter's key. First address: a word that says how many bytes it may have, a
    /// word for how many it has, and these; the image holds the default.
    Text = 15,
    /// What the image says of itself when it panics. Name and schema: [`CONSOLE`], and how its methods begin. First address: an import
    /// slot for it, which stays as it is if the component has no such server; then a word each for where the image's code lies and for
    /// where it ends. Second address: behind those, the component's name as a [`Text`](Self::Text), cut to the room that there is.
    Identity = 16,
    /// The image has something to initialise on each of its cores. Name: empty. No address.
    ParallelInitialise = 17,
}

impl RecordKind {
    /// The kind that `number` stands for.
    pub const fn from_number(number: u16) -> Option<Self> {
        match number {
            1 => Some(Self::Import),
            2 => Some(Self::Export),
            3 => Some(Self::Ports),
            4 => Some(Self::Parameter),
            5 => Some(Self::Stacks),
            6 => Some(Self::Plan),
            7 => Some(Self::PageImport),
            8 => Some(Self::Batch),
            9 => Some(Self::Pages),
            10 => Some(Self::Management),
            11 => Some(Self::Interrupt),
            12 => Some(Self::Registers),
            13 => Some(Self::Constant),
            14 => Some(Self::Files),
            15 => Some(Self::Text),
            16 => Some(Self::Identity),
            17 => Some(Self::ParallelInitialise),
            _ => None,
        }
    }
}

/// In the word of an import slot, above all capability numbers: the client does not trust the server, so its
/// stub clears what the server must not see. (The sign, so that a stub knows it from the word that it makes anyway.)
pub const CLEAR_REGISTERS: u64 = 1 << 63;

/// The interface by which a panic is reported, where a component has a server of it.
pub const CONSOLE: &str = "console";

/// How its methods begin: the first takes text, 32 bytes in four words, the first byte lowest in the first word.
pub const CONSOLE_SCHEMA: &str = "write(u64,u64,u64,u64)->()\n";

/// Words in front of the name in what an [`Identity`](RecordKind::Identity) receives.
pub const IDENTITY_NAME: usize = 3;
