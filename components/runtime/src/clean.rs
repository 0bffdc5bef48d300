//! The x87 and SSE registers with nothing in them.

/// What `fxrstor64` loads to clear them all: data that is zero, an empty x87 stack, and the control that compiled code
/// expects. By one name in an image, so that the stubs, which are assembly, reach it.
#[repr(C, align(16))]
pub struct CleanState([u32; 128]);

/// See [`clear_registers!`](crate::clear_registers).
#[used]
#[unsafe(no_mangle)]
pub static TESSERA_CLEAN_STATE: CleanState = CleanState({
    let mut words = [0; 128];
    words[0] = 0x37f; // x87 control word: all exceptions masked, 64-bit precision
    words[6] = 0x1f80; // MXCSR: all exceptions masked, round to nearest
    words
});
