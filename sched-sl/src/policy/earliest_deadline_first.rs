//! The earliest deadline runs, and nobody longer than its budget: earliest deadline first with hard constant-bandwidth
//! servers.
//!
//! A thread with a budget is a *server* (Abeni and Buttazzo, 1998). In each of its periods it runs as long as its
//! budget, with a deadline; if it wants more, it waits for the next period, which has a new budget and a later
//! deadline. So whatever it does, it takes no more than its share of the time from others, and as long as all
//! shares together are no more than the processor, each server has its budget before each of its deadlines.
//!
//! A server that wakes up goes on with what it has left, if that is no more than its share of the time up to
//! its deadline. Else a period begins anew at once.
//!
//! That is as long as all deadlines are the ends of periods. A server with an earlier one may have been let in because others need
//! nothing just then, and what they need is known only of servers that ask for a budget in a period and no more. As long as there is
//! such a server, all keep to that: once one has waited for something, it goes on in its next period.
//!
//! A period begins when its server's time comes, also if that is seen a little later: else each delay would be added to the
//! next, and who keeps to its period would come too early for it.
//!
//! Threads without a budget share what servers leave, by fixed priorities.
//!
//! What happens to a thread costs a step in a heap, at most log₂ N.

use crate::heap::Heap;
use crate::policy::fixed_priority_round_robin::{FixedPriorityRoundRobin, Priority};
use crate::policy::{BadParameters, Choice, Parameters, Past, Policy};
use crate::time::{Duration, Instant};

/// By which a graph chooses it.
pub const NAME: &str = "earliest-deadline";

/// The keys of a graph's threads at which it looks, or whoever analyses what it does.
pub const KEYS: &[&str] = &["priority", "budget", "period", "deadline", "cost"];

/// A server's parameters, or the priority of a thread that is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Urgency {
    /// It runs for the budget in each period, by the deadline.
    Server(Server),
    /// It has what servers leave.
    Background(Priority),
}

/// How long a server runs in which time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Server {
    /// How long in each period.
    pub budget: Duration,
    /// From the start of a period to the point by which the budget is there; at least the budget.
    pub deadline: Duration,
    /// A period; at least the deadline.
    pub period: Duration,
}

impl From<Parameters> for Urgency {
    fn from(of: Parameters) -> Self {
        match of.budget {
            Duration(0) => Self::Background(Priority(of.priority)),
            budget => Self::Server(Server { budget, deadline: of.deadline, period: of.period }),
        }
    }
}

/// What is known of a server.
#[derive(Clone, Copy, Debug)]
struct Member {
    /// `None` for a thread in the background.
    server: Option<Server>,
    /// What is left of its budget.
    left: Duration,
    /// Its deadline.
    deadline: Instant,
    /// When its next period begins.
    renewal: Instant,
}

/// Earliest deadline first, with constant-bandwidth servers.
#[derive(Debug)]
pub struct EarliestDeadlineFirst<const N: usize> {
    members: [Member; N],
    /// How many servers have deadlines before the ends of their periods.
    short: usize,
    /// Ready servers, by their deadlines.
    ready: Heap<Instant, N>,
    /// Servers that want to run, by the points from which on: at once, when their time came, or when they have a new budget.
    waiting: Heap<Instant, N>,
    background: FixedPriorityRoundRobin<N>,
}

/// For a server that has just become ready.
const AT_ONCE: Instant = Instant(0);

impl<const N: usize> EarliestDeadlineFirst<N> {
    /// Nobody is ready. `quantum` is the length of a turn in the background.
    pub const fn new(quantum: Duration) -> Self {
        let (never, zero) = (Instant::NEVER, Duration(0));
        let member = Member { server: None, left: zero, deadline: never, renewal: AT_ONCE };
        Self {
            members: [member; N],
            short: 0,
            ready: Heap::new(never),
            waiting: Heap::new(never),
            background: FixedPriorityRoundRobin::new(quantum),
        }
    }

    /// Changes the length of a turn in the background.
    pub const fn set_quantum(&mut self, quantum: Duration) {
        self.background.set_quantum(quantum);
    }

    /// Looks at a server that wants to run from some point on: it has a deadline now, or waits for its next period.
    fn look_at(&mut self, place: usize, since: Instant) {
        let may_go_on = self.short == 0;
        let member = &mut self.members[place];
        let Some(server) = member.server else { return };
        if member.renewal <= since || (may_go_on && member.asks_for_more(server, since)) {
            member.left = server.budget;
            member.deadline = since.after(server.deadline);
            member.renewal = since.after(server.period);
        } else if member.left == Duration(0) || !may_go_on {
            self.throttle(place);
            return;
        }
        self.ready.set(place, self.members[place].deadline);
    }

    /// Whatever was known of a server is past.
    fn forget(&mut self, place: usize) {
        self.short -= usize::from(self.members[place].is_short());
        self.members[place].server = None;
    }

    /// A server runs again in its next period.
    fn throttle(&mut self, place: usize) {
        self.ready.remove(place);
        self.waiting.set(place, self.members[place].renewal);
    }
}

impl Member {
    /// Whether it is a server with a deadline before the end of its period.
    fn is_short(&self) -> bool {
        self.server.is_some_and(|server| server.deadline < server.period)
    }

    /// From when on it wants to run that was to do so from `since` on. What it missed because nobody could run for as long as a
    /// period is not made up for.
    fn wants_to_run_from(&self, since: Instant, now: Instant) -> Instant {
        let period = self.server.map_or(Duration(0), |server| server.period);
        if since != AT_ONCE && now < since.after(period) { since } else { now }
    }

    /// Whether what is left is more than a server's share of the time up to its deadline.
    fn asks_for_more(&self, Server { budget, deadline, .. }: Server, since: Instant) -> bool {
        let product = |left: Duration, right: Duration| u128::from(left.0) * u128::from(right.0);
        product(self.left, deadline) > product(self.deadline.since(since), budget)
    }
}

impl<const N: usize> Policy<N> for EarliestDeadlineFirst<N> {
    type Parameters = Urgency;

    fn admit(&mut self, place: usize, urgency: Urgency) -> Result<(), BadParameters> {
        let server = match urgency {
            Urgency::Background(priority) => {
                self.background.admit(place, priority)?;
                None
            }
            Urgency::Server(server) => Some(server),
        };
        let is_possible = |it: Server| Duration(0) < it.budget && it.budget <= it.deadline && it.deadline <= it.period;
        if !server.is_none_or(is_possible) {
            return Err(BadParameters);
        }
        let (left, deadline) = (Duration(0), Instant::NEVER);
        self.forget(place);
        self.members[place] = Member { server, left, deadline, renewal: AT_ONCE };
        self.short += usize::from(self.members[place].is_short());
        Ok(())
    }

    fn dismiss(&mut self, place: usize) {
        self.unready(place);
        self.forget(place);
    }

    /// A server goes on in its next life as if it had slept meanwhile.
    fn past(&self, place: usize) -> Past {
        let Member { server, left, deadline, renewal } = self.members[place];
        server.map_or_else(Past::default, |_| Past([left.0, deadline.0, renewal.0]))
    }

    fn recall(&mut self, place: usize, Past([left, deadline, renewal]): Past) {
        let member = &mut self.members[place];
        (member.left, member.deadline, member.renewal) = (Duration(left), Instant(deadline), Instant(renewal));
    }

    fn ready(&mut self, place: usize) {
        self.ready_since(place, AT_ONCE);
    }

    fn ready_since(&mut self, place: usize, since: Instant) {
        if self.members[place].server.is_none() {
            self.background.ready(place);
        } else if !self.ready.contains(place) && !self.waiting.contains(place) {
            self.waiting.set(place, since);
        }
    }

    fn unready(&mut self, place: usize) {
        if self.members[place].server.is_none() {
            return self.background.unready(place);
        }
        self.ready.remove(place);
        self.waiting.remove(place);
    }

    /// A server goes behind those that have the same deadline.
    fn yielded(&mut self, place: usize) {
        if self.members[place].server.is_none() {
            return self.background.yielded(place);
        }
        if let Some(deadline) = self.ready.key(place) {
            self.ready.set(place, deadline);
        }
    }

    fn ran(&mut self, place: usize, length: Duration) {
        if self.members[place].server.is_none() {
            return self.background.ran(place, length);
        }
        self.members[place].left = self.members[place].left.minus(length);
        if self.members[place].left == Duration(0) && self.ready.contains(place) {
            self.throttle(place);
        }
    }

    fn choose(&mut self, now: Instant) -> Option<Choice> {
        while let Some((place, since)) = self.waiting.take(now) {
            self.look_at(place, self.members[place].wants_to_run_from(since, now));
        }
        let (place, until) = match self.ready.first() {
            Some((place, _)) => (place, now.after(self.members[place].left)),
            None => self.background.choose(now).map(|choice| (choice.place, choice.until))?,
        };
        Some(Choice { place, until: until.min(self.idle_until().unwrap_or(Instant::NEVER)) })
    }

    fn idle_until(&self) -> Option<Instant> {
        self.waiting.first().map(|(_, at)| at)
    }

    fn keeps_budgets(&self) -> bool {
        true
    }

    fn is_before(&self, left: usize, right: usize) -> bool {
        match (self.members[left].server, self.members[right].server) {
            (Some(_), Some(_)) => self.members[left].deadline < self.members[right].deadline,
            (None, None) => self.background.is_before(left, right),
            (left, _) => left.is_some(),
        }
    }
}
