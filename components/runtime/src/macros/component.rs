//! What runs when a component starts, and in its phases.

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

            $crate::panic_handler!();

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

/// What a panic leads to.
#[cfg(not(feature = "host"))]
#[doc(hidden)]
#[macro_export]
macro_rules! panic_handler {
    () => {
        #[panic_handler]
        fn __runtime_panicked(info: &::core::panic::PanicInfo<'_>) -> ! {
            $crate::internal::panicked(info)
        }
    };
}

/// With the standard library there is one already: so an image can be checked beside the tests that ask for the feature.
#[cfg(feature = "host")]
#[doc(hidden)]
#[macro_export]
macro_rules! panic_handler {
    () => {};
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
