//! An edge without a page, of an image that would post to one: the graph gave none, so calls are made directly.
//!
//! What was posted lies in frames of the client's own, and whoever has it served makes each call himself. User threads, tasks and
//! whoever decides call by call do not even post.

use super::Posts;
use super::import::PageImport;
use crate::capability::{invoke_cleared, invoke_trusted};
use crate::{Answer, CallError, Failure, Result};
use abi::crossing::METHODS;
use abi::page::DIRECT;
use abi::record::CLEAR_REGISTERS;
use core::sync::atomic::AtomicU64;
use syscall_page::server::{Server, State};
use syscall_page::{Next, Reply};

/// How a server is entered: by the word of a slot, its flags, and the call's words.
pub(super) type Enter = fn(u64, u64, [u64; 4]) -> (u16, [u64; 2]);

/// By an invocation.
pub(super) fn enter(word: u64, flags: u64, words: [u64; 4]) -> (u16, [u64; 2]) {
    // SAFETY: as for a call through an import slot: this is an image, and the word names an invocation or nothing.
    unsafe { if flags & CLEAR_REGISTERS == 0 { invoke_trusted(word, words) } else { invoke_cleared(word, words) } }
}

impl PageImport {
    /// Whether the edge has no page.
    pub(super) fn is_direct(&self) -> bool {
        self.word(6) == DIRECT
    }

    /// Makes a call.
    fn call(&self, method: u16, words: [u64; 4]) -> Reply {
        let (status, words) = (self.enter)(self.word(0) | u64::from(method), self.word(1), words);
        Reply { status, words: if status == 0 { words } else { [0; 2] } }
    }

    /// Makes each call that was submitted, in their order, of which `state` knows how far it has come. Answers a bit for each slot whose call has ended.
    fn call_each(&self, state: &State<AtomicU64>) -> Result<u64, CallError> {
        let page = self.page().ok_or(CallError::Kernel(abi::error::Error::NoFrame))?;
        // Which methods the edge permits, the kernel says.
        let server = Server::with_state(page, u64::MAX, 0, state);
        let pass = server.quiet_pass(METHODS, |unread| {
            let call = unread.read();
            let request = call.request();
            call.answer(&self.call(request.method, request.args))
        });
        Ok(pass.done)
    }
}

impl Posts<'_> {
    /// Makes a call, and answers its result.
    #[cold]
    #[inline(never)]
    pub(crate) fn call<A: Answer, E: Failure, const WORDS: usize>(
        &self,
        method: u16,
        words: [u64; WORDS],
    ) -> Result<A, E> {
        let mut all = [0; 4];
        all.iter_mut().zip(words).for_each(|(place, word)| *place = word);
        let reply = self.import.call(method, all);
        E::check(reply.status).map(|()| A::from_words(reply.words))
    }

    /// Makes all calls that were posted. Answers the slots of those that have ended.
    pub(super) fn call_posted(&self) -> Result<u64, CallError> {
        self.served(self.import.call_each(&self.end.state))
    }

    /// The same, if there are any: answers whether there was a call to wait for.
    pub(super) fn call_awaited(&self) -> Result<bool, CallError> {
        match self.with(|client| client.prepare_to_be_served()) {
            Next::NothingToWaitFor => Ok(false),
            Next::ResultsCame => Ok(true),
            Next::BeServed => self.call_posted().map(|_| true),
        }
    }
}
