//! The emulator's program and what comes with it.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The emulator as it is installed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Emulator {
    program: PathBuf,
    firmware: Option<String>,
}

/// There is no emulator on this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missing {
    program: PathBuf,
}

impl std::fmt::Display for Missing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "the emulator `{}` is not installed; to install it, type:", self.program.display())?;
        f.write_str("    sudo apt-get install --no-install-recommends qemu-system-x86")
    }
}

impl std::error::Error for Missing {}

/// Firmware that only starts the kernel: it boots in a fraction of the default's time.
const QUICK_FIRMWARE: &str = "qboot.rom";

impl Emulator {
    /// The emulator on the search path.
    ///
    /// # Errors
    ///
    /// [`Missing`] if it cannot be started.
    pub fn find() -> Result<Self, Missing> {
        Self::at(Path::new("qemu-system-x86_64"))
    }

    /// The emulator `program`.
    ///
    /// # Errors
    ///
    /// [`Missing`] if it cannot be started.
    pub fn at(program: &Path) -> Result<Self, Missing> {
        let listing = Command::new(program).args(["-L", "help"]).stdin(Stdio::null()).output();
        let listing = listing.map_err(|_| Missing { program: program.into() })?;
        let directories = String::from_utf8_lossy(&listing.stdout).into_owned();
        let quick = directories.lines().any(|directory| Path::new(directory).join(QUICK_FIRMWARE).exists());
        Ok(Self { program: program.into(), firmware: quick.then(|| QUICK_FIRMWARE.to_owned()) })
    }

    /// What it says of itself: name and version.
    pub fn version(&self) -> Option<String> {
        let output = Command::new(&self.program).arg("--version").stdin(Stdio::null()).output().ok()?;
        String::from_utf8_lossy(&output.stdout).lines().next().map(str::to_owned)
    }

    /// What to start.
    pub fn program(&self) -> &Path {
        &self.program
    }

    /// The firmware to start with, if it is not the default.
    pub fn firmware(&self) -> Option<&str> {
        self.firmware.as_deref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_emulator_says_what_to_type() {
        let missing = Emulator::at(Path::new("/nowhere/qemu")).unwrap_err();
        let text = missing.to_string();
        assert!(text.contains("`/nowhere/qemu` is not installed"), "{text}");
        assert!(text.contains("apt-get install --no-install-recommends qemu-system-x86"), "{text}");
    }
}
