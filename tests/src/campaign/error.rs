//! Why a campaign could not be run.

use std::fmt;

/// Why a campaign could not be run. What it finds is no such error.
#[derive(Debug)]
pub enum CampaignError {
    /// Something does not build. What is wrong was printed.
    Build,
    /// A directory or file cannot be written.
    Files(std::io::Error),
    /// The emulator could not be started.
    Emulator(String),
}

impl CampaignError {
    /// The exit status that stands for it.
    pub const fn status(&self) -> u8 {
        match self {
            Self::Build => 2,
            Self::Files(_) | Self::Emulator(_) => 3,
        }
    }
}

impl fmt::Display for CampaignError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Build => f.write_str("it does not build"),
            Self::Files(error) => write!(f, "cannot write what is to be composed: {error}"),
            Self::Emulator(why) => write!(f, "cannot run the emulator: {why}"),
        }
    }
}

impl std::error::Error for CampaignError {}

impl From<std::io::Error> for CampaignError {
    fn from(error: std::io::Error) -> Self {
        Self::Files(error)
    }
}
