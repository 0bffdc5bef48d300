//! The partition's file system.

use std::io::{Cursor, Write};

use fatfs::{Date, DateTime, Dir, FileSystem, FormatVolumeOptions, FsOptions, Time, TimeProvider};

use super::{DiskError, SECTOR};

/// Tells this file system from others; fixed, so that equal files give equal bytes.
const VOLUME: u32 = 0x7e55_e7a1;
const LABEL: [u8; 11] = *b"TESSERA    ";

const MIB: usize = 1 << 20;
/// Below this the file system would be of the oldest kind, which some firmware does not read.
const SMALLEST: usize = 8 * MIB;

/// A clock that stands still at the file system's own beginning of time.
#[derive(Debug)]
struct Stopped;

impl Stopped {
    const DATE: Date = Date { year: 1980, month: 1, day: 1 };
    const TIME: Time = Time { hour: 0, min: 0, sec: 0, millis: 0 };
}

impl TimeProvider for Stopped {
    fn get_current_date(&self) -> Date {
        Self::DATE
    }

    fn get_current_date_time(&self) -> DateTime {
        DateTime { date: Self::DATE, time: Self::TIME }
    }
}

/// The bytes of a FAT file system with these files, by their paths.
///
/// # Errors
///
/// [`DiskError::FileSystem`], or [`DiskError::TooLarge`] for more than any such file system holds.
pub fn partition(files: &[(&str, &[u8])]) -> Result<Vec<u8>, DiskError> {
    let bytes = size(files.iter().map(|(_, contents)| contents.len()).sum());
    let sectors = u32::try_from(bytes / SECTOR).map_err(|_| DiskError::TooLarge(bytes))?;
    let mut disk = Cursor::new(vec![0; bytes]);
    write(&mut disk, sectors, files).map_err(DiskError::FileSystem)?;
    Ok(disk.into_inner())
}

/// Bytes of a file system that holds `contents` bytes of files: an eighth more, for its own tables and what is lost
/// at the ends of files.
fn size(contents: usize) -> usize {
    (contents + contents / 8 + MIB).next_multiple_of(MIB).max(SMALLEST)
}

fn write(disk: &mut Cursor<Vec<u8>>, sectors: u32, files: &[(&str, &[u8])]) -> std::io::Result<()> {
    let options = FormatVolumeOptions::new().total_sectors(sectors).volume_id(VOLUME).volume_label(LABEL);
    fatfs::format_volume(&mut *disk, options)?;
    disk.set_position(0);
    let file_system = FileSystem::new(disk, FsOptions::new().time_provider(&Stopped))?;
    for (path, contents) in files {
        let (directories, name) = path.rsplit_once('/').unwrap_or(("", path));
        let mut file = open(file_system.root_dir(), directories)?.create_file(name)?;
        file.write_all(contents)?;
        file.flush()?;
    }
    file_system.unmount()
}

/// The directory at `path`, made if it is not there.
fn open<'f, T: fatfs::ReadWriteSeek>(root: Dir<'f, T>, path: &str) -> std::io::Result<Dir<'f, T>> {
    path.split('/').filter(|name| !name.is_empty()).try_fold(root, |directory, name| directory.create_dir(name))
}
