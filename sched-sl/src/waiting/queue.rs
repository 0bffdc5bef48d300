//! Who waits at a blockpoint, in the order in which they came: each knows the place of the next.

use super::{Point, PointId, Points, Status, WaitError};
use crate::thread::ThreadId;

impl<const B: usize, const N: usize> Points<B, N> {
    pub(super) fn get(&self, id: PointId) -> Result<&Point, WaitError> {
        let entry = self.entries.get(id.place()).filter(|entry| entry.name == id);
        entry.and_then(|entry| entry.point.as_ref()).ok_or(WaitError::NoSuchPoint)
    }

    pub(super) fn get_mut(&mut self, id: PointId) -> Result<&mut Point, WaitError> {
        let entry = self.entries.get_mut(id.place()).filter(|entry| entry.name == id);
        entry.and_then(|entry| entry.point.as_mut()).ok_or(WaitError::NoSuchPoint)
    }

    /// Who waits in this place, and who came next.
    pub(super) fn waits(&self, place: u16) -> Option<(ThreadId, Option<u16>)> {
        match self.statuses[usize::from(place)] {
            Status::Waits { thread, next, .. } => Some((thread, next)),
            _ => None,
        }
    }

    /// Who waits at a blockpoint, in the order in which they came.
    pub(super) fn waiting(&self, point: PointId) -> impl Iterator<Item = ThreadId> {
        let first = self.get(point).ok().and_then(|point| point.first).and_then(|place| self.waits(place));
        core::iter::successors(first, |(_, next)| self.waits((*next)?)).map(|(thread, _)| thread)
    }

    pub(super) fn append(&mut self, at: PointId, thread: ThreadId) {
        let Ok(point) = self.get_mut(at) else { return };
        let last = point.last.replace(thread.place);
        point.first = point.first.or(Some(thread.place));
        self.statuses[thread.place()] = Status::Waits { at, thread, next: None };
        last.into_iter().for_each(|last| self.set_next(last, Some(thread.place)));
    }

    fn set_next(&mut self, place: u16, to: Option<u16>) {
        if let Status::Waits { next, .. } = &mut self.statuses[usize::from(place)] {
            *next = to;
        }
    }

    pub(super) fn take_first(&mut self, point: PointId) -> Option<ThreadId> {
        let (first, _) = self.waits(self.get(point).ok()?.first?)?;
        self.take_out(point, first.place);
        Some(first)
    }

    pub(super) fn take_out(&mut self, at: PointId, place: u16) {
        let before = self.waiting(at).map(|thread| thread.place).take_while(|other| *other != place).last();
        let next = self.waits(place).and_then(|(_, next)| next);
        before.into_iter().for_each(|before| self.set_next(before, next));
        self.statuses[usize::from(place)] = Status::Elsewhere;
        let Ok(point) = self.get_mut(at) else { return };
        point.first = if before.is_none() { next } else { point.first };
        point.last = if next.is_none() { before } else { point.last };
    }
}
