//! What whoever looks at a running kernel from outside must know of its layout, beside what [`crate`] and the crate `logic` fix.
//!
//! Kernel objects are words at numbered places, and the same for every compiler. What the kernel keeps in structures of its own is
//! where the compiler has put it: the kernel's ELF file says where, in a section that is not part of its image.

/// The section in the kernel's ELF file: a [`Places`], as words in its order.
pub const SECTION: &str = ".tessera.inspection";

/// Where things are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C)]
pub struct Places {
    /// Version of this list: [`VERSION`].
    pub version: u64,
    /// In a core's own words: offset of its `CoreState`.
    pub state: u64,
    /// In a core's own words, to which the kernel's GS base points: offset of the word that holds the words' own address.
    pub own_address: u64,
    /// In a core's own words: offset of the word that holds the address of the store.
    pub store: u64,
    /// In the store: offset of the word that holds the address of the table of threads.
    pub threads: u64,
    /// Where the hot descriptors are mapped.
    pub descriptors: u64,
}

/// How the scheduler component numbers a thread: its place there lies above this many bits, which are the thread's slot.
pub const PLACE_SHIFT: u32 = 15;

/// In such a number: the thread has no place.
pub const PLACELESS: u32 = 1 << 30;

/// The version of this list.
pub const VERSION: u64 = 1;

/// Words of [`Places`].
pub const WORDS: usize = size_of::<Places>() / 8;

impl Places {
    /// The places that these words say, if they are of this version.
    pub const fn from_words([version, state, own_address, store, threads, descriptors]: [u64; WORDS]) -> Option<Self> {
        if version != VERSION {
            return None;
        }
        Some(Self { version, state, own_address, store, threads, descriptors })
    }
}
