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
                    _ => $crate::internal::UNKNOWN_PHASE,
                };
                status.into()
            }

            // Where the component's thread starts: `rdi` phase, `r9` thread
            // index | core << 32, and no stack. It ends by returning a status.
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

/// Serves an interface with a static that implements its trait. An image with
/// several implementations gives each a variant's name, by which the graph
/// tells them apart.
///
/// ```ignore
/// runtime::export!(pong_interface::PongServer => PONG);
/// runtime::export!(pong_interface::PongServer => QUICK, "quick");
/// ```
#[macro_export]
macro_rules! export {
    ($server:ty => $instance:expr $(, $variant:literal)?) => {
        const _: () = {
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

            $crate::entry_stub!(__runtime_trusted, __runtime_dispatch, [], []);
            // MXCSR as compiled code expects it, whatever the client left; and
            // nothing left for the client but the answer. The kernel
            // overwrites rcx r8 r9 r11 on its way.
            $crate::entry_stub!(__runtime_cleared, __runtime_dispatch,
                [
                    "mov dword ptr [rsp - 8], 0x1f80"
                    "ldmxcsr [rsp - 8]"
                ],
                [
                    "xor ebx, ebx"
                    "xor ebp, ebp"
                    "xor edx, edx"
                    "xor r10d, r10d"
                    "xor r12d, r12d"
                    "xor r13d, r13d"
                    "xor r14d, r14d"
                    "xor r15d, r15d"
                    "xorps xmm0, xmm0"
                    "xorps xmm1, xmm1"
                    "xorps xmm2, xmm2"
                    "xorps xmm3, xmm3"
                    "xorps xmm4, xmm4"
                    "xorps xmm5, xmm5"
                    "xorps xmm6, xmm6"
                    "xorps xmm7, xmm7"
                    "xorps xmm8, xmm8"
                    "xorps xmm9, xmm9"
                    "xorps xmm10, xmm10"
                    "xorps xmm11, xmm11"
                    "xorps xmm12, xmm12"
                    "xorps xmm13, xmm13"
                    "xorps xmm14, xmm14"
                    "xorps xmm15, xmm15"
                ]
            );

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
