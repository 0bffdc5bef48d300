//! What the guest reads from its console.

use std::collections::VecDeque;
use std::io::{IsTerminal, Read, Write};
use std::process::ChildStdin;
use std::sync::mpsc::{Sender, channel};
use std::thread;

/// Where the guest's input comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Input {
    /// Nowhere.
    #[default]
    Nothing,
    /// Given in advance.
    Bytes(Vec<u8>),
    /// Typed by somebody who reads what the guest prints: each once the guest has printed its text, behind that of the
    /// one before.
    Dialogue(Vec<Typed>),
    /// This process's standard input, line by line if it is a terminal.
    ///
    /// The emulator never sees the terminal itself, so that no way of ending can leave the terminal in a strange mode.
    Standard,
}

/// What is typed, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Typed {
    /// What the guest prints before.
    pub after: String,
    /// What is typed then.
    pub bytes: Vec<u8>,
}

/// A dialogue under way.
#[derive(Default)]
pub(crate) struct Typist {
    rest: VecDeque<Typed>,
    /// What has been printed since the last was typed, or nothing if there is nothing left to wait for.
    printed: Vec<u8>,
    guest: Option<Sender<Vec<u8>>>,
}

impl Typist {
    /// Types what is due, now that the guest has printed `piece`.
    pub(crate) fn read(&mut self, piece: &[u8]) {
        if self.rest.is_empty() {
            return;
        }
        self.printed.extend_from_slice(piece);
        while let Some(next) = self.rest.front() {
            let after = next.after.as_bytes();
            let Some(at) = position(&self.printed, after) else { return };
            self.printed.drain(..at + after.len());
            if let (Some(guest), Some(next)) = (&self.guest, self.rest.pop_front()) {
                // A guest that is gone reads nothing.
                let _ = guest.send(next.bytes);
            }
        }
    }
}

fn position(text: &[u8], part: &[u8]) -> Option<usize> {
    (0..=text.len().checked_sub(part.len())?).find(|at| text.get(*at..).is_some_and(|rest| rest.starts_with(part)))
}

impl Input {
    /// Passes the input on, from a thread that ends with the input, with the guest or with this process. Who types in
    /// answer to what the guest prints is returned.
    pub(crate) fn feed(self, mut guest: ChildStdin) -> Typist {
        match self {
            Self::Nothing => {}
            Self::Dialogue(typed) => {
                let (sender, receiver) = channel::<Vec<u8>>();
                thread::spawn(move || {
                    for bytes in receiver {
                        // The emulator may have ended meanwhile.
                        let _ = guest.write_all(&bytes).and_then(|()| guest.flush());
                    }
                });
                return Typist { rest: typed.into(), printed: Vec::new(), guest: Some(sender) };
            }
            Self::Bytes(bytes) => {
                thread::spawn(move || guest.write_all(&bytes));
            }
            Self::Standard if may_read() => {
                thread::spawn(move || copy(&mut std::io::stdin().lock(), &mut guest));
            }
            Self::Standard => {}
        }
        Typist::default()
    }
}

/// Whether reading is safe: a process in the background that reads from its terminal is stopped.
fn may_read() -> bool {
    let input = std::io::stdin();
    if !input.is_terminal() {
        return true;
    }
    let foreground = nix::unistd::tcgetpgrp(&input);
    foreground.is_ok_and(|group| group == nix::unistd::getpgrp())
}

/// Copies without waiting for a full buffer.
fn copy(from: &mut impl Read, to: &mut impl Write) -> std::io::Result<()> {
    let mut buffer = [0; 256];
    loop {
        let bytes = from.read(&mut buffer)?;
        if bytes == 0 {
            return Ok(());
        }
        to.write_all(buffer.get(..bytes).unwrap_or_default())?;
        to.flush()?;
    }
}
