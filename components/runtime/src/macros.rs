//! What the binary of a component says about it.
//!
//! Names of items are not hygienic: those that the macros declare beside names of
//! their callers start with `__runtime`.

/// Says what runs when the component starts, and makes the binary an image.
///
/// `initialise` runs before any client of the component does; then `parallel_initialise` runs, on each core that the graph gives the
/// component, on all at once, and is told which by a [`Core`](crate::Core); then `main`, on the first of them, once all
/// components are initialised. Each begins when the one before has ended everywhere, and only if it ended well. Each is optional, and names
/// a function whose result is an [`Outcome`](crate::Outcome).
///
/// ```ignore
/// runtime::component! { initialise: prepare, parallel_initialise: prepare_core, main: run }
///
/// fn prepare_core(core: runtime::Core) {
///     PREPARED.fetch_or(1 << core.index, Relaxed);
/// }
/// ```
///
/// Nobody schedules the threads of a component while it initialises: they can wait for each other only by looking again.
#[macro_export]
macro_rules! component {
    ($($phase:ident: $function:expr),* $(,)?) => {
        use memory_functions as _;

        const _: () = {
            // Whoever names a phase twice is told so.
            #[allow(dead_code)]
            struct __RuntimePhases {
                $($phase: (),)*
            }

            extern "C" fn __runtime_start(word: u64) -> u64 {
                let status = match word {
                    $($crate::phase!($phase) => $crate::run_phase!($phase, $function, word),)*
                    $crate::internal::INITIALISE | $crate::internal::MAIN => 0,
                    word => $crate::thread::run(word),
                };
                $crate::internal::end_thread();
                status.into()
            }

            // Where each of the component's threads starts: `rdi` phase, or which
            // function a thread that it created is for; `r9` thread index | core << 32,
            // and no stack. It ends by returning a status.
            #[unsafe(naked)]
            #[unsafe(no_mangle)]
            unsafe extern "C" fn _start() -> ! {
                ::core::arch::naked_asm!(
                    $crate::take_stack!(),
                    // Whoever dispatched the thread may have left anything here.
                    "fninit",
                    "ldmxcsr [rip + {mxcsr}]",
                    "xor ebp, ebp",              // nobody called: where a backtrace ends
                    "add rsp, 8",                // as a function that calls another
                    "call {start}",              // -> rax status, below 2^16
                    "xor edi, edi",
                    "xor esi, esi",
                    "syscall",                   // capability 0: the thread ends
                    "ud2",                       // which does not come back
                    "3:",
                    "lea rsp, [rcx - 24]",
                    "jmp 2b",
                    mxcsr = sym $crate::internal::MXCSR,
                    span = const $crate::internal::STACK_SPAN_BITS,
                    stacks = sym $crate::internal::STACKS,
                    start = sym __runtime_start,
                )
            }

            #[panic_handler]
            fn __runtime_panicked(info: &::core::panic::PanicInfo<'_>) -> ! {
                $crate::internal::panicked(info)
            }

            $($crate::phase_record!($phase);)*

            #[used]
            #[unsafe(link_section = ".tessera.records")]
            static __RUNTIME_RECORDS: [$crate::internal::Record; 2] = [
                $crate::internal::Record::stacks((&raw const $crate::internal::STACKS).cast()),
                $crate::internal::Record::identity((&raw const $crate::internal::IDENTITY).cast()),
            ];
        };
    };
}

/// The words that a component's thread is told in a phase.
#[doc(hidden)]
#[macro_export]
macro_rules! phase {
    (initialise) => {
        $crate::internal::INITIALISE
    };
    (parallel_initialise) => {
        $crate::internal::PARALLEL_INITIALISE..
    };
    (main) => {
        $crate::internal::MAIN
    };
    ($other:ident) => {
        ::core::compile_error!(::core::concat!(
            "a component has no phase `",
            ::core::stringify!($other),
            "`: there are `initialise`, `parallel_initialise` and `main`"
        ))
    };
}

/// Runs the function of a phase.
#[doc(hidden)]
#[macro_export]
macro_rules! run_phase {
    (parallel_initialise, $function:expr, $word:expr) => {
        $crate::internal::run_on_core($function, $word)
    };
    ($phase:ident, $function:expr, $word:expr) => {
        $crate::internal::run_phase($function)
    };
}

/// The record of a phase that only the images have that say so.
#[doc(hidden)]
#[macro_export]
macro_rules! phase_record {
    (parallel_initialise) => {
        #[used]
        #[unsafe(link_section = ".tessera.records")]
        static __RUNTIME_PARALLEL: $crate::internal::Record = $crate::internal::Record::parallel_initialise();
    };
    ($phase:ident) => {};
}

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

/// An interface's name in a record, with the import's or the variant's behind it.
#[doc(hidden)]
#[macro_export]
macro_rules! record_name {
    ($interface:expr) => {
        $interface.as_bytes()
    };
    ($interface:expr, $separator:literal, $name:literal) => {
        const { &$crate::internal::joined::<{ $interface.len() + 1 + $name.len() }>($interface, $separator, $name) }
    };
}

/// Declares a static range of I/O ports, by the name under which the graph grants it.
///
/// ```ignore
/// runtime::ports!(SERIAL, "serial");
/// ```
#[macro_export]
macro_rules! ports {
    ($visibility:vis $name:ident, $grant:literal) => {
        // SAFETY: an image's static, and the record below names it.
        $visibility static $name: $crate::Ports = unsafe { $crate::Ports::unbound() };

        const _: () = {
            #[used]
            #[unsafe(link_section = ".tessera.records")]
            static __RUNTIME_RECORD: $crate::internal::Record =
                $crate::internal::Record::ports($grant, (&raw const $name).cast());
        };
    };
}

/// Declares a static interrupt line, by the name under which the graph may grant it.
///
/// ```ignore
/// runtime::interrupt!(INPUT, "serial");
/// ```
#[macro_export]
macro_rules! interrupt {
    ($visibility:vis $name:ident, $grant:literal) => {
        // SAFETY: an image's static, and the record below names it.
        $visibility static $name: $crate::Interrupt = unsafe { $crate::Interrupt::unbound() };

        const _: () = {
            #[used]
            #[unsafe(link_section = ".tessera.records")]
            static __RUNTIME_RECORD: $crate::internal::Record =
                $crate::internal::Record::interrupt($grant, (&raw const $name).cast());
        };
    };
}

/// Declares the static registers of a device in memory, by the name under which the graph grants them.
///
/// ```ignore
/// runtime::registers!(FRAME, "serial");
/// ```
#[macro_export]
macro_rules! registers {
    ($visibility:vis $name:ident, $grant:literal) => {
        // SAFETY: an image's static, and the record below names it.
        $visibility static $name: $crate::Registers = unsafe { $crate::Registers::unbound() };

        const _: () = {
            #[used]
            #[unsafe(link_section = ".tessera.records")]
            static __RUNTIME_RECORD: $crate::internal::Record =
                $crate::internal::Record::registers($grant, (&raw const $name).cast());
        };
    };
}

/// Declares a static word that the graph can set by a key, and its default: an integer or a boolean. The composer refuses a value
/// that is none of its type.
///
/// ```ignore
/// runtime::parameter!(ROUNDS: u64 = 1000, "rounds");
/// ```
#[macro_export]
macro_rules! parameter {
    ($visibility:vis $name:ident: $kind:ty = $default:expr, $key:literal) => {
        $visibility static $name: $crate::Parameter<$kind> = $crate::Parameter::new({
            let default: $kind = $default;
            default as u64
        });

        const _: () = {
            #[used]
            #[unsafe(link_section = ".tessera.records")]
            static __RUNTIME_RECORD: $crate::internal::Record =
                $crate::internal::Record::parameter($key, &raw const $name);
        };
    };
}

/// Declares a static text that the graph can set by a key, how many bytes it may have, and its default.
///
/// ```ignore
/// runtime::text!(GREETING: 32 = "hello", "greeting");
/// ```
#[macro_export]
macro_rules! text {
    ($visibility:vis $name:ident: $bytes:literal = $default:expr, $key:literal) => {
        $visibility static $name: $crate::Text<$bytes> = $crate::Text::new($default);

        const _: () = {
            #[used]
            #[unsafe(link_section = ".tessera.records")]
            static __RUNTIME_RECORD: $crate::internal::Record =
                $crate::internal::Record::text($key, (&raw const $name).cast());
        };
    };
}

/// Declares a constant that the graph can set by its own name (`constants`), and what it is otherwise. Unlike a
/// [`parameter!`](crate::parameter), it is the same word under the same name for whoever reads code and graph.
///
/// ```ignore
/// runtime::constant!(LIMIT: u64 = 8);
/// ```
#[macro_export]
macro_rules! constant {
    ($visibility:vis $name:ident: $kind:ty = $default:expr) => {
        $visibility static $name: $crate::Parameter<$kind> = $crate::Parameter::new({
            let default: $kind = $default;
            default as u64
        });

        const _: () = {
            #[used]
            #[unsafe(link_section = ".tessera.records")]
            static __RUNTIME_RECORD: $crate::internal::Record =
                $crate::internal::Record::constant(::core::stringify!($name), &raw const $name);
        };
    };
}

/// Declares the files that the component starts with, which the graph gives by `initfs`.
///
/// ```ignore
/// runtime::files!(FILES);
/// ```
#[macro_export]
macro_rules! files {
    ($visibility:vis $name:ident) => {
        // SAFETY: an image's static, and the record below names it.
        $visibility static $name: $crate::Files = unsafe { $crate::Files::unbound() };

        const _: () = {
            #[used]
            #[unsafe(link_section = ".tessera.records")]
            static __RUNTIME_RECORD: $crate::internal::Record =
                $crate::internal::Record::files((&raw const $name).cast());
        };
    };
}

/// Declares statics of which each thread has its own value, as `std::thread_local!`. See [`storage`](crate::storage).
///
/// ```ignore
/// runtime::thread_local! {
///     static DEPTH: Cell<u32> = const { Cell::new(0) };
/// }
/// ```
#[macro_export]
macro_rules! thread_local {
    ($($(#[$attribute:meta])* $visibility:vis static $name:ident: $kind:ty = $initial:expr);* $(;)?) => {
        $(
            $(#[$attribute])*
            $visibility static $name: $crate::storage::LocalKey<$kind> = {
                fn __runtime_initial() -> $kind {
                    $initial
                }
                $crate::storage::LocalKey::new(__runtime_initial)
            };
        )*
    };
}

/// Declares a static plan: the image is a scheduler's. See [`scheduling`](crate::scheduling).
///
/// ```ignore
/// runtime::plan!(PLAN);
/// ```
#[macro_export]
macro_rules! plan {
    ($visibility:vis $name:ident) => {
        // SAFETY: an image's static, and the record below names it.
        $visibility static $name: $crate::scheduling::Plan = unsafe { $crate::scheduling::Plan::unbound() };

        const _: () = {
            #[used]
            #[unsafe(link_section = ".tessera.records")]
            static __RUNTIME_RECORD: $crate::internal::Record =
                $crate::internal::Record::plan((&raw const $name).cast());
        };
    };
}

/// Declares a static management plan: the image constructs others at run time, or gives them memory. See
/// [`management`](mod@crate::management).
///
/// ```ignore
/// runtime::management!(PLAN);
/// ```
#[macro_export]
macro_rules! management {
    ($visibility:vis $name:ident) => {
        // SAFETY: an image's static, and the record below names it.
        $visibility static $name: $crate::management::Management =
            unsafe { $crate::management::Management::unbound() };

        const _: () = {
            #[used]
            #[unsafe(link_section = ".tessera.records")]
            static __RUNTIME_RECORD: $crate::internal::Record =
                $crate::internal::Record::management((&raw const $name).cast());
        };
    };
}
