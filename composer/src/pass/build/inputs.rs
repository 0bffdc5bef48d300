//! What an image was built from, by the words of cargo and the compiler: files, and variables of the environment.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use crate::fresh::{self, Inputs};

/// What these programs of a workspace were built from. `None` if cargo does not say.
pub fn of(workspace: &Path, programs: &[PathBuf]) -> Option<Inputs> {
    let mut files = BTreeSet::from([workspace.join("Cargo.toml"), workspace.join("Cargo.lock"), workspace.to_owned()]);
    let mut variables = BTreeSet::new();
    for program in programs {
        let sources = sources(&fs::read_to_string(program.with_extension("d")).ok()?)?;
        files.extend(sources.iter().filter_map(|source| manifest(source)));
        files.extend(sources);
    }
    // A crate that gets a build script gets it beside its manifest.
    let beside: Vec<_> = files.iter().filter(|file| file.ends_with("Cargo.toml")).cloned().collect();
    files.extend(beside.iter().filter_map(|manifest| Some(manifest.parent()?.to_owned())));
    let directories: BTreeSet<_> = programs.iter().filter_map(|program| program.parent()).collect();
    for directory in directories {
        variables.extend(read_by_sources(&directory.join("deps")));
        variables.extend(read_by_scripts(&directory.join("build")));
    }
    files.extend(fresh::toolchain(workspace));
    Some(Inputs { files, results: programs.iter().cloned().collect(), variables })
}

/// The files that a rule of cargo's names behind its colon. Spaces in names have a backslash before them.
fn sources(rule: &str) -> Option<BTreeSet<PathBuf>> {
    let (_, sources) = rule.lines().next()?.split_once(": ")?;
    let names = sources.replace("\\ ", "\0");
    Some(names.split(' ').filter(|name| !name.is_empty()).map(|name| PathBuf::from(name.replace('\0', " "))).collect())
}

/// The manifest of the crate that a source belongs to.
fn manifest(source: &Path) -> Option<PathBuf> {
    source.ancestors().skip(1).map(|directory| directory.join("Cargo.toml")).find(|manifest| manifest.is_file())
}

/// The variables that sources read when they are compiled, other than those that cargo sets.
fn read_by_sources(directory: &Path) -> BTreeSet<String> {
    let rules = files(directory).filter(|file| file.extension().is_some_and(|extension| extension == "d"));
    let rules: Vec<String> = rules.filter_map(|rule| fs::read_to_string(rule).ok()).collect();
    let names = rules.iter().flat_map(|rule| rule.lines()).filter_map(|line| line.strip_prefix("# env-dep:"));
    let names = names.map(|name| name.split('=').next().unwrap_or(name));
    names.filter(|name| !name.starts_with("CARGO") && *name != "OUT_DIR").map(str::to_owned).collect()
}

/// The variables that build scripts read.
fn read_by_scripts(directory: &Path) -> BTreeSet<String> {
    let outputs = files(directory).filter_map(|script| fs::read_to_string(script.join("output")).ok());
    let names = |output: String| -> Vec<String> {
        output
            .lines()
            .filter_map(|line| line.split_once("rerun-if-env-changed="))
            .map(|(_, name)| name.into())
            .collect()
    };
    outputs.flat_map(names).collect()
}

fn files(directory: &Path) -> impl Iterator<Item = PathBuf> {
    let entries = fs::read_dir(directory).into_iter().flatten();
    entries.filter_map(|entry| Some(entry.ok()?.path()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_names_its_sources() {
        let sources = sources("/t/ping: /a/src/lib.rs /a\\ b/src/main.rs\n\n/a/src/lib.rs:\n").unwrap();
        assert_eq!(sources, [PathBuf::from("/a b/src/main.rs"), PathBuf::from("/a/src/lib.rs")].into());
        assert_eq!(super::sources("no rule"), None);
    }
}
