//! Interrupts from outside the machine, and where they struck.
//!
//! Each comes as a message, as a device's does, by the emulator's test protocol. That a message was taken does not say that it
//! interrupted anything: what did, the emulator writes into its log of interrupts, which is read while it grows.

use std::fs::File;
use std::io::{BufRead, BufReader, Lines, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

/// The message of a non-maskable interrupt; all others are their vectors.
pub const NON_MASKABLE: u32 = 0x400;

/// How long anything may take that takes no time.
const PATIENCE: Duration = Duration::from_secs(60);

/// The vector of a non-maskable interrupt.
pub const NON_MASKABLE_VECTOR: u8 = 2;

/// An interrupt, or an exception, that was delivered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Struck {
    /// Which.
    pub vector: u8,
    /// The privilege level that it interrupted: 3 is user level.
    pub level: u8,
    /// The instruction before which it came.
    pub instruction: u64,
}

impl Struck {
    /// What a line of the emulator's log says; nothing if it says something else.
    fn parse(line: &str) -> Option<Self> {
        let value = |name: &str| line.split_whitespace().find_map(|word| word.strip_prefix(name));
        let number = |name, radix| value(name).and_then(|digits: &str| u64::from_str_radix(digits, radix).ok());
        let (_, instruction) = value("IP=")?.split_once(':')?;
        let instruction = u64::from_str_radix(instruction, 16).ok()?;
        Some(Self { vector: number("v=", 16)? as u8, level: number("cpl=", 10)? as u8, instruction })
    }
}

/// Where messages go in, and where the emulator says what came of them.
pub struct Mailbox {
    socket: PathBuf,
    log: PathBuf,
}

impl Mailbox {
    /// In a directory whose path is short: a socket's address has hardly a hundred bytes.
    pub fn new(directory: &Path) -> Self {
        Self { socket: directory.join("messages"), log: directory.join("interrupts") }
    }

    /// The emulator's arguments.
    pub fn arguments(&self) -> Vec<String> {
        let listen = format!("unix:{},server=on,wait=off", self.socket.display());
        let log = self.log.display().to_string();
        ["-qtest", &listen, "-qtest-log", "none", "-d", "int", "-D", &log].map(String::from).into()
    }

    /// All that struck, when the machine is gone.
    ///
    /// # Errors
    ///
    /// The file system's.
    pub fn struck(&self) -> std::io::Result<Vec<Struck>> {
        Log::open(&self.log)?.news()
    }

    /// The last that the log says of a register of the processor, in words behind its name.
    ///
    /// # Errors
    ///
    /// The file system's.
    pub fn register(&self, name: &str) -> std::io::Result<Option<Vec<u64>>> {
        let log = std::fs::read_to_string(&self.log)?;
        let words =
            |line: &str| line.split_whitespace().filter_map(|word| u64::from_str_radix(word, 16).ok()).collect();
        Ok(log.lines().rev().find_map(|line| line.strip_prefix(name)).map(words))
    }

    /// Connects to the emulator as soon as it listens.
    ///
    /// # Errors
    ///
    /// It never does.
    pub fn connect(&self) -> std::io::Result<Sender> {
        let deadline = Instant::now() + PATIENCE;
        let stream = loop {
            match UnixStream::connect(&self.socket) {
                Err(_) if Instant::now() < deadline => thread::sleep(Duration::from_millis(10)),
                connected => break connected?,
            }
        };
        let answers = BufReader::new(stream.try_clone()?).lines();
        Ok(Sender { stream, answers, log: Log::open(&self.log)? })
    }
}

/// Who sends messages.
pub struct Sender {
    stream: UnixStream,
    answers: Lines<BufReader<UnixStream>>,
    log: Log,
}

impl Sender {
    /// Sends a message to the first processor, if the machine is still there.
    pub fn send(&mut self, message: u32) -> bool {
        const FIRST_PROCESSOR: u32 = 0xfee0_0000;
        self.request(&format!("writel {FIRST_PROCESSOR:#x} {message:#x}"))
    }

    /// Sends a message and waits until it has struck. Nothing, if the machine has ended before, or it takes as long as nothing does.
    pub fn strike(&mut self, message: u32) -> Option<Struck> {
        let vector = if message == NON_MASKABLE { NON_MASKABLE_VECTOR } else { message as u8 };
        let deadline = Instant::now() + PATIENCE;
        self.log.news().ok()?;
        if !self.send(message) {
            return None;
        }
        // Asking for anything says whether the machine is there.
        while Instant::now() < deadline && self.request("readb 0") {
            let news = self.log.news().ok()?;
            if let Some(struck) = news.into_iter().find(|struck| struck.vector == vector) {
                return Some(struck);
            }
        }
        None
    }

    /// The same again and again, until it strikes where `is_there` says.
    pub fn strike_where(&mut self, message: u32, is_there: impl Fn(&Struck) -> bool) -> Option<Struck> {
        let deadline = Instant::now() + PATIENCE;
        while Instant::now() < deadline {
            let struck = self.strike(message)?;
            if is_there(&struck) {
                return Some(struck);
            }
        }
        None
    }

    fn request(&mut self, request: &str) -> bool {
        writeln!(self.stream, "{request}").is_ok()
            && matches!(self.answers.next(), Some(Ok(answer)) if answer.starts_with("OK"))
    }
}

/// The emulator's log, read as it grows.
struct Log {
    file: File,
    rest: Vec<u8>,
}

impl Log {
    fn open(path: &Path) -> std::io::Result<Self> {
        Ok(Self { file: File::open(path)?, rest: Vec::new() })
    }

    /// What has struck since.
    fn news(&mut self) -> std::io::Result<Vec<Struck>> {
        self.file.read_to_end(&mut self.rest)?;
        let end = self.rest.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        let whole: Vec<u8> = self.rest.drain(..end).collect();
        Ok(String::from_utf8_lossy(&whole).lines().filter_map(Struck::parse).collect())
    }
}

/// Reads what a guest prints, and does something each time that it has printed a text, before it is answered.
pub struct Whenever<F> {
    text: &'static str,
    seen: String,
    then: F,
}

impl<F: FnMut()> Whenever<F> {
    /// Of this text.
    pub fn printed(text: &'static str, then: F) -> Self {
        Self { text, seen: String::new(), then }
    }
}

impl<F: FnMut()> Write for Whenever<F> {
    fn write(&mut self, piece: &[u8]) -> std::io::Result<usize> {
        self.seen.push_str(&String::from_utf8_lossy(piece));
        while let Some((_, behind)) = self.seen.split_once(self.text) {
            self.seen = behind.to_owned();
            (self.then)();
        }
        Ok(piece.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
