//! Who is protected from whom.

use std::fmt::{self, Write};

use serde::Serialize;

use crate::graph::Graph;

/// What holds of memory between components.
pub const STANCE: &str = "Memory of a component is reached by itself alone, unless it shares an address space: then by all \
                          components in that, and in those inside it. What may be called is as the capabilities say, there too.";

/// An address space that components share.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AddressSpace {
    /// Its name.
    pub name: String,
    /// The one around it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent: Option<String>,
    /// The components in it.
    pub components: Vec<String>,
    /// Components in those around it, whose memory they reach as well.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub reaches: Vec<String>,
}

/// The address spaces that components of `graph` share.
pub fn spaces(graph: &Graph) -> Vec<AddressSpace> {
    let names = |space: usize| graph.members(space).filter_map(|at| Some(graph.components.get(at)?.name.value.clone()));
    let spaces = graph.spaces.iter().enumerate().map(|(at, space)| AddressSpace {
        name: space.name.value.clone(),
        parent: space.parent.and_then(|parent| Some(graph.spaces.get(parent)?.name.value.clone())),
        components: names(at).collect(),
        reaches: graph.around(at).flat_map(names).collect(),
    });
    spaces.collect()
}

impl AddressSpace {
    /// In one line.
    pub fn describe(&self) -> String {
        let parent = self.parent.as_ref().map_or_else(String::new, |parent| format!(", inside {parent}"));
        let reaches = match self.reaches.as_slice() {
            [] => String::new(),
            reaches => format!("; they reach the memory of {} as well", reaches.join(", ")),
        };
        format!("{}{parent}: {}{reaches}", self.name, self.components.join(", "))
    }
}

/// The address spaces, a line each.
pub fn write(text: &mut String, spaces: &[AddressSpace]) -> fmt::Result {
    writeln!(text, "\nAddress spaces")?;
    match spaces {
        [] => writeln!(text, "  every component has one of its own: nobody reaches the memory of another"),
        spaces => {
            spaces.iter().try_for_each(|space| writeln!(text, "  {}", space.describe()))?;
            writeln!(text, "  every other component has one of its own")?;
            STANCE.split(". ").try_for_each(|part| writeln!(text, "  {}.", part.trim_end_matches('.')))
        }
    }
}
