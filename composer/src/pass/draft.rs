//! What `parse` makes of a file: the graph as it is written, names not yet looked up.
//!
//! A draft leaves out what does not fit its shape, and says where it did so: then nothing is concluded from absence.

use std::ops::Range;

use abi::fault::Policy as What;

use super::shape::{Fields, List, Value};
use crate::graph::{Implements, Machine, Parameter, Policy, Regions, Setting, Spanned, Trust, Via};
use crate::keys::{DEFAULT_MEMORY, DEFAULT_TIMEOUT};

/// A graph file.
#[derive(Clone, Debug)]
pub struct Draft {
    /// `[system] description`.
    pub description: String,
    /// `[system] machine`.
    pub machine: Machine,
    /// `[system] expect`.
    pub expect: Expect,
    /// `[[components]]`.
    pub components: Vec<Component>,
    /// `[[address_spaces]]`.
    pub address_spaces: Vec<AddressSpace>,
    /// Whether every component is there, with its name and constructor.
    pub complete: bool,
}

/// `[system] expect`.
#[derive(Clone, Debug)]
pub struct Expect {
    /// `output`.
    pub output: Vec<String>,
    /// `status`.
    pub status: u64,
    /// `faults`.
    pub faults: Vec<Spanned<String>>,
}

/// `[[components]]`.
#[derive(Clone, Debug)]
pub struct Component {
    /// `name`.
    pub name: Option<Spanned<String>>,
    /// Whether `name` is there, and nothing of `constructor` was left out.
    pub is_known: bool,
    /// `img`.
    pub img: Option<Spanned<String>>,
    /// `constructor`.
    pub constructor: Option<Spanned<String>>,
    /// `implements`.
    pub implements: Vec<Implements>,
    /// Whether all of `implements` is there.
    pub implements_complete: bool,
    /// `deps`.
    pub deps: Vec<Dependency>,
    /// `fault`, as a dependency on the handler.
    pub fault: Option<Dependency>,
    /// The rest of `fault`.
    pub policy: Policy,
    /// `memory`.
    pub memory: Option<Spanned<u64>>,
    /// `personality`, as a dependency on the handler.
    pub personality: Option<Dependency>,
    /// `params`.
    pub params: Vec<Parameter>,
    /// `constants`.
    pub constants: Vec<Parameter>,
    /// `initfs`.
    pub initfs: Option<Spanned<String>>,
    /// `devices`.
    pub devices: Vec<Device>,
    /// `baseaddr`.
    pub baseaddr: Option<Spanned<u64>>,
    /// `stack`.
    pub stack: Option<Spanned<u64>>,
    /// `stack_check`.
    pub stack_check: bool,
    /// `recursion`.
    pub recursion: Option<Spanned<u32>>,
    /// What it says of its own thread.
    pub own: Thread,
    /// `policy`.
    pub scheduling_policy: Option<Spanned<String>>,
    /// `slots`.
    pub slots: Vec<Slot>,
    /// Where `slots` stands, and whether all of it is there.
    pub slots_span: Option<(Range<usize>, bool)>,
    /// `threads`.
    pub threads: Vec<Spanned<Thread>>,
    /// Whether all of `deps` is there.
    pub deps_complete: bool,
    /// Its header.
    pub span: Range<usize>,
}

/// `[[address_spaces]]`.
#[derive(Clone, Debug)]
pub struct AddressSpace {
    /// `name`.
    pub name: Spanned<String>,
    /// `components`.
    pub components: Vec<Spanned<String>>,
    /// Whether all of them are there.
    pub is_complete: bool,
    /// `parent`.
    pub parent: Option<Spanned<String>>,
}

/// What a component, or an element of its `threads`, says of a thread.
#[derive(Clone, Debug)]
pub struct Thread {
    /// `priority`.
    pub priority: Option<Spanned<u64>>,
    /// `weight`.
    pub weight: Option<Spanned<u64>>,
    /// `partition`.
    pub partition: Option<Spanned<String>>,
    /// `budget`.
    pub budget: Option<Spanned<u64>>,
    /// `period`.
    pub period: Option<Spanned<u64>>,
    /// `deadline`.
    pub deadline: Option<Spanned<u64>>,
    /// `cost`.
    pub cost: Option<Spanned<u64>>,
    /// `cores`.
    pub cores: Vec<Spanned<u64>>,
    /// Where `cores` stands.
    pub cores_span: Option<Range<usize>>,
}

/// An element of `slots`.
#[derive(Clone, Debug)]
pub struct Slot {
    /// `partition`.
    pub partition: Option<Spanned<String>>,
    /// `length`.
    pub length: u64,
}

/// An element of `deps`.
#[derive(Clone, Debug)]
pub struct Dependency {
    /// `srv`.
    pub srv: Spanned<String>,
    /// `interface`.
    pub interface: Spanned<String>,
    /// `variant`.
    pub variant: Option<Spanned<String>>,
    /// `methods`.
    pub methods: Option<Vec<Spanned<String>>>,
    /// `trust`.
    pub trust: Trust,
    /// `regions`.
    pub regions: Regions,
    /// `import`.
    pub import: Option<Spanned<String>>,
    /// `via`.
    pub via: Via,
    /// `workers`.
    pub workers: Option<Spanned<u64>>,
    /// `core`.
    pub core: Option<Spanned<u64>>,
    /// `interposers`.
    pub interposers: Vec<Spanned<String>>,
    /// All of it.
    pub span: Range<usize>,
}

/// An element of `devices`.
#[derive(Clone, Debug)]
pub struct Device {
    /// `name`.
    pub name: Spanned<String>,
    /// `ports`.
    pub ports: Option<u64>,
    /// `count`.
    pub count: Option<u64>,
    /// `interrupt`.
    pub interrupt: Option<u64>,
    /// `memory`.
    pub memory: Option<Spanned<u64>>,
    /// `bytes`.
    pub bytes: Option<u64>,
    /// Whether all of that could be read.
    pub is_complete: bool,
    /// All of it.
    pub span: Range<usize>,
}

impl Draft {
    /// The draft of a file of this shape.
    pub fn new(file: &Fields) -> Self {
        let nothing = Fields::default();
        let system = file.fields("system").unwrap_or(&nothing);
        let components: Vec<_> = file.tables("components", |fields| Some(Component::new(fields)));
        Self {
            description: system.text("description").map(|text| text.value).unwrap_or_default(),
            machine: machine(system.fields("machine").unwrap_or(&nothing)),
            expect: Expect::new(system.fields("expect").unwrap_or(&nothing)),
            address_spaces: file.tables("address_spaces", address_space),
            complete: file.is_complete("components") && components.iter().all(|component| component.is_known),
            components,
        }
    }
}

fn machine(fields: &Fields) -> Machine {
    Machine {
        smp: fields.number("smp").unwrap_or(1),
        memory: fields.number("memory").unwrap_or(DEFAULT_MEMORY),
        timeout: fields.number("timeout").unwrap_or(DEFAULT_TIMEOUT),
        icount: matches!(fields.get("icount"), Some(Spanned { value: Value::Boolean(true), .. })),
    }
}

impl Expect {
    fn new(fields: &Fields) -> Self {
        Self {
            output: fields.texts("output").unwrap_or_default().into_iter().map(|text| text.value).collect(),
            status: fields.number("status").unwrap_or(0),
            faults: fields.texts("faults").unwrap_or_default(),
        }
    }
}

impl Component {
    fn new(fields: &Fields) -> Self {
        let implements = fields.tables("implements", implements);
        let deps = fields.tables("deps", Dependency::new);
        Self {
            name: fields.text("name"),
            is_known: fields.get("name").is_some() && fields.is_complete("constructor"),
            img: fields.text("img"),
            constructor: fields.text("constructor"),
            implements_complete: fields.is_complete("implements") && implements.len() == fields.count("implements"),
            implements,
            fault: fields.fields("fault").and_then(handler),
            personality: fields.fields("personality").and_then(handler),
            policy: fields.fields("fault").map(policy).unwrap_or_default(),
            memory: fields.spanned_number("memory"),
            params: fields.tables("params", parameter),
            constants: fields.tables("constants", constant),
            initfs: fields.text("initfs"),
            devices: fields.tables("devices", device),
            baseaddr: fields.spanned_number("baseaddr"),
            stack: fields.spanned_number("stack"),
            stack_check: !matches!(fields.get("stack_check"), Some(Spanned { value: Value::Boolean(false), .. })),
            recursion: fields.spanned_number("recursion"),
            own: Thread::new(fields),
            scheduling_policy: fields.text("policy"),
            slots: fields.tables("slots", slot),
            slots_span: fields.get("slots").map(|slots| (slots.span.clone(), fields.is_complete("slots"))),
            threads: fields.tables("threads", thread),
            deps_complete: fields.is_complete("deps") && deps.len() == fields.count("deps"),
            deps,
            span: fields.span.clone(),
        }
    }
}

fn address_space(fields: &Fields) -> Option<AddressSpace> {
    Some(AddressSpace {
        name: fields.text("name")?,
        components: fields.texts("components")?,
        is_complete: fields.is_complete("components"),
        parent: fields.text("parent"),
    })
}

fn implements(fields: &Fields) -> Option<Implements> {
    Some(Implements { interface: fields.text("interface")?, variant: fields.text("variant") })
}

fn thread(fields: &Fields) -> Option<Spanned<Thread>> {
    Some(Spanned { value: Thread::new(fields), span: fields.span.clone() })
}

fn slot(fields: &Fields) -> Option<Slot> {
    Some(Slot { partition: fields.text("partition"), length: fields.number("length")? })
}

impl Thread {
    fn new(fields: &Fields) -> Self {
        Self {
            priority: fields.spanned_number("priority"),
            weight: fields.spanned_number("weight"),
            partition: fields.text("partition"),
            budget: fields.spanned_number("budget"),
            period: fields.spanned_number("period"),
            deadline: fields.spanned_number("deadline"),
            cost: fields.spanned_number("cost"),
            cores: fields.numbers("cores").unwrap_or_default(),
            cores_span: fields.get("cores").map(|cores| cores.span.clone()),
        }
    }
}

fn handler(fields: &Fields) -> Option<Dependency> {
    let handler = fields.text("handler")?;
    let interface = Spanned { value: abi::fault::INTERFACE.into(), span: handler.span.clone() };
    Some(Dependency {
        srv: handler,
        interface,
        variant: fields.text("variant"),
        methods: None,
        trust: Trust::default(),
        regions: Regions::default(),
        import: None,
        via: Via::Call,
        workers: None,
        core: None,
        interposers: Vec::new(),
        span: fields.span.clone(),
    })
}

fn policy(fields: &Fields) -> Policy {
    let policy = match fields.text("policy").map(|text| text.value).as_deref() {
        Some("unwind") => What::Unwind,
        Some("end") => What::End,
        Some("recreate") => What::Recreate,
        _ => What::Handler,
    };
    Policy { policy, limit: fields.number("limit").unwrap_or(0), back_off: fields.number("backoff").unwrap_or(0) }
}

fn parameter(fields: &Fields) -> Option<Parameter> {
    let mut key = fields.text("key")?;
    if let Some(at) = fields.text("at") {
        key.value = format!("{}.{}", at.value, key.value);
    }
    Some(Parameter { key, value: fields.setting("value")? })
}

fn constant(fields: &Fields) -> Option<Parameter> {
    Some(Parameter { key: fields.text("variable")?, value: fields.setting("value")? })
}

fn device(fields: &Fields) -> Option<Device> {
    Some(Device {
        name: fields.text("name")?,
        ports: fields.number("ports"),
        count: fields.number("count"),
        interrupt: fields.number("interrupt"),
        memory: fields.spanned_number("memory"),
        bytes: fields.number("bytes"),
        is_complete: ["ports", "count", "interrupt", "memory", "bytes"].into_iter().all(|key| fields.is_complete(key)),
        span: fields.span.clone(),
    })
}

impl Dependency {
    fn new(fields: &Fields) -> Option<Self> {
        let (trusts_client, trusts_server) = ends(fields, "trust");
        let (clients, servers) = ends(fields, "regions");
        Some(Self {
            srv: fields.text("srv")?,
            interface: fields.text("interface")?,
            variant: fields.text("variant"),
            methods: fields.texts("methods"),
            trust: Trust { server: trusts_server, client: trusts_client },
            regions: Regions { client: clients, server: servers },
            import: fields.text("import"),
            via: match fields.text("via") {
                Some(via) if via.value == "page" => Via::Page,
                _ => Via::Call,
            },
            core: fields.spanned_number("core"),
            workers: fields.spanned_number("workers"),
            interposers: fields.texts("interposers").unwrap_or_default(),
            span: fields.span.clone(),
        })
    }
}

/// Whether a key names the client, and whether it names the server.
fn ends(fields: &Fields, key: &str) -> (bool, bool) {
    let named = fields.text(key).map(|text| text.value).unwrap_or_default();
    (matches!(named.as_str(), "client" | "both"), matches!(named.as_str(), "server" | "both"))
}

/// Values by key, as what `keys` says that they are; `None` if there is none that fits.
impl Fields {
    fn list(&self, key: &str) -> Option<&List> {
        match &self.get(key)?.value {
            Value::List(list) => Some(list),
            _ => None,
        }
    }

    fn count(&self, key: &str) -> usize {
        self.list(key).map_or(0, |list| list.items.len())
    }

    fn fields(&self, key: &str) -> Option<&Fields> {
        match &self.get(key)?.value {
            Value::Fields(fields) => Some(fields),
            _ => None,
        }
    }

    fn tables<T>(&self, key: &str, make: impl Fn(&Fields) -> Option<T>) -> Vec<T> {
        let items = self.list(key).map(|list| list.items.as_slice()).unwrap_or_default();
        let make = |item: &Spanned<Value>| match &item.value {
            Value::Fields(fields) => make(fields),
            _ => None,
        };
        items.iter().filter_map(make).collect()
    }

    fn text(&self, key: &str) -> Option<Spanned<String>> {
        self.get(key).and_then(text)
    }

    fn texts(&self, key: &str) -> Option<Vec<Spanned<String>>> {
        self.list(key).map(|list| list.items.iter().filter_map(text).collect())
    }

    fn numbers(&self, key: &str) -> Option<Vec<Spanned<u64>>> {
        let number = |item: &Spanned<Value>| match item.value {
            Value::Number(value) => Some(Spanned { value: u64::try_from(value).ok()?, span: item.span.clone() }),
            _ => None,
        };
        self.list(key).map(|list| list.items.iter().filter_map(number).collect())
    }

    fn number<T: TryFrom<i128>>(&self, key: &str) -> Option<T> {
        self.spanned_number(key).map(|number| number.value)
    }

    fn spanned_number<T: TryFrom<i128>>(&self, key: &str) -> Option<Spanned<T>> {
        match self.get(key)? {
            Spanned { value: Value::Number(value), span } => {
                Some(Spanned { value: T::try_from(*value).ok()?, span: span.clone() })
            }
            _ => None,
        }
    }

    fn setting(&self, key: &str) -> Option<Spanned<Setting>> {
        let Spanned { value, span } = self.get(key)?;
        let value = match value {
            Value::Number(number) => Setting::Integer(*number),
            Value::Boolean(value) => Setting::Boolean(*value),
            Value::Text(text) => Setting::Text(text.clone()),
            _ => return None,
        };
        Some(Spanned { value, span: span.clone() })
    }
}

fn text(value: &Spanned<Value>) -> Option<Spanned<String>> {
    match value {
        Spanned { value: Value::Text(text), span } => Some(Spanned { value: text.clone(), span: span.clone() }),
        _ => None,
    }
}
