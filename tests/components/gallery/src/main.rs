//! The image of a server to which pictures are given, lent, and sent.
#![no_std]
#![no_main]

extern crate alloc;

use alloc::vec::Vec;
use core::num::NonZeroU32;
use gallery::{BUFFERS, Gallery, GalleryError, GalleryServer, LENGTH, Result};
use memory_interface::Memory;
use regions::{Channel, Gift, Loan, Owned, Peer, Share, Shared, Source, View};
use runtime::Caller;
use runtime::section::Section;

heap::global!();
runtime::export!(GalleryServer => |caller| Wall(caller));

runtime::component! {}

type Pictures = Channel<u64, BUFFERS, LENGTH>;

static REGIONS: Source = Source::new(heap::manager());
static HANGING: Section<Option<View<u64>>> = Section::new(None);
static FURNITURE: Section<Option<Vec<u8>>> = Section::new(None);
static CHANNEL: Section<Option<Pictures>> = Section::new(None);

/// What the gallery's own memory is full of.
const WOOD: u8 = 0x5a;

/// What is there, for one caller.
struct Wall(Caller);

impl Wall {
    const fn caller(&self) -> Peer {
        Peer::caller(self.0)
    }
}

/// Takes what is in the section out of it, or puts something in. Nobody is inside while a picture is looked at: who faults there would
/// stay inside for ever.
fn exchange<T>(section: &Section<Option<T>>, with: Option<T>) -> Result<Option<T>> {
    let mut inside = section.enter(NonZeroU32::MIN).map_err(|_| GalleryError::Empty)?;
    Ok(core::mem::replace(&mut *inside, with))
}

impl Gallery for Wall {
    fn peer(&self) -> Result<Peer> {
        Ok(Peer::own(&REGIONS)?)
    }

    fn retouch(&self, picture: Gift<u64>) -> Result<Gift<u64>> {
        let mut picture = Owned::take(&REGIONS, self.caller(), picture)?;
        picture.iter_mut().for_each(|word| *word += 1);
        Ok(picture.give(self.caller()).map_err(|(error, _)| error)?)
    }

    fn hang(&self, picture: Loan<u64>) -> Result<()> {
        let view = View::open(&REGIONS, self.caller(), picture)?;
        exchange(&HANGING, Some(view)).map(drop)
    }

    fn look(&self) -> Result<u64> {
        let view = exchange(&HANGING, None)?.ok_or(GalleryError::Empty)?;
        let sum = (0..view.len()).filter_map(|at| view.get(at)).sum();
        exchange(&HANGING, Some(view))?;
        Ok(sum)
    }

    fn take_down(&self) -> Result<()> {
        exchange(&HANGING, None).map(drop)
    }

    fn open(&self, channel: Share<u64>) -> Result<()> {
        let channel = Pictures::open(&REGIONS, self.caller(), channel)?;
        exchange(&CHANNEL, Some(channel)).map(drop)
    }

    fn retouch_sent(&self) -> Result<u64> {
        let mut channel = exchange(&CHANNEL, None)?.ok_or(GalleryError::Empty)?;
        let mut sent = 0;
        while let Some(mut picture) = channel.recv().map_err(|_| GalleryError::Broken)? {
            for at in 0..LENGTH {
                let mut word = [0];
                channel.read(&picture, at, &mut word).ok_or(GalleryError::Broken)?;
                channel.write(&mut picture, at, &[word[0] + 1]).ok_or(GalleryError::Broken)?;
            }
            channel.send(picture).map_err(|_| GalleryError::Broken)?;
            sent += 1;
        }
        exchange(&CHANNEL, Some(channel))?;
        Ok(sent)
    }

    fn close(&self) -> Result<()> {
        exchange(&CHANNEL, None).map(drop)
    }

    fn scrawl(&self, region: Share<u64>, at: u64, word: u64) -> Result<()> {
        let mut region = Shared::open(&REGIONS, self.caller(), region)?;
        region.write(at as usize, &[word]).ok_or(GalleryError::Empty)
    }

    fn furnish(&self, bytes: u64) -> Result<bool> {
        let mut fresh = Vec::new();
        fresh.try_reserve_exact(bytes as usize).map_err(|_| GalleryError::Full)?;
        fresh.resize(bytes as usize, WOOD);
        Ok(exchange(&FURNITURE, Some(fresh))?.is_none_or(|old| old.iter().all(|byte| *byte == WOOD)))
    }

    fn pages(&self) -> Result<u64> {
        let (_, has) = heap::manager().left()?;
        Ok(has)
    }
}
