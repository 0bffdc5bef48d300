//! The edges: an import of the client's image bound to an export of the server's.

use std::collections::{HashMap, HashSet};

use abi::record::RecordKind;

use super::{Edge, Handler, PageEnds, describe, export_name, page, records};
use crate::code;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::elf::{Image, Record};
use crate::graph::{Component, Dependency, Graph};
use crate::suggest;

/// Binds every dependency of `client`, and complains of every import that is left.
pub fn bind(graph: &Graph, client: &Component, image: &Image, images: &[Image], found: &mut Diagnostics) -> Vec<Edge> {
    let mut edges = Vec::new();
    let imports = imports(image);
    let pages: HashMap<&str, &Record> =
        records(image, RecordKind::PageImport).map(|record| (record.name.as_str(), record)).collect();
    // The slots of imports, and interfaces.
    let (mut bound, mut misnamed) = (HashSet::new(), HashSet::new());
    for dependency in &client.deps {
        let Some(import) = imports.get(&wanted(dependency)) else {
            misnamed.insert(dependency.interface.value.as_str());
            found.push(no_such_import(client, image, dependency));
            continue;
        };
        bound.insert(import.first);
        let Some(server) = graph.components.get(dependency.server) else { continue };
        let Some(export) = images.get(dependency.server).and_then(|image| find_export(image, dependency)) else {
            // The server's `implements` says the same; the complaint is made there.
            continue;
        };
        if !agree(client, import, server, export, dependency, found) {
            continue;
        }
        let slot = pages.get(import.name.as_str()).copied();
        let Ok(page) = page::bind(client, (import, slot), images.get(dependency.server), export, dependency, found)
        else {
            continue;
        };
        let methods = permit(export, dependency, found);
        let posts = slot.filter(|_| page.is_none()).map(|slot| slot.first);
        edges.extend(methods.map(|methods| edge(import, export, dependency, methods, (page, posts))));
    }
    // An import that the graph misnames was complained of already.
    let left = records(image, RecordKind::Import).filter(|import| !misnamed.contains(&import.import().0));
    let needed = left.filter(|import| import.second == 0);
    for import in needed.filter(|import| !bound.contains(&import.first)) {
        found.push(unbound(graph, client, import));
    }
    edges
}

/// Binds the edge to a handler of faults or system calls. `None` if there is none, or one that was complained of.
pub fn bind_handler(
    graph: &Graph,
    dependency: Option<&Dependency>,
    images: &[Image],
    found: &mut Diagnostics,
) -> Option<Handler> {
    let dependency = dependency?;
    let server = graph.components.get(dependency.server)?;
    // That there is none was complained of where the server's `implements` is.
    let export = find_export(images.get(dependency.server)?, dependency)?;
    if export.schema != abi::fault::SCHEMA {
        found.push(other_contract(server, dependency, export));
        return None;
    }
    Some(Handler { interface: export.name.clone(), server: dependency.server, entry: export.second })
}

fn other_contract(server: &Component, dependency: &Dependency, export: &Record) -> Diagnostic {
    let (server, interface) = (describe(server), &dependency.interface.value);
    let message = format!("{server} was built with another version of `{interface}` than the kernel's");
    let (ours, theirs) = first_difference(abi::fault::SCHEMA, &export.schema);
    let help = format!(
        "the kernel calls {ours}\n{server} serves {theirs}\nbuild it with this version of the interface's crate"
    );
    Diagnostic::error(code::SCHEMA_MISMATCH, message).label(&dependency.span, "this edge").help(help)
}

/// The imports of an image by interface and name; the first of several that are called the same.
fn imports(image: &Image) -> HashMap<(&str, Option<&str>), &Record> {
    let mut imports = HashMap::new();
    for record in records(image, RecordKind::Import) {
        imports.entry(record.import()).or_insert(record);
    }
    imports
}

/// What the client's image is to call the import of this dependency.
fn wanted(dependency: &Dependency) -> (&str, Option<&str>) {
    (&dependency.interface.value, dependency.import.as_ref().map(|import| import.value.as_str()))
}

fn no_such_import(client: &Component, image: &Image, dependency: &Dependency) -> Diagnostic {
    let interface = dependency.interface.value.as_str();
    let imports = records(image, RecordKind::Import);
    let mut of_interface = imports.clone().filter(|record| record.import().0 == interface).peekable();
    let (message, help) = if of_interface.peek().is_some() {
        let names: Vec<_> = of_interface.map(how_to_name).collect();
        let message = format!("the image of {} does not import `{interface}` by this name", describe(client));
        (message, Some(format!("write {}", names.join(" or "))))
    } else {
        let message = format!("the image of {} does not call `{interface}`", describe(client));
        (message, suggest::help(interface, imports.map(|record| record.import().0).collect::<Vec<_>>()))
    };
    let place = dependency.import.as_ref().unwrap_or(&dependency.interface);
    Diagnostic::error(code::NO_SUCH_IMPORT, message).label(&place.span, "").maybe_help(help)
}

fn how_to_name(import: &Record) -> String {
    match import.import().1 {
        Some(name) => format!("`import = \"{name}\"`"),
        None => "no `import`".to_owned(),
    }
}

fn find_export<'a>(server: &'a Image, dependency: &Dependency) -> Option<&'a Record> {
    let variant = dependency.variant.as_ref().map(|variant| variant.value.as_str());
    let name = export_name(&dependency.interface.value, variant);
    records(server, RecordKind::Export).find(|record| record.name == name)
}

fn agree(
    client: &Component,
    import: &Record,
    server: &Component,
    export: &Record,
    dependency: &Dependency,
    found: &mut Diagnostics,
) -> bool {
    if import.schema == export.schema {
        return true;
    }
    let (client, server) = (describe(client), describe(server));
    let message =
        format!("{client} and {server} were built with different versions of `{}`", dependency.interface.value);
    let (ours, theirs) = first_difference(&import.schema, &export.schema);
    let help = format!(
        "{client} calls  {ours}\n{server} serves {theirs}\nbuild both with one version of the interface's crate"
    );
    found.push(Diagnostic::error(code::SCHEMA_MISMATCH, message).label(&dependency.span, "this edge").help(help));
    false
}

fn first_difference<'a>(ours: &'a str, theirs: &'a str) -> (&'a str, &'a str) {
    let longer = ours.lines().count().max(theirs.lines().count());
    let line = |text: &'a str, at| text.lines().nth(at).unwrap_or("(no such method)");
    let pairs = (0..longer).map(|at| (line(ours, at), line(theirs, at)));
    pairs.into_iter().find(|(ours, theirs)| ours != theirs).unwrap_or(("", ""))
}

/// The mask and the names of the methods that the dependency permits.
fn permit(export: &Record, dependency: &Dependency, found: &mut Diagnostics) -> Option<(u64, Vec<String>)> {
    let all: Vec<&str> = export.methods().collect();
    let Some(chosen) = &dependency.methods else {
        let mask = (0..all.len()).fold(0, |mask, at| mask | 1 << at);
        return Some((mask, all.into_iter().map(str::to_owned).collect()));
    };
    let mut mask = 0u64;
    let mut sound = true;
    for method in chosen {
        match all.iter().position(|name| *name == method.value) {
            Some(at) => mask |= 1 << at,
            None => {
                sound = false;
                let message = format!("`{}` has no method `{}`", dependency.interface.value, method.value);
                let help = suggest::help(&method.value, all.iter().copied());
                found.push(Diagnostic::error(code::UNKNOWN_METHOD, message).label(&method.span, "").maybe_help(help));
            }
        }
    }
    let permitted = all.iter().enumerate().filter(|(at, _)| mask & 1 << at != 0);
    sound.then(|| (mask, permitted.map(|(_, name)| (*name).to_owned()).collect()))
}

fn edge(
    import: &Record,
    export: &Record,
    dependency: &Dependency,
    methods: (u64, Vec<String>),
    (page, posts): (Option<PageEnds>, Option<u64>),
) -> Edge {
    let trust = dependency.trust;
    Edge {
        interface: export.name.clone(),
        server: dependency.server,
        slot: import.first,
        entry: if trust.client { export.first } else { export.second },
        methods: methods.0,
        method_names: methods.1,
        clears_registers: !trust.server,
        server_clears_registers: !trust.client,
        page,
        posts,
    }
}

fn unbound(graph: &Graph, client: &Component, import: &Record) -> Diagnostic {
    let (interface, name) = import.import();
    let import_key = name.map_or_else(String::new, |name| format!(", import = \"{name}\""));
    let message = format!("{} imports `{}`, the graph gives it no server", describe(client), import.name);
    let implements = |other: &&Component| other.implements.iter().any(|offer| offer.interface.value == interface);
    let server = graph.components.iter().find(implements).map_or("...", |server| &server.name.value);
    let help = format!("add to its deps: {{ srv = \"{server}\", interface = \"{interface}\"{import_key} }}");
    Diagnostic::error(code::UNBOUND_IMPORT, message).label(&client.name.span, "").help(help)
}
