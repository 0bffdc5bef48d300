use super::*;
use std::cell::RefCell;
use std::string::String;
use std::vec::Vec;

/// Lines, and what has been sent of them: each at once.
#[derive(Default)]
struct Console {
    lines: Lines,
    sent: RefCell<Vec<String>>,
}

impl Default for Lines {
    fn default() -> Self {
        Self::new()
    }
}

impl Console {
    /// Writes as the thread, in pieces; answers what has been sent by that.
    fn write(&self, token: u64, thread: u32, text: &str) -> Vec<String> {
        for piece in text.as_bytes().chunks(TEXT_BYTES) {
            self.write_piece(token, thread, Text::new(piece).words());
        }
        self.sent.take()
    }

    fn write_piece(&self, token: u64, thread: u32, piece: Piece) {
        let caller = Caller { token, thread, core: 0 };
        let send = |pieces: &[Piece]| {
            let bytes = pieces.iter().flat_map(|piece| Text::from_words(*piece).bytes().to_vec()).collect();
            self.sent.borrow_mut().push(String::from_utf8(bytes).unwrap());
            Ok(())
        };
        self.lines.add(caller, piece, send).unwrap();
    }
}

fn full(what: char) -> String {
    core::iter::repeat_n(what, TEXT_BYTES).collect()
}

#[test]
fn a_line_is_sent_when_its_end_comes() {
    let console = Console::default();
    assert_eq!(console.write(1, 1, "short\n"), ["short\n"]);
    let long = full('a') + &full('b') + "c\n";
    assert_eq!(console.write(1, 1, &long), [long]);
    let exactly = full('a') + &full('b')[1..] + "\n";
    assert_eq!(console.write(1, 1, &exactly), [exactly]);
    // A question has no line feed, and is to be read.
    let question = full('a') + "and? ";
    assert_eq!(console.write(1, 1, &question), [question]);
}

#[test]
fn nothing_ends_a_line_too() {
    let console = Console::default();
    assert_eq!(console.write(1, 1, &full('a')), [""; 0]);
    console.write_piece(1, 1, [0; 4]);
    assert_eq!(console.sent.take(), [full('a')]);
}

#[test]
fn lines_of_threads_and_of_clients_are_told_apart() {
    let console = Console::default();
    for (token, thread, what) in [(1, 1, 'a'), (1, 2, 'b'), (2, 1, 'c')] {
        assert_eq!(console.write(token, thread, &full(what)), [""; 0]);
    }
    assert_eq!(console.write(3, 3, "whole\n"), ["whole\n"]);
    for (token, thread, what) in [(2, 1, 'c'), (1, 2, 'b'), (1, 1, 'a')] {
        assert_eq!(console.write(token, thread, "\n"), [full(what) + "\n"]);
    }
    assert_eq!(console.lines.used.load(Relaxed), 0);
}

#[test]
fn a_line_that_is_too_long_is_sent_in_parts() {
    let console = Console::default();
    let part: String = core::iter::repeat_n(full('a'), LONGEST).collect();
    assert_eq!(console.write(1, 1, &(part.clone() + "rest\n")), [part, "rest\n".into()]);
}

#[test]
fn of_too_many_lines_the_oldest_is_sent_as_far_as_it_goes() {
    let console = Console::default();
    for thread in 0..PLACES as u32 {
        assert_eq!(console.write(1, thread, &full('a')), [""; 0]);
        // Each is older than the next one.
        assert_eq!(console.write(2, 99, "x\n"), ["x\n"]);
    }
    assert_eq!(console.write(1, 98, &full('b')), [full('a')]);
    assert_eq!(console.write(1, 0, "rest\n"), ["rest\n"], "it was the oldest");
    assert_eq!(console.write(1, 1, "rest\n"), [full('a') + "rest\n"]);
    assert_eq!(console.write(1, 98, "rest\n"), [full('b') + "rest\n"]);
}

#[test]
fn what_a_dead_thread_has_left_comes_behind_others_lines() {
    let console = Console::default();
    assert_eq!(console.write(1, 1, &full('a')), [""; 0]);
    for _ in 1..PATIENCE {
        assert_eq!(console.write(2, 2, "x\n"), ["x\n"]);
    }
    assert_eq!(console.write(2, 2, "x\n"), ["x\n".into(), full('a')]);
    assert_eq!(console.lines.used.load(Relaxed), 0);
}
