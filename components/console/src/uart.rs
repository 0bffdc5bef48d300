//! A serial port: the 16550 and everything that still behaves like one.

use crate::lines::Lines;
use crate::pieces::{Piece, Pieces};
use console_interface::{ConsoleError, Result, Text};
use core::sync::atomic::Ordering::{Acquire, Relaxed, SeqCst};
use core::sync::atomic::{AtomicBool, AtomicU64};
use runtime::{Caller, Ports};

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
        Ok(Ports::read(self, register)?)
    }

    fn write(&self, register: u16, byte: u8) -> Result<()> {
        Ok(Ports::write(self, register, byte)?)
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

/// So many times as long, and a sender that gets nothing sent is not waited for any more. That is longer than the emulator of a
/// busy machine leaves a core without time, and comes once: then somebody else sends.
const TAKE_OVER: u32 = 20;

/// Looks at the line status until another core's sender has lost its core, as far as anybody can see: some FIFOs' worth.
const SENDERS_PATIENCE: u32 = 5_000;

/// Turns are counted in these: below is room for [`core_of`].
const CORES: u64 = 1 << 16;

/// Which core it is, and not 0.
const fn core_of(core: u32) -> u64 {
    (core as u64 + 1) % CORES
}

/// A serial port.
///
/// Several threads may write at once, and lose the core in the middle of it. Each adds its line to those that wait; one of
/// them, whoever comes first, sends all that wait, so that lines stay whole and the port is never given more than it takes.
/// Nobody waits for a thread of the same core, which goes on only when the core is given up; that thread sends the rest.
pub struct Uart<P> {
    ports: P,
    unfinished: Lines,
    waiting: Pieces,
    /// Whose turn it is to send what waits, or 0: a number of the turn, and [`core_of`] the thread that has it.
    sender: AtomicU64,
    /// The number of the next turn.
    turns: AtomicU64,
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
            unfinished: Lines::new(),
            waiting: Pieces::new(),
            sender: AtomicU64::new(0),
            turns: AtomicU64::new(0),
            is_stuck: AtomicBool::new(false),
            patience: PATIENCE,
        }
    }

    /// Sets the port up: 115200 baud, 8 bits, no parity, no interrupts.
    ///
    /// # Errors
    ///
    /// The kernel's, if a register is not granted; [`ConsoleError::Stuck`] if the port does
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

    /// Sends a piece of text when the line is whole that it belongs to; see [`Console::write`](console_interface::Console).
    ///
    /// # Errors
    ///
    /// [`ConsoleError::Stuck`] if the port does not take it.
    pub fn send(&self, caller: Caller, piece: Piece) -> Result<()> {
        self.unfinished.add(caller, piece, |pieces| self.send_together(caller.core, pieces))
    }

    /// Sends pieces of text one behind the other, or leaves them to the thread that sends what came before.
    fn send_together(&self, core: u32, pieces: &[Piece]) -> Result<()> {
        let end = self.add(core, pieces)?;
        while self.waiting.is_ready() {
            if !self.send_alone(core)? {
                return self.wait_for_sender(core, end);
            }
        }
        Ok(())
    }

    /// Adds pieces to those that wait, once there is room; answers their end.
    fn add(&self, core: u32, pieces: &[Piece]) -> Result<usize> {
        let (mut looks, mut before) = (0, self.waiting.popped());
        while looks < self.patience.saturating_mul(TAKE_OVER) {
            if let Some(end) = self.waiting.push(pieces) {
                return Ok(end);
            }
            if !self.waiting.is_ready() || !self.send_alone(core)? {
                // It takes time, as sending does.
                self.ports.read(LINE_STATUS)?;
            }
            let popped = self.waiting.popped();
            looks = if popped == before { looks + 1 } else { 0 };
            before = popped;
        }
        // Who should send does not, or who has begun to add: it has come to its end in the middle of it, or nobody lets
        // it go on. If it does after all, what both send is mixed up, but no more than the port takes.
        self.waiting.give_up();
        let own = self.turn(core);
        self.sender.store(own, SeqCst);
        self.send_as(own, 1)?;
        self.waiting.push(pieces).ok_or(ConsoleError::Stuck)
    }

    /// Sends all that waits, unless somebody does: then that is answered with false.
    fn send_alone(&self, core: u32) -> Result<bool> {
        // In one order with what others add: who finds somebody sending has added before that one looks for the last time.
        let own = self.turn(core);
        if self.sender.compare_exchange(0, own, SeqCst, Relaxed).is_err() {
            return Ok(false);
        }
        self.send_as(own, AT_ONCE)?;
        Ok(true)
    }

    /// A value of `sender` that nobody else has.
    fn turn(&self, core: u32) -> u64 {
        self.turns.fetch_add(CORES, Relaxed) | core_of(core)
    }

    /// Sends what waits, in a turn; ends the turn.
    fn send_as(&self, own: u64, at_once: usize) -> Result<()> {
        let sent = self.send_waiting(own, at_once);
        // If somebody has taken over, it is their turn.
        let _ = self.sender.compare_exchange(own, 0, SeqCst, Relaxed);
        sent
    }

    fn send_waiting(&self, own: u64, at_once: usize) -> Result<()> {
        while self.sender.load(Relaxed) == own
            && let Some(piece) = self.waiting.pop()
        {
            self.send_bytes(Text::from_words(piece).bytes(), at_once)?;
        }
        Ok(())
    }

    /// Waits until another core's thread has sent what was added up to `end`, as long as it goes on with that. So the last
    /// line is out before its writer ends the system.
    fn wait_for_sender(&self, core: u32, end: usize) -> Result<()> {
        let (mut looks, mut before) = (0, self.waiting.popped());
        let is_sent = |popped: usize| popped.wrapping_sub(end).cast_signed() > 0;
        while ![0, core_of(core)].contains(&(self.sender.load(Acquire) % CORES)) && looks < SENDERS_PATIENCE {
            self.ports.read(LINE_STATUS)?;
            let popped = self.waiting.popped();
            if is_sent(popped) {
                break;
            }
            looks = if popped == before { looks + 1 } else { 0 };
            before = popped;
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
        Err(ConsoleError::Stuck)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use console_interface::{Console, TEXT_BYTES};
    use std::collections::VecDeque;
    use std::string::ToString;
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

    const CALLER: Caller = Caller { token: 1, thread: 7, core: 0 };

    fn write(uart: &Uart<&Fake>, bytes: &[u8]) -> Result<()> {
        write_as(uart, CALLER, bytes)
    }

    fn write_as(uart: &Uart<&Fake>, caller: Caller, bytes: &[u8]) -> Result<()> {
        let [first, second, third, fourth] = Text::new(bytes).words();
        uart.serve(caller).write(first, second, third, fourth)
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
        assert_eq!(Uart::new(&fake).initialise(), Err(ConsoleError::Stuck));
        let uart = Uart::new(&fake);
        assert_eq!(write(&uart, b"anyone?"), Err(ConsoleError::Stuck));
        let looks = fake.looks.load(Relaxed);
        assert_eq!(write(&uart, b"anyone?"), Err(ConsoleError::Stuck));
        assert_eq!(fake.looks.load(Relaxed), looks + 1, "it is not waited for again");
        fake.stuck.store(false, Relaxed);
        write(&uart, b"there you are").unwrap();
        uart.wait_for(SENDER_IDLE).unwrap();
        assert_eq!(fake.state.lock().unwrap().sent, b"there you are");
    }

    #[test]
    fn lines_of_several_threads_stay_whole_and_none_is_lost() {
        const EACH: u8 = 30;
        let fake = Fake::default();
        // A host may keep one of the threads from running for longer than a machine of ours would.
        let uart = Uart { patience: u32::MAX, ..Uart::new(&fake) };
        std::thread::scope(|scope| {
            for (thread, who) in (0..).zip(*b"abcd") {
                // Two cores, and two threads of each client.
                let caller = Caller { token: u64::from(thread / 2), thread, core: thread % 2 };
                let line = std::format!("{}\n", char::from(who).to_string().repeat(99));
                let uart = &uart;
                scope.spawn(move || {
                    for _ in 0..EACH {
                        line.as_bytes().chunks(TEXT_BYTES).for_each(|piece| write_as(uart, caller, piece).unwrap());
                    }
                });
            }
        });
        uart.wait_for(SENDER_IDLE).unwrap();
        let state = fake.state.lock().unwrap();
        assert_eq!(state.sent.len(), 4 * usize::from(EACH) * 100);
        for line in state.sent.chunks(100) {
            assert!(line[..99].iter().all(|byte| *byte == line[0]) && line[99] == b'\n', "{line:?}");
        }
    }

    #[test]
    fn who_begins_to_add_and_does_not_go_on_keeps_nobody() {
        let fake = Fake::default();
        let uart = Uart { patience: 10, ..Uart::new(&fake) };
        uart.waiting.begin();
        for _ in 0..40 {
            // It has come to its end; or the same core is to come back to it.
            let _ = write(&uart, b"still there\n");
        }
        write(&uart, b"the last\n").unwrap();
        uart.wait_for(SENDER_IDLE).unwrap();
        let state = fake.state.lock().unwrap();
        assert!(state.sent.starts_with(b"still there\nstill there\n") && state.sent.ends_with(b"the last\n"));
    }

    #[test]
    fn a_thread_that_ends_while_it_sends_leaves_a_console_behind() {
        let fake = Fake::default();
        let uart = Uart { patience: 100, ..Uart::new(&fake) };
        uart.sender.store(1, Relaxed);
        for _ in 0..40 {
            write(&uart, b"still there\n").unwrap();
        }
        uart.wait_for(SENDER_IDLE).unwrap();
        // When there was no more room, somebody else became the one that sends.
        assert_eq!(fake.state.lock().unwrap().sent.len(), 40 * b"still there\n".len());
    }

    #[test]
    fn who_has_lost_the_turn_sends_no_more_and_ends_nobody_elses() {
        let fake = Fake::default();
        let uart = Uart::new(&fake);
        let (lost, taken) = (uart.turn(0), uart.turn(0));
        uart.sender.store(taken, Relaxed);
        write(&uart, b"a line\n").unwrap();
        uart.send_as(lost, AT_ONCE).unwrap();
        assert!(uart.waiting.is_ready(), "it is for the other one to send");
        assert_eq!(uart.sender.load(Relaxed), taken);
        uart.send_as(taken, AT_ONCE).unwrap();
        uart.wait_for(SENDER_IDLE).unwrap();
        assert_eq!(fake.state.lock().unwrap().sent, b"a line\n");
    }

    #[test]
    fn what_another_core_sends_is_waited_for_while_it_does_and_on_the_same_core_it_is_not() {
        let fake = Fake::default();
        let uart = Uart::new(&fake);
        let looks = |sender| {
            uart.sender.store(sender, Relaxed);
            let before = fake.looks.load(Relaxed);
            write(&uart, b"a line\n").unwrap();
            fake.looks.load(Relaxed) - before
        };
        assert_eq!(looks(1), 0, "a thread of this core cannot go on");
        assert_eq!(looks(2), SENDERS_PATIENCE as usize, "it does not go on");
        std::thread::scope(|scope| {
            scope.spawn(|| {
                while fake.looks.load(Relaxed) < SENDERS_PATIENCE as usize + 10 {}
                uart.send_as(2, AT_ONCE).unwrap();
            });
            write(&uart, b"the last\n").unwrap();
            uart.wait_for(SENDER_IDLE).unwrap();
            assert!(fake.state.lock().unwrap().sent.ends_with(b"the last\n"), "it is out when its writer goes on");
        });
    }

    #[test]
    fn input_is_read_byte_by_byte() {
        let fake = Fake::default();
        fake.state.lock().unwrap().input.extend(b"ok");
        let uart = Uart::new(&fake);
        assert_eq!(uart.serve(CALLER).read(), Ok((true, b'o')));
        assert_eq!(uart.serve(CALLER).read(), Ok((true, b'k')));
        assert_eq!(uart.serve(CALLER).read(), Ok((false, 0)));
        fake.state.lock().unwrap().input.push_back(b'!');
        assert_eq!(uart.serve(CALLER).wait(), Ok(b'!'));
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
