//! Channels, with ends that keep the protocol and with one that writes what it likes.

use super::played::{Component, Played, pair};
use crate::{Broken, Channel, Share, Shared};
use memory_interface::MemoryError;
use runtime::Word;
use std::vec::Vec;

type Few = Channel<u32, 4, 100, Played>;

fn few(one: &Component, two: &Component) -> (Few, Few) {
    let ours = Few::new(one.source, two.peer).unwrap();
    let theirs = Few::open(two.source, one.peer, ours.name()).unwrap();
    (ours, theirs)
}

#[test]
fn who_sends_a_buffer_has_it_no_more_and_who_receives_it_has_it() {
    let [one, two] = pair();
    let (mut ours, mut theirs) = few(&one, &two);
    assert!(theirs.buffer().is_none() && theirs.recv() == Ok(None));
    for round in 0..100 {
        let mut sent = Vec::new();
        while let Some(mut buffer) = ours.buffer() {
            ours.write(&mut buffer, 96, &[round, 1, 2, 3]).unwrap();
            sent.push(buffer);
        }
        assert_eq!(sent.len(), 4, "all have come back");
        sent.into_iter().for_each(|buffer| ours.send(buffer).unwrap());
        assert!(ours.buffer().is_none(), "until one comes back there is none");
        while let Some(mut buffer) = theirs.recv().unwrap() {
            let mut values = [0; 4];
            theirs.read(&buffer, 96, &mut values).unwrap();
            assert_eq!((values, theirs.read(&buffer, 97, &mut values)), ([round, 1, 2, 3], None));
            theirs.write(&mut buffer, 0, &[round + 1]).unwrap();
            theirs.send(buffer).unwrap();
        }
        while let Some(buffer) = ours.recv().unwrap() {
            let mut values = [0];
            ours.read(&buffer, 0, &mut values).unwrap();
            assert_eq!(values, [round + 1]);
            ours.put_back(buffer).unwrap();
        }
    }
    drop((theirs, ours));
    assert_eq!((one.pages(), two.mapped()), (0, 0));
}

#[test]
fn a_buffer_of_another_channel_is_refused_and_kept() {
    let [one, two] = pair();
    let ((mut first, _), (mut second, _)) = (few(&one, &two), few(&one, &two));
    let mut buffer = first.buffer().unwrap();
    assert!(second.write(&mut buffer, 0, &[1]).is_none() && second.read(&buffer, 0, &mut [0]).is_none());
    let buffer = second.send(buffer).unwrap_err();
    let buffer = second.put_back(buffer).unwrap_err();
    assert_eq!(first.send(buffer), Ok(()));
}

#[test]
fn both_ends_agree_about_buffers_or_there_is_no_channel() {
    let [one, two] = pair();
    let ours = Few::new(one.source, two.peer).unwrap();
    let other = Channel::<u32, 5, 100, Played>::open(two.source, one.peer, ours.name());
    assert_eq!(other.err(), Some(MemoryError::WrongSize));
}

/// Words of the region: the position of what the other end sends back, and the numbers behind it.
const POSITION: usize = 72;
const NUMBERS: usize = 80;

/// A channel whose other end is only memory, to be written to.
fn garbled() -> (Few, Shared<u64, Played>) {
    let [one, two] = pair();
    let ours = Few::new(one.source, two.peer).unwrap();
    let theirs = Shared::open(two.source, one.peer, Share::<u64>::from_word(ours.name().into_word())).unwrap();
    (ours, theirs)
}

#[test]
fn numbers_that_are_none_or_of_what_is_here_are_errors_and_no_more() {
    let (mut ours, mut theirs) = garbled();
    for _ in 0..4 {
        let buffer = ours.buffer().unwrap();
        ours.send(buffer).unwrap();
    }
    theirs.write(NUMBERS, &[4, u64::MAX, 2, 2]).unwrap();
    theirs.write(POSITION, &[4]).unwrap();
    assert_eq!((ours.recv(), ours.recv()), (Err(Broken::Number), Err(Broken::Number)));
    let buffer = ours.recv().unwrap().unwrap();
    assert_eq!(ours.recv(), Err(Broken::Number), "it is here already");
    assert_eq!((ours.recv(), ours.read(&buffer, 0, &mut [0; 100])), (Ok(None), Some(())));
}

#[test]
fn positions_that_cannot_be_end_the_channel_and_no_more() {
    let (mut ours, mut theirs) = garbled();
    for position in [1, 5, u64::MAX, 1 << 63] {
        theirs.write(POSITION, &[position]).unwrap();
        assert_eq!(ours.recv(), Err(Broken::Position), "nothing was sent, and {position} came back");
    }
    let buffer = ours.buffer().unwrap();
    ours.send(buffer).unwrap();
    theirs.write(POSITION, &[2]).unwrap();
    assert_eq!(ours.recv(), Err(Broken::Position), "one was sent");
    theirs.write(POSITION, &[1]).unwrap();
    assert!(ours.recv().unwrap().is_some());
    theirs.write(POSITION, &[0]).unwrap();
    assert_eq!(ours.recv(), Err(Broken::Position), "it takes back what it sent");
}

/// Whatever the other end writes: no buffer is here twice, and none is read that is not here.
#[test]
fn garbage_is_never_a_buffer_that_is_here_already() {
    let (mut ours, mut theirs) = garbled();
    let mut here: Vec<_> = std::iter::from_fn(|| ours.buffer()).collect();
    let mut random = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = || {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        random
    };
    let (mut received, mut refused) = (0, 0);
    for _ in 0..100_000 {
        match next() % 4 {
            0 => here.pop().into_iter().for_each(|buffer| ours.send(buffer).unwrap()),
            1 => theirs.write(NUMBERS + next() as usize % 64, &[next() % 6]).unwrap(),
            2 => theirs.write(POSITION, &[received + refused + next() % 3]).unwrap(),
            _ => match ours.recv() {
                Ok(Some(buffer)) => {
                    assert!(!here.contains(&buffer), "{buffer:?} is here");
                    received += 1;
                    here.push(buffer);
                }
                Err(Broken::Number) => refused += 1,
                Ok(None) | Err(Broken::Position) => {}
            },
        }
        assert!(here.len() <= 4 && here.iter().all(|buffer| ours.read(buffer, 0, &mut [0; 100]).is_some()));
    }
    assert!(received > 1000 && refused > 1000, "{received} buffers, {refused} that were none");
}
