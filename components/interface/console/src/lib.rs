//! The interface `console`, and what makes it pleasant: text as four words,
//! a writer for `writeln!`, and a logger for the `log` crate; by the feature
//! `embedded-io`, what stands on that crate reads and writes here, too.
#![no_std]

#[cfg(test)]
extern crate std;

#[cfg(feature = "embedded-io")]
mod io;
mod logger;
mod text;
mod writer;

#[cfg(feature = "embedded-io")]
pub use io::Reader;
pub use logger::Logger;
pub use text::{TEXT_BYTES, Text};
pub use writer::Writer;

/// What a method of [`Console`] answers.
pub type Result<T> = runtime::Result<T, ConsoleError>;

runtime::errors! {
    /// Why a console does not do what it is asked.
    pub enum ConsoleError {
        Stuck = 1: "the device does not take what is written to it",
        NoInterrupt = 2: "the graph grants no interrupt to wait for input by",
        TooManyReaders = 3: "as many threads wait for input as there can be",
    }
}

/// Writes and reads text.
#[runtime::interface]
pub trait Console {
    /// Writes up to 32 bytes of text, as [`Text`] packs them, in one piece.
    ///
    /// Nothing of others comes into a line. So 32 bytes without a line feed at their end are kept, and shown with what the same
    /// thread writes next: up to its line feed, or a text of fewer bytes, be it none. What is kept is shown by itself when
    /// it is 256 bytes, when there are too many such lines, and when many others have been written meanwhile.
    fn write(&self, first: u64, second: u64, third: u64, fourth: u64) -> Result<()>;

    /// Reads a byte of input. Answers whether there was one, and which.
    fn read(&self) -> Result<(bool, u8)>;

    /// Waits for a byte of input, and reads it.
    #[may_block]
    fn wait(&self) -> Result<u8>;
}

#[cfg(test)]
mod tests {
    use super::ConsoleClient;

    #[test]
    fn this_is_what_a_panic_is_written_to() {
        assert_eq!(ConsoleClient::NAME, abi::record::CONSOLE);
        assert!(ConsoleClient::SCHEMA.starts_with(abi::record::CONSOLE_SCHEMA));
    }
}
