//! GRUB's part of the disk, made by GRUB's own tool.
//!
//! It knows nothing of the system but two file names, so it is made once and kept: `grub/KEY` in the target
//! directory, the key standing for the tool's version and for all that it is told. It is GRUB's, under GRUB's licence,
//! and never part of the source tree.

use std::fmt;
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::SystemTime;

use crate::fresh::{self, Inputs};
use crate::temporary::TemporaryDirectory;

/// What to type to have all of it.
pub const INSTALL: &str = "sudo apt-get install --no-install-recommends grub-common grub-pc-bin grub-efi-amd64-bin";

/// Where UEFI looks for a loader on a disk that it does not know.
pub const EFI_FILE: &str = "EFI/BOOT/BOOTX64.EFI";

/// GRUB, ready to be put on a disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loader {
    /// The boot sector.
    pub boot: Vec<u8>,
    /// What the boot sector loads.
    pub core: Vec<u8>,
    /// What UEFI loads.
    pub efi: Vec<u8>,
}

/// Why there is no loader.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LoaderError {
    /// GRUB's tools are not installed, or not all of them.
    Missing,
    /// GRUB's tool failed.
    Failed(String),
}

impl fmt::Display for LoaderError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => write!(f, "GRUB's tools are not installed; to install them, type: {INSTALL}"),
            Self::Failed(why) => write!(f, "GRUB's tools failed: {why}"),
        }
    }
}

impl std::error::Error for LoaderError {}

impl From<io::Error> for LoaderError {
    fn from(error: io::Error) -> Self {
        Self::Failed(error.to_string())
    }
}

/// One kind of firmware, and the GRUB for it.
#[derive(Hash)]
struct Platform {
    /// GRUB's name for it.
    name: &'static str,
    /// What it needs to read the disk and to start the kernel.
    modules: &'static [&'static str],
    /// What it does.
    script: &'static str,
}

/// BIOS tells from which disk it booted, but not from which partition.
const BIOS: Platform = Platform {
    name: "i386-pc",
    modules: &["biosdisk", "part_msdos", "fat", "multiboot2", "boot"],
    script: "set root=$root,msdos1\nmultiboot2 /kernel\nmodule2 /bundle\nboot\n",
};

/// UEFI tells the partition, too, and has its own disk driver.
const UEFI: Platform = Platform {
    name: "x86_64-efi",
    modules: &["part_msdos", "fat", "multiboot2", "boot"],
    script: "multiboot2 /kernel\nmodule2 /bundle\nboot\n",
};

const BOOT_SECTOR: &str = "boot.img";
const CORE: &str = "core.img";
const EFI: &str = "BOOTX64.EFI";

/// GRUB's tools, as they are installed.
#[derive(Clone, Debug)]
pub struct Tools {
    /// The program that makes a loader.
    pub program: PathBuf,
    /// What it makes loaders of, one directory for each platform.
    pub parts: PathBuf,
}

impl Default for Tools {
    fn default() -> Self {
        Self { program: "grub-mkimage".into(), parts: "/usr/lib/grub".into() }
    }
}

impl Tools {
    /// The loader, from the directory `cache` if it was made before.
    ///
    /// # Errors
    ///
    /// See [`LoaderError`].
    pub fn loader(&self, cache: &Path) -> Result<Loader, LoaderError> {
        let key = self.key(cache)?;
        let kept = cache.join(format!("{key:016x}"));
        if let Ok(loader) = read(&kept) {
            return Ok(loader);
        }
        fs::create_dir_all(cache)?;
        let fresh = TemporaryDirectory::create(cache, ".making-")?;
        self.make(fresh.path())?;
        let loader = read(fresh.path())?;
        // Should another composer have been faster, its result is the same.
        let _ = fs::rename(fresh.path(), &kept);
        Ok(loader)
    }

    /// Stands for everything that the loader depends on.
    fn key(&self, cache: &Path) -> Result<u64, LoaderError> {
        let version = self.version(cache)?;
        let complete = [&BIOS, &UEFI].iter().all(|platform| self.parts_of(platform).join("multiboot2.mod").exists());
        if !complete || !self.boot_sector().exists() {
            return Err(LoaderError::Missing);
        }
        let mut hasher = DefaultHasher::new();
        (version, &self.parts, BIOS, UEFI).hash(&mut hasher);
        Ok(hasher.finish())
    }

    /// What the tool says of itself: it is asked once, as to start it takes as long as to compose a system.
    fn version(&self, cache: &Path) -> Result<Vec<u8>, LoaderError> {
        let question = format!("version of {}", self.program.display());
        if let Some(version) = fresh::recall(cache, &question) {
            return Ok(version);
        }
        let asked = SystemTime::now();
        let version = self.run(["--version"])?.stdout;
        // A name without a slash is looked for along the search path.
        let path = std::env::var_os("PATH").unwrap_or_default();
        let files = std::env::split_paths(&path).map(|directory| directory.join(&self.program)).collect();
        let inputs = Inputs { files, variables: ["PATH".into()].into(), ..Inputs::default() };
        fresh::keep(cache, &question, asked, inputs, version.clone());
        Ok(version)
    }

    fn make(&self, directory: &Path) -> Result<(), LoaderError> {
        fs::copy(self.boot_sector(), directory.join(BOOT_SECTOR))?;
        self.make_for(&BIOS, directory, CORE)?;
        self.make_for(&UEFI, directory, EFI)
    }

    fn make_for(&self, platform: &Platform, directory: &Path, file: &str) -> Result<(), LoaderError> {
        let script = directory.join("script");
        fs::write(&script, platform.script)?;
        let (parts, file) = (self.parts_of(platform), directory.join(file));
        // The prefix is where GRUB looks for files of its own; it needs none.
        let mut arguments = ["--prefix", "/", "--format", platform.name].map(PathBuf::from).to_vec();
        arguments.extend(["--directory".into(), parts, "--config".into(), script.clone(), "--output".into(), file]);
        arguments.extend(platform.modules.iter().map(PathBuf::from));
        self.run(arguments)?;
        Ok(fs::remove_file(script)?)
    }

    fn run<A: AsRef<std::ffi::OsStr>>(&self, arguments: impl IntoIterator<Item = A>) -> Result<Output, LoaderError> {
        let output = Command::new(&self.program).args(arguments).stdin(Stdio::null()).output();
        let output = output.map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => LoaderError::Missing,
            _ => LoaderError::Failed(format!("cannot start `{}`: {error}", self.program.display())),
        })?;
        if !output.status.success() {
            let complaints = String::from_utf8_lossy(&output.stderr);
            return Err(LoaderError::Failed(complaints.trim().replace('\n', "; ")));
        }
        Ok(output)
    }

    fn parts_of(&self, platform: &Platform) -> PathBuf {
        self.parts.join(platform.name)
    }

    fn boot_sector(&self) -> PathBuf {
        self.parts_of(&BIOS).join(BOOT_SECTOR)
    }
}

fn read(directory: &Path) -> io::Result<Loader> {
    let read = |file| fs::read(directory.join(file));
    Ok(Loader { boot: read(BOOT_SECTOR)?, core: read(CORE)?, efi: read(EFI)? })
}
