//! A terminal at a port, a line and a scheduler that the host plays.

use super::*;
use runtime::CallError;
use std::collections::VecDeque;
use std::sync::Mutex;
use std::vec::Vec;

/// What happens next, where somebody waits.
type Next = fn(&World);

/// The port, the line and the scheduler.
struct World {
    typed: Mutex<VecDeque<u8>>,
    next: Mutex<VecDeque<Next>>,
    log: Mutex<Vec<&'static str>>,
}

const ENDED: Error = Error::numbered(99);
const READER: Caller = Caller { token: 1, thread: 5, core: 0 };

static TERMINAL_OF: fn(&'static World) -> Terminal<&'static World, &'static World, World> =
    |world| Terminal::new(world, world, world);

impl World {
    fn new(next: &[Next]) -> &'static Self {
        let next = Mutex::new(next.iter().copied().collect());
        std::boxed::Box::leak(std::boxed::Box::new(Self { typed: Mutex::default(), next, log: Mutex::default() }))
    }

    fn note(&self, what: &'static str) {
        self.log.lock().unwrap().push(what);
    }

    fn log(&self) -> Vec<&'static str> {
        std::mem::take(&mut self.log.lock().unwrap())
    }

    fn type_text(&self, text: &str) {
        self.typed.lock().unwrap().extend(text.bytes());
    }

    fn wait_for_next(&self) -> Result<()> {
        let next = self.next.lock().unwrap().pop_front().ok_or(ENDED)?;
        next(self);
        Ok(())
    }
}

const LINE_STATUS: u16 = 5;

impl PortAccess for &World {
    fn read(&self, register: u16) -> console_interface::Result<u8> {
        let mut typed = self.typed.lock().unwrap();
        match register {
            LINE_STATUS => Ok(0x60 | u8::from(!typed.is_empty())),
            _ => Ok(typed.pop_front().unwrap()),
        }
    }

    fn write(&self, _: u16, _: u8) -> console_interface::Result<()> {
        Ok(())
    }
}

impl Line for &World {
    fn attach(&self) -> Result<()> {
        self.note("attach");
        Ok(())
    }

    fn wait(&self) -> Result<()> {
        self.wait_for_next()
    }

    fn acknowledge(&self) -> Result<()> {
        self.note("acknowledge");
        Ok(())
    }
}

impl Sched for World {
    fn yield_now(&self) -> sched_interface::Result<()> {
        Ok(())
    }

    fn block(&self) -> sched_interface::Result<()> {
        self.note("block");
        Ok(self.wait_for_next()?)
    }

    fn block_until(&self, _: u64) -> sched_interface::Result<bool> {
        Ok(true)
    }

    fn sleep_until(&self, _: u64) -> sched_interface::Result<()> {
        Ok(())
    }

    fn wake(&self, thread: u64) -> sched_interface::Result<()> {
        assert_eq!(thread, READER.thread.into());
        self.note("wake");
        Ok(())
    }

    fn create(&self, _: u64) -> sched_interface::Result<u64> {
        Ok(0)
    }

    fn background(&self) -> sched_interface::Result<()> {
        self.note("background");
        Ok(())
    }

    fn frequency(&self) -> sched_interface::Result<u64> {
        Ok(1)
    }
    sched_interface::not_asked!(points, exchange, ends, cores);
}

#[test]
fn the_line_is_open_before_the_port_is_emptied() {
    let world = World::new(&[|world| world.type_text("ab"), |world| world.note("again")]);
    let terminal = TERMINAL_OF(world);
    assert_eq!(terminal.run(), Err(ENDED));
    assert_eq!(world.log(), ["background", "attach", "acknowledge", "acknowledge", "again", "acknowledge"]);
    let call = terminal.serve(READER);
    assert_eq!([call.read(), call.read(), call.read()], [Ok((true, b'a')), Ok((true, b'b')), Ok((false, 0))]);
}

#[test]
fn a_reader_waits_until_it_is_woken() {
    let world = World::new(&[]);
    let terminal = TERMINAL_OF(world);
    // The reader's thread blocks; the component's own takes input in, and wakes it.
    assert_eq!(terminal.serve(READER).wait(), Err(ConsoleError::Call(CallError::Unknown)));
    assert_eq!(world.log(), ["block"]);
    terminal.take_input().unwrap();
    assert_eq!(world.log(), ["acknowledge"], "nobody waits any more");

    let _place = terminal.waiting.enter(READER.thread);
    world.type_text("x");
    terminal.take_input().unwrap();
    assert_eq!(world.log(), ["acknowledge", "wake"]);
    assert_eq!(terminal.serve(READER).wait(), Ok(b'x'));
    assert_eq!(world.log(), [""; 0], "what is there is not waited for");
}

#[test]
fn a_wake_up_without_input_is_waited_through() {
    let world = World::new(&[|_| {}, |_| {}]);
    assert_eq!(TERMINAL_OF(world).serve(READER).wait(), Err(ConsoleError::Call(CallError::Unknown)));
    assert_eq!(world.log(), ["block", "block", "block"]);
}
