//! Finding the component crate that an image's name stands for.
//!
//! A name with a slash is a path, relative to the graph file. Any other is a package: of the workspace in which the
//! graph file lies (if it lies in none, the current directory's), or of Tessera.

use std::path::{Path, PathBuf};

use crate::cargo::{Package, Workspace, describe};
use crate::code;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::graph::Graph;
use crate::suggest;

/// A binary of a package, and where it is built.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Binary {
    /// Root of the workspace.
    pub workspace: PathBuf,
    /// The workspace's target directory.
    pub target: PathBuf,
    /// The package.
    pub package: String,
    /// The binary.
    pub name: String,
}

/// Where everything is that a system is built from.
#[derive(Clone, Debug)]
pub struct Located {
    /// The kernel.
    pub kernel: Binary,
    /// The components' images, in the order of [`Graph::components`].
    pub components: Vec<Binary>,
    /// The target directory of the workspace in which the graph lies, or of Tessera.
    pub target: PathBuf,
}

/// Finds the kernel and all images of `graph`. `None` if one is missing.
pub fn locate(graph: &Graph, search: &mut Search, found: &mut Diagnostics) -> Option<Located> {
    let kernel = search.kernel(found);
    let mut components = Vec::new();
    for component in &graph.components {
        match search.image(&component.img.value) {
            Ok(binary) => components.push(binary),
            Err(problem) => found.push(problem.diagnostic(&component.name.value, &component.img)),
        }
    }
    let target = search.workspaces.first().map(|workspace| workspace.target_directory.clone());
    (components.len() == graph.components.len()).then_some(())?;
    Some(Located { kernel: kernel?, components, target: target? })
}

/// Why a name stands for no image.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Problem {
    /// No package has the name.
    Unknown { help: Option<String> },
    /// The package has no binary.
    NoBinary { package: String },
    /// The package has several binaries, none of which is named like it.
    SeveralBinaries { package: String },
    /// Cargo does not understand the directory.
    Cargo { message: String },
}

impl Problem {
    fn diagnostic(self, component: &str, img: &crate::graph::Spanned<String>) -> Diagnostic {
        let name = &img.value;
        let (code, message, help) = match self {
            Self::Unknown { help } => (code::UNKNOWN_CRATE, format!("there is no component crate `{name}`"), help),
            Self::NoBinary { package } => {
                let help = "an image is a [[bin]] target; see components/README.md".into();
                (code::NO_IMAGE, format!("the crate `{package}` has no image"), Some(help))
            }
            Self::SeveralBinaries { package } => {
                let help = format!("name the image's [[bin]] target `{package}`");
                (code::NO_IMAGE, format!("the crate `{package}` has several binaries"), Some(help))
            }
            Self::Cargo { message } => {
                (code::BAD_WORKSPACE, format!("cargo does not understand `{name}`: {message}"), None)
            }
        };
        Diagnostic::error(code, message).label(&img.span, format!("the image of `{component}`")).maybe_help(help)
    }
}

fn bad_workspace(message: &str) -> Diagnostic {
    let complaint =
        Diagnostic::error(code::BAD_WORKSPACE, format!("cargo does not understand the workspace: {message}"));
    complaint.help("a graph's workspace is that of the nearest Cargo.toml in a directory around it")
}

/// Where images are looked for.
#[derive(Clone, Debug)]
pub struct Search {
    directory: PathBuf,
    /// The graph's own workspace first, Tessera last.
    workspaces: Vec<Workspace>,
}

impl Search {
    /// For the images of the graph file `file`. `None` if a workspace is broken.
    pub fn new(file: &Path, found: &mut Diagnostics) -> Option<Self> {
        let directory = directory_of(file);
        let mut workspaces = Vec::new();
        let own = manifest_above(&directory).or_else(|| manifest_above(Path::new(".")));
        let ours = Some(tessera()).filter(|ours| ours.canonicalize().ok() != own);
        for manifest in own.into_iter().chain(ours) {
            match describe(&manifest) {
                Ok(workspace) => workspaces.push(workspace),
                Err(message) => found.push(bad_workspace(&message)),
            }
        }
        (!found.has_errors()).then_some(())?;
        workspaces.dedup_by(|next, first| next.root == first.root);
        Some(Self { directory, workspaces })
    }

    /// The directory of the crate that `image` names, if there is one.
    pub fn crate_directory(&self, image: &str) -> Option<PathBuf> {
        if image.contains('/') {
            return Some(self.directory.join(image));
        }
        let mut packages = self.workspaces.iter().flat_map(|workspace| &workspace.packages);
        let package = packages.find(|package| package.name == image)?;
        package.manifest_path.parent().map(Path::to_path_buf)
    }

    fn kernel(&self, found: &mut Diagnostics) -> Option<Binary> {
        let tessera = self.workspaces.last()?;
        let package = tessera.packages.iter().find(|package| package.name == "kernel");
        let kernel = package.and_then(|package| binary(tessera, package).ok());
        if kernel.is_none() {
            let message = format!("{} has no kernel", tessera.root.display());
            found.push(Diagnostic::error(code::BAD_WORKSPACE, message));
        }
        kernel
    }

    fn image(&mut self, name: &str) -> Result<Binary, Problem> {
        if name.contains('/') { self.at_path(name) } else { self.package(name) }
    }

    fn package(&self, name: &str) -> Result<Binary, Problem> {
        for workspace in &self.workspaces {
            if let Some(package) = workspace.packages.iter().find(|package| package.name == name) {
                return binary(workspace, package);
            }
        }
        let packages = self.workspaces.iter().flat_map(|workspace| &workspace.packages);
        let images = packages.filter(|package| package.binaries().next().is_some() && package.name != "composer");
        let names: Vec<&str> = images.map(|package| package.name.as_str()).collect();
        Err(Problem::Unknown { help: suggest::help(name, names) })
    }

    fn at_path(&mut self, name: &str) -> Result<Binary, Problem> {
        let manifest = self.directory.join(name).join("Cargo.toml");
        let manifest = manifest
            .canonicalize()
            .map_err(|_| Problem::Unknown { help: Some(format!("there is no {}", manifest.display())) })?;
        let workspace = describe(&manifest).map_err(|message| Problem::Cargo { message })?;
        let here = |package: &&Package| package.manifest_path.canonicalize().is_ok_and(|path| path == manifest);
        match workspace.packages.iter().find(here) {
            Some(package) => binary(&workspace, package),
            None => Err(Problem::Unknown { help: Some("the directory is a workspace, not a package".into()) }),
        }
    }
}

fn directory_of(file: &Path) -> PathBuf {
    let parent = file.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    parent.canonicalize().unwrap_or_else(|_| parent.into())
}

/// The nearest manifest in the directory or above it.
pub fn manifest_above(directory: &Path) -> Option<PathBuf> {
    let directory = directory.canonicalize().ok()?;
    directory.ancestors().map(|directory| directory.join("Cargo.toml")).find(|manifest| manifest.is_file())
}

/// The manifest of Tessera.
pub fn tessera() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../Cargo.toml")
}

/// The package's image: its only binary, or the one that is named like it.
fn binary(workspace: &Workspace, package: &Package) -> Result<Binary, Problem> {
    let names: Vec<&str> = package.binaries().collect();
    let package = package.name.clone();
    let name = match names[..] {
        [] => return Err(Problem::NoBinary { package }),
        [name] => name.to_owned(),
        _ if names.contains(&package.as_str()) => package.clone(),
        _ => return Err(Problem::SeveralBinaries { package }),
    };
    Ok(Binary { workspace: workspace.root.clone(), target: workspace.target_directory.clone(), package, name })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::Source;
    use crate::{LoadOptions, judge};

    /// A workspace of one package, with the binaries that are named.
    fn workspace(directory: &Path, package: &str, binaries: &[&str]) {
        let source = directory.join("src");
        std::fs::create_dir_all(&source).unwrap();
        std::fs::write(source.join("lib.rs"), "").unwrap();
        let mut manifest = format!("[package]\nname = \"{package}\"\nedition = \"2024\"\n[workspace]\n");
        for binary in binaries {
            std::fs::write(source.join(format!("{binary}.rs")), "fn main() {}").unwrap();
            manifest += &format!("[[bin]]\nname = \"{binary}\"\npath = \"src/{binary}.rs\"\n");
        }
        std::fs::write(directory.join("Cargo.toml"), manifest).unwrap();
    }

    /// Where the images of a graph in `directory` are, or all complaints as text.
    fn located(directory: &Path, image: &str) -> Result<Located, String> {
        let text = format!(
            "[system]\ndescription = \"a test\"\n[[components]]\nname = \"a\"\nconstructor = \"kernel\"\nimg = \"{image}\"\n"
        );
        let source = Source { path: directory.join("graph.toml"), text };
        let loaded = judge(source, LoadOptions { graph_only: false });
        loaded.map(|loaded| loaded.located.unwrap()).map_err(|failure| failure.diagnostics.render(&failure.source))
    }

    #[test]
    fn the_graphs_own_workspace_comes_first() {
        let place = temp_dir::TempDir::new().unwrap();
        workspace(place.path(), "ping", &["ping"]);
        let located = located(place.path(), "ping").unwrap();
        assert_eq!(located.components[0].workspace, place.path().canonicalize().unwrap());
        assert_ne!(located.kernel.workspace, located.components[0].workspace);
        assert_eq!(located.target, located.components[0].target);
    }

    #[test]
    fn tessera_has_the_rest() {
        let place = temp_dir::TempDir::new().unwrap();
        workspace(place.path(), "mine", &["mine"]);
        let located = located(place.path(), "ping").unwrap();
        assert_eq!(located.components[0].workspace, located.kernel.workspace);
    }

    #[test]
    fn a_path_is_relative_to_the_graph() {
        let place = temp_dir::TempDir::new().unwrap();
        workspace(&place.path().join("there"), "mine", &["other", "mine"]);
        let located = located(place.path(), "./there").unwrap();
        assert_eq!((located.components[0].package.as_str(), located.components[0].name.as_str()), ("mine", "mine"));
    }

    #[test]
    fn what_is_no_image_is_complained_of() {
        let place = temp_dir::TempDir::new().unwrap();
        workspace(place.path(), "mine", &[]);
        workspace(&place.path().join("two"), "two", &["first", "second"]);
        std::fs::create_dir_all(place.path().join("broken")).unwrap();
        std::fs::write(place.path().join("broken/Cargo.toml"), "[package\n").unwrap();
        for (image, parts) in [
            ("pign", ["[E0501]", "there is no component crate `pign`", "did you mean `ping`?"]),
            ("./nowhere", ["[E0501]", "there is no component crate `./nowhere`", "graph.toml:6:7"]),
            ("mine", ["[E0502]", "the crate `mine` has no image", "components/README.md"]),
            ("./two", ["[E0502]", "the crate `two` has several binaries", "name the image's [[bin]] target `two`"]),
            ("./broken", ["[E0504]", "cargo does not understand `./broken`", "graph.toml:6:7"]),
        ] {
            let complaints = located(place.path(), image).unwrap_err();
            for part in parts {
                assert!(complaints.contains(part), "`{part}` is not in:\n{complaints}");
            }
        }
    }
}
