//! For tests that implement [`Memory`](crate::Memory) themselves: the parts of it that what is tested does not ask for.

/// Implements the methods of some parts of [`Memory`](crate::Memory), `regions` and `makers` (of components): they fail the test that
/// calls them.
#[doc(hidden)]
#[macro_export]
macro_rules! not_asked {
    (regions) => {
        fn token(&self) -> $crate::Result<u64> {
            unreachable!("no region is asked for")
        }

        fn offer(&self, _: u64, _: u64, _: u64, _: bool) -> $crate::Result<()> {
            unreachable!("no region is asked for")
        }

        fn accept(&self, _: u64, _: u64, _: bool) -> $crate::Result<(u64, u64)> {
            unreachable!("no region is asked for")
        }

        fn release(&self, _: u64) -> $crate::Result<()> {
            unreachable!("no region is asked for")
        }

        fn give(&self, _: u64, _: u64, _: u64) -> $crate::Result<()> {
            unreachable!("no region is asked for")
        }

        fn take(&self, _: u64, _: u64) -> $crate::Result<(u64, u64)> {
            unreachable!("no region is asked for")
        }

        fn take_back(&self, _: u64) -> $crate::Result<()> {
            unreachable!("no region is asked for")
        }
    };
    (makers) => {
        fn end(&self, _: u64) -> $crate::Result<()> {
            unreachable!("nobody makes components")
        }

        fn lend(&self, _: u64) -> $crate::Result<u64> {
            unreachable!("nobody makes components")
        }

        fn settle(&self, _: u64, _: u64) -> $crate::Result<()> {
            unreachable!("nobody makes components")
        }

        fn left(&self) -> $crate::Result<(u64, u64)> {
            unreachable!("nobody makes components")
        }
    };
    ($($part:ident),+) => {
        $($crate::not_asked!($part);)+
    };
}
