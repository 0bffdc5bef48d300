//! What counts as more, as less, and as neither.

use super::*;

fn some(methods: &[&str]) -> Extent {
    Extent::Methods(methods.iter().map(|method| (*method).to_owned()).collect())
}

fn share(budget: u64, period: u64) -> Extent {
    Extent::Share { budget, period }
}

fn way(way: &str) -> Extent {
    Extent::Way(way.to_owned())
}

/// Less, more, and what the second is beyond the first.
#[test]
fn less_is_never_beyond_more() {
    let cases = [
        (some(&["add"]), Extent::Whole, "all methods but add"),
        (some(&["add"]), some(&["add", "call"]), "call"),
        (Extent::Bytes(4096), Extent::Bytes(8192), "8KiB instead of 4KiB"),
        (Extent::Number(2), Extent::Number(3), "3 instead of 2"),
        (Extent::Urgency(16), Extent::Urgency(1), "1 instead of 16"),
        (Extent::Addresses(0x3f8..0x3fc), Extent::Addresses(0x3f8..0x400), "0x3f8-0x3ff instead of 0x3f8-0x3fb"),
        (share(300, 1000), share(700, 2000), "700 of 2000 microseconds instead of 300 of 1000 microseconds"),
        (share(300, 1000), Extent::Whole, "no limit instead of 300 of 1000 microseconds"),
    ];
    for (less, more, beyond) in cases {
        assert_eq!(more.beyond(&less).as_deref(), Some(beyond), "{more:?} beyond {less:?}");
        assert_eq!(less.beyond(&more), None, "{less:?} beyond {more:?}");
        assert_eq!((less.beside(&more), more.beside(&less)), (None, None), "{less:?} beside {more:?}");
        assert_eq!((less.beyond(&less), more.beyond(&more)), (None, None));
    }
}

#[test]
fn another_way_is_neither_more_nor_less() {
    let cases = [(share(300, 1000), share(600, 2000)), (way("fixed-priority"), way("earliest-deadline"))];
    for (one, other) in cases {
        assert_eq!((one.beyond(&other), other.beyond(&one)), (None, None));
        assert_eq!(one.beside(&other), Some(format!("{} instead of {}", one.describe(), other.describe())));
        assert_eq!(one.beside(&one), None);
    }
}

#[test]
fn other_addresses_are_both_gained_and_lost() {
    let (one, other) = (Extent::Addresses(0..8), Extent::Addresses(4..12));
    assert!(one.beyond(&other).is_some() && other.beyond(&one).is_some());
    assert_eq!(one.beside(&other), None);
}
