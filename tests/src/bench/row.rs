//! The rows: which there are, and how each is measured.

/// Which machine measures a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Image {
    /// The floor image: crossings without a kernel.
    Floor,
    /// Calls between components, directly and by pages.
    Calls,
    /// What the kernel does between threads, and with objects and memory.
    Switches,
    /// The same image on two cores.
    Pairs,
    /// What a scheduler component does between threads.
    Yields,
    /// What threads of one component do about each other: locks, conditions, channels.
    Locks,
    /// What authors of components use beside locks: queues, threads, values of a thread's own, the heap.
    Author,
    /// Calls by pages that a scheduler component has served.
    Waits,
    /// What a newcomer runs first: it has rows of its start alone.
    Quickstart,
    /// The key-value store, which has no rows: it reports by itself.
    Store,
}

impl Image {
    /// Those that have rows, in the order in which they are measured.
    pub const ALL: [Self; 9] = [
        Self::Floor,
        Self::Calls,
        Self::Switches,
        Self::Pairs,
        Self::Yields,
        Self::Locks,
        Self::Author,
        Self::Waits,
        Self::Quickstart,
    ];

    /// What it is called while something is done with it.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Floor => "the floor",
            Self::Calls => "the system of calls",
            Self::Switches => "the system of operations",
            Self::Pairs => "the system of operations on two cores",
            Self::Yields => "the system of yields",
            Self::Locks => "the system of locks",
            Self::Author => "the system of what authors use",
            Self::Waits => "the system of waits",
            Self::Quickstart => "the quickstart",
            Self::Store => "the store",
        }
    }
}

/// What rows belong together for those who read them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Group {
    /// What no kernel can go below.
    Floors,
    /// Into the kernel and back, and from component to component.
    Calls,
    /// Between threads, and what schedulers learn of them.
    Threads,
    /// What objects are made of, and with.
    Objects,
    /// Memory, and where it is mapped.
    Memory,
    /// Calls that are posted to a page.
    Pages,
    /// From nothing to components.
    Boot,
}

impl Group {
    /// All of them, in the order in which they are shown.
    pub const ALL: [Self; 7] =
        [Self::Calls, Self::Threads, Self::Objects, Self::Memory, Self::Pages, Self::Boot, Self::Floors];

    /// What stands above its rows.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Floors => "Floors",
            Self::Calls => "Entries and calls",
            Self::Threads => "Threads, events, faults, time",
            Self::Objects => "Objects and capabilities",
            Self::Memory => "Memory",
            Self::Pages => "Calls by a page",
            Self::Boot => "Boot",
        }
    }
}

/// What is known of a row before it is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    /// Its name, in every report and for ever.
    pub name: &'static str,
    /// What it belongs to.
    pub group: Group,
    /// Who measures it.
    pub image: Image,
    /// The kernel's operation that it measures, as `KindOperation::Operation`, if it is one alone.
    pub operation: Option<&'static str>,
    /// The row below which it cannot come, if there is one.
    pub floor: Option<&'static str>,
    /// How it repeats itself, if it is a loop: then one period can be stepped through.
    pub period: Option<Period>,
    /// How many of what the row is named after are measured at once, where that is not said by the period.
    pub together: u64,
    /// The instructions of one operation that it is meant not to exceed, if that was ever said.
    pub target: Option<u64>,
}

impl Row {
    const fn over(self, floor: &'static str) -> Self {
        Self { floor: Some(floor), ..self }
    }

    const fn target(self, instructions: u64) -> Self {
        Self { target: Some(instructions), ..self }
    }

    const fn period(self, period: Period) -> Self {
        Self { period: Some(period), ..self }
    }

    const fn operation(self, operation: &'static str) -> Self {
        Self { operation: Some(operation), ..self }
    }

    const fn once(self) -> Self {
        Self { period: None, ..self }
    }

    const fn together(self, operations: u64) -> Self {
        Self { together: operations, ..self }
    }

    /// How many of what it is named after are measured at once.
    pub fn operations(&self) -> u64 {
        self.period.map_or(self.together, |period| period.operations)
    }

    /// Whether `image` may report it: every system reports its own start.
    pub fn may_come_from(&self, image: Image) -> bool {
        self.image == image || (self.group == Group::Boot && image != Image::Floor)
    }
}

/// What is measured of a loop: the shortest part of it that is always the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period {
    /// The place by which one period is told from the next.
    pub anchor: Anchor,
    /// How often the loop comes to that place in one period.
    pub visits: u64,
    /// How many of what the row is named after there are in it.
    pub operations: u64,
}

/// A place in a loop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Anchor {
    /// The first from which it enters the kernel.
    Entry,
    /// The first that it comes back to: it does not enter the kernel.
    Return,
}

impl Period {
    /// One operation, which enters the kernel once.
    const ONE: Self = Self { anchor: Anchor::Entry, visits: 1, operations: 1 };
    /// One operation, without the kernel.
    const WITHOUT_KERNEL: Self = Self { anchor: Anchor::Return, ..Self::ONE };
    /// Eight operations, without the kernel.
    const EIGHT_WITHOUT_KERNEL: Self = Self { operations: 8, ..Self::WITHOUT_KERNEL };
    /// As many operations as a channel has room for, without the kernel.
    const ROUND_OF_A_CHANNEL: Self = Self { visits: 16, operations: 16, ..Self::WITHOUT_KERNEL };
    /// To another thread and back.
    const PAIR: Self = Self { operations: 2, ..Self::ONE };
}

/// Calls in one round of a page's slots.
const ROUND: u64 = 64;

/// Every row, in the order of the table.
pub const ROWS: &[Row] = &[
    floor(CALIBRATION).once(),
    floor("floor_loop").period(Period::WITHOUT_KERNEL),
    floor("floor_null_entry"),
    floor("floor_sinv_min"),
    floor("floor_sinv_raw"),
    floor("floor_sinv_stub"),
    floor("floor_sinv_stub_cleared"),
    floor("floor_thread_switch").period(Period::PAIR),
    call("null_entry").over("floor_null_entry").target(25),
    call("sinv_raw").over("floor_sinv_raw").target(75),
    call("sinv_stub").over("floor_sinv_stub").target(100),
    call("sinv_stub_shared").target(100),
    call("sinv_stub_cleared").over("floor_sinv_stub_cleared").target(160),
    call("sinv_stub_4args").over("floor_sinv_stub").target(106),
    row("page_post", Group::Pages, Image::Calls).period(Period::EIGHT_WITHOUT_KERNEL).target(15),
    batches("page_serve_b1", 1, Image::Waits),
    batches("page_serve_b8", 8, Image::Waits),
    batches("page_serve_b32", 32, Image::Waits).target(90),
    batches("page_serve_b64", 64, Image::Waits).target(80),
    batches("page_flush_b1", 1, Image::Calls),
    batches("page_flush_b8", 8, Image::Calls),
    batches("page_flush_b32", 32, Image::Calls),
    batches("page_flush_b64", 64, Image::Calls),
    batches("page_user_b32", 32, Image::Waits),
    row("future_roundtrip", Group::Pages, Image::Waits).once(),
    row("page_may_block", Group::Pages, Image::Waits).once(),
    row("may_block_direct", Group::Pages, Image::Waits),
    row("page_adaptive_b1", Group::Pages, Image::Waits).target(105),
    batches("page_adaptive_b8", 8, Image::Waits).once().together(ROUND),
    batches("page_adaptive_b32", 32, Image::Waits).once().together(ROUND),
    thread("thread_switch", "ThreadOperation::Dispatch").over("floor_thread_switch").target(130),
    thread("thread_switch_budget", "ThreadOperation::Dispatch").over("floor_thread_switch"),
    thread("receive", "ReceiveOperation::Receive"),
    thread("asnd", "SendOperation::Send").target(90),
    thread("asnd_budget", "SendOperation::Send"),
    row("asnd_arcv", Group::Threads, Image::Switches).target(420),
    row("fault_handler", Group::Threads, Image::Switches).target(350),
    row("yield_sched", Group::Threads, Image::Yields).period(Period::PAIR).target(350),
    row("block_wake_sched", Group::Threads, Image::Yields).period(Period::PAIR).target(500),
    row("block_wake_apart", Group::Threads, Image::Yields).period(Period::PAIR),
    row("sync_exchange_roundtrip", Group::Threads, Image::Yields).target(700),
    row("sleep_wake", Group::Threads, Image::Yields).once().target(700),
    row("preempt_switch", Group::Threads, Image::Yields).once(),
    row("tick_overhead", Group::Threads, Image::Yields).once(),
    row("thread_switch_user", Group::Threads, Image::Yields).once().together(2),
    row("thread_switch_told", Group::Threads, Image::Yields).once().together(2),
    row("mutex_uncontended", Group::Threads, Image::Locks).period(Period::EIGHT_WITHOUT_KERNEL).target(8),
    row("mutex_contended", Group::Threads, Image::Locks).target(700),
    row("chan_uncontended", Group::Threads, Image::Locks).period(Period::ROUND_OF_A_CHANNEL).target(25),
    row("chan_mpmc_uncontended", Group::Threads, Image::Locks).period(Period::WITHOUT_KERNEL),
    row("chan_blocking_roundtrip", Group::Threads, Image::Locks).once().target(800),
    row("chan_blocking_apart", Group::Threads, Image::Locks).once(),
    row("condvar_roundtrip", Group::Threads, Image::Locks).once(),
    row("mpsc_hop", Group::Threads, Image::Author).once(),
    row("thread_spawn_join", Group::Threads, Image::Author).once().target(5_000),
    row("tls_access", Group::Threads, Image::Author).once(),
    row("alloc_free_64b", Group::Memory, Image::Author).once(),
    row("region_grant_map", Group::Memory, Image::Author).once(),
    row("user_switch", Group::Threads, Image::Waits).once().target(40),
    row("user_spawn_join", Group::Threads, Image::Waits).once(),
    thread("frequency", "ReceiveOperation::Frequency"),
    thread("thread_migrate", "ThreadOperation::Migrate"),
    thread("thread_read_register", "ThreadOperation::ReadRegister"),
    thread("thread_write_register", "ThreadOperation::WriteRegister"),
    pair("thread_launch", Group::Threads).operation("ThreadOperation::Launch"),
    pair("thread_ended", Group::Threads).operation("ThreadOperation::Ended"),
    thread("level_read_register", "HandledLevelOperation::ReadRegister"),
    thread("level_write_register", "HandledLevelOperation::WriteRegister"),
    thread("level_read_memory", "HandledLevelOperation::ReadMemory"),
    thread("level_write_memory", "HandledLevelOperation::WriteMemory"),
    thread("temporal_capability_read", "TemporalCapabilityOperation::Read"),
    thread("temporal_capability_transfer", "TemporalCapabilityOperation::Transfer"),
    thread("temporal_capability_delegate", "TemporalCapabilityOperation::Delegate"),
    thread("temporal_capability_merge", "TemporalCapabilityOperation::Merge"),
    object("captable_add", "TableOperation::CreateInvocation").target(150),
    object("captable_copy", "TableOperation::Copy").target(180),
    object("captable_remove", "TableOperation::Remove").target(120),
    object("captable_graft", "TableOperation::Graft"),
    object("captable_prune", "TableOperation::Prune"),
    object("captable_create", "TableOperation::CreateTable"),
    object("page_table_create", "TableOperation::CreatePageTable"),
    object("component_create", "TableOperation::CreateComponent").target(400),
    object("component_name", "ComponentOperation::Name"),
    object("component_revoke", "ComponentOperation::Revoke"),
    object("thread_create", "TableOperation::CreateThread").target(900),
    object("receive_create", "TableOperation::CreateReceive"),
    object("send_create", "TableOperation::CreateSend"),
    object("temporal_capability_create", "TableOperation::CreateTemporalCapability"),
    object("handled_level_create", "TableOperation::CreateHandledLevel"),
    object("reclaim", "TableOperation::Reclaim"),
    object("quiesce", "TableOperation::Quiesce"),
    object("ports_create", "TableOperation::CreatePorts"),
    object("ports_read", "PortsOperation::Read"),
    object("ports_write", "PortsOperation::Write"),
    object("interrupt_create", "TableOperation::CreateInterrupt"),
    object("interrupt_attach", "InterruptOperation::Attach"),
    object("interrupt_acknowledge", "InterruptOperation::Acknowledge"),
    object("interrupt_mask", "InterruptOperation::Mask"),
    object("interrupt_detach", "InterruptOperation::Detach"),
    object("physical_range_create", "TableOperation::CreatePhysicalRange"),
    object("debug_console_write", "DebugConsoleOperation::Write"),
    memory("retype_map", "PageTableOperation::Map").target(300),
    memory("alias", "PageTableOperation::Alias").target(200),
    memory("unmap", "PageTableOperation::Unmap").target(200),
    pair("unmap_quiesced_2cpu", Group::Memory),
    memory("frame_clean", "PageTableOperation::Clean"),
    memory("page_move", "PageTableOperation::Move"),
    memory("page_name", "PageTableOperation::Name"),
    memory("page_table_graft", "PageTableOperation::Graft"),
    memory("page_table_prune", "PageTableOperation::Prune"),
    memory("map_device", "PageTableOperation::MapDevice"),
    row(BOOT, Group::Boot, Image::Calls).once().target(4_000_000),
    row(UP, Group::Boot, Image::Quickstart).once().target(8_000_000),
];

const fn row(name: &'static str, group: Group, image: Image) -> Row {
    Row { name, group, image, operation: None, floor: None, period: Some(Period::ONE), together: 1, target: None }
}

const fn floor(name: &'static str) -> Row {
    row(name, Group::Floors, Image::Floor)
}

const fn call(name: &'static str) -> Row {
    row(name, Group::Calls, Image::Calls)
}

const fn thread(name: &'static str, operation: &'static str) -> Row {
    row(name, Group::Threads, Image::Switches).operation(operation)
}

/// Of two cores: nobody steps through both.
const fn pair(name: &'static str, group: Group) -> Row {
    row(name, group, Image::Pairs).once()
}

const fn object(name: &'static str, operation: &'static str) -> Row {
    row(name, Group::Objects, Image::Switches).operation(operation)
}

const fn memory(name: &'static str, operation: &'static str) -> Row {
    row(name, Group::Memory, Image::Switches).operation(operation)
}

/// Calls by a page: one round of its slots, in batches of so many, each of which enters the kernel once.
const fn batches(name: &'static str, calls: u64, image: Image) -> Row {
    let period = Period { visits: ROUND / calls, operations: ROUND, ..Period::ONE };
    row(name, Group::Pages, image).period(period)
}

/// The row of this name.
pub fn named(name: &str) -> Option<&'static Row> {
    ROWS.iter().find(|row| row.name == name)
}

/// The row that shows what the clock counts.
pub const CALIBRATION: &str = "calibration";

/// The row that the kernel measures itself.
pub const BOOT: &str = "boot_to_first_component";

/// The row that the booter measures itself: all components constructed and initialised.
pub const UP: &str = "boot_to_components_up";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_has_a_name_of_its_own() {
        let names: std::collections::BTreeSet<_> = ROWS.iter().map(|row| row.name).collect();
        assert_eq!(names.len(), ROWS.len());
    }

    /// Operations that cannot be repeated, or only by another operation's help on another core.
    const WITHOUT_ROW: [&str; 1] = ["PowerOperation::End"];

    #[test]
    fn every_operation_of_the_kernel_has_a_row() {
        use abi::operation::*;
        fn names<T: std::fmt::Debug>(kind: &str, operations: &[T]) -> Vec<String> {
            operations.iter().map(|operation| format!("{kind}::{operation:?}")).collect()
        }
        macro_rules! all {
            ($($kind:ident)*) => { [$(names(stringify!($kind), $kind::ALL)),*].concat() };
        }
        let there = all!(
            TableOperation PageTableOperation ComponentOperation ThreadOperation HandledLevelOperation ReceiveOperation
            SendOperation PortsOperation InterruptOperation TemporalCapabilityOperation DebugConsoleOperation
            PowerOperation
        );
        let measured: Vec<_> = ROWS.iter().filter_map(|row| row.operation).chain(WITHOUT_ROW).collect();
        let missed: Vec<_> = there.iter().filter(|operation| !measured.contains(&operation.as_str())).collect();
        assert!(missed.is_empty(), "without a row: {missed:?}");
        let unknown: Vec<_> =
            measured.iter().filter(|name| !there.iter().any(|operation| operation == *name)).collect();
        assert!(unknown.is_empty(), "rows of no operation: {unknown:?}");
    }

    #[test]
    fn every_floor_is_a_row_of_the_floor_image() {
        for floor in ROWS.iter().filter_map(|row| row.floor) {
            let row = ROWS.iter().find(|row| row.name == floor).unwrap();
            assert_eq!(row.image, Image::Floor);
        }
    }
}
