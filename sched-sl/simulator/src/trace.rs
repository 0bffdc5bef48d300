//! What happened in a simulation.

/// All that happened.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trace {
    /// Who ran when, in order and without gaps.
    pub spans: Vec<Span>,
    /// The jobs that were released, in the order in which they were begun.
    pub jobs: Vec<Job>,
    /// When the simulation ended.
    pub end: u64,
}

/// A piece of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// Who ran; `None` for nobody.
    pub task: Option<usize>,
    /// Its start.
    pub from: u64,
    /// Its end.
    pub to: u64,
}

/// A job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Job {
    /// Whose.
    pub task: usize,
    /// When it came.
    pub release: u64,
    /// When it is to be done.
    pub deadline: u64,
    /// When it was done, if it was.
    pub done: Option<u64>,
}

impl Job {
    /// Whether it was not done in time, as far as can be said at `end`.
    pub fn is_late(&self, end: u64) -> bool {
        self.done.unwrap_or(end) > self.deadline
    }

    /// From its release to its end.
    pub fn response(&self) -> Option<u64> {
        Some(self.done? - self.release)
    }
}

impl Trace {
    /// Notes who ran.
    pub(crate) fn spend(&mut self, task: Option<usize>, from: u64, to: u64) {
        match self.spans.last_mut() {
            _ if from == to => {}
            Some(last) if last.task == task && last.to == from => last.to = to,
            _ => self.spans.push(Span { task, from, to }),
        }
    }

    /// The jobs that were not done in time.
    pub fn late(&self) -> impl Iterator<Item = &Job> {
        self.jobs.iter().filter(|job| job.is_late(self.end))
    }

    /// The longest response of a task's jobs that were done.
    pub fn longest_response(&self, task: usize) -> Option<u64> {
        self.jobs.iter().filter(|job| job.task == task).filter_map(Job::response).max()
    }

    /// How long a task ran between two points.
    pub fn time_of(&self, task: usize, from: u64, to: u64) -> u64 {
        let overlap = |span: &Span| span.to.min(to).saturating_sub(span.from.max(from));
        self.spans.iter().filter(|span| span.task == Some(task)).map(overlap).sum()
    }
}
