//! The names under which compiled code calls the functions of [`words`].

use crate::words;
use core::ffi::{c_int, c_void};

/// Copies `count` bytes between regions that do not overlap. Returns `to`.
///
/// # Safety
///
/// As in C: `from` is readable and `to` writable for `count` bytes, and they do not overlap.
#[unsafe(no_mangle)]
unsafe extern "C" fn memcpy(to: *mut c_void, from: *const c_void, count: usize) -> *mut c_void {
    // SAFETY: the caller's promise is the callee's condition.
    unsafe { words::copy_forwards(to.cast(), from.cast(), count) };
    to
}

/// Copies `count` bytes between regions that may overlap. Returns `to`.
///
/// # Safety
///
/// As in C: `from` is readable and `to` writable for `count` bytes.
#[unsafe(no_mangle)]
unsafe extern "C" fn memmove(to: *mut c_void, from: *const c_void, count: usize) -> *mut c_void {
    // SAFETY: the caller's promise is the callee's condition.
    unsafe { words::copy(to.cast(), from.cast(), count) };
    to
}

/// Sets `count` bytes to the low byte of `value`. Returns `to`.
///
/// # Safety
///
/// As in C: `to` is writable for `count` bytes.
#[unsafe(no_mangle)]
unsafe extern "C" fn memset(to: *mut c_void, value: c_int, count: usize) -> *mut c_void {
    // SAFETY: the caller's promise is the callee's condition.
    unsafe { words::fill(to.cast(), value as u8, count) };
    to
}

/// Compares `count` bytes as unsigned numbers: below, at or above 0 as `left` is to `right`.
///
/// # Safety
///
/// As in C: both are readable for `count` bytes.
#[unsafe(no_mangle)]
unsafe extern "C" fn memcmp(left: *const c_void, right: *const c_void, count: usize) -> c_int {
    // SAFETY: the caller's promise is the callee's condition.
    unsafe { words::compare(left.cast(), right.cast(), count) }
}

/// Compares `count` bytes: 0 if they are equal.
///
/// # Safety
///
/// As in C: both are readable for `count` bytes.
#[unsafe(no_mangle)]
unsafe extern "C" fn bcmp(left: *const c_void, right: *const c_void, count: usize) -> c_int {
    // SAFETY: the caller's promise is the callee's condition.
    unsafe { words::compare(left.cast(), right.cast(), count) }
}

/// Counts the bytes before the first that is zero.
///
/// # Safety
///
/// As in C: `text` is readable up to a zero byte.
#[unsafe(no_mangle)]
unsafe extern "C" fn strlen(text: *const c_void) -> usize {
    // SAFETY: the caller's promise is the callee's condition.
    unsafe { words::length(text.cast()) }
}
