//! The first and the last frame of all that the kernel says there is: both can be memory.

use crate::CONSTRUCTOR;
use crate::asking::{Asking, PAGES, words};
use abi::boot::{UNTYPED, slot};
use abi::layout::{PAGE, READ, WRITE};
use abi::operation::PageTableOperation;

/// Behind the pages that the rounds use.
const AT: u64 = PAGES + 300 * PAGE;

/// Maps them one after another, writes to each and reads that.
pub fn of_ranges(asking: &mut Asking, _: u64) {
    let mut last = 0;
    for range in CONSTRUCTOR.information().untyped().filter(|range| range.frames > 0) {
        let end = range.start + (range.frames - 1) * PAGE;
        for name in [range.start, end] {
            write_and_read(asking, name);
        }
        last = last.max((end - UNTYPED) / PAGE);
    }
    asking.say(format_args!("recycler: the last frame is number {last}\n"));
}

fn write_and_read(asking: &mut Asking, name: u64) {
    asking.done(slot::PAGE_TABLE, PageTableOperation::Map as u16, [AT, name, READ | WRITE, 0]);
    let page = words(AT);
    if page.iter().any(|word| *word != 0) {
        asking.complain(format_args!("the frame with the name {name:#x} shows what was there"));
    }
    (name..).zip(page.iter_mut()).for_each(|(value, word)| *word = value);
    if (name..).zip(words(AT)).any(|(value, word)| *word != value) {
        asking.complain(format_args!("the frame with the name {name:#x} does not keep what is written"));
    }
    let epoch = asking.done(slot::PAGE_TABLE, PageTableOperation::Unmap as u16, [AT, 0, 0, 0]);
    asking.quiesce(epoch);
}
