//! The shape of a graph file: walks the TOML tree along [`crate::keys`], and keeps what fits it.

use std::ops::Range;

use toml::Spanned as At;
use toml::de::{DeInteger, DeTable, DeValue};

use crate::code::{BAD_VALUE, MISSING_KEY, NOT_SUPPORTED_YET, UNKNOWN_KEY, WRONG_TYPE};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::graph::Spanned;
use crate::keys::{self, Choice, Key, Kind, Place, Status};
use crate::suggest;
use crate::text::{self, quote};

/// A value that fits its key.
#[derive(Clone, Debug)]
pub enum Value {
    /// Of the kinds that are text.
    Text(String),
    /// An integer, a size in bytes, an address, or a word.
    Number(i128),
    /// A boolean.
    Boolean(bool),
    /// An array.
    List(List),
    /// A table.
    Fields(Fields),
}

/// An array.
#[derive(Clone, Debug, Default)]
pub struct List {
    /// The elements that fit.
    pub items: Vec<Spanned<Value>>,
    /// Whether all did.
    pub complete: bool,
}

/// A table.
#[derive(Clone, Debug, Default)]
pub struct Fields {
    /// Where it begins, or all of it if it is written in one line.
    pub span: Range<usize>,
    values: Vec<(&'static str, Spanned<Value>)>,
    /// Keys that are there, or were meant, with a value that does not fit.
    refused: Vec<&'static str>,
}

impl Fields {
    /// Whether nothing of the value of `key` was left out.
    pub fn is_complete(&self, key: &str) -> bool {
        let complete = !matches!(self.get(key), Some(Spanned { value: Value::List(list), .. }) if !list.complete);
        complete && !self.refused.contains(&key)
    }

    /// Takes over what `others` say of keys that are not here, as if it stood at `span`, if that is given.
    pub fn complete(&mut self, others: &Self, span: Option<&Range<usize>>) {
        for (key, value) in &others.values {
            if self.get(key).is_none() && !self.refused.contains(key) {
                let value = span.map_or_else(|| value.clone(), |span| moved(value, span));
                self.values.push((key, value));
            }
        }
        self.refused.extend(&others.refused);
    }

    /// Leaves out what is said of `key`.
    pub fn without(mut self, key: &str) -> Self {
        self.values.retain(|(name, _)| *name != key);
        self
    }

    /// The same with every text changed.
    pub fn with_texts(&self, change: &impl Fn(&str) -> String) -> Self {
        let values = self.values.iter().map(|(key, value)| (*key, with_texts(value, change))).collect();
        Self { values, ..self.clone() }
    }

    /// Its keys, with the places of their values.
    pub fn keys(&self) -> impl Iterator<Item = (&'static str, &Range<usize>)> {
        self.values.iter().map(|(key, value)| (*key, &value.span))
    }

    /// The array of `key`.
    pub fn list_mut(&mut self, key: &str) -> Option<&mut List> {
        match self.values.iter_mut().find(|(name, _)| *name == key) {
            Some((_, Spanned { value: Value::List(list), .. })) => Some(list),
            _ => None,
        }
    }

    /// The value of `key`, if there is one that fits.
    pub fn get(&self, key: &str) -> Option<&Spanned<Value>> {
        self.values.iter().find(|(name, _)| *name == key).map(|(_, value)| value)
    }
}

/// The value as if it stood at `span`.
fn moved(value: &Spanned<Value>, span: &Range<usize>) -> Spanned<Value> {
    let moved_fields = |fields: &Fields| Fields {
        span: span.clone(),
        values: fields.values.iter().map(|(key, value)| (*key, moved(value, span))).collect(),
        refused: fields.refused.clone(),
    };
    let value = match &value.value {
        Value::List(List { items, complete }) => {
            Value::List(List { items: items.iter().map(|item| moved(item, span)).collect(), complete: *complete })
        }
        Value::Fields(fields) => Value::Fields(moved_fields(fields)),
        scalar => scalar.clone(),
    };
    Spanned { value, span: span.clone() }
}

fn with_texts(value: &Spanned<Value>, change: &impl Fn(&str) -> String) -> Spanned<Value> {
    let changed = match &value.value {
        Value::Text(text) => Value::Text(change(text)),
        Value::List(List { items, complete }) => Value::List(List {
            items: items.iter().map(|item| with_texts(item, change)).collect(),
            complete: *complete,
        }),
        Value::Fields(fields) => Value::Fields(fields.with_texts(change)),
        scalar => scalar.clone(),
    };
    Spanned { value: changed, span: value.span.clone() }
}

/// The shape of the defaults of a component, which lie beside its crate.
pub fn of_defaults(table: &DeTable<'_>, found: &mut Diagnostics) -> Fields {
    Walk { found, requires: false }.table(Place::Component, 0..0, table)
}

/// The shape of a whole file.
pub fn of_file(table: &DeTable<'_>, found: &mut Diagnostics) -> Fields {
    Walk { found, requires: true }.table(Place::File, 0..0, table)
}

struct Walk<'a> {
    found: &'a mut Diagnostics,
    /// Whether keys have to be there that their table says nothing without.
    requires: bool,
}

/// A key as it stands in the file.
struct Entry<'a> {
    name: &'a str,
    span: Range<usize>,
}

impl Walk<'_> {
    fn table(&mut self, place: Place, span: Range<usize>, table: &DeTable<'_>) -> Fields {
        let mut values = Vec::new();
        let mut refused = Vec::new();
        for (name, value) in table {
            let entry = Entry { name: name.get_ref(), span: name.span() };
            match keys::of(place).find(|key| key.name == entry.name) {
                None => refused.extend(self.unknown(place, &entry)),
                Some(key) => match self.value(&key.kind, key.name, value) {
                    Some(value) => values.push((key.name, value)),
                    None => refused.push(key.name),
                },
            }
        }
        let fields = Fields { span, values, refused };
        self.missing(place, &fields);
        fields
    }

    /// Complains, and returns the key that was probably meant.
    fn unknown(&mut self, place: Place, entry: &Entry<'_>) -> Option<&'static str> {
        let names = keys::of(place).map(|key| key.name);
        let message = format!("unknown key {} in {}", quote(entry.name), place.title());
        let complaint = Diagnostic::error(UNKNOWN_KEY, message).label(&entry.span, "unknown key");
        let near = suggest::nearest(entry.name, names.clone());
        let list = keys::of(place).map(|key| format!("`{}`", key.name)).collect::<Vec<_>>().join(", ");
        self.found.push(complaint.help(match near {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("its keys are {list}"),
        }));
        near
    }

    /// Complains of required keys; one that was refused, or misspelt, is not missing as well.
    fn missing(&mut self, place: Place, fields: &Fields) {
        let is_there = |key: &Key| fields.get(key.name).is_some() || fields.refused.contains(&key.name);
        let missing = |key: &&Key| key.status == Status::Required && !is_there(key);
        self.found.extend(keys::of(place).filter(|_| self.requires).filter(missing).map(|key| {
            let name = match key.kind {
                Kind::Table(_) => format!("`[{}]`", key.name),
                _ => format!("`{}`", key.name),
            };
            let complaint = Diagnostic::error(MISSING_KEY, format!("{} lacks {name}", place.title()));
            complaint.label(&fields.span, format!("{name} is missing here")).help(format!("{name} is {}", key.meaning))
        }));
    }

    fn value(&mut self, kind: &Kind, name: &str, value: &At<DeValue<'_>>) -> Option<Spanned<Value>> {
        let span = value.span();
        let value = match (kind, value.get_ref()) {
            (Kind::List(kind), DeValue::Array(items)) => Value::List(self.list(kind, name, items.iter())),
            (Kind::Table(place), DeValue::Table(table)) => Value::Fields(self.table(*place, span.clone(), table)),
            (kind, value) => match scalar(kind, value) {
                Ok(value) => value,
                Err(refusal) => {
                    self.found.push(refusal.diagnostic(name, kind, value, &span));
                    return None;
                }
            },
        };
        Some(Spanned { value, span })
    }

    fn list<'i: 'v, 'v>(
        &mut self,
        kind: &Kind,
        name: &str,
        items: impl ExactSizeIterator<Item = &'v At<DeValue<'i>>>,
    ) -> List {
        let all = items.len();
        let items: Vec<_> = items.filter_map(|item| self.value(kind, name, item)).collect();
        List { complete: items.len() == all, items }
    }
}

/// Why a value does not fit.
enum Refusal {
    WrongType,
    Bad { shown: String, why: String, help: Option<String> },
    NotSupportedYet { shown: String },
}

fn scalar(kind: &Kind, value: &DeValue<'_>) -> Result<Value, Refusal> {
    match (kind, value) {
        (Kind::WordOrText, DeValue::String(text)) => checked(text, text::check_text),
        (Kind::WordOrText, value) => scalar(&Kind::Word, value),
        (Kind::Boolean | Kind::Word, DeValue::Boolean(value)) => Ok(Value::Boolean(*value)),
        (Kind::Word, DeValue::Integer(value)) => integer(value, i64::MIN.into(), u64::MAX.into()),
        (Kind::Integer(least, most), DeValue::Integer(value)) => integer(value, *least, *most),
        (Kind::Address, DeValue::Integer(value)) => {
            let Value::Number(number) = integer(value, 0, u64::MAX.into())? else { return Err(Refusal::WrongType) };
            address(&value.to_string(), u64::try_from(number).ok())
        }
        (Kind::Address, DeValue::String(text)) => address(text, text::parse_address(text)),
        (Kind::Size(least, end, multiple), DeValue::String(text)) => size(text, *least, *end, *multiple),
        (Kind::Choice(choices), DeValue::String(text)) => one_of(choices, text),
        (Kind::Text, DeValue::String(text)) => checked(text, text::check_text),
        (Kind::Name, DeValue::String(text)) => checked(text, |text| text::check_component_name(&of_first(text))),
        (Kind::Identifier, DeValue::String(text)) => checked(text, |text| text::check_identifier(&of_first(text))),
        (Kind::Crate, DeValue::String(text)) => checked(text, |text| text::check_crate(&of_first(text))),
        (Kind::Path, DeValue::String(text)) => checked(text, text::check_text),
        // Whether a component has this name is for `resolve` to say.
        (Kind::Component, DeValue::String(text)) => Ok(Value::Text(text.to_string())),
        _ => Err(Refusal::WrongType),
    }
}

fn bad<T>(shown: &str, why: impl Into<String>) -> Result<T, Refusal> {
    Err(Refusal::Bad { shown: shown.into(), why: why.into(), help: None })
}

/// As the first instance of a component has it.
fn of_first(text: &str) -> String {
    text.replace(super::expand::NUMBER, "0")
}

fn checked(text: &str, check: fn(&str) -> Result<(), String>) -> Result<Value, Refusal> {
    match check(text) {
        Ok(()) => Ok(Value::Text(text.into())),
        Err(why) => bad(text, why),
    }
}

fn integer(value: &DeInteger<'_>, least: i128, most: i128) -> Result<Value, Refusal> {
    match i128::from_str_radix(value.as_str(), value.radix()) {
        Ok(number) if (least..=most).contains(&number) => Ok(Value::Number(number)),
        _ if least == most => bad(&value.to_string(), format!("it must be {least}")),
        _ => bad(&value.to_string(), format!("it must be from {least} to {most}")),
    }
}

fn address(shown: &str, address: Option<u64>) -> Result<Value, Refusal> {
    use abi::layout::{PAGE, USER_END, USER_START};
    match address {
        None => bad(shown, "an address is a whole number, or a string as in `\"0x400000\"`"),
        Some(at) if !at.is_multiple_of(PAGE) => bad(shown, format!("it must be a multiple of {PAGE:#x}, a page")),
        Some(at) if !(USER_START..USER_END).contains(&at) => {
            bad(shown, format!("it must be at least {USER_START:#x} and less than {USER_END:#x}"))
        }
        Some(at) => Ok(Value::Number(at.into())),
    }
}

fn size(text: &str, least: u64, end: u64, multiple: u64) -> Result<Value, Refusal> {
    let why = match text::parse_size(text) {
        Err(why) => why,
        Ok(bytes) if bytes < least => format!("it must be at least {}", text::size(least)),
        Ok(bytes) if bytes >= end => format!("it must be less than {}", text::size(end)),
        Ok(bytes) if !bytes.is_multiple_of(multiple) => format!("it must be a multiple of {}", text::size(multiple)),
        Ok(bytes) => return Ok(Value::Number(bytes.into())),
    };
    bad(text, why)
}

fn one_of(choices: &'static [Choice], text: &str) -> Result<Value, Refusal> {
    match choices.iter().find(|choice| choice.text == text) {
        Some(choice) if choice.effective => Ok(Value::Text(text.into())),
        Some(choice) => Err(Refusal::NotSupportedYet { shown: format!("`\"{}\"`", choice.text) }),
        None => {
            let texts = choices.iter().map(|choice| choice.text);
            Err(Refusal::Bad { shown: text.into(), why: "unknown value".into(), help: suggest::help(text, texts) })
        }
    }
}

impl Refusal {
    fn diagnostic(self, name: &str, kind: &Kind, value: &DeValue<'_>, span: &Range<usize>) -> Diagnostic {
        match self {
            Self::WrongType => wrong_type(name, kind, value, span),
            Self::Bad { shown, why, help } => {
                let message = format!("`{name}` cannot be {}", quote(&shown));
                Diagnostic::error(BAD_VALUE, message).label(span, why).maybe_help(help)
            }
            Self::NotSupportedYet { shown } => {
                let message = format!("{shown} for `{name}` is not supported yet");
                Diagnostic::error(NOT_SUPPORTED_YET, message).label(span, "has no effect yet")
            }
        }
    }
}

fn wrong_type(name: &str, kind: &Kind, value: &DeValue<'_>, span: &Range<usize>) -> Diagnostic {
    let complaint = Diagnostic::error(WRONG_TYPE, format!("`{name}` takes {}", expected(kind)));
    complaint.label(span, format!("this is {}", article(value.type_str()))).maybe_help(meant(name, kind, value))
}

/// What was meant by a value of another type, where that can be told.
fn meant(name: &str, kind: &Kind, value: &DeValue<'_>) -> Option<String> {
    match (kind, value) {
        (Kind::List(Kind::Table(Place::Component)), DeValue::Table(_)) => Some("write `[[components]]`".to_owned()),
        (Kind::List(_), DeValue::Table(_) | DeValue::String(_)) => Some(format!("put it in brackets: `{name} = […]`")),
        (Kind::Size(least, ..), DeValue::Integer(_)) => {
            Some(format!("a size has a unit: `\"{}\"`", text::size(*least)))
        }
        (Kind::Integer(..), DeValue::String(text)) => is_number(text).then(|| format!("without quotes: `{text}`")),
        (Kind::Boolean, DeValue::String(text)) => {
            matches!(&**text, "true" | "false").then(|| format!("without quotes: `{text}`"))
        }
        (Kind::List(Kind::Table(Place::Thread)), DeValue::Integer(_)) => {
            Some(format!("one table for each, as in `{name} = [{{}}, {{}}]`"))
        }
        (Kind::Table(place), DeValue::String(text)) => as_table(*place, text),
        _ => None,
    }
}

/// A table that says this. Most say one thing above all, which is the first that they need.
fn as_table(place: Place, text: &str) -> Option<String> {
    let needed: Vec<_> = keys::of(place).filter(|key| key.status == Status::Required).collect();
    let (first, others) = needed.split_first()?;
    let others: String = others.iter().map(|key| format!(", {} = …", key.name)).collect();
    Some(format!("as a table: `{{ {} = \"{}\"{others} }}`", first.name, text.escape_default()))
}

/// Whether this would be an integer without quotes.
fn is_number(text: &str) -> bool {
    let decimal = text.parse::<i64>().is_ok() && !text.starts_with('+');
    decimal || text.starts_with("0x") && text::parse_address(text).is_some() && !text.contains('_')
}

fn article(noun: &str) -> String {
    let article = if noun.starts_with(['a', 'i']) { "an" } else { "a" };
    format!("{article} {noun}")
}

fn expected(kind: &Kind) -> &'static str {
    match kind {
        Kind::Integer(..) => "an integer",
        Kind::Boolean => "a boolean: `true` or `false`",
        Kind::Word => "an integer or a boolean",
        Kind::WordOrText => "an integer, a boolean or a string",
        Kind::Size(..) => "a size: a string such as `\"16KiB\"`",
        Kind::Address => "an address: an integer, or a string such as `\"0x400000\"`",
        Kind::List(Kind::Table(_)) => "an array of tables",
        Kind::List(_) => "an array of strings",
        Kind::Table(_) => "a table",
        _ => "a string",
    }
}
