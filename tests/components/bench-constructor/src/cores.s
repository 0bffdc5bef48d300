# What several cores do at once. Each core's thread has a record of its own, in rdi
# when it starts, with its stack at the record's end, so that cores share no line:
#
#   0  word for rax of its calls     16  other cores to start
#   8  calls to make                 24  the bits of all statuses

.set RECORD, 512

.macro NOTE record
    mov rdi, [rsp + \record]
    or [rdi + 24], rax
.endm

# Calls as often as the record says; the record's address lies on the stack.
.macro CALLS
    mov rdi, [rsp]
    push [rdi + 8]
7:
    mov rdi, [rsp + 8]
    mov rax, [rdi]
    syscall
    NOTE 8
    dec qword ptr [rsp]
    jnz 7b
    pop rax
.endm

.macro LEAVE
    xor eax, eax
    syscall
    ud2
.endm

# Waits until somebody has sent.
.macro AWAIT
    mov eax, CORE_RECEIVE << 16
    xor edi, edi
    xor esi, esi
    syscall
.endm

.section .text.cores, "ax"

# A thread of another core: calls, and ends.
.global core_client
core_client:
    lea rsp, [rdi + RECORD]
    push rdi
    CALLS
    LEAVE

# The first core's thread: starts those of others, calls, and waits for them.
.global core_first
core_first:
    lea rsp, [rdi + RECORD]
    push 0
    push rdi
    jmp 2f
1:
    inc qword ptr [rsp + 8]
    mov rax, [rsp + 8]
    imul rdi, rax, RECORD
    add rdi, [rsp]
    shl rax, 16
    add rax, LAUNCH_FIRST
    mov esi, CORE_SEND
    syscall
    NOTE 0
2:
    mov rdi, [rsp]
    mov rax, [rsp + 8]
    cmp rax, [rdi + 16]
    jb 1b
    CALLS
3:
    cmp qword ptr [rsp + 8], 0
    je 4f
    AWAIT
    sub [rsp + 8], rdi
    NOTE 0
    jmp 3b
4:
    LEAVE

# What is called.
.global core_server
core_server:
    xor eax, eax
    syscall

# thread_launch: another core runs a thread, which ends; waits until it has.
.global thread_launch
thread_launch:
    lea rsp, [rdi + RECORD]
    push rdi
    push [rdi + 8]
5:
    mov eax, LAUNCH_ENDING
    mov esi, CORE_SEND
    syscall
    NOTE 8
    AWAIT
    NOTE 8
    dec qword ptr [rsp]
    jnz 5b
    LEAVE

.global core_ends
core_ends:
    LEAVE

# unmap_quiesced_2cpu: takes a page away, and asks until it is gone on both cores.
# As the loops of operations.s.
.global unmap_quiesced_2cpu
unmap_quiesced_2cpu:
    push rbx
    push rbp
    push r12
    push r13
    push r14
    push r15
    push [rdi + 8]
    push [rdi]
    push 0
    push rsi
1:
    mov rax, [rsp + 16]
    mov rdi, [rsp + 24]
    syscall
    or [rsp + 8], rax
    push rdi
    jmp 3f
2:
    pause                               # the emulator lets the other core run
3:
    mov eax, QUIESCE
    mov rdi, [rsp]
    syscall
    cmp eax, STILL_PENDING
    je 2b
    or [rsp + 16], rax
    pop rdi
    add qword ptr [rsp + 24], 0x1000
    dec qword ptr [rsp]
    jnz 1b
    pop rsi
    pop rax
    add rsp, 16
    pop r15
    pop r14
    pop r13
    pop r12
    pop rbp
    pop rbx
    ret
