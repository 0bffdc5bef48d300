//! What the caller still holds of a component that is gone, whose frames are memory full of hostile words by now.

use crate::across::caller::slot::{
    COMPONENT, FREE, INVOCATION, ITS_RECEIVE, ITS_SEND, OWN, PAGE_TABLE, TABLE, THREAD, THREAD_COPY,
};
use crate::across::caller::{ask, complain};
use crate::across::shared::shared;
use crate::asking::{PAGES, pair};
use abi::error::Error;
use abi::layout::{DEFAULT_BASE, READ};
use abi::operation::{
    ComponentOperation, PageTableOperation, ReceiveOperation, SendOperation, TableOperation, ThreadOperation,
};

/// First of the numbers by which these complaints are known.
const FIRST: u64 = 100;

/// Every capability but the thread's; and ends the thread, which only its own core can do.
pub fn all() {
    let free = u64::from(FREE);
    refused(
        FIRST,
        &[
            (INVOCATION, 0, [0; 4]),
            (COMPONENT, ComponentOperation::Revoke as u16, [0; 4]),
            (COMPONENT, ComponentOperation::Name as u16, [u64::MAX; 4]),
            (TABLE, TableOperation::Copy as u16, [1, OWN.into(), 0, 0]),
            (TABLE, TableOperation::Remove as u16, [1, 0, 0, 0]),
            (TABLE, TableOperation::Prune as u16, [0; 4]),
            (PAGE_TABLE, PageTableOperation::Alias as u16, [DEFAULT_BASE, PAGES, READ, 0]),
            (PAGE_TABLE, PageTableOperation::Unmap as u16, [DEFAULT_BASE, 0, 0, 0]),
            (PAGE_TABLE, PageTableOperation::Prune as u16, [DEFAULT_BASE, 1, 0, 0]),
            (OWN, TableOperation::Copy as u16, [free, COMPONENT.into(), 0, 0]),
            (OWN, TableOperation::Copy as u16, [free, INVOCATION.into(), 0, 0]),
            (OWN, TableOperation::Reclaim as u16, [COMPONENT.into(), 0, 0, 0]),
            (OWN, TableOperation::Reclaim as u16, [TABLE.into(), 0, 0, 0]),
            (OWN, TableOperation::Reclaim as u16, [PAGE_TABLE.into(), 0, 0, 0]),
            (OWN, TableOperation::CreateInvocation as u16, [pair(COMPONENT, FREE), DEFAULT_BASE, 0, 1]),
        ],
    );
    end_thread();
}

/// What led to the component's thread.
pub fn thread() {
    refused(
        2 * FIRST,
        &[
            (THREAD_COPY, ThreadOperation::Dispatch as u16, [0; 4]),
            (THREAD_COPY, ThreadOperation::ReadRegister as u16, [0; 4]),
            (THREAD_COPY, ThreadOperation::WriteRegister as u16, [0; 4]),
            (THREAD_COPY, ThreadOperation::Launch as u16, [0; 4]),
            (ITS_RECEIVE, ReceiveOperation::Receive as u16, [1, 0, 0, 0]),
            (ITS_SEND, SendOperation::Send as u16, [0; 4]),
            (OWN, TableOperation::Reclaim as u16, [THREAD_COPY.into(), 0, 0, 0]),
            (OWN, TableOperation::CreateReceive as u16, [FREE.into(), THREAD_COPY.into(), 0, 0]),
            (OWN, TableOperation::CreateSend as u16, [FREE.into(), ITS_RECEIVE.into(), 0, 0]),
        ],
    );
}

fn refused(first: u64, tries: &[(u32, u16, [u64; 4])]) {
    for (what, (capability, operation, words)) in (first..).zip(tries) {
        let answer = ask(*capability, *operation, *words);
        if answer != Err(Error::Revoked) {
            complain(what, answer);
        }
    }
}

fn end_thread() {
    let words = [THREAD.into(), 0, 0, 0];
    let mut answer = Err(Error::Pending);
    while answer == Err(Error::Pending) {
        answer = ask(OWN, TableOperation::Reclaim as u16, words);
    }
    match answer {
        Ok([epoch, _]) => shared().epoch.set(epoch),
        _ => complain(3 * FIRST, answer),
    }
}
