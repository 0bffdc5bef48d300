//! Graphs of any size: each component but the first few calls five that come before it, and every third is scheduled.

use std::collections::BTreeSet;
use std::fmt::Write;

/// Dependencies of each component on others of its kind.
pub const DEPENDENCIES: usize = 5;

const FIRST: &str = r#"[system]
description = "generated"
[[components]]
name = "booter"
constructor = "kernel"
[[components]]
name = "sched"
implements = [{ interface = "sched" }, { interface = "pages" }]
"#;

/// A graph of so many components, the booter and the scheduler included, and the number of its edges.
pub fn graph(components: usize) -> (String, usize) {
    let (mut text, mut edges, mut random) = (String::from(FIRST), 0, 1_u64);
    for at in 0..components.saturating_sub(2) {
        let servers: BTreeSet<usize> = (0..DEPENDENCIES.min(at)).map(|_| below(at, &mut random)).collect();
        let servers = servers.iter().map(|server| format!("{{ srv = \"c{server}\", interface = \"pong\" }}"));
        let scheduler = (at % 3 == 0).then(|| "{ srv = \"sched\", interface = \"sched\" }".to_owned());
        let deps: Vec<_> = scheduler.into_iter().chain(servers).collect();
        edges += deps.len();
        _ = writeln!(text, "[[components]]\nname = \"c{at}\"\nimg = \"ping\"");
        _ = writeln!(text, "implements = [{{ interface = \"pong\" }}]\ndeps = [{}]", deps.join(", "));
    }
    (text, edges)
}

/// A number below `bound`, by a generator that always gives the same row (Knuth's, as in MMIX).
fn below(bound: usize, state: &mut u64) -> usize {
    *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    (*state >> 33) as usize % bound
}
