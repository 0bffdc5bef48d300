//! Constructs every other component from the bundle.
