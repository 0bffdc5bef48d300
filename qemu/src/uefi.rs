//! The UEFI firmware.

use std::fmt;
use std::path::{Path, PathBuf};

/// The firmware as it is installed: its code, and its variables as they are in a new machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Uefi {
    pub(crate) code: PathBuf,
    pub(crate) variables: PathBuf,
}

/// There is no UEFI firmware on this machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MissingUefi;

impl fmt::Display for MissingUefi {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "the UEFI firmware is not installed; to install it, type:")?;
        f.write_str("    sudo apt-get install --no-install-recommends ovmf")
    }
}

impl std::error::Error for MissingUefi {}

/// Where the package `ovmf` puts it.
const DIRECTORY: &str = "/usr/share/OVMF";

/// Code and variables go together, and newer packages have the first pair alone.
const PAIRS: [(&str, &str); 2] = [("OVMF_CODE_4M.fd", "OVMF_VARS_4M.fd"), ("OVMF_CODE.fd", "OVMF_VARS.fd")];

impl Uefi {
    /// The firmware that is installed.
    ///
    /// # Errors
    ///
    /// [`MissingUefi`].
    pub fn find() -> Result<Self, MissingUefi> {
        Self::at(Path::new(DIRECTORY))
    }

    /// The firmware in `directory`.
    ///
    /// # Errors
    ///
    /// [`MissingUefi`] if it does not have both parts.
    pub fn at(directory: &Path) -> Result<Self, MissingUefi> {
        let pairs = PAIRS
            .iter()
            .map(|(code, variables)| Self { code: directory.join(code), variables: directory.join(variables) });
        pairs.into_iter().find(|pair| pair.code.is_file() && pair.variables.is_file()).ok_or(MissingUefi)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_and_variables_are_of_one_kind() {
        let directory = temp_dir::TempDir::new().unwrap();
        let install = |name: &str| std::fs::write(directory.path().join(name), "").unwrap();
        install("OVMF_CODE_4M.fd");
        install("OVMF_VARS.fd");
        assert_eq!(Uefi::at(directory.path()), Err(MissingUefi));
        install("OVMF_CODE.fd");
        let old = Uefi::at(directory.path()).unwrap();
        assert!(old.code.ends_with("OVMF_CODE.fd") && old.variables.ends_with("OVMF_VARS.fd"), "{old:?}");
        install("OVMF_VARS_4M.fd");
        let new = Uefi::at(directory.path()).unwrap();
        assert!(new.code.ends_with("OVMF_CODE_4M.fd") && new.variables.ends_with("OVMF_VARS_4M.fd"), "{new:?}");
    }

    #[test]
    fn missing_firmware_says_what_to_type() {
        let text = Uefi::at(Path::new("/nowhere")).unwrap_err().to_string();
        assert!(text.contains("apt-get install --no-install-recommends ovmf"), "{text}");
    }
}
