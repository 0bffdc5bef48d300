//! The image of a component that takes back what it lent while a batch of calls looks at it.
#![no_std]
#![no_main]

use console_interface::{ConsoleClient, Logger};
use core::num::NonZeroU32;
use gallery::{Gallery, GalleryError, GalleryPage, GalleryPosts};
use log::{LevelFilter, info};
use memory_interface::{Memory, MemoryClient};
use regions::{Owned, Peer, Source};
use runtime::page::Ticket;
use runtime::section::Section;
use runtime::{CallError, Error, Result};
use sched_interface::{SchedClient, Threads};

runtime::import!(CONSOLE: ConsoleClient);
runtime::import!(SCHED: SchedClient);
runtime::import!(MEMORY: MemoryClient);
runtime::import_page!(GALLERY: GalleryPage);

runtime::component! { main: run }

static LOGGER: Logger<ConsoleClient> = Logger::new(&CONSOLE);
static REGIONS: Source = Source::new(&MEMORY);
static PICTURE: Section<Option<Owned<u64>>> = Section::new(None);

/// Words of the picture: 64 KiB.
const WORDS: usize = 8192;

/// Calls of a batch that look at the picture.
const LOOKS: usize = 32;

/// Ticks in which not nearly all of them can be through.
const MOMENT: u64 = 300_000;

const FAULTED: GalleryError = GalleryError::Call(CallError::Kernel(abi::error::Error::Faulted));

fn run() -> Result<()> {
    LOGGER.install(LevelFilter::Info);
    let (peer, gallery) = (GALLERY.direct().peer()?, GALLERY.open()?);
    before(peer, &gallery)?;
    amid(peer, &gallery)?;
    let (here, there) = (MEMORY.left()?.1, GALLERY.direct().pages()?);
    info!("{} slots are free, {here} pages here and {there} there", gallery.free());
    Ok(())
}

/// It is taken back before anybody has looked.
fn before(peer: Peer, gallery: &GalleryPosts<'_>) -> Result<()> {
    lend(peer)?;
    let (look, behind) = (gallery.post().look()?, gallery.post().peer()?);
    take_back()?;
    let is_told = look.take() == Err(FAULTED);
    info!("taken back before: {is_told}, and behind that {}", behind.take().is_ok());
    Ok(())
}

/// A more urgent thread takes it back while the batch is served: who looks then faults, and nobody else.
fn amid(peer: Peer, gallery: &GalleryPosts<'_>) -> Result<()> {
    let sum = lend(peer)?;
    let mut looks: [Option<Ticket<u64, GalleryError>>; LOOKS] = [const { None }; LOOKS];
    for look in &mut looks {
        *look = Some(gallery.post().look()?);
    }
    let behind = gallery.post().peer()?;
    SCHED.spawn(take_back_later, MOMENT)?;
    let flushed = gallery.flush().is_err();
    let mut results = looks.into_iter().flatten().map(Ticket::take).peekable();
    let seen = core::iter::from_fn(|| results.next_if_eq(&Ok(sum))).count();
    let (then, empty) = (results.next(), results.filter(|look| *look == Err(GalleryError::Empty)).count());
    let some_each = seen > 0 && empty > 0 && seen + 1 + empty == LOOKS;
    info!(
        "taken back amid: {flushed}, {}, {some_each}, and behind that {}",
        then == Some(Err(FAULTED)),
        behind.take().is_ok()
    );
    Ok(())
}

/// Lends a picture to be looked at; answers what its words come to.
fn lend(peer: Peer) -> Result<u64> {
    let mut picture = Owned::new(&REGIONS, WORDS)?;
    (0..).zip(picture.iter_mut()).for_each(|(at, word)| *word = at);
    let sum = picture.iter().sum();
    GALLERY.direct().hang(picture.lend(peer)?)?;
    exchange(Some(picture)).map(|_| sum)
}

fn take_back_later(ticks: u64) -> Result<()> {
    SCHED.sleep(ticks)?;
    take_back()
}

fn take_back() -> Result<()> {
    exchange(None).map(drop)
}

fn exchange(picture: Option<Owned<u64>>) -> Result<Option<Owned<u64>>> {
    let mut inside = PICTURE.enter(NonZeroU32::MIN).map_err(|_| Error::Unknown)?;
    Ok(core::mem::replace(&mut *inside, picture))
}
