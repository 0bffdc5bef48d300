//! What the graph grants of devices.

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
