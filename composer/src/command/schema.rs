//! `composer schema`: the graph format as a JSON Schema, for editors that complete and check TOML.

use serde_json::{Map, Value, json};

use crate::keys::{self, Key, Kind, Place, Status};
use crate::pass::defaults::NOT_ITS;
use crate::{Failure, print};

/// What `schema` is told.
#[derive(Clone, Copy, Debug, clap::Args)]
pub struct Arguments {
    /// Which file's
    #[arg(value_enum, default_value_t = Of::Graph)]
    of: Of,
}

/// Files that have a schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Of {
    /// Graphs
    Graph,
    /// The `component.toml` beside a component's crate, which says its defaults
    Defaults,
}

/// Prints the schema.
///
/// # Errors
///
/// None: it takes nothing that could be wrong.
pub fn run(arguments: Arguments) -> Result<(), Failure> {
    print::line(format_args!("{:#}", schema(arguments.of)));
    Ok(())
}

/// The schema, from the table from which both files are parsed.
pub fn schema(of: Of) -> Value {
    let tables = keys::PLACES.iter().map(|place| (definition(*place), table(*place)));
    let mut tables: Map<_, _> = tables.collect();
    let (title, definition) = match of {
        Of::Graph => ("Tessera graph file", definition(Place::File)),
        Of::Defaults => {
            tables.insert(DEFAULTS.into(), defaults());
            ("Defaults of a Tessera component", DEFAULTS.into())
        }
    };
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": title,
        "$ref": format!("#/$defs/{definition}"),
        "$defs": tables,
    })
}

/// The name of the definition of [`defaults`].
const DEFAULTS: &str = "defaults";

/// Of a component, what it can say itself.
fn defaults() -> Value {
    let its = keys::of(Place::Component).filter(|key| !NOT_ITS.contains(&key.name));
    let properties: Map<_, _> = its.map(|key| (key.name.to_owned(), property(key))).collect();
    json!({ "type": "object", "properties": properties, "additionalProperties": false })
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
        Kind::Address => json!({ "type": ["integer", "string"], "pattern": "^0[xX]_*[0-9a-fA-F][0-9a-fA-F_]*$" }),
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
        let schema = schema(Of::Graph);
        for key in keys::KEYS {
            let found = schema.pointer(&format!("/$defs/{}/properties/{}", definition(key.place), key.name));
            assert!(found.is_some(), "{:?} {}", key.place, key.name);
        }
    }

    #[test]
    fn every_reference_leads_somewhere() {
        let schema = schema(Of::Graph);
        let text = schema.to_string();
        for reference in text.split("#/$defs/").skip(1).filter_map(|rest| rest.split('"').next()) {
            assert!(schema.pointer(&format!("/$defs/{reference}")).is_some(), "{reference}");
        }
    }

    #[test]
    fn a_component_says_of_itself_what_is_its_own() {
        let schema = schema(Of::Defaults);
        let says = |key: &str| schema.pointer(&format!("/$defs/defaults/properties/{key}")).is_some();
        assert!(["stack", "recursion", "params", "memory"].into_iter().all(says));
        assert!(!NOT_ITS.into_iter().any(says));
        assert_eq!(schema.pointer("/$ref"), Some(&json!("#/$defs/defaults")));
    }

    #[test]
    fn addresses_are_numbers_or_texts_that_say_one() {
        let address = schema(Of::Graph).pointer("/$defs/component/properties/baseaddr").cloned().unwrap();
        assert_eq!(address["pattern"], json!("^0[xX]_*[0-9a-fA-F][0-9a-fA-F_]*$"));
    }

    #[test]
    fn what_must_be_there_is_required() {
        assert_eq!(schema(Of::Graph).pointer("/$defs/dependency/required"), Some(&json!(["srv", "interface"])));
        assert_eq!(
            schema(Of::Graph).pointer("/$defs/fault/properties/policy/enum"),
            Some(&json!(["unwind", "end", "recreate"]))
        );
    }
}
