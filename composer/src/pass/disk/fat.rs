//! The partition's file system.

use std::io::Write;

use fatfs::{
    Date, DateTime, Dir, FileSystem, FormatVolumeOptions, FsOptions, LossyOemCpConverter, StdIoWrapper, Time,
    TimeProvider,
};

use super::{DiskError, SECTOR};
use crate::sparse::Sparse;

/// Tells this file system from others; fixed, so that equal files give equal bytes.
const VOLUME: u32 = 0x7e55_e7a1;
const LABEL: [u8; 11] = *b"TESSERA    ";

const MIB: usize = 1 << 20;
/// Below this the file system would be of the oldest kind, which some firmware does not read.
const SMALLEST: usize = 8 * MIB;

/// What the file system is written on.
type Disk<'d> = StdIoWrapper<&'d mut Sparse>;
/// A directory of it.
type Directory<'f, 'd> = Dir<'f, Disk<'d>, Stopped, LossyOemCpConverter>;

/// A clock that stands still at the file system's own beginning of time.
#[derive(Clone, Copy, Debug)]
struct Stopped;

impl TimeProvider for Stopped {
    fn get_current_date(&self) -> Date {
        Date::new(1980, 1, 1)
    }

    fn get_current_date_time(&self) -> DateTime {
        DateTime::new(self.get_current_date(), Time::new(0, 0, 0, 0))
    }
}

/// A FAT file system with these files, by their paths.
///
/// # Errors
///
/// [`DiskError::FileSystem`], or [`DiskError::TooLarge`] for more than any such file system holds.
pub fn partition(files: &[(&str, &[u8])]) -> Result<Sparse, DiskError> {
    let bytes = size(files);
    let sectors = u32::try_from(bytes / SECTOR).map_err(|_| DiskError::TooLarge(bytes))?;
    let mut place = Sparse::zeros(bytes as u64);
    write(&mut place, sectors, files).map_err(DiskError::FileSystem)?;
    Ok(place)
}

/// Bytes of a file system that holds these files: an eighth more, for its own tables and what is lost at their ends.
fn size(files: &[(&str, &[u8])]) -> usize {
    let contents: usize = files.iter().map(|(_, contents)| contents.len()).sum();
    (contents + contents / 8 + MIB).next_multiple_of(MIB).max(SMALLEST)
}

fn write(disk: &mut Sparse, sectors: u32, files: &[(&str, &[u8])]) -> std::io::Result<()> {
    let options = FormatVolumeOptions::new().total_sectors(sectors).volume_id(VOLUME).volume_label(LABEL);
    fatfs::format_volume(&mut Disk::new(&mut *disk), options)?;
    let file_system = FileSystem::new(Disk::new(disk), FsOptions::new().time_provider(Stopped))?;
    for (path, contents) in files {
        let (directories, name) = path.rsplit_once('/').unwrap_or(("", path));
        let mut file = open(file_system.root_dir(), directories)?.create_file(name)?;
        file.write_all(contents)?;
        file.flush()?;
    }
    Ok(file_system.unmount()?)
}

/// The directory at `path`, made if it is not there.
fn open<'f, 'd>(root: Directory<'f, 'd>, path: &str) -> std::io::Result<Directory<'f, 'd>> {
    let mut names = path.split('/').filter(|name| !name.is_empty());
    Ok(names.try_fold(root, |directory, name| directory.create_dir(name))?)
}
