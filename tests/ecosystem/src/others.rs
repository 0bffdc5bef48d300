//! Collections, random numbers, readers and writers.

use alloc::string::{String, ToString};
use console_interface::{Console, ConsoleError, Reader, Result, Writer};
use core::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use embedded_io::{Read, Write};
use hashbrown::HashMap;
use rand_core::TryRng;
use runtime::entropy::Entropy;
use smallvec::SmallVec;

pub fn hashbrown() -> String {
    let mut squares: HashMap<u64, u64> = (0..1_000).map(|number| (number, number * number)).collect();
    squares.retain(|number, _| number % 2 == 0);
    alloc::format!("{} even squares, the sum is {}", squares.len(), squares.values().sum::<u64>())
}

pub fn smallvec() -> String {
    let mut few: SmallVec<[u32; 4]> = (0..4).collect();
    let was_inline = !few.spilled();
    few.push(4);
    alloc::format!("{few:?}, inline: {was_inline}, then on the heap: {}", few.spilled())
}

pub fn rand_core() -> String {
    let (mut first, mut second) = ([0; 21], [0; 21]);
    match Entropy.try_fill_bytes(&mut first).and_then(|()| Entropy.try_fill_bytes(&mut second)) {
        Ok(()) => alloc::format!("two fillings differ: {}", first != second),
        Err(error) => error.to_string(),
    }
}

/// A console at which something has been typed, and nobody types any more.
struct Typed(AtomicUsize);

impl Console for Typed {
    fn write(&self, _: u64, _: u64, _: u64, _: u64) -> Result<()> {
        Err(ConsoleError::Stuck)
    }

    fn read(&self) -> Result<(bool, u8)> {
        let byte = b"12 and 3456".get(self.0.fetch_add(1, Relaxed));
        Ok(byte.map_or((false, 0), |byte| (true, *byte)))
    }

    fn wait(&self) -> Result<u8> {
        let (is_there, byte) = self.read()?;
        if is_there { Ok(byte) } else { Err(ConsoleError::Stuck) }
    }
}

/// Writes to the console by what knows nothing of consoles.
pub fn embedded_io(console: &impl Console) -> String {
    let mut writer = Writer::new(console);
    let written = writer.write_all(b"ecosystem: embedded-io writes ").is_ok()
        && writeln!(writer, "{} and {}", 12, 3456).is_ok()
        && writer.flush().is_ok();
    let (typed, mut read) = (Typed(AtomicUsize::new(0)), [0; 11]);
    let mut reader = Reader::new(&typed);
    let is_read = reader.read_exact(&mut read).is_ok() && reader.read(&mut [0]).is_err();
    alloc::format!("{written}, {is_read}: {}", String::from_utf8_lossy(&read))
}
