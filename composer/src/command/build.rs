//! `composer build`: a graph becomes a system that boots.

use std::path::{Path, PathBuf};

use crate::diagnostic::{Diagnostic, Diagnostics, Source};
use crate::faults::{Program, Programs};
use crate::graph::Graph;
use crate::locate::Located;
use crate::pass::bind::{self, Bound};
use crate::pass::build::{Detail, Images};
use crate::pass::capabilities::{self, Capabilities};
use crate::pass::image::{self, Files};
use crate::pass::layout::{self, Layout};
use crate::pass::memory::{self, Account};
use crate::pass::report::{self, Disk, Report, Subject};
use crate::pass::schema::{self, Schema};
use crate::pass::stack::{self, Stacks, unused};
use crate::pass::{build, disk};
use crate::sparse::Sparse;
use crate::{Failure, LoadOptions, Loaded, code, elf, load, print};

/// What `build` is told.
#[derive(Clone, Debug, clap::Args)]
#[group(skip)] // `run` has a group of this name already.
pub struct Arguments {
    /// The graph file
    pub file: PathBuf,
    /// Where the system goes [default: target/systems/NAME, NAME being the graph file's]
    #[arg(short, long, visible_alias = "out", value_name = "DIRECTORY")]
    pub output: Option<PathBuf>,
}

/// A system on disk.
#[derive(Clone, Debug)]
pub struct System {
    /// The graph that it was composed from.
    pub loaded: Loaded,
    /// Where its files are.
    pub directory: PathBuf,
    /// Whether a disk image is among them.
    pub disk: Disk,
    /// What they were made of: with all that is known of the source, and at the addresses for which it was linked.
    pub images: Images,
    /// What was added to each component's addresses, in the order of the graph's components.
    pub shifts: Vec<u64>,
    /// What is said about it.
    pub report: Report,
}

impl System {
    /// The kernel's file.
    pub fn kernel(&self) -> PathBuf {
        self.directory.join(image::KERNEL)
    }

    /// The bundle.
    pub fn bundle(&self) -> PathBuf {
        self.directory.join(image::BUNDLE)
    }

    /// The disk image.
    ///
    /// # Errors
    ///
    /// Why there is none.
    pub fn disk(&self) -> Result<PathBuf, &str> {
        match &self.disk {
            Disk::Bytes(_) => Ok(self.directory.join(image::DISK)),
            Disk::Missing(why) => Err(why),
        }
    }

    /// The programs, as they lie in memory.
    pub fn programs(&self) -> Programs<'_> {
        programs(&self.loaded.graph, &self.images, &self.shifts)
    }
}

/// The programs of `graph`, each so many bytes above where it was linked.
fn programs<'e>(graph: &'e Graph, images: &'e Images, shifts: &[u64]) -> Programs<'e> {
    let components = images.components.iter().zip(shifts).map(|(elf, shift)| Program::new(elf, *shift));
    let names = graph.components.iter().map(|component| component.name.value.as_str());
    Programs::new(Program::new(&images.kernel, 0), names.zip(components))
}

/// Composes a system and says where it is.
///
/// # Errors
///
/// All complaints about the graph and its images.
pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let system = compose(arguments)?;
    let note = if system.disk().is_ok() { "" } else { ", without a disk image (the report says why)" };
    let place = system.directory.display();
    print::line(format_args!("{}: composed into {place}{note}", arguments.file.display()));
    Ok(())
}

/// Composes a system: every pass, from the graph file to the files that boot.
///
/// # Errors
///
/// All complaints about the graph and its images. Then nothing was written.
pub fn compose(arguments: &Arguments) -> Result<System, Failure> {
    compose_with(arguments, Detail::Lines)
}

/// The same, of images that tell so much of their sources.
///
/// # Errors
///
/// As [`compose`].
pub fn compose_with(arguments: &Arguments, detail: Detail) -> Result<System, Failure> {
    let loaded = load(&arguments.file, LoadOptions { graph_only: false })?;
    let mut found = loaded.warnings.clone();
    match compose_loaded(&loaded, arguments, detail, &mut found) {
        Some(Composed { directory, disk, images, shifts, report }) if !found.has_errors() => {
            found.print(&loaded.source);
            Ok(System { loaded, directory, disk, images, shifts, report })
        }
        _ => Err(refused(loaded.source, found)),
    }
}

/// What composing a graph adds to it.
struct Composed {
    directory: PathBuf,
    disk: Disk,
    images: Images,
    shifts: Vec<u64>,
    report: Report,
}

/// All that is decided about a system before any byte of it is written.
struct Decided {
    images: Images,
    schema: Schema,
    stacks: Option<Stacks>,
    layout: Layout,
    capabilities: Capabilities,
    bound: Bound,
    account: Account,
}

/// Builds the images and holds them against the graph. Everything that can be wrong with either is found by now.
fn decide(graph: &Graph, located: &Located, detail: Detail, found: &mut Diagnostics) -> Option<Decided> {
    let images = build::build(graph, located, detail, found)?;
    let schema = schema::schema(graph, &images, found)?;
    let stacks = stack::stack(graph, located, &images, &schema, found);
    let layout = layout::layout(graph, &schema, found)?;
    let capabilities = capabilities::capabilities(graph, &schema, &layout, found)?;
    let bound = bind::bind(graph, &schema, &layout, &capabilities);
    let parts = memory::Parts { graph, layout: &layout, capabilities: &capabilities, bound: &bound };
    let account = Account::of(parts, &images.kernel);
    memory::check(graph, &capabilities, &account, found);
    Some(Decided { images, schema, stacks, layout, capabilities, bound, account })
}

/// How much is pointed out that is no mistake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strictness {
    /// What is odd.
    Usual,
    /// Edges that permit more than is called, too.
    Strict,
}

/// Says whether a graph can be composed with its images, and writes nothing of the system. Answers all that is odd, about the
/// graph and about its images, of which a graph that was judged alone has none.
///
/// # Errors
///
/// All complaints, if it cannot.
pub fn judge_images(loaded: &Loaded, strictness: Strictness) -> Result<Diagnostics, Failure> {
    let mut found = loaded.warnings.clone();
    let Some(located) = &loaded.located else { return Ok(found) };
    let decided = decide(&loaded.graph, located, Detail::Lines, &mut found);
    let stacks = decided.as_ref().and_then(|decided| Some((decided.stacks.as_ref()?, &decided.schema)));
    if let (Strictness::Strict, Some((stacks, schema))) = (strictness, stacks) {
        unused::check_wide(&loaded.graph, schema, &stacks.unused, &mut found);
    }
    found.sort();
    if decided.is_none() || found.has_errors() {
        return Err(refused(loaded.source.clone(), found));
    }
    Ok(found)
}

/// What is said of a graph that its images do not fit: all of it, but not that nobody calls what some should.
fn refused(source: Source, found: Diagnostics) -> Failure {
    let mut diagnostics = found.without(code::UNUSED_INTERFACE);
    diagnostics.sort();
    Failure { source, diagnostics }
}

/// The bytes of a system, none of them written yet.
struct Whole {
    kernel: Vec<u8>,
    bundle: Vec<u8>,
    disk: (Disk, Option<Sparse>),
    report: Report,
}

fn whole(loaded: &Loaded, located: &Located, decided: &Decided, found: &mut Diagnostics) -> Option<Whole> {
    let (graph, Decided { images, schema, stacks, layout, capabilities, bound, account }) = (&loaded.graph, decided);
    let bundle = image::bundle(graph, bound, layout, capabilities);
    let kernel = strip(&images.kernel, found)?;
    let disk = disk(&located.target, &kernel, &bundle);
    let report = report::report(Subject {
        graph,
        text: &loaded.source.text,
        schema,
        stacks: stacks.as_ref(),
        layout,
        capabilities,
        bound,
        account,
        bundle_bytes: bundle.len(),
        kernel_bytes: kernel.len(),
        file_bytes: &file_bytes(images),
        disk: &disk.0,
    });
    Some(Whole { kernel, bundle, disk, report })
}

/// What the components' files come to. Each is an image, or there would be no system.
fn file_bytes(images: &Images) -> Vec<u64> {
    let stripped =
        images.components.iter().map(|elf| elf::strip::strip(elf).map_or(elf.len(), |stripped| stripped.len()));
    stripped.map(|bytes| bytes as u64).collect()
}

/// What is known of a system that is composed, and not written.
#[derive(Clone, Debug)]
pub struct Examined {
    /// What it is made of: with all that is known of the source, and at the addresses for which it was linked.
    pub images: Images,
    /// What is added to each component's addresses, in the order of the graph's components.
    pub shifts: Vec<u64>,
    /// What is to be said about it.
    pub report: Report,
}

impl Examined {
    /// The programs of `graph`, as they lie in memory.
    pub fn programs<'e>(&'e self, graph: &'e Graph) -> Programs<'e> {
        programs(graph, &self.images, &self.shifts)
    }
}

/// Composes the system of a graph, and writes nothing.
///
/// # Errors
///
/// All complaints about the images.
pub fn examine(loaded: &Loaded) -> Result<Examined, Failure> {
    let mut found = Diagnostics::default();
    let examined = loaded.located.as_ref().and_then(|located| {
        let decided = decide(&loaded.graph, located, Detail::Lines, &mut found)?;
        let report = whole(loaded, located, &decided, &mut found)?.report;
        Some(Examined { shifts: shifts(&decided), images: decided.images, report })
    });
    match examined {
        Some(examined) if !found.has_errors() => Ok(examined),
        _ => {
            found.sort();
            Err(Failure { source: loaded.source.clone(), diagnostics: found })
        }
    }
}

/// What is to be said about the system of a graph, which is composed for that, and not written.
///
/// # Errors
///
/// All complaints about the images.
pub fn report(loaded: &Loaded) -> Result<Report, Failure> {
    examine(loaded).map(|examined| examined.report)
}

fn shifts(decided: &Decided) -> Vec<u64> {
    decided.layout.components.iter().map(|space| space.shift).collect()
}

fn compose_loaded(loaded: &Loaded, arguments: &Arguments, detail: Detail, found: &mut Diagnostics) -> Option<Composed> {
    let located = loaded.located.as_ref()?;
    let directory =
        arguments.output.clone().unwrap_or_else(|| located.target.join("systems").join(stem(&arguments.file)));
    // Whoever has to choose another place need not wait for the images.
    image::may_replace(&directory).map_err(|error| found.push(cannot_write(&directory, &error))).ok()?;
    let decided = decide(&loaded.graph, located, detail, found)?;
    let Whole { kernel, bundle, disk: (disk, contents), report } = whole(loaded, located, &decided, found)?;
    let files = files(kernel, bundle, &report, found)?;
    image::write(&directory, &files, contents.as_ref())
        .map_err(|error| found.push(cannot_write(&directory, &error)))
        .ok()?;
    Some(Composed { directory, disk, shifts: shifts(&decided), images: decided.images, report })
}

/// The disk image, if it can be made: without it the system still boots by its kernel and its bundle.
fn disk(target: &Path, kernel: &[u8], bundle: &[u8]) -> (Disk, Option<Sparse>) {
    match disk::compose(&target.join("grub"), kernel, bundle) {
        Ok(disk) => (Disk::Bytes(disk.bytes()), Some(disk)),
        Err(error) => (Disk::Missing(error.to_string()), None),
    }
}

fn strip(kernel: &[u8], found: &mut Diagnostics) -> Option<Vec<u8>> {
    let stripped = elf::strip::strip(kernel);
    stripped.map_err(|defect| found.push(Diagnostic::error(code::BAD_IMAGE, format!("the kernel: {defect}")))).ok()
}

fn files(kernel: Vec<u8>, bundle: Vec<u8>, report: &Report, found: &mut Diagnostics) -> Option<Files> {
    let json = serde_json::to_vec_pretty(report);
    let mut json = json.map_err(|error| found.push(Diagnostic::error(code::OUTPUT, error.to_string()))).ok()?;
    json.push(b'\n');
    let [for_people, for_programs] = image::REPORTS;
    let text = report::render(report).into_bytes();
    Some(vec![(image::KERNEL, kernel), (image::BUNDLE, bundle), (for_people, text), (for_programs, json)])
}

fn stem(file: &Path) -> PathBuf {
    file.file_stem().unwrap_or("system".as_ref()).into()
}

fn cannot_write(directory: &Path, error: &std::io::Error) -> Diagnostic {
    let help = "choose another place with --output";
    Diagnostic::error(code::OUTPUT, format!("cannot write {}: {error}", directory.display())).help(help)
}
