//! Posts calls to a page, and says what a call costs so, and directly.
#![no_std]
#![forbid(unsafe_code)]

/// Calls of a batch.
pub const BATCH: u64 = 32;

/// The ticks that one of `calls` takes, by a clock that `work` makes go on.
///
/// # Errors
///
/// Those of the work.
pub fn cost<E>(calls: u64, clock: impl Fn() -> u64, work: impl FnOnce() -> Result<(), E>) -> Result<u64, E> {
    let start = clock();
    work()?;
    Ok(clock().wrapping_sub(start) / calls.max(1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::cell::Cell;

    #[test]
    fn the_cost_is_that_of_one_call() {
        let time = Cell::new(10);
        let work = || {
            time.set(time.get() + 320);
            Ok::<_, ()>(())
        };
        assert_eq!(cost(BATCH, || time.get(), work), Ok(10));
    }

    #[test]
    fn work_that_fails_costs_nothing() {
        assert_eq!(cost(BATCH, || 0, || Err("no")), Err("no"));
    }
}
