//! The server's side of pages: which there are, and the loop that serves one.

use crate::server::{Invocation, Reply};
use abi::error::Error;
use abi::page::{MORE, ROW_WORDS, ROWS, SERVE, WAKE};
use core::ptr::NonNull;
use core::sync::atomic::AtomicU64;
use syscall_page::layout::ENTRIES;
use syscall_page::server::{Server, State};
use syscall_page::{Page, mapped};

/// A page of one edge, as the composer describes it in the server's memory.
#[repr(C)]
struct Row {
    header: u64,
    entries: u64,
    methods: u64,
    token: u64,
    state: State<AtomicU64>,
    spare: [AtomicU64; 2],
}

const _: () = assert!(size_of::<Row>() == 8 * ROW_WORDS);

/// Where the composer puts the address of the table of an interface's pages.
#[repr(transparent)]
pub struct PageTable {
    address: u64,
}

impl PageTable {
    /// A table that the composer has not made: no edge has a page.
    ///
    /// # Safety
    ///
    /// In an image, and as a static whose record names it: the composer sets the
    /// address of a table that nothing else touches, and of frames that stay mapped.
    #[doc(hidden)]
    pub const unsafe fn unbound() -> Self {
        Self { address: 0 }
    }

    /// Serves the page that `batch` was invoked for: `dispatch` runs the method of each call that is permitted, as it
    /// runs those of direct calls. Bounded: it looks at no more calls than a page has entries.
    #[doc(hidden)]
    #[inline]
    pub fn serve(&self, batch: Invocation, mut dispatch: impl FnMut(Invocation) -> Reply) -> Reply {
        if batch.method != u64::from(SERVE) {
            return Reply::UNKNOWN_METHOD;
        }
        let Some((row, page)) = self.row(batch.token).and_then(|row| Some((row, row.page()?))) else {
            return Reply::from(Err::<(), _>(crate::Error::Kernel(Error::BadArgument)));
        };
        let server = Server::with_state(page, row.methods, batch.token, &row.state);
        let pass = server.pass(ENTRIES as u32, |call| {
            let request = call.request();
            let (method, words) = (request.method.into(), request.args);
            let reply = dispatch(Invocation { method, words, token: row.token });
            call.answer(&syscall_page::Reply { status: reply.status(), words: reply.words() })
        });
        let flags = if pass.more { MORE } else { 0 } | if pass.wake { WAKE } else { 0 };
        Reply::from(Ok((u64::from(pass.run + pass.refused), flags)))
    }

    fn row(&self, number: u64) -> Option<&Row> {
        // SAFETY: a reference can be read through. Volatile: the composer sets the word.
        let address = unsafe { (&raw const self.address).read_volatile() };
        let table = NonNull::new(address as *mut u64)?;
        // SAFETY: the composer made the table, which starts with the number of its rows.
        let rows = unsafe { table.read() };
        if number >= rows {
            return None;
        }
        // SAFETY: there are so many rows behind it; what changes in them is atomic.
        Some(unsafe { table.byte_add(ROWS as usize).cast::<Row>().add(number as usize).as_ref() })
    }
}

impl Row {
    fn page(&self) -> Option<Page<'_, AtomicU64>> {
        let frame = |address: u64| NonNull::new(address as *mut u8);
        let (header, entries) = (frame(self.header)?, frame(self.entries)?);
        // SAFETY: the composer mapped both frames there for as long as the component lives, apart from
        // all other memory, and nothing here reaches them but through such pages.
        unsafe { mapped::page(header, entries) }.ok()
    }
}
