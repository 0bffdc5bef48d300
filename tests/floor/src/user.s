# What runs in user level. Each loop carries the name of its row, on the first
# instruction of an iteration; r15 counts the iterations down.

.set USER_STACK_END, 0x40011000
.set CALL, 0
.set RETURN, 1

.macro END_OF_ITERATION row
    dec r15
    jnz \row
    int 0x80
.endm

.macro KEEP_REGISTERS
    push rbx
    push rbp
    push r12
    push r13
    push r14
    push r15
.endm

.macro RESTORE_REGISTERS
    pop r15
    pop r14
    pop r13
    pop r12
    pop rbp
    pop rbx
.endm

# Every register that the crossing itself neither uses nor overwrites; rdi only
# where it carries no word.
.macro CLEAR_REGISTERS
    xor ebx, ebx
    xor ebp, ebp
    xor edx, edx
    xor esi, esi
    xor r9d, r9d
    xor r10d, r10d
    xor r12d, r12d
    xor r13d, r13d
    xor r14d, r14d
    xor r15d, r15d
    .irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
    xorps xmm\n, xmm\n
    .endr
.endm

.section .user, "ax"

.global floor_loop
floor_loop:
    END_OF_ITERATION floor_loop

.global floor_null_entry
floor_null_entry:
    syscall
    END_OF_ITERATION floor_null_entry

.global floor_sinv_min
floor_sinv_min:
    syscall
    END_OF_ITERATION floor_sinv_min

.global server_min
server_min:
    syscall
    jmp server_min

.global floor_sinv_raw
floor_sinv_raw:
    xor eax, eax
    syscall
    END_OF_ITERATION floor_sinv_raw

.global server_raw
server_raw:
    mov eax, RETURN
    syscall

# One word in; the registers that the calling convention keeps are kept.
.global floor_sinv_stub
floor_sinv_stub:
    KEEP_REGISTERS
    mov edi, 1
    xor eax, eax
    syscall
    RESTORE_REGISTERS
    END_OF_ITERATION floor_sinv_stub

.global server_stub
server_stub:
    mov esp, offset USER_STACK_END
    call busy_function
    mov eax, RETURN
    syscall

.global floor_sinv_stub_cleared
floor_sinv_stub_cleared:
    KEEP_REGISTERS
    CLEAR_REGISTERS
    mov edi, 1
    xor eax, eax
    syscall
    RESTORE_REGISTERS
    END_OF_ITERATION floor_sinv_stub_cleared

.global server_stub_cleared
server_stub_cleared:
    mov esp, offset USER_STACK_END
    call busy_function
    CLEAR_REGISTERS
    xor edi, edi
    mov eax, RETURN
    syscall

# A function that uses the registers that it may expect to be kept, as compiled
# code does.
busy_function:
    mov ebx, 1
    mov ebp, 2
    mov r12d, 3
    mov r13d, 4
    mov r14d, 5
    mov r15d, 6
    ret

.global floor_thread_switch
floor_thread_switch:
    syscall
    END_OF_ITERATION floor_thread_switch

.global other_thread
other_thread:
    syscall
    jmp other_thread
