//! The image of a component that sends parcels, and of the one that sends them back: each sleeps until the other has sent something.
#![no_std]
#![no_main]

use concurrency::sync::{EventSet, Mutex};
use console_interface::{ConsoleClient, Writer};
use core::fmt::Write;
use core::sync::atomic::AtomicU64;
use core::sync::atomic::Ordering::Relaxed;
use courier::{Courier, CourierClient, CourierServer};
use memory_interface::MemoryClient;
use regions::{Bell, Channel, Missed, Peer, Share, Source};
use runtime::{Caller, Error, Result};

runtime::import!(CONSOLE: ConsoleClient);
runtime::import!(MEMORY: MemoryClient);
runtime::optional_import!(OTHER: CourierClient);
// How many parcels go there and back; none for the end that is called.
runtime::parameter!(PARCELS: u64 = 0, "parcels");
runtime::export!(CourierServer => |caller| Desk(caller));

runtime::component! { main: main }

static REGIONS: Source = Source::new(&MEMORY);

/// Values of 8 KiB, two buffers of them.
type Parcels = Channel<u64, 2, 1024>;

/// The end that is called has the events of both.
static EVENTS: EventSet = EventSet::new();
const HERE: u64 = 1;
const THERE: u64 = 2;
const OPENED: u64 = 4;

static OPEN: Mutex<Option<Parcels>> = Mutex::new(None);
static WAITS: AtomicU64 = AtomicU64::new(0);

/// The end that is called, for one caller.
struct Desk(Caller);

impl Courier for Desk {
    fn peer(&self) -> Result<Peer> {
        Ok(Peer::own(&REGIONS)?)
    }

    fn open(&self, channel: Share<u64>) -> Result<()> {
        *OPEN.lock()? = Some(Parcels::open(&REGIONS, Peer::caller(self.0), channel)?);
        EVENTS.trigger(OPENED);
        Ok(())
    }

    fn wait(&self) -> Result<()> {
        EVENTS.wait(THERE).map(drop)
    }

    fn ring(&self) -> Result<()> {
        EVENTS.trigger(HERE);
        Ok(())
    }
}

/// The bell of the end that is called.
struct Own;

impl Bell for Own {
    fn wait(&self) -> Result<()> {
        WAITS.fetch_add(1, Relaxed);
        EVENTS.wait(HERE).map(drop)
    }

    fn ring(&self) -> Result<()> {
        EVENTS.trigger(THERE);
        Ok(())
    }
}

/// The bell of the end that calls.
struct Called;

impl Bell for Called {
    fn wait(&self) -> Result<()> {
        WAITS.fetch_add(1, Relaxed);
        OTHER.wait()
    }

    fn ring(&self) -> Result<()> {
        OTHER.ring()
    }
}

/// The other end broke the protocol.
const BROKEN: Error = Error::numbered(200);

fn missed(missed: Missed) -> Error {
    match missed {
        Missed::Broken(_) => BROKEN,
        Missed::Bell(error) => error,
    }
}

fn main() -> Result<()> {
    match PARCELS.get() {
        0 => send_back(),
        parcels => send(parcels),
    }
}

/// Adds one to each parcel's last value and sends it back, for ever. The system does not wait for that.
fn send_back() -> Result<()> {
    concurrency::background()?;
    EVENTS.wait(OPENED)?;
    let mut channel = OPEN.lock()?.take().ok_or(BROKEN)?;
    loop {
        let mut parcel = channel.recv_waiting(&Own).map_err(missed)?;
        let mut last = [0];
        channel.read(&parcel, 1023, &mut last).ok_or(BROKEN)?;
        channel.write(&mut parcel, 1023, &[last[0] + 1]).ok_or(BROKEN)?;
        channel.send(parcel).map_err(|_| BROKEN)?;
        channel.ring(&Own)?;
    }
}

fn send(parcels: u64) -> Result<()> {
    let mut channel = Parcels::new(&REGIONS, OTHER.peer()?)?;
    OTHER.open(channel.name())?;
    for number in 0..parcels {
        let mut parcel = channel.buffer().ok_or(BROKEN)?;
        channel.write(&mut parcel, 1023, &[2 * number]).ok_or(BROKEN)?;
        channel.send(parcel).map_err(|_| BROKEN)?;
        channel.ring(&Called)?;
        let parcel = channel.recv_waiting(&Called).map_err(missed)?;
        let mut last = [0];
        channel.read(&parcel, 1023, &mut last).filter(|()| last[0] == 2 * number + 1).ok_or(BROKEN)?;
        channel.put_back(parcel).map_err(|_| BROKEN)?;
    }
    let waits = WAITS.load(Relaxed);
    let verdict = if (1..=parcels).contains(&waits) { "slept until each came" } else { "did not sleep" };
    // Whether anyone can read it does not change what came.
    let _ = writeln!(Writer::new(&CONSOLE), "courier: {parcels} parcels went there and back; {verdict}");
    Ok(())
}
