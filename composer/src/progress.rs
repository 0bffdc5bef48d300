//! Showing that something goes on: a spinner on a terminal, else one line if it takes longer than a second.

use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

use crate::print::remark;

/// Something that may take a while.
pub struct Progress {
    bar: ProgressBar,
    task: String,
    started: Instant,
    late: Option<(Sender<()>, JoinHandle<()>)>,
}

const PATIENCE: Duration = Duration::from_secs(1);

impl Progress {
    /// Starts to show `task`.
    pub fn start(task: &str) -> Self {
        let bar = ProgressBar::new_spinner();
        bar.set_style(style());
        bar.set_prefix(task.to_owned());
        bar.enable_steady_tick(Duration::from_millis(100));
        let late = bar.is_hidden().then(|| announce(task.to_owned()));
        Self { bar, task: task.to_owned(), started: Instant::now(), late }
    }

    /// Says what is done just now.
    pub fn say(&self, step: &str) {
        self.bar.set_message(step.to_owned());
    }

    /// Prints `text` to the standard error output, between two pictures of the spinner.
    pub fn print(&self, text: &str) {
        self.bar.suspend(|| remark(text.trim_end()));
    }

    /// Ends it; on a terminal, a line stays that says how long it took.
    pub fn finish(self) {
        self.bar.finish_and_clear();
        if let Some((sender, announcer)) = self.late {
            drop(sender);
            let _ = announcer.join();
        } else if self.started.elapsed() > PATIENCE {
            remark(format_args!("composer: {} took {} s", self.task, self.started.elapsed().as_secs()));
        }
    }
}

fn style() -> ProgressStyle {
    let template = ProgressStyle::with_template("{spinner} {prefix} [{elapsed}] {wide_msg}");
    template.unwrap_or_else(|_| ProgressStyle::default_spinner())
}

/// Prints a line in a second, unless the sender is dropped before.
fn announce(task: String) -> (Sender<()>, JoinHandle<()>) {
    let (sender, receiver) = channel();
    let announcer = std::thread::spawn(move || {
        if receiver.recv_timeout(PATIENCE) == Err(RecvTimeoutError::Timeout) {
            remark(format_args!("composer: {task} ..."));
        }
    });
    (sender, announcer)
}
