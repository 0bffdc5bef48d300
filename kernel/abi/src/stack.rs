//! What hand-written code says about the stack, for the composer, which follows all other code by itself.
//!
//! Where code sets the stack pointer to a value of its own, nobody can tell from the instruction how deep the stack is
//! then. A *declaration* says it: the address of an instruction, and how many bytes are in use there. It is not part of
//! an image's memory.

/// The section of declarations in an image's ELF file.
pub const SECTION: &str = ".tessera.stack";

/// Bytes of a declaration: the instruction's address, then the number of bytes, a word each.
pub const DECLARATION_BYTES: usize = 16;

/// Bytes in use on a stack that code is entered on for the first time: the stack-top word, and what aligns a function
/// that has been called.
pub const FIRST_ENTRY: u64 = 24;

/// The function of the runtime in which a panic is said, by the name that it has among an image's symbols.
pub const PANIC: &str = "runtime::panic::speak";

/// How often it can be on a stack at once, between where a component is entered and where it is left: in what is said of a panic there can
/// be one more, of which only the runtime speaks.
pub const PANICS: u32 = 2;
