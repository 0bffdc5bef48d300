//! The kernel's console: the first serial port, and the end of the system.

use core::fmt::{self, Write};
use x86_64::instructions::port::Port;

const SERIAL: u16 = 0x3f8;
/// QEMU's `isa-debug-exit`: it ends with (value << 1) | 1. Real machines have nothing there.
const DEBUG_EXIT: u16 = 0xf4;
const SUCCESS: u32 = 0x10;
const FAILURE: u32 = 0x11;

static CONSOLE: spin::Mutex<Serial> = spin::Mutex::new(Serial);
static LOGGER: Logger = Logger;

struct Serial;

struct Logger;

/// Sets the port to 115,200 baud, 8 bits, no parity, and the `log` crate to write there.
pub fn initialise() {
    const SETUP: [(u16, u8); 7] = [(1, 0), (3, 0x80), (0, 1), (1, 0), (3, 3), (2, 0xc7), (4, 3)];
    for (offset, value) in SETUP {
        write_port(SERIAL + offset, value);
    }
    if log::set_logger(&LOGGER).is_ok() {
        log::set_max_level(log::LevelFilter::Info);
    }
}

/// Writes bytes as they are.
pub fn write(text: &[u8]) {
    let mut console = CONSOLE.lock();
    text.iter().for_each(|byte| console.write_byte(*byte));
}

/// A text as it is. That of `core` could also be padded, by code that would be all of two kilobytes.
pub struct Text<'t>(pub &'t str);

impl fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

/// Says something of the system's life.
#[cold]
#[inline(never)]
pub fn say(what: fmt::Arguments) {
    log::info!("{what}");
}

/// Says that the kernel cannot go on, and ends with a failure.
pub fn fatal(reason: impl fmt::Display) -> ! {
    give_up(format_args!("{reason}"))
}

#[cold]
#[inline(never)]
fn give_up(reason: fmt::Arguments) -> ! {
    // A panic may have happened while the lock was held; nothing else runs after this.
    let _ = writeln!(Serial, "tessera: fatal: {reason}");
    stop(FAILURE)
}

/// Ends the system with `status`.
pub fn end(status: u64) -> ! {
    let _ = writeln!(Serial, "tessera: end, status {status}");
    stop(if status == 0 { SUCCESS } else { FAILURE })
}

/// Reads a byte from a port.
pub fn read_port(port: u16) -> u8 {
    // SAFETY: reading a port does not touch memory; which ports user level may
    // reach is what ports capabilities decide, and the kernel reads only its own.
    unsafe { Port::new(port).read() }
}

/// Writes a byte to a port.
pub fn write_port(port: u16, byte: u8) {
    // SAFETY: as `read_port`. A device that can write to memory (by DMA) makes
    // the holder of its ports part of what must be trusted; the graph says who that is.
    unsafe { Port::new(port).write(byte) }
}

fn stop(code: u32) -> ! {
    // SAFETY: the port ends the emulator, or does nothing.
    unsafe { Port::new(DEBUG_EXIT).write(code) };
    loop {
        x86_64::instructions::interrupts::disable();
        x86_64::instructions::hlt();
    }
}

impl Serial {
    fn write_byte(&mut self, byte: u8) {
        const LINE_STATUS: u16 = 5;
        const CAN_SEND: u8 = 0x20;
        // Bounded: a port that is not there must not stop the kernel.
        for _ in 0..100_000 {
            if read_port(SERIAL + LINE_STATUS) & CAN_SEND != 0 {
                break;
            }
        }
        write_port(SERIAL, byte);
    }
}

impl Write for Serial {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        text.bytes().for_each(|byte| self.write_byte(byte));
        Ok(())
    }
}

impl log::Log for Logger {
    fn enabled(&self, _: &log::Metadata) -> bool {
        true
    }

    fn log(&self, record: &log::Record) {
        let _ = writeln!(CONSOLE.lock(), "tessera: {}", record.args());
    }

    fn flush(&self) {}
}
