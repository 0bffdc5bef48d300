//! The console, as crates ask for readers and writers: those that stand on `embedded-io`.

use crate::{Console, ConsoleError, Writer};
use embedded_io::{Error, ErrorKind, ErrorType, Read, Write};

impl Error for ConsoleError {
    fn kind(&self) -> ErrorKind {
        ErrorKind::Other
    }
}

impl<C: Console + ?Sized> ErrorType for Writer<'_, C> {
    type Error = ConsoleError;
}

/// Zero bytes are no text, and are left out.
impl<C: Console + ?Sized> Write for Writer<'_, C> {
    fn write(&mut self, bytes: &[u8]) -> Result<usize, ConsoleError> {
        self.write_bytes(bytes)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> Result<(), ConsoleError> {
        Ok(Writer::flush(self)?)
    }
}

/// Reads what is typed. Nothing is kept here, so there can be several.
#[derive(Clone, Copy, Debug)]
pub struct Reader<'a, C: ?Sized>(&'a C);

impl<'a, C: Console + ?Sized> Reader<'a, C> {
    /// Reads from a console.
    pub const fn new(console: &'a C) -> Self {
        Self(console)
    }
}

impl<C: ?Sized> ErrorType for Reader<'_, C> {
    type Error = ConsoleError;
}

impl<C: Console + ?Sized> Read for Reader<'_, C> {
    /// Waits for a byte, and takes those along that are there.
    fn read(&mut self, bytes: &mut [u8]) -> Result<usize, ConsoleError> {
        let Some((first, others)) = bytes.split_first_mut() else { return Ok(0) };
        *first = self.0.wait()?;
        let mut count = 1;
        for byte in others {
            let (is_there, next) = self.0.read()?;
            if !is_there {
                break;
            }
            *byte = next;
            count += 1;
        }
        Ok(count)
    }
}
