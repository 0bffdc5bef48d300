//! The console on its way to the reader, with source lines behind the reports of faults and panics.

use std::fmt::Write as _;
use std::io::{self, Write};

use super::Programs;
use super::panics::Stacks;

/// Passes on what it gets at once, and adds lines behind the reports of faults and panics.
pub struct Annotated<'p, 'e, W> {
    programs: &'p Programs<'e>,
    sink: W,
    /// The end of the line that has begun.
    line: Vec<u8>,
    stacks: Stacks,
}

/// Bytes that are kept of a line: more than the longest report.
const KEPT: usize = 1024;

impl<'p, 'e, W: Write> Annotated<'p, 'e, W> {
    /// Writes to `sink`, and explains the faults and panics of `programs`.
    pub fn new(programs: &'p Programs<'e>, sink: W) -> Self {
        Self { programs, sink, line: Vec::new(), stacks: Stacks::default() }
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
        let line = String::from_utf8_lossy(&line);
        let line = line.trim_end();
        let frames = self.programs.explain(line).into_iter().chain(self.stacks.explain(line, self.programs));
        let mut text = String::new();
        frames.for_each(|frame| _ = writeln!(text, "  {frame}"));
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
