# Boot: two headers, one entry. Leads from what the loader leaves (32-bit, no paging) to `kernel_main` at -2 GiB.

.set MULTIBOOT2_HEADER_MAGIC, 0xe85250d6
.set PVH_MAGIC, 0x50564800              # ours: PVH leaves nothing in eax, so its entry says who it is

.section .multiboot2, "a"
.align 8
multiboot2_header:
    .long MULTIBOOT2_HEADER_MAGIC
    .long 0                             # architecture: i386
    .long multiboot2_header_end - multiboot2_header
    .long -(MULTIBOOT2_HEADER_MAGIC + 0 + (multiboot2_header_end - multiboot2_header))
    .short 6, 0                         # modules on page boundaries
    .long 8
    .short 0, 0                         # end
    .long 8
multiboot2_header_end:

.section .note.Xen, "a", @note
    .long 4, 4, 18                      # name bytes, descriptor bytes, XEN_ELFNOTE_PHYS32_ENTRY
    .asciz "Xen"
    .long boot_pvh

.section .boot, "awx"
.code32
.global boot_multiboot2, boot_pvh
boot_pvh:
    mov eax, PVH_MAGIC
boot_multiboot2:
    cli
    cld
    mov edi, eax                        # arguments of kernel_main
    mov esi, ebx
    rdtsc                               # the first thing measured is the boot itself
    mov [boot_ticks], eax
    mov [boot_ticks + 4], edx

    # The first 4 GiB, by pages of 2 MiB, at 0; and the first of them again at -2 GiB.
    mov eax, 0x83                       # present, writable, large
    mov ecx, offset boot_directories
1:  mov [ecx], eax
    add ecx, 8
    add eax, 0x200000
    jnc 1b
    mov eax, offset boot_directories + 3
    mov [boot_pointers_high + 510 * 8], eax
    mov ecx, offset boot_pointers
2:  mov [ecx], eax
    add ecx, 8
    add eax, 0x1000
    cmp eax, offset boot_directories + 0x4003
    jb 2b
    mov dword ptr [boot_root], offset boot_pointers + 3
    mov dword ptr [boot_root + 511 * 8], offset boot_pointers_high + 3

    mov ebp, offset boot_64

boot_long_mode:                         # leads to ebp
    mov eax, offset boot_root
    mov cr3, eax
    mov eax, cr4
    or eax, 0x620                       # PAE; OSFXSR and OSXMMEXCPT, before any Rust runs
    mov cr4, eax
    mov ecx, 0xc0000080                 # EFER
    rdmsr
    or eax, 0x901                       # SYSCALL, long mode, NX (every 64-bit processor that we run on has it; checked later)
    wrmsr
    mov eax, 0x80010033                 # PG WP NE ET MP PE
    mov cr0, eax
    lgdt [boot_gdt_pointer]
    ljmp 8, offset boot_in_long_mode

boot_other:                             # where core.s leads to, in protected mode without paging
    mov ax, 0x18
    mov ds, ax
    mov ss, ax
    mov ebp, offset boot_other_64
    jmp boot_long_mode

.code64
boot_in_long_mode:
    mov ebp, ebp                        # zero-extend what 32-bit code left
    jmp rbp

boot_other_64:
    xor eax, eax
    mov ds, ax
    mov es, ax
    mov fs, ax
    mov gs, ax
    mov ss, ax
    movabs rax, offset core_start
    jmp rax

boot_64:
    xor eax, eax
    mov ds, ax
    mov es, ax
    mov fs, ax                          # what the loader left here, an `iretq` to user level would take away,
    mov gs, ax                          # and the base with it
    mov ss, ax
    movabs rsp, offset boot_stack_top
    xor ebp, ebp
    movabs rax, offset kernel_main
    mov edi, edi                        # zero-extend what 32-bit code left
    mov esi, esi
    call rax
    ud2

.align 8
boot_gdt:
    .quad 0, 0x00af9b000000ffff         # code of 64 bits
    .quad 0x00cf9b000000ffff, 0x00cf93000000ffff # code and data of 32 bits
boot_gdt_pointer:
    .short 31
    .long boot_gdt
.align 8
.global boot_ticks
boot_ticks:
    .quad 0

.section .boot.bss, "aw", @nobits
.align 4096
boot_root: .skip 4096
boot_pointers: .skip 4096
boot_pointers_high: .skip 4096
boot_directories: .skip 4 * 4096

.section .bss.boot_stack, "aw", @nobits
.align 4096
boot_stack: .skip 32768
boot_stack_top:
.text
