//! The records by which an image tells the composer about itself (`abi::record`).

use crate::{Parameter, ParameterType};
use abi::record::{MAGIC, RECORD_BYTES, RecordKind, VERSION};

/// One record, as it lies in the image's section of records.
#[repr(C)]
pub struct Record {
    magic: u32,
    version: u16,
    kind: u16,
    name: *const u8,
    name_bytes: usize,
    schema: *const u8,
    schema_bytes: usize,
    first: *const (),
    second: *const (),
    reserved: u64,
}

const _: () = assert!(size_of::<Record>() == RECORD_BYTES);

// SAFETY: nothing in the image reads a record, and nothing writes one; the
// pointers are addresses for the composer.
unsafe impl Sync for Record {}

impl Record {
    /// An interface that the image calls through the slot at `slot`.
    pub const fn import(name: &'static [u8], schema: &'static str, slot: *const ()) -> Self {
        Self { first: slot, ..Self::new(RecordKind::Import, name, schema) }
    }

    /// The same of an interface without whose server the image can do.
    pub const fn optional_import(name: &'static [u8], schema: &'static str, slot: *const ()) -> Self {
        Self { second: slot, ..Self::import(name, schema, slot) }
    }

    /// An interface that the image serves, and its entries for clients that it trusts and for others.
    pub const fn export(
        name: &'static [u8],
        schema: &'static str,
        trusted: unsafe extern "C" fn() -> !,
        cleared: unsafe extern "C" fn() -> !,
    ) -> Self {
        let (first, second) = (trusted as *const (), cleared as *const ());
        Self { first, second, ..Self::new(RecordKind::Export, name, schema) }
    }

    /// A page of an interface that the image calls, and the client's slot.
    pub const fn page_import(name: &'static [u8], schema: &'static str, slot: *const ()) -> Self {
        Self { first: slot, ..Self::new(RecordKind::PageImport, name, schema) }
    }

    /// The same, of a page that can be served on another core.
    pub const fn page_import_with_runner(name: &'static [u8], schema: &'static str, slot: *const ()) -> Self {
        Self { second: slot, ..Self::page_import(name, schema, slot) }
    }

    /// How pages of an interface that the image serves are served: the entries as for an export.
    pub const fn batch(
        name: &'static [u8],
        schema: &'static str,
        trusted: unsafe extern "C" fn() -> !,
        cleared: unsafe extern "C" fn() -> !,
    ) -> Self {
        let (first, second) = (trusted as *const (), cleared as *const ());
        Self { first, second, ..Self::new(RecordKind::Batch, name, schema) }
    }

    /// The word that receives the address of the table of those pages.
    pub const fn pages(name: &'static [u8], schema: &'static str, word: *const ()) -> Self {
        Self { first: word, ..Self::new(RecordKind::Pages, name, schema) }
    }

    /// The same, where workers run the methods that may block.
    pub const fn pages_with_workers(name: &'static [u8], schema: &'static str, word: *const ()) -> Self {
        Self { second: word, ..Self::pages(name, schema, word) }
    }

    /// A range of I/O ports, and the word that receives its capability.
    pub const fn ports(name: &'static str, word: *const ()) -> Self {
        Self { first: word, ..Self::new(RecordKind::Ports, name.as_bytes(), "") }
    }

    /// An interrupt line, and the words that receive its capabilities.
    pub const fn interrupt(name: &'static str, words: *const ()) -> Self {
        Self { first: words, ..Self::new(RecordKind::Interrupt, name.as_bytes(), "") }
    }

    /// Registers in memory, and the words that receive where they are.
    pub const fn registers(name: &'static str, words: *const ()) -> Self {
        Self { first: words, ..Self::new(RecordKind::Registers, name.as_bytes(), "") }
    }

    /// A parameter's key, its type, and its word.
    pub const fn parameter<T: ParameterType>(key: &'static str, word: *const Parameter<T>) -> Self {
        Self { first: word.cast(), ..Self::new(RecordKind::Parameter, key.as_bytes(), Parameter::<T>::TYPE) }
    }

    /// A text's key, and its words.
    pub const fn text(key: &'static str, words: *const ()) -> Self {
        Self { first: words, ..Self::new(RecordKind::Text, key.as_bytes(), "") }
    }

    /// A constant's name, its type, and its word.
    pub const fn constant<T: ParameterType>(variable: &'static str, word: *const Parameter<T>) -> Self {
        Self { first: word.cast(), ..Self::new(RecordKind::Constant, variable.as_bytes(), Parameter::<T>::TYPE) }
    }

    /// The words that receive where the files are.
    pub const fn files(words: *const ()) -> Self {
        Self { first: words, ..Self::new(RecordKind::Files, b"", "") }
    }

    /// The word that receives the address of the scheduler's plan.
    pub const fn plan(word: *const ()) -> Self {
        Self { first: word, ..Self::new(RecordKind::Plan, b"", "") }
    }

    /// The word that receives the address of the management plan.
    pub const fn management(word: *const ()) -> Self {
        Self { first: word, ..Self::new(RecordKind::Management, b"", "") }
    }

    /// The word that receives the end of thread 0's stack.
    pub const fn stacks(word: *const ()) -> Self {
        Self { first: word, ..Self::new(RecordKind::Stacks, b"", "") }
    }

    /// What the image says of itself when it panics: words that receive that, and by which interface it is said.
    pub const fn identity(words: *const ()) -> Self {
        let name = words.cast::<u64>().wrapping_add(abi::record::IDENTITY_NAME).cast();
        Self {
            first: words,
            second: name,
            ..Self::new(RecordKind::Identity, abi::record::CONSOLE.as_bytes(), abi::record::CONSOLE_SCHEMA)
        }
    }

    /// That the image has something to initialise on each of its cores.
    pub const fn parallel_initialise() -> Self {
        Self::new(RecordKind::ParallelInitialise, b"", "")
    }

    const fn new(kind: RecordKind, name: &'static [u8], schema: &'static str) -> Self {
        Self {
            magic: MAGIC,
            version: VERSION,
            kind: kind as u16,
            name: name.as_ptr(),
            name_bytes: name.len(),
            schema: schema.as_ptr(),
            schema_bytes: schema.len(),
            first: core::ptr::null(),
            second: core::ptr::null(),
            reserved: 0,
        }
    }
}

/// `left`, `separator` and `right` in a row, in a constant. `N` is their length together.
pub const fn joined<const N: usize>(left: &str, separator: u8, right: &str) -> [u8; N] {
    assert!(N == left.len() + 1 + right.len());
    let (left, right) = (left.as_bytes(), right.as_bytes());
    let mut bytes = [separator; N];
    let mut at = 0;
    while at < N {
        if at < left.len() {
            bytes[at] = left[at];
        } else if at > left.len() {
            bytes[at] = right[at - left.len() - 1];
        }
        at += 1;
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::mem::offset_of;

    #[test]
    fn fields_lie_where_the_contract_says() {
        assert_eq!((offset_of!(Record, magic), offset_of!(Record, version), offset_of!(Record, kind)), (0, 4, 6));
        assert_eq!((offset_of!(Record, name), offset_of!(Record, name_bytes)), (8, 16));
        assert_eq!((offset_of!(Record, schema), offset_of!(Record, schema_bytes)), (24, 32));
        assert_eq!((offset_of!(Record, first), offset_of!(Record, second)), (40, 48));
    }

    #[test]
    fn names_are_joined_in_a_constant() {
        const NAME: [u8; 9] = joined("pong", b'/', "left");
        assert_eq!(&NAME, b"pong/left");
        assert_eq!(&joined::<1>("", b'.', ""), b".");
    }
}
