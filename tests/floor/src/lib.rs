//! Hand-written crossings without checks: the floor of every benchmark row.
