//! Where the manager keeps what it holds: slots of its own table, by component.

use crate::bundle;
use crate::kernel::Kernel;
use abi::bundle::{Bundle, Component, Grant};
use abi::crossing::LEAF_SLOTS;
use abi::layout::PAGE;
use abi::management::word;
use capabilities_interface::{CapabilitiesError, Result};

/// Components that a manager can make.
pub const MOST: usize = 64;

/// Slots for each of them.
const SLOTS: u64 = 4;

/// What the manager has to carry out.
pub struct Plan<'k> {
    /// The bundle's tables.
    pub bundle: Bundle<'k>,
    /// The manager's own number in them.
    own: u64,
    /// Slots of its own table and page table.
    pub table: u64,
    /// Its own page table.
    pub page_table: u64,
    /// First of the slots for what it makes.
    free: u64,
}

/// The slots for what is made of a component.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Held {
    /// The component's number in the bundle.
    pub at: usize,
    /// Its number among those that the manager makes.
    pub number: usize,
    /// Its capability table.
    pub table: u64,
    /// Its page table.
    pub page_table: u64,
    /// The component.
    pub component: u64,
    /// An invocation of its start.
    pub start: u64,
}

impl<'k> Plan<'k> {
    /// What the composer says.
    ///
    /// # Errors
    ///
    /// [`CapabilitiesError::BadPlan`].
    pub fn of(kernel: &'k impl Kernel) -> Result<Self> {
        let bundle = bundle(kernel)?;
        let (table, page_table, free) =
            (kernel.word(word::TABLE), kernel.word(word::PAGE_TABLE), kernel.word(word::FREE));
        let own = kernel.word(word::CONSTRUCTS).checked_sub(1).ok_or(CapabilitiesError::BadPlan)?;
        Ok(Self { bundle, own, table, page_table, free })
    }

    /// The numbers of the components that the manager makes, in the order in which they initialise.
    pub fn made(&self) -> impl Iterator<Item = usize> {
        let own = self.own;
        let components = self.bundle.components().enumerate();
        components.filter(move |(_, component)| component.constructor == own).map(|(at, _)| at)
    }

    /// Where the component with this token is kept, if the manager makes it.
    pub fn held(&self, token: u64) -> Option<Held> {
        let at = usize::try_from(token.checked_sub(1)?).ok()?;
        let number = self.made().position(|made| made == at).filter(|number| *number < MOST)?;
        let slot = self.free + SLOTS * number as u64;
        Some(Held { at, number, table: slot, page_table: slot + 1, component: slot + 2, start: slot + 3 })
    }

    /// The component.
    pub fn component(&self, held: &Held) -> Option<Component> {
        self.bundle.components().nth(held.at)
    }

    /// The slot of the component number `at`, to make invocations of it.
    pub fn server(&self, at: u64, kernel: &impl Kernel) -> Option<u64> {
        match self.held(at + 1) {
            Some(held) => Some(held.component),
            None => kernel.managed(at as usize).map(|managed| managed.component),
        }
    }

    /// The slot of the capability table of the component number `at`.
    pub fn table_of(&self, at: usize, kernel: &impl Kernel) -> Option<u64> {
        match self.held(at as u64 + 1) {
            Some(held) => Some(held.table),
            None => kernel.managed(at).map(|managed| managed.table).filter(|slot| *slot != 0),
        }
    }

    /// Where the memory manager of a component expects its page table, if it has one: the slot of that one's table, and the slot in it.
    pub fn lodging(&self, held: &Held, kernel: &impl Kernel) -> Option<(u64, u64)> {
        let made = kernel.managed(held.at)?;
        let manager = usize::try_from(made.partner.checked_sub(1)?).ok()?;
        Some((self.table_of(manager, kernel)?, made.page_table))
    }

    /// The slots of the component number `client` that hold invocations of the component number `server`.
    pub fn edges(&self, client: &Component, server: usize) -> impl Iterator<Item = (u64, Grant)> {
        let of_server =
            move |grant: &Grant| matches!(*grant, Grant::Invocation { server: of, .. } if of == server as u64);
        let held = self.bundle.capabilities(client);
        held.filter(move |held| of_server(&held.grant)).map(|held| (held.slot, held.grant))
    }

    /// Leaves that the table of a component needs.
    pub fn leaves(&self, component: &Component) -> u64 {
        let last = self.bundle.capabilities(component).map(|held| held.slot).max();
        last.map_or(0, |last| last / u64::from(LEAF_SLOTS) + 1)
    }

    /// Frames that a component is made of, at most.
    pub fn frames(&self, held: &Held) -> u64 {
        /// Tables and component; and nodes, of which the upper two are there once.
        const OBJECTS: u64 = 3 + 2;
        let Some(component) = self.component(held) else { return 0 };
        let pages = self.pages(&component).filter(|(_, source)| source.takes_frame()).count() as u64;
        let mut regions = self.pages(&component).map(|(address, _)| address / (512 * PAGE));
        let mut nodes = 0;
        let mut last = None;
        for region in &mut regions {
            nodes += u64::from(last.replace(region) != Some(region));
        }
        OBJECTS + self.leaves(&component) + pages + nodes
    }

    /// The pages of a component, each with where its contents come from.
    pub fn pages(&self, component: &Component) -> impl Iterator<Item = (u64, Source)> {
        let segments = self.bundle.segments(component).flat_map(|segment| {
            (0..segment.memory_bytes / PAGE).map(move |page| {
                let (rights, offset) = (segment.rights, segment.offset + page * PAGE);
                let source = match page * PAGE < segment.file_bytes {
                    true => Source::Bundle { offset, rights },
                    false => Source::Zeros { rights },
                };
                (segment.address + page * PAGE, source)
            })
        });
        let rights = abi::layout::READ | abi::layout::WRITE;
        let stacks = self.bundle.stacks(component).flat_map(move |stack| {
            (0..stack.bytes / PAGE).map(move |page| (stack.end - stack.bytes + page * PAGE, Source::Zeros { rights }))
        });
        segments.chain(stacks)
    }
}

impl Source {
    /// Whether the page has a frame of its own.
    pub const fn takes_frame(self) -> bool {
        match self {
            Self::Bundle { rights, .. } => rights & abi::layout::WRITE != 0,
            Self::Zeros { .. } => true,
        }
    }
}

/// What a page starts with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// A page of the bundle.
    Bundle {
        /// Where it lies there.
        offset: u64,
        /// Rights of the mapping.
        rights: u64,
    },
    /// Nothing.
    Zeros {
        /// Rights of the mapping.
        rights: u64,
    },
}
