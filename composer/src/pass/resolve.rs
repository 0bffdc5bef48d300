//! Pass 2: every name is looked up and every default filled in: the draft becomes a [`Graph`], still in file order.

use std::collections::HashMap;
use std::ops::Range;

use super::draft::{self, Draft};
use super::{devices, spaces, threads};
use crate::code::{
    DUPLICATE_COMPONENT, EMPTY_GRAPH, NESTED_CONSTRUCTOR, NO_BASE_CONSTRUCTOR, NOT_SUPPORTED_YET,
    SEVERAL_BASE_CONSTRUCTORS, UNKNOWN_COMPONENT,
};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::graph::{Component, Dependency, Expect, Files, Graph, Regions, Spanned, Trust, Via};
use crate::schedule::SCHED;
use crate::suggest;
use crate::text::quote;

const KERNEL: &str = "kernel";

/// The draft as a graph in file order. A dependency on an unknown server is left out.
pub fn resolve(draft: &Draft, found: &mut Diagnostics) -> Graph {
    let names = Names::of(draft, found);
    find_base_constructor(draft, &names, found);
    for name in &draft.expect.faults {
        names.look_up(name, found);
    }
    let spaces = spaces::resolve(draft, |name, found| names.look_up(name, found), found);
    let component = |(at, component)| resolve_component(component, spaces.of(at), &names, found);
    Graph {
        description: draft.description.split_whitespace().collect::<Vec<_>>().join(" "),
        machine: draft.machine.clone(),
        expect: Expect {
            output: draft.expect.output.clone(),
            status: draft.expect.status,
            faults: draft.expect.faults.iter().map(|name| name.value.clone()).collect(),
        },
        components: draft.components.iter().enumerate().map(component).collect(),
        spaces: spaces.all,
    }
}

fn resolve_component(
    draft: &draft::Component,
    space: Option<Spanned<usize>>,
    names: &Names<'_>,
    found: &mut Diagnostics,
) -> Component {
    let or_here = || Spanned { value: String::new(), span: draft.span.clone() };
    let name = draft.name.clone().unwrap_or_else(or_here);
    let stack = Spanned { value: abi::layout::DEFAULT_STACK, span: draft.span.clone() };
    let (own, threads) = threads::all(draft, names.scheduler(draft));
    let constructor = draft.constructor.as_ref().and_then(|constructor| names.index.get(constructor.value.as_str()));
    let constructor_span = draft.constructor.as_ref().map_or(&name.span, |named| &named.span).clone();
    Component {
        constructor_span,
        img: draft.img.clone().unwrap_or_else(|| name.clone()),
        name,
        is_base_constructor: is_constructed_by_kernel(draft),
        space,
        // Without a base constructor, whoever is named here may be meant as it.
        constructor: constructor.copied().filter(|at| !names.bases.is_empty() && !names.bases.contains(at)),
        implements: draft.implements.clone(),
        deps: draft
            .deps
            .iter()
            .filter(|dep| !is_construction(draft, dep))
            .filter_map(|dep| resolve_dependency(dep, names, found))
            .collect(),
        fault: draft.fault.as_ref().and_then(|handler| resolve_dependency(handler, names, found)),
        personality: draft.personality.as_ref().and_then(|handler| resolve_dependency(handler, names, found)),
        policy: draft.policy,
        memory: draft.memory.clone(),
        params: draft.params.clone(),
        constants: draft.constants.clone(),
        initfs: draft.initfs.clone().map(|path| Files { path, files: Vec::new() }),
        devices: devices::resolve(&draft.devices, found),
        baseaddr: draft.baseaddr.clone(),
        stack: draft.stack.clone().unwrap_or(stack),
        stack_check: draft.stack_check,
        recursion: draft.recursion.clone(),
        cores: draft.own.cores.clone(),
        own,
        scheduling: threads::scheduling(draft),
        threads,
    }
}

fn resolve_dependency(draft: &draft::Dependency, names: &Names<'_>, found: &mut Diagnostics) -> Option<Dependency> {
    if draft.srv.value == KERNEL {
        found.push(depends_on_the_kernel(draft));
        return None;
    }
    let server = names.look_up(&draft.srv, found)?;
    let interposers: Option<Vec<_>> = draft.interposers.iter().map(|name| names.look_up(name, found)).collect();
    let chain = interposers
        .filter(|interposers| !interposers.is_empty())
        .map(|interposers| [interposers, vec![server]].concat());
    let chain = chain.unwrap_or_default();
    Some(Dependency {
        server: chain.first().copied().unwrap_or(server),
        chain,
        srv: draft.srv.clone(),
        interface: draft.interface.clone(),
        variant: draft.variant.clone(),
        methods: draft.methods.clone(),
        trust: draft.trust,
        regions: draft.regions,
        import: draft.import.clone(),
        via: draft.via,
        core: draft.core.clone(),
        workers: draft.workers.clone(),
        span: draft.span.clone(),
    })
}

/// Composite's scripts say of the base constructor that it depends on the kernel, too: that is what `constructor` says.
fn is_construction(draft: &draft::Component, dep: &draft::Dependency) -> bool {
    let variant = dep.variant.as_ref().is_none_or(|variant| variant.value == KERNEL);
    let ways = (dep.via, dep.trust, dep.regions) == (Via::Call, Trust::default(), Regions::default());
    let says_more = dep.methods.is_some() || dep.import.is_some() || dep.core.is_some() || dep.workers.is_some();
    let is_plain = variant && ways && !says_more && dep.interposers.is_empty();
    dep.srv.value == KERNEL && dep.interface.value == "init" && is_plain && is_constructed_by_kernel(draft)
}

fn depends_on_the_kernel(draft: &draft::Dependency) -> Diagnostic {
    let complaint = Diagnostic::error(NOT_SUPPORTED_YET, "a dependency on the kernel is not supported yet");
    let complaint = complaint.label(&draft.srv.span, "the kernel serves no interface");
    let keys = "what it gives to a component is said by `devices`, `budget`, `threads`, `memory`";
    complaint.help(format!("{keys}; the base constructor alone names it, with `interface = \"init\"`"))
}

/// The components by name.
struct Names<'a> {
    index: HashMap<&'a str, usize>,
    /// In file order, for suggestions.
    list: Vec<&'a str>,
    /// Their drafts.
    components: &'a [draft::Component],
    /// Whether all components are in it.
    complete: bool,
    /// The components that the kernel constructs.
    bases: Vec<usize>,
}

impl<'a> Names<'a> {
    fn of(draft: &'a Draft, found: &mut Diagnostics) -> Self {
        let mut names = Self {
            index: HashMap::new(),
            list: Vec::new(),
            components: &draft.components,
            complete: draft.complete,
            bases: bases(draft),
        };
        if draft.components.is_empty() && draft.complete {
            let complaint = Diagnostic::error(EMPTY_GRAPH, "the graph has no components").label(&(0..0), "");
            found.push(complaint.help("add a component: `[[components]]` and below it `name = \"…\"`"));
        }
        let mut places: HashMap<&str, &Range<usize>> = HashMap::new();
        for (at, component) in draft.components.iter().enumerate() {
            let Some(name) = &component.name else { continue };
            if let Some(first) = places.get(name.value.as_str()) {
                found.push(duplicate(name, first));
                continue;
            }
            places.insert(&name.value, &name.span);
            names.index.insert(&name.value, at);
            names.list.push(&name.value);
        }
        names
    }

    /// The draft of the component that schedules this one.
    fn scheduler(&self, draft: &draft::Component) -> Option<&'a draft::Component> {
        let edge = draft.deps.iter().find(|dep| dep.interface.value == SCHED)?;
        self.components.get(*self.index.get(edge.srv.value.as_str())?)
    }

    /// The component of this name. An unknown name is complained about, unless a component's own name could not be read.
    fn look_up(&self, name: &Spanned<String>, found: &mut Diagnostics) -> Option<usize> {
        self.look_up_or(name, None, found)
    }

    /// The same where another name could have been meant as well.
    fn look_up_or(&self, name: &Spanned<String>, other: Option<&'a str>, found: &mut Diagnostics) -> Option<usize> {
        let at = self.index.get(name.value.as_str()).copied();
        if at.is_none() && self.complete {
            let complaint = Diagnostic::error(UNKNOWN_COMPONENT, format!("unknown component {}", quote(&name.value)));
            let help = suggest::help(&name.value, self.list.iter().copied().chain(other));
            found.push(complaint.label(&name.span, "no component has this name").maybe_help(help));
        }
        at
    }
}

fn duplicate(name: &Spanned<String>, first: &Range<usize>) -> Diagnostic {
    let complaint = Diagnostic::error(DUPLICATE_COMPONENT, format!("two components are named `{}`", name.value));
    let complaint = complaint.label(&name.span, "the second one").label(first, "the first one");
    complaint.help("two instances of one image need two names: keep `img`, change `name`")
}

fn is_constructed_by_kernel(component: &draft::Component) -> bool {
    component.constructor.as_ref().is_some_and(|constructor| constructor.value == KERNEL)
}

fn bases(draft: &Draft) -> Vec<usize> {
    let components = draft.components.iter().enumerate();
    components.filter(|(_, component)| is_constructed_by_kernel(component)).map(|(at, _)| at).collect()
}

/// Complains unless exactly one component is constructed by the kernel, and all others by that one or one that it constructs.
fn find_base_constructor(draft: &Draft, names: &Names<'_>, found: &mut Diagnostics) {
    let bases: Vec<_> = draft.components.iter().filter(|component| is_constructed_by_kernel(component)).collect();
    match bases.as_slice() {
        [] if draft.complete && !draft.components.is_empty() => found.push(no_base_constructor(draft)),
        [_, _, ..] => found.push(several_base_constructors(&bases)),
        _ => {}
    }
    for constructor in draft.components.iter().filter_map(|component| component.constructor.as_ref()) {
        if constructor.value == KERNEL {
            continue;
        }
        let named = names.look_up_or(constructor, Some(KERNEL), found).and_then(|at| draft.components.get(at));
        let above = named.and_then(|named| named.constructor.as_ref());
        let above = above.filter(|above| above.value != KERNEL);
        if let Some(above) =
            above.filter(|above| names.index.get(above.value.as_str()).is_none_or(|at| !names.bases.contains(at)))
        {
            found.push(nested_constructor(constructor, above));
        }
    }
}

fn no_base_constructor(draft: &Draft) -> Diagnostic {
    let components = || draft.components.iter();
    let named = components().find_map(|component| component.constructor.as_ref());
    let booter = components().filter_map(|component| component.name.as_ref()).find(|name| name.value == "booter");
    let complaint = Diagnostic::error(NO_BASE_CONSTRUCTOR, "no component is constructed by the kernel");
    let span = booter.or(named).map(|name| &name.span).or(components().next().map(|component| &component.span));
    let complaint = complaint.label(span.unwrap_or(&(0..0)), "this one could be");
    complaint.help(match booter.or(named) {
        Some(name) => format!("add `constructor = \"kernel\"` to `{}`", name.value),
        None => "add a component that constructs the others: `name = \"booter\"`, `constructor = \"kernel\"`".into(),
    })
}

fn several_base_constructors(bases: &[&draft::Component]) -> Diagnostic {
    let message = format!("{} components are constructed by the kernel", bases.len());
    let spans = bases.iter().rev().filter_map(|base| base.constructor.as_ref()).map(|constructor| &constructor.span);
    let complaint = Diagnostic::error(SEVERAL_BASE_CONSTRUCTORS, message);
    let complaint = spans.fold(complaint, |complaint, span| complaint.label(span, "constructed by the kernel"));
    complaint.help("the kernel constructs one component, which constructs all others: leave out `constructor` there")
}

fn nested_constructor(constructor: &Spanned<String>, above: &Spanned<String>) -> Diagnostic {
    let message =
        format!("construction by `{}`, which `{}` constructs, is not supported yet", constructor.value, above.value);
    let complaint = Diagnostic::error(NESTED_CONSTRUCTOR, message);
    let complaint = complaint.label(&constructor.span, "this component does not exist from the start");
    complaint
        .label(&above.span, "because of this")
        .help("let the base constructor make the component that makes others")
}
