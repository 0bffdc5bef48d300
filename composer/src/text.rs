//! The values of a graph file that are written as text: sizes, addresses, names.

use abi::bundle::NAME_BYTES;

/// Units of a size and their bytes.
const UNITS: [(&str, u64); 4] = [("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30), ("TiB", 1 << 40)];

/// The bytes that a text such as `16KiB` stands for.
///
/// # Errors
///
/// What is wrong with it, for help.
pub fn parse_size(text: &str) -> Result<u64, String> {
    let digits = text.trim_end_matches(|c: char| !c.is_ascii_digit());
    let unit = text.get(digits.len()..).unwrap_or_default().trim_start();
    let number: u64 = parse_decimal(digits).ok_or_else(|| "a size is a number and a unit, as in `16KiB`".to_owned())?;
    let Some((_, bytes)) = UNITS.iter().find(|(name, _)| *name == unit) else {
        return Err(unit_help(number, unit));
    };
    number.checked_mul(*bytes).ok_or_else(|| "that is more than 64 bits can count".to_owned())
}

fn unit_help(number: u64, unit: &str) -> String {
    let letter = unit.chars().next().map(|c| c.to_ascii_uppercase());
    match UNITS.iter().find(|(name, _)| name.chars().next() == letter) {
        Some((name, _)) => format!("did you mean `{number}{name}`?"),
        None => "the units are `KiB`, `MiB`, `GiB` and `TiB`".to_owned(),
    }
}

fn parse_decimal(digits: &str) -> Option<u64> {
    let only_digits = digits.bytes().all(|b| b.is_ascii_digit());
    only_digits.then(|| digits.parse().ok()).flatten()
}

/// A number of bytes in the largest unit that divides it.
pub fn size(bytes: u64) -> String {
    let unit = UNITS.iter().rev().find(|(_, unit)| bytes > 0 && bytes.is_multiple_of(*unit));
    match unit {
        Some((name, unit)) => format!("{}{name}", bytes / unit),
        None => format!("{bytes} bytes"),
    }
}

/// A number of things: `1 error`, `2 errors`.
pub fn count(number: usize, noun: &str) -> String {
    match (number, noun.strip_suffix('y')) {
        (1, _) => format!("1 {noun}"),
        (_, Some(stem)) => format!("{number} {stem}ies"),
        _ => format!("{number} {noun}s"),
    }
}

/// The address that a text such as `0x40_0000` stands for.
pub fn parse_address(text: &str) -> Option<u64> {
    let digits = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X"))?.replace('_', "");
    let only_digits = digits.bytes().all(|b| b.is_ascii_hexdigit());
    only_digits.then(|| u64::from_str_radix(&digits, 16).ok()).flatten()
}

/// What a user wrote, quoted for a message: in one line, and cut to a readable length.
pub fn quote(text: &str) -> String {
    const SHOWN: usize = 60;
    let (shown, rest) = match text.char_indices().nth(SHOWN) {
        Some((end, _)) => (text.get(..end).unwrap_or_default(), "…"),
        None => (text, ""),
    };
    let visible = |c: char| if c.is_control() { c.escape_default().collect() } else { c.to_string() };
    format!("`{}{rest}`", shown.chars().map(visible).collect::<String>())
}

/// Whether a component may be called this.
///
/// # Errors
///
/// What is wrong with it.
pub fn check_component_name(name: &str) -> Result<(), String> {
    let rest = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_' || b == b'-';
    if !name.bytes().next().is_some_and(|b| b.is_ascii_lowercase()) {
        return Err("a component's name starts with a letter from a to z".into());
    }
    if !name.bytes().all(rest) {
        return Err("a component's name has only letters from a to z, digits, `_` and `-`".into());
    }
    if name.len() > NAME_BYTES {
        return Err(format!("a component's name has at most {NAME_BYTES} bytes, this one has {}", name.len()));
    }
    if name == "kernel" {
        return Err("this name is the kernel's".into());
    }
    Ok(())
}

/// Whether an image may give this name to an interface, a method, a device.
///
/// # Errors
///
/// What is wrong with it.
pub fn check_identifier(name: &str) -> Result<(), String> {
    let ok = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.');
    if !name.bytes().next().is_some_and(|b| b.is_ascii_alphabetic() || b == b'_') {
        return Err("such a name starts with a letter or `_`".into());
    }
    if !name.bytes().all(ok) {
        return Err("such a name has only letters, digits, `_`, `-` and `.`".into());
    }
    if name.len() > 64 {
        return Err(format!("such a name has at most 64 bytes, this one has {}", name.len()));
    }
    Ok(())
}

/// Whether this may be a component crate: a package name, or a path.
///
/// # Errors
///
/// What is wrong with it.
pub fn check_crate(name: &str) -> Result<(), String> {
    match name.contains('/') {
        true => check_text(name),
        false => check_identifier(name),
    }
}

/// Whether this is one readable line.
///
/// # Errors
///
/// What is wrong with it.
pub fn check_text(text: &str) -> Result<(), String> {
    if text.trim().is_empty() {
        return Err("it is empty".into());
    }
    if text.chars().any(char::is_control) {
        return Err("it is one line, without control characters".into());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes() {
        assert_eq!(parse_size("16KiB"), Ok(16384));
        assert_eq!(parse_size("1 GiB"), Ok(1 << 30));
        assert_eq!(parse_size("16kb").unwrap_err(), "did you mean `16KiB`?");
        assert_eq!(parse_size("99999999TiB").unwrap_err(), "that is more than 64 bits can count");
        for bad in ["", "KiB", "-1KiB", "1", "1.5MiB", "1KiB2", "+1KiB", "٣KiB"] {
            assert!(parse_size(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn sizes_read_back() {
        for bytes in [4096, 16384, 64 << 20, 3 << 30] {
            assert_eq!(parse_size(&size(bytes)), Ok(bytes));
        }
        assert_eq!(size(1000), "1000 bytes");
        assert_eq!(size(0), "0 bytes");
    }

    #[test]
    fn quotes() {
        assert_eq!(quote("ping"), "`ping`");
        assert_eq!(quote("a\nb\u{1b}"), "`a\\nb\\u{1b}`");
        assert_eq!(quote(&"é".repeat(100)), format!("`{}…`", "é".repeat(60)));
    }

    #[test]
    fn addresses() {
        assert_eq!(parse_address("0x40_0000"), Some(0x40_0000));
        for bad in ["", "0x", "400000", "0x+4", "0xg", "0x11111111111111111"] {
            assert_eq!(parse_address(bad), None, "{bad}");
        }
    }

    #[test]
    fn names() {
        assert_eq!(check_component_name("ping_2-a"), Ok(()));
        for bad in ["", "Ping", "2ping", "ping pong", "p\u{e9}ng", "kernel", &"a".repeat(33)] {
            assert!(check_component_name(bad).is_err(), "{bad}");
        }
        assert_eq!(check_crate("../mine/ping"), Ok(()));
        for bad in ["", "a b", "a\0/b"] {
            assert!(check_crate(bad).is_err(), "{bad}");
        }
    }
}
