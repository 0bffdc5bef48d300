# What is measured. The kernel keeps rsp and nothing else of a thread that asks
# it for something, so what lasts lies on small stacks. Each row's name stands
# where its loop starts. All threads gather in STATUS what is refused, so that a
# loop that only seems to run is noticed.

# The statuses of operations that should succeed.
.macro NOTE_STATUS
    or [rip + STATUS], rax
.endm

# Dispatches the thread behind the word in rax, by the next decision at the
# scheduler's end-point, without a timeout. Who is at its start gets rdi. The
# word in r10 may name a temporal capability beside the end-point.
.macro DISPATCH by=SCHEDULER_RECEIVE
    mov r10, \by
    DECIDE
.endm

.macro DECIDE
    xor esi, esi
    inc qword ptr [rip + TOKEN]
    mov rdx, [rip + TOKEN]
    syscall
    NOTE_STATUS
.endm

# Takes the sends and one event at the end-point in a slot, if there are any.
.macro TAKE receive
    mov eax, \receive << 16
    mov edi, 1
    syscall
.endm

# Waits for sends at the end-point in a slot, and takes them.
.macro WAIT receive
    mov eax, \receive << 16
    xor edi, edi
    xor esi, esi
    syscall
    NOTE_STATUS
.endm

# Sends, and goes on.
.macro SEND send
    mov eax, \send << 16
    xor edi, edi
    syscall
    NOTE_STATUS
.endm

# Ends the thread with status 0.
.macro END
    xor eax, eax
    syscall
    ud2
.endm

.section .text.loops, "ax"

# The scheduler's thread: rdi iterations of a program.
.global scheduler
scheduler:
    lea rsp, [rip + scheduler_stack_end]
    jmp [rip + PROGRAM]

# thread_switch: two threads dispatch each other, rdi times each. The first
# starts the second, with the same word.
.global run_switches
run_switches:
    mov eax, FIRST << 16
    DISPATCH                            # until the first has ended
    TAKE SCHEDULER_RECEIVE
    mov eax, SECOND << 16
    DISPATCH                            # the second has one dispatch to come back from
    TAKE SCHEDULER_RECEIVE
    END

.global first
first:
    lea rsp, [rip + first_stack_end]
    mov eax, SECOND << 16
    jmp start_switching

.global second
second:
    lea rsp, [rip + second_stack_end]
    mov eax, FIRST << 16

start_switching:
    push rax
    push rdi
.global thread_switch
thread_switch:
    mov rax, [rsp + 8]
    mov rdi, [rsp]
    DISPATCH
    dec qword ptr [rsp]
    jnz thread_switch
    END

# thread_switch_budget: the same, and each names the temporal capability that the
# other is to run on, which is not its own.
.global run_budget_switches
run_budget_switches:
    mov eax, FIRST_COUNTED << 16
    DISPATCH
    TAKE SCHEDULER_RECEIVE
    mov eax, SECOND_COUNTED << 16
    DISPATCH
    TAKE SCHEDULER_RECEIVE
    END

.global first_counted
first_counted:
    lea rsp, [rip + first_stack_end]
    mov eax, SECOND_COUNTED << 16
    mov r10, ON_SECOND_TIME
    jmp start_budget_switching

.global second_counted
second_counted:
    lea rsp, [rip + second_stack_end]
    mov eax, FIRST_COUNTED << 16
    mov r10, ON_FIRST_TIME

start_budget_switching:
    push r10
    push rax
    push rdi
.global thread_switch_budget
thread_switch_budget:
    mov rax, [rsp + 8]
    mov rdi, [rsp]
    mov r10, [rsp + 16]
    DECIDE
    dec qword ptr [rsp]
    jnz thread_switch_budget
    END

# A thread that waits, whatever is sent to it.
.global receiver
receiver:
    WAIT RECEIVER_RECEIVE
    jmp receiver

# Lets the receiver take what was ever sent, and wait.
.macro LET_RECEIVER_WAIT by=SCHEDULER_RECEIVE
    SEND RECEIVER_SEND
    TAKE SCHEDULER_RECEIVE
    mov eax, RECEIVER << 16
    DISPATCH \by
    TAKE SCHEDULER_RECEIVE
.endm

# asnd: sends to a thread that waits. Its scheduler has an event for that from
# the first time on, and has not taken it.
.global run_sends
run_sends:
    push rdi
    LET_RECEIVER_WAIT
.global asnd
asnd:
    SEND RECEIVER_SEND
    dec qword ptr [rsp]
    jnz asnd
    END

# asnd_budget: the same, while the sender runs on one temporal capability and the
# receiver waits on another, which takes no precedence over it.
.global run_budget_sends
run_budget_sends:
    push rdi
    LET_RECEIVER_WAIT ON_SECOND_TIME
    mov eax, SCHEDULER << 16
    DISPATCH ON_FIRST_TIME
.global asnd_budget
asnd_budget:
    SEND RECEIVER_SEND
    dec qword ptr [rsp]
    jnz asnd_budget
    END

# receive: looks for sends and events where there are none.
.global run_receives
run_receives:
    push rdi
    TAKE SCHEDULER_RECEIVE
.global receive
receive:
    TAKE SCHEDULER_RECEIVE
    xor eax, NOTHING_PENDING
    NOTE_STATUS
    dec qword ptr [rsp]
    jnz receive
    END

# asnd_arcv: sends to a thread that waits, takes the event of that, and
# dispatches the thread, which takes what was sent and waits again.
.global run_round_trips
run_round_trips:
    push rdi
    LET_RECEIVER_WAIT
.global asnd_arcv
asnd_arcv:
    SEND RECEIVER_SEND
    TAKE SCHEDULER_RECEIVE
    NOTE_STATUS
    mov eax, RECEIVER << 16
    DISPATCH
    dec qword ptr [rsp]
    jnz asnd_arcv
    END

# fault_handler: an instruction that there is not. The handler says to go on
# behind it; all registers are as they were.
.global fault_handler
fault_handler:
    ud2
    dec rdi
    jnz fault_handler
    END

.global handler
handler:
    mov edi, RESUME
    lea rsi, [rdx + 2]
    xor eax, eax
    syscall
    ud2

.macro STACK name
.align 16
    .skip 64
\name\()_stack_end:
.endm

.section .bss.loops, "aw", @nobits
STACK scheduler
STACK first
STACK second
