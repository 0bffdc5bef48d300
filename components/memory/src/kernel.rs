//! The kernel, as the manager reaches it: frames by number, pages by page number, clients by what the plan says.

use abi::error::Error;
use abi::layout::{PAGE, READ, RUN_TIME, WRITE};
use abi::management::{Managed, word};
use abi::operation::{PageTableOperation, TableOperation};
use runtime::management::{Management, SCRATCH, quiesce};
use runtime::nodes::add_nodes;

/// The plan, and the kernel's operations.
pub trait Kernel {
    /// A word of the plan's header.
    fn word(&self, number: usize) -> u64;

    /// What the plan says of the component with this number.
    fn managed(&self, number: usize) -> Option<Managed>;

    /// Whether the graph lets component number `from` give memory of its own to component number `to`.
    fn may_give(&self, from: usize, to: usize) -> bool;

    /// Asks the object behind `capability` for `operation`.
    ///
    /// # Errors
    ///
    /// The kernel's.
    fn operate(&self, capability: u64, operation: u16, words: [u64; 4]) -> Result<[u64; 2], Error>;
}

impl Kernel for &Management {
    fn word(&self, number: usize) -> u64 {
        Management::word(self, number)
    }

    fn managed(&self, number: usize) -> Option<Managed> {
        Management::managed(self, number)
    }

    fn may_give(&self, from: usize, to: usize) -> bool {
        Management::may_give(self, from, to)
    }

    fn operate(&self, capability: u64, operation: u16, words: [u64; 4]) -> Result<[u64; 2], Error> {
        Management::operate(self, capability, operation, words)
    }
}

/// A component that may have memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Client {
    /// Its number in the plan.
    pub number: usize,
    /// Slot of its page table.
    pub page_table: u64,
    /// Pages and frames that it may have at once.
    pub quota: u64,
    /// The token of the component that makes it at run time, and ends it; 0 if it is there from the start.
    pub maker: u64,
}

/// The client whose invocations carry `token`.
pub fn client(kernel: &impl Kernel, token: u64) -> Option<Client> {
    let number = usize::try_from(token.checked_sub(1)?).ok()?;
    let Managed { page_table, quota, partner, .. } = kernel.managed(number)?;
    (page_table != 0).then_some(Client { number, page_table, quota, maker: partner })
}

/// The address of page number `page` of a client's memory at run time.
pub const fn address(page: u64) -> u64 {
    RUN_TIME + page * PAGE
}

/// The page number of `address`, if it is a page of that memory.
pub fn page(address: u64) -> Option<u64> {
    let offset = address.checked_sub(RUN_TIME)?;
    (offset.is_multiple_of(PAGE) && offset < abi::layout::RUN_TIME_SPAN).then_some(offset / PAGE)
}

/// What the manager does with frames, each by its number among those that it manages. It has every frame mapped that it
/// gave as memory: what clients have are aliases of that.
pub struct Frames<'k, K, N> {
    /// The kernel.
    pub kernel: &'k K,
    /// Where nodes of a page table come from, by its slot: the number of a frame that is free, which is not free any more.
    pub node: N,
}

impl<K: Kernel, N: FnMut(u64) -> Option<u64>> Frames<'_, K, N> {
    /// Makes the frame memory, and maps it for the client.
    pub fn map(&mut self, client: Client, page: u64, frame: u64) -> Result<(), Error> {
        let own = self.kernel.word(word::PAGE_TABLE);
        self.place(own, PageTableOperation::Map, master(frame), [self.name(frame), READ | WRITE])?;
        let aliased = self.alias(client, page, frame, READ | WRITE);
        if aliased.is_err() {
            self.free(frame);
        }
        aliased
    }

    /// Maps the frame, which is memory, for the client.
    pub fn alias(&mut self, client: Client, page: u64, frame: u64, rights: u64) -> Result<(), Error> {
        self.place(client.page_table, PageTableOperation::Alias, address(page), [master(frame), rights])
    }

    /// Names the untyped frame for the client.
    pub fn lend(&mut self, client: Client, page: u64, frame: u64) -> Result<(), Error> {
        self.place(client.page_table, PageTableOperation::Name, address(page), [self.name(frame), 0])
    }

    /// Takes a mapping, or a name, away from the client.
    pub fn unmap(&self, client: Client, page: u64) {
        // Nothing there is as good.
        let _ = self.operate(client.page_table, PageTableOperation::Unmap, [address(page), 0, 0, 0]);
    }

    /// Makes the frame, which nobody has mapped any more, untyped.
    pub fn free(&self, frame: u64) {
        let own = self.kernel.word(word::PAGE_TABLE);
        let _ = self.operate(own, PageTableOperation::Unmap, [master(frame), 0, 0, 0]);
    }

    /// Takes the node of this level above the page out of the client's page table, if nothing hangs from it any more.
    pub fn prune(&self, client: Client, page: u64, level: u64) {
        let _ = self.operate(client.page_table, PageTableOperation::Prune, [address(page), level, 0, 0]);
    }

    /// Clears the untyped frame.
    pub fn clean(&self, frame: u64) -> Result<(), Error> {
        let clean = || {
            let own = self.kernel.word(word::PAGE_TABLE);
            self.operate(own, PageTableOperation::Clean, [self.name(frame), 0, 0, 0])
        };
        self.when_quiescent(clean)
    }

    fn name(&self, frame: u64) -> u64 {
        self.kernel.word(word::UNTYPED) + frame * PAGE
    }

    /// Performs `operation` at `address`, adding the nodes above it where they are missing.
    fn place(
        &mut self,
        table: u64,
        operation: PageTableOperation,
        address: u64,
        [from, rights]: [u64; 2],
    ) -> Result<(), Error> {
        let words = [address, from, rights, 0];
        match self.when_quiescent(|| self.operate(table, operation, words)) {
            Err(Error::NoNode) => self.add_nodes(table, address)?,
            done => return done,
        }
        self.when_quiescent(|| self.operate(table, operation, words))
    }

    fn add_nodes(&mut self, table: u64, address: u64) -> Result<(), Error> {
        let Self { kernel, node } = self;
        let frames = Frames { kernel: *kernel, node: |_| None };
        let take = || node(table).map(|frame| frames.name(frame)).ok_or(Error::NoFrame);
        let graft = |words| frames.when_quiescent(|| frames.operate(table, PageTableOperation::Graft, words));
        add_nodes(address, take, graft)
    }

    /// Asks again after no core can have in use what was given up.
    fn when_quiescent(&self, ask: impl Fn() -> Result<(), Error>) -> Result<(), Error> {
        match ask() {
            Err(Error::NotQuiescent) => self.quiesce()?,
            done => return done,
        }
        ask()
    }

    /// Waits until no core can have in use what has been given up.
    pub fn quiesce(&self) -> Result<(), Error> {
        let table = self.kernel.word(word::TABLE);
        quiesce(|epoch| self.kernel.operate(table, TableOperation::Quiesce as u16, [epoch, 0, 0, 0]))
    }

    fn operate(&self, capability: u64, operation: PageTableOperation, words: [u64; 4]) -> Result<(), Error> {
        self.kernel.operate(capability, operation as u16, words).map(|_| ())
    }
}

/// Where the manager itself has a frame mapped.
const fn master(frame: u64) -> u64 {
    SCRATCH + frame * PAGE
}
