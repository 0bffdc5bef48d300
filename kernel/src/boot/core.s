# How another core starts: in real mode, at a page below 1 MiB to which this is copied. It leads to `boot_other` in header.s.

.section .boot, "awx"
.code16
.global core_start_page, core_start_page_end
core_start_page:
    cli
    .byte 0x66, 0x2e, 0x0f, 0x01, 0x16  # lgdt, with a base of 32 bits, from this page
    .short core_gdt_pointer - core_start_page
    mov eax, 0x11                       # ET PE
    mov cr0, eax
    .byte 0x66, 0xea                    # a jump with an offset of 32 bits, out of this page
    .long boot_other
    .short 0x10
.align 4
core_gdt_pointer:
    .short 31
    .long boot_gdt
core_start_page_end:
.code64
.text
