//! What the manager needs of the kernel, the composer and the memory manager.

use abi::bundle::Bundle;
use abi::error::Error;
use abi::management::{Managed, word};
use abi::operation::TableOperation;
use capabilities_interface::Result;
use runtime::management;

/// What the manager stands on.
pub trait Kernel {
    /// The bundle's tables.
    fn bundle(&self) -> Option<Bundle<'_>>;

    /// A word of the plan's header.
    fn word(&self, number: usize) -> u64;

    /// What the manager holds of the component with this number.
    fn managed(&self, number: usize) -> Option<Managed>;

    /// Asks the object behind `capability` for `operation`.
    ///
    /// # Errors
    ///
    /// The kernel's.
    fn operate(&self, capability: u64, operation: u16, words: [u64; 4]) -> core::result::Result<[u64; 2], Error>;

    /// Copies the page at `offset` of the bundle to the page at `address`, which the manager has mapped.
    ///
    /// # Errors
    ///
    /// [`Error::BadAddress`] if that is not where a manager maps.
    fn copy(&self, offset: u64, address: u64) -> core::result::Result<(), Error>;

    /// Invokes what `capability` names with one word, and answers the status.
    fn invoke(&self, capability: u64, word: u64) -> u16;

    /// Has the component's memory taken from it, which lives no more.
    ///
    /// # Errors
    ///
    /// [`Busy`](capabilities_interface::CapabilitiesError::Busy); what the memory manager refused.
    fn end_memory(&self, component: u64) -> Result<()>;

    /// Names so many untyped frames; answers the first name.
    ///
    /// # Errors
    ///
    /// The memory manager's.
    fn lend(&self, frames: u64) -> Result<u64>;
}

/// Waits until no core can have in use what has been given up.
pub fn quiesce(kernel: &impl Kernel) -> core::result::Result<(), Error> {
    let table = kernel.word(word::TABLE);
    management::quiesce(|epoch| kernel.operate(table, TableOperation::Quiesce as u16, [epoch, 0, 0, 0]))
}
