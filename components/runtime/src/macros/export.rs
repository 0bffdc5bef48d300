//! Servers of interfaces, by direct calls and by pages.

/// Serves an interface with a static that implements its trait, by direct calls and by pages. An image with
/// several implementations gives each a variant's name, by which the graph
/// tells them apart.
///
/// ```ignore
/// runtime::export!(pong_interface::PongServer => PONG);
/// runtime::export!(pong_interface::PongServer => QUICK, "quick");
/// ```
/// A server that asks who calls names its [`Caller`](crate::Caller) before the instance, which is then made for each
/// call. Nobody else pays for that. Of a call that came by a page, the edge is the page's, and the thread the one that executes: the client's
/// own, or for methods that may block a worker.
///
/// ```ignore
/// runtime::export!(sched_interface::SchedServer => |caller| SCHED.serve(caller));
/// ```
#[macro_export]
macro_rules! export {
    ($server:ty => |$caller:ident| $instance:expr, workers: $threads:expr $(, $variant:literal)?) => {
        const _: () = {
            static __RUNTIME_WORKERS: $crate::page::Workers = $crate::page::Workers::new();

            fn __runtime_work(_: u64) -> $crate::Result<()> {
                __RUNTIME_WORKERS.work(&__RUNTIME_PAGES, &$threads);
                Ok(())
            }

            fn __runtime_start() {
                __RUNTIME_WORKERS.start(&__RUNTIME_PAGES, &$threads, __runtime_work);
            }

            $crate::export_pages!($server, |$caller| $instance, pages_with_workers, __runtime_start $(, $variant)?);
        };
    };
    ($server:ty => |$caller:ident| $instance:expr $(, $variant:literal)?) => {
        const _: () = {
            const fn __runtime_start() {}

            $crate::export_pages!($server, |$caller| $instance, pages, __runtime_start $(, $variant)?);
        };
    };
    ($server:ty => $instance:expr, workers: $threads:expr $(, $variant:literal)?) => {
        $crate::export!($server => |__runtime_caller| $instance, workers: $threads $(, $variant)?);
    };
    ($server:ty => $instance:expr $(, $variant:literal)?) => {
        $crate::export!($server => |__runtime_caller| $instance $(, $variant)?);
    };
}

/// What serves an interface by direct calls and by pages.
#[doc(hidden)]
#[macro_export]
macro_rules! export_pages {
    ($server:ty, |$caller:ident| $instance:expr, $pages:ident, $start:ident $(, $variant:literal)?) => {
        unsafe extern "C" fn __runtime_method<const METHOD: u64, const CLEARED: bool>(
            first: u64,
            second: u64,
            third: u64,
            fourth: u64,
            token: u64,
            identity: u64,
        ) -> ! {
            let words = [first, second, third, fourth];
            let invocation = $crate::Invocation { method: METHOD, words, token };
            let $caller = $crate::Caller::new(token, identity);
            let reply = <$server>::dispatch(&$instance, invocation);
            // SAFETY: an entry stub leads here, and the invocation has nothing more to do.
            unsafe { if CLEARED { reply.leave_cleared() } else { reply.leave() } }
        }

        unsafe extern "C" fn __runtime_batch<const METHOD: u64, const CLEARED: bool>(
            _: u64,
            _: u64,
            _: u64,
            _: u64,
            row: u64,
            identity: u64,
        ) -> ! {
            let reply = __runtime_serve($crate::page::Batch { method: METHOD, row, identity });
            // SAFETY: as above.
            unsafe { if CLEARED { reply.leave_cleared() } else { reply.leave() } }
        }

        #[inline(always)]
        fn __runtime_serve(batch: $crate::page::Batch) -> $crate::Reply {
            let dispatch = |invocation: $crate::page::Posted<'_>| {
                let $caller = $crate::Caller::new(invocation.token, batch.identity);
                <$server>::dispatch(&$instance, invocation)
            };
            let reply = __RUNTIME_PAGES.serve(batch, <$server>::METHODS, <$server>::MAY_BLOCK, dispatch);
            $start();
            reply
        }

        // SAFETY: an image's static, and the record below names it.
        static __RUNTIME_PAGES: $crate::page::PageTable = unsafe { $crate::page::PageTable::$pages() };

        $crate::entries!(__runtime_method, <$server>::METHODS,
            __runtime_trusted: __RUNTIME_TRUSTED, __runtime_cleared: __RUNTIME_CLEARED);
        $crate::entries!(__runtime_batch, $crate::page::BATCH_METHODS,
            __runtime_batch_trusted: __RUNTIME_BATCH_TRUSTED, __runtime_batch_cleared: __RUNTIME_BATCH_CLEARED);

        #[used]
        #[unsafe(link_section = ".tessera.records")]
        static __RUNTIME_RECORD: $crate::internal::Record = $crate::internal::Record::export(
            $crate::record_name!(<$server>::NAME $(, b'.', $variant)?),
            <$server>::SCHEMA,
            __runtime_trusted,
            __runtime_cleared,
        );

        #[used]
        #[unsafe(link_section = ".tessera.records")]
        static __RUNTIME_BATCH: $crate::internal::Record = $crate::internal::Record::batch(
            $crate::record_name!(<$server>::NAME $(, b'.', $variant)?),
            <$server>::SCHEMA,
            __runtime_batch_trusted,
            __runtime_batch_cleared,
        );

        #[used]
        #[unsafe(link_section = ".tessera.records")]
        static __RUNTIME_TABLE: $crate::internal::Record = $crate::internal::Record::$pages(
            $crate::record_name!(<$server>::NAME $(, b'.', $variant)?),
            <$server>::SCHEMA,
            (&raw const __RUNTIME_PAGES).cast(),
        );
    };
}

/// The two entries behind which the generic function `$method` has the methods: for clients that are trusted, and for others.
#[doc(hidden)]
#[macro_export]
macro_rules! entries {
    ($method:ident, $count:expr, $trusted:ident: $trusted_methods:ident, $cleared:ident: $cleared_methods:ident) => {
        $crate::methods!($trusted_methods, $method, $count, false);
        $crate::entry_stub!($trusted, $trusted_methods, []);
        $crate::methods!($cleared_methods, $method, $count, true);
        $crate::cleared_entry_stub!($cleared, $cleared_methods);
    };
}
