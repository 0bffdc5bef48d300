//! The block of a thread of the host. The standard library says when the thread ends.

use super::Block;
use core::cell::Cell;
use std::boxed::Box;

std::thread_local! {
    /// Nothing of it is dropped, so that values can be used while others are.
    static OWN: Cell<Option<&'static Block>> = const { Cell::new(None) };
    static END: End = const { End };
}

/// Drops the thread's values. The block stays: some hundred bytes for each thread of a test.
struct End;

impl Drop for End {
    fn drop(&mut self) {
        OWN.get().into_iter().for_each(Block::drop_all);
    }
}

/// The block of the thread that executes this.
pub fn own_block() -> &'static Block {
    OWN.get().unwrap_or_else(take_block)
}

#[cold]
fn take_block() -> &'static Block {
    let block = Box::leak(Box::new(Block::new()));
    block.clear();
    OWN.set(Some(block));
    // From here on it is known when the thread ends; one that is about to has nothing dropped.
    let _ = END.try_with(|_| ());
    block
}
