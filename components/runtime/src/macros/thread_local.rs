//! Values of which each thread has its own.

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
