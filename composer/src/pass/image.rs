//! The image: the bundle's bytes, and the files of a system, all or none of them.

use std::fs;
use std::io;
use std::path::Path;

use abi::bundle::{self, Bundle, HEADER_BYTES, MAGIC, NAME_BYTES, Time, VERSION, checksum};
use abi::layout::{PAGE, READ, WRITE};
use abi::phase::Phases;
use nix::errno::Errno;
use nix::fcntl::{AT_FDCWD, RenameFlags, renameat2};

use super::bind::{Bound, Shared};
use super::capabilities::Capabilities;
use super::layout::Layout;
use crate::graph::Graph;
use crate::sparse::Sparse;
use crate::temporary::TemporaryDirectory;

/// The bytes of the bundle.
pub fn bundle(graph: &Graph, bound: &Bound, layout: &Layout, capabilities: &Capabilities) -> Vec<u8> {
    tables(graph, bound, layout, capabilities).assemble()
}

/// How many they are.
pub fn bundle_bytes(graph: &Graph, bound: &Bound, layout: &Layout, capabilities: &Capabilities) -> u64 {
    let tables = tables(graph, bound, layout, capabilities);
    tables.contents_at() + contents_bytes(&tables.segments)
}

fn tables<'b>(graph: &Graph, bound: &'b Bound, layout: &Layout, capabilities: &Capabilities) -> Tables<'b> {
    let mut tables = Tables::default();
    for (index, component) in graph.components.iter().enumerate() {
        let parts = (bound.components.get(index), layout.components.get(index), capabilities.components.get(index));
        let (Some(ready), Some(space), Some(table)) = parts else { continue };
        let first = tables.segments.len() as u64;
        tables.segments.extend(ready.memory.segments.iter().map(Run::Own));
        tables.segments.extend(ready.shared.iter().copied().map(Run::Shared));
        let segments = (first, tables.segments.len() as u64 - first);
        let share = (tables.capabilities.len() as u64, table.all().count() as u64);
        tables.capabilities.extend(table.all().flat_map(bundle::Capability::to_words));
        let stacks = (tables.stacks.len() as u64 / bundle::Stack::WORDS as u64, space.stacks.len() as u64);
        tables.stacks.extend(space.stacks.iter().flat_map(bundle::Stack::to_words));
        let capabilities = (share.0 / bundle::Capability::WORDS as u64, share.1);
        let name = name(&component.name.value);
        let entry = bundle::Component {
            name,
            entry: ready.entry,
            thread: index as u64,
            segments,
            capabilities,
            stacks,
            scheduler: graph.scheduler(index).unwrap_or(0) as u64,
            constructor: component.constructor.unwrap_or(0) as u64,
            core: graph.core(index),
            of: 0,
            phases: Phases {
                // What is foreign knows of no phases: it runs.
                initialise: component.personality.is_none(),
                parallel_initialise: ready.initialises_in_parallel,
                main: true,
            },
            time: graph.own_threads(index).first().map_or(Time::None, |own| graph.time(*own)),
            space: Some(graph.first_in_space(index)).filter(|first| *first != index).unwrap_or(0) as u64,
            around: graph.first_around(index).unwrap_or(0) as u64,
        };
        tables.components.extend(entry.to_words());
    }
    for own in graph.further_threads() {
        let Some((component, ready)) = graph.components.get(own.of).zip(bound.components.get(own.of)) else { continue };
        let entry = bundle::Component {
            name: name(&component.name.value),
            entry: ready.entry,
            thread: own.thread as u64,
            segments: (0, 0),
            capabilities: (0, 0),
            stacks: (0, 0),
            scheduler: graph.scheduler(own.of).unwrap_or(0) as u64,
            constructor: 0,
            core: own.core,
            of: own.of as u64,
            phases: Phases {
                initialise: false,
                parallel_initialise: ready.initialises_in_parallel,
                main: graph.runs_everywhere(own.of),
            },
            time: graph.time(own),
            space: 0,
            around: 0,
        };
        tables.components.extend(entry.to_words());
    }
    tables
}

/// A run of pages of a component.
enum Run<'b> {
    Own(&'b crate::elf::Segment),
    Shared(Shared),
}

#[derive(Default)]
struct Tables<'b> {
    components: Vec<u64>,
    segments: Vec<Run<'b>>,
    capabilities: Vec<u64>,
    stacks: Vec<u64>,
}

impl Tables<'_> {
    /// The words of each table, and those of an entry.
    fn sizes(&self) -> [(usize, usize); 4] {
        [
            (self.components.len(), bundle::Component::WORDS),
            (self.segments.len() * bundle::Segment::WORDS, bundle::Segment::WORDS),
            (self.capabilities.len(), bundle::Capability::WORDS),
            (self.stacks.len(), bundle::Stack::WORDS),
        ]
    }

    /// Where the segments' contents start.
    fn contents_at(&self) -> u64 {
        let words: usize = self.sizes().iter().map(|(words, _)| words).sum();
        (HEADER_BYTES as u64 + 8 * words as u64).next_multiple_of(PAGE)
    }

    fn assemble(self) -> Vec<u8> {
        let mut header = vec![MAGIC, VERSION, 0, 0];
        let mut offset = HEADER_BYTES as u64;
        for (words, size) in self.sizes() {
            header.extend([(words / size) as u64, offset]);
            offset += 8 * words as u64;
        }
        let (segments, contents) = place(&self.segments, self.contents_at());
        let words = [header, self.components, segments, self.capabilities, self.stacks].concat();
        let mut bytes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
        bytes.resize(bytes.len().next_multiple_of(PAGE as usize), 0);
        bytes.extend(contents);
        seal(bytes)
    }
}

/// Bytes of the frames that components share, which come first.
fn shared_bytes(runs: &[Run<'_>]) -> u64 {
    let frames =
        runs.iter().filter_map(|run| if let Run::Shared(shared) = run { Some(shared.frame + 1) } else { None });
    frames.max().unwrap_or(0) as u64 * PAGE
}

/// Bytes of all contents.
fn contents_bytes(runs: &[Run<'_>]) -> u64 {
    let own = runs.iter().map(|run| if let Run::Own(segment) = run { segment.file_bytes() } else { 0 });
    shared_bytes(runs) + own.sum::<u64>()
}

/// The table of segments, and their contents, which start at `offset` in the bundle: first the frames that components share.
fn place(runs: &[Run<'_>], mut offset: u64) -> (Vec<u64>, Vec<u8>) {
    let shared = offset;
    let mut words = Vec::new();
    let mut contents = vec![0; shared_bytes(runs) as usize];
    offset += contents.len() as u64;
    for run in runs {
        let segment = match run {
            Run::Own(segment) => segment,
            Run::Shared(Shared { address, frame }) => {
                let (address, offset) = (*address, shared + *frame as u64 * PAGE);
                let rights = READ | WRITE;
                words.extend(
                    bundle::Segment { address, memory_bytes: PAGE, offset, file_bytes: PAGE, rights }.to_words(),
                );
                continue;
            }
        };
        contents.extend(&segment.contents);
        contents.resize(contents.len().next_multiple_of(PAGE as usize), 0);
        let file_bytes = segment.file_bytes();
        let (address, memory_bytes, rights) = (segment.address, segment.memory_bytes, segment.rights);
        words.extend(bundle::Segment { address, memory_bytes, offset, file_bytes, rights }.to_words());
        offset += file_bytes;
    }
    (words, contents)
}

/// Fills in length and checksum.
fn seal(mut bytes: Vec<u8>) -> Vec<u8> {
    let length = bytes.len() as u64;
    let set = |bytes: &mut Vec<u8>, word: usize, value: u64| {
        for (to, from) in bytes.iter_mut().skip(8 * word).zip(value.to_le_bytes()) {
            *to = from;
        }
    };
    set(&mut bytes, 2, length);
    let words =
        bytes.chunks_exact(8).skip(4).map(|word| word.iter().rev().fold(0, |sum, byte| sum << 8 | u64::from(*byte)));
    let sum = checksum(words);
    set(&mut bytes, 3, sum);
    bytes
}

fn name(text: &str) -> [u8; NAME_BYTES] {
    let mut name = [0; NAME_BYTES];
    for (to, from) in name.iter_mut().zip(text.bytes()) {
        *to = from;
    }
    name
}

/// The files of a system, by name.
pub type Files = Vec<(&'static str, Vec<u8>)>;

/// Puts the files, and the disk image if there is one, into `directory`, which afterwards holds these and nothing else. They are
/// written beside it and the directory is exchanged when they are whole, so that nobody ever finds half of a system.
///
/// # Errors
///
/// As the file system says, or `directory` holds something else than a system; then nothing has changed.
pub fn write(directory: &Path, files: &Files, disk: Option<&Sparse>) -> io::Result<()> {
    may_replace(directory)?;
    let parent = directory.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs::create_dir_all(parent)?;
    let whole = TemporaryDirectory::create(parent, ".composing-")?;
    files.iter().try_for_each(|(name, bytes)| fs::write(whole.path().join(name), bytes))?;
    disk.map_or(Ok(()), |disk| disk.store(&whole.path().join(DISK)))?;
    check(whole.path())?;
    exchange(&whole, directory, parent)
}

/// Refuses a directory that holds anything but a system: what is replaced is removed, whatever the command line says.
///
/// # Errors
///
/// What else it holds; it is no directory, or cannot be read.
pub fn may_replace(directory: &Path) -> io::Result<()> {
    let entries = match fs::read_dir(directory) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        entries => entries?,
    };
    for entry in entries {
        let name = entry?.file_name();
        if !NAMES.iter().any(|ours| name == *ours) {
            let message = format!("the directory holds `{}`, which is no part of a system", name.display());
            return Err(io::Error::new(io::ErrorKind::AlreadyExists, message));
        }
    }
    Ok(())
}

/// The bundle on disk is one that the kernel accepts.
fn check(directory: &Path) -> io::Result<()> {
    let bytes = fs::read(directory.join(BUNDLE))?;
    Bundle::parse(&bytes).map(|_| ()).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error.to_string()))
}

/// Name of the bundle's file.
pub const BUNDLE: &str = "bundle";
/// Name of the kernel's file.
pub const KERNEL: &str = "kernel";
/// Name of the disk image's file, which a system only has where it could be made.
pub const DISK: &str = "disk.img";
/// Names of the report's files: for people, for programs.
pub const REPORTS: [&str; 2] = ["report.txt", "report.json"];

/// All files that a system can have.
const NAMES: [&str; 5] = [BUNDLE, KERNEL, DISK, REPORTS[0], REPORTS[1]];

fn exchange(whole: &TemporaryDirectory, directory: &Path, parent: &Path) -> io::Result<()> {
    match renameat2(AT_FDCWD, whole.path(), AT_FDCWD, directory, RenameFlags::RENAME_EXCHANGE) {
        // What was there before is in the temporary directory now, and is removed with it.
        Ok(()) => return Ok(()),
        Err(Errno::ENOENT) => {}
        // A file system that cannot exchange: the old directory is moved away first.
        Err(_) => {
            let old = TemporaryDirectory::create(parent, ".composing-")?;
            fs::rename(directory, old.path().join("old"))?;
        }
    }
    fs::rename(whole.path(), directory)
}
