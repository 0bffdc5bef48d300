//! The text of a dispatch in the common case: a thread of a component makes way for another of the same component.
//!
//! It does what `logic::quick::switch` does, check by check and in no other order than that needs; where that answers
//! nobody, this has changed nothing, and the operation in Rust is asked. What goes on is of the component that asks: the page table stays.

/// Writes out the body of the function for operations of threads.
///
/// It has the arguments of such a function (`rdi rsi rdx rcx` the words, `r8` the slot, `r9` the operation), and in `r11` the
/// current level. Scratch are `rax r10`, and what can be had again: `rsi` is the core's timeout once they have been
/// compared, and `r9` is 0.
///
/// | parameter | meaning |
/// |---|---|
/// | `top` `identity` `thread` `timeout` `number` `runs_on` | where a core's own words are, from GS |
/// | `descriptors` | where the hot descriptors are: a displacement of 32 bits |
/// | `otherwise` | the function in Rust |
macro_rules! switch_path {
    (
        top: $top:expr,
        identity: $identity:expr,
        thread: $thread:expr,
        timeout: $timeout:expr,
        number: $number:expr,
        runs_on: $runs_on:expr,
        descriptors: $descriptors:expr,
        otherwise: $otherwise:path $(,)?
    ) => {
        core::arch::naked_asm!(
            // A dispatch, with the timeout that there is?
            "test r9d, r9d",
            "jnz {otherwise}",
            "cmp rsi, gs:[{timeout}]",
            "jne {otherwise}",
            // May it be dispatched, and does it live? r10 = the thread.
            "mov eax, [r8]",
            "and eax, {right} | 0xff",
            "cmp eax, {right} | {kind}",
            "jne {otherwise}",
            "mov rax, [r8 + {life}]",
            "mov r10, [r8 + {place}]",
            "cmp rax, [r10]",
            "jne {otherwise}",
            "mov r10, [r8 + {object}]",
            // Look the scheduler up: rcx is leaf << 6 | slot, and above that a temporal capability.
            "cmp rcx, {capabilities}",
            "jae {otherwise}",
            "mov r9, [r11 + {descriptor}]",
            "mov r9, [r9 + {descriptors} + {table}]",
            "mov eax, ecx",
            "shr eax, {leaf_bits}",
            "and eax, {leaves}", // by speculation, too, no further than the root
            "mov r9, [r9 + rax * 8]",
            "mov eax, ecx",
            "shl eax, {slot_bits}",
            "and eax, {slot_mask}",
            "add r9, rax",
            // May it schedule, and does it live? r9 = its thread.
            "mov eax, [r9]",
            "and eax, {scheduler_right} | 0xff",
            "cmp eax, {scheduler_right} | {scheduler_kind}",
            "jne 9f",
            "mov rax, [r9 + {life}]",
            "mov rsi, [r9 + {place}]",
            "cmp rax, [rsi]",
            "jne 9f",
            "mov r9, [r9 + {object}]",
            // Is the thread of this core, and the decision none that was overtaken?
            "mov eax, gs:[{number}]",
            "cmp eax, [r10 + {identity_of} + 4]",
            "jne 9f",
            "cmp rdx, [r9 + {token}]",
            "jb 9f",
            // Is it the scheduler's, who knows of everything that happened?
            "cmp r10, r9",
            "je 2f",
            "cmp [r10 + {scheduler}], r9",
            "jne 9f",
            "mov rax, [r9 + {pending}]",
            "or rax, [r9 + {first}]",
            "jnz 9f",
            // Can the scheduler go on after it?
            "2:",
            "cmp dword ptr [r9 + {state}], {running}",
            "jb 9f",
            // Does the thread go on in this component, which lives? rsi = its level.
            "mov rsi, [r10 + {top_of}]",
            "mov rax, [rsi + {descriptor}]",
            "cmp rax, [r11 + {descriptor}]",
            "jne 9f",
            "mov rax, [rax + {descriptors} + {live_epoch}]",
            "cmp rax, [rsi + {epoch}]",
            "jne 9f",
            // Did it dispatch another?
            "cmp dword ptr [r10 + {state}], {suspended}",
            "jne 3f",
            "xor edi, edi",
            // Commit: from here on it is the current thread.
            "2:",
            "mov [r9 + {token}], rdx",
            "mov rax, gs:[{thread}]",
            "mov qword ptr [rax + {state}], {suspended}",
            "mov [rax + {top_of}], r11",
            "mov rdx, gs:[{runs_on}]",
            "mov [rax + {budget}], rdx",
            "mov qword ptr [r10 + {state}], {running}",
            "mov gs:[{thread}], r10",
            "mov gs:[{top}], rsi",
            "mov rax, [r10 + {identity_of}]",
            "mov gs:[{identity}], rax",
            // It gets an answer.
            "mov rcx, [rsi + {address}]",
            "mov rsp, [rsi + {stack}]",
            "xor eax, eax",
            "xor esi, esi",
            "xor edx, edx",
            "xor r8d, r8d",
            "xor r9d, r9d",
            "xor r10d, r10d",
            "mov r11d, {flags}",
            "swapgs",
            "sysretq",
            // Or does it wait, and is to be told how often somebody sent, and nothing else?
            "3:",
            "cmp dword ptr [r10 + {state}], {receiving}",
            "jne 9f",
            "mov rax, [r10 + {first}]",
            "or rax, [r10 + {waits_for_all}]",
            "jnz 9f",
            "mov rax, [r10 + {pending}]",
            "test rax, rax",
            "jz 9f",
            "mov rdi, rax",
            "mov qword ptr [r10 + {pending}], 0",
            "jmp 2b",
            // Rust, which has not been told anything yet.
            "9:",
            "mov rsi, gs:[{timeout}]",
            "xor r9d, r9d",
            "jmp {otherwise}",
            top = const $top,
            identity = const $identity,
            thread = const $thread,
            timeout = const $timeout,
            number = const $number,
            runs_on = const $runs_on,
            address = const logic::thread::entry::ADDRESS * 8,
            stack = const logic::thread::entry::STACK * 8,
            descriptor = const logic::thread::entry::DESCRIPTOR * 8,
            epoch = const logic::thread::entry::EPOCH * 8,
            right = const abi::rights::thread::DISPATCH << logic::slot::KIND_BITS,
            kind = const abi::kind::Kind::Thread as u64,
            scheduler_right = const abi::rights::receive::SCHEDULE << logic::slot::KIND_BITS,
            scheduler_kind = const abi::kind::Kind::Receive as u64,
            object = const logic::capability::word::OBJECT * 8,
            life = const logic::capability::word::LIFE * 8,
            place = const logic::capability::word::PLACE * 8,
            capabilities = const abi::crossing::CAPABILITIES,
            leaf_bits = const abi::crossing::LEAF_SLOTS.ilog2(),
            leaves = const abi::crossing::TABLE_LEAVES,
            slot_bits = const abi::crossing::SLOT_BYTES.ilog2(),
            slot_mask = const (abi::crossing::LEAF_SLOTS - 1) * abi::crossing::SLOT_BYTES,
            descriptors = const $descriptors as i64,
            table = const core::mem::offset_of!(logic::store::Descriptor, table),
            live_epoch = const core::mem::offset_of!(logic::store::Descriptor, epoch),
            identity_of = const logic::quick::place::IDENTITY,
            top_of = const logic::quick::place::TOP,
            state = const logic::quick::place::STATE,
            scheduler = const logic::quick::place::SCHEDULER,
            budget = const logic::quick::place::BUDGET,
            token = const logic::quick::place::TOKEN,
            pending = const logic::quick::place::PENDING,
            first = const logic::quick::place::FIRST,
            waits_for_all = const logic::quick::place::WAITS_FOR_ALL,
            running = const logic::thread::State::Running as u64,
            suspended = const logic::thread::State::Suspended as u64,
            receiving = const logic::thread::State::Receiving as u64,
            flags = const abi::crossing::EXIT_FLAGS,
            otherwise = sym $otherwise,
        )
    };
}

// A dispatch is the operation that is tested for by zero.
const _: () = assert!(abi::operation::ThreadOperation::Dispatch as u16 == 0);
