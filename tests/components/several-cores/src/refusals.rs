//! What can be asked for only on a thread's own core, and what a launch refuses.

use crate::asking::{Asking, COMPONENT, HOME, RECEIVES, THREADS, pair};
use crate::worker;
use abi::boot::slot;
use abi::error::Error;
use abi::operation::ThreadOperation::{Dispatch, Ended, Launch, ReadRegister};
use abi::operation::{ReceiveOperation, TableOperation};

/// All of it.
pub fn all(asking: &mut Asking, _: u64) {
    let (there, here) = (asking.worker(asking.core), asking.worker(0));
    let (thread, own) = (THREADS + there, THREADS + here);
    for words in [[0; 4], [0, 0, 1, slot::RECEIVE.into()]] {
        asking.refused(thread, Dispatch as u16, words, Error::WrongCore);
    }
    asking.refused(own, Dispatch as u16, [0, 0, 1, (RECEIVES + there).into()], Error::WrongCore);
    asking.refused(thread, ReadRegister as u16, [0; 4], Error::WrongCore);
    asking.refused(RECEIVES + there, ReceiveOperation::Receive as u16, [1, 0, 0, 0], Error::BadArgument);
    asking.refused(thread, Ended as u16, [0; 4], Error::NothingPending);
    asking.refused(own, Launch as u16, [0; 4], Error::InUse);
    for (told, error) in [(slot::TABLE, Error::WrongKind), (63, Error::Empty), (u32::MAX, Error::OutOfRange)] {
        asking.refused(thread, Launch as u16, [0, told.into(), 0, 0], error);
    }
    asking.refused(thread, Launch as u16, [0, pair(1, HOME), 0, 0], Error::OutOfRange);
    for core in [asking.core + 1, 0xffff] {
        let packed = pair(COMPONENT, core << 16 | 600);
        let words = [63, asking.frame(), packed, worker::start as *const () as u64];
        asking.refused(slot::TABLE, TableOperation::CreateThread as u16, words, Error::BadArgument);
    }
}
