//! How a composed image is run.
