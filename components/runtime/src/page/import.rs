//! The static behind a page that an image posts to.

use super::adaptive::Habit;
use super::direct::{Enter, enter};
use super::posts::Detour;
use super::{PageError, Posts, Runner};
#[cfg(not(test))]
use crate::capability::{invoke_cleared, invoke_trusted};
use crate::client::ImportSlot;
use crate::{CallError, Error, Result};
use abi::page::{DIRECT, SERVE, SLOT_WORDS};
use abi::record::CLEAR_REGISTERS;
use core::cell::{Cell, UnsafeCell};
use core::ptr::NonNull;
use core::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use syscall_page::server::State;
use syscall_page::{Client, Page, mapped};

/// The client's end of a page, for the thread that has it open.
pub(super) struct End {
    client: UnsafeCell<Client<'static, AtomicU64>>,
    /// How it is used.
    pub(super) habit: Habit,
    /// What who makes the posted calls himself knows of them, where there is no page.
    pub(super) state: State<AtomicU64>,
    /// Whether no call ended when the server faulted last.
    pub(super) has_faulted_in_vain: Cell<bool>,
}

impl End {
    fn new(page: Page<'static, AtomicU64>, has_page: bool) -> Self {
        Self {
            client: UnsafeCell::new(Client::new(page)),
            habit: Habit::new(has_page),
            state: State::default(),
            has_faulted_in_vain: Cell::new(false),
        }
    }

    /// The client's books.
    pub(super) fn client(&self) -> *mut Client<'static, AtomicU64> {
        self.client.get()
    }
}

/// Where the composer puts what a client has to know of a page, and the client's books.
#[repr(C)]
pub struct PageImport {
    /// As `abi::page` says; the composer sets them.
    slot: [u64; SLOT_WORDS],
    /// Who has it served on another core, if the graph says so.
    runner: Option<&'static Runner>,
    /// How the server is entered.
    pub(super) enter: Enter,
    is_open: AtomicBool,
    /// Made when the page is first opened.
    end: UnsafeCell<Option<End>>,
}

// SAFETY: the composer's words are only read. The end is touched by `open`, between the moment that
// it has set `is_open` and the moment that it has made `Posts`, and through `Posts`, of which there is
// one at a time, and which stays on its thread.
unsafe impl Sync for PageImport {}

impl PageImport {
    /// A page that the composer has not bound yet.
    ///
    /// # Safety
    ///
    /// In an image, and as a static whose record names it; see `ImportSlot::unbound`.
    #[doc(hidden)]
    pub const unsafe fn unbound(runner: Option<&'static Runner>) -> Self {
        let mut slot = [0; SLOT_WORDS];
        (slot[0], slot[1]) = (ImportSlot::UNBOUND, CLEAR_REGISTERS);
        // SAFETY: the caller's promise is the condition, and addresses of 0 are none.
        unsafe { Self::bound(slot, runner, enter) }
    }

    /// A page as the composer binds it.
    ///
    /// # Safety
    ///
    /// As for [`PageImport::unbound`]; and at the addresses in `slot` lie frames that stay, and that nothing else here touches.
    pub(super) const unsafe fn bound(slot: [u64; SLOT_WORDS], runner: Option<&'static Runner>, enter: Enter) -> Self {
        Self { slot, runner, enter, is_open: AtomicBool::new(false), end: UnsafeCell::new(None) }
    }

    /// Takes the client's end of the page, until it is dropped.
    ///
    /// # Errors
    ///
    /// [`PageError::Open`] if somebody has it; [`Error::Kernel`] if the composer has bound nothing.
    #[doc(hidden)]
    pub fn open(&self) -> Result<Posts<'_>> {
        if self.is_open.swap(true, Ordering::Acquire) {
            return Err(Error::Page(PageError::Open));
        }
        // SAFETY: `is_open` was clear, so nobody else looks at the end until it is clear again.
        let end = unsafe { &mut *self.end.get() };
        if end.is_none() {
            *end = self.end_of_bound_page();
        }
        let end = end.as_ref().ok_or(Error::Kernel(abi::error::Error::NoFrame));
        let opened = end.and_then(|end| Ok(Posts::new(self, end, self.detour()?)));
        opened.inspect_err(|_| self.close())
    }

    /// Who has the page served on another core, if the graph says so; then it is there. Or that there is no page.
    fn detour(&self) -> Result<Option<Detour>> {
        if self.is_direct() {
            return Ok(Some(Detour::Direct));
        }
        let runner = self.runner.filter(|_| self.core().is_some());
        runner.map_or(Ok(()), Runner::start).map(|()| runner.map(Detour::Runner))
    }

    /// The core on which the graph has the page served, if it says so.
    fn core(&self) -> Option<u64> {
        self.word(6).checked_sub(1).filter(|core| core + 1 != DIRECT)
    }

    /// What the runner's thread does.
    ///
    /// # Errors
    ///
    /// The scheduler's. It does not return otherwise.
    #[doc(hidden)]
    pub fn run(&self) -> Result<()> {
        let (runner, core) = self.runner.zip(self.core()).ok_or(Error::Unknown)?;
        let page = self.page().ok_or(Error::Kernel(abi::error::Error::NoFrame))?;
        runner.run(core, page.header(), || self.serve())
    }

    fn end_of_bound_page(&self) -> Option<End> {
        self.page().map(|page| End::new(page, !self.is_direct()))
    }

    pub(super) fn page(&self) -> Option<Page<'static, AtomicU64>> {
        let frame = |word| NonNull::new(self.word(word) as *mut u8);
        let (header, entries) = (frame(2)?, frame(3)?);
        // SAFETY: the composer set both addresses to frames that are mapped for as long as the component
        // lives, readable and writable, apart from all other memory; nothing else here knows them.
        unsafe { mapped::page(header, entries) }.ok()
    }

    /// Lets the next one open it.
    pub(super) fn close(&self) {
        self.is_open.store(false, Ordering::Release);
    }

    /// The number by which the scheduler knows the page.
    pub(super) fn number(&self) -> u64 {
        self.word(5)
    }

    /// Invokes the server's batch entry; answers its two words.
    pub(super) fn serve(&self) -> Result<[u64; 2], CallError> {
        let (word, flags) = (self.word(0) | u64::from(SERVE), self.word(1));
        let (status, words) = self.enter_batch(word, flags);
        CallError::check(status)?;
        Ok(words)
    }

    #[cfg(not(test))]
    #[inline(always)]
    fn enter_batch(&self, word: u64, flags: u64) -> (u16, [u64; 2]) {
        // SAFETY: as for a call through an import slot: this is an image, and the word names an
        // invocation or nothing. What the server changes here is the page, which is atomics.
        unsafe { if flags & CLEAR_REGISTERS == 0 { invoke_trusted(word, []) } else { invoke_cleared(word, []) } }
    }

    /// On the host there is no kernel: a test says who serves.
    #[cfg(test)]
    fn enter_batch(&self, word: u64, flags: u64) -> (u16, [u64; 2]) {
        (self.enter)(word, flags, [0; 4])
    }

    pub(super) fn word(&self, at: usize) -> u64 {
        // SAFETY: a reference can be read through. Volatile: the composer sets the words.
        unsafe { (&raw const self.slot[at]).read_volatile() }
    }
}
