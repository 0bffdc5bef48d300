//! Two cores fill and empty slots of one table at the same time. A slot is filled again only when both know that it was empty.

use crate::asking::{Asking, ask};
use crate::worker::Job;
use abi::boot::slot;
use abi::error::Error;
use abi::operation::{TableOperation, ThreadEnd};

const SLOTS: u64 = 4;
const TIMES: u64 = 16;

/// All of it.
pub fn all(asking: &mut Asking, _: u64) {
    let leaf = [2, asking.frame(), 0, 0];
    asking.done(slot::TABLE, TableOperation::Graft as u16, leaf);
    let worker = asking.worker(asking.core);
    asking.launch(worker, Job::Fill, 128);
    let here = fill(160);
    asking.is("filling here", here, Ok(()));
    let ended = asking.end_of(worker);
    asking.is("filling there", ended, Ok([ThreadEnd::Returned as u64, 0]));
}

/// Fills and empties the slots from `first` on.
pub fn fill(first: u32) -> Result<(), Error> {
    let table = |operation, words| ask(slot::TABLE, operation as u16, words);
    for time in 0..TIMES {
        let at = u64::from(first) + time % SLOTS;
        loop {
            match table(TableOperation::Copy, [at, slot::PORTS.into(), 0, 0]) {
                Err(Error::NotQuiescent) => {}
                copied => break copied.map(|_| ())?,
            };
        }
        let [epoch, _] = table(TableOperation::Remove, [at, 0, 0, 0])?;
        while let Err(error) = table(TableOperation::Quiesce, [epoch, 0, 0, 0]) {
            if error != Error::Pending {
                return Err(error);
            }
        }
    }
    Ok(())
}
