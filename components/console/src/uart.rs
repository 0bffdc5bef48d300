//! A serial port: the 16550 and everything that still behaves like one.

use crate::pieces::{Piece, Pieces};
use console_interface::{STUCK, Text};
use core::sync::atomic::AtomicBool;
use core::sync::atomic::Ordering::{Acquire, Relaxed, Release};
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
/// The output that on a PC connects the port to its interrupt line.
const TO_LINE: u8 = 0x08;
/// Interrupts: something has been received.
const ON_INPUT: u8 = 0x01;

/// Line status: there is a byte to read.
const RECEIVED: u8 = 0x01;
/// Line status: the FIFO to send from is empty.
const SENDER_EMPTY: u8 = 0x20;
/// Line status: so is the shift register behind it.
const SENDER_IDLE: u8 = 0x40;

/// Bytes that are sent at once. The sender's FIFO takes 16: that leaves room for a byte from each of some threads that do not
/// wait for their turn any more.
const AT_ONCE: usize = 12;

/// Looks at the line status until a wait is given up. A full FIFO is sent in
/// under two milliseconds; a look takes no less than a microsecond on the ISA bus.
const PATIENCE: u32 = 100_000;

/// A serial port.
///
/// Several threads may write at once, and lose the core in the middle of it. Each adds its piece to those that wait; one of
/// them, whoever comes first, sends all that wait, so that pieces stay whole and the port is never given more than it takes.
pub struct Uart<P> {
    ports: P,
    waiting: Pieces,
    /// Whether somebody sends what waits.
    is_sending: AtomicBool,
    /// Whether the last wait for the port was given up.
    is_stuck: AtomicBool,
    /// Looks at the line status until a wait is given up.
    patience: u32,
}

impl<P: PortAccess> Uart<P> {
    /// The serial port behind `ports`.
    pub const fn new(ports: P) -> Self {
        Self {
            ports,
            waiting: Pieces::new(),
            is_sending: AtomicBool::new(false),
            is_stuck: AtomicBool::new(false),
            patience: PATIENCE,
        }
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

    /// Lets the port interrupt when it has received something.
    ///
    /// # Errors
    ///
    /// The kernel's, if a register is not granted.
    pub fn interrupt_on_input(&self) -> Result<()> {
        self.ports.write(MODEM_CONTROL, READY | TO_LINE)?;
        self.ports.write(INTERRUPTS, ON_INPUT)
    }

    /// Sends a piece of text, or leaves it to the thread that sends what came before.
    ///
    /// # Errors
    ///
    /// [`STUCK`] if the port does not take it.
    pub fn send(&self, piece: Piece) -> Result<()> {
        self.add(piece)?;
        while !self.waiting.is_empty() && self.send_alone()? {}
        Ok(())
    }

    /// Adds a piece to those that wait, once there is room.
    fn add(&self, piece: Piece) -> Result<()> {
        for _ in 0..self.patience {
            if self.waiting.push(piece) {
                return Ok(());
            }
            if !self.send_alone()? {
                // It takes time, as sending does.
                self.ports.read(LINE_STATUS)?;
            }
        }
        // Who should send does not: it has come to its end in the middle of it, or nobody lets it go on. If it does
        // after all, what both send is mixed up, but no more than the port takes.
        self.send_waiting(1)?;
        if self.waiting.push(piece) { Ok(()) } else { Err(STUCK) }
    }

    /// Sends all that waits, unless somebody does: then that is answered with false.
    fn send_alone(&self) -> Result<bool> {
        if self.is_sending.swap(true, Acquire) {
            return Ok(false);
        }
        let sent = self.send_waiting(AT_ONCE);
        self.is_sending.store(false, Release);
        sent.map(|()| true)
    }

    fn send_waiting(&self, at_once: usize) -> Result<()> {
        while let Some(piece) = self.waiting.pop() {
            self.send_bytes(Text::from_words(piece).bytes(), at_once)?;
        }
        Ok(())
    }

    fn send_bytes(&self, bytes: &[u8], at_once: usize) -> Result<()> {
        for part in bytes.chunks(at_once) {
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
        // A port that was stuck is looked at once, until it is not any more.
        let looks = if self.is_stuck.load(Relaxed) { 1 } else { self.patience };
        for _ in 0..looks {
            if self.ports.read(LINE_STATUS)? & status != 0 {
                self.is_stuck.store(false, Relaxed);
                return Ok(());
            }
        }
        self.is_stuck.store(true, Relaxed);
        Err(STUCK)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use console_interface::Console;
    use std::collections::VecDeque;
    use std::sync::Mutex;
    use std::sync::atomic::AtomicUsize;
    use std::vec::Vec;

    /// Bytes that the sender's FIFO takes.
    const FIFO_BYTES: usize = 16;

    /// A serial port that sends one byte each time its line status is read.
    #[derive(Default)]
    struct Fake {
        state: Mutex<State>,
        stuck: AtomicBool,
        looks: AtomicUsize,
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
            std::thread::yield_now();
            let mut state = self.state.lock().unwrap();
            match register {
                DATA => Ok(state.input.pop_front().unwrap()),
                LINE_STATUS => {
                    self.looks.fetch_add(1, Relaxed);
                    let is_stuck = self.stuck.load(Relaxed);
                    if !is_stuck {
                        let byte = state.fifo.pop_front();
                        state.sent.extend(byte);
                    }
                    let sent = if state.fifo.is_empty() && !is_stuck { SENDER_EMPTY | SENDER_IDLE } else { 0 };
                    Ok(sent | u8::from(!state.input.is_empty()))
                }
                _ => panic!("nobody needs to read register {register}"),
            }
        }

        fn write(&self, register: u16, byte: u8) -> Result<()> {
            // Whoever else wants to write has the chance to.
            std::thread::yield_now();
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
        let fake = Fake { stuck: AtomicBool::new(true), ..Fake::default() };
        assert_eq!(Uart::new(&fake).initialise(), Err(STUCK));
        let uart = Uart::new(&fake);
        assert_eq!(write(&uart, b"anyone?"), Err(STUCK));
        let looks = fake.looks.load(Relaxed);
        assert_eq!(write(&uart, b"anyone?"), Err(STUCK));
        assert_eq!(fake.looks.load(Relaxed), looks + 1, "it is not waited for again");
        fake.stuck.store(false, Relaxed);
        write(&uart, b"there you are").unwrap();
        uart.wait_for(SENDER_IDLE).unwrap();
        assert_eq!(fake.state.lock().unwrap().sent, b"there you are");
    }

    #[test]
    fn pieces_of_several_threads_stay_whole_and_none_is_lost() {
        const EACH: u8 = 200;
        let fake = Fake::default();
        // A host may keep one of the threads from running for longer than a machine of ours would.
        let uart = Uart { patience: u32::MAX, ..Uart::new(&fake) };
        std::thread::scope(|scope| {
            for who in *b"abcd" {
                let uart = &uart;
                scope.spawn(move || (0..EACH).for_each(|_| write(uart, &[who; 32]).unwrap()));
            }
        });
        uart.wait_for(SENDER_IDLE).unwrap();
        let state = fake.state.lock().unwrap();
        assert_eq!(state.sent.len(), 4 * usize::from(EACH) * 32);
        for piece in state.sent.chunks(32) {
            assert!(piece.iter().all(|byte| *byte == piece[0]), "{piece:?}");
        }
    }

    #[test]
    fn a_thread_that_ends_while_it_sends_leaves_a_console_behind() {
        let fake = Fake::default();
        let uart = Uart::new(&fake);
        uart.is_sending.store(true, Relaxed);
        for _ in 0..40 {
            write(&uart, b"still there\n").unwrap();
        }
        uart.wait_for(SENDER_IDLE).unwrap();
        let sent = fake.state.lock().unwrap().sent.len() / b"still there\n".len();
        assert!(sent >= 32, "{sent} were sent when there was no more room");
    }

    #[test]
    fn input_is_read_byte_by_byte() {
        let fake = Fake::default();
        fake.state.lock().unwrap().input.extend(b"ok");
        let uart = Uart::new(&fake);
        assert_eq!(uart.read(), Ok((true, b'o')));
        assert_eq!(uart.read(), Ok((true, b'k')));
        assert_eq!(uart.read(), Ok((false, 0)));
        fake.state.lock().unwrap().input.push_back(b'!');
        assert_eq!(uart.wait(), Ok(b'!'));
    }

    #[test]
    fn input_interrupts_once_that_is_wanted() {
        let fake = Fake::default();
        let uart = Uart::new(&fake);
        uart.initialise().unwrap();
        assert_eq!(fake.state.lock().unwrap().registers[usize::from(INTERRUPTS)], 0);
        uart.interrupt_on_input().unwrap();
        let state = fake.state.lock().unwrap();
        assert_eq!(state.registers[usize::from(INTERRUPTS)], ON_INPUT);
        assert_eq!(state.registers[usize::from(MODEM_CONTROL)], READY | TO_LINE);
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
