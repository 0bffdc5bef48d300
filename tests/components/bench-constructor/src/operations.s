# One loop for each of the kernel's operations, as a function: rdi = address of
# the word for rax and of words 0 to 3, rsi = iterations; answers the bits of all
# statuses. An iteration loads the five words, asks, gathers the status, and adds
# to each word its step: that is ten instructions besides the kernel's, and one
# for each step that is not zero.

.macro OPERATION name, step0=0, step1=0, step2=0, step3=0, capability=0
.global \name
\name:
    push rbx
    push rbp
    push r12
    push r13
    push r14
    push r15
    push rsi
    push [rdi + 32]
    push [rdi + 24]
    push [rdi + 16]
    push [rdi + 8]
    push [rdi]
    push 0
2:
    mov rax, [rsp + 8]
    mov rdi, [rsp + 16]
    mov rsi, [rsp + 24]
    mov rdx, [rsp + 32]
    mov r10, [rsp + 40]
    syscall
    or [rsp], rax
    STEP 8, \capability
    STEP 16, \step0
    STEP 24, \step1
    STEP 32, \step2
    STEP 40, \step3
    dec qword ptr [rsp + 48]
    jnz 2b
    pop rax
    add rsp, 48
    pop r15
    pop r14
    pop r13
    pop r12
    pop rbp
    pop rbx
    ret
.endm

.macro STEP word, by
.if \by
    add qword ptr [rsp + \word], \by
.endif
.endm

.set SLOT, 1                            # what one iteration is behind the other by
.set LEAF, 1
.set INDEX, 1
.set EPOCH, 1
.set PAGE, 0x1000
.set NODE, 0x200000
.set CAPABILITY, 0x10000

.section .text.operations, "ax"

OPERATION captable_add, step0=SLOT
OPERATION captable_copy, step0=SLOT
OPERATION captable_remove, step0=SLOT
OPERATION captable_graft, step0=LEAF, step1=PAGE
OPERATION captable_prune, step0=LEAF
OPERATION captable_create, step0=SLOT, step1=PAGE
OPERATION page_table_create, step0=SLOT, step1=PAGE
OPERATION component_create, step0=SLOT, step1=PAGE, step3=INDEX
OPERATION thread_create, step0=SLOT, step1=PAGE, step2=INDEX
OPERATION ports_create, step0=SLOT
OPERATION receive_create, step0=SLOT
OPERATION send_create, step0=SLOT
OPERATION interrupt_create, step0=SLOT
OPERATION physical_range_create, step0=SLOT
OPERATION handled_level_create, step0=SLOT
OPERATION temporal_capability_create, step0=SLOT, step1=PAGE
OPERATION reclaim, step0=SLOT
OPERATION quiesce, step0=EPOCH

OPERATION retype_map, step0=PAGE, step1=PAGE
OPERATION alias, step0=PAGE
OPERATION unmap, step0=PAGE
OPERATION page_move, step0=PAGE, step1=PAGE
OPERATION page_name, step0=PAGE, step1=PAGE
OPERATION page_table_graft, step0=NODE, step1=PAGE
OPERATION page_table_prune, step0=NODE
OPERATION map_device, step0=PAGE
OPERATION frame_clean, step0=PAGE

OPERATION component_name
OPERATION component_revoke, capability=CAPABILITY
OPERATION thread_migrate
OPERATION thread_read_register
OPERATION thread_write_register
OPERATION thread_ended
OPERATION frequency
OPERATION ports_read
OPERATION ports_write
OPERATION debug_console_write
OPERATION temporal_capability_read
OPERATION temporal_capability_transfer
OPERATION temporal_capability_delegate
OPERATION temporal_capability_merge, capability=CAPABILITY
OPERATION interrupt_mask, capability=CAPABILITY
OPERATION interrupt_acknowledge, capability=CAPABILITY
OPERATION interrupt_attach, capability=CAPABILITY
OPERATION interrupt_detach, capability=CAPABILITY
OPERATION level_read_register
OPERATION level_write_register
OPERATION level_read_memory
OPERATION level_write_memory

# A thread that faults once, and ends. The handler runs the loop that HANDLED names
# before it lets the thread go on.
.global level_fault
level_fault:
    ud2
    xor eax, eax
    syscall
    ud2

.global level_handler
level_handler:
    lea rsp, [rip + level_handler_stack_end]
    push rdx
    lea rdi, [rip + HANDLED + 8]
    mov rsi, [rip + HANDLED + 48]
    call [rip + HANDLED]
    or [rip + GATHERED], rax
    pop rdx
    mov edi, GO_ON
    lea rsi, [rdx + 2]
    xor eax, eax
    syscall
    ud2

.section .bss.operations, "aw", @nobits
.align 16
    .skip 256
level_handler_stack_end:
