//! What the graph can set: words, texts, constants, files.

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
