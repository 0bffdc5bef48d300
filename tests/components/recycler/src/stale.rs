//! A component is destroyed while a thread is in a server that it invoked: all its frames become user memory full of
//! hostile words, and whatever led to it answers an error.
//!
//! The server is another component, in the constructor's own tables: it executes a script that destroys its client.

use crate::asking::{Asking, HOSTILE, PAGES, pair};
use crate::script::{self, FILL, LAST, follows};
use crate::whole::{COMPONENT, INDEX, ITS_PAGE_TABLE, ITS_TABLE, THREAD, frame, make, map_code, unmap_code};
use abi::boot::slot::{FREE, PAGE_TABLE, TABLE};
use abi::crossing::CapabilityWord;
use abi::error::Error;
use abi::layout::{DEFAULT_BASE, PAGE, READ, WRITE};
use abi::operation::{
    ComponentOperation, PageTableOperation, ReceiveOperation, SendOperation, TableOperation, ThreadEnd, ThreadOperation,
};

/// The server, and a second thread of the client, which never runs.
const SERVER: u32 = FREE + 10;
const SECOND: u32 = FREE + 11;
/// What leads to the client, or to its second thread.
const INVOCATION: u32 = FREE + 12;
const RECEIVE: u32 = FREE + 13;
const SEND: u32 = FREE + 14;
/// Copies of what will be reclaimed.
const COPY: u32 = FREE + 20;
const COPIED: [u32; 4] = [COMPONENT, ITS_TABLE, ITS_PAGE_TABLE, SECOND];
/// The client's slot for its invocation of the server.
const TO_SERVER: u32 = 1;
/// Frames of the server and of the second thread.
const SERVER_FRAME: u64 = 32;
const SECOND_FRAME: u64 = 9;
/// The frames that become memory: all but the code's and the running thread's.
const MEMORY: [u64; 8] = [
    frame::TABLE,
    frame::LEAF,
    frame::PAGE_TABLE,
    frame::PAGE_TABLE + 1,
    frame::PAGE_TABLE + 2,
    frame::PAGE_TABLE + 3,
    frame::COMPONENT,
    SECOND_FRAME,
];

/// All of it, once.
pub fn all(asking: &mut Asking, _: u64) {
    prepare(asking);
    let lines = lines(asking);
    script::write(&lines);
    // The thread calls the server, which destroys the client: the return goes past it, to the end of the thread.
    let ended = Ok([ThreadEnd::Faulted as u64, Error::Revoked.status().into()]);
    asking.answered(THREAD, ThreadOperation::Dispatch as u16, [0; 4], ended);
    for (at, line) in lines.iter().enumerate() {
        if script::status(at) != 0 {
            asking.complain(format_args!("line {at} of the script, {line:x?}: {}", script::status(at)));
        }
    }
    refused(asking);
    clean_up(asking);
}

fn prepare(asking: &mut Asking) {
    use TableOperation::*;
    // mov eax, invocation of the server; syscall; ud2
    let word = CapabilityWord::new(TO_SERVER, 0).0.to_le_bytes();
    map_code(asking, &[0xb8, word[0], word[1], word[2], word[3], 0x0f, 0x05, 0x0f, 0x0b]);
    make(asking, 0);
    let words = [SERVER.into(), asking.frame(SERVER_FRAME), pair(TABLE, PAGE_TABLE), u64::from(INDEX) + 1];
    asking.done(TABLE, CreateComponent as u16, words);
    asking.done(ITS_TABLE, CreateInvocation as u16, [pair(SERVER, TO_SERVER), follows(), 0, 1]);
    asking.done(TABLE, CreateInvocation as u16, [pair(COMPONENT, INVOCATION), DEFAULT_BASE, 0, 1]);
    let words = [SECOND.into(), asking.frame(SECOND_FRAME), pair(COMPONENT, INDEX + 1), DEFAULT_BASE];
    asking.done(TABLE, CreateThread as u16, words);
    asking.done(TABLE, CreateReceive as u16, [RECEIVE.into(), SECOND.into(), 0, 0]);
    asking.done(TABLE, CreateSend as u16, [SEND.into(), RECEIVE.into(), 0, 0]);
    for (to, from) in (COPY..).zip(COPIED) {
        asking.done(TABLE, Copy as u16, [to.into(), from.into(), 0, 0]);
    }
}

fn lines(asking: &Asking) -> [[u64; 5]; 30] {
    let ask =
        |capability, operation: u16, [a, b, c]: [u64; 3]| [CapabilityWord::new(capability, operation).0, a, b, c, 0];
    let table = |operation, words| ask(TABLE, operation as u16, words);
    let reclaim = |slot: u32| table(TableOperation::Reclaim, [slot.into(), 0, 0]);
    let quiesce = table(TableOperation::Quiesce, [LAST, 0, 0]);
    let prune = |level| ask(ITS_PAGE_TABLE, PageTableOperation::Prune as u16, [DEFAULT_BASE, level, 0]);
    let page = |at: usize| PAGES + at as u64 * PAGE;
    let map = |at: usize| {
        let name = asking.frame(MEMORY[at]);
        ask(PAGE_TABLE, PageTableOperation::Map as u16, [page(at), name, READ | WRITE])
    };
    let fill = |at: usize| [FILL, page(at), HOSTILE, 0, 0];
    [
        ask(COMPONENT, ComponentOperation::Revoke as u16, [0; 3]),
        quiesce,
        reclaim(COMPONENT),
        ask(ITS_TABLE, TableOperation::Remove as u16, [TO_SERVER.into(), 0, 0]),
        ask(ITS_TABLE, TableOperation::Prune as u16, [0; 3]),
        reclaim(ITS_TABLE),
        ask(ITS_PAGE_TABLE, PageTableOperation::Unmap as u16, [DEFAULT_BASE, 0, 0]),
        prune(1),
        prune(2),
        prune(3),
        reclaim(ITS_PAGE_TABLE),
        reclaim(SECOND),
        quiesce,
        map(0),
        map(1),
        map(2),
        map(3),
        map(4),
        map(5),
        map(6),
        map(7),
        fill(0),
        fill(1),
        fill(2),
        fill(3),
        fill(4),
        fill(5),
        fill(6),
        fill(7),
        fill(0),
    ]
}

/// Every capability that led to the client, or to what was its.
fn refused(asking: &mut Asking) {
    let [component, table, page_table, thread] = [COPY, COPY + 1, COPY + 2, COPY + 3];
    for (capability, operation, words) in [
        (INVOCATION, 0, [0; 4]),
        (component, ComponentOperation::Revoke as u16, [0; 4]),
        (component, ComponentOperation::Name as u16, [0; 4]),
        (table, TableOperation::Copy as u16, [1, TABLE.into(), 0, 0]),
        (table, TableOperation::Remove as u16, [1, 0, 0, 0]),
        (table, TableOperation::Graft as u16, [0, asking.frame(40), 0, 0]),
        (page_table, PageTableOperation::Map as u16, [DEFAULT_BASE, asking.frame(40), READ, 0]),
        (page_table, PageTableOperation::Unmap as u16, [DEFAULT_BASE, 0, 0, 0]),
        (page_table, PageTableOperation::Graft as u16, [DEFAULT_BASE, asking.frame(40), 3, 0]),
        (thread, ThreadOperation::Dispatch as u16, [0; 4]),
        (RECEIVE, ReceiveOperation::Receive as u16, [1, 0, 0, 0]),
        (SEND, SendOperation::Send as u16, [0; 4]),
    ] {
        asking.answered(capability, operation, words, Err(Error::Revoked));
    }
    let free = u64::from(FREE + 30);
    for (operation, words) in [
        (TableOperation::Copy, [free, component.into(), 0, 0]),
        (TableOperation::Copy, [free, INVOCATION.into(), 0, 0]),
        (TableOperation::Reclaim, [component.into(), 0, 0, 0]),
        (TableOperation::Reclaim, [table.into(), 0, 0, 0]),
        (TableOperation::Reclaim, [page_table.into(), 0, 0, 0]),
        (TableOperation::Reclaim, [thread.into(), 0, 0, 0]),
        (TableOperation::CreateInvocation, [pair(component, FREE + 30), DEFAULT_BASE, 0, 1]),
        (TableOperation::CreateThread, [free, asking.frame(40), pair(component, 50), DEFAULT_BASE]),
        (TableOperation::CreateComponent, [free, asking.frame(40), pair(table, PAGE_TABLE), 60]),
        (TableOperation::CreateComponent, [free, asking.frame(40), pair(TABLE, page_table), 60]),
        (TableOperation::CreateReceive, [free, thread.into(), 0, 0]),
        (TableOperation::CreateSend, [free, RECEIVE.into(), 0, 0]),
    ] {
        asking.answered(TABLE, operation as u16, words, Err(Error::Revoked));
    }
    asking.answered(THREAD, ThreadOperation::Dispatch as u16, [0; 4], Err(Error::NotDispatchable));
}

fn clean_up(asking: &mut Asking) {
    for at in 0..MEMORY.len() as u64 {
        asking.done(PAGE_TABLE, PageTableOperation::Unmap as u16, [PAGES + at * PAGE, 0, 0, 0]);
    }
    asking.done(TABLE, TableOperation::Reclaim as u16, [THREAD.into(), 0, 0, 0]);
    let epoch = asking.done(SERVER, ComponentOperation::Revoke as u16, [0; 4]);
    asking.quiesce(epoch);
    asking.done(TABLE, TableOperation::Reclaim as u16, [SERVER.into(), 0, 0, 0]);
    unmap_code(asking);
}
