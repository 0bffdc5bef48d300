//! What a file says once for many components: templates, numbers of instances, and the defaults beside the components'
//! crates. Afterwards every component of the file says everything itself.

use std::collections::HashMap;
use std::ops::Range;

use super::shape::{Fields, List, Value};
use crate::code::{DUPLICATE_TEMPLATE, NO_INSTANCES, UNKNOWN_TEMPLATE, UNUSED_TEMPLATE};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::graph::Spanned;
use crate::suggest;
use crate::text::quote;

/// What stands for the number of an instance.
pub const NUMBER: &str = "{n}";

/// Components that are written out, about.
const MOST: usize = 2 * abi::layout::THREADS as usize;

/// Writes out all that `file` says once for many. `defaults` knows what lies beside the crate of an image.
pub fn expand(
    file: &mut Fields,
    mut defaults: impl FnMut(&Spanned<String>, &mut Diagnostics) -> Option<Fields>,
    found: &mut Diagnostics,
) {
    let templates = Templates::of(file, found);
    let mut used = Vec::new();
    let Some(components) = file.list_mut("components") else { return };
    for component in &mut components.items {
        let Value::Fields(fields) = &mut component.value else { continue };
        if let Some(name) = text(fields, "template") {
            used.push(name.value.clone());
            templates.complete(fields, &name, found);
        }
        let image = text(fields, "img").or_else(|| text(fields, "name"));
        if let Some((image, given)) = image.and_then(|image| Some((image.clone(), defaults(&image, found)?))) {
            fields.complete(&given, Some(&image.span));
        }
    }
    write_out(components, found);
    templates.warn_of_unused(&used, found);
}

struct Templates {
    all: Vec<(Spanned<String>, Fields)>,
}

impl Templates {
    fn of(file: &Fields, found: &mut Diagnostics) -> Self {
        let items = match file.get("templates") {
            Some(Spanned { value: Value::List(list), .. }) => list.items.as_slice(),
            _ => &[],
        };
        let mut all: Vec<(Spanned<String>, Fields)> = Vec::new();
        let mut seen: HashMap<String, Range<usize>> = HashMap::new();
        for item in items {
            let Value::Fields(fields) = &item.value else { continue };
            let Some(name) = text(fields, "name") else { continue };
            match seen.get(&name.value) {
                Some(first) => found.push(duplicate(&name, first)),
                None => {
                    seen.insert(name.value.clone(), name.span.clone());
                    all.push((name, fields.clone().without("name").without("template")));
                }
            }
        }
        Self { all }
    }

    fn complete(&self, fields: &mut Fields, name: &Spanned<String>, found: &mut Diagnostics) {
        match self.all.iter().find(|(template, _)| template.value == name.value) {
            Some((_, template)) => fields.complete(template, None),
            None => {
                let complaint = Diagnostic::error(UNKNOWN_TEMPLATE, format!("unknown template {}", quote(&name.value)));
                let names = self.all.iter().map(|(template, _)| template.value.as_str());
                let help = suggest::help(&name.value, names.collect::<Vec<_>>());
                found.push(complaint.label(&name.span, "no template has this name").maybe_help(help));
            }
        }
    }

    fn warn_of_unused(&self, used: &[String], found: &mut Diagnostics) {
        for (name, _) in self.all.iter().filter(|(name, _)| !used.contains(&name.value)) {
            let message = format!("no component takes anything from the template `{}`", name.value);
            found.push(Diagnostic::warning(UNUSED_TEMPLATE, message).label(&name.span, "never used"));
        }
    }
}

fn duplicate(name: &Spanned<String>, first: &Range<usize>) -> Diagnostic {
    let complaint = Diagnostic::error(DUPLICATE_TEMPLATE, format!("two templates are named `{}`", name.value));
    complaint.label(&name.span, "the second one").label(first, "the first one")
}

/// As many components as each says, with their numbers in all texts.
fn write_out(components: &mut List, found: &mut Diagnostics) {
    let mut all = Vec::new();
    for component in std::mem::take(&mut components.items) {
        let Value::Fields(fields) = &component.value else { continue };
        let count = match fields.get("count") {
            Some(Spanned { value: Value::Number(count), .. }) => *count,
            _ => {
                found.extend(numberless(fields));
                all.push(component);
                continue;
            }
        };
        let fields = fields.clone().without("count");
        // There are more than there can be: others say so.
        let count = if all.len() > MOST { 1 } else { count };
        all.extend((0..count).map(|number| {
            let fields = fields.with_texts(&|text: &str| text.replace(NUMBER, &number.to_string()));
            Spanned { value: Value::Fields(fields), span: component.span.clone() }
        }));
    }
    components.items = all;
}

/// A name with the number of an instance, where there is only one.
fn numberless(fields: &Fields) -> Option<Diagnostic> {
    let name = text(fields, "name").filter(|name| name.value.contains(NUMBER))?;
    let message = format!("{} is numbered, and the only one", quote(&name.value));
    let complaint = Diagnostic::error(NO_INSTANCES, message).label(&name.span, "which instance?");
    Some(complaint.help("say how many there are: `count = NUMBER`"))
}

fn text(fields: &Fields, key: &str) -> Option<Spanned<String>> {
    match fields.get(key)? {
        Spanned { value: Value::Text(text), span } => Some(Spanned { value: text.clone(), span: span.clone() }),
        _ => None,
    }
}
