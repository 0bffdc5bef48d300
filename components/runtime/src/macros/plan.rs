//! What the composer plans for those that schedule or construct others.

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
