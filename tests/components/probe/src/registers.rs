//! Registers, as a naked function stores them.

use core::cell::UnsafeCell;

/// All registers at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C, align(16))]
pub struct Registers {
    /// `rax rbx rcx rdx rsi rdi rbp rsp r8 r9 r10 r11 r12 r13 r14 r15`.
    pub general: [u64; 16],
    /// `xmm0` to `xmm15`.
    pub vector: [[u64; 2]; 16],
    /// FS base.
    pub fs_base: u64,
    /// MXCSR.
    pub mxcsr: u64,
    /// The x87 control word.
    pub control: u64,
    /// RFLAGS.
    pub flags: u64,
    /// What `fxsave64` writes.
    pub state: [u64; 64],
    /// The selectors DS, ES, FS and GS, 16 bits each.
    pub selectors: u64,
}

/// Places in [`Registers::general`].
pub mod at {
    /// `rax`.
    pub const RAX: usize = 0;
    /// `rbx`.
    pub const RBX: usize = 1;
    /// `rcx`.
    pub const RCX: usize = 2;
    /// `rdx`.
    pub const RDX: usize = 3;
    /// `rsi`.
    pub const RSI: usize = 4;
    /// `rdi`.
    pub const RDI: usize = 5;
    /// `rbp`.
    pub const RBP: usize = 6;
    /// `rsp`.
    pub const RSP: usize = 7;
    /// `r8`.
    pub const R8: usize = 8;
    /// `r9`.
    pub const R9: usize = 9;
    /// `r10`.
    pub const R10: usize = 10;
    /// `r11`.
    pub const R11: usize = 11;
    /// What a function keeps for its caller: `rbx rbp r12 r13 r14 r15`.
    pub const KEPT: [usize; 6] = [RBX, RBP, 12, 13, 14, 15];
}

impl Registers {
    /// All zero.
    pub const ZERO: Self = Self {
        general: [0; 16],
        vector: [[0; 2]; 16],
        fs_base: 0,
        mxcsr: 0,
        control: 0,
        flags: 0,
        state: [0; 64],
        selectors: 0,
    };

    /// A bit for each vector register that is not zero, above them one for each x87 register, and above those one for the selectors.
    pub fn vector_not_zero(&self) -> u64 {
        let x87 = self.state.chunks_exact(2).skip(2).take(8).map(|register| *register != [0, 0]);
        bits(self.vector.iter().map(|register| *register != [0, 0]).chain(x87).chain([self.selectors != 0]))
    }

    /// A bit for each general register that is not as expected.
    pub fn general_not(&self, expected: &[u64; 16]) -> u64 {
        bits(self.general.iter().zip(expected).map(|(is, expected)| is != expected))
    }
}

fn bits(set: impl Iterator<Item = bool>) -> u64 {
    set.enumerate().fold(0, |bits, (at, set)| bits | u64::from(set) << at)
}

/// Where one naked function leaves registers for the code behind it.
#[repr(transparent)]
pub struct Seen(UnsafeCell<Registers>);

// SAFETY: a component has one thread of its own and is not entered again while it looks; see `get`.
unsafe impl Sync for Seen {}

impl Default for Seen {
    fn default() -> Self {
        Self::new()
    }
}

impl Seen {
    /// With nothing seen.
    pub const fn new() -> Self {
        Self(UnsafeCell::new(Registers::ZERO))
    }

    /// What was seen last.
    ///
    /// # Safety
    ///
    /// Nobody stores registers at the same time: to be called behind what stores them, by the one thread that does.
    pub unsafe fn get(&self) -> Registers {
        // SAFETY: the caller's promise. Volatile: what stores them is assembly.
        unsafe { self.0.get().read_volatile() }
    }
}

/// Instructions that store the general, vector and x87 registers at the symbol `{seen}`, and change none.
#[macro_export]
macro_rules! store_registers {
    () => {
        "
        mov [rip + {seen}], rax
        mov [rip + {seen} + 8], rbx
        mov [rip + {seen} + 16], rcx
        mov [rip + {seen} + 24], rdx
        mov [rip + {seen} + 32], rsi
        mov [rip + {seen} + 40], rdi
        mov [rip + {seen} + 48], rbp
        mov [rip + {seen} + 56], rsp
        mov [rip + {seen} + 64], r8
        mov [rip + {seen} + 72], r9
        mov [rip + {seen} + 80], r10
        mov [rip + {seen} + 88], r11
        mov [rip + {seen} + 96], r12
        mov [rip + {seen} + 104], r13
        mov [rip + {seen} + 112], r14
        mov [rip + {seen} + 120], r15
        movups [rip + {seen} + 128], xmm0
        movups [rip + {seen} + 144], xmm1
        movups [rip + {seen} + 160], xmm2
        movups [rip + {seen} + 176], xmm3
        movups [rip + {seen} + 192], xmm4
        movups [rip + {seen} + 208], xmm5
        movups [rip + {seen} + 224], xmm6
        movups [rip + {seen} + 240], xmm7
        movups [rip + {seen} + 256], xmm8
        movups [rip + {seen} + 272], xmm9
        movups [rip + {seen} + 288], xmm10
        movups [rip + {seen} + 304], xmm11
        movups [rip + {seen} + 320], xmm12
        movups [rip + {seen} + 336], xmm13
        movups [rip + {seen} + 352], xmm14
        movups [rip + {seen} + 368], xmm15
        fxsave64 [rip + {seen} + 416]
        mov word ptr [rip + {seen} + 928], ds
        mov word ptr [rip + {seen} + 930], es
        mov word ptr [rip + {seen} + 932], fs
        mov word ptr [rip + {seen} + 934], gs
        "
    };
}

/// Instructions that fill the vector registers from `rcx`, the x87 registers, whose stack is empty then, and the selectors; FS and GS
/// base stay.
#[macro_export]
macro_rules! fill_vector_registers {
    () => {
        "
        movq xmm0, rbx
        rdfsbase rbx
        movq xmm1, rbx
        rdgsbase rbx
        movq xmm2, rbx
        mov ebx, 3
        mov fs, ebx
        mov gs, ebx
        mov ebx, 0x1b
        mov ds, ebx
        mov es, ebx
        movq rbx, xmm1
        wrfsbase rbx
        movq rbx, xmm2
        wrgsbase rbx
        movq rbx, xmm0
        movq xmm0, rcx
        movq xmm1, rcx
        movq xmm2, rcx
        movq xmm3, rcx
        movq xmm4, rcx
        movq xmm5, rcx
        movq xmm6, rcx
        movq xmm7, rcx
        movq xmm8, rcx
        movq xmm9, rcx
        movq xmm10, rcx
        movq xmm11, rcx
        movq xmm12, rcx
        movq xmm13, rcx
        movq xmm14, rcx
        movq xmm15, rcx
        movq mm0, rcx
        movq mm1, rcx
        movq mm2, rcx
        movq mm3, rcx
        movq mm4, rcx
        movq mm5, rcx
        movq mm6, rcx
        movq mm7, rcx
        emms
        "
    };
}

/// Instructions that fill the registers that a function keeps for its caller from `rcx`.
#[macro_export]
macro_rules! fill_kept_registers {
    () => {
        "
        mov rbx, rcx
        mov rbp, rcx
        mov r12, rcx
        mov r13, rcx
        mov r14, rcx
        mov r15, rcx
        "
    };
}
