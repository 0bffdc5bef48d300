//! The attribute that turns a trait into an interface between components.
