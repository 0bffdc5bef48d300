//! For tests that implement [`Sched`](crate::Sched) themselves: the parts of it that what is tested does not ask for.

/// Implements the methods of some parts of [`Sched`](crate::Sched), `points`, `exchange`, `ends` (of waits) and `cores`: they fail the test that calls them.
#[doc(hidden)]
#[macro_export]
macro_rules! not_asked {
    (points) => {
        fn create_point(&self) -> $crate::Result<u64> {
            unreachable!("no blockpoint is asked for")
        }

        fn free_point(&self, _: u64) -> $crate::Result<()> {
            unreachable!("no blockpoint is asked for")
        }

        fn wait_on(&self, _: u64, _: u64, _: u64, _: u64) -> $crate::Result<bool> {
            unreachable!("no blockpoint is asked for")
        }

        fn trigger(&self, _: u64, _: u64) -> $crate::Result<()> {
            unreachable!("no blockpoint is asked for")
        }

        fn trigger_one(&self, _: u64, _: u64) -> $crate::Result<()> {
            unreachable!("no blockpoint is asked for")
        }

        fn trigger_and_wait(&self, _: u64, _: u64, _: u64, _: u64) -> $crate::Result<()> {
            unreachable!("no blockpoint is asked for")
        }
    };
    (exchange) => {
        fn wake_and_block(&self, _: u64) -> $crate::Result<()> {
            unreachable!("no hand-over is asked for")
        }

        fn exchange(&self, _: u64, _: u64) -> $crate::Result<u64> {
            unreachable!("no exchange is asked for")
        }

        fn accept(&self) -> $crate::Result<(u64, u64)> {
            unreachable!("no exchange is asked for")
        }

        fn answer(&self, _: u64, _: u64) -> $crate::Result<()> {
            unreachable!("no exchange is asked for")
        }

        fn answer_and_accept(&self, _: u64, _: u64) -> $crate::Result<(u64, u64)> {
            unreachable!("no exchange is asked for")
        }
    };
    (ends) => {
        fn end_wait_at(&self, _: u64) -> $crate::Result<()> {
            unreachable!("no wait at an end-point is asked for")
        }
    };
    (cores) => {
        fn migrate(&self, _: u64) -> $crate::Result<()> {
            unreachable!("no other core is asked for")
        }
    };
    ($($part:ident),+) => {
        $($crate::not_asked!($part);)+
    };
}
