//! What lies where on the disk.

use std::io::{Cursor, Read, Seek};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use fatfs::{FileSystem, FsOptions, StdIoWrapper};

use super::grub::{EFI_FILE, Loader, LoaderError, Tools};
use super::*;

fn loader() -> Loader {
    Loader { boot: vec![0xb0; SECTOR], core: vec![0xc0; 100_000], efi: vec![0xef; 300_001] }
}

fn composed(kernel: &[u8], bundle: &[u8]) -> Vec<u8> {
    let (mut bytes, mut disk) = (Vec::new(), disk(&loader(), kernel, bundle).unwrap());
    disk.rewind().unwrap();
    disk.read_to_end(&mut bytes).unwrap();
    bytes
}

fn word(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap())
}

type Files = FileSystem<StdIoWrapper<Cursor<Vec<u8>>>>;

fn files(disk: &[u8]) -> Files {
    let partition = disk[PARTITION as usize * SECTOR..].to_vec();
    FileSystem::new(Cursor::new(partition), FsOptions::new()).unwrap()
}

fn read(files: &Files, path: &str) -> Vec<u8> {
    let mut contents = Vec::new();
    files.root_dir().open_file(path).unwrap().read_to_end(&mut contents).unwrap();
    contents
}

#[test]
fn the_first_sector_is_grubs_code_and_a_partition_table() {
    let disk = composed(b"kernel", b"bundle");
    assert!(disk[..440].iter().all(|byte| *byte == 0xb0));
    assert_eq!(disk[510..512], [0x55, 0xaa]);
    let entry = &disk[446..462];
    assert_eq!((entry[0], entry[4]), (0x80, 0xef));
    assert_eq!((word(entry, 8), word(entry, 12) as usize), (2048, disk.len() / SECTOR - 2048));
    assert!(disk[462..510].iter().all(|byte| *byte == 0), "there is one partition");
}

#[test]
fn the_core_image_follows_the_first_sector() {
    let disk = composed(b"kernel", b"bundle");
    assert!(disk[SECTOR..SECTOR + 100_000].iter().all(|byte| *byte == 0xc0));
    assert!(disk[SECTOR + 100_000..PARTITION as usize * SECTOR].iter().all(|byte| *byte == 0));
}

#[test]
fn the_partition_holds_the_files() {
    let bundle: Vec<u8> = (0..1_000_003).map(|number: u32| number as u8).collect();
    let files = files(&composed(b"the kernel", &bundle));
    assert_eq!(read(&files, "kernel"), b"the kernel");
    assert!(read(&files, "bundle") == bundle);
    assert!(read(&files, EFI_FILE) == loader().efi);
    assert_eq!(files.root_dir().iter().filter(|entry| entry.is_ok()).count(), 3);
}

#[test]
fn the_partition_grows_with_the_files() {
    let bundle = vec![7; 20 << 20];
    let disk = composed(&[1; 3 << 20], &bundle);
    assert!(read(&files(&disk), "bundle") == bundle);
    assert!(disk.len() < 30 << 20, "{}", disk.len());
}

#[test]
fn equal_systems_are_equal_disks() {
    assert!(composed(b"kernel", b"bundle") == composed(b"kernel", b"bundle"));
    assert!(composed(b"kernel", b"bundle") != composed(b"kernel", b"Bundle"));
}

#[test]
fn the_clock_stands_still() {
    let files = files(&composed(b"kernel", b"bundle"));
    for entry in files.root_dir().iter().map(Result::unwrap).filter(fatfs::DirEntry::is_file) {
        let (created, modified) = (entry.created(), entry.modified());
        assert_eq!((created.date.year, created.date.month, created.date.day), (1980, 1, 1));
        assert_eq!((modified.date.year, modified.time.sec), (1980, 0));
    }
    assert_eq!((files.volume_id(), files.volume_label()), (0x7e55_e7a1, "TESSERA".into()));
}

#[test]
fn a_core_image_that_does_not_fit_is_refused() {
    let fits = Loader { core: vec![0; 2047 * SECTOR], ..loader() };
    assert!(disk(&fits, b"", b"").is_ok());
    let large = Loader { core: vec![0; 2047 * SECTOR + 1], ..loader() };
    assert!(matches!(disk(&large, b"", b""), Err(DiskError::CoreTooLarge(_))));
}

#[test]
fn half_a_boot_sector_is_refused() {
    for bytes in [0, 440, 511, 513] {
        let short = Loader { boot: vec![0; bytes], ..loader() };
        assert!(matches!(disk(&short, b"", b""), Err(DiskError::BadBootSector(found)) if found == bytes));
    }
}

/// Something that stands in for GRUB's tool: a shell script, and the parts that it would use.
fn tools(directory: &Path, script: &str) -> Tools {
    let tools = Tools { program: directory.join("mkimage"), parts: directory.join("parts") };
    for (platform, file) in [("i386-pc", "boot.img"), ("i386-pc", "multiboot2.mod"), ("x86_64-efi", "multiboot2.mod")] {
        std::fs::create_dir_all(tools.parts.join(platform)).unwrap();
        std::fs::write(tools.parts.join(platform).join(file), [7; SECTOR]).unwrap();
    }
    std::fs::write(&tools.program, format!("#!/bin/sh\n{script}\n")).unwrap();
    std::fs::set_permissions(&tools.program, std::fs::Permissions::from_mode(0o755)).unwrap();
    tools
}

/// A program that was just written may be busy for a moment: another test's child still holds it open for writing.
fn make(tools: &Tools, cache: &Path) -> Result<Loader, LoaderError> {
    loop {
        match tools.loader(cache) {
            Err(LoaderError::Failed(why)) if why.contains("busy") => std::thread::yield_now(),
            result => return result,
        }
    }
}

/// Writes its arguments into the file that it is to make.
const MAKES: &str = "[ $1 = --version ] && echo VERSION && exit\nall=\"$*\"\n\
    while [ $# -gt 0 ]; do [ $1 = --output ] && echo \"$all\" >$2; shift; done";

#[test]
fn the_loader_is_made_once_for_each_version() {
    let directory = temp_dir::TempDir::new().unwrap();
    let cache = directory.path().join("cache");
    let first = make(&tools(directory.path(), MAKES), &cache).unwrap();
    let made = String::from_utf8(first.core.clone()).unwrap();
    assert!(made.contains("--format i386-pc") && made.ends_with("multiboot2 boot\n"), "{made}");
    let cannot = MAKES.replace("all=", "exit 1;");
    assert_eq!(make(&tools(directory.path(), &cannot), &cache), Ok(first), "it was kept");
    let another = cannot.replace("VERSION", "ANOTHER");
    assert!(make(&tools(directory.path(), &another), &cache).is_err(), "it was for another version");
    let is_loader = |entry: &std::io::Result<std::fs::DirEntry>| entry.as_ref().unwrap().path().is_dir();
    assert_eq!(std::fs::read_dir(&cache).unwrap().filter(is_loader).count(), 1, "nothing is left of the failure");
}

#[test]
fn the_tool_is_asked_for_its_version_once() {
    let directory = temp_dir::TempDir::new().unwrap();
    let (asked, cache) = (directory.path().join("asked"), directory.path().join("cache"));
    let script = format!("echo >>{}\n{MAKES}", asked.display());
    let times = || std::fs::read(&asked).unwrap().len();
    let with = |version: &str| {
        let tools = tools(directory.path(), &script.replace("VERSION", version));
        // What was made just now may be made anew in the same moment, so nothing is kept of it.
        let before = std::time::SystemTime::now() - std::time::Duration::from_secs(60);
        std::fs::File::options().write(true).open(&tools.program).unwrap().set_modified(before).unwrap();
        tools
    };
    let one = with("VERSION");
    let loader = make(&one, &cache).unwrap();
    let first = times();
    assert_eq!((make(&one, &cache), times()), (Ok(loader), first), "it was not started at all");
    assert!(make(&with("ANOTHER"), &cache).is_ok());
    assert!(times() > first, "the tool is another one");
}

#[test]
fn a_tool_that_fails_says_why() {
    let directory = temp_dir::TempDir::new().unwrap();
    let script = "[ $1 = --version ] && exit\necho 'no such module' >&2; exit 1";
    let failed = make(&tools(directory.path(), script), &directory.path().join("cache"));
    assert_eq!(failed, Err(LoaderError::Failed("no such module".into())));
}

#[test]
fn missing_tools_are_named_with_what_to_type() {
    let directory = temp_dir::TempDir::new().unwrap();
    let cache = directory.path().join("cache");
    let without_program = Tools { program: "/nowhere/mkimage".into(), ..tools(directory.path(), MAKES) };
    assert_eq!(make(&without_program, &cache), Err(LoaderError::Missing));
    let without_parts = Tools { parts: "/nowhere".into(), ..tools(directory.path(), MAKES) };
    assert_eq!(make(&without_parts, &cache), Err(LoaderError::Missing));
    assert!(LoaderError::Missing.to_string().contains("apt-get install --no-install-recommends grub-common"));
}
