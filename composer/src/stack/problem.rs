//! Why the stack that an image uses is not known.

use std::fmt;

/// Something that keeps the stack from being bounded.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Problem {
    /// The file has no table of symbols.
    NoSymbols,
    /// An instruction uses the stack where its depth is not known.
    Unknown {
        /// The function.
        function: String,
        /// The instruction.
        address: u64,
    },
    /// A loop makes the stack deeper each time.
    Grows {
        /// The function.
        function: String,
    },
    /// Code leads to a place that is no function.
    Astray {
        /// Where from.
        function: String,
        /// Where to.
        address: u64,
    },
    /// Functions call each other in a circle, and nobody has said how deep.
    Recursion {
        /// The functions of the circle, the first again at the end.
        circle: Vec<String>,
    },
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoSymbols => write!(f, "the file has no symbols, so its functions are not known"),
            Self::Unknown { function, address } => {
                write!(f, "`{function}` uses the stack at {address:#x}, where nobody knows how deep it is")
            }
            Self::Grows { function } => write!(f, "a loop of `{function}` uses more stack each time"),
            Self::Astray { function, address } => write!(f, "`{function}` goes to {address:#x}, which is no function"),
            Self::Recursion { circle } => {
                let circle: Vec<_> = circle.iter().map(|function| format!("`{function}`")).collect();
                write!(f, "functions call each other in a circle: {}", circle.join(" → "))
            }
        }
    }
}

impl Problem {
    /// What to do about it.
    pub const fn help(&self) -> &'static str {
        match self {
            Self::NoSymbols => "link the image with its symbols: the composer strips what it puts into the system",
            Self::Unknown { .. } => "hand-written code says so with `runtime::stack_depth!`",
            Self::Grows { .. } => "the stack of a component cannot grow while it runs",
            Self::Astray { .. } => "hand-written code has a symbol of type @function, with its size",
            Self::Recursion { .. } => "say how deep they go at most: `recursion = NUMBER`",
        }
    }
}
