//! The server's side of pages: which there are, and the loop that serves one.

use super::{PageError, WorkerThreads};
use crate::server::{Invocation, Reply};
use abi::error::Error;
use abi::page::{MORE, ROW_WORDS, ROWS, SERVE};
use core::hint::assert_unchecked;
use core::ptr::NonNull;
use core::sync::atomic::AtomicU64;
use core::sync::atomic::Ordering::Relaxed;
use syscall_page::backlog::{Backlog, Common};
use syscall_page::layout::FRAME_BYTES;
use syscall_page::server::{Parked, Server, State};
use syscall_page::workers::Calls;
use syscall_page::{Arguments, Blocked, Call, Outcome, Page, Work, mapped};

/// A call that was posted, as an interface's methods are run for it.
pub type Posted<'p> = Invocation<Arguments<'p, AtomicU64>>;

/// A page of one edge, as the composer describes it in the server's memory.
#[repr(C)]
struct Row {
    header: u64,
    entries: u64,
    methods: u64,
    token: u64,
    state: State<AtomicU64>,
    /// Index of the thread that had the page served last.
    waiter: AtomicU64,
    spare: AtomicU64,
}

const _: () = assert!(size_of::<Row>() == 8 * ROW_WORDS);

/// Where the composer puts the address of the table of an interface's pages.
#[repr(C)]
pub struct PageTable {
    address: u64,
    /// Whether there are workers for methods that may block, and room in the table for their calls.
    has_workers: bool,
}

impl PageTable {
    /// A table that the composer has not made: no edge has a page.
    ///
    /// # Safety
    ///
    /// In an image, and as a static whose record, of this name, names it: the composer sets the
    /// address of a table that nothing else touches, and of frames that stay mapped.
    #[doc(hidden)]
    pub const unsafe fn pages() -> Self {
        // SAFETY: no table lies at 0.
        unsafe { Self::bound(0, false) }
    }

    /// The same, where workers run the methods that may block.
    ///
    /// # Safety
    ///
    /// As for [`PageTable::pages`].
    #[doc(hidden)]
    pub const unsafe fn pages_with_workers() -> Self {
        // SAFETY: as above.
        unsafe { Self::bound(0, true) }
    }

    /// A table as the composer binds it.
    ///
    /// # Safety
    ///
    /// As for [`PageTable::pages`], of what lies at `address`, if that is not 0.
    pub(super) const unsafe fn bound(address: u64, has_workers: bool) -> Self {
        Self { address, has_workers }
    }

    /// Serves the page that `batch` was invoked for: `dispatch` runs the method of each call that is permitted, as it
    /// runs those of direct calls, of which there are `methods`, except for the methods in `may_block`, which workers are to run. Bounded: it looks
    /// at no more calls than a page has entries.
    #[doc(hidden)]
    #[inline(always)]
    pub fn serve(
        &self,
        batch: Batch,
        methods: u64,
        may_block: u64,
        mut dispatch: impl FnMut(Posted<'_>) -> Reply,
    ) -> Reply {
        if batch.method != u64::from(SERVE) {
            return Reply::UNKNOWN_METHOD;
        }
        let Some(row) = self.row(batch.row) else {
            return Reply::from(Err::<(), _>(crate::Error::Kernel(Error::BadArgument)));
        };
        if may_block != 0 {
            row.waiter.store(u64::from(batch.identity as u32), Relaxed);
        }
        let server = Server::with_state(row.page(), row.methods, batch.row, &row.state);
        let pass = server.quiet_pass(methods as u16, |unread| {
            let method = unread.method();
            // SAFETY: a pass runs no others. So what dispatches them need not look again whether there is such a method.
            unsafe { assert_unchecked(u64::from(method) < methods) };
            if may_block & 1 << method != 0 {
                return self.park(batch.row, unread.read());
            }
            let (words, claimed) = unread.split();
            let reply = dispatch(Invocation { method: method.into(), words, token: row.token });
            claimed.answer_with(reply.status(), reply.words(), reply.count())
        });
        Reply::from(Ok::<_, crate::Error>((pass.done, if pass.more { MORE } else { 0 })))
    }

    /// Leaves a call of the page in `row` to a worker.
    fn park(&self, row: u64, call: Call<'_, '_, AtomicU64>) -> Outcome {
        let Some(backlog) = self.backlogs().and_then(|all| all.get(row as usize)) else {
            return call.answer(&syscall_page::Reply::refused(Error::UnknownOperation));
        };
        if !backlog.has_workers() {
            return call.answer(&exhausted());
        }
        let request = call.request();
        match call.block() {
            // Whom this would wake is the client, whose thread this is.
            Ok(Parked { blocked, outcome, .. }) => {
                backlog.add(&Work { request, blocked });
                outcome
            }
            Err(outcome) => outcome,
        }
    }

    /// The calls that wait for workers.
    pub(super) fn calls(&self) -> Option<Calls<'_, AtomicU64>> {
        let (table, edges) = (self.table()?, self.backlogs()?);
        // SAFETY: the table's second word; its third, and its fourth, which is atomic.
        let (threads, common) = unsafe { (table.add(1).read(), table.add(2).cast::<Common<AtomicU64>>().as_ref()) };
        Some(Calls { edges, common, threads })
    }

    /// Those of each row.
    fn backlogs(&self) -> Option<&[Backlog<AtomicU64>]> {
        let table = self.table().filter(|_| self.has_workers)?;
        // SAFETY: as in `row`.
        let rows = unsafe { table.read() };
        let behind = ROWS + rows * size_of::<Row>() as u64;
        // SAFETY: the composer made as many of these behind the rows as there are rows; what changes in them is atomic.
        Some(unsafe { core::slice::from_raw_parts(table.byte_add(behind as usize).cast().as_ptr(), rows as usize) })
    }

    /// Answers a call that was parked, and wakes its client if that waits.
    pub(super) fn complete(
        &self,
        number: u64,
        blocked: Blocked,
        reply: &syscall_page::Reply,
        threads: &impl WorkerThreads,
    ) {
        let Some(row) = self.row(number) else { return };
        let server = Server::with_state(row.page(), row.methods, number, &row.state);
        if server.complete(blocked, reply).is_ok_and(|completed| completed.wake) {
            // It may have ended meanwhile; then nobody waits.
            let _ = threads.wake(row.waiter.load(Relaxed));
        }
    }

    #[inline(always)]
    fn row(&self, number: u64) -> Option<&Row> {
        let table = self.table()?;
        // SAFETY: the composer made the table, which starts with the number of its rows.
        let rows = unsafe { table.read() };
        if number >= rows {
            return None;
        }
        // SAFETY: there are so many rows behind it; what changes in them is atomic.
        Some(unsafe { table.byte_add(ROWS as usize).cast::<Row>().add(number as usize).as_ref() })
    }

    /// The table that the composer made, if an edge has a page.
    #[inline(always)]
    fn table(&self) -> Option<NonNull<u64>> {
        // SAFETY: a reference can be read through. Volatile: the composer sets the word.
        let address = unsafe { (&raw const self.address).read_volatile() };
        NonNull::new(address as *mut u64)
    }
}

/// Methods of a batch entry.
#[doc(hidden)]
pub const BATCH_METHODS: u64 = SERVE as u64 + 1;

/// An invocation of a batch entry.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub struct Batch {
    /// The method's number.
    pub method: u64,
    /// The page's row, which is the token.
    pub row: u64,
    /// Index of the thread that executes | its core << 32, as the kernel says.
    pub identity: u64,
}

/// The reply to a call for which the server has no room.
pub(super) fn exhausted() -> syscall_page::Reply {
    syscall_page::Reply { status: PageError::Exhausted.status(), words: [0; 2] }
}

impl Row {
    #[inline(always)]
    fn page(&self) -> Page<'_, AtomicU64> {
        let frame = |address: u64| {
            // SAFETY: the composer writes addresses of frames there. A batch is served too often to look each time.
            unsafe { assert_unchecked(address != 0 && address.is_multiple_of(FRAME_BYTES as u64)) };
            NonNull::new(address as *mut u8)
        };
        // SAFETY: the composer mapped both frames there for as long as the component lives, apart from
        // all other memory, and nothing here reaches them but through such pages.
        let page = |(header, entries)| unsafe { mapped::page(header, entries) }.ok();
        // SAFETY: addresses of frames, as above, are all that it takes.
        unsafe { frame(self.header).zip(frame(self.entries)).and_then(page).unwrap_unchecked() }
    }
}
