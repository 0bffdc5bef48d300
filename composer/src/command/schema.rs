//! `composer schema`: the graph format as a JSON Schema, for editors that complete and check TOML.

use serde_json::{Map, Value, json};

use crate::keys::{self, Key, Kind, Place, Status};
use crate::{Failure, print};

/// What `schema` is told.
#[derive(Clone, Copy, Debug, clap::Args)]
pub struct Arguments {}

/// Prints the schema.
///
/// # Errors
///
/// None: it takes nothing that could be wrong.
pub fn run(_: Arguments) -> Result<(), Failure> {
    print::line(format_args!("{:#}", schema()));
    Ok(())
}

/// The schema, from the table from which graphs are parsed.
pub fn schema() -> Value {
    let tables = keys::PLACES.iter().map(|place| (definition(*place), table(*place)));
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Tessera graph file",
        "$ref": format!("#/$defs/{}", definition(Place::File)),
        "$defs": tables.collect::<Map<_, _>>(),
    })
}

fn table(place: Place) -> Value {
    let required: Vec<_> = keys::of(place).filter(|key| key.status == Status::Required).map(|key| key.name).collect();
    let properties: Map<_, _> = keys::of(place).map(|key| (key.name.to_owned(), property(key))).collect();
    json!({ "type": "object", "properties": properties, "required": required, "additionalProperties": false })
}

fn property(key: &Key) -> Value {
    let mut property = value(&key.kind);
    if let Some(fields) = property.as_object_mut() {
        fields.insert("description".into(), key.meaning.into());
    }
    property
}

fn value(kind: &Kind) -> Value {
    match *kind {
        Kind::Text | Kind::Name | Kind::Component | Kind::Identifier | Kind::Crate | Kind::Path => {
            json!({ "type": "string" })
        }
        Kind::Choice(choices) => {
            let texts: Vec<_> = choices.iter().filter(|choice| choice.effective).map(|choice| choice.text).collect();
            json!({ "type": "string", "enum": texts })
        }
        Kind::Integer(least, most) => json!({ "type": "integer", "minimum": least as i64, "maximum": most as i64 }),
        Kind::Boolean => json!({ "type": "boolean" }),
        Kind::WordOrText => json!({ "type": ["integer", "boolean", "string"] }),
        Kind::Word => json!({ "type": ["integer", "boolean"] }),
        Kind::Size(..) => json!({ "type": "string", "pattern": "^[0-9]+ *(KiB|MiB|GiB|TiB)$" }),
        Kind::Address => json!({ "type": ["integer", "string"] }),
        Kind::List(kind) => json!({ "type": "array", "items": value(kind) }),
        Kind::Table(place) => json!({ "$ref": format!("#/$defs/{}", definition(place)) }),
    }
}

/// The name of a table's definition.
fn definition(place: Place) -> String {
    format!("{place:?}").to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_is_in_it() {
        let schema = schema();
        for key in keys::KEYS {
            let found = schema.pointer(&format!("/$defs/{}/properties/{}", definition(key.place), key.name));
            assert!(found.is_some(), "{:?} {}", key.place, key.name);
        }
    }

    #[test]
    fn every_reference_leads_somewhere() {
        let schema = schema();
        let text = schema.to_string();
        for reference in text.split("#/$defs/").skip(1).filter_map(|rest| rest.split('"').next()) {
            assert!(schema.pointer(&format!("/$defs/{reference}")).is_some(), "{reference}");
        }
    }

    #[test]
    fn what_must_be_there_is_required() {
        assert_eq!(schema().pointer("/$defs/dependency/required"), Some(&json!(["srv", "interface"])));
        assert_eq!(
            schema().pointer("/$defs/fault/properties/policy/enum"),
            Some(&json!(["unwind", "end", "recreate"]))
        );
    }
}
