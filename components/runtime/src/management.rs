//! What a manager has beyond other components: the plan of whom it manages, and the kernel's operations for that.
//!
//! A manager holds tables of other components, and its own. What it asks of the kernel must leave its own image, stacks
//! and plan alone: its own memory at run time lies in a range of its own, [`SCRATCH`].

use crate::operate;
use abi::boot::BUNDLE;
use abi::bundle::{Bundle, BundleError};
use abi::error::Error;
use abi::layout::{PAGE, RUN_TIME, RUN_TIME_SPAN};
use abi::management::{HEADER_WORDS, Managed, map_at, map_words, word, words};
use core::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Where a manager maps what it works on.
pub const SCRATCH: u64 = RUN_TIME + RUN_TIME_SPAN;

/// What the composer tells a manager; made by [`management!`](crate::management!).
#[repr(transparent)]
pub struct Management {
    address: AtomicU64,
}

/// How often the kernel is asked whether every core has let go, before that is an error.
const PATIENCE: usize = 1 << 20;

/// Waits until no core can have in use what has been given up: `ask` performs the operation `Quiesce` with an epoch.
///
/// # Errors
///
/// The kernel's; [`Error::Pending`] if a core does not answer.
pub fn quiesce(ask: impl Fn(u64) -> Result<[u64; 2], Error>) -> Result<(), Error> {
    let [now, _] = ask(0)?;
    for _ in 0..PATIENCE {
        match ask(now) {
            Err(Error::Pending) => core::hint::spin_loop(),
            done => return done.map(|_| ()),
        }
    }
    Err(Error::Pending)
}

impl Management {
    /// A plan that the composer has not bound yet.
    ///
    /// # Safety
    ///
    /// In an image, and as a static whose record names it; see [`ImportSlot::unbound`](crate::ImportSlot::unbound). The
    /// image asks the kernel for nothing that changes its own image, stacks or plan.
    #[doc(hidden)]
    pub const unsafe fn unbound() -> Self {
        Self { address: AtomicU64::new(0) }
    }

    /// A word of the plan's header, by its number in [`abi::management::word`].
    pub fn word(&self, number: usize) -> u64 {
        self.words().get(number).copied().unwrap_or(0)
    }

    /// Number of components in the graph.
    pub fn components(&self) -> usize {
        self.words().len().saturating_sub(HEADER_WORDS).min(self.word(word::COMPONENTS) as usize)
    }

    /// What the manager holds of the component with this number.
    pub fn managed(&self, at: usize) -> Option<Managed> {
        let words = self.words().get(HEADER_WORDS + Managed::WORDS * at..)?;
        Managed::from_words(words).filter(|_| at < self.components())
    }

    /// Whether the graph lets component number `from` give memory of its own to component number `to`.
    pub fn may_give(&self, from: usize, to: usize) -> bool {
        let count = self.components();
        let in_map = from < count && to / 64 < map_words(count);
        let word = self.words().get(map_at(count, from) + to / 64).filter(|_| in_map);
        word.is_some_and(|word| word & 1 << (to % 64) != 0)
    }

    /// The bundle's tables, if the manager constructs others.
    ///
    /// # Errors
    ///
    /// [`BundleError`]: a defect of the composer or the booter.
    pub fn bundle(&self) -> Result<Bundle<'static>, BundleError> {
        if self.word(word::CONSTRUCTS) == 0 {
            return Err(BundleError::Empty);
        }
        // SAFETY: the booter maps the bundle's tables there, whole pages that nobody can write, for ever.
        let page = unsafe { core::slice::from_raw_parts(BUNDLE as *const u8, PAGE as usize) };
        let bytes = abi::bundle::table_bytes(page).ok_or(BundleError::Truncated)?;
        // SAFETY: as above; the header says how many.
        let tables = unsafe { core::slice::from_raw_parts(BUNDLE as *const u8, bytes as usize) };
        Bundle::parse_tables(tables)
    }

    /// Asks the object behind `capability` for `operation`.
    ///
    /// # Errors
    ///
    /// The kernel's.
    pub fn operate(&self, capability: u64, operation: u16, words: [u64; 4]) -> Result<[u64; 2], Error> {
        let capability = u32::try_from(capability).map_err(|_| Error::OutOfRange)?;
        // SAFETY: whoever made this promises that the image leaves its own memory alone.
        let (status, words) = unsafe { operate(capability, operation, words) };
        Error::from_status(status).map_or(Ok(words), Err)
    }

    /// Invokes what `capability` names with one word, and answers the status.
    pub fn invoke(&self, capability: u64, word: u64) -> u16 {
        let Ok(capability) = u32::try_from(capability) else { return Error::OutOfRange.status() };
        // SAFETY: an invocation changes nothing of the caller's.
        unsafe { operate(capability, 0, [word, 0, 0, 0]) }.0
    }

    /// Copies the page at `offset` of the bundle to the page at `address`, where the manager has mapped it for that.
    ///
    /// # Errors
    ///
    /// [`Error::BadAddress`] if that is no page of [`SCRATCH`].
    pub fn copy(&self, offset: u64, address: u64) -> Result<(), Error> {
        let is_scratch = (SCRATCH..SCRATCH + RUN_TIME_SPAN).contains(&address) && address.is_multiple_of(PAGE);
        if !is_scratch || !offset.is_multiple_of(PAGE) {
            return Err(Error::BadAddress);
        }
        let (from, to) = ((BUNDLE + offset) as *const u64, address as *mut u64);
        // SAFETY: nothing of Rust's lies in either range; where nothing is mapped, this faults, and no more.
        unsafe { core::ptr::copy_nonoverlapping(from, to, PAGE as usize / 8) };
        Ok(())
    }

    fn words(&self) -> &'static [u64] {
        let address = self.address.load(Relaxed) as *const u64;
        if address.is_null() {
            return &[];
        }
        // SAFETY: the composer places a plan there, read-only, and its header says how many components follow.
        unsafe {
            let components = address.add(word::COMPONENTS).read() as usize;
            core::slice::from_raw_parts(address, words(components))
        }
    }
}
