use std::fmt::Write as _;
use std::io::{self, Write};
use std::process::Command;
use std::sync::OnceLock;

use object::{Object, ObjectSymbol};

use super::*;

/// `divides` has `divide` from line 4 on its line 8.
const SOURCE: &str = "\
#![no_std]
#![no_main]
#[inline(always)]
fn divide(by: &u64) -> u64 { unsafe { core::ptr::read_volatile(by) } }
#[unsafe(no_mangle)]
#[inline(never)]
extern \"C\" fn divides(by: &u64) -> u64 {
    divide(by).wrapping_mul(3)
}
#[unsafe(no_mangle)]
extern \"C\" fn _start() -> u64 { divides(&2) }
#[panic_handler]
fn panic(_: &core::panic::PanicInfo) -> ! { loop {} }
";

const FLAGS: [&str; 12] = [
    "--edition=2024",
    "--crate-name=culprit",
    "-Cpanic=abort",
    "-Copt-level=1",
    "-Cdebuginfo=line-tables-only",
    "-Clink-arg=-nostdlib",
    "-Clink-arg=-nostartfiles",
    "-Clink-arg=-static-pie",
    "-Clink-arg=-Wl,--build-id=none",
    "-o",
    "culprit",
    "src/main.rs",
];

/// A small program with a table of its lines.
fn elf() -> &'static [u8] {
    static ELF: OnceLock<Vec<u8>> = OnceLock::new();
    ELF.get_or_init(|| {
        let place = temp_dir::TempDir::new().unwrap();
        std::fs::create_dir(place.path().join("src")).unwrap();
        std::fs::write(place.path().join("src/main.rs"), SOURCE).unwrap();
        let mut rustc = Command::new(std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()));
        let remap = format!("--remap-path-prefix={}=/workspace", place.path().display());
        assert!(rustc.current_dir(place.path()).arg(remap).args(FLAGS).status().unwrap().success());
        std::fs::read(place.path().join("culprit")).unwrap()
    })
}

/// The addresses of a function.
fn function(name: &str) -> std::ops::Range<u64> {
    let file = object::read::elf::ElfFile64::<object::LittleEndian>::parse(elf()).unwrap();
    let symbol = file.symbols().find(|symbol| symbol.name() == Ok(name)).unwrap();
    symbol.address()..symbol.address() + symbol.size()
}

const BASE: u64 = 0x40_0000;

fn programs() -> Programs<'static> {
    Programs::new(Program::new(elf(), 0), [("culprit", Program::new(elf(), BASE)), ("hollow", Program::new(&[], BASE))])
}

fn fault(component: &str, address: u64) -> String {
    let cause = "page fault reading address 0x0";
    format!("tessera: fault: component {component}, thread 1 ({component}), {cause} at instruction {address:#x}")
}

fn explained(line: &str) -> Vec<String> {
    programs().explain(line).iter().map(ToString::to_string).collect()
}

#[test]
fn a_fault_has_a_function_and_a_line() {
    let start = function("_start").start;
    assert_eq!(explained(&fault("culprit", BASE + start)), ["in _start, src/main.rs:11"]);
}

#[test]
fn an_inlined_function_stands_before_the_one_that_contains_it() {
    let mut found: Vec<_> = function("divides").map(|address| explained(&fault("culprit", BASE + address))).collect();
    found.dedup();
    let inlined = ["inlined into divide, src/main.rs:4", "inlined into divides, src/main.rs:8"];
    assert!(found.iter().any(|frames| frames.ends_with(&inlined.map(str::to_owned))), "{found:?}");
}

#[test]
fn the_kernels_own_faults_are_explained() {
    let line =
        format!("tessera: fatal: the kernel faulted: double fault at instruction {:#x}", function("_start").start);
    assert_eq!(explained(&line), ["in _start, src/main.rs:11"]);
}

#[test]
fn the_report_may_stand_behind_half_a_line() {
    let line = fault("culprit", BASE + function("_start").start);
    for half in ["hello", "tessera: ", "tessera: fault: component culprit, at instruction 0x1 "] {
        assert_eq!(explained(&format!("{half}{line}")), ["in _start, src/main.rs:11"], "{half}");
    }
}

#[test]
fn an_address_where_no_code_is_says_nothing() {
    for address in [0, 1, BASE - 1, BASE, BASE + 0x10_0000, 0x8000_0000_0000, 0xffff_ffff_8000_0000, u64::MAX] {
        assert_eq!(explained(&fault("culprit", address)), [""; 0], "{address:#x}");
    }
}

#[test]
fn what_is_no_report_says_nothing() {
    let start = BASE + function("_start").start;
    for line in [
        "".to_owned(),
        "hello".to_owned(),
        fault("nobody", start),
        fault("hollow", start),
        "tessera: fault: component ".to_owned(),
        "tessera: fault: component culprit, page fault".to_owned(),
        "tessera: fault: component culprit, page fault at instruction 0x".to_owned(),
        "tessera: fault: component culprit, page fault at instruction 0xlost".to_owned(),
        "tessera: fault: component culprit, page fault at instruction 0x10000000000000000".to_owned(),
        "tessera: fatal: out of memory".to_owned(),
    ] {
        assert_eq!(explained(&line), [""; 0], "{line}");
    }
}

#[test]
fn a_damaged_file_does_no_harm() {
    let address = function("_start").start;
    let look = |elf: &[u8]| Program::new(elf, 0).frames(address).len();
    assert_eq!(look(elf()), 1);
    for at in (0..elf().len()).step_by(7) {
        look(elf().get(..at).unwrap());
        let mut damaged = elf().to_vec();
        damaged[at] ^= 0xff;
        look(&damaged);
    }
}

/// What comes out if `pieces` go in.
fn passed(pieces: &[&[u8]]) -> String {
    let (programs, mut sink) = (programs(), Vec::new());
    let mut annotated = Annotated::new(&programs, &mut sink);
    pieces.iter().for_each(|piece| annotated.write_all(piece).unwrap());
    String::from_utf8(sink).unwrap()
}

#[test]
fn the_source_line_follows_the_report_wherever_the_stream_is_cut() {
    let report = fault("culprit", BASE + function("_start").start);
    let text = format!("one\ntwo{report}\r\nthree");
    let expected = format!("one\ntwo{report}\r\n  in _start, src/main.rs:11\nthree");
    for cut in 0..text.len() {
        let (first, rest) = text.as_bytes().split_at(cut);
        assert_eq!(passed(&[first, rest]), expected, "cut at {cut}");
    }
    let bytes: Vec<_> = text.as_bytes().chunks(1).collect();
    assert_eq!(passed(&bytes), expected);
}

#[test]
fn a_line_without_an_end_is_passed_on_at_once() {
    assert_eq!(passed(&[b"name? "]), "name? ");
    assert_eq!(passed(&[b"\xc3", b"\xa9"]), "\u{e9}");
}

#[test]
fn a_report_behind_a_very_long_half_line_is_explained() {
    let mut line = "x".repeat(100_000);
    let _ = writeln!(line, "{}", fault("culprit", BASE + function("_start").start));
    let pieces: Vec<_> = line.as_bytes().chunks(1000).collect();
    assert!(passed(&pieces).ends_with("\n  in _start, src/main.rs:11\n"));
}

#[test]
fn a_sink_that_fails_is_told_of_every_piece() {
    struct Gone(usize);
    impl Write for Gone {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            self.0 += 1;
            Err(io::ErrorKind::BrokenPipe.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let programs = programs();
    let mut gone = Gone(0);
    let mut annotated = Annotated::new(&programs, &mut gone);
    assert!(annotated.write_all(b"one\ntwo\n").is_err());
    assert!(annotated.write_all(b"three\n").is_err());
    assert_eq!(gone.0, 2);
}
