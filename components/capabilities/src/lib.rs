//! The capability manager: makes components at run time from the bundle's plan, ends them, and knows who holds what.
//!
//! A component is made as the booter makes one: from frames that the memory manager lends, by the kernel's operations, one
//! after another. It has no thread of its own; it initialises, and runs, on the thread of whoever asks. Ending it
//! takes everything apart again: what is left are untyped frames, from which it is made anew.
//!
//! | question | file |
//! |---|---|
//! | how is a component made? | `construct.rs` |
//! | how is it taken apart? | `destroy.rs` |
//! | where is what is kept of it? | `held.rs` |
#![no_std]
#![forbid(unsafe_code)]

#[cfg(test)]
extern crate std;

mod arena;
mod construct;
mod destroy;
mod held;
mod kernel;
#[cfg(test)]
mod tests;

pub use held::MOST;
pub use kernel::Kernel;

use abi::bundle::{Bundle, Component, Grant};
use abi::operation::TableOperation;
use abi::phase;
use arena::Arena;
use capabilities_interface::{Capabilities, CapabilitiesError, Result, State};
use core::num::NonZeroU32;
use held::{Held, Plan};
use runtime::Caller;
use runtime::section::Section;

/// The manager, for one thread at a time.
pub struct Manager<K> {
    kernel: K,
    records: Section<[Record; MOST]>,
    quota: fn() -> u64,
}

/// What is known of a component that this manager makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Record {
    life: Life,
    made: u64,
    /// The token of the client that had it made, and is charged for it.
    maker: u64,
    /// The frames that it is made of, lent for good.
    frames: Arena,
}

/// Where a component is between its making and its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Life {
    Dead,
    Alive,
    /// Nobody enters it any more, and not all of it has been taken apart.
    Ending,
}

impl<K: Kernel> Manager<K> {
    /// A manager that has made nothing; each client may have had as many components made that live as `quota` says.
    pub const fn new(kernel: K, quota: fn() -> u64) -> Self {
        let nothing = Record { life: Life::Dead, made: 0, maker: 0, frames: Arena::NONE };
        Self { kernel, records: Section::new([nothing; MOST]), quota }
    }

    /// Makes all components that the graph wants made, in the order in which they initialise.
    ///
    /// # Errors
    ///
    /// Of the first that cannot be made.
    pub fn initialise(&self, caller: Caller) -> Result<()> {
        let plan = Plan::of(&self.kernel)?;
        for at in plan.made() {
            self.serve(caller).create(at as u64 + 1)?;
        }
        Ok(())
    }

    /// The interface, as `caller` sees it.
    pub const fn serve(&self, caller: Caller) -> Served<'_, K> {
        Served { manager: self, caller }
    }
}

/// The interface, for one caller.
pub struct Served<'m, K> {
    manager: &'m Manager<K>,
    caller: Caller,
}

impl<K: Kernel> Served<'_, K> {
    /// Does something with the record of `component`.
    fn with<T>(&self, component: u64, body: impl FnOnce(&mut Record, &Plan, &Held, &K) -> Result<T>) -> Result<T> {
        self.with_all(component, |records, plan, held, kernel| {
            body(records.get_mut(held.number).ok_or(CapabilitiesError::NotManaged)?, plan, held, kernel)
        })
    }

    fn with_all<T>(
        &self,
        component: u64,
        body: impl FnOnce(&mut [Record; MOST], &Plan, &Held, &K) -> Result<T>,
    ) -> Result<T> {
        let kernel = &self.manager.kernel;
        let plan = Plan::of(kernel)?;
        let held = plan.held(component).ok_or(CapabilitiesError::NotManaged)?;
        let who = NonZeroU32::MIN.saturating_add(self.caller.thread);
        let mut records = self.manager.records.enter(who).map_err(|_| CapabilitiesError::Busy)?;
        body(&mut records, &plan, &held, kernel)
    }

    /// Runs a phase of a component that lives. Nobody waits meanwhile: it may ask this manager for something.
    fn enter(&self, component: u64, phase: u64) -> Result<u16> {
        let start = self.with(component, |record, _, held, _| match record.life {
            Life::Alive => Ok(held.start),
            Life::Dead | Life::Ending => Err(CapabilitiesError::Dead),
        })?;
        Ok(self.manager.kernel.invoke(start, phase))
    }

    /// Makes a component, of the quota of `maker`.
    fn make(&self, component: u64, maker: u64) -> Result<()> {
        self.with_all(component, |records, plan, held, kernel| {
            let alive = records.iter().filter(|record| record.life != Life::Dead && record.maker == maker).count();
            let record = records.get_mut(held.number).ok_or(CapabilitiesError::NotManaged)?;
            match record.life {
                Life::Dead => {}
                Life::Alive => return Err(CapabilitiesError::Lives),
                Life::Ending => return Err(CapabilitiesError::Busy),
            }
            if alive as u64 >= (self.manager.quota)() {
                return Err(CapabilitiesError::Quota);
            }
            if record.frames == Arena::NONE {
                record.frames = Arena::borrow(plan.frames(held), kernel)?;
            }
            record.frames.reset();
            if let Err(error) = construct::component(plan, held, &mut record.frames, kernel) {
                destroy::refuse(plan, held, kernel);
                destroy::component(plan, held, kernel);
                return Err(error);
            }
            (record.life, record.maker) = (Life::Alive, maker);
            record.made += 1;
            Ok(())
        })
    }

    /// Makes a component, of the quota of `maker`, and lets it initialise.
    fn create_for(&self, component: u64, maker: u64) -> Result<()> {
        self.make(component, maker)?;
        if self.enter(component, phase::INITIALISE)? == 0 {
            return Ok(());
        }
        self.end(component)?;
        Err(CapabilitiesError::NotInitialised)
    }

    fn end(&self, component: u64) -> Result<()> {
        self.with(component, |record, plan, held, kernel| {
            if record.life == Life::Dead {
                return Err(CapabilitiesError::Dead);
            }
            record.life = Life::Ending;
            destroy::refuse(plan, held, kernel);
            if plan.lodging(held, kernel).is_some() {
                kernel.end_memory(component)?;
            }
            record.life = Life::Dead;
            destroy::component(plan, held, kernel);
            Ok(())
        })
    }
}

impl<K: Kernel> Capabilities for Served<'_, K> {
    fn create(&self, component: u64) -> Result<()> {
        let life = self.with(component, |record, _, _, _| Ok(record.life))?;
        if life == Life::Ending {
            self.end(component)?;
        }
        self.create_for(component, self.caller.token)
    }

    fn destroy(&self, component: u64) -> Result<()> {
        self.end(component)
    }

    fn recreate(&self, component: u64) -> Result<()> {
        // Whoever asks for it, a supervisor say: it is still one of those that its first maker may have.
        let maker = self
            .with(component, |record, _, _, _| Ok(if record.made == 0 { self.caller.token } else { record.maker }))?;
        match self.end(component) {
            Ok(()) | Err(CapabilitiesError::Dead) => self.create_for(component, maker),
            Err(error) => Err(error),
        }
    }

    fn run(&self, component: u64) -> Result<u64> {
        self.enter(component, phase::MAIN).map(u64::from)
    }

    fn state(&self, component: u64) -> Result<State> {
        self.with(component, |record, _, _, _| Ok(State { lives: record.life == Life::Alive, made: record.made }))
    }

    fn holder(&self, component: u64, from: u64) -> Result<(u64, u64)> {
        let plan = Plan::of(&self.manager.kernel)?;
        let server = component.checked_sub(1).ok_or(CapabilitiesError::NotManaged)?;
        plan.held(component).ok_or(CapabilitiesError::NotManaged)?;
        let holds = |client: &Component| {
            let methods = plan.bundle.capabilities(client).filter_map(|capability| match capability.grant {
                Grant::Invocation { server: of, methods, .. } if of == server => Some(methods),
                _ => None,
            });
            methods.reduce(|all, methods| all | methods)
        };
        let clients = (1..).zip(plan.bundle.components()).filter(|(token, _)| *token >= from);
        let mut holders = clients.filter_map(|(token, client)| Some((token, holds(&client)?)));
        holders.next().ok_or(CapabilitiesError::Nobody)
    }

    fn revoke(&self, component: u64, holder: u64) -> Result<u64> {
        self.with(component, |_, plan, held, kernel| {
            let at = usize::try_from(holder)
                .ok()
                .and_then(|token| token.checked_sub(1))
                .ok_or(CapabilitiesError::NotManaged)?;
            let client = plan.bundle.components().nth(at).ok_or(CapabilitiesError::NotManaged)?;
            let Some(table) = plan.table_of(at, kernel) else { return Ok(0) };
            let remove = TableOperation::Remove as u16;
            let taken = plan
                .edges(&client, held.at)
                .filter(|(slot, _)| kernel.operate(table, remove, [*slot, 0, 0, 0]).is_ok());
            Ok(taken.count() as u64)
        })
    }

    fn find(&self, first: u64, second: u64, third: u64, fourth: u64) -> Result<u64> {
        let plan = Plan::of(&self.manager.kernel)?;
        let name = [first, second, third, fourth];
        let mut named = (1..).zip(plan.bundle.components()).filter(|(_, component)| component.name_words() == name);
        named.next().map(|(token, _)| token).ok_or(CapabilitiesError::NotManaged)
    }
}

/// A plan that the kernel refuses, or a bundle that is none.
fn error_of(error: abi::error::Error) -> CapabilitiesError {
    match error {
        abi::error::Error::Pending => CapabilitiesError::Busy,
        error => CapabilitiesError::Call(error.into()),
    }
}

/// The bundle's tables, which the composer made.
fn bundle(kernel: &impl Kernel) -> Result<Bundle<'_>> {
    kernel.bundle().ok_or(CapabilitiesError::BadPlan)
}
