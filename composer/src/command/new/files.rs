//! The files of what is new, and how they are filled in.

use std::path::{Path, PathBuf};

use crate::cargo::{self, Workspace};
use crate::locate;

/// The files of a component.
pub const COMPONENT: [(&str, &str); 4] = [
    ("Cargo.toml", include_str!("templates/component.manifest")),
    ("build.rs", include_str!("templates/component.build")),
    ("src/lib.rs", include_str!("templates/component.lib")),
    ("src/main.rs", include_str!("templates/component.main")),
];

/// The files of an interface.
pub const INTERFACE: [(&str, &str); 2] = [
    ("Cargo.toml", include_str!("templates/interface.manifest")),
    ("src/lib.rs", include_str!("templates/interface.lib")),
];

/// The graph of a system.
pub const GRAPH: &str = include_str!("templates/system.graph");

/// The manifest of a workspace.
pub const WORKSPACE: &str = include_str!("templates/workspace.manifest");

/// Where something new belongs to.
#[derive(Clone, Debug)]
pub struct Home {
    /// Whether that is Tessera itself, where dependencies are the workspace's.
    pub is_tessera: bool,
    /// The directory of Tessera.
    tessera: PathBuf,
}

impl Home {
    /// Where something new in `place` belongs to: to Tessera, in whichever directory that is, or to a workspace that uses the one with this
    /// composer.
    pub fn of(place: &Path) -> Self {
        let around = locate::manifest_above(place).and_then(|manifest| cargo::describe(&manifest).ok());
        if let Some(workspace) = around.filter(is_tessera) {
            return Self { is_tessera: true, tessera: workspace.root };
        }
        let manifest = locate::tessera();
        let tessera = manifest.parent().and_then(|root| root.canonicalize().ok()).unwrap_or_default();
        Self { is_tessera: false, tessera }
    }

    /// The names that packages have there already.
    pub fn packages(&self) -> Vec<String> {
        let workspace = cargo::describe(&self.tessera.join("Cargo.toml"));
        workspace
            .map(|workspace| workspace.packages.into_iter().map(|package| package.name).collect())
            .unwrap_or_default()
    }

    /// Where such things lie: in Tessera at their own place, else in `place`.
    pub fn directory(&self, place: &Path, ours: &str) -> PathBuf {
        if self.is_tessera { self.tessera.join(ours) } else { place.into() }
    }

    /// A dependency on the crate `name` of Tessera, which lies at `path` there.
    fn dependency(&self, name: &str, path: &str) -> String {
        if self.is_tessera {
            return format!("{name}.workspace = true");
        }
        format!("{name} = {{ path = {:?} }}", self.tessera.join(path).display().to_string())
    }

    const fn package(&self) -> &'static str {
        if self.is_tessera {
            "version.workspace = true\nedition.workspace = true\nrust-version.workspace = true\nlicense.workspace = true\npublish.workspace = true\n"
        } else {
            "version = \"0.1.0\"\nedition = \"2024\"\n"
        }
    }

    const fn lints(&self) -> &'static str {
        if self.is_tessera { "\n[lints]\nworkspace = true" } else { "" }
    }
}

/// Whether a workspace is Tessera's own: it has the kernel, and the composer.
fn is_tessera(workspace: &Workspace) -> bool {
    ["kernel", "composer"].iter().all(|name| workspace.packages.iter().any(|package| package.name == *name))
}

/// The template with everything in double braces replaced.
pub fn fill(template: &str, name: &str, home: &Home) -> String {
    let mut text = String::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once("{{") {
        let (key, after) = after.split_once("}}").unwrap_or((after, ""));
        text += before;
        text += &value(key, name, home);
        rest = after;
    }
    (text + rest).trim_end().to_owned() + "\n"
}

fn value(key: &str, name: &str, home: &Home) -> String {
    let words: Vec<&str> = key.split(' ').collect();
    match words[..] {
        ["name"] => name.into(),
        ["crate"] => name.replace('-', "_"),
        ["type"] => type_name(name),
        ["package"] => home.package().into(),
        ["lints"] => home.lints().into(),
        ["dependency", krate, path] => home.dependency(krate, path),
        _ => String::new(),
    }
}

/// A trait's name: `block-store` becomes `BlockStore`.
fn type_name(name: &str) -> String {
    let capital = |word: &str| {
        let mut letters = word.chars();
        letters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(letters).collect::<String>()
    };
    name.split(['-', '_']).map(capital).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn traits_are_named_as_rust_names_them() {
        assert_eq!(type_name("block-store_2"), "BlockStore2");
        assert_eq!(type_name("pong"), "Pong");
    }

    #[test]
    fn nothing_is_left_to_fill_in() {
        let home = |is_tessera| Home { is_tessera, tessera: "/tessera".into() };
        for (file, template) in COMPONENT.iter().chain(&INTERFACE).chain(&[("graph", GRAPH)]) {
            for home in [home(true), home(false)] {
                let text = fill(template, "block-store", &home);
                assert!(!text.contains("{{") && !text.contains("}}"), "{file}: {text}");
            }
        }
    }
}
