//! Clients of interfaces: of those that the graph binds, or may leave out, and those that post calls to a page.

/// Declares a static client of an interface. An image that calls several
/// servers of one interface gives each import a name of its own, by which the
/// graph tells them apart.
///
/// ```ignore
/// runtime::import!(PONG: pong_interface::PongClient);
/// runtime::import!(LEFT: pong_interface::PongClient, "left");
/// ```
#[macro_export]
macro_rules! import {
    ($visibility:vis $name:ident: $client:ty $(, $import:literal)?) => {
        // SAFETY: an image's static, and the record below names it.
        $visibility static $name: $client = unsafe { <$client>::unbound() };

        const _: () = {
            #[used]
            #[unsafe(link_section = ".tessera.records")]
            static __RUNTIME_RECORD: $crate::internal::Record = $crate::internal::Record::import(
                $crate::record_name!(<$client>::NAME $(, b'/', $import)?),
                <$client>::SCHEMA,
                (&raw const $name).cast(),
            );
        };
    };
}

/// Declares a static client of an interface without which the image can do: as long as the graph gives it no server, calls are
/// refused as those of an empty slot.
///
/// ```ignore
/// runtime::optional_import!(PARENT: sched_interface::SchedClient);
/// ```
#[macro_export]
macro_rules! optional_import {
    ($visibility:vis $name:ident: $client:ty) => {
        // SAFETY: an image's static, and the record below names it.
        $visibility static $name: $client = unsafe { <$client>::unbound() };

        const _: () = {
            #[used]
            #[unsafe(link_section = ".tessera.records")]
            static __RUNTIME_RECORD: $crate::internal::Record = $crate::internal::Record::optional_import(
                $crate::record_name!(<$client>::NAME),
                <$client>::SCHEMA,
                (&raw const $name).cast(),
            );
        };
    };
}

/// Declares a static client of an interface that posts calls to a page, where the graph says `via = "page"`; where it does not, all
/// calls go directly, and the code is the same. Called itself, by the interface's trait, it always calls directly. With `workers`, it can have the page served on another core, where the graph says which. See [`page`](crate::page).
///
/// ```ignore
/// runtime::import_page!(PONG: pong_interface::PongPage);
/// runtime::import_page!(PONG: pong_interface::PongPage, workers: SCHED);
/// ```
#[macro_export]
macro_rules! import_page {
    ($visibility:vis $name:ident: $client:ty, workers: $threads:expr $(, $import:literal)?) => {
        // SAFETY: an image's static, and the records below name it.
        $visibility static $name: $client = unsafe {
            fn __runtime_run(_: u64) -> $crate::Result<()> {
                $name.run()
            }
            static __RUNTIME_RUNNER: $crate::page::Runner = $crate::page::Runner::new(&$threads, __runtime_run);

            <$client>::unbound(Some(&__RUNTIME_RUNNER))
        };
        $crate::page_records!($name, $client, page_import_with_runner $(, $import)?);
    };
    ($visibility:vis $name:ident: $client:ty $(, $import:literal)?) => {
        // SAFETY: an image's static, and the records below name it.
        $visibility static $name: $client = unsafe { <$client>::unbound(None) };

        $crate::page_records!($name, $client, page_import $(, $import)?);
    };
}

/// The records of a client that posts calls to a page.
#[doc(hidden)]
#[macro_export]
macro_rules! page_records {
    ($name:ident, $client:ty, $kind:ident $(, $import:literal)?) => {
        const _: () = {
            #[used]
            #[unsafe(link_section = ".tessera.records")]
            static __RUNTIME_RECORD: $crate::internal::Record = $crate::internal::Record::import(
                $crate::record_name!(<$client>::NAME $(, b'/', $import)?),
                <$client>::SCHEMA,
                (&raw const $name).cast(),
            );

            #[used]
            #[unsafe(link_section = ".tessera.records")]
            static __RUNTIME_PAGE: $crate::internal::Record = $crate::internal::Record::$kind(
                $crate::record_name!(<$client>::NAME $(, b'/', $import)?),
                <$client>::SCHEMA,
                (&raw const $name).wrapping_byte_add(<$client>::PAGE).cast(),
            );
        };
    };
}
