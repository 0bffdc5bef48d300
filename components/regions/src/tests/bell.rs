//! Ends that wait for each other, each on a thread of its own.

use super::played::{Played, pair};
use crate::{Bell, Broken, Channel, Missed, Share, Shared};
use runtime::{Error, Result, Word};
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Condvar, Mutex};
use std::thread;

type Two = Channel<u64, 2, 4, Played>;

/// An event for each end, and how often somebody waited and rang.
#[derive(Default)]
struct Events {
    happened: Mutex<[bool; 2]>,
    changed: Condvar,
    waits: AtomicUsize,
    rings: AtomicUsize,
}

/// One end of it.
#[derive(Clone)]
struct End(Arc<Events>, usize);

impl Bell for End {
    fn wait(&self) -> Result<()> {
        self.0.waits.fetch_add(1, Relaxed);
        let none = |happened: &mut [bool; 2]| !happened[self.1];
        self.0.changed.wait_while(self.0.happened.lock().unwrap(), none).unwrap()[self.1] = false;
        Ok(())
    }

    fn ring(&self) -> Result<()> {
        self.0.rings.fetch_add(1, Relaxed);
        self.0.happened.lock().unwrap()[1 - self.1] = true;
        self.0.changed.notify_all();
        Ok(())
    }
}

fn ends() -> (End, End) {
    let events = Arc::new(Events::default());
    (End(events.clone(), 0), End(events, 1))
}

#[test]
fn ends_wait_for_each_other_and_no_ring_is_lost() {
    const ROUNDS: u64 = 20_000;
    let [one, two] = pair();
    let mut ours = Two::new(one.source, two.peer).unwrap();
    let mut theirs = Two::open(two.source, one.peer, ours.name()).unwrap();
    let (here, there) = ends();
    let other = thread::spawn(move || {
        for _ in 0..ROUNDS {
            let mut buffer = theirs.recv_waiting(&there).unwrap();
            let mut value = [0];
            theirs.read(&buffer, 0, &mut value).unwrap();
            theirs.write(&mut buffer, 0, &[value[0] + 1]).unwrap();
            theirs.send(buffer).unwrap();
            theirs.ring(&there).unwrap();
        }
    });
    let (mut sent, mut received) = (0, 0);
    while received < ROUNDS {
        while let Some(mut buffer) = ours.buffer().filter(|_| sent < ROUNDS) {
            ours.write(&mut buffer, 0, &[2 * sent]).unwrap();
            ours.send(buffer).unwrap();
            sent += 1;
        }
        ours.ring(&here).unwrap();
        let buffer = ours.recv_waiting(&here).unwrap();
        let mut value = [0];
        ours.read(&buffer, 0, &mut value).unwrap();
        assert_eq!(value, [2 * received + 1]);
        ours.put_back(buffer).unwrap();
        received += 1;
    }
    other.join().unwrap();
}

#[test]
fn nobody_is_called_who_does_not_wait() {
    let [one, two] = pair();
    let mut ours = Two::new(one.source, two.peer).unwrap();
    let mut theirs = Two::open(two.source, one.peer, ours.name()).unwrap();
    let (here, there) = ends();
    for _ in 0..10 {
        let buffer = ours.buffer().unwrap();
        ours.send(buffer).unwrap();
        ours.ring(&here).unwrap();
        let buffer = theirs.recv_waiting(&there).unwrap();
        theirs.send(buffer).unwrap();
        theirs.ring(&there).unwrap();
        let buffer = ours.recv_waiting(&here).unwrap();
        ours.put_back(buffer).unwrap();
    }
    assert_eq!((here.0.waits.load(Relaxed), here.0.rings.load(Relaxed)), (0, 0));
}

/// A bell that cannot.
struct Silent;

const SILENT: Error = Error::numbered(9);

impl Bell for Silent {
    fn wait(&self) -> Result<()> {
        Err(SILENT)
    }

    fn ring(&self) -> Result<()> {
        Err(SILENT)
    }
}

#[test]
fn who_cannot_wait_and_who_is_told_garbage_gets_an_error() {
    let [one, two] = pair();
    let mut ours = Two::new(one.source, two.peer).unwrap();
    assert_eq!(ours.recv_waiting(&Silent).err(), Some(Missed::Bell(SILENT)));
    let mut theirs = Shared::open(two.source, one.peer, Share::<u64>::from_word(ours.name().into_word())).unwrap();
    // That the other end waits, and that it has sent what it cannot have.
    theirs.write(1, &[u64::MAX]).unwrap();
    assert_eq!((ours.ring(&Silent), ours.ring(&Silent)), (Err(SILENT), Ok(())), "it is told once");
    theirs.write(72, &[7]).unwrap();
    assert_eq!(ours.recv_waiting(&Silent).err(), Some(Missed::Broken(Broken::Position)));
}
