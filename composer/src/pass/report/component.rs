//! A component as the report shows it.

use serde::Serialize;

use super::capabilities::capabilities;
use super::memory::{Memory, Segment, memory, segment};
use super::scheduling::{Scheduling, scheduling};
use super::stacks::{Stack, stacks};
use super::{Capability, Parts, Region, map, pages};
use crate::graph::{self, Graph};
use crate::pass::capabilities::token;

/// A component.
#[derive(Clone, Debug, Serialize)]
pub struct Component {
    /// Its name.
    pub name: String,
    /// The crate of its image, as the graph names it.
    pub image: String,
    /// Bytes of its image's file, without what only a debugger reads.
    pub file_bytes: u64,
    /// Its place in the bundle, and the index of its own thread.
    pub index: usize,
    /// The core on which it runs.
    pub core: u64,
    /// If it is a scheduler on several cores, the further ones.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub further_cores: Vec<u64>,
    /// The word by which its servers know it.
    pub token: u64,
    /// Where its thread starts.
    pub entry: u64,
    /// What it serves.
    pub serves: Vec<String>,
    /// Who schedules it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scheduling: Option<Scheduling>,
    /// What it uses, in bytes.
    pub memory: Memory,
    /// Bytes that it may have at run time beside that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quota_bytes: Option<u64>,
    /// The components to which it may give memory at run time, as regions.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub gives_memory_to: Vec<String>,
    /// Its image in memory.
    pub segments: Vec<Segment>,
    /// Everything in its address space, by address.
    pub map: Vec<Region>,
    /// The threads that can run in it, and their stacks.
    pub stacks: Vec<Stack>,
    /// Bytes of a stack that a thread can use at most, if that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stack_bound: Option<u64>,
    /// The chain of invocations that uses so much, a line for each level, the thread's own component first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub stack_chain: Vec<String>,
    /// The syscall pages that it has a part in.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub pages: Vec<pages::Page>,
    /// Its capability table: what it can reach. There is nothing else.
    pub capabilities: Vec<Capability>,
    /// Words that the graph sets.
    pub parameters: Vec<Parameter>,
}

/// A word or a text that the graph sets.
#[derive(Clone, Debug, Serialize)]
pub struct Parameter {
    /// Its key.
    pub key: String,
    /// Its value.
    pub value: graph::Setting,
}

/// All that the report says of a component.
pub(super) fn describe(graph: &Graph, index: usize, component: &graph::Component, parts: &Parts<'_>) -> Component {
    let parameter = |parameter: &graph::Parameter| Parameter {
        key: parameter.key.value.clone(),
        value: parameter.value.value.clone(),
    };
    let need = parts.stacks.filter(|_| component.stack_check).and_then(|stacks| stacks.components.get(index));
    Component {
        name: component.name.value.clone(),
        image: component.img.value.clone(),
        file_bytes: parts.file_bytes,
        index,
        core: graph.core(index),
        further_cores: graph.cores(index).into_iter().skip(1).collect(),
        token: token(index),
        entry: parts.ready.entry,
        serves: component.implements.iter().map(serves).collect(),
        scheduling: scheduling(graph, index, component),
        memory: memory(parts),
        quota_bytes: component.memory.as_ref().map(|memory| memory.value),
        gives_memory_to: gives_memory_to(graph, index),
        segments: parts.ready.memory.segments.iter().map(segment).collect(),
        map: map::map(graph, parts),
        stacks: stacks(graph, parts),
        stack_bound: need.map(|need| need.bytes),
        stack_chain: need.map(|need| need.chain(graph).lines().map(str::to_owned).collect()).unwrap_or_default(),
        pages: pages::pages(graph, index, parts),
        capabilities: capabilities(graph, index, parts),
        parameters: component.params.iter().map(parameter).collect(),
    }
}

fn gives_memory_to(graph: &Graph, index: usize) -> Vec<String> {
    let all = graph.components.iter().enumerate();
    all.filter(|(to, _)| graph.may_give(index, *to)).map(|(_, component)| component.name.value.clone()).collect()
}

fn serves(implements: &graph::Implements) -> String {
    match &implements.variant {
        Some(variant) => format!("{}.{}", implements.interface.value, variant.value),
        None => implements.interface.value.clone(),
    }
}
