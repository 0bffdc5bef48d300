//! The image of the key-value store.
#![no_std]
#![no_main]

static TABLE: store::Table<4096> = store::Table::new();

runtime::export!(store::StoreServer => TABLE);

runtime::component! {}
