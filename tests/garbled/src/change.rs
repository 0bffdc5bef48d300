//! How an input is changed into another one.

use play::{Choices, Random};

use crate::pieces::PIECES;
use crate::read::Kind;

/// Words that are borders of something.
const BORDERS: [u64; 12] =
    [0, 1, 7, 8, 0xfff, 0x1000, 0x1001, 0xffff_ffff, 0x8000_0000, u64::MAX, u64::MAX - 7, 1 << 63];

/// Changes `bytes` in a few places; `other` is an input of the same kind.
pub fn change(bytes: &mut Vec<u8>, kind: Kind, other: &[u8], random: &mut Random) {
    for _ in 0..1 << random.below(3) {
        if kind.is_text() {
            text(bytes, other, random);
        } else {
            words(bytes, other, random);
        }
    }
}

fn place(bytes: &[u8], random: &mut Random) -> usize {
    random.below(bytes.len() as u64 + 1) as usize
}

fn text(bytes: &mut Vec<u8>, other: &[u8], random: &mut Random) {
    let at = place(bytes, random);
    match random.below(6) {
        0 => insert(bytes, at, PIECES[random.below(PIECES.len() as u64) as usize].as_bytes()),
        1 => remove(bytes, at, 1 + random.below(16) as usize),
        2 => {
            let (from, length) = (place(other, random), 1 + random.below(200) as usize);
            insert(bytes, at, &other[from..(from + length).min(other.len())]);
        }
        3 => line(bytes, other, random),
        4 => word(bytes, at, random),
        _ => {
            if let Some(byte) = bytes.get_mut(at) {
                *byte = random.below(128) as u8;
            }
        }
    }
}

/// A whole line of another graph, between two lines.
fn line(bytes: &mut Vec<u8>, other: &[u8], random: &mut Random) {
    let lines: Vec<&[u8]> = other.split_inclusive(|byte| *byte == b'\n').collect();
    let ends: Vec<usize> = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(at, _)| at + 1).collect();
    if lines.is_empty() || ends.is_empty() {
        return;
    }
    let (line, end) = (random.below(lines.len() as u64) as usize, random.below(ends.len() as u64) as usize);
    insert(bytes, ends[end], lines[line]);
}

/// One word of the graph in place of another.
fn word(bytes: &mut Vec<u8>, at: usize, random: &mut Random) {
    let is_word = |byte: &u8| byte.is_ascii_alphanumeric() || b"_-{}".contains(byte);
    let find = |from: usize| {
        let start = from + bytes[from..].iter().position(is_word)?;
        let length = bytes[start..].iter().position(|byte| !is_word(byte)).unwrap_or(bytes.len() - start);
        Some((start, length))
    };
    let from = random.below(bytes.len() as u64 + 1) as usize;
    if let (Some((start, length)), Some((from, other))) = (find(at), find(from)) {
        let word = bytes[from..from + other].to_vec();
        bytes.splice(start..start + length, word);
    }
}

fn insert(bytes: &mut Vec<u8>, at: usize, more: &[u8]) {
    bytes.splice(at..at, more.iter().copied());
}

fn remove(bytes: &mut Vec<u8>, at: usize, count: usize) {
    bytes.drain(at..(at + count).min(bytes.len()));
}

fn words(bytes: &mut Vec<u8>, other: &[u8], random: &mut Random) {
    if bytes.is_empty() {
        return;
    }
    let at = interesting(bytes, random);
    match random.below(8) {
        0 => bytes[at] ^= 1 << random.below(8),
        1 => bytes[at] = random.word() as u8,
        2..=4 => put(bytes, at & !7, &BORDERS[random.below(BORDERS.len() as u64) as usize].to_le_bytes()),
        5 => {
            let near = word_at(bytes, at & !7).wrapping_add(random.below(33)).wrapping_sub(16);
            put(bytes, at & !7, &near.to_le_bytes());
        }
        6 => {
            let from = interesting(other, random) & !7;
            let length = 8 << random.below(5);
            let part = other[from.min(other.len())..(from + length).min(other.len())].to_vec();
            put(bytes, at & !7, &part);
        }
        _ => {
            let most = 1 + (bytes.len() as u64 >> random.below(12));
            bytes.truncate(bytes.len() - random.below(most) as usize);
        }
    }
}

/// A place in an ELF file: in its header, in the tables that the header names, or anywhere.
fn interesting(bytes: &[u8], random: &mut Random) -> usize {
    let (programs, sections) = (word_at(bytes, 32) as usize, word_at(bytes, 40) as usize);
    let (start, length) = match random.below(8) {
        0 => (0, 64),
        1 => (programs, 56 * 8),
        2 => (sections, 64 * 24),
        3..=5 => {
            // A section: where the table says that it lies.
            let section = sections.saturating_add(64 * random.below(24) as usize);
            (
                word_at(bytes, section.saturating_add(24)) as usize,
                (word_at(bytes, section.saturating_add(32)) as usize).clamp(1, 1 << 16),
            )
        }
        _ => (0, bytes.len()),
    };
    let at = start.saturating_add(random.below(length as u64) as usize);
    if at < bytes.len() { at } else { random.below(bytes.len() as u64) as usize }
}

fn word_at(bytes: &[u8], at: usize) -> u64 {
    let word = bytes.get(at..at.saturating_add(8)).and_then(|word| <[u8; 8]>::try_from(word).ok());
    word.map_or(0, u64::from_le_bytes)
}

fn put(bytes: &mut [u8], at: usize, part: &[u8]) {
    bytes.iter_mut().skip(at).zip(part).for_each(|(to, from)| *to = *from);
}
