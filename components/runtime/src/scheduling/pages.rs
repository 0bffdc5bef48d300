//! Syscall pages, as a scheduler sees them: it has them served, and reads of their headers whether a client still waits.

use super::{Plan, word};
use crate::capability::invoke_cleared;
use crate::{Error, Result};
use abi::crossing::CapabilityWord;
use abi::page::{PageEdge, SERVE};
use core::ptr::NonNull;
use syscall_page::mapped;

impl Plan {
    /// The page with this number.
    pub fn page(&self, number: u64) -> Option<PageEdge> {
        let number = usize::try_from(number).ok().filter(|number| (*number as u64) < self.word(word::PAGES))?;
        let first = self.word(word::FIRST_PAGE) as usize;
        PageEdge::from_words(self.words().get(first + number * PageEdge::WORDS..)?)
    }

    /// Has the server of the page with this number serve it, on the thread that calls. Answers what the batch entry answers.
    ///
    /// # Errors
    ///
    /// The kernel's; `BadArgument` if the plan has no such page.
    pub fn serve(&self, number: u64) -> Result<[u64; 2]> {
        let page = self.page(number).ok_or(Error::Kernel(abi::error::Error::BadArgument))?;
        let word = CapabilityWord::new(page.serve as u32, SERVE).0;
        // SAFETY: a plan exists, so this is an image. The slot holds an invocation: a server runs on memory of
        // its own, and shares with the scheduler nothing but headers of pages, which are atomics.
        let (status, words) = unsafe { invoke_cleared(word, []) };
        Error::check(status)?;
        Ok(words)
    }

    /// Whether the client of the page with this number still waits on `epoch`.
    pub fn waits_on(&self, number: u64, epoch: u64) -> bool {
        let frame = self.page(number).and_then(|page| NonNull::new(page.header as *mut u8));
        // SAFETY: the composer mapped the header frame there for as long as the scheduler lives, and the scheduler
        // reaches it by this alone.
        let header = frame.and_then(|frame| unsafe { mapped::header(frame) }.ok());
        header.is_some_and(|header| header.waits_on(epoch))
    }
}
