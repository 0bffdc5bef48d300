//! Policies, and what is told of them to the scheduler.

use abi::plan::{Client, HEADER_WORDS, Parameters, Slot};
use abi::record::RecordKind;

use super::*;

const SCHED: &str = "yield_now()->()\n";

/// A scheduler with `says`, and a client with `client`.
fn composed(says: &str, client: &str) -> Composed {
    let graph = format!(
        "[system]\ndescription = \"a test\"\n\
         [[components]]\nname = \"booter\"\nconstructor = \"kernel\"\n\
         [[components]]\nname = \"sched\"\nimplements = [{{ interface = \"sched\" }}]\n{says}\n\
         [[components]]\nname = \"client\"\ndeps = [{{ srv = \"sched\", interface = \"sched\" }}]\n{client}\n"
    );
    let sched = Fixture::empty().export("sched", SCHED).record(RecordKind::Plan as u16, "", "");
    compose(&graph, &[Fixture::empty(), sched, Fixture::empty().import("sched", SCHED)]).unwrap()
}

/// All words of the plan.
fn plan(composed: &Composed) -> Vec<u64> {
    let room = composed.layout.components[1].scheduling.as_ref().unwrap();
    let memory = &composed.bound.components[1].memory;
    let words = (0..room.plan_bytes / 8).map_while(|word| memory.bytes(room.plan + 8 * word, 8));
    words.map(|word| u64::from_le_bytes(word.try_into().unwrap())).collect()
}

/// The parameters of the client's own thread, and of one that it may create.
fn parameters(plan: &[u64]) -> [Parameters; 2] {
    let of = |thread: usize| {
        let first = HEADER_WORDS + Client::PARAMETERS + thread * Parameters::WORDS;
        Parameters::from_words(*plan[first..].first_chunk().unwrap())
    };
    [of(0), of(1)]
}

#[test]
fn the_plan_names_the_policy_by_its_number_in_the_library() {
    for (number, name) in sched_sl::policy::any::NAMES.into_iter().enumerate() {
        let (slots, partition) = match name {
            "time-partitions" => ("slots = [{ partition = \"a\", length = 10 }]", "partition = \"a\""),
            _ => ("", ""),
        };
        let composed = composed(&format!("policy = \"{name}\"\n{slots}"), partition);
        assert_eq!(plan(&composed)[11], number as u64, "{name}");
    }
    assert_eq!(plan(&composed("", ""))[11], 0, "fixed priorities, unless the graph says otherwise");
}

#[test]
fn the_plan_has_the_slots_and_who_belongs_to_which() {
    let slots = "policy = \"time-partitions\"\n\
                 slots = [{ partition = \"a\", length = 700 }, { length = 100 }, { partition = \"b\", length = 200 }, { partition = \"a\", length = 50 }]";
    let plan = plan(&composed(slots, "partition = \"b\"\nthreads = [{ partition = \"a\", priority = 3 }, {}]"));
    let (count, first) = (plan[12] as usize, plan[13] as usize);
    let words: Vec<Slot> =
        (0..count).map(|slot| Slot::from_words(*plan[first + slot * Slot::WORDS..].first_chunk().unwrap())).collect();
    let expected = [(1, 700), (0, 100), (2, 200), (1, 50)];
    assert_eq!(words, expected.map(|(partition, length)| Slot { partition, length }));
    let [own, created] = parameters(&plan);
    assert_eq!((own.partition, own.priority), (2, 16));
    assert_eq!((created.partition, created.priority), (1, 3));
    let third = HEADER_WORDS + Client::PARAMETERS + 2 * Parameters::WORDS;
    assert_eq!(plan[third + 2], 2, "where its component's own thread belongs, unless the graph says otherwise");
}

#[test]
fn the_plan_has_weights_and_deadlines() {
    let weights = plan(&composed("policy = \"proportional-share\"", "weight = 5\nthreads = [{ weight = 7 }]"));
    assert_eq!(parameters(&weights).map(|of| of.weight), [5, 7]);
    let inherited = plan(&composed("policy = \"proportional-share\"", "weight = 5\nthreads = [{}]"));
    assert_eq!(parameters(&inherited).map(|of| of.weight), [5, 5]);
    let deadlines = "budget = 100\nperiod = 1000\nthreads = [{ budget = 50, period = 500, deadline = 200 }]";
    let composed = composed("policy = \"earliest-deadline\"", deadlines);
    let told = parameters(&plan(&composed)).map(|of| [of.budget, of.period, of.deadline]);
    assert_eq!(told, [[100, 1000, 1000], [50, 500, 200]]);
    let room = composed.layout.components[1].scheduling.as_ref().unwrap();
    assert_eq!(room.frames, 1, "for the thread to create: the policy keeps budgets itself");
}
