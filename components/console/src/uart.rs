//! A serial port: the 16550 and everything that still behaves like one.

use console_interface::STUCK;
use runtime::{Ports, Result};

/// Access to the port's registers, by their offsets.
pub trait PortAccess {
    /// Reads a register.
    ///
    /// # Errors
    ///
    /// The kernel's, if the register is not granted.
    fn read(&self, register: u16) -> Result<u8>;

    /// Writes a register.
    ///
    /// # Errors
    ///
    /// The kernel's, if the register is not granted.
    fn write(&self, register: u16, byte: u8) -> Result<()>;
}

impl PortAccess for &Ports {
    fn read(&self, register: u16) -> Result<u8> {
        Ports::read(self, register)
    }

    fn write(&self, register: u16, byte: u8) -> Result<()> {
        Ports::write(self, register, byte)
    }
}

/// Data, or while [`DIVISOR_LATCH`] is set the low byte of the baud rate's divisor.
const DATA: u16 = 0;
/// Enabled interrupts, or the divisor's high byte.
const INTERRUPTS: u16 = 1;
const FIFO_CONTROL: u16 = 2;
const LINE_CONTROL: u16 = 3;
const MODEM_CONTROL: u16 = 4;
const LINE_STATUS: u16 = 5;

const DIVISOR_LATCH: u8 = 0x80;
const EIGHT_BITS_NO_PARITY_ONE_STOP: u8 = 0x03;
/// 115200 baud.
const DIVISOR: u8 = 1;
/// Switches the FIFOs on. That empties them only if they were off: what the
/// kernel still has in there is sent.
const FIFO_ENABLE: u8 = 0x01;
/// Data terminal ready, request to send.
const READY: u8 = 0x03;

/// Line status: there is a byte to read.
const RECEIVED: u8 = 0x01;
/// Line status: the FIFO to send from is empty.
const SENDER_EMPTY: u8 = 0x20;
/// Line status: so is the shift register behind it.
const SENDER_IDLE: u8 = 0x40;

/// Bytes that the sender's FIFO takes at once.
const FIFO_BYTES: usize = 16;

/// Looks at the line status until a wait is given up. A full FIFO is sent in
/// under two milliseconds; a look takes no less than a microsecond on the ISA bus.
const PATIENCE: u32 = 100_000;

/// A serial port.
pub struct Uart<P> {
    ports: P,
}

impl<P: PortAccess> Uart<P> {
    /// The serial port behind `ports`.
    pub const fn new(ports: P) -> Self {
        Self { ports }
    }

    /// Sets the port up: 115200 baud, 8 bits, no parity, no interrupts.
    ///
    /// # Errors
    ///
    /// The kernel's, if a register is not granted; [`STUCK`] if the port does
    /// not finish what it was sending.
    pub fn initialise(&self) -> Result<()> {
        self.wait_for(SENDER_IDLE)?;
        let settings = [
            (INTERRUPTS, 0),
            (LINE_CONTROL, DIVISOR_LATCH),
            (DATA, DIVISOR),
            (INTERRUPTS, 0),
            (LINE_CONTROL, EIGHT_BITS_NO_PARITY_ONE_STOP),
            (FIFO_CONTROL, FIFO_ENABLE),
            (MODEM_CONTROL, READY),
        ];
        settings.into_iter().try_for_each(|(register, byte)| self.ports.write(register, byte))
    }

    /// Sends all of `bytes`.
    ///
    /// # Errors
    ///
    /// [`STUCK`] if the port does not take them.
    pub fn send(&self, bytes: &[u8]) -> Result<()> {
        for part in bytes.chunks(FIFO_BYTES) {
            self.wait_for(SENDER_EMPTY)?;
            part.iter().try_for_each(|byte| self.ports.write(DATA, *byte))?;
        }
        Ok(())
    }

    /// The next byte of input, if there is one.
    ///
    /// # Errors
    ///
    /// The kernel's, if a register is not granted.
    pub fn receive(&self) -> Result<Option<u8>> {
        let received = self.ports.read(LINE_STATUS)? & RECEIVED != 0;
        if received { self.ports.read(DATA).map(Some) } else { Ok(None) }
    }

    fn wait_for(&self, status: u8) -> Result<()> {
        for _ in 0..PATIENCE {
            if self.ports.read(LINE_STATUS)? & status != 0 {
                return Ok(());
            }
        }
        Err(STUCK)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use console_interface::{Console, Text};
    use std::collections::VecDeque;
    use std::sync::Mutex;
    use std::vec::Vec;

    /// A serial port that sends one byte each time its line status is read.
    #[derive(Default)]
    struct Fake {
        state: Mutex<State>,
        stuck: bool,
    }

    #[derive(Default)]
    struct State {
        fifo: VecDeque<u8>,
        sent: Vec<u8>,
        input: VecDeque<u8>,
        registers: [u8; 8],
    }

    impl PortAccess for &Fake {
        fn read(&self, register: u16) -> Result<u8> {
            let mut state = self.state.lock().unwrap();
            match register {
                DATA => Ok(state.input.pop_front().unwrap()),
                LINE_STATUS => {
                    if !self.stuck {
                        let byte = state.fifo.pop_front();
                        state.sent.extend(byte);
                    }
                    let sent = if state.fifo.is_empty() && !self.stuck { SENDER_EMPTY | SENDER_IDLE } else { 0 };
                    Ok(sent | u8::from(!state.input.is_empty()))
                }
                _ => panic!("nobody needs to read register {register}"),
            }
        }

        fn write(&self, register: u16, byte: u8) -> Result<()> {
            let mut state = self.state.lock().unwrap();
            let divisor = state.registers[usize::from(LINE_CONTROL)] & DIVISOR_LATCH != 0;
            if register == DATA && !divisor {
                assert!(state.fifo.len() < FIFO_BYTES, "a byte was lost");
                state.fifo.push_back(byte);
            } else {
                state.registers[usize::from(register)] = byte;
            }
            Ok(())
        }
    }

    fn write(uart: &Uart<&Fake>, bytes: &[u8]) -> Result<()> {
        let [first, second, third, fourth] = Text::new(bytes).words();
        uart.write(first, second, third, fourth)
    }

    #[test]
    fn text_is_sent_in_order_and_no_faster_than_the_port_takes_it() {
        let fake = Fake::default();
        let uart = Uart::new(&fake);
        write(&uart, b"exactly thirty-two bytes of text").unwrap();
        write(&uart, b"!\n").unwrap();
        uart.wait_for(SENDER_IDLE).unwrap();
        assert_eq!(fake.state.lock().unwrap().sent, b"exactly thirty-two bytes of text!\n");
    }

    #[test]
    fn a_port_that_is_stuck_is_given_up() {
        let fake = Fake { stuck: true, ..Fake::default() };
        assert_eq!(write(&Uart::new(&fake), b"anyone?"), Err(STUCK));
        assert_eq!(Uart::new(&fake).initialise(), Err(STUCK));
    }

    #[test]
    fn input_is_read_byte_by_byte() {
        let fake = Fake::default();
        fake.state.lock().unwrap().input.extend(b"ok");
        let uart = Uart::new(&fake);
        assert_eq!(uart.read(), Ok((true, b'o')));
        assert_eq!(uart.read(), Ok((true, b'k')));
        assert_eq!(uart.read(), Ok((false, 0)));
    }

    #[test]
    fn the_port_is_set_up_and_what_was_in_it_is_sent_first() {
        let fake = Fake::default();
        fake.state.lock().unwrap().fifo.extend(b"kernel");
        Uart::new(&fake).initialise().unwrap();
        let state = fake.state.lock().unwrap();
        assert_eq!(state.sent, b"kernel");
        assert_eq!(state.registers[..5], [DIVISOR, 0, FIFO_ENABLE, EIGHT_BITS_NO_PARITY_ONE_STOP, READY]);
    }
}
