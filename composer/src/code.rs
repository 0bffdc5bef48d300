//! The codes of all complaints about a graph file. A code keeps its meaning for ever and is not used again.
//!
//! Hundreds say where in the pipeline: 00 reading, 01 shape, 02 components, 03 edges, 04 devices and parameters,
//! 05 component crates; 06 to 09 belong to the passes after `order`, 10 to systems that run.

/// The file cannot be read: it is missing, a directory, or not permitted.
pub const UNREADABLE: &str = "E0001";
/// The file is larger than 16 MiB.
pub const TOO_LARGE: &str = "E0002";
/// The file is not text: not UTF-8, or with nul bytes.
pub const NOT_TEXT: &str = "E0003";
/// A result cannot be written.
pub const UNWRITABLE: &str = "E0004";

/// The file is not TOML.
pub const SYNTAX: &str = "E0101";
/// A key that the graph format does not have.
pub const UNKNOWN_KEY: &str = "E0102";
/// A value of a type that its key does not take.
pub const WRONG_TYPE: &str = "E0103";
/// A key without which its table says nothing.
pub const MISSING_KEY: &str = "E0104";
/// A value of the right type that its key does not take.
pub const BAD_VALUE: &str = "E0105";
/// A key or value of the format whose mechanism does not exist yet.
pub const NOT_SUPPORTED_YET: &str = "E0106";

/// Two components of one name.
pub const DUPLICATE_COMPONENT: &str = "E0201";
/// A name that no component has.
pub const UNKNOWN_COMPONENT: &str = "E0202";
/// No component is constructed by the kernel.
pub const NO_BASE_CONSTRUCTOR: &str = "E0203";
/// Several components are constructed by the kernel.
pub const SEVERAL_BASE_CONSTRUCTORS: &str = "E0204";
/// A component is constructed by one that does not exist from the start, as it is constructed at run time itself.
pub const NESTED_CONSTRUCTOR: &str = "E0205";
/// The base constructor depends on another component.
pub const BASE_CONSTRUCTOR_DEPENDS: &str = "E0206";
/// The graph has no components.
pub const EMPTY_GRAPH: &str = "E0207";
/// The graph has more components than the kernel has threads.
pub const TOO_MANY_COMPONENTS: &str = "E0208";
/// A component on a core that the machine does not have.
pub const NO_SUCH_CORE: &str = "E0209";
/// A component on another core than whoever runs it.
pub const WRONG_CORE: &str = "E0210";

/// A template that there is not.
pub const UNKNOWN_TEMPLATE: &str = "E0211";
/// Two templates of one name.
pub const DUPLICATE_TEMPLATE: &str = "E0212";
/// A template that nobody takes anything from.
pub const UNUSED_TEMPLATE: &str = "E0213";
/// `{n}` where there is only one instance.
pub const NO_INSTANCES: &str = "E0214";
/// Two address spaces of one name.
pub const DUPLICATE_SPACE: &str = "E0215";
/// An address space that there is not.
pub const UNKNOWN_SPACE: &str = "E0216";
/// Address spaces that lie in each other in a circle.
pub const SPACE_CYCLE: &str = "E0217";
/// A component in two address spaces, or twice in one.
pub const IN_TWO_SPACES: &str = "E0218";
/// An address space without components.
pub const EMPTY_SPACE: &str = "E0219";
/// A component that has to have an address space of its own.
pub const NEEDS_OWN_SPACE: &str = "E0220";

/// The server does not implement the interface.
pub const NOT_IMPLEMENTED: &str = "E0301";
/// The server implements the interface in other variants.
pub const VARIANT_MISMATCH: &str = "E0302";
/// A component implements one interface twice.
pub const DUPLICATE_IMPLEMENTS: &str = "E0303";
/// Two dependencies for the same import.
pub const DUPLICATE_DEPENDENCY: &str = "E0304";
/// A component depends on itself.
pub const SELF_DEPENDENCY: &str = "E0305";
/// Components depend on each other in a circle.
pub const DEPENDENCY_CYCLE: &str = "E0306";
/// A method permitted twice on one edge.
pub const DUPLICATE_METHOD: &str = "E0307";
/// A component with two schedulers.
pub const SEVERAL_SCHEDULERS: &str = "E0308";
/// A key that only has a meaning for a component with a scheduler.
pub const NOT_SCHEDULED: &str = "E0309";
/// A component that may create more threads than a plan has room for.
pub const TOO_MANY_CREATED: &str = "E0310";
/// A component that asks another than its scheduler to have its pages served.
pub const NOT_ITS_SCHEDULER: &str = "E0311";

/// Lengths of time of a thread that do not go together: a budget without a period, one that is longer than its period, and the like.
pub const BAD_SHARE: &str = "E0315";

/// A key that only has a meaning for a component that schedules others.
pub const NOT_SCHEDULING: &str = "E0316";
/// A cycle of slots that the policy cannot have, or lacks.
pub const BAD_SLOTS: &str = "E0317";
/// A key of a thread that its scheduler's policy does not look at.
pub const NOT_FOR_POLICY: &str = "E0318";
/// A thread in no partition, or in one without a slot.
pub const BAD_PARTITION: &str = "E0319";
/// A thread that cannot be sure to meet its deadlines, by analysis.
pub const UNSCHEDULABLE: &str = "E0320";
/// A thread with deadlines of which nothing can be said: it is below one of which nothing says how long it runs, or that can come from another
/// core or use at once what it saved; or its scheduler is not sure of its time.
pub const UNBOUNDED_INTERFERENCE: &str = "E0321";
/// A thread with deadlines that may find a lock of a server taken by a less urgent one, and then be late, or nobody knows.
pub const UNBOUNDED_BLOCKING: &str = "E0332";

/// A key that only has a meaning for a component that is made, or has memory, at run time.
pub const NOT_MANAGED: &str = "E0312";

/// A foreign component that calls, serves or drives something: it can do nothing but make system calls.
pub const FOREIGN_EDGE: &str = "E0313";

/// An interposer that does not call the next component on the way.
pub const NOT_AN_INTERPOSER: &str = "E0314";

/// A chain of invocations that is longer than what a thread has room for.
pub const INVOCATIONS_TOO_DEEP: &str = "E0322";
/// An interface that is served to nobody.
pub const UNUSED_INTERFACE: &str = "E0323";
/// A client that can come to wait for threads that are less urgent.
pub const PRIORITY_INVERSION: &str = "E0324";
/// A page for calls that are about pages.
pub const PAGE_ABOUT_PAGES: &str = "E0325";
/// A component that depends on one in an address space inside its own.
pub const DEPENDS_INWARDS: &str = "E0326";
/// Threads that come to a component whose scheduler does not know them.
pub const THREADS_OF_ANOTHER_SCHEDULER: &str = "E0327";

/// Regions along an edge of which an end has no memory manager, or another one.
pub const NO_REGIONS: &str = "E0328";
/// An edge is to be served on a core of its own, and has no page, or the client no thread for that.
pub const NOT_SERVED_THERE: &str = "E0329";
/// An edge is to have workers of its server, and has no page, or the server fewer threads for that.
pub const NO_SUCH_WORKERS: &str = "E0330";
/// More pages of one scheduler's clients than it has room for.
pub const TOO_MANY_PAGES: &str = "E0331";

/// A port range that does not lie in the 65536 ports.
pub const PORTS_OUT_OF_RANGE: &str = "E0401";
/// A port granted twice.
pub const PORTS_GRANTED_TWICE: &str = "E0402";
/// A component with two devices of one name.
pub const DUPLICATE_DEVICE: &str = "E0403";
/// A component with two parameters of one key.
pub const DUPLICATE_PARAMETER: &str = "E0404";
/// A device of which the graph says too little to grant anything.
pub const INCOMPLETE_DEVICE: &str = "E0405";
/// An interrupt line granted twice.
pub const INTERRUPT_GRANTED_TWICE: &str = "E0406";
/// Physical memory granted twice.
pub const REGISTERS_GRANTED_TWICE: &str = "E0407";

/// An image that is no component crate.
pub const UNKNOWN_CRATE: &str = "E0501";
/// A component crate without an image, or with several.
pub const NO_IMAGE: &str = "E0502";
/// An image that does not build.
pub const BUILD_FAILED: &str = "E0503";
/// A workspace that cargo does not understand.
pub const BAD_WORKSPACE: &str = "E0504";

/// Files that a component is to start with, and that cannot be read.
pub const UNREADABLE_FILES: &str = "E0506";
/// A `component.toml` that says what it cannot say.
pub const BAD_DEFAULTS: &str = "E0505";

/// A built image that cannot be a component's.
pub const BAD_IMAGE: &str = "E0601";

/// The image calls an interface for which the graph names no server.
pub const UNBOUND_IMPORT: &str = "E0701";
/// The graph names a server for an interface that the client's image does not call.
pub const NO_SUCH_IMPORT: &str = "E0702";
/// The image does not serve what the graph says it implements.
pub const NOT_EXPORTED: &str = "E0703";
/// Client and server were built against different versions of an interface.
pub const SCHEMA_MISMATCH: &str = "E0704";
/// A method that the interface does not have.
pub const UNKNOWN_METHOD: &str = "E0705";
/// A parameter that the image does not have.
pub const UNKNOWN_PARAMETER: &str = "E0706";
/// A device that the image does not drive.
pub const UNKNOWN_DEVICE: &str = "E0707";
/// The image drives a device that the graph does not grant.
pub const UNBOUND_DEVICE: &str = "E0708";
/// The image of a component that is to schedule others is not a scheduler's.
pub const NOT_A_SCHEDULER: &str = "E0709";

/// The image of a component that is to construct others, or to give them memory, cannot.
pub const NOT_A_MANAGER: &str = "E0710";
/// A constant that the image does not have.
pub const UNKNOWN_CONSTANT: &str = "E0712";
/// Files for an image that reads none.
pub const NO_FILES: &str = "E0713";
/// A method that an edge names and that the client's image never invokes.
pub const UNUSED_METHOD: &str = "E0714";
/// Memory that a component may give to another and never does.
pub const UNUSED_REGIONS: &str = "E0716";
/// Several cores for an image that would do something on the first alone.
pub const NOTHING_ON_OTHER_CORES: &str = "E0717";
/// A value that is none of the type that the image says.
pub const WRONG_VALUE: &str = "E0718";
/// An edge that permits all methods, of which the client's image never invokes some. Said to who asks `check --strict`.
pub const WIDE_EDGE: &str = "E0719";
/// A text that is longer than the image has room for.
pub const TEXT_TOO_LONG: &str = "E0715";
/// A dependency with a page, whose client's image does not post, or the reverse.
pub const NO_SUCH_PAGE: &str = "E0711";

/// A component would lie outside the memory that a component can have.
pub const OUTSIDE_MEMORY: &str = "E0801";
// E0802 was said of base addresses and stacks off a page boundary, which their keys refuse (E0105).
/// A component with more capabilities than a capability table has slots. The smallest graph that has one is thirty thousand
/// lines long: a test makes it.
pub const TOO_MANY_CAPABILITIES: &str = "E0803";
/// The components, and the threads that they may create, are more than the kernel has threads.
pub const TOO_MANY_THREADS: &str = "E0804";

/// A component whose stacks are smaller than what a chain of invocations can need.
pub const STACK_TOO_SMALL: &str = "E0805";
/// An image that calls itself in a circle, and no number that says how deep.
pub const RECURSION: &str = "E0806";
/// An image whose use of the stack cannot be followed.
pub const UNBOUNDED_STACK: &str = "E0807";
/// Invocations that can lead back to where they came from, without end.
pub const ENDLESS_INVOCATIONS: &str = "E0808";

/// A system that needs more memory than the machine has.
pub const MEMORY_EXCEEDED: &str = "E0809";
/// Components of one address space that would lie at the same addresses.
pub const ADDRESS_OVERLAP: &str = "E0810";
/// A number that says how deep code calls itself, for an image that does not.
pub const UNUSED_RECURSION: &str = "E0811";

/// Memory at run time of which the component that is to give it cannot keep account.
pub const MANAGED_MEMORY_EXCEEDED: &str = "E0812";

/// The output cannot be written.
pub const OUTPUT: &str = "E0901";
/// There is nothing that a picture could show.
pub const UNDRAWABLE: &str = "E0902";

/// A file that is no memory dump of a machine, or one in which the kernel has not come up.
pub const DUMP: &str = "E1001";
/// A dump, or a machine, of another system or another build of it.
pub const OTHER_SYSTEM: &str = "E1002";
/// There is no machine to look into.
pub const NOT_REACHED: &str = "E1003";
