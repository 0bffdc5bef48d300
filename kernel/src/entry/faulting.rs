//! The texts of a fault in user level and of the way back from its handler, once: the kernel assembles them, and so can
//! a test on the host, which holds them against `logic::fault`.

/// Writes out where all exceptions lead to: the error code and above it what the processor pushes, below it the vector.
///
/// All registers go straight to the thread, unless those of an earlier fault are there. If the component has a handler
/// that can be entered, it is, as `logic::fault::handle` specifies; every other fault is looked at in Rust, which finds the level's
/// resume point and registers kept, and `rax` below the vector. Until the commit point this has written nothing else.
///
/// | parameter | meaning |
/// |---|---|
/// | `top` `thread` `identity` `space` `foreign` | where a core's own words are, from GS |
/// | `descriptors` | where the hot descriptors are: a displacement of 32 bits |
/// | `clean_state` | x87 and SSE state as a thread starts with it |
/// | `from_user` `from_kernel` | functions in Rust, which get the address of the frame |
/// | `exit` | where an outcome leads to |
macro_rules! fault_path {
    (
        top: $top:expr,
        thread: $thread:expr,
        identity: $identity:expr,
        space: $space:expr,
        foreign: $foreign:expr,
        descriptors: $descriptors:expr,
        clean_state: $clean_state:path,
        from_user: $from_user:path,
        from_kernel: $from_kernel:path,
        exit: $exit:path $(,)?
    ) => {
        core::arch::naked_asm!(
            "push rax",
            // From the kernel, GS is not used at all. From user level it is the user's until `swapgs`.
            "test byte ptr [rsp + {code_segment}], 3",
            "jz 2f",
            "push rcx",
            // No flag of the user's counts here: not the direction flag, nor the one that suspends SMAP.
            "push 2",
            "popfq",
            // Whoever goes on must not see the bases and selectors that the faulting level has set. A selector takes its base along.
            "xor ecx, ecx",
            "rdgsbase rax",
            "mov gs, ecx",
            "wrgsbase rcx",
            "swapgs",
            "mov rcx, gs:[{thread}]",
            "cmp qword ptr [rcx + {in_use}], 0",
            "jne 3f",
            // Keep the level's registers: bases first, then r15 to rax, flags, x87 and SSE state.
            "mov [rcx + {gs_base}], rax",
            "rdfsbase rax",
            "mov [rcx + {fs_base}], rax",
            "mov [rcx + {registers}], r15",
            "mov [rcx + {registers} + 1 * 8], r14",
            "mov [rcx + {registers} + 2 * 8], r13",
            "mov [rcx + {registers} + 3 * 8], r12",
            "mov [rcx + {registers} + 4 * 8], r11",
            "mov [rcx + {registers} + 5 * 8], r10",
            "mov [rcx + {registers} + 6 * 8], r9",
            "mov [rcx + {registers} + 7 * 8], r8",
            "mov [rcx + {registers} + 8 * 8], rbp",
            "mov [rcx + {registers} + 9 * 8], rdi",
            "mov [rcx + {registers} + 10 * 8], rsi",
            "mov [rcx + {registers} + 11 * 8], rdx",
            "pop rdx",
            "mov [rcx + {registers} + 12 * 8], rdx",
            "mov [rcx + {registers} + 13 * 8], rbx",
            "mov rax, [rsp]",
            "mov [rcx + {registers} + 14 * 8], rax",
            "mov rdx, [rsp + {flags_of}]",
            "mov [rcx + {kept_flags}], rdx",
            "fxsave64 [rcx + {floating_point}]",
            "xor eax, eax",
            "mov ds, eax",
            "mov es, eax",
            "mov fs, eax",
            "wrfsbase rax",
            // And where it is.
            "mov r11, gs:[{top}]",
            "mov rdx, [rsp + {instruction}]",
            "mov [r11 + {address}], rdx",
            "mov rax, [rsp + {stack_of}]",
            "mov [r11 + {stack}], rax",
            // Is it an exception of a component whose `syscall` leads to us? A machine check may be the end of all.
            "mov rdi, [rsp + {vector}]",
            "cmp edi, {machine_check}",
            "je 4f",
            "cmp byte ptr gs:[{foreign}], 0",
            "jne 4f",
            // One that has joined may have been left for another, unheard.
            "cmp qword ptr [rcx + {span}], 0",
            "jne 4f",
            // Does the component live?
            "mov r9, [r11 + {descriptor}]",
            "mov r10, [r11 + {epoch}]",
            "cmp r10, [r9 + {descriptors} + {live_epoch}]",
            "jne 4f",
            // Is there an invocation in its slot for that, of the method, and does the handler live?
            "mov r9, [r9 + {descriptors} + {table}]",
            "mov r8, [r9]",
            "cmp byte ptr [r8 + {slot} + {kind}], {invocation}",
            "jne 4f",
            "test byte ptr [r8 + {slot} + {methods}], {method}",
            "jz 4f",
            "mov r9, [r8 + {slot} + {slot_descriptor}]",
            "mov r10, [r8 + {slot} + {slot_epoch}]",
            "cmp r10, [r9 + {descriptors} + {live_epoch}]",
            "jne 4f",
            // Is there room on the invocation stack? It ends with the thread's frame.
            "lea rax, [r11 + {entry_bytes}]",
            "test eax, 0xfff",
            "jz 4f",
            // Commit: from here on the level's fault is being handled, and the handler is the current level.
            "mov [rcx + {in_use}], r11",
            "bts qword ptr [r11 + {epoch}], {faulted}",
            "mov gs:[{top}], rax",
            "mov [rax + {descriptor}], r9",
            "mov [rax + {epoch}], r10",
            "mov r10, [r9 + {descriptors} + {page_table}]",
            "cmp r10, gs:[{space}]",
            "je 5f",
            "mov gs:[{space}], r10",
            "mov cr3, r10",
            // Tell it: vector and error code, the address that a page fault was about, and that of the instruction.
            "5:",
            "xor esi, esi",
            "cmp edi, {page_fault}",
            "jne 6f",
            "mov rsi, cr2",
            "6:",
            "mov rax, [rsp + {error}]",
            "shl rax, {vector_bits}",
            "or rdi, rax",
            "xor r10d, r10d",
            // Nothing of the level is in any other register.
            "fxrstor64 [rip + {clean_state}]",
            "xor ebx, ebx",
            "xor ebp, ebp",
            "xor r12d, r12d",
            "xor r13d, r13d",
            "xor r14d, r14d",
            "xor r15d, r15d",
            "mov rcx, [r8 + {slot} + {slot_entry}]",
            "mov r8, [r8 + {slot} + {slot_token}]",
            "mov r9, gs:[{identity}]",
            "mov eax, {method_number}",
            "xor esp, esp",
            "mov r11d, {flags}",
            "swapgs",
            "sysretq",
            // Another fault of the thread is being handled: this one never is.
            "3:",
            "pop rcx",
            "xor eax, eax",
            "mov ds, eax",
            "mov es, eax",
            "mov fs, eax",
            "wrfsbase rax",
            "mov r11, gs:[{top}]",
            "mov rdx, [rsp + {instruction}]",
            "mov [r11 + {address}], rdx",
            "mov rax, [rsp + {stack_of}]",
            "mov [r11 + {stack}], rax",
            // Rust.
            "4:",
            "mov rdi, rsp",
            "and rsp, -16",
            "call {from_user}",
            "jmp {exit}",
            "2:",
            "push 2",
            "popfq",
            "mov rdi, rsp",
            "and rsp, -16",
            "call {from_kernel}",
            "ud2",
            top = const $top,
            thread = const $thread,
            identity = const $identity,
            space = const $space,
            foreign = const $foreign,
            vector = const core::mem::offset_of!($crate::entry::faulting::Frame, vector),
            error = const core::mem::offset_of!($crate::entry::faulting::Frame, error),
            instruction = const core::mem::offset_of!($crate::entry::faulting::Frame, instruction),
            code_segment = const core::mem::offset_of!($crate::entry::faulting::Frame, code_segment),
            flags_of = const core::mem::offset_of!($crate::entry::faulting::Frame, flags),
            stack_of = const core::mem::offset_of!($crate::entry::faulting::Frame, stack),
            in_use = const logic::thread::saved::IN_USE * 8,
            span = const logic::unheard::SPAN * 8,
            gs_base = const logic::thread::saved::FAULTED.gs_base * 8,
            fs_base = const logic::thread::saved::FAULTED.fs_base * 8,
            registers = const logic::thread::saved::FAULTED.registers * 8,
            kept_flags = const logic::thread::saved::FAULTED.flags * 8,
            floating_point = const logic::thread::saved::FAULTED.floating_point * 8,
            address = const logic::thread::entry::ADDRESS * 8,
            stack = const logic::thread::entry::STACK * 8,
            descriptor = const logic::thread::entry::DESCRIPTOR * 8,
            epoch = const logic::thread::entry::EPOCH * 8,
            entry_bytes = const logic::thread::entry::BYTES,
            faulted = const logic::thread::entry::FAULTED.trailing_zeros(),
            descriptors = const $descriptors as i64,
            table = const core::mem::offset_of!(logic::store::Descriptor, table),
            page_table = const core::mem::offset_of!(logic::store::Descriptor, page_table),
            live_epoch = const core::mem::offset_of!(logic::store::Descriptor, epoch),
            slot = const abi::crossing::FAULT_HANDLER * abi::crossing::SLOT_BYTES,
            kind = const logic::capability::word::KIND * 8,
            invocation = const abi::kind::Kind::Invocation as u8,
            methods = const logic::capability::word::METHODS * 8,
            method = const 1 << abi::fault::METHOD,
            method_number = const abi::fault::METHOD,
            slot_descriptor = const logic::capability::word::DESCRIPTOR * 8,
            slot_epoch = const logic::capability::word::EPOCH * 8,
            slot_entry = const logic::capability::word::ENTRY * 8,
            slot_token = const logic::capability::word::TOKEN * 8,
            vector_bits = const abi::fault::VECTOR_BITS,
            page_fault = const $crate::entry::faulting::PAGE_FAULT,
            machine_check = const $crate::entry::faulting::MACHINE_CHECK,
            flags = const abi::crossing::EXIT_FLAGS,
            clean_state = sym $clean_state,
            from_user = sym $from_user,
            from_kernel = sym $from_kernel,
            exit = sym $exit,
        )
    };
}

/// Writes out the way back from a handler that says that its level goes on, as `logic::invocation::return_with` and `logic::fault::follow`
/// specify it; every other return that does not come here by the common case is done in Rust, by `otherwise`.
///
/// It has the arguments of that function (`rdi rsi` the words, `rdx` the status), and in `r11` the current level. Until
/// its commit point it changes scratch registers alone: `rax rcx r8 r9 r10`.
macro_rules! handled_path {
    (
        top: $top:expr,
        thread: $thread:expr,
        space: $space:expr,
        descriptors: $descriptors:expr,
        restore_faulted: $restore_faulted:path,
        otherwise: $otherwise:path $(,)?
    ) => {
        core::arch::naked_asm!(
            // Is the level below the one whose fault is being handled, and is it to go on? To try again is 0, to resume elsewhere 1.
            "mov rax, gs:[{thread}]",
            "lea r8, [r11 - {entry_bytes}]",
            "cmp r8, [rax + {in_use}]",
            "jne {otherwise}",
            "test edx, edx",
            "jnz {otherwise}",
            "cmp rdi, {resume}",
            "ja {otherwise}",
            // Where? That has to be an address of user level: the way there must not fault.
            "mov r10, [r8 + {address}]",
            "test edi, edi",
            "cmovnz r10, rsi",
            "lea rcx, [r10 - {user_start}]",
            "mov r9, {user_bytes}",
            "cmp rcx, r9",
            "jae {otherwise}",
            // Does its component live, and is it none whose `syscall` leads elsewhere?
            "mov rcx, [r8 + {epoch}]",
            "btr rcx, {faulted}",
            "mov r9, [r8 + {descriptor}]",
            "cmp rcx, [r9 + {descriptors} + {live_epoch}]",
            "jne {otherwise}",
            "bt rcx, {foreign}",
            "jc {otherwise}",
            // Commit: from here on it is the current level.
            "mov qword ptr [rax + {in_use}], 0",
            "mov [r8 + {epoch}], rcx",
            "mov [r8 + {address}], r10",
            "mov gs:[{top}], r8",
            "mov rcx, [r9 + {descriptors} + {page_table}]",
            "cmp rcx, gs:[{space}]",
            "je {restore_faulted}",
            "mov gs:[{space}], rcx",
            "mov cr3, rcx",
            "jmp {restore_faulted}",
            top = const $top,
            thread = const $thread,
            space = const $space,
            in_use = const logic::thread::saved::IN_USE * 8,
            resume = const abi::fault::Answer::Resume as u64,
            user_start = const abi::layout::USER_START,
            user_bytes = const abi::layout::USER_END - abi::layout::USER_START,
            address = const logic::thread::entry::ADDRESS * 8,
            descriptor = const logic::thread::entry::DESCRIPTOR * 8,
            epoch = const logic::thread::entry::EPOCH * 8,
            entry_bytes = const logic::thread::entry::BYTES,
            faulted = const logic::thread::entry::FAULTED.trailing_zeros(),
            foreign = const logic::component::FOREIGN.trailing_zeros(),
            descriptors = const $descriptors as i64,
            page_table = const core::mem::offset_of!(logic::store::Descriptor, page_table),
            live_epoch = const core::mem::offset_of!(logic::store::Descriptor, epoch),
            restore_faulted = sym $restore_faulted,
            otherwise = sym $otherwise,
        )
    };
}

/// The vector of page faults.
pub const PAGE_FAULT: u64 = 14;
/// The vector of machine checks.
pub const MACHINE_CHECK: u64 = 18;

/// What an exception leaves on its stack: `rax`, what its stub says, then what the processor does.
#[repr(C)]
pub struct Frame {
    /// `rax`: of a foreign component's `syscall`, its number.
    pub rax: u64,
    /// The vector.
    pub vector: u64,
    /// The error code, or 0.
    pub error: u64,
    /// Where it happened.
    pub instruction: u64,
    /// The code segment, which says in which level.
    pub code_segment: u64,
    /// RFLAGS.
    pub flags: u64,
    /// The stack pointer.
    pub stack: u64,
    /// The stack segment.
    pub stack_segment: u64,
}

// The handler's slot is in the first leaf; its method in the first byte of the mask; and the answers are what is tested for.
const _: () = assert!(abi::crossing::FAULT_HANDLER < abi::crossing::LEAF_SLOTS && abi::fault::METHOD < 8);
const _: () = assert!(abi::fault::Answer::Retry as u64 == 0 && abi::fault::Answer::Resume as u64 == 1);
