//! A debugger for the machine: a client of the emulator's stub for the remote protocol.
//!
//! It stops the machine at an address, steps it one instruction at a time and reads registers and memory. That is
//! what counting instructions one by one takes; for people there is gdb.
//!
//! ```no_run
//! use std::time::Duration;
//! use qemu::{Machine, Session, debugger::{Debugger, Door}};
//!
//! # fn main() -> Result<(), qemu::debugger::DebuggerError> {
//! let door = Door::new("/run/door");
//! let session = Session::new(Machine::new("kernel", "bundle").extra(door.arguments()));
//! let run = std::thread::spawn(|| session.run(&mut std::io::sink()));
//! let mut debugger = Debugger::connect(&door, Duration::from_secs(10))?;
//! debugger.run_to(0x40_0000)?;
//! debugger.step()?;
//! println!("{:x?}", debugger.registers()?);
//! debugger.kill()?;
//! # let _ = run;
//! # Ok(())
//! # }
//! ```

mod packet;

use std::fmt;
use std::io::{self, BufReader};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant};

/// The socket by which a debugger comes to a machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Door(PathBuf);

impl Door {
    /// A door at this path, which must be short: an address of a socket has hardly a hundred bytes.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self(path.into())
    }

    /// The emulator's arguments that open the door, and let the machine wait at its first instruction.
    pub fn arguments(&self) -> [String; 3] {
        let [option, place] = self.arguments_of_running();
        ["-S".into(), option, place]
    }

    /// The emulator's arguments that open the door, of a machine that runs meanwhile.
    pub fn arguments_of_running(&self) -> [String; 2] {
        ["-gdb".into(), format!("unix:{},server=on,wait=off", self.0.display())]
    }
}

/// What can go wrong between debugger and emulator.
#[derive(Debug)]
pub enum DebuggerError {
    /// The connection is broken, silent for too long, or was never made.
    Connection(io::Error),
    /// The emulator refused a request.
    Refused(String),
    /// The emulator answered something else than the request asks for.
    Unexpected(String),
    /// The machine ended.
    Ended,
}

impl fmt::Display for DebuggerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connection(error) => write!(f, "no connection to the emulator's debugger: {error}"),
            Self::Refused(request) => write!(f, "the emulator's debugger refused `{request}`"),
            Self::Unexpected(answer) => write!(f, "the emulator's debugger answered `{answer}`"),
            Self::Ended => f.write_str("the machine ended under the debugger"),
        }
    }
}

impl std::error::Error for DebuggerError {}

impl From<io::Error> for DebuggerError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe => Self::Ended,
            _ => Self::Connection(error),
        }
    }
}

/// Registers of a stopped processor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Registers {
    /// rax, rbx, rcx, rdx, rsi, rdi, rbp, rsp, r8–r15.
    pub general: [u64; 16],
    /// Address of the next instruction.
    pub rip: u64,
}

impl Registers {
    /// Bytes of these registers at the start of the protocol's block of all registers.
    const BYTES: usize = 17 * 8;

    /// The third register: where `syscall` leaves the return address.
    pub fn rcx(&self) -> u64 {
        self.general[2]
    }

    fn parse(block: &[u8]) -> Option<Self> {
        let mut words = [0; 17];
        let (parsed, _) = block.get(..Self::BYTES)?.as_chunks::<8>();
        for (word, bytes) in words.iter_mut().zip(parsed) {
            *word = u64::from_le_bytes(*bytes);
        }
        let [general @ .., rip] = words;
        Some(Self { general, rip })
    }
}

/// A connection to the stopped machine.
#[derive(Debug)]
pub struct Debugger {
    line: BufReader<UnixStream>,
}

type Result<T> = std::result::Result<T, DebuggerError>;

impl Debugger {
    /// Connects through `door`, which the emulator may not have opened yet. From then on no answer, and no run of the
    /// machine to a breakpoint, may take longer than `patience`.
    ///
    /// # Errors
    ///
    /// [`DebuggerError::Connection`].
    pub fn connect(door: &Door, patience: Duration) -> Result<Self> {
        let deadline = Instant::now() + patience;
        loop {
            match UnixStream::connect(&door.0) {
                Ok(line) => {
                    line.set_read_timeout(Some(patience)).map_err(DebuggerError::Connection)?;
                    return Self::introduce(line);
                }
                Err(error) if Instant::now() >= deadline => return Err(DebuggerError::Connection(error)),
                Err(_) => thread::sleep(Duration::from_millis(5)),
            }
        }
    }

    /// The emulator shows single registers only to those who have asked what it has.
    fn introduce(line: UnixStream) -> Result<Self> {
        let mut debugger = Self { line: BufReader::new(line) };
        debugger.request("qXfer:features:read:target.xml:0,fff")?;
        Ok(debugger)
    }

    /// Runs the machine until it is about to execute the instruction at `address`, for the next time.
    ///
    /// # Errors
    ///
    /// [`DebuggerError::Ended`] if it never does.
    pub fn run_to(&mut self, address: u64) -> Result<()> {
        self.run_to_one_of(&[address]).map(|_| ())
    }

    /// Runs the machine until it is about to execute the instruction at one of `addresses`, for the next time, and
    /// answers which.
    ///
    /// # Errors
    ///
    /// [`DebuggerError::Ended`] if it never does.
    pub fn run_to_one_of(&mut self, addresses: &[u64]) -> Result<u64> {
        // The emulator would stop at once at a breakpoint on which it stands. A step where none is needed does harm:
        // from the very first instruction, under a clock that counts them, the machine never gets anywhere.
        if addresses.contains(&self.address()?) {
            self.step()?;
        }
        self.breakpoints('Z', addresses)?;
        self.run("c")?;
        self.breakpoints('z', addresses)?;
        self.address()
    }

    fn breakpoints(&mut self, request: char, addresses: &[u64]) -> Result<()> {
        addresses.iter().try_for_each(|address| self.command(&format!("{request}1,{address:x},1")))
    }

    /// Executes one instruction.
    ///
    /// # Errors
    ///
    /// [`DebuggerError::Ended`] if it was the last.
    pub fn step(&mut self) -> Result<()> {
        self.run("s")
    }

    /// The registers.
    ///
    /// # Errors
    ///
    /// As [`DebuggerError`] lists.
    pub fn registers(&mut self) -> Result<Registers> {
        let answer = self.request("g")?;
        let block = packet::bytes(&answer);
        block.as_deref().and_then(Registers::parse).ok_or(DebuggerError::Unexpected(answer))
    }

    /// The address of the next instruction. Quicker than all registers.
    ///
    /// # Errors
    ///
    /// As [`DebuggerError`] lists.
    pub fn address(&mut self) -> Result<u64> {
        const RIP: &str = "p10";
        let answer = self.request(RIP)?;
        let bytes = packet::bytes(&answer).and_then(|bytes| <[u8; 8]>::try_from(bytes).ok());
        bytes.map(u64::from_le_bytes).ok_or(DebuggerError::Unexpected(answer))
    }

    /// Has the processor go on at this address, with this stack pointer.
    ///
    /// # Errors
    ///
    /// [`DebuggerError::Refused`].
    pub fn go_on_at(&mut self, address: u64, stack: u64) -> Result<()> {
        const RSP: &str = "7";
        const RIP: &str = "10";
        for (register, value) in [(RSP, stack), (RIP, address)] {
            self.command(&format!("P{register}={:016x}", value.swap_bytes()))?;
        }
        Ok(())
    }

    /// `length` bytes of memory at `address`, as the processor sees it.
    ///
    /// # Errors
    ///
    /// [`DebuggerError::Refused`] if there is no memory.
    pub fn memory(&mut self, address: u64, length: usize) -> Result<Vec<u8>> {
        let answer = self.request(&format!("m{address:x},{length:x}"))?;
        match packet::bytes(&answer) {
            Some(bytes) if bytes.len() == length => Ok(bytes),
            _ => Err(DebuggerError::Unexpected(answer)),
        }
    }

    /// Has the emulator follow a command of its own, and answers what it says.
    ///
    /// # Errors
    ///
    /// [`DebuggerError::Refused`] if there is no such command.
    pub fn monitor(&mut self, command: &str) -> Result<String> {
        let digits: String = command.bytes().map(|byte| format!("{byte:02x}")).collect();
        let mut said = Vec::new();
        let mut answer = self.request(&format!("qRcmd,{digits}"))?;
        while answer != "OK" {
            let piece = answer.strip_prefix('O').and_then(packet::bytes);
            said.extend(piece.ok_or(DebuggerError::Unexpected(answer))?);
            answer = packet::receive(&mut self.line)?;
        }
        Ok(String::from_utf8_lossy(&said).into_owned())
    }

    /// Lets the machine go on, without a debugger.
    ///
    /// # Errors
    ///
    /// [`DebuggerError::Ended`] if it has ended.
    pub fn leave(mut self) -> Result<()> {
        self.command("D")
    }

    /// Ends the emulator.
    ///
    /// # Errors
    ///
    /// [`DebuggerError::Ended`] if it has ended already.
    pub fn kill(mut self) -> Result<()> {
        Ok(packet::send(self.line.get_mut(), "k")?)
    }

    fn command(&mut self, request: &str) -> Result<()> {
        match self.request(request)?.as_str() {
            "OK" => Ok(()),
            _ => Err(DebuggerError::Refused(request.into())),
        }
    }

    fn run(&mut self, request: &str) -> Result<()> {
        let answer = self.ask(request)?;
        match answer.as_bytes().first() {
            _ if is_stop(&answer) => Ok(()),
            Some(b'W' | b'X') => Err(DebuggerError::Ended),
            _ => Err(DebuggerError::Unexpected(answer)),
        }
    }

    /// Asks something of a machine that stands. One that ran when the debugger came may say only now that it has stopped.
    fn request(&mut self, request: &str) -> Result<String> {
        let mut answer = self.ask(request)?;
        while is_stop(&answer) {
            answer = packet::receive(&mut self.line)?;
        }
        Ok(answer)
    }

    fn ask(&mut self, request: &str) -> Result<String> {
        packet::send(self.line.get_mut(), request)?;
        let answer = packet::receive(&mut self.line)?;
        if answer.starts_with('E') {
            return Err(DebuggerError::Refused(request.into()));
        }
        Ok(answer)
    }
}

/// Whether this says that the machine has stopped.
fn is_stop(answer: &str) -> bool {
    matches!(answer.as_bytes().first(), Some(b'T' | b'S'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;

    #[test]
    fn registers_lie_in_the_protocols_order() {
        let block: Vec<u8> = (0..20).flat_map(|register: u64| (register << 40).to_le_bytes()).collect();
        let registers = Registers::parse(&block).unwrap();
        assert_eq!((registers.rcx(), registers.general[15], registers.rip), (2 << 40, 15 << 40, 16 << 40));
        assert_eq!(Registers::parse(&block[..Registers::BYTES - 1]), None);
    }

    /// A debugger at a stub that expects these requests and gives these answers, and then hangs up.
    fn scripted(script: Vec<(String, String)>) -> (Debugger, thread::JoinHandle<()>) {
        let (line, stub) = UnixStream::pair().unwrap();
        let stub = thread::spawn(move || {
            let mut stub = BufReader::new(stub);
            for (expected, answer) in script {
                assert_eq!(packet::receive(&mut stub).unwrap(), expected);
                packet::send(stub.get_mut(), &answer).unwrap();
            }
            // The last answer's acknowledgement.
            let _ = stub.read_exact(&mut [0]);
        });
        (Debugger { line: BufReader::new(line) }, stub)
    }

    fn script(lines: &[(&str, &str)]) -> Vec<(String, String)> {
        lines.iter().map(|(request, answer)| ((*request).into(), (*answer).into())).collect()
    }

    const ELSEWHERE: &str = "f0ff000000000000";
    const THERE: &str = "0000400000000000";

    const RUN_TO: [(&str, &str); 4] =
        [("Z1,400000,1", "OK"), ("c", "T05thread:01;"), ("z1,400000,1", "OK"), ("p10", THERE)];

    #[test]
    fn runs_to_an_address() {
        let (mut debugger, stub) = scripted(script(&[&[("p10", ELSEWHERE)][..], &RUN_TO].concat()));
        debugger.run_to(0x40_0000).unwrap();
        stub.join().unwrap();
    }

    #[test]
    fn runs_to_the_first_of_several_addresses() {
        let run = [
            ("p10", ELSEWHERE),
            ("Z1,1000,1", "OK"),
            ("Z1,400000,1", "OK"),
            ("c", "T05thread:01;"),
            ("z1,1000,1", "OK"),
            ("z1,400000,1", "OK"),
            ("p10", THERE),
        ];
        let (mut debugger, stub) = scripted(script(&run));
        assert_eq!(debugger.run_to_one_of(&[0x1000, 0x40_0000]).unwrap(), 0x40_0000);
        stub.join().unwrap();
    }

    #[test]
    fn runs_to_the_address_at_which_it_stands_for_the_next_time() {
        let before = [("p10", THERE), ("s", "T05thread:01;")];
        let (mut debugger, stub) = scripted(script(&[&before[..], &RUN_TO].concat()));
        debugger.run_to(0x40_0000).unwrap();
        stub.join().unwrap();
    }

    #[test]
    fn registers_are_written_in_the_protocols_order_of_bytes() {
        let (mut debugger, stub) = scripted(script(&[("P7=00f0ff0000000000", "OK"), ("P10=0000400000000080", "OK")]));
        debugger.go_on_at(0x8000_0000_0040_0000, 0xff_f000).unwrap();
        stub.join().unwrap();
    }

    #[test]
    fn memory_is_bytes_or_an_error() {
        let (mut debugger, stub) = scripted(script(&[("m1000,2", "0f05"), ("m1000,2", "0f"), ("m1000,2", "E14")]));
        assert_eq!(debugger.memory(0x1000, 2).unwrap(), [0x0f, 0x05]);
        assert!(matches!(debugger.memory(0x1000, 2), Err(DebuggerError::Unexpected(_))));
        assert!(matches!(debugger.memory(0x1000, 2), Err(DebuggerError::Refused(_))));
        stub.join().unwrap();
    }

    #[test]
    fn the_emulator_answers_a_command_in_pieces() {
        // "info" as digits; "a\n" and "b" as the pieces.
        let (line, stub) = UnixStream::pair().unwrap();
        let stub = thread::spawn(move || {
            let mut stub = BufReader::new(stub);
            assert_eq!(packet::receive(&mut stub).unwrap(), "qRcmd,696e666f");
            for answer in ["O610a", "O62", "OK"] {
                packet::send(stub.get_mut(), answer).unwrap();
            }
            // Their acknowledgements.
            let _ = stub.read_exact(&mut [0; 3]);
        });
        let mut debugger = Debugger { line: BufReader::new(line) };
        assert_eq!(debugger.monitor("info").unwrap(), "a\nb");
        stub.join().unwrap();
    }

    #[test]
    fn a_stop_that_is_told_late_is_no_answer() {
        let (line, stub) = UnixStream::pair().unwrap();
        let stub = thread::spawn(move || {
            let mut stub = BufReader::new(stub);
            assert_eq!(packet::receive(&mut stub).unwrap(), "p10");
            packet::send(stub.get_mut(), "T02thread:01;").unwrap();
            packet::send(stub.get_mut(), THERE).unwrap();
            let _ = stub.read_exact(&mut [0; 2]);
        });
        let mut debugger = Debugger { line: BufReader::new(line) };
        assert_eq!(debugger.address().unwrap(), 0x40_0000);
        stub.join().unwrap();
    }

    #[test]
    fn an_end_is_told_from_a_stop() {
        let (mut debugger, stub) = scripted(script(&[("s", "T05thread:01;"), ("s", "W21")]));
        assert!(debugger.step().is_ok());
        assert!(matches!(debugger.step(), Err(DebuggerError::Ended)));
        stub.join().unwrap();
        assert!(matches!(debugger.step(), Err(DebuggerError::Ended)));
    }

    #[test]
    fn a_door_that_never_opens_is_an_error() {
        let door = Door::new("/nowhere/door");
        let error = Debugger::connect(&door, Duration::from_millis(20)).unwrap_err();
        assert!(matches!(error, DebuggerError::Connection(_)), "{error}");
    }

    #[test]
    fn the_arguments_open_the_door() {
        assert_eq!(Door::new("/run/d").arguments(), ["-S", "-gdb", "unix:/run/d,server=on,wait=off"]);
    }
}
