//! The console on its way to the reader, with a fault's source line behind its report.

use std::fmt::Write as _;
use std::io::{self, Write};

use super::Programs;

/// Passes on what it gets at once, and adds lines behind the reports of faults.
pub struct Annotated<'p, 'e, W> {
    programs: &'p Programs<'e>,
    sink: W,
    /// The end of the line that has begun.
    line: Vec<u8>,
}

/// Bytes that are kept of a line: more than the longest report.
const KEPT: usize = 1024;

impl<'p, 'e, W: Write> Annotated<'p, 'e, W> {
    /// Writes to `sink`, and explains the faults of `programs`.
    pub fn new(programs: &'p Programs<'e>, sink: W) -> Self {
        Self { programs, sink, line: Vec::new() }
    }

    /// Adds to the line that has begun, and explains it if that ends it.
    fn follow(&mut self, piece: &[u8]) -> String {
        self.line.extend_from_slice(piece);
        if self.line.len() > 2 * KEPT {
            self.line.drain(..self.line.len() - KEPT);
        }
        if !piece.ends_with(b"\n") {
            return String::new();
        }
        let line = std::mem::take(&mut self.line);
        let mut text = String::new();
        for frame in self.programs.explain(String::from_utf8_lossy(&line).trim_end()) {
            let _ = writeln!(text, "  {frame}");
        }
        text
    }
}

impl<W: Write> Write for Annotated<'_, '_, W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut annotated = Vec::with_capacity(bytes.len());
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            annotated.extend_from_slice(piece);
            annotated.extend_from_slice(self.follow(piece).as_bytes());
        }
        self.sink.write_all(&annotated).map(|()| bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.sink.flush()
    }
}
