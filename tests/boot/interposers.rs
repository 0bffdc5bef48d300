//! An interposer on one edge: its calls go through it, and the calls of another edge to the same server cost what they did.

use libtest_mimic::{Failed, Trial};

use crate::tools::{Outcome, compose, ensure, finish, scratch, trials};

/// The trials of this file.
pub fn trials() -> Vec<Trial> {
    trials!("interposers":
        one_edge_is_traced_and_another_costs_what_it_did
    )
}

/// Two clients of one server; `keys` are on the edge of the first.
fn graph(keys: &str) -> String {
    format!(
        "[system]\ndescription = \"a test\"\nmachine = {{ icount = true }}\nexpect = {{ status = 0 }}\n\
         [[components]]\nname = \"booter\"\nconstructor = \"kernel\"\n\
         [[components]]\nname = \"console\"\nimplements = [{{ interface = \"console\" }}]\n\
         devices = [{{ name = \"serial\", ports = 0x3f8, count = 8 }}]\n\
         [[components]]\nname = \"pong\"\nimplements = [{{ interface = \"pong\" }}]\n\
         [[components]]\nname = \"tracer\"\nimplements = [{{ interface = \"pong\" }}]\n\
         deps = [{{ srv = \"pong\", interface = \"pong\" }}, {{ srv = \"console\", interface = \"console\" }}]\n\
         [[components]]\nname = \"one\"\nimg = \"ping\"\n\
         deps = [{{ srv = \"pong\", interface = \"pong\"{keys} }}, {{ srv = \"console\", interface = \"console\" }}]\n\
         [[components]]\nname = \"other\"\nimg = \"ping\"\n\
         deps = [{{ srv = \"pong\", interface = \"pong\" }}, {{ srv = \"console\", interface = \"console\" }}]\n"
    )
}

/// What the system printed, and what a call cost each of the clients, in ticks.
fn run(keys: &str) -> Result<(String, Vec<String>), Failed> {
    let directory = scratch()?;
    let file = directory.path().join("graph.toml");
    std::fs::write(&file, graph(keys))?;
    let output = finish(&mut compose("run", &file, &directory.path().join("system"))?)?.expect_status(0)?.output;
    let costs = output.lines().filter_map(|line| line.split_once("a call and its return cost "));
    let costs: Vec<_> = costs.map(|(_, ticks)| ticks.to_owned()).collect();
    ensure(costs.len() == 2, || format!("expected two costs, but:\n{output}"))?;
    Ok((output, costs))
}

fn one_edge_is_traced_and_another_costs_what_it_did() -> Outcome {
    let (direct, before) = run("")?;
    let (traced, after) = run(", interposers = [\"tracer\"]")?;
    ensure(!direct.contains("tracer: add"), || direct.clone())?;
    let lines = traced.lines().filter(|line| *line == "tracer: add(2, 3) -> Ok(5)").count();
    ensure(lines == 1, || format!("one edge is traced, once, but:\n{traced}"))?;
    ensure(before.first() != after.first(), || format!("the edge that is traced costs what it did: {after:?}"))?;
    ensure(before.last() == after.last(), || format!("the other edge cost {before:?}, now {after:?}"))
}
