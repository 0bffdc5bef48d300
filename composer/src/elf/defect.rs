//! What can be wrong with an image.

use std::fmt;

/// Why an ELF file is no image of a component.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Defect {
    /// It is no ELF file for this architecture, or a damaged one. The text says what is damaged.
    Malformed(String),
    /// It is linked for one address.
    NotPositionIndependent,
    /// It asks for a dynamic linker or a shared library.
    Dynamic,
    /// It has thread-local variables.
    ThreadLocal,
    /// A segment may be written and executed.
    WritableCode {
        /// The segment's address.
        address: u64,
    },
    /// Two segments lie on one page.
    SharedPage {
        /// The page.
        address: u64,
    },
    /// It needs more memory than an image may have.
    TooLarge,
    /// It has a relocation that needs more than the image's base.
    Relocation {
        /// Its type in the ELF specification.
        kind: u32,
        /// Where it is to be applied.
        address: u64,
    },
    /// A relocation lies outside the image's memory.
    RelocationOutside {
        /// Where it is to be applied.
        address: u64,
    },
    /// The entry point lies outside the code.
    EntryNotExecutable {
        /// The entry point.
        address: u64,
    },
    /// It says nothing about itself.
    NoRecords,
    /// A record makes no sense.
    Record {
        /// Its position among the records, from 0.
        at: usize,
        /// What is wrong.
        problem: RecordProblem,
    },
}

/// What can be wrong with a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RecordProblem {
    /// The section ends within it.
    Truncated,
    /// It does not start like one.
    NotARecord,
    /// It has another version.
    OtherVersion(u16),
    /// It is of a kind that there is not.
    UnknownKind(u16),
    /// Its name or schema is no text in the image.
    BadText,
    /// Its schema is no list of methods.
    BadSchema,
    /// It names no type that a graph can set.
    BadType,
    /// Its schema has more methods than an interface can have.
    TooManyMethods,
    /// A word that it names lies outside the image, or is not aligned.
    BadWord(u64),
    /// An entry that it names lies outside the code.
    BadEntry(u64),
    /// It says again what another record says.
    Duplicate,
    /// There is no record of the stacks.
    NoStacks,
}

impl fmt::Display for Defect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed(what) => write!(f, "it is no ELF file for x86-64, or a damaged one: {what}"),
            Self::NotPositionIndependent => f.write_str("it is linked for one address"),
            Self::Dynamic => f.write_str("it needs a dynamic linker"),
            Self::ThreadLocal => f.write_str("it has thread-local variables, which components cannot have yet"),
            Self::WritableCode { address } => write!(f, "the segment at {address:#x} may be written and executed"),
            Self::SharedPage { address } => write!(f, "two segments lie on the page at {address:#x}"),
            Self::TooLarge => write!(f, "it needs more than {} MiB of memory", super::memory::LIMIT >> 20),
            Self::Relocation { kind, address } => {
                write!(f, "the relocation of type {kind} at {address:#x} needs a dynamic linker")
            }
            Self::RelocationOutside { address } => write!(f, "the relocation at {address:#x} lies outside its memory"),
            Self::EntryNotExecutable { address } => write!(f, "its entry point {address:#x} lies outside its code"),
            Self::NoRecords => write!(f, "it has no section {}", abi::record::SECTION),
            Self::Record { at, problem } => write!(f, "its interface record {at} is malformed: {problem}"),
        }
    }
}

impl fmt::Display for RecordProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Truncated => f.write_str("it is cut short"),
            Self::NotARecord => f.write_str("it does not start like one"),
            Self::OtherVersion(version) => {
                write!(f, "it has version {version}, this composer reads {}", abi::record::VERSION)
            }
            Self::UnknownKind(kind) => write!(f, "there is no kind {kind}"),
            Self::BadText => f.write_str("its name or schema is not text"),
            Self::BadSchema => f.write_str("its schema is no list of methods"),
            Self::BadType => f.write_str("it names no type that a graph can set"),
            Self::TooManyMethods => write!(f, "its interface has more than {} methods", abi::crossing::METHODS),
            Self::BadWord(address) => write!(f, "the word at {address:#x} lies outside the image or is not aligned"),
            Self::BadEntry(address) => write!(f, "the entry {address:#x} lies outside the code"),
            Self::Duplicate => f.write_str("there is another one for the same thing"),
            Self::NoStacks => f.write_str("there is none for the stacks"),
        }
    }
}

impl Defect {
    /// What to do about it.
    pub fn help(&self) -> &'static str {
        match self {
            Self::NoRecords => "a component's image is built from `runtime` and an interface's attribute",
            Self::ThreadLocal => "pass the state as an argument, or keep it in a static behind a lock",
            Self::Record { problem: RecordProblem::OtherVersion(_), .. } => {
                "build the component against the interfaces of this version of Tessera"
            }
            _ => "the component's build script must call `image_link`, which links images as the composer needs them",
        }
    }
}
