//! What can be asked of each kind of capability, other than an invocation.
//!
//! An operation's number travels in the method's place of `rax`; `w0`–`w3` are
//! the words in `rdi rsi rdx r10`. `w0`, `w1` of an answer are in `rdi rsi`.
//! "Frame address" is an address at which the *caller's own* page table names
//! an untyped frame. Capability numbers are looked up in the caller's table.
//!
//! # Which error comes, where several apply
//!
//! First what the number in `rax` names: `OutOfRange`, `Empty`. Then the operation: `UnknownOperation`; of an end-point, only after what
//! the next line says. Then the capability that is asked: `RightsExceeded`, and only with the rights `Revoked`. Then the words, in
//! the order below; of a capability among them `OutOfRange`, `Empty`, `WrongKind`, `RightsExceeded`, `Revoked`; of a frame address
//! `BadAddress`, `NoFrame`. An operation that is refused has changed nothing, but that a
//! [dispatch](ThreadOperation::Dispatch) refused as other than `Stale` has used its token, if it came so far.
//!
//! | operation | order |
//! |---|---|
//! | what fills a slot with an object | the frame address; the slot: `OutOfRange`, `NoNode`, `SlotTaken`, `NotQuiescent`; the frame: `FrameState`, `NotQuiescent` |
//! | `Copy`, `CreateReceive`, `CreateSend` | whether there is the slot; what is copied or of what it is made; whether the slot is empty |
//! | `CreateComponent` | table and page table; index; then the table that is asked, frame and slot |
//! | `CreateThread` | component; index, core, start; then the table that is asked, frame and slot |
//! | `CreateInvocation` | component, also that it is not foreign; entry; then the table that is asked, and the slot |
//! | `CreatePorts`, `CreateInterrupt`, `CreatePhysicalRange` | the whole; the part; the slot |
//! | `CreateTemporalCapability` | the receive capability; from nowhere; the temporal capability; cycles; frame and slot |
//! | table `Graft` | the frame address; the leaf; the frame |
//! | `Map`, `Name`, page table `Graft` | the frame address; page or level; the frame |
//! | `Alias` | the page `w0` and the rights; the page `w1` |
//! | `Move` | the page table `w2`; the one that is asked; both addresses; `NoNode`, `NoFrame` for want of a table, `AlreadyMapped`, `NoFrame` |
//! | `MapDevice` | the range; the page table that is asked; the page of the range; the rights; the page `w0` |
//! | `Dispatch` with a scheduler | the scheduler, the temporal capability; `BudgetExhausted`, `Stale`, `NotDispatchable` for the scheduler, `EventsPending`, and the thread's own |
//! | registers | `NotStopped`, `BadArgument`, `BadAddress` |
//! | operations of a line | `BadArgument` of several lines; the right; the send capability; `InUse` |
//! | `Transfer`, `Delegate` | both capabilities; `BadArgument`, but not yet for the way; `Revoked`, `BudgetExhausted`, `BudgetOverflow`; the way; `TooManySchedulers` |
//! | `Merge` | `w0`; the one that is asked; `InUse`; as `Transfer` |

/// In word 3 of [`TableOperation::CreateComponent`]: the component is *foreign*. Its `syscall` instructions are nothing to the
/// kernel: they arrive at its personality, see [`fault`](crate::fault). It cannot be invoked; its threads start
/// with the registers that somebody has written for them.
pub const FOREIGN: u64 = 1 << 32;

/// Operations of a [`CapabilityTable`](crate::kind::Kind::CapabilityTable) capability.
///
/// The `Create…` operations consume the untyped frames that they name and put a
/// capability to the new object into slot `w0` of this table. They do all of it or nothing.
///
/// Every operation answers `UnknownOperation` for another number, and of the capability that it is asked of `OutOfRange`, `Empty`,
/// or `Revoked` if its object is gone. What a number in its words names is looked up the same way, and answers `WrongKind` where it
/// is something else than the operation needs. *Filling a slot* and *taking a frame* have the errors that [`Copy`](Self::Copy) and
/// [`Graft`](Self::Graft) list; another core that does the same at the same time makes one of the two fail as if it had come later.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u16)]
pub enum TableOperation {
    /// `w0` slot, `w1` capability number, `w2` what to leave out: puts a copy of the caller's capability into the slot.
    ///
    /// What to leave out are [`rights`](crate::rights), or of an invocation, methods, a bit each.
    ///
    /// Errors: of the capability copied, `OutOfRange`, `Empty`, and `Revoked` if its object is gone; those of
    /// *filling a slot*: `RightsExceeded` without [`ADD`](crate::rights::table::ADD), `OutOfRange` (also slot 0, which
    /// stands for "return"), `NoNode` if the table has no leaf there, `SlotTaken`, and `NotQuiescent` if it was emptied too
    /// recently to be filled again.
    Copy = 0,
    /// `w0` slot: empties it. Answers `w0` = the epoch that must be past before the slot can be filled again.
    ///
    /// Errors: `RightsExceeded` without [`REMOVE`](crate::rights::table::REMOVE), `OutOfRange`, `Empty`.
    Remove = 1,
    /// `w0` leaf index below 511, `w1` frame address: adds a leaf of 64 slots.
    ///
    /// Errors: `RightsExceeded` without [`GROW`](crate::rights::table::GROW), `BadArgument` if there is no such
    /// leaf, `AlreadyMapped` if the table has it; those of *taking a frame*: `BadAddress` if the address is no page of user
    /// level, `NoFrame` if it names none, `FrameState` if the frame is in use, `NotQuiescent` if it was given
    /// up too recently.
    Graft = 2,
    /// `w0` slot, `w1` frame address: makes an empty table, without leaves.
    ///
    /// Errors: those of filling a slot and of taking a frame.
    CreateTable = 3,
    /// `w0` slot, `w1` frame address: makes an empty page table.
    ///
    /// Errors: those of filling a slot and of taking a frame.
    CreatePageTable = 4,
    /// `w0` slot, `w1` frame address, `w2` table capability << 32 | page-table capability,
    /// `w3` component index, and [`FOREIGN`] if it is foreign.
    ///
    /// Errors: those of filling a slot and of taking a frame, and of a capability looked up; `RightsExceeded` of a table without
    /// [`HOLD`](crate::rights::table::HOLD); `BadArgument` if there is no such index, or it is 0; `IndexTaken` if a component has it that
    /// has not been reclaimed.
    CreateComponent = 5,
    /// `w0` slot, `w1` frame address, `w2` component capability << 32 | core << 16 | thread index,
    /// `w3` address at which it starts.
    ///
    /// Errors: those of filling a slot and of taking a frame, and of a capability looked up; `RightsExceeded` of the component without
    /// [`MAKE_THREADS`](crate::rights::component::MAKE_THREADS), `Revoked` if it is; `BadArgument` if there is no such index or
    /// core; `IndexTaken` if a thread has it that has not been reclaimed; `BadAddress` if the start is not in user level's part.
    CreateThread = 6,
    /// `w0` slot | component capability << 32, `w1` entry address, `w2` token, `w3` permitted methods.
    ///
    /// Errors: those of filling a slot, and of a capability looked up; `RightsExceeded` of the component without
    /// [`MAKE_INVOCATIONS`](crate::rights::component::MAKE_INVOCATIONS), `Revoked` if it is, `BadArgument` if it is foreign;
    /// `BadAddress` if the entry is not in user level's part.
    CreateInvocation = 7,
    /// `w0` slot, `w1` ports capability, `w2` first port << 32 | number of ports:
    /// a capability to a part of the range.
    ///
    /// Errors: those of filling a slot, and of a capability looked up; `BadArgument` for no port, `RightsExceeded` for one outside the range.
    CreatePorts = 8,
    /// `w0` slot, `w1` thread capability: the receive end-point of that thread.
    ///
    /// Errors: those of filling a slot, and of a capability looked up; `RightsExceeded` of the thread without
    /// [`MAKE_RECEIVE`](crate::rights::thread::MAKE_RECEIVE).
    CreateReceive = 9,
    /// `w0` slot, `w1` receive capability, or the thread's: the right to send there.
    ///
    /// Errors: those of filling a slot, and of a capability looked up; `RightsExceeded` of the end-point without
    /// [`MAKE_SEND`](crate::rights::receive::MAKE_SEND), of the thread without [`MAKE_RECEIVE`](crate::rights::thread::MAKE_RECEIVE).
    CreateSend = 10,
    /// `w0` slot, `w1` interrupt capability, `w2` line: a capability to one of the lines, if the machine has it.
    ///
    /// Errors: those of filling a slot, and of a capability looked up; `RightsExceeded` for a line that is none of them, `BadArgument` for one that the machine does not have.
    ///
    /// Lines 0 to 15 are those of the PC, wherever the machine has wired them; from 16 on, lines have the
    /// machine's own numbers.
    CreateInterrupt = 11,
    /// `w0` slot, `w1` physical-range capability, `w2` first address, `w3` number of pages: a capability to a part
    /// of the range. None of it may be memory, or registers that the kernel keeps for itself.
    ///
    /// Errors: those of filling a slot, and of a capability looked up; `BadAddress` if it does not start on a page, `BadArgument` for no page, `RightsExceeded` for pages outside the
    /// range, `FrameState` if some of it is no device's.
    CreatePhysicalRange = 12,
    /// `w0` slot: the level of whatever thread executes, while the table's owner handles its fault or its system call.
    ///
    /// Errors: those of filling a slot.
    CreateHandledLevel = 13,
    /// `w0` leaf index: takes the leaf, whose slots must be empty, away. Its frame is untyped again.
    /// Answers `w0` = the epoch that must be past before the frame can be used.
    ///
    /// Errors: `RightsExceeded` without [`GROW`](crate::rights::table::GROW), `BadArgument` if there is no such leaf,
    /// `NoNode` if the table does not have it, `InUse` if a slot is not empty.
    Prune = 14,
    /// `w0` slot, with a capability to an object: ends the object, and empties the slot. The object's frame is untyped
    /// again. Answers `w0` = the epoch that must be past before the frame and the slot can be used.
    ///
    /// Errors: `RightsExceeded` without [`REMOVE`](crate::rights::table::REMOVE), or of the object without
    /// [`RECLAIM`](crate::rights::RECLAIM); `OutOfRange`, `Empty`, `WrongKind` if there is no object behind the capability,
    /// `Revoked` if it is gone already; `InUse` for a capability table with leaves, a page table with anything in it,
    /// either of them while it is a component's, a component that has not been revoked, a thread that runs, waits for
    /// another's end or is waited for; `NotQuiescent` for a component that has been revoked too recently;
    /// `WrongCore` for a thread of another core that runs something, or on which a scheduler knows it; `Pending` for one to which
    /// another core has sent what is still on its way.
    ///
    /// The threads that a thread schedules belong to its own scheduler from then on, with what was to be told of them.
    Reclaim = 15,
    /// `w0` epoch: asks that it be past on every core. Answers `w0` = the current epoch when it is.
    ///
    /// Errors: `Pending` until then: the caller asks again, which costs others nothing; `BadArgument` if it has not begun.
    Quiesce = 16,
    /// `w0` slot | priority << 32, `w1` frame address, `w2` receive capability << 32 | temporal capability, or 0, `w3` cycles: makes a
    /// temporal capability of the scheduler that receives there, for its core, with cycles that the other
    /// [delegates](TemporalCapabilityOperation::Delegate) with that priority; without any if that is 0.
    ///
    /// Errors: those of filling a slot and of taking a frame; of the capabilities named, those of a capability looked up,
    /// and `RightsExceeded` without [`SCHEDULE`](crate::rights::receive::SCHEDULE) or
    /// [`GIVE`](crate::rights::temporal_capability::GIVE); `BadArgument` for cycles from nowhere; those of delegating to one that has
    /// nothing yet, `BadArgument`, `WrongCore`, `BudgetExhausted` and `TooManySchedulers`, but an unlimited one can fill one of another core.
    CreateTemporalCapability = 17,
}

/// Operations of a [`PageTable`](crate::kind::Kind::PageTable) capability.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u16)]
pub enum PageTableOperation {
    /// `w0` page address, `w1` frame address, `w2` rights: turns the untyped
    /// frame into user memory, cleared, and maps it.
    ///
    /// Errors: `RightsExceeded` without [`MAP`](crate::rights::page_table::MAP); those of taking a frame; those of *filling a
    /// page*: `BadAddress` if it is none of user level, `BadArgument` if the rights are none, unknown, or writing and execution at
    /// once, `NoNode` if a table above it is missing, `AlreadyMapped`.
    Map = 0,
    /// `w0` page address, `w1` address of a page mapped in the caller's own
    /// page table, `w2` rights, no more than that page's: maps the same frame.
    ///
    /// Errors: `RightsExceeded` without [`MAP`](crate::rights::page_table::MAP), or for more rights than the owner of that page
    /// was given; those of filling a page; `BadAddress` and `NoFrame` of that page, `FrameState` if it is a device's.
    Alias = 1,
    /// `w0` address in the node's range, `w1` frame address, `w2` level of the
    /// table that the frame becomes: 1, 2 or 3 (entries of 4 KiB, 2 MiB, 1 GiB).
    ///
    /// Errors: `RightsExceeded` without [`GROW`](crate::rights::page_table::GROW); those of taking a frame; `BadArgument` if
    /// the level is none, `BadAddress`, `NoNode` if the table above it is missing, `AlreadyMapped`.
    Graft = 2,
    /// `w0` page address, `w1` frame address: names the untyped frame there too.
    ///
    /// A name is as good as the other: whoever has one can take the frame whenever it is untyped.
    ///
    /// Errors: `RightsExceeded` without [`MAP`](crate::rights::page_table::MAP); `BadAddress`, `NoFrame`; `NoNode`, `AlreadyMapped`.
    Name = 3,
    /// `w0` page address, `w1` physical-range capability, `w2` rights, [`READ`](crate::layout::READ) or with
    /// [`WRITE`](crate::layout::WRITE), `w3` number of the page in the range: maps it, uncached.
    ///
    /// The page cannot be aliased: whoever hands a device on hands on its range.
    ///
    /// Errors: of `w1`, those of a capability looked up, and `RightsExceeded` without [`READ`](crate::rights::physical_range::READ), or for
    /// writing without [`WRITE`](crate::rights::physical_range::WRITE); `RightsExceeded` without
    /// [`MAP`](crate::rights::page_table::MAP); `BadArgument` if the range has no such page, `FrameState` if that is no device's; those of
    /// filling a page, and `BadArgument` for execution.
    MapDevice = 4,
    /// `w0` page address: takes the mapping, or the name, away. Answers `w0` = the epoch that must be past before it
    /// is gone everywhere, `w1` = mappings of the frame that are left; with none, it is untyped again.
    ///
    /// A name that stands for 512 frames goes as a whole, by the address of the first.
    ///
    /// Errors: `RightsExceeded` without [`UNMAP`](crate::rights::page_table::UNMAP), `BadAddress`, `NoFrame` if
    /// nothing is mapped or named there.
    Unmap = 5,
    /// `w0` page address, `w1` page address in the page table `w2`: moves the mapping, or the name of one frame, here.
    /// Answers `w0` = the epoch that must be past before it is gone everywhere from there.
    ///
    /// Errors: `WrongKind` and the others of a capability looked up, for `w2`; `RightsExceeded` without
    /// [`MAP`](crate::rights::page_table::MAP) here or [`UNMAP`](crate::rights::page_table::UNMAP) there; `BadAddress`; `NoNode`,
    /// `AlreadyMapped` here; `NoFrame` there.
    Move = 6,
    /// `w0` address, `w1` level: takes the table of that level, which must be empty, away. Its frame is untyped again.
    /// Answers `w0` = the epoch that must be past before the frame can be used.
    ///
    /// Errors: `RightsExceeded` without [`GROW`](crate::rights::page_table::GROW), `BadArgument` if the level is not 1, 2
    /// or 3, `BadAddress`, `NoNode` if there is no such table, `InUse` if it has an entry.
    Prune = 7,
    /// `w0` frame address: clears the untyped frame now, so that whoever uses it need not wait for that.
    ///
    /// Errors: `RightsExceeded` without [`CLEAN`](crate::rights::page_table::CLEAN); those of taking a frame.
    Clean = 8,
}

/// Operations of a [`Component`](crate::kind::Kind::Component) capability.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u16)]
pub enum ComponentOperation {
    /// `w0`–`w3`: the name, up to 32 bytes of text padded with zeros, that fault reports show.
    ///
    /// Errors: `RightsExceeded` without [`NAME`](crate::rights::component::NAME), `Revoked`.
    Name = 0,
    /// Ends the component: every later invocation of it, or return into it, is an error. Answers `w0` = the epoch that must be
    /// past before it can be [reclaimed](TableOperation::Reclaim). Its descriptor and its tables stay until then.
    ///
    /// Errors: `RightsExceeded` without [`REVOKE`](crate::rights::component::REVOKE), `Revoked` if it is already.
    Revoke = 1,
}

/// Operations of a [`Thread`](crate::kind::Kind::Thread) capability.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u16)]
pub enum ThreadOperation {
    /// `w0`: a word for the thread, if it is at its start; `w1` timeout; `w2` scheduling token;
    /// `w3`: receive capability of the thread's scheduler | temporal capability << 32, or 0.
    ///
    /// With 0 for both, the caller, which has no scheduler itself, waits until the thread ends; timeout and token are 0.
    /// Answers `w0` = how it ended ([`ThreadEnd`]), `w1` = its status.
    ///
    /// With a scheduler, switches to the thread, and answers when somebody
    /// switches back; if the thread is the caller, at once. At the timeout, an absolute time in ticks of the
    /// time-stamp counter (0 for none), and when the thread blocks or ends, the scheduler's thread goes on. A thread that receives
    /// where nothing is pending is answered `TimedOut` there: its scheduler ends its wait.
    ///
    /// A dispatch that names a temporal capability also limits the thread, if that is a scheduler, until the next such dispatch: what it
    /// dispatches runs until the timeout at the longest, and then the scheduler of this dispatch goes on.
    ///
    /// The thread runs on the temporal capability, or with 0 on the one that the caller runs on: the time until something else is
    /// run on is taken from its cycles. When none are left, the first scheduler above the thread that has time
    /// goes on, each on what it ran on itself; the others find out when they have time again.
    ///
    /// Errors: `RightsExceeded` without [`DISPATCH`](crate::rights::thread::DISPATCH); `WrongCore` if the thread is another core's;
    /// `Revoked` if it is at its start and its component is; `NotDispatchable` if it waits for another's end, or has faulted or was
    /// ended.
    ///
    /// With 0 for both, also `BadArgument` for a timeout or a token, and if the caller has a scheduler; `NotDispatchable` if the
    /// thread is not at its start.
    ///
    /// With a scheduler, also those of a capability looked up for both, and `RightsExceeded` without
    /// [`SCHEDULE`](crate::rights::receive::SCHEDULE) or [`RUN`](crate::rights::temporal_capability::RUN); `WrongCore` if either is another
    /// core's; `BudgetExhausted` if the temporal capability has no cycles left; `Stale` if a later token was used;
    /// `NotDispatchable` if the scheduler is not the caller and could not go on; `EventsPending` if there is something to
    /// receive at its end-point, unless it is what is dispatched.
    Dispatch = 0,
    /// `w0` number of a [`Register`](crate::register::Register): answers `w0` = what it holds.
    ///
    /// The thread belongs to the caller's core and is preempted, or at its start. Of a thread at its start there are
    /// the address and FS base, unless its component is foreign: then there are all registers.
    ///
    /// Errors: `RightsExceeded` without [`READ`](crate::rights::thread::READ); `WrongCore` if the thread is another core's; `NotStopped` if
    /// it is neither preempted nor at its start; `BadArgument` if there is no such register, or it is none of those at a start.
    ReadRegister = 1,
    /// `w0` number of a register, `w1` word: puts it there. As [`ReadRegister`](Self::ReadRegister).
    ///
    /// Errors: `RightsExceeded` without [`WRITE`](crate::rights::thread::WRITE); the others of `ReadRegister`; `BadAddress` for an address that
    /// is not in user level's part, and for an FS or GS base that is not canonical.
    WriteRegister = 2,
    /// `w0`: a word for the thread, which is at its start; `w1`: send capability, or 0. Its core, which runs nothing, runs
    /// it: the thread is that core's root. At its end the core runs nothing again, and the send capability is sent to.
    ///
    /// Errors: `RightsExceeded` without [`DISPATCH`](crate::rights::thread::DISPATCH); `InUse` if the core runs something, and always of the core on which the system was booted;
    /// `NotDispatchable` if the thread is not at its start; those of a capability looked up, for `w1`.
    Launch = 3,
    /// Answers how the thread ended that was launched: `w0` = [`ThreadEnd`], `w1` = its status.
    ///
    /// Errors: `Pending` until it has ended, `NothingPending` if it was never launched.
    Ended = 4,
    /// `w0`: number of a core. The thread, which is the caller's core's, does not run and could go on, belongs to that core from now on:
    /// nobody schedules it until it is dispatched there.
    ///
    /// Errors: `RightsExceeded` without [`DISPATCH`](crate::rights::thread::DISPATCH); `WrongCore` if the thread is another core's; `BadArgument` if
    /// there is no such core, or it does not take part; `NotDispatchable` if the thread runs, receives, waits for another's end, or has faulted or was
    /// ended; `InUse` if somebody waits for its end, it is the scheduler of others, or it has joined peers; `Pending` if what another core sent to it is on its way.
    Migrate = 5,
}

/// Operations of a [`HandledLevel`](crate::kind::Kind::HandledLevel) capability.
///
/// The level is that which faulted, or executed `syscall` as a foreign component, and invoked the caller to handle it: the
/// caller was invoked by the kernel, and has not returned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u16)]
pub enum HandledLevelOperation {
    /// `w0` number of a [`Register`](crate::register::Register): answers `w0` = what the level will find there.
    ///
    /// Errors: `NotStopped` if the caller handles no level; `BadArgument` if there is no such register.
    ReadRegister = 0,
    /// `w0` number of a register, `w1` word: the level goes on with it.
    ///
    /// Errors: those of [`ReadRegister`](Self::ReadRegister); `BadAddress` for an address that is not in user level's part, and for an FS
    /// or GS base that is not canonical.
    WriteRegister = 1,
    /// `w0` address of a word that the level's component has mapped, a multiple of 8: answers `w0` = the word.
    ///
    /// Errors: `NotStopped` if the caller handles no level; `Revoked` if the level's component is; `BadAddress` if there can be no such word at
    /// user level; `NoFrame` if no memory is mapped there, or a device's.
    ReadMemory = 2,
    /// `w0` address of a word that the level's component can write, `w1` word: puts it there.
    ///
    /// Errors: those of [`ReadMemory`](Self::ReadMemory); `RightsExceeded` if the component cannot write there.
    WriteMemory = 3,
}

/// Operations of a [`Receive`](crate::kind::Kind::Receive) capability.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u16)]
pub enum ReceiveOperation {
    /// `w0` [flags](receive_flag); `w1` time until which to wait, 0 for ever. Only the end-point's own thread
    /// can ask. Answers `w0` = times that somebody sent since the last answer,
    /// `w1` = one [`Event`](crate::event::Event) of a thread that it schedules, or 0;
    /// with [`ALL`](receive_flag::ALL), the words of a [`Batch`](crate::event::Batch).
    ///
    /// A time can be given only by a thread without a scheduler: the scheduler of any other ends its wait by a
    /// [dispatch](ThreadOperation::Dispatch).
    ///
    /// Errors: `RightsExceeded` without [`RECEIVE`](crate::rights::receive::RECEIVE); `BadArgument` if the end-point is another thread's, for
    /// unknown flags, and for a time from a thread with a scheduler; `NothingPending` with
    /// [`DO_NOT_WAIT`](receive_flag::DO_NOT_WAIT); `TimedOut` if nothing came until the time.
    Receive = 0,
    /// Answers `w0` = ticks of the time-stamp counter in a second, as measured since boot.
    ///
    /// Errors: `RightsExceeded` without [`RECEIVE`](crate::rights::receive::RECEIVE).
    Frequency = 1,
}

/// How to receive.
pub mod receive_flag {
    /// Not to wait: nothing pending is an error.
    pub const DO_NOT_WAIT: u64 = 1;
    /// To be told all that is pending at once, as far as it goes into the answer.
    pub const ALL: u64 = 2;
}

/// Operations of a [`Send`](crate::kind::Kind::Send) capability.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u16)]
pub enum SendOperation {
    /// `w0` 1 to let the receiver's scheduler decide now who runs, 0 to go on, unless what the receiver runs on takes
    /// [precedence](TemporalCapabilityOperation::Delegate) over what the caller runs on: all schedulers that have a say in both, one at least,
    /// give it a priority that is as good, and one a better one. Then its scheduler decides as well.
    ///
    /// Errors: `BadArgument` for another `w0`; `Revoked` also if the receiver is another core's and is being reclaimed.
    Send = 0,
}

/// How a dispatched thread came to an end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u64)]
pub enum ThreadEnd {
    /// It returned from its entry; the word is its status. It can be dispatched again.
    Returned = 0,
    /// It faulted with no invocation left to unwind. It cannot be dispatched again.
    Faulted = 1,
    /// Who handles its faults or system calls has ended it, with the word for its status. It cannot be dispatched again.
    Exited = 2,
}

/// Operations of a [`TemporalCapability`](crate::kind::Kind::TemporalCapability) capability.
///
/// It belongs to a scheduler, and to that one's core, which alone can ask something of it (`WrongCore`). Cycles are moved from the capability that is
/// invoked to `w0`, another one of the caller's. Errors of moving: `WrongCore`; `RightsExceeded` without
/// [`GIVE`](crate::rights::temporal_capability::GIVE) here or [`TAKE`](crate::rights::temporal_capability::TAKE) there, and the others of a
/// capability looked up, for `w0`; `BadArgument` if the two are one; `Revoked` if the other's scheduler is gone;
/// `BudgetExhausted` if there are fewer cycles; `BudgetOverflow` if the other would have
/// [`UNLIMITED`](crate::time::UNLIMITED) ones; `TooManySchedulers` if more than [`SCHEDULERS`](crate::time::SCHEDULERS) would have a say in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u16)]
pub enum TemporalCapabilityOperation {
    /// Answers `w0` = cycles left, or [`UNLIMITED`](crate::time::UNLIMITED), `w1` = cycles used since it was made.
    ///
    /// Errors: `WrongCore`.
    Read = 0,
    /// `w0` temporal capability, `w1` cycles, or [`EVERYTHING`](crate::time::EVERYTHING): moves them to another one of the same scheduler, or back
    /// to one of a scheduler that they came through. Answers `w0` = how many.
    ///
    /// Errors: those of moving; `BadArgument` for no cycles, for everything of an unlimited one, and if they did not
    /// come through the other's scheduler.
    Transfer = 1,
    /// `w0` temporal capability, `w1` cycles as for [`Transfer`](Self::Transfer), `w2` priority, a lower number goes first: moves them to one of another
    /// scheduler, or of the same one. Its own scheduler gives what the other has this priority; those that they came through before give
    /// it no better one than they gave to any of the cycles in it. Answers `w0` = how many.
    ///
    /// Errors: those of moving; `BadArgument` for no cycles, for everything of an unlimited one, and if they came through the
    /// other's scheduler: that is a circle.
    Delegate = 2,
    /// `w0` temporal capability: moves everything there, as [`Transfer`](Self::Transfer) does, and ends this one: its frame is untyped again. Answers `w0` =
    /// the epoch that must be past before the frame can be used.
    ///
    /// Errors: those of [`Transfer`](Self::Transfer) that do not come of too few cycles: `WrongCore`, `BudgetOverflow`, `TooManySchedulers`,
    /// those of a capability looked up, `BadArgument` as there; `RightsExceeded` also without [`RECLAIM`](crate::rights::RECLAIM) here;
    /// `InUse` if the caller runs on it.
    Merge = 3,
}

/// Operations of a [`Ports`](crate::kind::Kind::Ports) capability. Offsets count from the range's first port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u16)]
pub enum PortsOperation {
    /// `w0` offset: answers `w0` = the byte read.
    ///
    /// Errors: `RightsExceeded` without [`READ`](crate::rights::ports::READ); `BadArgument` if the range has no such port.
    Read = 0,
    /// `w0` offset, `w1` byte to write.
    ///
    /// Errors: `RightsExceeded` without [`WRITE`](crate::rights::ports::WRITE); `BadArgument` if the range has no such port, or `w1` is more
    /// than a byte.
    Write = 1,
}

/// Operations of an [`Interrupt`](crate::kind::Kind::Interrupt) capability to one line.
///
/// An interrupt masks its line, so that a device that asks without end is heard once, and is a send where the
/// line is attached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u16)]
pub enum InterruptOperation {
    /// `w0` send capability: from now on each interrupt of the line is a send there. Opens the line.
    ///
    /// Errors: `BadArgument` of a capability to several lines; `RightsExceeded` without [`ATTACH`](crate::rights::interrupt::ATTACH); those of
    /// a capability looked up, for `w0`; `InUse` if the line is attached to somebody who lives.
    Attach = 0,
    /// Opens the line again, after its interrupt has masked it, or [`Mask`](Self::Mask) has.
    ///
    /// Errors: `BadArgument` of a capability to several lines; `RightsExceeded` without [`SERVE`](crate::rights::interrupt::SERVE);
    /// `NothingPending` if the line is not masked, or attached to nobody who lives.
    Acknowledge = 1,
    /// Masks the line.
    ///
    /// Errors: `BadArgument` of a capability to several lines; `RightsExceeded` without [`SERVE`](crate::rights::interrupt::SERVE).
    Mask = 2,
    /// Masks the line; it is attached nowhere any more.
    ///
    /// Errors: `BadArgument` of a capability to several lines; `RightsExceeded` without [`ATTACH`](crate::rights::interrupt::ATTACH).
    Detach = 3,
}

/// Operations of the [`DebugConsole`](crate::kind::Kind::DebugConsole) capability.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u16)]
pub enum DebugConsoleOperation {
    /// `w0`–`w3`: up to 32 bytes of text; the first zero byte ends it.
    ///
    /// Errors: none but those of the capability.
    Write = 0,
}

/// Operations of the [`Power`](crate::kind::Kind::Power) capability.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u16)]
pub enum PowerOperation {
    /// `w0` status: ends the system. Does not return.
    ///
    /// Errors: none but those of the capability.
    End = 0,
}

macro_rules! numbered {
    ($($name:ident: $($variant:ident)*;)*) => {$(
        impl $name {
            /// Every operation of this kind, in the order of their numbers.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The operation that `number` stands for.
            pub fn from_number(number: u16) -> Option<Self> {
                Self::ALL.get(usize::from(number)).copied()
            }
        }
    )*};
}

numbered! {
    TableOperation: Copy Remove Graft CreateTable CreatePageTable CreateComponent CreateThread CreateInvocation CreatePorts CreateReceive CreateSend CreateInterrupt CreatePhysicalRange CreateHandledLevel Prune Reclaim Quiesce CreateTemporalCapability;
    PageTableOperation: Map Alias Graft Name MapDevice Unmap Move Prune Clean;
    ComponentOperation: Name Revoke;
    ThreadOperation: Dispatch ReadRegister WriteRegister Launch Ended Migrate;
    HandledLevelOperation: ReadRegister WriteRegister ReadMemory WriteMemory;
    ReceiveOperation: Receive Frequency;
    SendOperation: Send;
    PortsOperation: Read Write;
    TemporalCapabilityOperation: Read Transfer Delegate Merge;
    InterruptOperation: Attach Acknowledge Mask Detach;
    DebugConsoleOperation: Write;
    PowerOperation: End;
}

#[cfg(test)]
mod tests {
    extern crate std;

    use super::*;
    use std::vec;
    use std::vec::Vec;

    #[test]
    fn numbers_are_dense() {
        for (at, operation) in TableOperation::ALL.iter().enumerate() {
            assert_eq!(*operation as usize, at);
        }
        for (at, operation) in PageTableOperation::ALL.iter().enumerate() {
            assert_eq!(*operation as usize, at);
        }
        assert_eq!(TableOperation::from_number(TableOperation::ALL.len() as u16), None);
        assert_eq!(PowerOperation::from_number(0), Some(PowerOperation::End));
    }

    /// The operations whose documentation has no line that says which errors they answer, and how many have one.
    fn documented(source: &str) -> (Vec<&str>, usize) {
        let (mut missing, mut found) = (Vec::new(), 0);
        let (mut is_operation, mut has_errors) = (false, false);
        for line in source.lines() {
            if let Some(name) = line.strip_prefix("pub enum ") {
                is_operation = name.ends_with("Operation {");
            } else if line == "}" {
                is_operation = false;
            }
            let line = line.trim();
            has_errors |= line.starts_with("/// Errors:");
            if line.starts_with("//") {
                continue;
            }
            if is_operation && line.contains(" = ") {
                if has_errors { found += 1 } else { missing.push(line) }
            }
            has_errors = false;
        }
        (missing, found)
    }

    #[test]
    fn every_operation_says_which_errors_it_answers() {
        let every = [
            TableOperation::ALL.len(),
            PageTableOperation::ALL.len(),
            ComponentOperation::ALL.len(),
            ThreadOperation::ALL.len(),
            HandledLevelOperation::ALL.len(),
            ReceiveOperation::ALL.len(),
            SendOperation::ALL.len(),
            PortsOperation::ALL.len(),
            TemporalCapabilityOperation::ALL.len(),
            InterruptOperation::ALL.len(),
            DebugConsoleOperation::ALL.len(),
            PowerOperation::ALL.len(),
        ];
        let source = include_str!("operation.rs");
        assert_eq!(documented(source), (vec![], every.iter().sum()));
        let without = source.replacen("/// Errors: none but", "/// None but", 1);
        assert_eq!(documented(&without).0, ["Write = 0,"]);
    }
}
