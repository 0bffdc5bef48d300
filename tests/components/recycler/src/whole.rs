//! Whole components, with tables of their own, code, and a thread that runs in them; made and destroyed.

use crate::asking::{Asking, PAGES, pair, words};
use abi::boot::slot::{FREE, PAGE_TABLE, TABLE};
use abi::error::Error;
use abi::layout::{DEFAULT_BASE, EXECUTE, PAGE, READ, WRITE};
use abi::operation::{ComponentOperation, PageTableOperation, TableOperation, ThreadEnd, ThreadOperation};

/// The slots of what is made.
pub const ITS_TABLE: u32 = FREE;
/// Its page table.
pub const ITS_PAGE_TABLE: u32 = FREE + 1;
/// The component.
pub const COMPONENT: u32 = FREE + 2;
/// Its thread.
pub const THREAD: u32 = FREE + 3;
/// Where the constructor sees the page of code.
pub const CODE: u64 = PAGES + 100 * PAGE;
/// Its descriptor, and the index of its thread.
pub const INDEX: u32 = 41;

/// The frames in which it lies, by number.
pub mod frame {
    /// Its capability table, and the leaf of that.
    pub const TABLE: u64 = 0;
    /// The leaf.
    pub const LEAF: u64 = 1;
    /// Its page table; the tables of level 1 to 3 follow.
    pub const PAGE_TABLE: u64 = 2;
    /// The component itself.
    pub const COMPONENT: u64 = 6;
    /// Its thread.
    pub const THREAD: u64 = 7;
    /// Its code.
    pub const CODE: u64 = 8;
}

/// All of it, again and again.
pub fn components(asking: &mut Asking, rounds: u64) {
    map_code(asking, &[0x31, 0xc0, 0x0f, 0x05]); // xor eax, eax; syscall
    for _ in 0..rounds {
        make(asking, 0);
        let ended = Ok([ThreadEnd::Returned as u64, 0]);
        asking.answered(THREAD, ThreadOperation::Dispatch as u16, [0; 4], ended);
        destroy(asking);
    }
    unmap_code(asking);
}

/// Maps a page with the component's code, for the constructor.
pub fn map_code(asking: &mut Asking, code: &[u8]) {
    let words_of_code = [CODE, asking.frame(frame::CODE), READ | WRITE, 0];
    asking.done(PAGE_TABLE, PageTableOperation::Map as u16, words_of_code);
    for (word, bytes) in words(CODE).iter_mut().zip(code.chunks(8)) {
        *word = bytes.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte));
    }
}

/// Takes the page of code away.
pub fn unmap_code(asking: &mut Asking) {
    let epoch = asking.done(PAGE_TABLE, PageTableOperation::Unmap as u16, [CODE, 0, 0, 0]);
    asking.quiesce(epoch);
}

/// Makes the component and its thread, of `core`.
pub fn make(asking: &mut Asking, core: u32) {
    use TableOperation::*;
    asking.done(TABLE, CreateTable as u16, [ITS_TABLE.into(), asking.frame(frame::TABLE), 0, 0]);
    asking.done(ITS_TABLE, Graft as u16, [0, asking.frame(frame::LEAF), 0, 0]);
    asking.done(TABLE, CreatePageTable as u16, [ITS_PAGE_TABLE.into(), asking.frame(frame::PAGE_TABLE), 0, 0]);
    for level in [3, 2, 1] {
        let node = asking.frame(frame::PAGE_TABLE + level);
        asking.done(ITS_PAGE_TABLE, PageTableOperation::Graft as u16, [DEFAULT_BASE, node, level, 0]);
    }
    asking.done(ITS_PAGE_TABLE, PageTableOperation::Alias as u16, [DEFAULT_BASE, CODE, READ | EXECUTE, 0]);
    let tables = pair(ITS_TABLE, ITS_PAGE_TABLE);
    let words = [COMPONENT.into(), asking.frame(frame::COMPONENT), tables, INDEX.into()];
    asking.done(TABLE, CreateComponent as u16, words);
    let words = [THREAD.into(), asking.frame(frame::THREAD), pair(COMPONENT, core << 16 | INDEX), DEFAULT_BASE];
    asking.done(TABLE, CreateThread as u16, words);
}

fn destroy(asking: &mut Asking) {
    let reclaim =
        |asking: &mut Asking, slot: u32| asking.done(TABLE, TableOperation::Reclaim as u16, [slot.into(), 0, 0, 0]);
    let epoch = asking.done(COMPONENT, ComponentOperation::Revoke as u16, [0; 4]);
    asking.quiesce(epoch);
    asking.answered(THREAD, ThreadOperation::Dispatch as u16, [0; 4], Err(Error::Revoked));
    reclaim(asking, THREAD);
    reclaim(asking, COMPONENT);
    asking.done(ITS_TABLE, TableOperation::Prune as u16, [0; 4]);
    asking.done(ITS_PAGE_TABLE, PageTableOperation::Unmap as u16, [DEFAULT_BASE, 0, 0, 0]);
    for level in [1, 2, 3] {
        asking.done(ITS_PAGE_TABLE, PageTableOperation::Prune as u16, [DEFAULT_BASE, level, 0, 0]);
    }
    reclaim(asking, ITS_TABLE);
    let epoch = reclaim(asking, ITS_PAGE_TABLE);
    asking.quiesce(epoch);
}
