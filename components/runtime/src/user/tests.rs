//! User threads on the host.

extern crate std;

use super::*;
use std::boxed::Box;
use std::cell::RefCell;
use std::vec::Vec;

/// User threads with so many stacks.
fn threads(stacks: usize) -> &'static UserThreads {
    const BYTES: usize = 0x4000;
    let threads: &UserThreads = Box::leak(Box::new(UserThreads::new()));
    let spans = stacks.div_ceil(4);
    let layout = std::alloc::Layout::from_size_align(spans * 0x1_0000, 0x1_0000).unwrap();
    // SAFETY: not empty; leaked, so it stays.
    let memory = NonNull::new(unsafe { std::alloc::alloc(layout) }).unwrap();
    // SAFETY: as above.
    assert_eq!(unsafe { threads.adopt_memory(memory, spans * 0x1_0000, BYTES) }, Ok(4 * spans));
    threads
}

#[test]
fn what_threads_return_is_joined() {
    let sum = threads(8).run(&(), |scope| {
        let squares: Vec<_> = (0..5_u64).map(|number| scope.spawn(move || number * number).unwrap()).collect();
        squares.into_iter().map(|square| square.join().unwrap()).sum::<u64>()
    });
    assert_eq!(sum, Ok(30));
}

#[test]
fn threads_run_in_turns_where_they_ask_for_it() {
    let seen = RefCell::new(Vec::new());
    let ran = threads(4).run(&(), |scope| {
        for name in ["a", "b"] {
            let seen = &seen;
            drop(scope.spawn(move || {
                for turn in 0..3 {
                    seen.borrow_mut().push((name, turn));
                    scope.threads().yield_now();
                }
            }));
        }
    });
    assert_eq!(ran, Ok(()));
    assert_eq!(seen.take(), [("a", 0), ("b", 0), ("a", 1), ("b", 1), ("a", 2), ("b", 2)]);
}

#[test]
fn stacks_come_back_whether_or_not_anyone_joins() {
    let threads = threads(4);
    let ran = threads.run(&(), |scope| {
        for round in 0..1000_u64 {
            let detached = scope.spawn(|| Box::new(7)).unwrap();
            let joined = scope.spawn(move || round).unwrap();
            drop(detached);
            assert_eq!(joined.join(), Some(round));
        }
        let all: Vec<_> = (0..3).map(|_| scope.spawn(|| ()).unwrap()).collect();
        assert_eq!(scope.spawn(|| ()).err(), Some(UserError::NoStack), "one runs this");
        drop(all);
    });
    assert_eq!(ran, Ok(()));
}

#[test]
fn floating_point_and_locals_survive_a_switch() {
    let ran = threads(8).run(&(), |scope| {
        let sums: Vec<_> = (0..6_u32)
            .map(|seed| {
                let sum = move || {
                    let mut sum = f64::from(seed);
                    for step in 0..100_u32 {
                        sum += f64::from(step) / 2.0;
                        scope.threads().yield_now();
                    }
                    sum
                };
                scope.spawn(sum).unwrap()
            })
            .collect();
        for (seed, sum) in (0..6_u32).zip(sums) {
            assert_eq!(sum.join(), Some(f64::from(seed) + 2475.0));
        }
    });
    assert_eq!(ran, Ok(()));
}

#[test]
fn a_deadlock_is_an_error_and_a_second_runner_is_refused() {
    let threads = threads(4);
    let ran = threads.run(&(), |scope| {
        assert_eq!(threads.run(&(), |_| ()), Err(UserError::Running));
        scope.threads().block(core::mem::forget);
    });
    assert_eq!(ran, Err(UserError::Deadlock));
    assert_eq!(threads.run(&(), |_| 3), Err(UserError::Running), "nobody can wake those that wait any more");
}

#[test]
fn a_stack_lies_in_one_span_and_does_not_cover_its_last_word() {
    const SPAN: usize = 0x1_0000;
    let layout = std::alloc::Layout::from_size_align(3 * SPAN, SPAN).unwrap();
    // SAFETY: not empty.
    let memory = NonNull::new(unsafe { std::alloc::alloc(layout) }).unwrap();
    for (offset, bytes, expected) in
        [(0, SPAN, 3), (0, 2 * SPAN, 3), (0x1000, 0x1000, 47), (16, 0x5000, 9), (0x8000, 0x3000, 12)]
    {
        let bytes = stack::size(bytes);
        // SAFETY: within the memory.
        let part = (unsafe { memory.add(offset) }, 3 * SPAN - offset);
        let tops = stack::stacks(part, bytes).map(|control| control.addr().get() + size_of::<Control>());
        // The last of a span ends below the word.
        let mut ends: Vec<_> =
            tops.map(|top| (if top % SPAN == SPAN - 16 { top + 16 } else { top } - bytes, top)).collect();
        ends.sort_unstable();
        assert_eq!(ends.len(), expected);
        for (lowest, top) in &ends {
            assert!(*lowest >= part.0.addr().get() && lowest / SPAN == top / SPAN, "{lowest:x} to {top:x}");
            assert!(top % SPAN <= SPAN - 16, "{top:x}");
        }
        assert!(ends.windows(2).all(|pair| pair[0].1 <= pair[1].0), "{ends:x?}");
    }
    // SAFETY: from above, and of no use any more.
    unsafe { std::alloc::dealloc(memory.as_ptr(), layout) };
}

/// Grants what the host allocates, and counts what comes back.
struct Granting {
    granted: Cell<u64>,
    back: RefCell<Vec<u64>>,
    refuses: bool,
}

impl StackMemory for Granting {
    fn grant(&self, pages: u64) -> crate::Result<u64> {
        self.granted.set(pages);
        let layout = std::alloc::Layout::from_size_align((pages as usize + 1) * 0x1000, 0x1_0000).unwrap();
        // SAFETY: not empty; leaked. Where it starts is not the end of a span.
        Ok(unsafe { std::alloc::alloc(layout) }.expose_provenance() as u64 + 0x1000)
    }

    fn give_back(&self, address: u64) -> crate::Result<()> {
        self.back.borrow_mut().push(address);
        if self.refuses { Err(crate::Error::Unknown) } else { Ok(()) }
    }
}

#[test]
fn each_stack_that_is_granted_has_a_guard_and_none_is_used_without() {
    for (count, pages) in [(1, 2), (7, 3), (8, 2), (20, 5), (3, 16)] {
        let memory = Granting { granted: Cell::new(0), back: RefCell::default(), refuses: false };
        let threads: &UserThreads = Box::leak(Box::new(UserThreads::new()));
        let adopted = threads.adopt_granted(&memory, count, pages).unwrap();
        assert!(adopted >= count, "{adopted} of {count}");
        let back = memory.back.borrow();
        assert!(back.len() == adopted && back.iter().all(|lowest| lowest.is_multiple_of(0x1000)));
    }
    let memory = Granting { granted: Cell::new(0), back: RefCell::default(), refuses: true };
    let threads: &UserThreads = Box::leak(Box::new(UserThreads::new()));
    assert_eq!(threads.adopt_granted(&memory, 4, 2), Err(crate::Error::Unknown));
    assert_eq!(threads.run(&(), |_| ()), Err(UserError::NoStack), "of the memory without guards nothing is used");
}

#[test]
fn what_nobody_takes_is_dropped() {
    struct Counted<'c>(&'c Cell<u32>);
    impl Drop for Counted<'_> {
        fn drop(&mut self) {
            self.0.set(self.0.get() + 1);
        }
    }
    let dropped = Cell::new(0);
    let ran = threads(4).run(&(), |scope| {
        drop(scope.spawn(|| Counted(&dropped)).unwrap());
        let late = scope.spawn(|| Counted(&dropped)).unwrap();
        scope.threads().yield_now();
        assert_eq!(dropped.get(), 1, "of who is detached");
        drop(late);
        assert_eq!(dropped.get(), 2, "of who ended first");
    });
    assert_eq!(ran, Ok(()));
}

#[test]
fn a_lock_is_had_by_one_at_a_time_in_turn() {
    let (lock, order) = (Mutex::new(0), RefCell::new(Vec::new()));
    let ran = threads(8).run(&(), |scope| {
        let adds = |name: u64| {
            let (lock, order) = (&lock, &order);
            move || {
                let mut sum = lock.lock(scope.threads());
                let before = *sum;
                scope.threads().yield_now();
                *sum = before + 1;
                order.borrow_mut().push(name);
            }
        };
        let all: Vec<_> = (0..6).map(|name| scope.spawn(adds(name)).unwrap()).collect();
        all.into_iter().filter_map(JoinHandle::join).count()
    });
    assert_eq!((ran, order.take()), (Ok(6), (0..6).collect()));
    let sum = threads(4).run(&(), |scope| *lock.lock(scope.threads()));
    assert_eq!(sum, Ok(6));
}

#[test]
fn a_channel_passes_everything_on_in_order_and_holds_up_who_is_too_quick() {
    let channel = Channel::<u32, 3>::new();
    let most = Cell::new(0);
    let received = threads(4).run(&(), |scope| {
        let sends = || {
            for number in 0..20 {
                most.set(most.get().max(number));
                assert_eq!(channel.send(scope.threads(), number), Ok(()));
            }
            channel.close();
        };
        let sender = scope.spawn(sends).unwrap();
        scope.threads().yield_now();
        assert_eq!(most.get(), 3, "three fit, the fourth waits");
        let received: Vec<_> = core::iter::from_fn(|| channel.receive(scope.threads())).collect();
        sender.join().unwrap();
        assert_eq!(channel.send(scope.threads(), 7), Err(7), "it is closed");
        received
    });
    assert_eq!(received, Ok((0..20).collect()));
}
