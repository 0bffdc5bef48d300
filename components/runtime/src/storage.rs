//! Values of which each thread has its own, as `std::thread_local!` has them.
//!
//! ```ignore
//! runtime::thread_local! {
//!     static DEPTH: Cell<u32> = const { Cell::new(0) };
//! }
//!
//! DEPTH.set(DEPTH.get() + 1);
//! ```
//!
//! A thread's values lie in a *block*, which it takes when it first uses one, out of as many as an image has ([`BLOCKS`]); an image that uses
//! none has none. The word below the one at the end of a thread's stack says where its block is, so that each thread finds its own, in a
//! component that others call, too: there every client's thread has one. When a thread of the component ends, its values are dropped, those
//! last that were made first, and another thread may have the block. Nobody is told when a client's thread ends: what it had stays, and a later
//! thread with its index finds it there.
//! Where more come than there are blocks, [`try_with`](LocalKey::try_with) says so, and [`with`](LocalKey::with) panics, which ends the call.
//!
//! A block begins with its own address, as `FS:0` has it on other systems, and with a word for the number of an error behind it
//! ([`ERRNO_OFFSET`]), for code that is written like that of C. On the component's own threads, FS base is the block's address from when on it
//! has one, also after a fault of a server that was trusted to keep it. In the methods that others call, it is what the client has there, which
//! no server believes: [`with_base`] sets it for a while. There a fault of a trusted server leaves 0: who minds does not trust it, or sets it
//! again.
//!
//! In a test on the host that names the feature `host`, each thread has a block, too, and FS base stays the host's.

#[cfg(feature = "host")]
mod host;

use crate::thread;
use core::arch::asm;
use core::cell::{Cell, RefCell, UnsafeCell};
use core::fmt;
use core::marker::PhantomData;
use core::mem::{MaybeUninit, offset_of};
use core::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use core::sync::atomic::{AtomicBool, AtomicU32};

/// Threads that can have values at once: a component's own one, those that it can create, and some clients'.
pub const BLOCKS: usize = 24;

/// Bytes that all values of a thread take together, each with 16 bytes for itself.
pub const ROOM: usize = 448;

/// Where the number of the last error is, from FS base on.
pub const ERRNO_OFFSET: usize = offset_of!(Block, errno);

/// What a thread has of its own.
#[repr(C, align(64))]
struct Block {
    /// The block's address.
    this: Cell<usize>,
    errno: Cell<i32>,
    /// Where the value is that is dropped first, or 0.
    first: Cell<u32>,
    /// Gives the block back. A word here, so that images that use no block have none.
    end: Cell<Option<fn(&'static Block)>>,
    is_taken: AtomicBool,
    room: UnsafeCell<MaybeUninit<[u64; ROOM / 8]>>,
}

// SAFETY: a block is one thread's from when it is taken until it is given back.
unsafe impl Sync for Block {}

impl Block {
    const fn new() -> Self {
        Self {
            this: Cell::new(0),
            errno: Cell::new(0),
            first: Cell::new(0),
            end: Cell::new(None),
            is_taken: AtomicBool::new(false),
            room: UnsafeCell::new(MaybeUninit::zeroed()),
        }
    }

    /// As if it had never been used.
    fn clear(&self) {
        self.errno.set(0);
        self.first.set(0);
        self.end.set(Some(give_back));
        self.this.set(core::ptr::from_ref(self).expose_provenance());
        // SAFETY: the block is this thread's, and nothing is there yet.
        unsafe { self.room.get().write_bytes(0, 1) };
    }

    /// Drops all values, those that are made meanwhile too.
    fn drop_all(&self) {
        while let Some(head) = self.head(self.first.get()) {
            self.first.set(head.next.get());
            head.state.set(State::DROPPED);
            if let Some(drop) = head.drop.get() {
                // SAFETY: the value was made, and nobody uses it: its state says that it is gone.
                unsafe { drop(core::ptr::from_ref(head).cast_mut().cast()) };
            }
        }
    }

    /// What stands before the value that lies at this offset.
    fn head(&self, offset: u32) -> Option<&Head> {
        // SAFETY: offsets are those of slots, and each begins with a head; all of it is zero until it is written.
        (offset != 0).then(|| unsafe { &*self.room.get().cast::<u8>().add(offset as usize - 1).cast::<Head>() })
    }
}

static POOL: [Block; BLOCKS] = [const { Block::new() }; BLOCKS];

/// What a value has become, in a word that is zero as long as nothing has.
struct State;

impl State {
    const NONE: u32 = 0;
    const LIVES: u32 = 1;
    const DROPPED: u32 = 2;
}

/// What stands before each value.
#[repr(C)]
struct Head {
    state: Cell<u32>,
    /// What is dropped after it: 1 + its place, or 0.
    next: Cell<u32>,
    /// How; `None` as long as there is no value.
    drop: Cell<Option<unsafe fn(*mut u8)>>,
}

#[repr(C)]
struct Slot<T> {
    head: Head,
    value: MaybeUninit<T>,
}

/// Why a thread does not have a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccessError {
    /// It has had it; the thread is about to end.
    Dropped,
    /// So many threads have values already, or the thread's own are too many.
    NoRoom,
    /// This does not run on a stack that the composer gave a thread: it is a user thread, or no image.
    NoThread,
}

impl fmt::Display for AccessError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Dropped => "the thread's value is gone",
            Self::NoRoom => "there is no room for the thread's value",
            Self::NoThread => {
                "only the kernel's threads have values of their own, and the host's where tests name the feature `host`"
            }
        })
    }
}

impl core::error::Error for AccessError {}

/// A value of which each thread has its own, as `std::thread::LocalKey`; made by [`thread_local!`](crate::thread_local).
pub struct LocalKey<T: 'static> {
    /// 1 + where it lies in each block, once that is known.
    place: AtomicU32,
    initial: fn() -> T,
    kind: PhantomData<fn() -> T>,
}

/// Where the next value lies that has no place yet.
static NEXT: AtomicU32 = AtomicU32::new(0);

impl<T> LocalKey<T> {
    #[doc(hidden)]
    pub const fn new(initial: fn() -> T) -> Self {
        const { assert!(size_of::<Slot<T>>() <= ROOM && align_of::<Slot<T>>() <= 8, "a thread's value fits") };
        Self { place: AtomicU32::new(0), initial, kind: PhantomData }
    }

    /// Does something with the thread's value, which is made if it is not there.
    ///
    /// # Panics
    ///
    /// If there is none: see [`AccessError`].
    #[inline]
    #[track_caller]
    pub fn with<R>(&'static self, does: impl FnOnce(&T) -> R) -> R {
        match self.try_with(does) {
            Ok(result) => result,
            Err(error) => unreachable!("{error}"),
        }
    }

    /// Does something with the thread's value, which is made if it is not there.
    ///
    /// # Errors
    ///
    /// [`AccessError`].
    #[inline]
    pub fn try_with<R>(&'static self, does: impl FnOnce(&T) -> R) -> Result<R, AccessError> {
        self.with_in(own_block()?, does)
    }

    #[inline]
    fn with_in<R>(&self, block: &Block, does: impl FnOnce(&T) -> R) -> Result<R, AccessError> {
        let place = match self.place.load(Relaxed) {
            0 => self.find_place()?,
            place => place,
        };
        let slot = block.head(place).map(|head| core::ptr::from_ref(head).cast::<Slot<T>>());
        let slot = slot.ok_or(AccessError::NoRoom)?;
        // SAFETY: the place is this value's in every block, and so is its head.
        let head = unsafe { &(*slot).head };
        if head.state.get() != State::LIVES {
            self.make(block, (place, head), slot.cast_mut())?;
        }
        // SAFETY: it has been made, and is dropped when the thread has nothing more to do.
        Ok(does(unsafe { (*slot).value.assume_init_ref() }))
    }

    #[cold]
    #[inline(never)]
    fn find_place(&self) -> Result<u32, AccessError> {
        let bytes = size_of::<Slot<T>>().next_multiple_of(8) as u32;
        let take = |next: u32| Some(next + bytes).filter(|end| *end as usize <= ROOM);
        let place = 1 + NEXT.fetch_update(Relaxed, Relaxed, take).map_err(|_| AccessError::NoRoom)?;
        // Who was faster has said where; what was taken here stays empty.
        Ok(self.place.compare_exchange(0, place, Relaxed, Relaxed).map_or_else(|first| first, |_| place))
    }

    #[cold]
    #[inline(never)]
    fn make(&self, block: &Block, (place, head): (u32, &Head), slot: *mut Slot<T>) -> Result<(), AccessError> {
        if head.state.get() == State::DROPPED {
            return Err(AccessError::Dropped);
        }
        let value = (self.initial)();
        // SAFETY: nothing is there: if making the value has made one, that is dropped now.
        unsafe {
            if head.state.replace(State::NONE) == State::LIVES {
                (*slot).value.assume_init_drop();
                (*slot).value.write(value);
                head.state.set(State::LIVES);
                return Ok(());
            }
            (*slot).value.write(value);
        }
        head.state.set(State::LIVES);
        if core::mem::needs_drop::<T>() {
            head.drop.set(Some(drop_in_slot::<T>));
            head.next.set(block.first.replace(place));
        }
        Ok(())
    }
}

impl<T> LocalKey<Cell<T>> {
    /// Sets the thread's value.
    #[track_caller]
    pub fn set(&'static self, value: T) {
        self.with(|cell| cell.set(value));
    }

    /// The thread's value.
    #[track_caller]
    pub fn get(&'static self) -> T
    where
        T: Copy,
    {
        self.with(Cell::get)
    }

    /// Sets the thread's value, and answers what it was.
    #[track_caller]
    pub fn replace(&'static self, value: T) -> T {
        self.with(|cell| cell.replace(value))
    }

    /// Takes the thread's value, and leaves the default.
    #[track_caller]
    pub fn take(&'static self) -> T
    where
        T: Default,
    {
        self.with(Cell::take)
    }
}

impl<T> LocalKey<RefCell<T>> {
    /// Does something with the thread's value, borrowed.
    pub fn with_borrow<R>(&'static self, does: impl FnOnce(&T) -> R) -> R {
        self.with(|cell| does(&cell.borrow()))
    }

    /// Does something with the thread's value, borrowed for changes.
    pub fn with_borrow_mut<R>(&'static self, does: impl FnOnce(&mut T) -> R) -> R {
        self.with(|cell| does(&mut cell.borrow_mut()))
    }

    /// Sets the thread's value.
    pub fn set(&'static self, value: T) {
        self.replace(value);
    }

    /// Sets the thread's value, and answers what it was.
    pub fn replace(&'static self, value: T) -> T {
        self.with(|cell| cell.replace(value))
    }

    /// Takes the thread's value, and leaves the default.
    pub fn take(&'static self) -> T
    where
        T: Default,
    {
        self.with(RefCell::take)
    }
}

impl<T> fmt::Debug for LocalKey<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LocalKey").finish_non_exhaustive()
    }
}

/// # Safety
///
/// `slot` is a [`Slot`] with a value of this type, which nobody uses.
unsafe fn drop_in_slot<T>(slot: *mut u8) {
    // SAFETY: as the caller says.
    unsafe { (*slot.cast::<Slot<T>>()).value.assume_init_drop() };
}

/// The number of the last error that code of this thread has noted.
///
/// # Errors
///
/// [`AccessError`].
pub fn errno() -> Result<i32, AccessError> {
    Ok(own_block()?.errno.get())
}

/// Notes the number of an error.
///
/// # Errors
///
/// [`AccessError`].
pub fn set_errno(number: i32) -> Result<(), AccessError> {
    own_block()?.errno.set(number);
    Ok(())
}

/// Does something while FS base is the address of the thread's block, and afterwards what it was.
///
/// # Errors
///
/// [`AccessError`].
pub fn with_base<R>(does: impl FnOnce() -> R) -> Result<R, AccessError> {
    let block = own_block()?;
    if !crate::is_image() {
        return Ok(does());
    }
    let before = base();
    set_base(block.this.get());
    let result = does();
    set_base(before);
    Ok(result)
}

#[inline]
fn own_block() -> Result<&'static Block, AccessError> {
    #[cfg(feature = "host")]
    if !crate::is_image() {
        return Ok(host::own_block());
    }
    let word = thread::storage_word().ok_or(AccessError::NoThread)?;
    // SAFETY: the word is this thread's, and nobody else knows of it. Volatile, because it lies where the compiler knows of nothing.
    match unsafe { word.read_volatile() } {
        0 => take_block(word),
        // SAFETY: it was put there by `take_block`, and is taken away when it is given back.
        address => Ok(unsafe { &*core::ptr::with_exposed_provenance(address) }),
    }
}

#[cold]
#[inline(never)]
fn take_block(word: *mut usize) -> Result<&'static Block, AccessError> {
    let free = POOL.iter().find(|block| block.is_taken.compare_exchange(false, true, Acquire, Relaxed).is_ok());
    let block = free.ok_or(AccessError::NoRoom)?;
    block.clear();
    // SAFETY: as in `own_block`.
    unsafe { word.write_volatile(block.this.get()) };
    if thread::is_own() {
        set_base(block.this.get());
    }
    Ok(block)
}

/// Drops what the thread that is about to end has of its own.
#[doc(hidden)]
pub fn end_thread() {
    let Some(word) = thread::storage_word() else { return };
    // SAFETY: as in `own_block`.
    let address = unsafe { word.read_volatile() };
    if address != 0 {
        // SAFETY: as there.
        let block: &Block = unsafe { &*core::ptr::with_exposed_provenance(address) };
        block.end.get().into_iter().for_each(|end| end(block));
        // SAFETY: as above.
        unsafe { word.write_volatile(0) };
    }
}

/// Sets FS base to the block of the thread that executes this, if that is one of the component's own and has a block. A server that was
/// trusted to keep FS base, and ended with this status, may have faulted; if it has answered an error, FS base is that already. Answers the status, so that whoever calls this keeps nothing for
/// the time when all is well.
#[cold]
#[inline(never)]
pub(crate) fn restore_own_base(status: u16) -> u16 {
    let Some(word) = thread::storage_word() else { return status };
    // SAFETY: as in `own_block`, and behind it is the last word, which `thread::is_own` asks.
    let [block, called_from] = unsafe { word.cast::<[usize; 2]>().read_volatile() };
    if block != 0 && called_from == 0 {
        set_base(block);
    }
    status
}

fn give_back(block: &'static Block) {
    block.drop_all();
    set_base(0);
    block.is_taken.store(false, Release);
}

fn base() -> usize {
    let base;
    // SAFETY: reads a register; the kernel lets user level do so.
    unsafe { asm!("rdfsbase {}", out(reg) base, options(nomem, nostack, preserves_flags)) };
    base
}

fn set_base(base: usize) {
    // SAFETY: in an image nothing else uses the register.
    unsafe { asm!("wrfsbase {}", in(reg) base, options(nostack, preserves_flags)) };
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Mutex;
    use std::vec::Vec;

    static DROPPED: Mutex<Vec<u32>> = Mutex::new(Vec::new());

    struct Counted(u32);

    impl Drop for Counted {
        fn drop(&mut self) {
            DROPPED.lock().unwrap().push(self.0);
        }
    }

    crate::thread_local! {
        static FIRST: Counted = Counted(1);
        static SECOND: Cell<u64> = const { Cell::new(7) };
        static THIRD: Counted = Counted(3);
        static HUGE: [u64; 40] = [0; 40];
        static TOO_MUCH: [u64; 40] = [0; 40];
    }

    // One test: places are the program's.
    #[test]
    fn each_block_has_its_own_values_and_drops_them_in_turn() {
        let (one, other) = (Block::new(), Block::new());
        [&one, &other].into_iter().for_each(Block::clear);
        for block in [&one, &other] {
            assert_eq!(FIRST.with_in(block, |it| it.0), Ok(1));
            assert_eq!(SECOND.with_in(block, |it| it.replace(8)), Ok(7));
            assert_eq!(SECOND.with_in(block, Cell::get), Ok(8));
            assert_eq!(THIRD.with_in(block, |it| it.0), Ok(3));
        }
        one.drop_all();
        assert_eq!(*DROPPED.lock().unwrap(), [3, 1], "one's alone");
        assert_eq!(FIRST.with_in(&one, |it| it.0), Err(AccessError::Dropped));
        assert_eq!(FIRST.with_in(&other, |it| it.0), Ok(1));
        one.clear();
        assert_eq!((FIRST.with_in(&one, |it| it.0), SECOND.with_in(&one, Cell::get)), (Ok(1), Ok(7)), "as new");
        assert_eq!(HUGE.with_in(&one, |it| it.len()), Ok(40));
        assert_eq!(TOO_MUCH.with_in(&one, |it| it.len()), Err(AccessError::NoRoom));
        assert_eq!(errno(), Err(AccessError::NoThread), "nothing of this is a component's");
    }
}
