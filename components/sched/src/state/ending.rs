//! Threads that end.

use super::{Member, Part, State};
use crate::Machine;
use crate::directory::Entry;
use crate::letters::Unanswered;
use abi::error::Error as KernelError;
use abi::event::What;
use abi::layout::THREADS;
use sched_sl::{Instant, ThreadId};

impl State {
    /// Notes the end of a thread.
    pub fn end(&mut self, part: &Part<impl Machine>, index: u32, what: What) {
        let (What::Ended(status) | What::Faulted(status)) = what else { return };
        part.shared.note(status);
        let index = u64::from(index);
        let Some(member) = part.directory.take(index).and_then(|entry| self.member(entry).copied()) else { return };
        if self.is_its_place(member.id) {
            self.points.abandon(&mut self.threads, member.id);
        }
        self.remove(part, member, index, Unanswered::HasEnded);
        if matches!(what, What::Ended(_)) {
            self.send_home(part, index);
        }
        part.shared.leave(index, part.machine.core());
        part.shared.end(index, matches!(what, What::Faulted(_)));
        if part.shared.tell_of_end(part.machine, index) {
            self.look_again();
        }
        if !member.is_background {
            part.shared.await_less();
        }
    }

    /// A thread that was created starts its next life on the core that the plan says, wherever this one has ended; or where it is, if the
    /// kernel does not let it go.
    fn send_home(&self, part: &Part<impl Machine>, index: u64) {
        let Some((home, thread)) = self.created_core_of(part.shared, index).zip(part.shared.thread(index)) else {
            return;
        };
        if home != part.machine.core() && part.machine.migrate(thread, home).is_ok() {
            part.shared.keep(index, thread, home);
        }
    }

    /// The kernel does not let a thread go on that was thought to be ready: it has ended, whatever was said of it.
    #[cold]
    #[inline(never)]
    pub fn lose(&mut self, part: &Part<impl Machine>, id: ThreadId) {
        let is_it = |entry: Entry| self.member(entry).is_some_and(|member| member.id == id);
        let index = (0..THREADS as u32).find(|index| part.directory.find(u64::from(*index)).is_some_and(is_it));
        if let Some(index) = index {
            self.end(part, index, What::Faulted(KernelError::NotDispatchable.status()));
        }
    }

    /// Whether no other thread is in this one's place: it may have ended there already, which is as well.
    fn is_its_place(&self, id: ThreadId) -> bool {
        self.threads.at(id.place()).is_none_or(|there| there == id)
    }

    pub(super) fn remove(&mut self, part: &Part<impl Machine>, member: Member, index: u64, why: Unanswered) {
        if self.is_its_place(member.id) {
            self.points.forget(&mut self.threads, member.id);
        }
        // Whoever has called it lends it time.
        let is_called = self.threads.has_lenders(member.id);
        if let Ok(past) = self.threads.leave(member.id, Instant(part.machine.now())) {
            part.shared.keep_past(index, past);
        }
        self.forget_party(part.letters, member.id.place(), (is_called, why));
        if let Some(entry) = self.members.get_mut(member.id.place()) {
            *entry = None;
        }
    }
}
