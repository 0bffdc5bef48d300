//! What the processor does for the text of the kernel's entry, by signals: privileged instructions trap in a process, and
//! the handler does what they would.

use crate::arena::CORE;
use crate::entry::{self, OPERATION_BYTES, operations, syscall_entry};
use nix::libc;
use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, sigaction};
use std::arch::asm;
use std::ptr;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::atomic::{AtomicPtr, AtomicU64};

/// The general registers, by the numbers of `libc::REG_RAX` and the like.
pub type Registers = [i64; 23];

/// Why the text stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// It calls the function for the kind with this number.
    Operation(u64),
    /// It calls the function for returns that are more than that.
    Return,
    /// It calls the function for a thread that says whose stack it is on.
    Here,
    /// It leaves by the exit for outcomes that are no answer.
    Exit,
    /// It goes on with the level whose fault was handled.
    RestoreFaulted,
    /// It calls the function for faults in user level.
    FaultInUserLevel,
    /// It calls the function for faults in the kernel.
    FaultInKernel,
    /// It leaves by `sysretq`.
    Left,
    /// An instruction at this distance from the start trapped that should not, by this signal.
    Broken(u64, i32),
}

/// A processor that executes the text.
pub struct Processor {
    /// Its general registers.
    pub registers: Registers,
    /// What was written to CR3, in turn.
    pub spaces: Vec<u64>,
    /// GS base, and the one that `swapgs` exchanges it with.
    pub gs: [u64; 2],
    /// FS base.
    pub fs: u64,
    /// The address that a page fault was about.
    pub cr2: u64,
    host: Registers,
    stop: Option<Stop>,
}

/// The one that executes the text. (Where a thread keeps its own statics, FS says, and that is the text's.)
static RUNNING: AtomicPtr<Processor> = AtomicPtr::new(ptr::null_mut());
/// FS base of the test.
static FS: AtomicU64 = AtomicU64::new(0);

/// A page that is not there: what the kernel does with GS before it has exchanged it goes wrong.
pub const USER_GS: u64 = 0x1000;

impl Processor {
    /// A processor in user level. Its signals are handled on a stack of their own from now on, in this thread.
    pub fn new() -> Self {
        let bytes = 64 << 10;
        let stack = Box::leak(vec![0_u8; bytes].into_boxed_slice()).as_mut_ptr().cast();
        let stack = libc::stack_t { ss_sp: stack, ss_flags: 0, ss_size: bytes };
        let flags = SaFlags::SA_ONSTACK | SaFlags::SA_SIGINFO;
        let action = SigAction::new(SigHandler::SigAction(trapped), flags, SigSet::empty());
        // SAFETY: the stack is never freed; the handler does what it may do.
        unsafe {
            assert_eq!(libc::sigaltstack(&stack, ptr::null_mut()), 0);
            for signal in [Signal::SIGSEGV, Signal::SIGILL, Signal::SIGBUS] {
                sigaction(signal, &action).unwrap();
            }
        }
        // There is room, so that the handler allocates nothing.
        Self {
            registers: [0; 23],
            spaces: Vec::with_capacity(16),
            gs: [USER_GS, CORE],
            fs: 0,
            cr2: 0,
            host: [0; 23],
            stop: None,
        }
    }

    /// Register `number`.
    pub fn get(&self, number: i32) -> u64 {
        self.registers[number as usize] as u64
    }

    /// Changes register `number`.
    pub fn set(&mut self, number: i32, value: u64) {
        self.registers[number as usize] = value as i64;
    }

    /// Enters the kernel, as `syscall` does.
    pub fn enter(&mut self) -> Stop {
        self.enter_at(syscall_entry as *const () as u64)
    }

    /// Enters the kernel, as the stub of an exception does that has left a frame on the stack.
    pub fn fault(&mut self) -> Stop {
        self.enter_at(entry::fault_entry as *const () as u64)
    }

    /// Whether GS is the kernel's.
    pub fn is_kernel(&self) -> bool {
        self.gs == [CORE, USER_GS] || self.gs == [CORE, 0]
    }

    fn enter_at(&mut self, address: u64) -> Stop {
        self.gs = [USER_GS, CORE];
        self.spaces.clear();
        self.set(libc::REG_RIP, address);
        self.run()
    }

    /// Comes back from the function at whose call it stopped.
    pub fn come_back(&mut self) -> Stop {
        let stack = self.get(libc::REG_RSP);
        // SAFETY: the text's own `call` has put the address there.
        self.set(libc::REG_RIP, unsafe { *(stack as *const u64) });
        self.set(libc::REG_RSP, stack + 8);
        self.run()
    }

    fn run(&mut self) -> Stop {
        self.stop = None;
        FS.store(fs(), Relaxed);
        RUNNING.store(self, Relaxed);
        // SAFETY: traps into `trapped`, which runs the text, and comes back here with all registers as they are; what the
        // text changes is memory of the arena, of which nobody holds anything but atomics.
        unsafe { asm!("ud2", clobber_abi("C")) }
        RUNNING.store(ptr::null_mut(), Relaxed);
        self.stop.unwrap_or(Stop::Broken(0, 0))
    }

    fn is_inside(&self) -> bool {
        self.host[libc::REG_RIP as usize] != 0
    }

    fn trap(&mut self, registers: &mut Registers, signal: i32) {
        if !self.is_inside() {
            self.host = *registers;
            self.exchange(registers);
            return;
        }
        match self.emulate(registers, signal) {
            None => {}
            Some(stop) => {
                self.stop = Some(stop);
                self.registers = *registers;
                *registers = self.host;
                registers[libc::REG_RIP as usize] += 2;
                self.host = [0; 23];
            }
        }
    }

    /// Puts the text's registers in place of the test's.
    fn exchange(&mut self, registers: &mut Registers) {
        const FLAGS: i64 = 0x202;
        let general = libc::REG_R8..=libc::REG_RIP;
        general.for_each(|at| registers[at as usize] = self.registers[at as usize]);
        registers[libc::REG_EFL as usize] = FLAGS;
    }

    /// Does what the instruction does that trapped.
    fn emulate(&mut self, registers: &mut Registers, signal: i32) -> Option<Stop> {
        let address = registers[libc::REG_RIP as usize] as u64;
        let table = operations as *const () as u64;
        if (table..table + 256 * OPERATION_BYTES).contains(&address) {
            return Some(Stop::Operation((address - table) / OPERATION_BYTES));
        }
        if let Some((_, stop)) = entry::stops().into_iter().find(|(at, _)| *at == address) {
            return Some(stop);
        }
        let texts = [syscall_entry, entry::fault_entry, entry::switch].map(|text| text as *const () as u64);
        if !texts.iter().any(|text| (*text..*text + 4096).contains(&address)) {
            return Some(Stop::Broken(address, signal));
        }
        // SAFETY: within a text, or what is linked behind it.
        let bytes = match unsafe { *(address as *const [u8; 4]) } {
            [0x0f, 0x01, 0xf8, _] => {
                self.gs.swap(0, 1);
                3
            }
            [0x0f, 0x22, 0xd9, _] => {
                self.spaces.push(registers[libc::REG_RCX as usize] as u64);
                3
            }
            [0x41, 0x0f, 0x22, 0xda] => {
                self.spaces.push(registers[libc::REG_R10 as usize] as u64);
                4
            }
            [0x0f, 0x20, 0xd6, _] => {
                registers[libc::REG_RSI as usize] = self.cr2 as i64;
                3
            }
            [0x48, 0x0f, 0x07, _] => return Some(Stop::Left),
            _ => return Some(Stop::Broken(address, signal)),
        };
        registers[libc::REG_RIP as usize] += bytes;
        None
    }
}

extern "C" fn trapped(signal: i32, _: *mut libc::siginfo_t, context: *mut libc::c_void) {
    let text = [fs(), gs()];
    let processor = RUNNING.load(Relaxed);
    if processor.is_null() {
        // A defect of the test itself: once more, with what the system does.
        // SAFETY: the default is always there.
        unsafe { libc::signal(signal, libc::SIG_DFL) };
        return;
    }
    set_fs(FS.load(Relaxed));
    // SAFETY: the system's context, and the processor that `run` borrows.
    let (context, processor) = unsafe { (&mut *context.cast::<libc::ucontext_t>(), &mut *processor) };
    if processor.is_inside() {
        [processor.fs, processor.gs[0]] = text;
    }
    processor.trap(&mut context.uc_mcontext.gregs, signal);
    if processor.is_inside() {
        set_gs(processor.gs[0]);
        set_fs(processor.fs);
    }
}

fn fs() -> u64 {
    let base: u64;
    // SAFETY: reads a register.
    unsafe { asm!("rdfsbase {}", out(reg) base, options(nomem, nostack, preserves_flags)) };
    base
}

fn gs() -> u64 {
    let base: u64;
    // SAFETY: reads a register.
    unsafe { asm!("rdgsbase {}", out(reg) base, options(nomem, nostack, preserves_flags)) };
    base
}

fn set_fs(base: u64) {
    // SAFETY: the test's own, or the text's in front of going on with that.
    unsafe { asm!("wrfsbase {}", in(reg) base, options(nostack, preserves_flags)) };
}

fn set_gs(base: u64) {
    // SAFETY: nothing but the text uses GS.
    unsafe { asm!("wrgsbase {}", in(reg) base, options(nostack, preserves_flags)) };
}
