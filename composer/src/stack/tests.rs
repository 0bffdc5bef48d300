use super::follow::Frame;
use super::program::Function;
use super::*;
use crate::elf::{Memory, Record, Segment};
use abi::layout::{EXECUTE, PAGE, READ};
use abi::record::RecordKind;

const CODE: u64 = 0x1000;
const DATA: u64 = 0x3000;
/// Each function starts this far behind the one before.
const APART: u64 = 0x40;

const RET: &[u8] = &[0xc3];
const PUSH_RBX: &[u8] = &[0x53];
const POP_RBX: &[u8] = &[0x5b];
const SUB_RSP_32: &[u8] = &[0x48, 0x83, 0xec, 0x20];
const ADD_RSP_32: &[u8] = &[0x48, 0x83, 0xc4, 0x20];
const CALL_RAX: &[u8] = &[0xff, 0xd0];
const SYSCALL: &[u8] = &[0x0f, 0x05];
const UD2: &[u8] = &[0x0f, 0x0b];
/// `mov rsp, [rcx - 8]`
const LOAD_RSP: &[u8] = &[0x48, 0x8b, 0x61, 0xf8];

fn start(function: usize) -> u64 {
    CODE + APART * function as u64
}

/// `call`, as the `at`-th byte of a function.
fn call(from: usize, at: usize, to: usize) -> Vec<u8> {
    near(0xe8, from, at, to)
}

fn near(operation: u8, from: usize, at: usize, to: usize) -> Vec<u8> {
    let distance = start(to).wrapping_sub(start(from) + at as u64 + 5) as u32;
    [&[operation][..], &distance.to_le_bytes()].concat()
}

/// `lea rax, [rip + ...]`, as the `at`-th byte of a function.
fn lea_rax(from: usize, at: usize, address: u64) -> Vec<u8> {
    let distance = address.wrapping_sub(start(from) + at as u64 + 7) as u32;
    [&[0x48, 0x8d, 0x05][..], &distance.to_le_bytes()].concat()
}

/// An image of these functions, with these words of data; those that name a function are relocations.
fn image(functions: &[&[&[u8]]], words: &[u64]) -> Image {
    let mut code = Vec::new();
    for function in functions {
        code.extend(function.concat());
        code.resize(code.len().next_multiple_of(APART as usize), 0xcc);
    }
    let segment = |address, contents, rights| Segment { address, memory_bytes: PAGE, contents, rights };
    let data = words.iter().flat_map(|word| word.to_le_bytes()).collect();
    let memory = Memory { segments: vec![segment(CODE, code, READ | EXECUTE), segment(DATA, data, READ)] };
    let relocations = (0..words.len()).map(|at| DATA + 8 * at as u64).collect();
    Image { entry: CODE, memory, relocations, records: Vec::new() }
}

fn program<'a>(image: &'a Image, functions: &[&[&[u8]]]) -> Program<'a> {
    let function = |(at, code): (usize, &&[&[u8]])| {
        let start = start(at);
        Function { name: format!("f{at}"), start, end: start + code.concat().len() as u64 }
    };
    Program::new(image, functions.iter().enumerate().map(function).collect(), [].into())
}

fn frames(functions: &[&[&[u8]]]) -> Result<Vec<Frame>, Vec<Problem>> {
    follow::all(&program(&image(functions, &[]), functions))
}

fn most(functions: &[&[&[u8]]], words: &[u64], recursion: Option<u32>) -> Result<Bound, Vec<Problem>> {
    let image = image(functions, words);
    let program = program(&image, functions);
    let frames = follow::all(&program)?;
    Ok(Bounds::new(&program, &frames, recursion)?.entry(CODE).unwrap().most.clone())
}

#[test]
fn a_call_lies_on_top_of_its_caller() {
    let caller: &[&[u8]] = &[PUSH_RBX, SUB_RSP_32, &call(0, 5, 1), ADD_RSP_32, POP_RBX, RET];
    let callee: &[&[u8]] = &[SUB_RSP_32, ADD_RSP_32, RET];
    let bound = most(&[caller, callee], &[], None).unwrap();
    assert_eq!((bound.bytes, bound.path.join(" ").as_str()), (8 + 32 + 8 + 32, "f0 f1"));
}

#[test]
fn the_deepest_place_counts_and_not_the_deepest_call() {
    let caller: &[&[u8]] = &[&call(0, 0, 1), PUSH_RBX, SUB_RSP_32, ADD_RSP_32, POP_RBX, RET];
    assert_eq!(most(&[caller, &[RET]], &[], None).unwrap(), Bound { bytes: 40, path: vec!["f0".into()] });
}

#[test]
fn a_frame_pointer_says_where_the_stack_was() {
    // push rbp; mov rbp, rsp; and rsp, -64; sub rsp, 64; lea rsp, [rbp]; push rbx; pop rbx; pop rbp; ret
    let function: &[&[u8]] = &[
        &[0x55, 0x48, 0x89, 0xe5, 0x48, 0x83, 0xe4, 0xc0, 0x48, 0x83, 0xec, 0x40, 0x48, 0x8d, 0x65, 0x00],
        &[0x53, 0x5b, 0x5d, 0xc3],
    ];
    assert_eq!(frames(&[function]).unwrap()[0].most, 8 + 64 + 64);
}

#[test]
fn a_frame_pointer_comes_back_from_the_stack() {
    // push rbp; mov rbp, rsp; and rsp, -64; push rbp; xor ebp, ebp; syscall; pop rbp; lea rsp, [rbp]; pop rbp; ret
    let function: &[&[u8]] = &[
        &[0x55, 0x48, 0x89, 0xe5, 0x48, 0x83, 0xe4, 0xc0, 0x55, 0x31, 0xed, 0x0f, 0x05, 0x5d, 0x48, 0x8d, 0x65, 0x00],
        &[0x5d, 0xc3],
    ];
    assert_eq!(frames(&[function]).unwrap()[0].most, 8 + 64 + 8);
}

#[test]
fn a_stack_of_many_pages_is_touched_page_by_page() {
    // lea r11, [rsp - 0x5000]; 1: sub rsp, 0x1000; mov qword ptr [rsp], 0; cmp rsp, r11; jne 1b; add rsp, 0x5000; ret
    let function: &[&[u8]] = &[
        &[0x4c, 0x8d, 0x9c, 0x24, 0x00, 0xb0, 0xff, 0xff, 0x48, 0x81, 0xec, 0x00, 0x10, 0x00, 0x00],
        &[0x48, 0xc7, 0x04, 0x24, 0x00, 0x00, 0x00, 0x00, 0x4c, 0x39, 0xdc, 0x75, 0xec],
        &[0x48, 0x81, 0xc4, 0x00, 0x50, 0x00, 0x00, 0xc3],
    ];
    assert_eq!(most(&[function], &[], None).unwrap().bytes, 0x5000);
}

#[test]
fn what_lies_below_the_stack_pointer_is_used_too() {
    // mov [rsp - 16], rax
    assert_eq!(frames(&[&[&[0x48, 0x89, 0x44, 0x24, 0xf0], RET]]).unwrap()[0].most, 16);
}

#[test]
fn a_loop_that_makes_the_stack_deeper_has_no_bound() {
    // 1: push rbx; jmp 1b
    assert_eq!(frames(&[&[PUSH_RBX, &[0xeb, 0xfd]]]).unwrap_err(), [Problem::Grows { function: "f0".into() }]);
}

#[test]
fn a_stack_pointer_from_somewhere_has_no_bound_unless_the_code_says_one() {
    let functions: &[&[&[u8]]] = &[&[LOAD_RSP, PUSH_RBX, UD2]];
    let unknown = Problem::Unknown { function: "f0".into(), address: CODE + 4 };
    assert_eq!(frames(functions).unwrap_err(), [unknown]);
    let image = image(functions, &[]);
    let mut program = program(&image, functions);
    program.declared = [(CODE + 4, 24)].into();
    assert_eq!(follow::all(&program).unwrap()[0].most, 32);
}

#[test]
fn code_behind_a_call_that_does_not_return_is_not_reached() {
    // Reached only if the call returned: `jmp` to where the stack is less deep, in a loop.
    let caller: &[&[u8]] = &[PUSH_RBX, &call(0, 1, 1), &[0xeb, 0xf8]];
    assert_eq!(most(&[caller, &[UD2]], &[], None).unwrap().bytes, 16);
    assert!(frames(&[caller, &[RET]]).is_err());
}

#[test]
fn a_branch_to_another_function_goes_on_as_that() {
    let caller: &[&[u8]] = &[&near(0xe9, 0, 0, 1)];
    assert_eq!(most(&[caller, &[PUSH_RBX, POP_RBX, RET]], &[], None).unwrap().bytes, 8);
}

#[test]
fn an_unknown_call_goes_to_the_worst_function_whose_address_is_taken() {
    let small: &[&[u8]] = &[PUSH_RBX, POP_RBX, RET];
    let large: &[&[u8]] = &[SUB_RSP_32, ADD_RSP_32, RET];
    let functions: &[&[&[u8]]] = &[&[CALL_RAX, RET], small, large];
    assert_eq!(most(functions, &[start(1)], None).unwrap().bytes, 8 + 8);
    assert_eq!(most(functions, &[start(1), start(2)], None).unwrap().bytes, 8 + 32);
    assert_eq!(most(functions, &[], None).unwrap().bytes, 8, "nobody's address is taken");
}

#[test]
fn an_address_may_be_taken_by_code() {
    // It is not called there, but where nobody knows what is called.
    let taker: &[&[u8]] = &[&lea_rax(1, 0, start(2)), RET];
    let functions: &[&[&[u8]]] = &[&[CALL_RAX, RET], taker, &[SUB_RSP_32, ADD_RSP_32, RET]];
    assert_eq!(most(functions, &[], None).unwrap().bytes, 8 + 32);
}

#[test]
fn a_call_of_an_address_that_is_known_is_a_call_of_that() {
    let caller: &[&[u8]] = &[&lea_rax(0, 0, start(1)), CALL_RAX, RET];
    let functions: &[&[&[u8]]] = &[caller, &[RET], &[SUB_RSP_32, ADD_RSP_32, RET]];
    assert_eq!(most(functions, &[start(2)], None).unwrap().path, ["f0"]);
    assert!(frames(functions).unwrap()[0].calls.contains_key(&1));
}

#[test]
fn recursion_has_a_bound_if_somebody_says_one() {
    let functions: &[&[&[u8]]] = &[&[PUSH_RBX, &call(0, 1, 1), POP_RBX, RET], &[&call(1, 0, 0), RET]];
    let Err(problems) = most(functions, &[], None) else { panic!("it has a bound") };
    let [Problem::Recursion { circle }] = problems.as_slice() else { panic!("{problems:?}") };
    assert_eq!(circle.first(), circle.last());
    assert_eq!(circle.len(), 3);
    let bytes = |recursion| most(functions, &[], Some(recursion)).unwrap().bytes;
    assert!(bytes(2) < bytes(4) && bytes(4) < bytes(64));
}

#[test]
fn a_circle_by_unknown_calls_is_followed_a_few_times() {
    let functions: &[&[&[u8]]] = &[&[PUSH_RBX, CALL_RAX, POP_RBX, RET]];
    let bytes = |recursion| most(functions, &[CODE], recursion).unwrap().bytes;
    let of = |depth: u32| 16 * (1 + u64::from(depth));
    assert_eq!(bytes(None), of(DEFAULT_NESTING));
    assert_eq!(bytes(Some(20)), of(20));
    assert_eq!(bytes(Some(1)), of(DEFAULT_NESTING), "who says how deep something else goes knows nothing of these");
}

/// What formats a message calls an unknown function, which may be the one that panics: a panic is in one other and in no third.
#[test]
fn a_panic_is_within_one_other_and_in_no_third() {
    let functions: &[&[&[u8]]] = &[&[SUB_RSP_32, &call(0, 4, 1), UD2], &[PUSH_RBX, CALL_RAX, UD2]];
    let image = image(functions, &[CODE]);
    let bytes = |name: &str| {
        let mut program = program(&image, functions);
        program.functions[1].name = name.to_owned();
        let frames = follow::all(&program).unwrap();
        Bounds::new(&program, &frames, None).unwrap().entry(CODE).unwrap().most.bytes
    };
    let [panics, speaks] = [32 + 8, 8 + 8];
    assert_eq!(bytes(abi::stack::PANIC), 2 * (panics + speaks) + panics);
    assert_eq!(bytes("another"), u64::from(DEFAULT_NESTING + 1) * (panics + speaks));
}

#[test]
fn a_stub_goes_to_the_methods_in_its_table_and_nowhere_else() {
    // lea rax, [table]; jmp [rax + rcx * 8]
    let stub: &[&[u8]] = &[&lea_rax(0, 0, DATA), &[0xff, 0x24, 0xc8]];
    let functions: &[&[&[u8]]] = &[stub, &[PUSH_RBX, UD2], &[SUB_RSP_32, UD2], &[SUB_RSP_32, SUB_RSP_32, UD2]];
    let words = [start(1), start(2), 0, start(3)];
    let bound = most(functions, &words, None).unwrap();
    assert_eq!((bound.bytes, bound.path.join(" ").as_str()), (32, "f0 f2"));
}

#[test]
fn a_match_goes_where_its_table_says() {
    // lea rax, [table]; movsxd rcx, dword ptr [rax + rcx * 4]; add rcx, rax; jmp rcx; push rbx; ud2; push rbx; push rbx; ud2
    let code: &[&[u8]] = &[
        &lea_rax(0, 0, DATA),
        &[0x48, 0x63, 0x0c, 0x88, 0x48, 0x01, 0xc1, 0xff, 0xe1],
        &[0x53, 0x0f, 0x0b],
        &[0x53, 0x53, 0x0f, 0x0b],
    ];
    let distance = |at: u64| u64::from((start(0) + at).wrapping_sub(DATA) as u32);
    let words = [distance(16) | distance(19) << 32];
    assert_eq!(most(&[code], &words, None).unwrap().bytes, 16);
}

#[test]
fn what_leaves_the_component_is_counted_where_it_leaves() {
    let function: &[&[u8]] = &[PUSH_RBX, SYSCALL, POP_RBX, SUB_RSP_32, ADD_RSP_32, RET];
    let frame = &frames(&[function]).unwrap()[0];
    assert_eq!((frame.most, frame.leaving), (32, Some(8)));
    assert_eq!(frames(&[&[RET]]).unwrap()[0].leaving, None);
}

#[test]
fn methods_that_are_never_invoked_are_known() {
    // mov rax, [rip + slot]; test rax, rax; js 1f; inc rax; syscall; ret; 1: or rax, 3; syscall; ret
    let slot = ((DATA - CODE - 7) as u32).to_le_bytes();
    let known: &[&[u8]] = &[
        &[0x48, 0x8b, 0x05],
        &slot,
        &[0x48, 0x85, 0xc0, 0x78, 0x06, 0x48, 0xff, 0xc0, 0x0f, 0x05, 0xc3, 0x48, 0x83, 0xc8, 0x03, 0x0f, 0x05, 0xc3],
    ];
    let invoked = |functions: &[&[&[u8]]]| {
        let image = image(functions, &[0]);
        let program = program(&image, functions);
        let frames = follow::all(&program).unwrap();
        let bounds = Bounds::new(&program, &frames, None).unwrap();
        (0..6).filter(|method| bounds.may_invoke(DATA, *method)).collect::<Vec<_>>()
    };
    assert_eq!(invoked(&[known]), [1, 3]);
    // mov rax, [rsp]; syscall: it may have had anything added to it before it was put there.
    assert_eq!(invoked(&[&[&[0x48, 0x8b, 0x04, 0x24], SYSCALL, RET]]), [0, 1, 2, 3, 4, 5]);
    assert_eq!(invoked(&[&[SYSCALL, RET]]), [0u16; 0], "a return invokes nothing");
}

#[test]
fn records_are_no_calls() {
    let functions: &[&[&[u8]]] = &[&[CALL_RAX, RET], &[SUB_RSP_32, UD2]];
    let mut image = image(functions, &[start(1)]);
    let (name, schema) = ("pong".into(), String::new());
    image.records.push(Record { kind: RecordKind::Export, name, schema, first: start(1), second: start(1) });
    let program = program(&image, functions);
    let frames = follow::all(&program).unwrap();
    assert_eq!(Bounds::new(&program, &frames, None).unwrap().entry(CODE).unwrap().most.bytes, 8);
}
