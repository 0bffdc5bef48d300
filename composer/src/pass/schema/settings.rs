//! What the graph sets in an image: parameters, constants, texts; each gets a value of its type, or a complaint.

use abi::record::RecordKind;
use abi::setting::SettingType;

use super::{describe, records};
use crate::code;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::elf::{Image, Record, word_at};
use crate::graph::{Component, Parameter, Setting};
use crate::suggest;

/// What a graph's list sets, in an image's records and in words.
struct Kind {
    records: &'static [RecordKind],
    noun: &'static str,
    unknown: &'static str,
}

const PARAMETER: Kind =
    Kind { records: &[RecordKind::Parameter, RecordKind::Text], noun: "parameter", unknown: code::UNKNOWN_PARAMETER };

const CONSTANT: Kind = Kind { records: &[RecordKind::Constant], noun: "constant", unknown: code::UNKNOWN_CONSTANT };

/// The words that the graph sets, by address. A text is as many words as it takes.
pub fn words(component: &Component, image: &Image, found: &mut Diagnostics) -> Vec<(u64, u64)> {
    let parameters = component.params.iter().map(|setting| (setting, &PARAMETER));
    let constants = component.constants.iter().map(|setting| (setting, &CONSTANT));
    let mut words = Vec::new();
    for (setting, kind) in parameters.chain(constants) {
        match set(component, image, setting, kind) {
            Ok(more) => words.extend(more),
            Err(complaint) => found.push(complaint),
        }
    }
    words
}

fn set(component: &Component, image: &Image, setting: &Parameter, kind: &Kind) -> Result<Vec<(u64, u64)>, Diagnostic> {
    let declared = || kind.records.iter().flat_map(|kind| records(image, *kind));
    let record = declared().find(|record| record.name == setting.key.value).ok_or_else(|| {
        let message = format!("the image of {} has no {} `{}`", describe(component), kind.noun, setting.key.value);
        let names: Vec<_> = declared().map(|record| record.name.as_str()).collect();
        let help = suggest::help(&setting.key.value, names);
        Diagnostic::error(kind.unknown, message).label(&setting.key.span, "").maybe_help(help)
    })?;
    match (record.setting_type(), &setting.value.value) {
        (Some(kind), value) => {
            let word = word(kind, value).ok_or_else(|| wrong(setting, &record.schema, &values(kind)))?;
            Ok(vec![(record.first, word)])
        }
        (None, Setting::Text(text)) => set_text(image, setting, record, text),
        (None, _) => Err(wrong(setting, "text", "a string")),
    }
}

/// The word that `value` is, if it is one of this type.
fn word(kind: SettingType, value: &Setting) -> Option<u64> {
    match (kind.range(), value) {
        (None, Setting::Boolean(value)) => Some((*value).into()),
        (Some((least, most)), Setting::Integer(number)) => {
            (least..=most).contains(number).then_some(*number as u64) // a negative one is its two's complement
        }
        _ => None,
    }
}

fn values(kind: SettingType) -> String {
    match kind.range() {
        None => "`true` or `false`".into(),
        Some((least, most)) => format!("an integer from {least} to {most}"),
    }
}

fn wrong(setting: &Parameter, kind: &str, values: &str) -> Diagnostic {
    let message = format!("`{}` is of type `{kind}`, and cannot be {}", setting.key.value, setting.value.value);
    let complaint = Diagnostic::error(code::WRONG_VALUE, message);
    complaint.label(&setting.value.span, "").help(format!("it can be {values}"))
}

fn set_text(image: &Image, setting: &Parameter, record: &Record, text: &str) -> Result<Vec<(u64, u64)>, Diagnostic> {
    let (room, length) = (room(image, record.first), text.len());
    if length as u64 <= room {
        return Ok(text_words(record.first, text).collect());
    }
    let message = format!("the text `{}` has {length} bytes, and there is room for {room}", setting.key.value);
    Err(Diagnostic::error(code::TEXT_TOO_LONG, message).label(&setting.value.span, "too long"))
}

/// Bytes that the text at `address` may have. Reading the image made sure that it has them.
pub fn room(image: &Image, address: u64) -> u64 {
    image.memory.bytes(address, 8).and_then(|word| word_at(word, 0)).unwrap_or(0)
}

/// The words of a text behind the one that says how many bytes it may have.
pub fn text_words(address: u64, text: &str) -> impl Iterator<Item = (u64, u64)> {
    let word = |bytes: &[u8]| bytes.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte));
    let words = std::iter::once(text.len() as u64).chain(text.as_bytes().chunks(8).map(word));
    (1..).zip(words).map(move |(at, word)| (address + 8 * at, word)).collect::<Vec<_>>().into_iter()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn as_a(name: &str, value: Setting) -> Option<u64> {
        word(SettingType::from_name(name).unwrap(), &value)
    }

    #[test]
    fn a_value_is_one_of_its_type_or_refused() {
        for (name, least, most) in [
            ("u8", 0, 0xff),
            ("i8", -0x80, 0x7f),
            ("u32", 0, 0xffff_ffff),
            ("i64", i64::MIN.into(), i64::MAX.into()),
            ("u64", 0, i128::from(u64::MAX)),
        ] {
            assert_eq!(as_a(name, Setting::Integer(least)), Some(least as u64), "{name}");
            assert_eq!(as_a(name, Setting::Integer(most)), Some(most as u64), "{name}");
            assert_eq!(as_a(name, Setting::Integer(least - 1)), None, "{name}");
            assert_eq!(as_a(name, Setting::Integer(most + 1)), None, "{name}");
            assert_eq!(as_a(name, Setting::Boolean(true)), None, "{name}");
        }
    }

    #[test]
    fn a_boolean_is_no_number() {
        assert_eq!(as_a("bool", Setting::Boolean(true)), Some(1));
        assert_eq!(as_a("bool", Setting::Boolean(false)), Some(0));
        assert_eq!(as_a("bool", Setting::Integer(1)), None);
        assert_eq!(as_a("bool", Setting::Text("true".into())), None);
    }
}
