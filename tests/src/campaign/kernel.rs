//! The campaign `kernel`: players call the real kernel at random, and the logic on the host says what they should have been answered.
//!
//! | part | what it is for | what the seed repeats |
//! |---|---|---|
//! | by turns on two cores | every operation, every documented error, neighbours beside | everything, to the last instruction: the machine's clock counts instructions, and its cores take turns |
//! | at once on two cores | what only happens while another core executes | the calls; the emulator's own time says when cores meet, and which timeout comes first |
//! | in the guest and on the host | each answer | everything: nothing depends on time |
//!
//! Where time or another core has a say, an answer to a player is right if the documentation of its operation names it; in the
//! scripted scenes (`tests/components/fuzzer/src/scenes.rs`) it is the one that it has to be. In the last part every answer is the
//! logic's, and that is the model's in the tests of `tests/subject`.

use abi::error::Error;
use abi::kind::Kind;
use indicatif::ProgressBar;

use play::tally::{UNKNOWN, answer_sum};
use subject::Replay;

use super::Order;
use super::counts::Counts;
use super::documented::{self, Operation};
use super::error::CampaignError;
use super::guest::{self, Parameters, Report};

/// Cores of the machine.
const CORES: u64 = 2;
/// Calls that are made on the host too, at most.
const COMPARED: u64 = 400_000;
/// Calls of a part.
const PART: u64 = 1_000;

/// Runs the campaign.
///
/// # Errors
///
/// The guest cannot be composed or started.
pub fn run(order: &Order, bar: &ProgressBar) -> Result<Counts, CampaignError> {
    let parameters = by_turns(order);
    let by_turns = boot("by turns on two cores", parameters, bar)?;
    let at_once = boot("at once on two cores", Parameters { by_turns: false, ..parameters }, bar)?;
    let mut counts = sum([&by_turns, &at_once]);
    counts.failures.extend(said("by turns", judge(&by_turns, order.count)));
    counts.failures.extend(said("by turns", never_answered(&by_turns)));
    let at_once = judge(&at_once, order.count);
    counts.failures.extend(said("at once, where the seed repeats the calls alone", at_once));
    let compared = Parameters { calls: order.count.min(COMPARED), ..alone(order) };
    let report = boot("in the guest and on the host", compared, bar)?;
    counts.failures.extend(said("in the guest and on the host", report.complaints.clone()));
    if let Some(part) = compare(&report, order.seed, compared.calls) {
        counts.failures.push(first_difference(part, compared)?);
    }
    Ok(counts)
}

/// What players do beside neighbours, again and again in the same way.
pub const fn by_turns(order: &Order) -> Parameters {
    let Order { count, seed } = *order;
    Parameters {
        calls: count,
        part: PART,
        seed,
        timed: true,
        neighbours: true,
        cores: CORES,
        by_turns: true,
        list: None,
    }
}

/// What depends on no time and nobody else.
const fn alone(order: &Order) -> Parameters {
    Parameters { timed: false, neighbours: false, cores: 1, by_turns: false, ..by_turns(order) }
}

fn boot(what: &'static str, parameters: Parameters, bar: &ProgressBar) -> Result<Report, CampaignError> {
    bar.set_message(what);
    guest::run(&parameters, &mut |calls| bar.set_position(calls))
}

/// What failed, and in which part of the campaign.
fn said(part: &str, failures: Vec<String>) -> impl Iterator<Item = String> {
    failures.into_iter().map(move |failure| format!("{part}: {failure}"))
}

/// The calls of these runs.
fn sum(reports: [&Report; 2]) -> Counts {
    let mut counts = Counts::default();
    for report in reports {
        let [tried, answered, _] = report.tally.unwrap_or_default();
        let succeeded = report.statuses.get(&0).copied().unwrap_or_default();
        counts.tried += tried;
        counts.succeeded += succeeded;
        counts.errors += answered.saturating_sub(succeeded);
    }
    counts
}

/// What is wrong with a run in the guest.
fn judge(report: &Report, calls: u64) -> Vec<String> {
    let mut failures = report.complaints.clone();
    let Some([tried, ..]) = report.tally else {
        failures.push("the guest did not report".to_owned());
        return failures;
    };
    if tried != calls {
        failures.push(format!("{tried} of {calls} calls were made"));
    }
    match report.neighbours {
        Some([rounds, 0]) if rounds > 0 => {}
        other => failures.push(format!("the neighbours' rounds and wrong ones: {other:?}")),
    }
    failures.extend(documented_nowhere(report));
    failures
}

/// Whether `operation` was answered with this status.
fn occurred(report: &Report, operation: &Operation, status: u16) -> bool {
    report.outcomes.contains_key(&(operation.kind as u64, operation.number, status.into()))
}

/// What was answered although the documentation does not say so.
fn documented_nowhere(report: &Report) -> Vec<String> {
    let mut failures = Vec::new();
    for operation in documented::operations() {
        let wrong = Error::ALL.into_iter().filter(|error| !operation.may_answer(*error));
        let wrong = wrong.filter(|error| occurred(report, &operation, error.status()));
        failures.extend(
            wrong.map(|error| format!("{} answered {error:?}, which is documented nowhere", operation.title())),
        );
    }
    failures
}

/// What was never answered although the documentation says so.
fn never_answered(report: &Report) -> Vec<String> {
    let mut failures = Vec::new();
    for operation in documented::operations() {
        // The end of the system has succeeded if the guest comes to its end.
        if !occurred(report, &operation, 0) && operation.kind != Kind::Power {
            failures.push(format!("{} never succeeded", operation.title()));
        }
        let missing = Error::ALL.into_iter().filter(|error| operation.must_answer(*error));
        let missing = missing.filter(|error| !occurred(report, &operation, error.status()));
        failures.extend(missing.map(|error| format!("{} never answered {error:?}", operation.title())));
    }
    failures.extend(never_refused(report));
    failures
}

/// Kinds of which no number that is no operation's was refused as such, and of which no object was gone when something was asked.
fn never_refused(report: &Report) -> Vec<String> {
    let was_refused = |kind: Kind, error: Error, unknown: bool| {
        let is_it = |(of, number, status): &(u64, u64, u64)| {
            let is_unknown = *number == UNKNOWN as u64;
            *of == kind as u64 && *status == u64::from(error.status()) && (is_unknown || !unknown)
        };
        report.outcomes.keys().any(is_it)
    };
    // Nobody holds the end of the system but the base constructor, and an invocation knows methods.
    let asked = Kind::ALL.into_iter().filter(|kind| ![Kind::Power, Kind::Invocation].contains(kind));
    let numbers = asked.filter(|kind| !was_refused(*kind, Error::UnknownOperation, true)).map(|kind| (kind, "number"));
    let objects = documented::OBJECTS.into_iter().filter(|kind| !was_refused(*kind, Error::Revoked, false));
    let missing = numbers.chain(objects.map(|kind| (kind, "object")));
    missing.map(|(kind, what)| format!("of a {}, no {what} was gone or unknown", kind.name())).collect()
}

/// The first call of the part in which guest and host differ, or which the guest did not report; none if all `calls` are alike.
fn compare(report: &Report, seed: u64, calls: u64) -> Option<u64> {
    let Some(Ok(mut replay)) = report.code.map(|code| Replay::new(seed, code)) else { return Some(0) };
    let mut done = 0;
    for (upto, sum) in &report.parts {
        if replay.play(upto.saturating_sub(done)).is_err() || replay.sum() != *sum {
            return Some(done);
        }
        done = *upto;
    }
    (done != calls).then_some(done)
}

/// Runs guest and host again up to the part that starts with call number `part`, and names the first call that differs.
fn first_difference(part: u64, parameters: Parameters) -> Result<String, CampaignError> {
    let parameters = Parameters { calls: part + PART, list: Some(part), ..parameters };
    let report = guest::run(&parameters, &mut |_| ())?;
    let Some(Ok(mut replay)) = report.code.map(|code| Replay::new(parameters.seed, code)) else {
        return Ok("the host cannot replay".to_owned());
    };
    let listed = (0..part / PART).try_for_each(|_| replay.play(PART).map(|_| ())).and_then(|()| replay.list(PART));
    let Ok(host) = listed else { return Ok(format!("the host's director fails after call {part}")) };
    let mut guest = report.answers.iter().peekable();
    for (number, (call, expected)) in (part + 1..).zip(host) {
        let in_guest = guest
            .next_if(|answer| answer.first() == Some(&number))
            .map(|answer| (answer[6] as u16, [answer[7], answer[8]]));
        // Not the words themselves: how fast a machine is does not count.
        let sum = |answer: (u16, [u64; 2])| answer_sum(&call, answer.0, answer.1);
        if in_guest.map(sum) != expected.map(sum) {
            return Ok(format!("call {number}, {call:x?}: the guest answered {in_guest:x?}, the host {expected:x?}"));
        }
    }
    Ok(format!("guest and host differ in the part after call {part}, but not the second time"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use play::world::Code;

    const CODE: Code = Code { returns: 0x40_0000, unwinds: 0x40_0010, deepens: 0x40_0020, player: 0x40_0030 };
    const SEED: u64 = 7;

    /// What a guest reports that is like the host, in two parts of ten calls.
    fn alike() -> Report {
        let mut replay = Replay::new(SEED, CODE).unwrap();
        let parts = [10, 20].map(|upto| {
            replay.play(10).unwrap();
            (upto, replay.sum())
        });
        Report { code: Some(CODE), parts: parts.to_vec(), ..Report::default() }
    }

    #[test]
    fn a_guest_that_is_like_the_host_does_not_differ() {
        assert_eq!(compare(&alike(), SEED, 20), None);
    }

    #[test]
    fn what_is_not_reported_is_a_difference() {
        assert_eq!(compare(&Report::default(), SEED, 20), Some(0), "no code");
        assert_eq!(compare(&Report { parts: Vec::new(), ..alike() }, SEED, 20), Some(0), "no part");
        assert_eq!(compare(&alike(), SEED, 30), Some(20), "the last part is missing");
    }

    #[test]
    fn a_difference_is_in_the_part_whose_sum_differs() {
        let mut report = alike();
        report.parts[1].1 ^= 1;
        assert_eq!(compare(&report, SEED, 20), Some(10));
    }
}
