//! Reports, held against what they were. `UPDATE_SNAPSHOTS=1` writes what they are now; the difference is then for review.

use std::path::Path;

use super::{composed, report_of};
use crate::draw;
use crate::pass::report;

#[track_caller]
fn assert_as_before(name: &str, now: &str) {
    let snapshot = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reports").join(name);
    if std::env::var_os("UPDATE_SNAPSHOTS").is_some() {
        std::fs::create_dir_all(snapshot.parent().unwrap()).unwrap();
        std::fs::write(&snapshot, now).unwrap();
    }
    let before = std::fs::read_to_string(&snapshot).unwrap_or_default();
    assert_eq!(before, now, "UPDATE_SNAPSHOTS=1 accepts what {} is now", snapshot.display());
}

#[test]
fn a_report_as_text() {
    assert_as_before("composed.txt", &report::render(&report_of(&composed())));
}

#[test]
fn a_report_as_json() {
    assert_as_before("composed.json", &(serde_json::to_string_pretty(&report_of(&composed())).unwrap() + "\n"));
}

#[test]
fn a_report_as_a_page() {
    let composed = composed();
    let picture = draw::draw(&composed.loaded.graph);
    let page = report::render_html(&report_of(&composed), &picture, &composed.loaded.source.text);
    assert_as_before("composed.html", &page);
    // It needs nothing from elsewhere.
    for elsewhere in ["src=", "@import", "url(http", "<link"] {
        assert!(!page.contains(elsewhere), "{elsewhere}");
    }
}

#[test]
fn every_capability_is_granted_by_a_line_that_says_so() {
    let composed = composed();
    let lines: Vec<&str> = composed.loaded.source.text.lines().collect();
    let report = report_of(&composed);
    let granting = |at: usize| -> Vec<&str> {
        report.components[at].capabilities.iter().map(|held| lines[held.line.unwrap() - 1]).collect()
    };
    assert_eq!(granting(1), [r#"devices = [{ name = "serial", ports = 0x3f8, count = 8 }]"#]);
    assert_eq!(granting(2), [r#"deps = [{ srv = "console", interface = "console", trust = "both" }]"#]);
    assert!(granting(3).iter().all(|line| line.contains("methods = [")), "{:?}", granting(3));
}

#[test]
fn a_map_has_no_overlap() {
    for component in report_of(&composed()).components {
        for (lower, upper) in component.map.iter().zip(component.map.iter().skip(1)) {
            assert!(lower.address + lower.bytes <= upper.address, "{}: {lower:?}, {upper:?}", component.name);
        }
        let data: u64 = component.map.iter().filter(|region| region.what == "data").map(|region| region.bytes).sum();
        assert_eq!(data, component.memory.data.next_multiple_of(4096));
    }
}
