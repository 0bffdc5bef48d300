//! What there is to draw: a box for each component, an arrow for each pair of client and server.

use std::collections::BTreeMap;

use super::breaks::Breaks;
use super::costs::Costs;
use crate::graph::{Component, Dependency, Device, Graph, Parameter, Regions, Resource, Trust, Via};

/// What there is to draw.
pub struct Plan {
    /// One line about the system.
    pub title: String,
    /// A box for each component, in the graph's order: a server before its clients, the base constructor first.
    pub boxes: Vec<Node>,
    /// An arrow for each pair of client and server.
    pub arrows: Vec<Arrow>,
    /// All rules that are broken.
    pub breaks: Vec<String>,
    /// Those that are the business of no component and no pair.
    pub elsewhere: Vec<String>,
}

/// A component.
pub struct Node {
    /// The lines of text in the box.
    pub lines: Vec<Line>,
    /// Whether it is the base constructor, which is drawn as the ground.
    pub is_ground: bool,
    /// Which of the shared address spaces it lies in.
    pub space: Option<usize>,
    /// Smallest size of its box.
    pub size: (f64, f64),
    /// The rules that it breaks.
    pub breaks: Vec<String>,
}

impl Node {
    /// The component's name.
    pub fn name(&self) -> &str {
        self.lines.first().map_or("", |line| &line.text)
    }
}

/// All dependencies of a client on one server.
pub struct Arrow {
    /// The client's box.
    pub client: usize,
    /// The server's box.
    pub server: usize,
    /// What is written on it.
    pub lines: Vec<Line>,
    /// Whether both ends trust each other on all of it.
    pub is_trusted: bool,
    /// Whether any of it has a page.
    pub has_page: bool,
    /// Whether it is there for faults: no call of the client's own travels on it.
    pub is_fault: bool,
    /// Whether it points upwards: its server is drawn above its client, because it is part of a circle. Then `client` and
    /// `server` are exchanged.
    pub is_reversed: bool,
    /// The rules that it breaks.
    pub breaks: Vec<String>,
    /// The interfaces on it.
    pub interfaces: Vec<String>,
}

impl Arrow {
    /// From where to where it points.
    pub const fn direction(&self) -> (usize, usize) {
        if self.is_reversed { (self.server, self.client) } else { (self.client, self.server) }
    }

    /// The same, with its server below its client.
    fn downwards(self) -> Self {
        if self.server < self.client {
            return self;
        }
        Self { client: self.server, server: self.client, is_reversed: true, ..self }
    }
}

/// A line of text.
#[derive(Debug, PartialEq, Eq)]
pub struct Line {
    /// What it is.
    pub style: Style,
    /// The text.
    pub text: String,
}

/// What a line of text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// A component's name.
    Name,
    /// Something else about a component.
    Detail,
    /// A device.
    Device,
    /// An interface.
    Interface,
    /// Something else about a dependency.
    Remark,
    /// What happens when a component faults.
    Fault,
}

impl Style {
    /// Size of the type.
    pub const fn type_size(self) -> f64 {
        match self {
            Self::Name => 15.0,
            Self::Interface => 12.0,
            Self::Detail | Self::Device | Self::Remark | Self::Fault => 11.0,
        }
    }

    /// Distance from this line's base to the line's above.
    pub const fn leading(self) -> f64 {
        match self {
            Self::Device => 20.0,
            other => other.type_size() + 5.0,
        }
    }
}

impl Line {
    fn new(style: Style, text: impl Into<String>) -> Self {
        const LONGEST: usize = 48;
        let text: String = text.into();
        let text = match text.char_indices().nth(LONGEST).map(|(end, _)| end) {
            Some(end) => format!("{}…", text.get(..end).unwrap_or_default()),
            None => text,
        };
        Self { style, text }
    }

    /// Width of the text: the type is monospaced.
    pub fn width(&self) -> f64 {
        self.text.chars().map(|c| if c.is_ascii() { 0.61 } else { 1.0 }).sum::<f64>() * self.style.type_size()
    }
}

/// Distance between two arrows at one box.
pub const ARROW_GAP: f64 = 18.0;

const MARGIN: (f64, f64) = (16.0, 11.0);
const SMALLEST_WIDTH: f64 = 112.0;

impl Plan {
    /// What there is to draw of `graph`.
    pub fn of(graph: &Graph, breaks: &Breaks, costs: Option<&Costs>) -> Self {
        let arrows = arrows(graph, breaks, costs);
        let mut touching = vec![(0, 0); graph.components.len()];
        for arrow in &arrows {
            touching.get_mut(arrow.server).into_iter().for_each(|(incoming, _)| *incoming += 1);
            touching.get_mut(arrow.client).into_iter().for_each(|(_, outgoing)| *outgoing += 1);
        }
        let touching = touching.into_iter().map(|(incoming, outgoing): (usize, usize)| incoming.max(outgoing));
        let boxes = graph.components.iter().zip(touching).enumerate();
        let ground = ground(graph);
        let boxes = boxes.map(|(at, (component, arrows))| Node {
            is_ground: ground == Some(at),
            breaks: breaks.of_component(at),
            ..Node::new(graph, at, component, arrows)
        });
        let (title, boxes) = (graph.description.clone(), boxes.collect());
        Self { title, boxes, arrows, breaks: breaks.all(), elsewhere: breaks.elsewhere() }
    }
}

impl Node {
    fn new(graph: &Graph, at: usize, component: &Component, arrows: usize) -> Self {
        let mut lines = lines_of_component(graph, component);
        let space = space_name(graph, at);
        lines.extend(space.map(|space| Line::new(Style::Detail, format!("in the address space {space}"))));
        lines.extend(served(graph, at));
        let (width, height) = size(&lines);
        let width = width.max(SMALLEST_WIDTH).max(ARROW_GAP * (arrows + 1) as f64);
        Self { lines, is_ground: false, space: component.shared_space(), size: (width, height), breaks: Vec::new() }
    }
}

/// The address space that a component shares, and those around it.
fn space_name(graph: &Graph, index: usize) -> Option<String> {
    let space = graph.components.get(index)?.shared_space()?;
    let all = std::iter::once(space).chain(graph.around(space));
    Some(all.filter_map(|space| Some(graph.spaces.get(space)?.name.value.as_str())).collect::<Vec<_>>().join(" in "))
}

/// The component on which all others stand, if the graph is sound in that.
fn ground(graph: &Graph) -> Option<usize> {
    let mut bases = graph.components.iter().enumerate().filter(|(_, component)| component.is_base_constructor);
    let (at, base) = bases.next().filter(|_| bases.next().is_none())?;
    base.edges().next().is_none().then_some(at)
}

/// Room that the lines need, with a margin.
pub fn size(lines: &[Line]) -> (f64, f64) {
    let width = lines.iter().map(Line::width).fold(0.0, f64::max);
    let height: f64 = lines.iter().map(|line| line.style.leading()).sum();
    (width + 2.0 * MARGIN.0, height + 2.0 * MARGIN.1 - 4.0)
}

fn lines_of_component(graph: &Graph, component: &Component) -> Vec<Line> {
    let mut lines = vec![Line::new(Style::Name, component.name.value.as_str())];
    lines.extend(constructor(graph, component).map(|text| Line::new(Style::Detail, text)));
    if component.img.value != component.name.value {
        lines.push(Line::new(Style::Detail, format!("image {}", component.img.value)));
    }
    lines.extend(component.params.iter().map(parameter));
    lines.extend(component.devices.iter().map(device));
    lines
}

/// Who constructs it, if that is not the base constructor, and whom that constructs.
fn constructor(graph: &Graph, component: &Component) -> Option<String> {
    if !component.is_base_constructor {
        return Some(format!("constructed by {}", graph.components.get(component.constructor?)?.name.value));
    }
    let constructs = match graph.components.iter().any(|other| other.constructor.is_some()) {
        true => ", constructs the rest",
        false if graph.components.len() > 1 => ", constructs all others",
        false => "",
    };
    Some(format!("constructed by the kernel{constructs}"))
}

/// What a scheduler may do although no dependency of its own says so: have pages of its clients served.
fn served(graph: &Graph, index: usize) -> Option<Line> {
    let mut servers = Vec::new();
    for client in graph.scheduled_by(index) {
        for dep in graph.components.get(client).into_iter().flat_map(|client| &client.deps) {
            let is_served = dep.via == Via::Page && dep.server != index;
            if is_served && !servers.contains(&dep.srv.value.as_str()) {
                servers.push(&dep.srv.value);
            }
        }
    }
    (!servers.is_empty()).then(|| Line::new(Style::Detail, format!("has pages served by {}", servers.join(", "))))
}

fn parameter(parameter: &Parameter) -> Line {
    Line::new(Style::Detail, format!("{} = {}", parameter.key.value, parameter.value.value))
}

fn device(device: &Device) -> Line {
    let range = |first: u64, count: u64| match first.saturating_add(count).saturating_sub(1) {
        last if last == first => format!("{last:#x}"),
        last => format!("{first:#x}–{last:#x}"),
    };
    let resource = match device.resource {
        Resource::Ports { first, count } => range(first, count),
        Resource::Interrupt { line } => format!("interrupt {line}"),
        Resource::Registers { address, bytes } => format!("registers {}", range(address, bytes)),
    };
    Line::new(Style::Device, format!("{} {resource}", device.name.value))
}

fn arrows(graph: &Graph, breaks: &Breaks, costs: Option<&Costs>) -> Vec<Arrow> {
    let mut pairs: BTreeMap<(usize, usize), Vec<&Dependency>> = BTreeMap::new();
    for (client, component) in graph.components.iter().enumerate() {
        for dep in &component.deps {
            // What a component depends on itself for is no arrow.
            if dep.server != client {
                pairs.entry((client, dep.server)).or_default().push(dep);
            }
        }
    }
    let lines = |client: usize, dep: &Dependency| {
        let is_shared = graph.first_in_space(client) == graph.first_in_space(dep.server);
        let cost = costs.and_then(|costs| costs.of(dep, is_shared)).map(|cost| Line::new(Style::Remark, cost));
        lines_of_dependency(dep, scheduler(graph, client, dep)).into_iter().chain(cost)
    };
    let arrow = |((client, server), deps): ((usize, usize), Vec<&Dependency>)| Arrow {
        client,
        server,
        lines: deps.iter().flat_map(|dep| lines(client, dep)).collect(),
        is_trusted: deps.iter().all(|dep| dep.trust.server && dep.trust.client),
        has_page: deps.iter().any(|dep| dep.via == Via::Page),
        is_fault: false,
        is_reversed: false,
        breaks: breaks.of_edge(client, server),
        interfaces: deps.iter().map(|dep| dep.interface.value.clone()).collect(),
    };
    let all = pairs.into_iter().map(arrow).chain(fault_arrows(graph, breaks));
    let mut arrows: Vec<_> = all.map(Arrow::downwards).collect();
    // A server's arrows before its clients': from these follow the rows.
    arrows.sort_by_key(|arrow| (arrow.client, arrow.server, arrow.is_fault));
    arrows
}

fn fault_arrows(graph: &Graph, breaks: &Breaks) -> impl Iterator<Item = Arrow> {
    let handled = graph.components.iter().enumerate().flat_map(|(client, component)| {
        let fault = component.fault.iter().map(|dep| (dep.server, "handles faults"));
        let handlers = fault.chain(component.personality.iter().map(|dep| (dep.server, "serves system calls")));
        let others = handlers.filter(move |(server, _)| *server != client);
        others.map(move |(server, what)| (client, server, what))
    });
    handled.map(|(client, server, what)| Arrow {
        client,
        server,
        lines: vec![Line::new(Style::Fault, what)],
        is_trusted: false,
        has_page: false,
        is_fault: true,
        is_reversed: false,
        breaks: breaks.of_edge(client, server),
        interfaces: vec!["fault".into()],
    })
}

/// The name of the component that serves the page of `dep` for its client, if one does.
fn scheduler<'a>(graph: &'a Graph, client: usize, dep: &Dependency) -> Option<&'a str> {
    let scheduler = graph.scheduler(client).filter(|scheduler| *scheduler != dep.server)?;
    Some(&graph.components.get(scheduler)?.name.value)
}

fn lines_of_dependency(dep: &Dependency, scheduler: Option<&str>) -> Vec<Line> {
    let variant = dep.variant.as_ref().map(|variant| format!("/{}", variant.value)).unwrap_or_default();
    let mut lines = vec![Line::new(Style::Interface, format!("{}{variant}", dep.interface.value))];
    if !dep.chain.is_empty() {
        lines.push(Line::new(Style::Remark, format!("on the way to {}", dep.srv.value)));
    }
    if dep.via == Via::Page {
        let served = match (&dep.core, scheduler) {
            (Some(core), _) => format!(", served on core {}", core.value),
            (None, Some(scheduler)) => format!(", served by {scheduler}"),
            (None, None) => String::new(),
        };
        lines.push(Line::new(Style::Remark, format!("by page{served}")));
    }
    if let Some(methods) = &dep.methods {
        let names: Vec<_> = methods.iter().map(|method| method.value.as_str()).collect();
        lines.push(Line::new(Style::Remark, format!("only {}", names.join(", "))));
    }
    let regions = match dep.regions {
        Regions { client: true, server: true } => Some("regions both ways"),
        Regions { client: true, server: false } => Some("regions of the client"),
        Regions { client: false, server: true } => Some("regions of the server"),
        Regions { client: false, server: false } => None,
    };
    lines.extend(regions.map(|text| Line::new(Style::Remark, text)));
    let trust = match dep.trust {
        Trust { server: true, client: true } => Some("trust both ways"),
        Trust { server: true, client: false } => Some("client trusts server"),
        Trust { server: false, client: true } => Some("server trusts client"),
        Trust { server: false, client: false } => None,
    };
    lines.extend(trust.map(|text| Line::new(Style::Remark, text)));
    lines
}
