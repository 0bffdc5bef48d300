//! The image of the journal.
#![no_std]
#![no_main]

static RING: journal::Ring<256> = journal::Ring::new();

runtime::export!(journal::JournalServer => RING);

runtime::component! {}
