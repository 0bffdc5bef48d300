//! Reading the images and holding them against the graph: every end of every edge must be there, and agree.

mod edges;
pub mod identity;
mod needs;
mod page;
mod settings;

use crate::code;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::elf::{Defect, Image, Record};
use crate::graph::{Component, Device, Graph};

use super::build::Images;

/// The components' images and what the graph binds in them. Addresses are those for which the images were linked.
#[derive(Clone, Debug)]
pub struct Schema {
    /// In the order of [`Graph::components`].
    pub components: Vec<Bindings>,
}

/// What is bound in an image.
#[derive(Clone, Debug)]
pub struct Bindings {
    /// The image.
    pub image: Image,
    /// The word that receives the end of thread 0's stack.
    pub stacks: u64,
    /// The word that receives the address of its plan, if it is a scheduler.
    pub plan: Option<u64>,
    /// The word that receives the address of its management plan, if it manages others.
    pub management: Option<u64>,
    /// What it calls, in the order of the component's `deps`.
    pub edges: Vec<Edge>,
    /// Who handles its faults.
    pub fault: Option<Handler>,
    /// Who serves its system calls.
    pub personality: Option<Handler>,
    /// The two words that receive where its files are, if it has some.
    pub files: Option<u64>,
    /// Words to set, and their values.
    pub parameters: Vec<(u64, u64)>,
    /// The edge by which it says that it panics, and the import slot for that.
    pub says_panics: Option<(usize, u64)>,
    /// The words that receive what an image needs of each device, and the devices.
    pub devices: Vec<(u64, Device)>,
    /// Whether it has something to initialise on each of its cores.
    pub initialises_in_parallel: bool,
}

/// An edge from a client to a server, as both images have it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edge {
    /// The interface, with its variant if it has one.
    pub interface: String,
    /// The server, as an index into [`Graph::components`].
    pub server: usize,
    /// The client's import slot.
    pub slot: u64,
    /// The server's entry, by whether it trusts the client.
    pub entry: u64,
    /// Bit n permits method n.
    pub methods: u64,
    /// The names of the methods that it permits.
    pub method_names: Vec<String>,
    /// Whether the client clears what the server must not see.
    pub clears_registers: bool,
    /// Whether the server does the same for the client.
    pub server_clears_registers: bool,
    /// What the page of the edge is bound to, if it has one.
    pub page: Option<PageEnds>,
    /// The slot of a client that would post, if the edge has none.
    pub posts: Option<u64>,
}

impl Edge {
    /// The number of a method that it permits.
    pub fn number(&self, method: &str) -> Option<u16> {
        let place = self.method_names.iter().position(|name| name == method)?;
        (0..u64::BITS)
            .filter(|number| self.methods & 1 << number != 0)
            .nth(place)
            .and_then(|number| number.try_into().ok())
    }
}

/// The edge to a handler of faults or system calls, which has no end in the client's image: the kernel takes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Handler {
    /// The interface, with its variant if it has one.
    pub interface: String,
    /// The handler, as an index into [`Graph::components`].
    pub server: usize,
    /// Its entry that lets nothing out: the kernel invokes it between two instructions of a component that knows nothing of it.
    pub entry: u64,
}

/// Both ends of a page, as both images have them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageEnds {
    /// The client's slot.
    pub slot: u64,
    /// The server's batch entry, by whether it trusts the client.
    pub batch: u64,
    /// The word of the server that receives the address of its table.
    pub table: u64,
    /// The core on which a thread of the client has it served, if not the client on its own.
    pub core: Option<u64>,
    /// How many of the server's workers may be busy with its calls at once, if the graph says so.
    pub workers: Option<u64>,
    /// The server's entry for itself, by which its workers run calls that may block, if it has workers.
    pub work: Option<u64>,
}

/// Reads the images and binds them by the graph. `None` if one is no image, or an edge is not what the graph says.
pub fn schema(graph: &Graph, images: &Images, found: &mut Diagnostics) -> Option<Schema> {
    let before = found.errors();
    let read = read(graph, images, found)?;
    let mut components = Vec::new();
    for (component, image) in graph.components.iter().zip(&read) {
        needs::check_implements(component, image, found);
        let edges = edges::bind(graph, component, image, &read, found);
        let fault = edges::bind_handler(graph, component.fault.as_ref(), &read, found);
        let personality = edges::bind_handler(graph, component.personality.as_ref(), &read, found);
        let mut parameters = settings::words(component, image, found);
        parameters.extend(identity::words(component, image));
        let says_panics = identity::console(image, &edges, &read);
        let files = needs::files(component, image, found);
        let devices = needs::devices(component, image, found);
        let initialises_in_parallel = needs::initialises_in_parallel(graph, components.len(), image, found);
        let stacks = needs::stacks(image);
        let plan = needs::plan(graph, components.len(), image, found);
        let management = needs::management(graph, components.len(), image, found);
        components.push(Bindings {
            image: image.clone(),
            stacks,
            plan,
            management,
            edges,
            fault,
            personality,
            files,
            parameters,
            says_panics,
            devices,
            initialises_in_parallel,
        });
    }
    (found.errors() == before).then_some(Schema { components })
}

/// All images. `None` if one is none.
fn read(graph: &Graph, images: &Images, found: &mut Diagnostics) -> Option<Vec<Image>> {
    let (mut read, mut defective) = (Vec::new(), Vec::new());
    for (component, file) in graph.components.iter().zip(&images.components) {
        match Image::read(file) {
            Ok(image) => read.push(image),
            Err(defects) => defects.into_iter().for_each(|defect| note(&mut defective, defect, component)),
        }
    }
    found.extend(defective.iter().map(|(defect, components)| bad_image(defect, components)));
    defective.is_empty().then_some(read)
}

/// What is wrong with several images in the same way is one thing that is wrong.
fn note<'g>(defective: &mut Vec<(Defect, Vec<&'g Component>)>, defect: Defect, component: &'g Component) {
    match defective.iter_mut().find(|(other, _)| *other == defect) {
        Some((_, components)) => components.push(component),
        None => defective.push((defect, vec![component])),
    }
}

fn bad_image(defect: &Defect, components: &[&Component]) -> Diagnostic {
    let message = match components {
        [one] => format!("the image of {} cannot be a component's: {defect}", describe(one)),
        several => format!("the images of {} components cannot be components': {defect}", several.len()),
    };
    let text = |component: &Component| if components.len() == 1 { String::new() } else { describe(component) };
    let complaint = components.iter().fold(Diagnostic::error(code::BAD_IMAGE, message), |complaint, component| {
        complaint.label(&component.img.span, text(component))
    });
    complaint.help(defect.help())
}

/// The records of one kind.
fn records(image: &Image, kind: abi::record::RecordKind) -> impl Iterator<Item = &Record> + Clone {
    image.records.iter().filter(move |record| record.kind == kind)
}

/// What an image calls an interface that it serves.
fn export_name(interface: &str, variant: Option<&str>) -> String {
    match variant {
        Some(variant) => format!("{interface}.{variant}"),
        None => interface.to_owned(),
    }
}

fn describe(component: &Component) -> String {
    format!("`{}`", component.name.value)
}
