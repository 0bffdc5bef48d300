//! One run of a machine: its console is streamed and kept, and it ends by itself or at the deadline.

use std::io::{Read, Write};
use std::os::unix::process::ExitStatusExt;
use std::process::{ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crate::input::Typist;
use crate::preamble::Preamble;
use crate::process::{Child, command};
use crate::{EXIT_FAILURE, EXIT_SUCCESS, Emulator, Input, Machine};

/// Bytes of console text after which a run is given up: a guest that prints for ever fills no disk.
const CONSOLE_LIMIT: usize = 64 << 20;

/// How a run came to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ending {
    /// The machine ended by itself.
    Ended {
        /// The emulator's exit status: [`EXIT_SUCCESS`], [`EXIT_FAILURE`], or 0 for a reset.
        code: i32,
    },
    /// The deadline passed; the machine was stopped.
    TimedOut,
    /// The emulator could not be started, or it failed. The text says why.
    EmulatorFailed(String),
}

/// A run that is over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    /// How it ended.
    pub ending: Ending,
    /// Everything that the machine printed, from the kernel's first line on if its firmware prints, too. If the
    /// kernel never printed a line, that is what the firmware printed.
    pub console: Vec<u8>,
}

/// A run to be made.
#[derive(Clone, Debug)]
pub struct Session {
    machine: Machine,
    emulator: Option<Emulator>,
    timeout: Duration,
    input: Input,
}

impl Session {
    /// A run of `machine` for at most a minute, without input.
    pub fn new(machine: Machine) -> Self {
        Self { machine, emulator: None, timeout: Duration::from_secs(60), input: Input::Nothing }
    }

    /// The same with this emulator instead of the one on the search path.
    #[must_use]
    pub fn emulator(mut self, emulator: Emulator) -> Self {
        self.emulator = Some(emulator);
        self
    }

    /// The same with so much time.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// The same with this input.
    #[must_use]
    pub fn input(mut self, input: Input) -> Self {
        self.input = input;
        self
    }

    /// Makes the run and writes what the machine prints to `sink`, as it comes.
    pub fn run(self, sink: &mut dyn Write) -> Run {
        let mut console = Vec::new();
        let ending = self.stream(sink, &mut console).unwrap_or_else(Ending::EmulatorFailed);
        Run { ending, console }
    }

    fn stream(self, sink: &mut dyn Write, console: &mut Vec<u8>) -> Result<Ending, String> {
        let deadline = Instant::now() + self.timeout;
        let emulator = match self.emulator {
            Some(emulator) => emulator,
            None => Emulator::find().map_err(|missing| missing.to_string())?,
        };
        let mut child = start(&emulator, &self.machine)?;
        let typist = child.process().stdin.take().map(|guest| self.input.feed(guest)).unwrap_or_default();
        let output = spawn_reader(&mut child);
        let complaints = spawn_listener(&mut child);
        let preamble = if self.machine.has_talking_firmware() { Preamble::default() } else { Preamble::none() };
        let over = follow(&output, deadline, preamble, &mut Console { sink, kept: console, typist });
        if over != Over::Closed {
            child.kill();
        }
        // Without a reader the emulator would wait for ever for room to print.
        drop(output);
        let status = child.wait().map_err(|error| error.to_string())?;
        let complaints = complaints.and_then(|listener| listener.join().ok()).unwrap_or_default();
        Ok(judge(over, status, complaints.trim()))
    }
}

fn start(emulator: &Emulator, machine: &Machine) -> Result<Child, String> {
    let mut command = command(emulator.program());
    command.args(machine.arguments(emulator));
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    Child::spawn(&mut command).map_err(|error| format!("cannot start `{}`: {error}", emulator.program().display()))
}

/// Sends what the child prints, in pieces. The channel is short: a slow sink slows the guest and nothing piles up.
fn spawn_reader(child: &mut Child) -> Receiver<Vec<u8>> {
    let (sender, receiver) = sync_channel(16);
    if let Some(mut output) = child.process().stdout.take() {
        thread::spawn(move || send_all(&mut output, &sender));
    }
    receiver
}

fn send_all(from: &mut impl Read, to: &SyncSender<Vec<u8>>) {
    let mut buffer = [0; 4096];
    while let Ok(bytes @ 1..) = from.read(&mut buffer) {
        let piece = buffer.get(..bytes).unwrap_or_default().to_vec();
        if to.send(piece).is_err() {
            return;
        }
    }
}

fn spawn_listener(child: &mut Child) -> Option<JoinHandle<String>> {
    let mut errors = child.process().stderr.take()?;
    Some(thread::spawn(move || {
        let mut text = Vec::new();
        let _ = errors.read_to_end(&mut text);
        String::from_utf8_lossy(&text).into_owned()
    }))
}

/// Why the console is not followed any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Over {
    Closed,
    Deadline,
    Flood,
}

/// Where the console's text goes.
struct Console<'c> {
    sink: &'c mut dyn Write,
    kept: &'c mut Vec<u8>,
    /// Who reads it, and answers.
    typist: Typist,
}

impl Console<'_> {
    fn show(&mut self, piece: Vec<u8>) {
        // A sink that is gone (a closed pipe) does not change how the system ends.
        let _ = self.sink.write_all(&piece).and_then(|()| self.sink.flush());
        self.typist.read(&piece);
        self.kept.extend(piece);
    }
}

fn follow(output: &Receiver<Vec<u8>>, deadline: Instant, mut preamble: Preamble, console: &mut Console<'_>) -> Over {
    let over = follow_to_end(output, deadline, &mut preamble, console);
    console.show(preamble.into_text());
    over
}

fn follow_to_end(
    output: &Receiver<Vec<u8>>,
    deadline: Instant,
    preamble: &mut Preamble,
    console: &mut Console<'_>,
) -> Over {
    loop {
        match output.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
            Ok(_) if Instant::now() >= deadline => return Over::Deadline,
            Ok(piece) => console.show(preamble.pass(piece)),
            Err(RecvTimeoutError::Timeout) => return Over::Deadline,
            Err(RecvTimeoutError::Disconnected) => return Over::Closed,
        }
        if console.kept.len() + preamble.held() > CONSOLE_LIMIT {
            return Over::Flood;
        }
    }
}

fn judge(over: Over, status: ExitStatus, complaints: &str) -> Ending {
    match (over, status.code()) {
        (Over::Deadline, _) => Ending::TimedOut,
        (Over::Flood, _) => {
            Ending::EmulatorFailed(format!("stopped: the console printed more than {CONSOLE_LIMIT} bytes"))
        }
        (Over::Closed, Some(code @ (0 | EXIT_SUCCESS | EXIT_FAILURE))) => Ending::Ended { code },
        (Over::Closed, Some(code)) => failure(&format!("exit status {code}"), complaints),
        (Over::Closed, None) => failure(&format!("signal {}", status.signal().unwrap_or(0)), complaints),
    }
}

fn failure(how: &str, complaints: &str) -> Ending {
    let colon = if complaints.is_empty() { "" } else { ":\n" };
    Ending::EmulatorFailed(format!("the emulator failed with {how}{colon}{complaints}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_exit_status_of_the_device_is_an_end() {
        for code in [0, EXIT_SUCCESS, EXIT_FAILURE] {
            assert_eq!(judge(Over::Closed, ExitStatus::from_raw(code << 8), ""), Ending::Ended { code });
        }
    }

    #[test]
    fn any_other_status_is_the_emulators_own() {
        let ending = judge(Over::Closed, ExitStatus::from_raw(1 << 8), "no such file");
        assert_eq!(ending, Ending::EmulatorFailed("the emulator failed with exit status 1:\nno such file".into()));
        let ending = judge(Over::Closed, ExitStatus::from_raw(11), "");
        assert_eq!(ending, Ending::EmulatorFailed("the emulator failed with signal 11".into()));
    }

    #[test]
    fn the_deadline_outweighs_the_exit_status() {
        assert_eq!(judge(Over::Deadline, ExitStatus::from_raw(9), "killed"), Ending::TimedOut);
    }
}
