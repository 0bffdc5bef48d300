//! What the exported functions do, word by word.

use core::arch::asm;

const WORD: usize = size_of::<u64>();

/// Copies from the lowest address up: right if `to` is below `from` or apart from it.
///
/// # Safety
///
/// `from` is readable and `to` writable for `count` bytes, and `to` does not
/// start inside `from`'s region.
#[inline]
pub unsafe fn copy_forwards(to: *mut u8, from: *const u8, count: usize) {
    // SAFETY: `rep` moves `count / 8` words and then `count % 8` bytes, from
    // the regions that the caller vouches for. The direction flag is clear, as
    // the calling convention demands, and no instruction here changes a flag.
    unsafe {
        asm!(
            "rep movsq",
            "mov ecx, {tail:e}",
            "rep movsb",
            tail = in(reg) count % WORD,
            inout("rcx") count / WORD => _,
            inout("rdi") to => _,
            inout("rsi") from => _,
            options(nostack, preserves_flags),
        );
    }
}

/// Copies from the highest address down: right if `to` starts inside `from`'s region.
///
/// # Safety
///
/// `from` is readable and `to` writable for `count` bytes, and `from` does not
/// start inside `to`'s region, unless they are the same.
#[inline]
unsafe fn copy_backwards(to: *mut u8, from: *const u8, count: usize) {
    let mut left = count;
    while left >= WORD {
        left -= WORD;
        // SAFETY: `left + 8 <= count`. The word is read whole before it is
        // written, and what is written lies at or above all that is still to be read.
        unsafe {
            let word = from.add(left).cast::<u64>().read_unaligned();
            to.add(left).cast::<u64>().write_unaligned(word);
        }
    }
    while left > 0 {
        left -= 1;
        // SAFETY: `left < count`, and the same order as above.
        unsafe { to.add(left).write(from.add(left).read()) };
    }
}

/// Copies between regions that may overlap in any way.
///
/// # Safety
///
/// `from` is readable and `to` writable for `count` bytes.
#[inline]
pub unsafe fn copy(to: *mut u8, from: *const u8, count: usize) {
    // `to` starts inside `from`'s region exactly if the wrapped distance is short.
    let starts_inside = (to as usize).wrapping_sub(from as usize) < count;
    // SAFETY: the direction is the one that the overlap permits.
    unsafe {
        if starts_inside {
            copy_backwards(to, from, count);
        } else {
            copy_forwards(to, from, count);
        }
    }
}

/// Sets every byte to `value`.
///
/// # Safety
///
/// `to` is writable for `count` bytes.
#[inline]
pub unsafe fn fill(to: *mut u8, value: u8, count: usize) {
    // SAFETY: `rep` writes `count / 8` words and then `count % 8` bytes of the
    // caller's region. The direction flag is clear by the calling convention.
    unsafe {
        asm!(
            "rep stosq",
            "mov ecx, {tail:e}",
            "rep stosb",
            tail = in(reg) count % WORD,
            inout("rcx") count / WORD => _,
            inout("rdi") to => _,
            in("rax") u64::from_ne_bytes([value; WORD]),
            options(nostack, preserves_flags),
        );
    }
}

/// Compares byte by byte as unsigned numbers; the first difference decides.
///
/// # Safety
///
/// Both are readable for `count` bytes.
#[inline]
pub unsafe fn compare(left: *const u8, right: *const u8, count: usize) -> i32 {
    let mut at = 0;
    while at + WORD <= count {
        // SAFETY: `at + 8 <= count`.
        let (a, b) = unsafe { (word(left, at), word(right, at)) };
        if a != b {
            return order(a, b);
        }
        at += WORD;
    }
    while at < count {
        // SAFETY: `at < count`.
        let (a, b) = unsafe { (left.add(at).read(), right.add(at).read()) };
        if a != b {
            return order(a.into(), b.into());
        }
        at += 1;
    }
    0
}

/// The word at offset `at`, its first byte the most significant one, so that
/// words compare as their bytes do.
///
/// # Safety
///
/// `bytes` is readable up to offset `at + 8`.
#[inline]
unsafe fn word(bytes: *const u8, at: usize) -> u64 {
    // SAFETY: the caller's promise; alignment is not assumed.
    u64::from_be(unsafe { bytes.add(at).cast::<u64>().read_unaligned() })
}

#[inline]
fn order(a: u64, b: u64) -> i32 {
    if a < b { -1 } else { 1 }
}

/// Counts the bytes before the first that is zero. By bytes: a word could
/// reach past the end of what the caller may read.
///
/// # Safety
///
/// `text` is readable up to a zero byte.
#[inline]
pub unsafe fn length(text: *const u8) -> usize {
    let mut at = 0;
    // SAFETY: no byte before `at` was zero, so this one is readable.
    while unsafe { text.add(at).read() } != 0 {
        at += 1;
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec::Vec;

    /// Longer than two words, so that every split into words and tail occurs.
    const LONGEST: usize = 35;

    fn numbered(count: usize) -> Vec<u8> {
        (1..=count as u8).collect()
    }

    #[test]
    fn copies_every_length_between_every_alignment() {
        for count in 0..=LONGEST {
            for (source, target) in (0..WORD).flat_map(|a| (0..WORD).map(move |b| (a, b))) {
                let from = numbered(source + count);
                let mut to = std::vec![0; target + count + 1];
                // SAFETY: both vectors hold `count` bytes from there, and are apart.
                unsafe { copy_forwards(to.as_mut_ptr().add(target), from.as_ptr().add(source), count) };
                assert_eq!(to[target..target + count], from[source..]);
                assert!(to[..target].iter().chain(&to[target + count..]).all(|byte| *byte == 0));
            }
        }
    }

    #[test]
    fn copies_between_regions_that_overlap() {
        for count in 0..=LONGEST {
            for (source, target) in (0..20).flat_map(|a| (0..20).map(move |b| (a, b))) {
                let mut bytes = numbered(20 + LONGEST);
                let mut expected = bytes.clone();
                expected.copy_within(source..source + count, target);
                let start = bytes.as_mut_ptr();
                // SAFETY: both regions lie in the vector: 19 + 35 < 55.
                unsafe { copy(start.add(target), start.add(source), count) };
                assert_eq!(bytes, expected, "{count} bytes from {source} to {target}");
            }
        }
    }

    #[test]
    fn fills_exactly_what_it_was_asked_to() {
        for count in 0..=LONGEST {
            let mut bytes = std::vec![7; count + 2];
            // SAFETY: the vector holds one byte more on each side.
            unsafe { fill(bytes.as_mut_ptr().add(1), 0xa5, count) };
            assert_eq!((bytes[0], bytes[count + 1]), (7, 7));
            assert!(bytes[1..=count].iter().all(|byte| *byte == 0xa5));
        }
    }

    #[test]
    fn the_first_difference_decides() {
        for count in 1..=LONGEST {
            for at in 0..count {
                let left = numbered(count);
                let mut right = left.clone();
                right[at] = 0xff;
                if at + 1 < count {
                    right[count - 1] = 0;
                }
                // SAFETY: both hold `count` bytes.
                let (below, above, equal) = unsafe {
                    let (left, right) = (left.as_ptr(), right.as_ptr());
                    (compare(left, right, count), compare(right, left, count), compare(left, left, count))
                };
                assert!(below < 0 && above > 0 && equal == 0, "{count} bytes, different at {at}");
            }
        }
    }

    #[test]
    fn length_stops_at_the_first_zero() {
        // SAFETY: both hold a zero byte.
        let (some, none) = unsafe { (length(b"seven b\0no".as_ptr()), length(b"\0text".as_ptr())) };
        assert_eq!((some, none), (7, 0));
    }
}
