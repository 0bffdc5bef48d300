# From the machine's PVH entry (32 bits, no paging) to `main` in 64 bits, in the
# client's address space.

.section .note.Xen, "a", @note
    .long 4, 4, 18                      # lengths of name and value; PHYS32_ENTRY
    .asciz "Xen"
    .long start

.section .boot, "ax"
.code32
.global start
start:
    mov eax, 0x620                      # PAE, OSFXSR, OSXMMEXCPT
    mov cr4, eax
    mov eax, offset client_space
    mov cr3, eax
    mov ecx, 0xc0000080                 # EFER: SCE and LME
    mov eax, 0x101
    xor edx, edx
    wrmsr
    mov eax, 0x80010033                 # PG, WP, NE, ET, MP, PE
    mov cr0, eax
    lgdt [boot_descriptors_pointer]
    ljmp 8, offset start_64_bits

.code64
start_64_bits:
    mov esp, offset boot_stack_end
    xor ebp, ebp
    call main
    ud2

.section .rodata.boot, "a"
.align 8
boot_descriptors:
    .quad 0
    .quad 0x00af9b000000ffff            # kernel code, 64 bits
boot_descriptors_pointer:
    .word . - boot_descriptors - 1
    .long boot_descriptors

# An address space: the first GiB is the image, for the kernel alone, at its
# physical addresses; the second GiB is the user's, a page of code that both
# spaces share and, 16 pages above it, a page of stack that they do not.
.macro SPACE name
.align 4096
.global \name\()_space
\name\()_space:
    .quad \name\()_giants + 7
    .skip 511 * 8
\name\()_giants:
    .quad kernel_pages + 3
    .quad \name\()_tables + 7
    .skip 510 * 8
\name\()_tables:
    .quad \name\()_pages + 7
    .skip 511 * 8
\name\()_pages:
    .quad user_code_frame + 5
    .skip 15 * 8
    .quad \name\()_stack + 7
    .skip 495 * 8
\name\()_stack:
    .skip 4096
.endm

.section .data.spaces, "aw"
SPACE client
SPACE server

kernel_pages:                           # 2 MiB each
    .set address, 0
    .rept 512
    .quad address + 0x83
    .set address, address + 0x200000
    .endr

.section .bss.stacks, "aw", @nobits
.align 16
    .skip 65536
boot_stack_end:
.global trap_stack_end
    .skip 16384
trap_stack_end:
