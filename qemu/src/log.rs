//! The emulator's own log of what the machine executes: line by line, while it runs, without a file that grows.
//!
//! Nothing of the machine changes by it: under a clock that counts instructions, a run with a log is the run without it. The emulator
//! has its processors take turns then, instruction by instruction, so that with several of them it is one history, too.

use std::ffi::OsString;
use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, sink};
use std::ops::ControlFlow;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::Duration;

use nix::fcntl::OFlag;
use nix::sys::stat::Mode;

use crate::debugger::{Debugger, Door};
use crate::{Machine, Run, Session};

/// What is logged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// Each instruction that is executed: its processor, its address, and the privilege level; and all registers at each interrupt and
    /// exception.
    Instructions,
    /// All registers at each instruction at one of these addresses, and at each interrupt and exception.
    Entries(Vec<u64>),
}

impl What {
    fn arguments(&self) -> Vec<String> {
        match self {
            Self::Instructions => ["-singlestep", "-d", "exec,int,nochain"].map(Into::into).into(),
            Self::Entries(addresses) => {
                let ranges: Vec<_> = addresses.iter().map(|address| format!("{address:#x}+1")).collect();
                vec![
                    "-singlestep".into(),
                    "-d".into(),
                    "exec,cpu,int,nochain".into(),
                    "-dfilter".into(),
                    ranges.join(","),
                ]
            }
        }
    }
}

/// How long the emulator may take to end when nobody reads any more.
const PATIENCE: Duration = Duration::from_secs(10);

/// Runs `machine` for at most `timeout`, and has `read` read the log until it has read enough. `place` is an empty directory.
///
/// # Errors
///
/// There can be no pipe in `place`.
pub fn follow(
    machine: Machine,
    timeout: Duration,
    what: &What,
    place: &Path,
    read: impl FnMut(&str) -> ControlFlow<()> + Send,
) -> io::Result<Run> {
    let (pipe, door) = (place.join("log"), Door::new(place.join("door")));
    nix::unistd::mkfifo(&pipe, Mode::S_IRUSR | Mode::S_IWUSR)?;
    let words = what.arguments().into_iter().map(OsString::from);
    let machine = machine.extra(words.chain(["-D".into(), pipe.clone().into()]));
    let machine = machine.extra(door.arguments_of_running());
    Ok(std::thread::scope(|scope| {
        let reader = scope.spawn(|| {
            if read_all(&pipe, read).is_ok_and(|flow| flow.is_break()) {
                end(&door);
            }
        });
        let run = Session::new(machine).timeout(timeout).run(&mut sink());
        release(&pipe);
        // It does not panic unless `read` does.
        let _ = reader.join();
        run
    }))
}

fn read_all(pipe: &Path, mut read: impl FnMut(&str) -> ControlFlow<()>) -> io::Result<ControlFlow<()>> {
    let mut log = BufReader::with_capacity(1 << 16, File::open(pipe)?);
    let mut line = String::new();
    while log.read_line(&mut line)? > 0 {
        if read(line.trim_end()).is_break() {
            return Ok(ControlFlow::Break(()));
        }
        line.clear();
    }
    Ok(ControlFlow::Continue(()))
}

/// Ends the machine, which nobody listens to any more.
fn end(door: &Door) {
    // Where it has ended meanwhile, all is well.
    let _ = Debugger::connect(door, PATIENCE).and_then(Debugger::kill);
}

/// Whoever waits for an emulator that never opened its log waits no longer.
fn release(pipe: &Path) {
    let _ = OpenOptions::new().write(true).custom_flags(OFlag::O_NONBLOCK.bits()).open(pipe);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_logged_where_they_are() {
        let words = What::Entries(vec![0x10, 0x20]).arguments();
        assert_eq!(words, ["-singlestep", "-d", "exec,cpu,int,nochain", "-dfilter", "0x10+1,0x20+1"]);
    }
}
