# The kernel's side of the crossings. No check of anything: what is left is what
# no kernel can do without.

.set CORE_STACK, 0                      # fields of the core's own memory, at GS base
.set CORE_USER_STACK, 8
.set CORE_INVOCATIONS, 16
.set CORE_SPACE, 24

.text

# fn run(client, server, iterations): runs a client loop until it has counted
# down; the address of the server's entry is there for those rows that have one.
.global run
run:
    push rbx
    push rbp
    push r12
    push r13
    push r14
    push r15
    mov [rip + run_stack], rsp
    mov [rip + server_entry], rsi
    mov rcx, rdi
    mov r15, rdx
    mov r11d, 2
    mov esp, offset USER_STACK_END
    sysretq

# Interrupt 0x80: the end of a client loop.
.global run_end
run_end:
    mov rsp, [rip + run_stack]
    pop r15
    pop r14
    pop r13
    pop r12
    pop rbp
    pop rbx
    ret

# Any exception.
.global trap
trap:
    and rsp, -16
    call fault

# fn no_operations(n): n no-ops, n at most 4096.
.global no_operations
no_operations:
    lea rax, [rip + no_operations_end]
    sub rax, rdi
    jmp rax
    .rept 4096
    nop
    .endr
no_operations_end:
    ret

# An entry that does nothing, with the kernel's own stack.
.global enter_null
enter_null:
    swapgs
    mov gs:[CORE_USER_STACK], rsp
    mov rsp, gs:[CORE_STACK]
    push r11
    push rcx
    pop rcx
    pop r11
    mov rsp, gs:[CORE_USER_STACK]
    swapgs
    sysretq

# Client and server as coroutines: whoever enters is exchanged for the other.
.global enter_min
enter_min:
    xchg rcx, [rip + other_address]
    mov rax, cr3
    xchg rax, [rip + other_space]
    mov cr3, rax
    sysretq

# A call (rax = 0) pushes the caller on the core's invocation stack, a return
# pops it. The four words in rdi, rsi, rdx and r10 pass untouched.
.global enter_invocation
enter_invocation:
    swapgs
    test eax, eax
    jnz 2f
    mov r8, gs:[CORE_INVOCATIONS]
    mov [r8], rcx
    mov [r8 + 8], rsp
    mov rax, gs:[CORE_SPACE]
    mov [r8 + 16], rax
    add r8, 24
    mov gs:[CORE_INVOCATIONS], r8
    mov rax, [rip + server_space_word]
    mov gs:[CORE_SPACE], rax
    mov cr3, rax
    mov rcx, [rip + server_entry]
    swapgs
    sysretq
2:
    mov r8, gs:[CORE_INVOCATIONS]
    sub r8, 24
    mov gs:[CORE_INVOCATIONS], r8
    mov rcx, [r8]
    mov rsp, [r8 + 8]
    mov rax, [r8 + 16]
    mov gs:[CORE_SPACE], rax
    mov cr3, rax
    swapgs
    sysretq

# To the other thread of the same address space: the registers that a function
# call keeps, the return address and the flags.
.global enter_switch
enter_switch:
    mov rax, [rip + current_thread]
    mov [rax], rsp
    mov [rax + 8], rcx
    mov [rax + 16], r11
    mov [rax + 24], rbx
    mov [rax + 32], rbp
    mov [rax + 40], r12
    mov [rax + 48], r13
    mov [rax + 56], r14
    mov [rax + 64], r15
    mov rax, [rax + 72]
    mov [rip + current_thread], rax
    mov rsp, [rax]
    mov rcx, [rax + 8]
    mov r11, [rax + 16]
    mov rbx, [rax + 24]
    mov rbp, [rax + 32]
    mov r12, [rax + 40]
    mov r13, [rax + 48]
    mov r14, [rax + 56]
    mov r15, [rax + 64]
    sysretq

.section .data.kernel, "aw"
.align 64
.global core
core:                                   # see CORE_STACK
    .quad core_stack_end, 0, invocations, client_space

run_stack:
    .quad 0
server_entry:
    .quad 0
server_space_word:
    .quad server_space
other_address:                          # the side of `enter_min` that does not run
    .quad server_min
other_space:
    .quad server_space

current_thread:
    .quad thread_1
thread_1:                               # stack, address, flags, six registers, the next thread
    .skip 72
    .quad thread_2
thread_2:
    .quad USER_STACK_END - 2048, other_thread, 2
    .skip 48
    .quad thread_1

.section .bss.kernel, "aw", @nobits
.align 64
invocations:
    .skip 1024
    .skip 4096
core_stack_end:
