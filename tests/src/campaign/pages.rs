//! The campaign `pages`: a client that rewrites its page while it is served, beside a neighbour, on one core and on two, and a server that
//! rewrites the pages that it is to serve, beside one that serves: on the client's thread, and on another core while that goes on. Whoever
//! is honest must have right results only, and who is hostile must have done what it was told, while a page was served.

use std::time::Duration;

use indicatif::ProgressBar;

use super::Order;
use super::counts::Counts;
use super::error::CampaignError;
use super::system::{self, Composed, image, parameters};

/// Words that the hostile client writes between two flushes: all of its page, beside what its second thread writes.
const PAGE: u64 = 1024;

/// Words that the hostile server writes whenever it is asked to serve.
const SERVING: u64 = 515;

/// A system with somebody hostile in it.
struct Scene {
    name: &'static str,
    /// Its components and their edges.
    components: String,
    /// Cores: with two, the emulator runs them at once, and who is hostile strikes between any two instructions.
    cores: u32,
    /// Who is honest, and how many results it is to have.
    honest: &'static str,
    results: u64,
    /// What stands behind the number of words that were rewritten while a page was served, and how many these have to be.
    rewritten: (&'static str, u64),
}

/// Runs the campaign.
///
/// # Errors
///
/// A guest cannot be composed or started.
pub fn run(order: &Order, bar: &ProgressBar) -> Result<Counts, CampaignError> {
    let mut counts = Counts::default();
    let scenes =
        [hostile_client(order, 1), hostile_client(order, 2), hostile_server(order, 1), hostile_server(order, 2)];
    for scene in scenes {
        bar.set_message(scene.name);
        let failures = play(&scene, order)?;
        counts.tried += order.count;
        counts.succeeded += if failures.is_empty() { order.count } else { 0 };
        counts.failures.extend(failures);
        bar.set_position(counts.tried / 4);
    }
    Ok(counts)
}

/// The thread that rewrites the page has the last of so many cores.
fn hostile_client(order: &Order, cores: u32) -> Scene {
    let threads = format!("threads = [{{ cores = [{}] }}]\n", cores - 1);
    let rounds = order.count.div_ceil(PAGE);
    let results = 16 * rounds;
    let components = [
        component(
            "vandal",
            &[("rounds", rounds), ("seed", order.seed | 1)],
            &threads,
            &["{ srv = \"gate\", interface = \"gate\", methods = [\"echo\"], via = \"page\" }"],
        ),
        component(
            "neighbour",
            &[("rounds", rounds)],
            "",
            &["{ srv = \"gate\", interface = \"gate\", via = \"page\" }", "{ srv = \"sched\", interface = \"pages\" }"],
        ),
    ];
    let name = if cores == 1 { "a hostile client" } else { "a hostile client on two cores" };
    let rewritten = (" words of garbage; ", 1);
    Scene { name, components: components.concat(), cores, honest: "neighbour", results, rewritten }
}

/// Its page is served on the last of so many cores, if that is not the first.
fn hostile_server(order: &Order, cores: u32) -> Scene {
    // What a client can tell from an answer costs it a slot, so that comes last, and beyond what was ordered.
    let (tame, rounds) = (order.count, (order.count + order.count / 100).div_ceil(SERVING));
    let results = 16 * rounds;
    let (threads, elsewhere) = if cores == 1 { ("", "") } else { ("threads = [{}]\n", ", core = 1") };
    let garbage =
        format!("{{ srv = \"traitor\", interface = \"gate\", import = \"garbage\", via = \"page\"{elsewhere} }}");
    let components = [
        component(
            "traitor",
            &[("seed", order.seed | 1), ("tame", tame)],
            "implements = [{ interface = \"gate\" }]\n",
            &[],
        ),
        component(
            "victim",
            &[("rounds", rounds)],
            threads,
            &[
                &garbage,
                "{ srv = \"gate\", interface = \"gate\", import = \"gate\", via = \"page\" }",
                "{ srv = \"sched\", interface = \"pages\" }",
            ],
        ),
    ];
    let name = if cores == 1 { "a hostile server" } else { "a hostile server on two cores" };
    let rewritten = (" words of garbage\n", order.count);
    Scene { name, components: components.concat(), cores, honest: "victim", results, rewritten }
}

fn component(name: &str, numbers: &[(&str, u64)], more: &str, deps: &[&str]) -> String {
    let usual = ["{ srv = \"sched\", interface = \"sched\" }", "{ srv = \"console\", interface = \"console\" }"];
    // A server that is nobody's client is scheduled by nobody.
    let deps = if deps.is_empty() { Vec::new() } else { [deps, &usual].concat() };
    format!(
        "[[components]]\nname = \"{name}\"\nimg = {}\n{more}params = [{}]\ndeps = [{}]\n\n",
        image(name),
        parameters(numbers),
        deps.join(", ")
    )
}

/// The system around the hostile ones; a short quantum has them interrupted, and interrupt, anywhere.
fn graph(scene: &Scene) -> String {
    let sched = "{ srv = \"sched\", interface = \"sched\" }";
    let gate = image("gate");
    format!(
        "[system]\ndescription = \"{}\"\nmachine = {{ smp = {} }}\n\n\
         [[components]]\nname = \"booter\"\nconstructor = \"kernel\"\n\n\
         [[components]]\nname = \"sched\"\ncores = {:?}\nimplements = [{{ interface = \"sched\" }}, {{ interface = \"pages\" }}]\n\
         params = [{{ key = \"quantum\", value = 3001 }}]\n\n\
         [[components]]\nname = \"console\"\nimplements = [{{ interface = \"console\" }}]\n\
         devices = [{{ name = \"serial\", ports = 0x3f8, count = 8 }}]\n\n\
         [[components]]\nname = \"gate\"\nimg = {gate}\nimplements = [{{ interface = \"gate\" }}]\n\
         deps = [{sched}]\nthreads = [{{}}, {{}}]\n\n{}",
        scene.name,
        scene.cores,
        Vec::from_iter(0..scene.cores),
        scene.components
    )
}

/// What is wrong, a line each.
fn play(scene: &Scene, order: &Order) -> Result<Vec<String>, CampaignError> {
    let system = Composed::new("pages", &graph(scene))?;
    let patience = Duration::from_secs(300 + order.count / 2_000);
    let machine = system.machine().processors(scene.cores).counts_instructions(scene.cores == 1);
    let said = system::run(machine, patience, &mut |_| ())?;
    let mut failures = judge(&said.console, scene);
    failures.extend(said.failure);
    Ok(failures.into_iter().map(|failure| format!("{}: {failure}", scene.name)).collect())
}

/// All that goes wrong shows on the console: a fault, an error with which somebody ends, a result that is not right.
fn judge(console: &str, scene: &Scene) -> Vec<String> {
    let bad = ["fault", "panic", "error", "failed"];
    let wrong = console.lines().filter(|line| bad.iter().any(|word| line.contains(word))).map(str::to_owned);
    let right = format!("{}: {1} of {1} results are right", scene.honest, scene.results);
    let missing = if console.contains(&right) { None } else { Some(format!("nobody said `{right}`")) };
    let (behind, least) = scene.rewritten;
    let rewritten = number_before(console, behind);
    let idle = (rewritten.is_none_or(|words| words < least)).then(|| format!("rewritten: {rewritten:?}, not {least}"));
    wrong.chain(missing).chain(idle).collect()
}

/// The number that stands before this text.
fn number_before(console: &str, text: &str) -> Option<u64> {
    let (before, _) = console.split_once(text)?;
    before.rsplit(' ').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_right_results_and_nothing_else_are_good() {
        let scene = hostile_client(&Order { count: 2048, seed: 1 }, 1);
        let vandal = "vandal: 2 pages of garbage, and meanwhile 7 words of garbage; calls were answered: 3\n";
        let good = format!("neighbour: 32 of 32 results are right\n{vandal}");
        assert!(judge(&good, &scene).is_empty());
        assert_eq!(judge(&good.replace("32 of 32", "31 of 32"), &scene).len(), 1);
        assert_eq!(judge(&format!("{good}tessera: fault: component gate"), &scene).len(), 1);
        assert_eq!(judge(&good.replace(" 7 words", " 0 words"), &scene).len(), 1, "nobody was hostile");
        let scene = hostile_server(&Order { count: 515, seed: 1 }, 2);
        let said = |words| format!("victim: 32 of 32 results are right, beside {words} words of garbage\n");
        assert_eq!([said(1030), said(514)].map(|said| judge(&said, &scene).len()), [0, 1]);
    }
}
