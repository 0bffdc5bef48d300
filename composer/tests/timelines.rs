//! What declared threads will do, and whether they meet their deadlines.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test, its helpers too, may panic")]

use std::path::Path;

use composer::code::UNSCHEDULABLE;
use composer::diagnostic::Source;
use composer::graph::Graph;
use composer::schedulability::{self, Promise};
use composer::timeline::{self, Nothing};
use composer::{LoadOptions, judge_all_but};

const START: &str = "[system]\ndescription = \"x < y\"\n[[components]]\nname = \"booter\"\nconstructor = \"kernel\"\n";

/// The graph of a scheduler with clients, each of which says something.
fn graph(scheduler: &str, clients: &[&str]) -> Graph {
    graph_on("", scheduler, clients)
}

/// The same on a machine of which the graph says something.
fn graph_on(machine: &str, scheduler: &str, clients: &[&str]) -> Graph {
    let start = START.replacen("[[", &format!("{machine}[["), 1);
    let mut text =
        format!("{start}[[components]]\nname = \"sched\"\nimplements = [{{ interface = \"sched\" }}]\n{scheduler}\n");
    for (at, client) in clients.iter().enumerate() {
        let name = char::from(b'a' + at as u8);
        text += &format!(
            "[[components]]\nname = \"{name}\"\ndeps = [{{ srv = \"sched\", interface = \"sched\" }}]\n{client}\n"
        );
    }
    let source = Source { path: "graph.toml".into(), text };
    let judged = judge_all_but(source, LoadOptions { graph_only: true }, &[UNSCHEDULABLE]);
    judged.unwrap_or_else(|failure| panic!("{}", failure.diagnostics.render(&failure.source))).graph
}

fn promises(graph: &Graph) -> Vec<Promise> {
    schedulability::analyse(graph).into_iter().flat_map(|it| it.threads).map(|thread| thread.promise).collect()
}

/// Who runs when: for each thread, from and to.
fn runs(graph: &Graph, length: u64) -> Vec<Vec<(u64, u64)>> {
    let timeline = timeline::of(graph, Some(length)).unwrap();
    let lanes = timeline.processors.into_iter().flat_map(|processor| processor.lanes);
    lanes.map(|lane| lane.spans.iter().map(|span| (span.from, span.to)).collect()).collect()
}

#[test]
fn a_response_is_what_goes_first_and_ones_own_work() {
    let graph = graph(
        "",
        &["priority = 1\ncost = 100\nperiod = 400", "priority = 2\ncost = 250\nperiod = 1000\ndeadline = 600"],
    );
    assert_eq!(promises(&graph), [Promise::Within(100), Promise::Within(350)]);
    assert_eq!(runs(&graph, 1000), [vec![(0, 100), (400, 500), (800, 900)], vec![(100, 350)]]);
    let text = schedulability::render(&graph, &schedulability::analyse(&graph)[0]);
    assert_eq!(
        text,
        "sched on core 0: fixed-priority, 50.0 % of the time is asked for\n  \
         a  100 of 400 microseconds, by 400: within 100\n  \
         b  250 of 1000 microseconds, by 600: within 350\n"
    );
}

#[test]
fn nothing_is_promised_below_a_thread_of_which_nothing_is_said() {
    let graph = graph(
        "",
        &["priority = 1", "priority = 2\ncost = 250\nperiod = 1000", "priority = 0\ncost = 10\nperiod = 100"],
    );
    assert_eq!(promises(&graph), [Promise::Undeclared, Promise::Unknown(1), Promise::Within(10)]);
}

/// The graph of a scheduler and a server, whose edge to it says something, with clients that call the server if they are to.
fn sharing(scheduler: &str, server: &str, clients: &[(bool, &str)]) -> Graph {
    let partition = if scheduler.contains("partitions") { "partition = \"p\"\n" } else { "" };
    let start = START.replacen("[[", "machine = { smp = 2 }\n[[", 1);
    let mut text = format!(
        "{start}[[components]]\nname = \"sched\"\nimplements = [{{ interface = \"sched\" }}]\n{scheduler}\n\
         [[components]]\nname = \"store\"\nimplements = [{{ interface = \"store\" }}]\n\
         deps = [{{ srv = \"sched\", interface = \"sched\"{server} }}]\n{partition}"
    );
    for (name, (calls, client)) in ["a", "b", "c"].iter().zip(clients) {
        let store = if *calls { ", { srv = \"store\", interface = \"store\" }" } else { "" };
        text += &format!(
            "[[components]]\nname = \"{name}\"\ndeps = [{{ srv = \"sched\", interface = \"sched\" }}{store}]\n{client}\n"
        );
    }
    let source = Source { path: "graph.toml".into(), text };
    let judged = judge_all_but(source, LoadOptions { graph_only: true }, &[UNSCHEDULABLE]);
    judged.unwrap_or_else(|failure| panic!("{}", failure.diagnostics.render(&failure.source))).graph
}

/// What threads of clients are promised; the server's own has nothing to do.
fn promised_sharing(scheduler: &str, server: &str, clients: &[(bool, &str)]) -> Vec<Promise> {
    promises(&sharing(scheduler, server, clients)).split_off(1)
}

/// What the edge of a server says that takes locks.
const LOCKS: &str = "";
/// Its number.
const STORE: usize = 2;

/// Whether the thread of component number `of` may have a lock of the server that another waits for.
fn held(of: usize) -> Promise {
    Promise::Blocked(schedulability::Holder { component: of, number: 0, server: STORE })
}

#[test]
fn a_lock_that_a_less_urgent_thread_has_is_waited_for_as_long_as_its_job_takes() {
    let urgent = "priority = 1\ncost = 100\nperiod = 1000\ndeadline = 500";
    let between = "priority = 2\ncost = 50\nperiod = 1000";
    let slow = |cost: u64| format!("priority = 3\ncost = {cost}\nperiod = 2000");
    let of = |calls: [bool; 3], cost, server| {
        promised_sharing("", server, &[(calls[0], urgent), (calls[1], between), (calls[2], &slow(cost))])
    };
    let alone = [100, 150, 550].map(Promise::Within);
    assert_eq!(of([true, false, false], 400, LOCKS), alone, "nobody else comes there");
    assert_eq!(of([true, false, true], 400, LOCKS), [500, 550, 550].map(Promise::Within), "who is between waits, too");
    assert_eq!(of([false, true, true], 400, LOCKS), [100, 550, 550].map(Promise::Within), "who is before does not");
    assert_eq!(of([true, false, true], 401, LOCKS)[0], held(5), "a microsecond too much");
    let cannot_wait = ", methods = [\"sleep_until\", \"wake\"]";
    assert_eq!(
        of([true, false, true], 401, cannot_wait)[0],
        Promise::Within(100),
        "no server without locks is in the way"
    );
    let graph = sharing("", LOCKS, &[(true, urgent), (true, &slow(300))]);
    let text = schedulability::render(&graph, &schedulability::analyse(&graph)[0]);
    assert!(
        text.contains("a      100 of 1000 microseconds, by 500: within 400, and 300 of that for locks\n"),
        "{text}"
    );
}

#[test]
fn nothing_is_promised_where_nobody_knows_how_long_a_lock_is_held() {
    let urgent = "priority = 1\ncost = 100\nperiod = 1000\ndeadline = 500";
    assert_eq!(promised_sharing("", LOCKS, &[(true, urgent), (true, "priority = 2")])[0], held(4));
    assert_eq!(promised_sharing("", LOCKS, &[(true, urgent), (false, "priority = 2")])[0], Promise::Within(100));
    let cores = |of| promised_sharing("cores = [0, 1]", LOCKS, &[(true, urgent), (of, "cores = [1]\npriority = 2")])[0];
    assert_eq!((cores(false), cores(true)), (Promise::Within(100), held(4)), "another core's time is not to be lent");
    // A thread with a budget lends that, too.
    let slow = "priority = 3\ncost = 200\nperiod = 2000";
    let limited = |budget: u64| format!("{urgent}\nbudget = {budget}");
    assert!(matches!(promised_sharing("", LOCKS, &[(true, &limited(300)), (true, slow)])[0], Promise::Within(_)));
    assert_eq!(promised_sharing("", LOCKS, &[(true, &limited(299)), (true, slow)])[0], held(4));
    // With shares, everybody is in everybody's way; a partition's slots are not another's.
    let shares = "policy = \"proportional-share\"";
    assert_eq!(promised_sharing(shares, LOCKS, &[(true, "cost = 10\nperiod = 100000"), (true, "")])[0], held(4));
    let partitions = "policy = \"time-partitions\"\n\
        slots = [{ partition = \"p\", length = 500 }, { partition = \"q\", length = 500 }]";
    let inside = |partition: &str| format!("partition = \"{partition}\"\npriority = 1\ncost = 100\nperiod = 5000");
    let of = |calls| promised_sharing(partitions, LOCKS, &[(true, &inside("p")), (calls, &inside("q"))])[0];
    assert_eq!((of(false), of(true)), (Promise::Within(600), held(4)));
}

#[test]
fn locks_are_counted_with_deadlines() {
    let policy = "policy = \"earliest-deadline\"";
    let of = |cost: u64, deadline: u64| {
        let first = format!("cost = {cost}\nbudget = 400\nperiod = 1000\ndeadline = {deadline}");
        promised_sharing(policy, LOCKS, &[(true, &first), (true, "cost = 300\nbudget = 300\nperiod = 2000")])
    };
    assert_eq!(of(100, 700), [Promise::ByDeadline, Promise::ByDeadline]);
    assert_eq!(of(101, 700)[0], held(4), "its budget is for its own work and what it lends");
    assert_eq!(of(100, 699)[0], held(4), "400 of its own and 300 of the other are more than there is");
}

/// At the end of a period and at the start of the next.
#[test]
fn who_has_a_budget_can_go_first_twice_with_nothing_between() {
    let beside = |first: &str| graph("", &[first, "priority = 2\ncost = 500\nperiod = 4000\ndeadline = 1100"]);
    assert_eq!(promises(&beside("priority = 1\nbudget = 300\nperiod = 1000"))[1], Promise::Within(1_100));
    assert_eq!(promises(&beside("priority = 1\nbudget = 301\nperiod = 1000"))[1], Promise::Late);
    assert_eq!(promises(&beside("priority = 1\ncost = 301\nperiod = 1000"))[1], Promise::Within(801));
}

#[test]
fn servers_have_their_budgets_by_their_deadlines_or_nobody_has() {
    let with = |budget: u64| {
        graph(
            "policy = \"earliest-deadline\"",
            &["budget = 500\nperiod = 1000", &format!("budget = {budget}\nperiod = 2000"), ""],
        )
    };
    assert_eq!(promises(&with(1000)), [Promise::ByDeadline, Promise::ByDeadline, Promise::Undeclared]);
    assert_eq!(promises(&with(1001)), [Promise::Late, Promise::Late, Promise::Undeclared]);
    assert_eq!(runs(&with(1000), 2000), [vec![(0, 500), (1500, 2000)], vec![(500, 1500)], vec![]]);
}

#[test]
fn partitions_run_in_their_slots() {
    let graph = graph(
        "policy = \"time-partitions\"\nslots = [{ partition = \"p\", length = 300 }, { partition = \"q\", length = 200 }]",
        &["partition = \"q\"\ncost = 250\nperiod = 2000", "partition = \"p\"\ncost = 100\nperiod = 500"],
    );
    assert_eq!(promises(&graph), [Promise::Within(300 + 200 + 300 + 50), Promise::Within(300)]);
    assert_eq!(runs(&graph, 1000), [vec![(300, 500), (800, 850)], vec![(0, 100), (500, 600)]]);
}

/// The graph of a scheduler of which another says something, with one client that has a deadline.
fn nested(above: &str, below: &str, client: &str) -> Graph {
    let second = "[[components]]\nname = \"second\"\nimplements = [{ interface = \"sched\" }]\n\
                  deps = [{ srv = \"sched\", interface = \"sched\" }]\n";
    let last = "[[components]]\nname = \"client\"\ndeps = [{ srv = \"second\", interface = \"sched\" }]\n";
    graph(above, &["priority = 0\ncost = 100\nperiod = 1000", &format!("\n{second}{below}\n{last}{client}")])
}

/// What is promised to the last one's client.
fn promised_below(graph: &Graph) -> Promise {
    *promises(graph).last().unwrap()
}

#[test]
fn who_is_below_a_scheduler_has_no_more_than_its_share() {
    let share = "priority = 1\nbudget = 300\nperiod = 1000";
    let below = |work: u64| nested("", share, &format!("cost = {work}\nperiod = 4000"));
    assert_eq!(promised_below(&below(300)), Promise::Within(2 * 700 + 300));
    assert_eq!(promised_below(&below(301)), Promise::Within(3 * 700 + 301));
    assert_eq!(
        promised_below(&below(901)),
        Promise::Late,
        "of 1200 in 4000 microseconds, at worst the last is behind five gaps"
    );
    let text: String =
        schedulability::analyse(&below(300)).iter().map(|it| schedulability::render(&below(300), it)).collect();
    assert!(
        text.contains(
            "second on core 0: fixed-priority, 7.5 % of the time is asked for; it has 300 of each 1000 microseconds"
        ),
        "{text}"
    );
}

#[test]
fn nothing_is_promised_below_a_scheduler_that_is_sure_of_nothing() {
    let client = "cost = 10\nperiod = 100000";
    let share = "budget = 300\nperiod = 1000";
    let unsure = [
        nested("", "priority = 1", client),
        nested("", &format!("priority = 1\n{share}\npolicy = \"earliest-deadline\""), "budget = 10\nperiod = 100000"),
        nested("", "priority = 1\nbudget = 950\nperiod = 1000", client),
    ];
    let found = unsure.iter().map(promised_below);
    assert_eq!(found.collect::<Vec<_>>(), vec![Promise::Unsupplied; 3]);
}

/// The graph of a scheduler on two cores, with clients on either.
fn on_two_cores(scheduler: &str, clients: &[&str]) -> Graph {
    graph_on("machine = { smp = 2 }\n", &format!("cores = [0, 1]\n{scheduler}"), clients)
}

#[test]
fn nothing_is_promised_behind_threads_that_can_come_from_other_cores() {
    let victim = "cores = [1]\npriority = 5\ncost = 500\nperiod = 1000\ndeadline = 600";
    let beside = |client: &str| *promises(&on_two_cores("", &[client, victim])).last().unwrap();
    assert_eq!(beside("priority = 1\nthreads = [{}]"), Promise::Unknown(2), "both ask to, or serve a page there");
    assert_eq!(beside("priority = 1\ncost = 10\nperiod = 1000"), Promise::Unknown(1), "whenever it likes");
    assert_eq!(beside("priority = 1\nbudget = 10\nperiod = 1000"), Promise::Within(500), "it has time of its core");
    assert_eq!(beside("priority = 6"), Promise::Within(500), "it comes behind this one");
    let graph =
        on_two_cores("policy = \"proportional-share\"", &["weight = 3", "cores = [1]\ncost = 100\nperiod = 10000"]);
    let Promise::Within(time) = promises(&graph)[1] else { panic!("it has a share") };
    assert!(time >= 3_000, "somebody with three times its weight can come: {time}");
}

/// The graph of two cores and a client on the first, whose edge to the scheduler permits this, with one of which that is the server.
fn with_methods(methods: &str) -> Promise {
    let start = START.replacen("[[", "machine = { smp = 2 }\n[[", 1);
    let text = format!(
        "{start}[[components]]\nname = \"sched\"\ncores = [0, 1]\nimplements = [{{ interface = \"sched\" }}]\n\
         [[components]]\nname = \"a\"\npriority = 1\n\
         deps = [{{ srv = \"sched\", interface = \"sched\", methods = [{methods}] }}]\n\
         [[components]]\nname = \"b\"\ncores = [1]\npriority = 5\ncost = 500\nperiod = 1000\n\
         deps = [{{ srv = \"sched\", interface = \"sched\" }}]\n"
    );
    let source = Source { path: "graph.toml".into(), text };
    let graph = judge_all_but(source, LoadOptions { graph_only: true }, &[UNSCHEDULABLE]).unwrap().graph;
    promises(&graph)[1]
}

#[test]
fn who_may_not_ask_for_another_core_stays_on_its_own() {
    assert_eq!(with_methods("\"sleep_until\", \"wake\""), Promise::Within(500));
    let moves = ["migrate", "wait_on", "trigger_and_wait"].map(|method| with_methods(&format!("\"{method}\"")));
    assert_eq!(moves, [Promise::Unknown(1); 3]);
}

#[test]
fn nothing_is_promised_behind_a_scheduler_that_is_stopped_by_what_it_was_given_alone() {
    let third = "[[components]]\nname = \"third\"\nimplements = [{ interface = \"sched\" }]\npriority = 1\nbudget = 100\nperiod = 1000\n\
                 deps = [{ srv = \"second\", interface = \"sched\" }]\n";
    let last = "[[components]]\nname = \"last\"\ndeps = [{ srv = \"third\", interface = \"sched\" }]\n";
    let share = "priority = 1\nbudget = 800\nperiod = 1000";
    let with = |priority: u64, says: &str| {
        let beside = format!("cost = 10\nperiod = 4000\npriority = {priority}\n{third}{last}{says}");
        promises(&nested("", share, &beside)).split_off(3)
    };
    let without_budget = "cost = 10\nperiod = 9000";
    assert_eq!(with(2, without_budget), [Promise::Unknown(1), Promise::Within(900), Promise::Within(1_810)]);
    assert_eq!(with(0, without_budget)[0], Promise::Within(410), "it goes first");
    let with_budget = with(2, "budget = 10\nperiod = 40000");
    assert_eq!(with_budget.last(), Some(&Promise::Unsupplied), "it may find less than its budget");
}

#[test]
fn a_share_below_deadlines_is_a_share() {
    let below = "\n[[components]]\nname = \"second\"\nimplements = [{ interface = \"sched\" }]\nbudget = 300\nperiod = 1000\n\
                 deps = [{ srv = \"sched\", interface = \"sched\" }]\n\
                 [[components]]\nname = \"client\"\ncost = 600\nperiod = 4000\n\
                 deps = [{ srv = \"second\", interface = \"sched\" }]\n";
    let graph = graph("policy = \"earliest-deadline\"", &[below]);
    assert_eq!(promised_below(&graph), Promise::Within(600 + 3 * 700));
}

#[test]
fn whoever_has_a_lock_may_wait_for_another() {
    let start = START.to_owned();
    let server = |name: &str| {
        format!(
            "[[components]]\nname = \"{name}\"\nimplements = [{{ interface = \"store\" }}]\n\
             deps = [{{ srv = \"sched\", interface = \"sched\" }}]\n"
        )
    };
    let client = |name: &str, servers: &[&str], says: &str| {
        let calls: String = servers
            .iter()
            .map(|server| format!(", {{ srv = \"{server}\", interface = \"store\", import = \"{server}\" }}"))
            .collect();
        format!(
            "[[components]]\nname = \"{name}\"\ndeps = [{{ srv = \"sched\", interface = \"sched\" }}{calls}]\n{says}\n"
        )
    };
    let text = format!(
        "{start}[[components]]\nname = \"sched\"\nimplements = [{{ interface = \"sched\" }}]\n{}{}{}{}{}",
        server("one"),
        server("two"),
        client("urgent", &["one"], "priority = 1\ncost = 100\nperiod = 1000"),
        client("both", &["one", "two"], "priority = 2\ncost = 100\nperiod = 1000"),
        client("last", &["two"], "priority = 3")
    );
    let source = Source { path: "graph.toml".into(), text };
    let graph = judge_all_but(source, LoadOptions { graph_only: true }, &[UNSCHEDULABLE]).unwrap().graph;
    let urgent = graph.components.iter().position(|it| it.name.value == "urgent").unwrap();
    let promise = schedulability::analyse(&graph)[0].threads.iter().find(|it| it.component == urgent).unwrap().promise;
    let holder = |name: &str, server: &str| {
        let at = |name: &str| graph.components.iter().position(|it| it.name.value == name).unwrap();
        schedulability::Holder { component: at(name), number: 0, server: at(server) }
    };
    assert_eq!(promise, Promise::Blocked(holder("last", "two")));
}

#[test]
fn the_second_scheduler_of_a_core_is_promised_nothing() {
    let second = "[[components]]\nname = \"second\"\nimplements = [{ interface = \"sched\" }]\n[[components]]\nname = \"client\"\n\
                  deps = [{ srv = \"second\", interface = \"sched\" }]\ncost = 900\nperiod = 1000\n";
    let both = graph("", &[&format!("cost = 900\nperiod = 1000\n{second}")]);
    assert_eq!(promises(&both), [Promise::Within(900), Promise::Unsupplied]);
}

#[test]
fn a_scheduler_on_several_cores_has_its_share_of_each() {
    let second = "[[components]]\nname = \"second\"\nimplements = [{ interface = \"sched\" }]\ncores = [0, 1]\n\
                  deps = [{ srv = \"sched\", interface = \"sched\" }]\nbudget = 300\nperiod = 1000\n";
    let clients = ["0", "1"].map(|core| {
        format!("[[components]]\nname = \"on{core}\"\ncores = [{core}]\ncost = 100\nperiod = 4000\ndeps = [{{ srv = \"second\", interface = \"sched\", methods = [\"sleep_until\"] }}]\n")
    });
    let text = format!(
        "{}\n[[components]]\nname = \"sched\"\ncores = [0, 1]\nimplements = [{{ interface = \"sched\" }}]\n{second}{}",
        START.replace("\n[[", "\nmachine = { smp = 2 }\n[["),
        clients.concat()
    );
    let source = Source { path: "graph.toml".into(), text };
    let graph = judge_all_but(source, LoadOptions { graph_only: true }, &[UNSCHEDULABLE]).unwrap().graph;
    assert_eq!(promises(&graph), [300, 300, 1_500, 1_500].map(Promise::Within));
}

#[test]
fn who_has_not_a_core_of_its_own_is_not_drawn_and_the_picture_says_so() {
    let graph = nested("", "priority = 1\nbudget = 300\nperiod = 1000", "cost = 300\nperiod = 4000");
    let timeline = timeline::of(&graph, Some(4_000)).unwrap();
    let drawn = timeline.processors.iter().flat_map(|it| &it.analysis.threads).map(|it| it.component);
    let second = graph.components.iter().position(|it| it.name.value == "second").unwrap();
    assert!(drawn.eq(graph.scheduled_by(graph.scheduler(second).unwrap())));
    assert!(
        timeline::draw(&graph, &timeline).contains("second, core 0: not drawn; it has 300 of each 1000 microseconds")
    );
}

#[test]
fn weights_are_shares() {
    let graph = graph("policy = \"proportional-share\"", &["weight = 3", ""]);
    let had = runs(&graph, 8_000).into_iter().map(|spans| spans.iter().map(|(from, to)| to - from).sum::<u64>());
    assert_eq!(had.collect::<Vec<_>>(), [6_000, 2_000]);
}

#[test]
fn a_weight_is_worth_a_response_whatever_others_do() {
    let with = |weight: u64| {
        graph("policy = \"proportional-share\"", &[&format!("weight = {weight}\ncost = 4000\nperiod = 20000"), "", ""])
    };
    assert_eq!(
        promises(&with(8)),
        [Promise::Within(4_000 + 2 * (625 + 1_000)), Promise::Undeclared, Promise::Undeclared]
    );
    assert_eq!(promises(&with(1))[0], Promise::Within(4_000 + 2 * (5_000 + 1_000)));
    let limited =
        graph("policy = \"proportional-share\"", &["weight = 8\ncost = 4000\nbudget = 4000\nperiod = 20000", "", ""]);
    assert_eq!(promises(&limited)[0], Promise::Within(3 * 7_250 - 4_000));
}

/// A turn is as long as the graph says, if that can be known.
#[test]
fn turns_are_as_long_as_the_graph_says() {
    let turns = |machine: &str, quantum: u64| {
        let quantum = format!("params = [{{ key = \"quantum\", value = {quantum} }}]");
        graph_on(machine, &quantum, &["cost = 4000\nperiod = 10000", "cost = 4000\nperiod = 10000"])
    };
    let instructions = "machine = { icount = true }\n";
    assert_eq!(runs(&turns(instructions, 10_000_000), 10_000), [vec![(0, 4_000)], vec![(4_000, 8_000)]]);
    assert_eq!(runs(&turns(instructions, 2_000_000), 10_000)[0], [(0, 2_000), (4_000, 6_000)]);
    assert_eq!(runs(&turns("", 0), 10_000)[0].len(), 4);
    assert_eq!(timeline::of(&turns("", 2_000_000), None), Err(Nothing::NobodysCore));
    let shares = |machine: &str| {
        let says = "policy = \"proportional-share\"\nparams = [{ key = \"quantum\", value = 2000000 }]";
        promises(&graph_on(machine, says, &["cost = 1000\nperiod = 10000", ""]))
    };
    assert_eq!(shares(instructions)[0], Promise::Within(1_000 + 3_000 + 2_000));
    assert_eq!(shares("")[0], Promise::Unsupplied);
}

#[test]
fn where_there_is_nothing_to_show_that_is_said() {
    assert_eq!(timeline::of(&graph("", &[]), None), Err(Nothing::NoScheduler));
    assert_eq!(timeline::of(&graph("", &["priority = 1"]), None), Err(Nothing::NothingDeclared));
    let busy = graph("", &["cost = 10\nperiod = 10"]);
    assert_eq!(timeline::of(&busy, Some(3_600_000_000)), Err(Nothing::TooLong));
}

#[test]
fn the_picture_shows_what_is_late_in_red_and_is_the_same_twice() {
    let late = graph(
        "",
        &["priority = 1\ncost = 300\nperiod = 1000", "priority = 2\ncost = 300\nperiod = 1000\ndeadline = 500"],
    );
    let draw = || timeline::draw(&late, &timeline::of(&late, None).unwrap());
    let picture = draw();
    assert_eq!(picture, draw());
    assert!(picture.starts_with("<svg ") && picture.ends_with("</svg>\n") && picture.contains("x &lt; y"));
    assert_eq!(picture.matches("class=\"late\"").count(), 2, "in each of two periods");
    assert_eq!(picture.matches("class=\"missed\"").count(), 4, "a line and the head of an arrow, each time");
    assert!(picture.contains("here 2 of 2 late") && picture.contains("may be late"));
    let sound = graph("", &["priority = 1\ncost = 300\nperiod = 1000"]);
    let picture = timeline::draw(&sound, &timeline::of(&sound, None).unwrap());
    assert!(!picture.contains("class=\"late\"") && picture.contains("always within 300 µs"));
}

#[test]
fn the_command_draws_what_is_late_and_says_so() {
    let bad = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/bad/late_by_priorities.toml");
    let directory = temp_dir::TempDir::new().unwrap();
    let picture = directory.path().join("picture.svg");
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_composer"));
    let output = command.args(["timeline", "--length", "3000", "--out"]).args([&picture, &bad]).output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert!(String::from_utf8(output.stderr).unwrap().contains("warning[E0320]"));
    assert!(
        String::from_utf8(output.stdout).unwrap().contains("second  300 of 1000 microseconds, by 500: may be late")
    );
    assert!(std::fs::read_to_string(&picture).unwrap().ends_with("</svg>\n"));
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_composer"));
    let nothing = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/good/smallest.toml");
    let output = command.arg("timeline").arg(nothing).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8(output.stderr).unwrap().contains("error[E0902]"));
}
