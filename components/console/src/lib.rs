//! Serves the serial console.
