//! Response times in a partition: fixed priorities on the time that its slots supply.

use super::Demand;
use super::fixed_priority::response_times_on;

/// How long the jobs of each task of `partition` take at worst, whenever in the cycle they come; `None` for one that can
/// be late. `slots` are all of the cycle: whose each is, and how long it is.
pub fn response_times(demands: &[Demand], slots: &[(Option<u8>, u64)], partition: u8) -> Vec<Option<u64>> {
    response_times_on(demands, |work| longest_wait(slots, partition, work))
}

/// How long it takes at worst until a partition has had so much time: if it is asked for at the end of one of its slots.
pub fn longest_wait(slots: &[(Option<u8>, u64)], partition: u8, work: u64) -> Option<u64> {
    let is_own = |slot: &(Option<u8>, u64)| slot.0 == Some(partition);
    let ends = (0..slots.len()).filter(|at| slots.get(*at).is_some_and(is_own));
    ends.map(|at| wait_after(slots, partition, at, work)).collect::<Option<Vec<_>>>()?.into_iter().max()
}

/// The same, if it is asked for at the end of the slot with this number.
fn wait_after(slots: &[(Option<u8>, u64)], partition: u8, at: usize, work: u64) -> Option<u64> {
    let cycle: u64 = slots.iter().map(|slot| slot.1).sum();
    let own: u64 = slots.iter().filter(|slot| slot.0 == Some(partition)).map(|slot| slot.1).sum();
    let whole = work.checked_sub(1)?.checked_div(own)?;
    let (mut left, mut waited) = (work - whole * own, whole.checked_mul(cycle)?);
    for (whose, length) in slots.iter().cycle().skip(at + 1).take(slots.len()) {
        if *whose != Some(partition) {
            waited = waited.checked_add(*length)?;
        } else if left <= *length {
            return waited.checked_add(left);
        } else {
            (left, waited) = (left - length, waited.checked_add(*length)?);
        }
    }
    None
}
