//! What the binary of a component says about it.
//!
//! Names of items are not hygienic: those that the macros declare beside names of
//! their callers start with `__runtime`.

/// Says what runs when the component starts, and makes the binary an image.
///
/// `initialise` runs before any client of the component does, `main` once all
/// components are initialised. Each is optional, and names a function whose
/// result is an [`Outcome`](crate::Outcome).
///
/// ```ignore
/// runtime::component! { initialise: prepare, main: run }
/// ```
#[macro_export]
macro_rules! component {
    ($($phase:ident: $function:expr),* $(,)?) => {
        use memory_functions as _;

        const _: () = {
            extern "C" fn __runtime_start(phase: u64) -> u64 {
                let status = match phase {
                    $($crate::phase!($phase) => $crate::Outcome::status($function()),)*
                    $crate::internal::INITIALISE | $crate::internal::MAIN => 0,
                    word => $crate::thread::run(word),
                };
                status.into()
            }

            // Where each of the component's threads starts: `rdi` phase, or which
            // function a thread that it created is for; `r9` thread index | core << 32,
            // and no stack. It ends by returning a status.
            #[unsafe(naked)]
            #[unsafe(no_mangle)]
            unsafe extern "C" fn _start() -> ! {
                ::core::arch::naked_asm!(
                    // The thread's stack, as in every entry.
                    "mov ecx, r9d",
                    "shl rcx, {span}",
                    "add rcx, [rip + {stacks}]",
                    "lea rsp, [rcx - 16]",
                    "sub rsp, [rcx - 8]",
                    // Whoever dispatched the thread may have left anything here.
                    "fninit",
                    "mov dword ptr [rsp - 8], 0x1f80",
                    "ldmxcsr [rsp - 8]",
                    "xor ebp, ebp",              // nobody called: where a backtrace ends
                    "call {start}",              // -> rax status, below 2^16
                    "xor edi, edi",
                    "xor esi, esi",
                    "syscall",                   // capability 0: the thread ends
                    "ud2",                       // which does not come back
                    span = const $crate::internal::STACK_SPAN_BITS,
                    stacks = sym $crate::internal::STACKS,
                    start = sym __runtime_start,
                )
            }

            #[panic_handler]
            fn __runtime_panicked(info: &::core::panic::PanicInfo<'_>) -> ! {
                $crate::internal::panicked(::core::env!("CARGO_PKG_NAME"), info)
            }

            #[used]
            #[unsafe(link_section = ".tessera.records")]
            static __RUNTIME_RECORD: $crate::internal::Record =
                $crate::internal::Record::stacks((&raw const $crate::internal::STACKS).cast());
        };
    };
}

/// The number of a phase.
#[doc(hidden)]
#[macro_export]
macro_rules! phase {
    (initialise) => {
        $crate::internal::INITIALISE
    };
    (main) => {
        $crate::internal::MAIN
    };
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

/// Declares a static client of an interface that posts calls to a page, where the graph says `via = "page"`; direct calls
/// go by its `direct`. See [`page`](crate::page).
///
/// ```ignore
/// runtime::import_page!(PONG: pong_interface::PongPage);
/// ```
#[macro_export]
macro_rules! import_page {
    ($visibility:vis $name:ident: $client:ty $(, $import:literal)?) => {
        // SAFETY: an image's static, and the records below name it.
        $visibility static $name: $client = unsafe { <$client>::unbound() };

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
            static __RUNTIME_PAGE: $crate::internal::Record = $crate::internal::Record::page_import(
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
/// invocation. Nobody else pays for that.
///
/// ```ignore
/// runtime::export!(sched_interface::SchedServer => |caller| SCHED.serve(caller));
/// ```
#[macro_export]
macro_rules! export {
    ($server:ty => |$caller:ident| $instance:expr $(, $variant:literal)?) => {
        const _: () = {
            #[expect(clippy::too_many_arguments, reason = "a register or a stack slot each")]
            extern "C" fn __runtime_dispatch(
                first: u64,
                second: u64,
                third: u64,
                fourth: u64,
                token: u64,
                method: u64,
                second_answer: &mut u64,
                identity: u64,
            ) -> $crate::internal::CReply {
                let words = [first, second, third, fourth];
                let invocation = $crate::Invocation { method, words, token };
                let $caller = $crate::Caller::new(token, identity);
                <$server>::dispatch(&$instance, invocation).into_registers(second_answer)
            }

            $crate::entry_stub!(__runtime_trusted, __runtime_dispatch, [], [], caller);
            $crate::cleared_entry_stub!(__runtime_cleared, __runtime_dispatch, caller);

            #[used]
            #[unsafe(link_section = ".tessera.records")]
            static __RUNTIME_RECORD: $crate::internal::Record = $crate::internal::Record::export(
                $crate::record_name!(<$server>::NAME $(, b'.', $variant)?),
                <$server>::SCHEMA,
                __runtime_trusted,
                __runtime_cleared,
            );
        };
    };
    ($server:ty => $instance:expr, workers: $threads:expr $(, $variant:literal)?) => {
        const _: () = {
            static __RUNTIME_WORKERS: $crate::page::Workers = $crate::page::Workers::new();

            fn __runtime_work(_: u64) -> $crate::Result<()> {
                let dispatch = |invocation| <$server>::dispatch(&$instance, invocation);
                __RUNTIME_WORKERS.work(&__RUNTIME_PAGES, &$threads, dispatch);
                Ok(())
            }

            fn __runtime_start() {
                __RUNTIME_WORKERS.start(&__RUNTIME_PAGES, &$threads, __runtime_work);
            }

            $crate::export_pages!($server, $instance, Some(&__RUNTIME_WORKERS), __runtime_start $(, $variant)?);
        };
    };
    ($server:ty => $instance:expr $(, $variant:literal)?) => {
        const _: () = {
            const fn __runtime_start() {}

            $crate::export_pages!($server, $instance, None, __runtime_start $(, $variant)?);
        };
    };
}

/// What serves an interface by direct calls and by pages.
#[doc(hidden)]
#[macro_export]
macro_rules! export_pages {
    ($server:ty, $instance:expr, $workers:expr, $start:ident $(, $variant:literal)?) => {
        extern "C" fn __runtime_dispatch(
            first: u64,
            second: u64,
            third: u64,
            fourth: u64,
            token: u64,
            method: u64,
            second_answer: &mut u64,
        ) -> $crate::internal::CReply {
            let words = [first, second, third, fourth];
            let invocation = $crate::Invocation { method, words, token };
            <$server>::dispatch(&$instance, invocation).into_registers(second_answer)
        }

        #[expect(clippy::too_many_arguments, reason = "a register or a stack slot each")]
        extern "C" fn __runtime_serve(
            _: u64,
            _: u64,
            _: u64,
            _: u64,
            row: u64,
            method: u64,
            second_answer: &mut u64,
            identity: u64,
        ) -> $crate::internal::CReply {
            let batch = $crate::page::Batch { method, row, thread: identity as u32 };
            let blocking = (<$server>::MAY_BLOCK, $workers);
            let dispatch = |invocation| <$server>::dispatch(&$instance, invocation);
            let reply = __RUNTIME_PAGES.serve(batch, blocking, dispatch);
            $start();
            reply.into_registers(second_answer)
        }

        // SAFETY: an image's static, and the record below names it.
        static __RUNTIME_PAGES: $crate::page::PageTable = unsafe { $crate::page::PageTable::unbound() };

        $crate::entry_stub!(__runtime_trusted, __runtime_dispatch, [], []);
        $crate::cleared_entry_stub!(__runtime_cleared, __runtime_dispatch);
        $crate::entry_stub!(__runtime_batch_trusted, __runtime_serve, [], [], caller);
        $crate::cleared_entry_stub!(__runtime_batch_cleared, __runtime_serve, caller);

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
        static __RUNTIME_TABLE: $crate::internal::Record = $crate::internal::Record::pages(
            $crate::record_name!(<$server>::NAME $(, b'.', $variant)?),
            <$server>::SCHEMA,
            (&raw const __RUNTIME_PAGES).cast(),
        );
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

/// Declares a static word that the graph can set by a key, and its default.
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
                $crate::internal::Record::parameter($key, (&raw const $name).cast());
        };
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
/// [`management`](crate::management).
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
