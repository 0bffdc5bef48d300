//! What the guest reads from its console.

use std::io::{IsTerminal, Read, Write};
use std::process::ChildStdin;
use std::thread;

/// Where the guest's input comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Input {
    /// Nowhere.
    #[default]
    Nothing,
    /// Given in advance.
    Bytes(Vec<u8>),
    /// This process's standard input, line by line if it is a terminal.
    ///
    /// The emulator never sees the terminal itself, so that no way of ending can leave the terminal in a strange mode.
    Standard,
}

impl Input {
    /// Passes the input on, from a thread that ends with the input, with the guest or with this process.
    pub(crate) fn feed(self, mut guest: ChildStdin) {
        match self {
            Self::Nothing => {}
            Self::Bytes(bytes) => {
                thread::spawn(move || guest.write_all(&bytes));
            }
            Self::Standard if may_read() => {
                thread::spawn(move || copy(&mut std::io::stdin().lock(), &mut guest));
            }
            Self::Standard => {}
        }
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
