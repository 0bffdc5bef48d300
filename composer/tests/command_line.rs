//! The commands as they are typed: what they print where, and their exit status.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test, its helpers too, may panic")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn composer(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_composer")).args(arguments).output().unwrap()
}

fn graph(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(name);
    path.to_str().unwrap().to_owned()
}

fn status(output: &Output) -> i32 {
    output.status.code().unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// A file with these contents, and the directory that it goes away with.
fn file(contents: &[u8]) -> (temp_dir::TempDir, PathBuf) {
    let directory = temp_dir::TempDir::new().unwrap();
    let path = directory.path().join("graph.toml");
    std::fs::write(&path, contents).unwrap();
    (directory, path)
}

#[test]
fn a_sound_graph() {
    let output = composer(&["check", "--graph-only", &graph("good/pingpong.toml")]);
    assert_eq!(status(&output), 0);
    assert!(String::from_utf8(output.stdout).unwrap().ends_with(": sound: 4 components, 2 dependencies\n"));
    assert!(output.stderr.is_empty());
}

#[test]
fn a_bad_graph() {
    let output = composer(&["check", "--graph-only", &graph("bad/two_unknown_keys_and_a_wrong_type.toml")]);
    assert_eq!(status(&output), 2);
    assert!(output.stdout.is_empty());
    let complaints = stderr(&output);
    assert_eq!(complaints.matches("error[").count(), 3, "{complaints}");
    assert!(!complaints.contains('\u{1b}'), "no colour where there is no terminal");
    assert!(
        complaints.contains("wrong_type.toml:3:1\n") && complaints.contains("wrong_type.toml:9:14\n"),
        "{complaints}"
    );
}

#[test]
fn images_that_do_not_exist() {
    let missing = b"[system]\ndescription = \"x\"\n[[components]]\nname = \"nowhere\"\nconstructor = \"kernel\"\n";
    let (_directory, path) = file(missing);
    let path = path.to_str().unwrap();
    assert_eq!(status(&composer(&["check", "--graph-only", path])), 0);
    let output = composer(&["check", path]);
    assert_eq!(status(&output), 2);
    assert!(stderr(&output).contains("error[E0501]"), "{}", stderr(&output));
}

#[test]
fn wrong_command_lines() {
    for arguments in [&[][..], &["check"], &["chekc", "x"], &["check", "--colour", "x"], &["check", "a", "b"]] {
        let output = composer(arguments);
        assert_eq!(status(&output), 2, "{arguments:?}");
        assert!(stderr(&output).contains("Usage: cargo composer"), "{arguments:?}");
    }
}

#[test]
fn help_tells_the_exit_statuses() {
    for arguments in
        [&["--help"][..], &["check", "--help"], &["build", "--help"], &["run", "--help"], &["graph", "--help"]]
    {
        let output = composer(arguments);
        assert_eq!(status(&output), 0);
        let help = String::from_utf8(output.stdout).unwrap();
        assert!(help.contains("Exit status:\n  0  ") && help.contains("\n  3  "), "{help}");
    }
}

#[test]
fn every_shell_gets_a_script_that_knows_every_command() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let output = composer(&["completions", shell]);
        assert_eq!(status(&output), 0);
        let help = stdout(&composer(&["--help"]));
        let commands = help.split_once("Commands:\n").unwrap().1.lines().take_while(|line| !line.is_empty());
        let commands: Vec<_> = commands.filter_map(|line| line.split_whitespace().next()).collect();
        assert!(commands.len() > 15, "{commands:?}");
        for command in commands {
            assert!(stdout(&output).contains(command), "{shell}: {command}");
        }
    }
    assert_eq!(status(&composer(&["completions", "cmd"])), 2);
}

#[test]
fn nothing_new_takes_the_place_of_what_is_there() {
    let directory = temp_dir::TempDir::new().unwrap();
    let place = directory.path().to_str().unwrap();
    let new = |what: &str, name: &str| composer(&["new", what, name, "--in", place]);
    assert_eq!(status(&new("system", "hello")), 0);
    let graph = directory.path().join("hello/hello.toml");
    assert_eq!(status(&composer(&["check", "--graph-only", graph.to_str().unwrap()])), 0);
    let before = std::fs::read(&graph).unwrap();
    let again = new("system", "hello");
    assert_eq!(status(&again), 2);
    assert!(stderr(&again).contains("error[E0004]: cannot make `hello`"), "{}", stderr(&again));
    assert_eq!(std::fs::read(&graph).unwrap(), before);
    for (what, taken) in [("system", "console"), ("component", "core"), ("component", "runtime"), ("interface", "pong")]
    {
        let refused = new(what, taken);
        assert_eq!(status(&refused), 2, "{what} {taken}");
        assert!(stderr(&refused).contains("error[E0004]: cannot make"), "{}", stderr(&refused));
        assert!(!directory.path().join(taken).exists(), "nothing is left of {what} {taken}");
    }
    for wrong in ["Hello", "kernel", "../hello", ""] {
        assert_eq!(status(&new("component", wrong)), 2, "{wrong}");
    }
}

#[test]
fn files_that_are_no_graphs() {
    let (directory, huge) = file(&vec![b'#'; (16 << 20) + 1]);
    let directory = directory.path().to_str().unwrap();
    let cases = [
        (directory, "E0001"),
        ("/nonexistent/graph.toml", "E0001"),
        (huge.to_str().unwrap(), "E0002"),
        (&graph("bad/not_utf8.toml"), "E0003"),
        (&graph("bad/empty_file.toml"), "E0104"),
    ];
    for (path, code) in cases {
        let output = composer(&["check", "--graph-only", path]);
        assert_eq!(status(&output), 2, "{path}");
        assert!(stderr(&output).contains(&format!("error[{code}]")), "{path}: {}", stderr(&output));
    }
}

#[test]
fn a_file_of_the_largest_size_is_read() {
    let mut text = std::fs::read(graph("good/smallest.toml")).unwrap();
    // One long comment.
    text.resize(16 << 20, b'#');
    let (_directory, path) = file(&text);
    assert_eq!(status(&composer(&["check", "--graph-only", path.to_str().unwrap()])), 0);
}

#[test]
fn a_picture() {
    let good = graph("good/pingpong.toml");
    let printed = composer(&["graph", &good]);
    assert_eq!(status(&printed), 0);
    let directory = temp_dir::TempDir::new().unwrap();
    let path = directory.path().join("picture.svg");
    assert_eq!(status(&composer(&["graph", &good, "-o", path.to_str().unwrap()])), 0);
    assert_eq!(std::fs::read(path).unwrap(), printed.stdout);
    let unwritable = composer(&["graph", &good, "-o", directory.path().join("no/picture.svg").to_str().unwrap()]);
    assert_eq!(status(&unwritable), 2);
    assert!(stderr(&unwritable).contains("error[E0004]"));
}

/// A timeline takes two runs. Whether there is a place for it is known before anything is even built: here there is no such crate.
#[test]
fn a_timeline_that_cannot_be_written_is_not_begun() {
    let nowhere = b"[system]\ndescription = \"x\"\n[[components]]\nname = \"nowhere\"\nconstructor = \"kernel\"\n";
    let (directory, path) = file(nowhere);
    let trace = |output: &Path| composer(&["trace", path.to_str().unwrap(), "-o", output.to_str().unwrap()]);
    let refused = trace(&directory.path().join("no/trace.json"));
    assert_eq!(status(&refused), 2);
    assert!(stderr(&refused).contains("error[E0004]") && !stderr(&refused).contains("E0501"), "{}", stderr(&refused));
    let fresh = directory.path().join("trace.json");
    assert!(stderr(&trace(&fresh)).contains("E0501") && !fresh.exists());
    std::fs::write(&fresh, "from before").unwrap();
    assert!(stderr(&trace(&fresh)).contains("E0501"));
    assert_eq!(std::fs::read(&fresh).unwrap(), b"from before");
}

#[test]
fn a_picture_as_a_page_and_for_other_programs() {
    let good = graph("good/page_served.toml");
    let directory = temp_dir::TempDir::new().unwrap();
    let drawn = |name: &str| {
        let path = directory.path().join(name);
        assert_eq!(status(&composer(&["graph", &good, "-o", path.to_str().unwrap()])), 0);
        std::fs::read_to_string(path).unwrap()
    };
    let page = drawn("picture.html");
    assert!(page.starts_with("<!DOCTYPE html>") && page.contains("<svg") && page.contains("data-node="), "{page}");
    // It needs nothing from elsewhere.
    for elsewhere in ["src=", "@import", "url(http", "<link"] {
        assert!(!page.contains(elsewhere), "{elsewhere}");
    }
    let dot = drawn("picture.dot");
    assert!(dot.starts_with("digraph ") && dot.contains(" -> "), "{dot}");
    let printed = composer(&["graph", &good, "--format", "dot"]);
    assert_eq!(stdout(&printed), dot);
    let other = directory.path().join("picture.png");
    let refused = composer(&["graph", &good, "-o", other.to_str().unwrap()]);
    assert_eq!(status(&refused), 2);
    assert!(stderr(&refused).contains(".svg, .html or .dot") && !other.exists(), "{}", stderr(&refused));
}

#[test]
fn a_picture_says_what_calls_cost_unless_it_is_not_to() {
    let good = graph("good/pingpong.toml");
    let picture = |arguments: &[&str]| stdout(&composer(&[&["graph", good.as_str()], arguments].concat()));
    assert!(picture(&[]).contains(" a call</text>"));
    assert!(!picture(&["--no-costs"]).contains(" a call</text>"));
}

#[test]
fn what_is_wrong_is_drawn_in_red() {
    let bad = composer(&["graph", &graph("bad/cycle.toml")]);
    assert_eq!(status(&bad), 2);
    assert!(stderr(&bad).contains("error[E0306]"));
    let picture = stdout(&bad);
    assert!(picture.contains(r#"class="arrow broken""#) && picture.contains("<title>E0306: "), "{picture}");
    let good = composer(&["graph", &graph("good/pingpong.toml")]);
    assert!(!stdout(&good).contains(r#" broken""#));
    let text = composer(&["graph", &graph("bad/empty_file.toml")]);
    assert_eq!(status(&text), 2);
}

#[test]
fn a_file_that_is_not_there_is_one_that_is_called_nearly_so() {
    for misspelt in ["good/pignpong.toml", "good/pingpong"] {
        let said = stderr(&composer(&["check", "--graph-only", &graph(misspelt)]));
        assert!(said.contains("error[E0001]") && said.contains("good/pingpong.toml`?"), "{said}");
    }
    assert!(!stderr(&composer(&["check", "--graph-only", &graph("good/nothing-alike.toml")])).contains("did you mean"));
}

/// What is the business of no component is written below the picture, and everything is listed beside it.
#[test]
fn all_that_is_wrong_is_on_the_picture_and_its_page() {
    let picture = |format| stdout(&composer(&["graph", &graph("bad/many_mistakes_at_once.toml"), "--format", format]));
    let page = picture("html");
    for code in ["E0102", "E0103", "E0306", "E0202", "E0301"] {
        assert_eq!(page.matches(&format!("<li>{code}: ")).count(), 1, "{code}");
    }
    let below = picture("svg");
    let below: Vec<_> = below.lines().filter(|line| line.starts_with("<text class=\"broken-text\"")).collect();
    assert!(below.len() == 2 && below[0].contains("E0102: ") && below[1].contains("E0103: "), "{below:?}");
    assert!(picture("dot").contains("label=\"E0102: "));
    // A mistake in an address space is none of the component that stands before it in the file.
    let space = stdout(&composer(&["graph", &graph("bad/space_without_components.toml")]));
    assert!(space.contains("broken-text\" x=") && !space.contains("box broken"), "{space}");
}

#[test]
fn every_bad_graph_is_drawn_without_panic() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/bad");
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "toml")
            && let Ok(source) = composer::pass::parse::read(&path)
            && let Some(sketch) = composer::sketch(&source)
        {
            let notes = composer::draw::Notes { complaints: Some(&sketch.complaints), costs: None };
            let picture = composer::draw::draw_with(&sketch.graph, notes);
            assert!(picture.ends_with("</svg>\n"), "{}", path.display());
        }
    }
}

#[test]
fn a_graph_that_is_not_composed_leaves_nothing() {
    let directory = temp_dir::TempDir::new().unwrap();
    let place = directory.path().join("system");
    for option in ["--out", "--output", "-o"] {
        let output = composer(&["build", &graph("bad/cycle.toml"), option, place.to_str().unwrap()]);
        assert_eq!(status(&output), 2, "{}", stderr(&output));
        assert!(stderr(&output).contains("error[E0306]"));
        assert!(!place.exists());
    }
}

#[test]
fn nobody_reads() {
    for (file, expected) in [("good/smallest.toml", 0), ("bad/cycle.toml", 2)] {
        for command in [&["check", "--graph-only"][..], &["graph"]] {
            let mut process = Command::new(env!("CARGO_BIN_EXE_composer"));
            let (read, write) = std::io::pipe().unwrap();
            drop(read);
            process.args(command).arg(graph(file)).stdout(write.try_clone().unwrap()).stderr(write);
            assert_eq!(process.status().unwrap().code(), Some(expected), "{command:?} {file}");
        }
    }
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

const CHAIN: &str = r#"[system]
description = "a chain"

[[components]]
name = "booter"
constructor = "kernel"

[[components]]
name = "console"
implements = [{ interface = "console" }]
devices = [{ name = "serial", ports = 0x3f8, count = 8 }]

[[components]]
name = "pong"
implements = [{ interface = "pong" }]
deps = [{ srv = "console", interface = "console", methods = ["write"] }]

[[components]]
name = "ping"
deps = [{ srv = "pong", interface = "pong" }]
"#;

#[test]
fn an_explanation_names_the_lines_in_their_order() {
    let (_directory, path) = file(CHAIN.as_bytes());
    let path = path.to_str().unwrap();
    let output = composer(&["explain", path, "ping", "serial"]);
    assert_eq!(status(&output), 0, "{}", stderr(&output));
    let text = stdout(&output);
    let places: Vec<_> =
        ["1. `ping` calls `pong`", "2. `pong` calls `console` by `console`: write", "3. `console` drives `serial`"]
            .map(|step| text.find(step).unwrap_or_else(|| panic!("no {step} in {text}")))
            .to_vec();
    assert_eq!(places.len(), 3);
    assert_eq!(status(&composer(&["explain", path, "console", "pong"])), 1, "servers do not reach their clients");
    assert_eq!(status(&composer(&["explain", path, "pnig", "pong"])), 2);
    // What nobody has is not said to be out of reach.
    let slip = composer(&["explain", path, "ping", "seriall"]);
    assert_eq!(status(&slip), 2);
    assert!(stderr(&slip).contains("did you mean `serial`?"), "{}", stderr(&slip));
    assert_eq!(status(&composer(&["explain", path, "console", "ping"])), 1, "nobody calls it, but there it is");
}

#[test]
fn an_explanation_goes_by_everything_that_the_report_shows() {
    let (_directory, path) = file(WAYS.as_bytes());
    let path = path.to_str().unwrap();
    let cases = [
        // A component before an interface of the same name, and all that is held of it.
        ("client", "pong", "1. `client` calls `pong` by `pong`"),
        ("client", "pong", "and `client` shares a page with `pong` for `pong`"),
        ("stranger", "pong", "1. `stranger` calls `fragile` by `pong`"),
        ("sched", "pong", "1. `sched` has `pong` serve the page of `client` for `pong`"),
        ("booter", "serial", "2. `pong` drives `serial`: I/O ports: 0x3f8-0x3ff"),
        ("fragile", "warden", "1. `fragile` has its faults handled by `warden`: as the handler likes"),
        ("client", "memory", "1. `client` has stacks, each: 16KiB"),
        ("client", "time", "1. `client` runs its own thread on core 0: 300 of 1000 microseconds"),
    ];
    for (holder, resource, expected) in cases {
        let output = composer(&["explain", path, holder, resource]);
        let text = stdout(&output);
        assert!(text.contains(expected) && status(&output) == 0, "{holder} {resource}: {text}{}", stderr(&output));
    }
}

const WAYS: &str = r#"
[system]
description = "several ways"

[[components]]
name = "booter"
constructor = "kernel"

[[components]]
name = "sched"
implements = [{ interface = "sched" }]

[[components]]
name = "warden"
implements = [{ interface = "fault" }]

[[components]]
name = "fragile"
implements = [{ interface = "pong" }]
fault = { handler = "warden" }

[[components]]
name = "pong"
implements = [{ interface = "pong" }]
devices = [{ name = "serial", ports = 0x3f8, count = 8 }]

[[components]]
name = "stranger"
deps = [{ srv = "fragile", interface = "pong" }]

[[components]]
name = "client"
deps = [{ srv = "sched", interface = "sched" }, { srv = "pong", interface = "pong", via = "page" }]
budget = 300
period = 1000
"#;

#[test]
fn a_difference_says_what_was_gained_and_lost_and_its_status_whether_anything_was_gained() {
    let (_old, old) = file(CHAIN.as_bytes());
    let more = CHAIN.replace(r#"methods = ["write"]"#, r#"methods = ["write", "read"]"#);
    let (_new, new) = file(more.as_bytes());
    let (old, new) = (old.to_str().unwrap(), new.to_str().unwrap());
    let grown = composer(&["diff", old, new]);
    assert_eq!((status(&grown), stdout(&grown).as_str()), (1, "+ pong calls `console` by `console`: read\n"));
    let shrunk = composer(&["diff", new, old]);
    assert_eq!((status(&shrunk), stdout(&shrunk).as_str()), (0, "- pong calls `console` by `console`: read\n"));
    let same = composer(&["diff", old, old]);
    assert_eq!((status(&same), stdout(&same).as_str()), (0, "no component may do more or less than before\n"));
    assert_eq!(status(&composer(&["diff", old, "nowhere.toml"])), 2);
}

#[test]
fn explanations_and_differences_as_json_say_the_same() {
    let (_old, old) = file(CHAIN.as_bytes());
    let more = CHAIN.replace(r#"methods = ["write"]"#, r#"methods = ["write", "read"]"#);
    let (_new, new) = file(more.as_bytes());
    let (old, new) = (old.to_str().unwrap(), new.to_str().unwrap());
    let json = |arguments: &[&str]| -> (i32, serde_json::Value) {
        let output = composer(&[arguments, &["--format", "json"]].concat());
        (status(&output), serde_json::from_str(&stdout(&output)).unwrap())
    };
    let (status, answer) = json(&["explain", old, "ping", "console"]);
    assert_eq!((status, &answer["reached"]), (0, &serde_json::json!(true)));
    let steps: Vec<_> =
        answer["chain"].as_array().unwrap().iter().map(|step| (&step["holder"], &step["line"])).collect();
    assert_eq!(steps, [(&"ping".into(), &20.into()), (&"pong".into(), &16.into())]);
    let (status, answer) = json(&["explain", old, "console", "pong"]);
    assert_eq!((status, &answer["reached"], &answer["chain"]), (1, &false.into(), &serde_json::json!([])));
    let (status, change) = json(&["diff", old, new]);
    let gained = serde_json::json!([
        { "holder": "pong", "kind": "authority", "what": "calls `console` by `console`", "extent": "read" }
    ]);
    assert_eq!((status, &change["gained"], &change["lost"]), (1, &gained, &serde_json::json!([])));
    let (status, complaint) = json(&["explain", old, "pnig", "console"]);
    assert_eq!((status, &complaint["diagnostics"][0]["code"]), (2, &"E0202".into()));
}

#[test]
fn complaints_as_json_say_the_same_with_places() {
    let output =
        composer(&["check", "--graph-only", "--format", "json", &graph("bad/two_unknown_keys_and_a_wrong_type.toml")]);
    assert_eq!((status(&output), stderr(&output).as_str()), (2, ""));
    let document: serde_json::Value = serde_json::from_str(&stdout(&output)).unwrap();
    assert_eq!((document["format"].as_u64(), document["errors"].as_u64()), (Some(1), Some(3)));
    let places: Vec<_> =
        document["diagnostics"].as_array().unwrap().iter().map(|one| one["labels"][0]["line"].as_u64()).collect();
    assert_eq!((places.first(), places.last()), (Some(&Some(3)), Some(&Some(9))));
    let dump = ["inspect", "--format", "json", "--dump", "none", &graph("bad/two_unknown_keys_and_a_wrong_type.toml")];
    assert_eq!(stdout(&composer(&dump)), stdout(&output), "whichever command complains");
    let sound = composer(&["check", "--graph-only", "--format", "json", &graph("good/pingpong.toml")]);
    let document: serde_json::Value = serde_json::from_str(&stdout(&sound)).unwrap();
    assert_eq!((status(&sound), document["diagnostics"].as_array().map(Vec::len)), (0, Some(0)));
}
