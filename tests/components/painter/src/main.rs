//! The image of a component that gives, lends and sends pictures of up to 64 KiB: each step is held against what it can see.
#![no_std]
#![no_main]

use console_interface::{ConsoleClient, Writer};
use core::fmt::Write;
use gallery::{BUFFERS, Gallery, GalleryClient, GalleryError, LENGTH};
use memory_interface::{Memory, MemoryClient};
use regions::{Broken, Channel, Owned, Peer, Source};
use runtime::{CallError, Result};

runtime::import!(CONSOLE: ConsoleClient);
runtime::import!(MEMORY: MemoryClient);
runtime::import!(GALLERY: GalleryClient);

runtime::component! { main: run }

static REGIONS: Source = Source::new(&MEMORY);

const FAULTED: GalleryError = GalleryError::Call(CallError::Kernel(abi::error::Error::Faulted));

/// Bytes of the pictures.
const SIZES: [usize; 3] = [4 << 10, 16 << 10, 64 << 10];

/// Pages of a heap in which nothing is.
const HEAP: u64 = 4;

/// What is tried, and whether it came out as it should.
type Step = fn(Peer) -> Result<bool>;

fn run() -> Result<u16> {
    let steps: [(&str, Step); 6] = [
        ("given there and back", given),
        ("lent and revoked", lent),
        ("hung over another", hung_over),
        ("sent by a channel", sent),
        ("garbage in a channel", garbage),
        ("all memory is back", all_is_back),
    ];
    let gallery = GALLERY.peer()?;
    let mut out = Writer::new(&CONSOLE);
    for (name, step) in steps {
        match step(gallery) {
            Ok(true) => {}
            other => {
                let _ = writeln!(out, "painter: {name}: {other:?}");
                return Ok(1);
            }
        }
        let _ = writeln!(out, "painter: {name}: as it should be");
    }
    Ok(0)
}

fn painted(words: usize) -> Result<Owned<u64>> {
    let mut picture = Owned::new(&REGIONS, words)?;
    (0..).zip(picture.iter_mut()).for_each(|(at, word)| *word = at);
    Ok(picture)
}

/// A picture that is given is changed there in place, and given back.
fn given(gallery: Peer) -> Result<bool> {
    let mut all = true;
    for bytes in SIZES.into_iter().cycle().take(60) {
        let gift = painted(bytes / 8)?.give(gallery).map_err(|(error, _)| error)?;
        let picture = Owned::take(&REGIONS, gallery, GALLERY.retouch(gift)?)?;
        all &= picture.len() == bytes / 8 && (1..).zip(picture.iter()).all(|(at, word)| *word == at);
        all &= GALLERY.retouch(gift).err() == Some(GalleryError::NotThere);
    }
    Ok(all)
}

/// What is lent is read as it is, until it is revoked or gone: then whoever reads it faults, and nobody else.
fn lent(gallery: Peer) -> Result<bool> {
    let mut all = true;
    for bytes in SIZES {
        let mut picture = painted(bytes / 8)?;
        let sum = picture.iter().sum::<u64>();
        let loan = picture.lend(gallery)?;
        GALLERY.hang(loan)?;
        all &= GALLERY.look()? == sum;
        picture[7] += 1000;
        all &= GALLERY.look()? == sum + 1000;
        picture.revoke()?;
        all &= GALLERY.furnish(bytes as u64)?;
        all &= GALLERY.look() == Err(FAULTED) && picture[7] == 1007;
        all &= GALLERY.hang(loan) == Err(GalleryError::NotThere);
        GALLERY.hang(picture.lend(gallery)?)?;
        drop(picture);
        all &= GALLERY.look() == Err(FAULTED) && GALLERY.look() == Err(GalleryError::Empty);
    }
    Ok(all)
}

/// A picture hangs where one is that was revoked. That is let go of then, and nothing else is.
fn hung_over(gallery: Peer) -> Result<bool> {
    let mut all = true;
    for _ in 0..100 {
        let (old, new) = (painted(8)?, painted(512)?);
        GALLERY.hang(old.lend(gallery)?)?;
        old.revoke()?;
        GALLERY.hang(new.lend(gallery)?)?;
        all &= GALLERY.look()? == new.iter().sum();
        GALLERY.take_down()?;
    }
    Ok(all)
}

type Pictures = Channel<u64, BUFFERS, LENGTH>;

/// Pictures that are sent are changed there, and come back.
fn sent(gallery: Peer) -> Result<bool> {
    let mut channel = Pictures::new(&REGIONS, gallery)?;
    GALLERY.open(channel.name())?;
    let mut all = true;
    for round in 0..10 {
        let mut count = 0;
        while let Some(mut picture) = channel.buffer() {
            all &= channel.write(&mut picture, LENGTH - 2, &[round, count]).is_some();
            all &= channel.send(picture).is_ok();
            count += 1;
        }
        all &= count == BUFFERS as u64 && GALLERY.retouch_sent()? == count;
        while let Ok(Some(picture)) = channel.recv() {
            let mut words = [0; 2];
            all &= channel.read(&picture, LENGTH - 2, &mut words).is_some();
            all &= words[0] == round + 1 && (1..=count).contains(&words[1]);
            all &= channel.put_back(picture).is_ok();
        }
    }
    drop(channel);
    // The memory is gone there, too, and what its heap has got since lies elsewhere: this time nobody may be inside.
    all &= GALLERY.furnish(64 << 10)? && GALLERY.retouch_sent() == Err(FAULTED) && GALLERY.furnish(0)?;
    Ok(all)
}

/// Where in a channel its other end says what it has sent, and which buffers.
const POSITION: u64 = 72;
const NUMBERS: u64 = 80;

/// Whatever the other end writes into a channel is an error, and no more.
fn garbage(gallery: Peer) -> Result<bool> {
    let mut channel = Pictures::new(&REGIONS, gallery)?;
    let name = channel.name();
    let mut all = true;
    for position in [1, 65, u64::MAX] {
        GALLERY.scrawl(name, POSITION, position)?;
        all &= channel.recv() == Err(Broken::Position);
    }
    let kept = channel.buffer();
    let sent = channel.buffer().map(|picture| channel.send(picture).is_ok());
    GALLERY.scrawl(name, POSITION, 1)?;
    GALLERY.scrawl(name, NUMBERS, 0)?;
    all &= channel.recv() == Err(Broken::Number);
    Ok(all && sent == Some(true) && kept.is_some_and(|picture| channel.read(&picture, 0, &mut [0]).is_some()))
}

fn all_is_back(_: Peer) -> Result<bool> {
    // The first block of a heap stays.
    Ok((MEMORY.left()?.1, GALLERY.pages()?) == (0, HEAP))
}
