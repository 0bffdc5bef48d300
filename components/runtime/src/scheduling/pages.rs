//! Syscall pages, as a scheduler sees them: it has them served, and says and reads in their headers whether a client waits.

use super::{Plan, Result, word};
use crate::CallError;
use crate::capability::{invoke_cleared, invoke_trusted};
use abi::crossing::CapabilityWord;
use abi::page::{PageEdge, SERVE};
use abi::record::CLEAR_REGISTERS;
use core::ptr::NonNull;
use core::sync::atomic::AtomicU64;
use syscall_page::{Header, mapped};

impl Plan {
    /// The page with this number.
    #[inline]
    pub fn page(&self, number: u64) -> Option<PageEdge> {
        let header = self.header()?;
        if number >= header[word::PAGES] {
            return None;
        }
        let first = header[word::FIRST_PAGE] as usize + number as usize * PageEdge::WORDS;
        // SAFETY: behind the header lies what it counts.
        let words = unsafe { &*header.as_ptr().add(first).cast::<[u64; PageEdge::WORDS]>() };
        PageEdge::from_words(words)
    }

    /// Has the server of the page with this number serve it, on the thread that calls. Answers what the batch entry answers.
    ///
    /// # Errors
    ///
    /// The kernel's; `BadArgument` if the plan has no such page.
    #[inline]
    pub fn serve(&self, number: u64) -> Result<[u64; 2]> {
        let page = self.page(number).ok_or(CallError::Kernel(abi::error::Error::BadArgument))?;
        let word = CapabilityWord::new(page.serve as u32, SERVE).0;
        // SAFETY: a plan exists, so this is an image. The slot holds an invocation: a server runs on memory of
        // its own, and shares with the scheduler nothing but headers of pages, which are atomics.
        let (status, words) = unsafe {
            if page.serve & CLEAR_REGISTERS == 0 { invoke_trusted(word, []) } else { invoke_cleared(word, []) }
        };
        CallError::check(status)?;
        Ok(words)
    }

    /// Says, for the client of the page with this number, that it waits. Answers the epoch to sleep on; `None` if results
    /// came meanwhile.
    pub fn wait_for_client(&self, number: u64) -> Option<u64> {
        self.page_header(number)?.wait_for_client()
    }

    /// Whether the client of the page with this number still waits on `epoch`.
    pub fn waits_on(&self, number: u64, epoch: u64) -> bool {
        self.page_header(number).is_some_and(|header| header.waits_on(epoch))
    }

    fn page_header(&self, number: u64) -> Option<&Header<AtomicU64>> {
        let frame = self.page(number).and_then(|page| NonNull::new(page.header as *mut u8))?;
        // SAFETY: the composer mapped the header frame there for as long as the scheduler lives, and the scheduler
        // reaches it by this alone.
        unsafe { mapped::header(frame) }.ok()
    }
}
