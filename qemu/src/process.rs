//! A child process that does not outlive its parent, however the parent ends.
//!
//! Three things end an emulator: [`Child`] going out of scope (a return, an error, a panic); a signal from the terminal,
//! which reaches the whole process group; and, for a parent that is killed outright, the *parent-death signal*. To
//! set that signal in the child takes a call between fork and exec, which is not safe in Rust. `setpriv` of
//! util-linux, which every Debian and Ubuntu has, sets it and then becomes the program it is given: same process, no shell.
//! Where it is missing, the third way is.

use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};

/// A command that starts `program`, which ends when the *thread* that starts it ends.
pub fn command(program: &Path) -> Command {
    match find("setpriv") {
        Some(setpriv) => {
            let mut command = Command::new(setpriv);
            command.args(["--pdeathsig", "KILL", "--"]).arg(program);
            command
        }
        None => Command::new(program),
    }
}

/// The program of this name on the search path.
pub fn find(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|directory| directory.join(program)).find(|file| file.is_file())
}

/// A running child, killed when this goes out of scope.
#[derive(Debug)]
pub struct Child(std::process::Child);

impl Child {
    /// Starts `command`.
    ///
    /// # Errors
    ///
    /// As [`Command::spawn`].
    pub fn spawn(command: &mut Command) -> io::Result<Self> {
        command.spawn().map(Self)
    }

    /// The process.
    pub fn process(&mut self) -> &mut std::process::Child {
        &mut self.0
    }

    /// Waits until it ends by itself.
    ///
    /// # Errors
    ///
    /// As [`std::process::Child::wait`].
    pub fn wait(&mut self) -> io::Result<ExitStatus> {
        self.0.wait()
    }

    /// Ends it now.
    pub fn kill(&mut self) {
        // Both fail only if it has ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        self.kill();
    }
}
