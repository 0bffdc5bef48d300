//! Where functions lie in a composed system.

use std::ops::Range;
use std::path::Path;

use composer::command::build::{Arguments, System, compose};
use libtest_mimic::Failed;
use object::{Object, ObjectSymbol, SymbolKind};

/// Composes a graph into a directory, by this process.
///
/// # Errors
///
/// What is wrong with the graph or the build.
pub fn composed(graph: &Path, directory: &Path) -> Result<System, Failed> {
    let arguments = Arguments { file: graph.into(), output: Some(directory.into()) };
    Ok(compose(&arguments).map_err(|failure| failure.diagnostics.render(&failure.source))?)
}

/// Where the one function of the kernel lies in whose symbol's name this part is.
///
/// # Errors
///
/// There is none.
pub fn of_kernel(system: &System, part: &str) -> Result<Range<u64>, Failed> {
    function(&system.images.kernel, part, 0)
}

/// Where such a function of a component lies.
///
/// # Errors
///
/// There is none.
pub fn of_component(system: &System, component: &str, part: &str) -> Result<Range<u64>, Failed> {
    let components = &system.loaded.graph.components;
    let at = components.iter().position(|one| one.name.value == component).ok_or("there is no such component")?;
    let elf = system.images.components.get(at).ok_or("it has no image")?;
    function(elf, part, *system.shifts.get(at).ok_or("it is nowhere")?)
}

/// In an ELF file that lies `shift` behind where it says.
fn function(elf: &[u8], part: &str, shift: u64) -> Result<Range<u64>, Failed> {
    let file = object::File::parse(elf)?;
    let is_it = |name: &str| name.contains(part);
    let mut code = file.symbols().filter(|symbol| symbol.kind() == SymbolKind::Text);
    let symbol = code.find(|symbol| symbol.name().is_ok_and(is_it)).ok_or_else(|| format!("there is no `{part}`"))?;
    let start = symbol.address().wrapping_add(shift);
    Ok(start..start + symbol.size())
}
