//! The graph in the language DOT.

use std::fmt::Write as _;

use super::plan::{Arrow, Line, Node, Plan};

/// The graph `plan`.
pub fn write(plan: &Plan) -> String {
    let mut text =
        format!("digraph {} {{\n  node [shape=box, style=rounded, fontname=monospace]\n", quote(&plan.title));
    if !plan.elsewhere.is_empty() {
        _ = writeln!(text, "  label={}\n  fontcolor=red", quote(&plan.elsewhere.join("\n")));
    }
    for (at, node) in plan.boxes.iter().enumerate() {
        // Writing to a string does not fail.
        _ = writeln!(text, "  n{at} [label={}{}]", label(&node.lines), node_style(node));
    }
    for arrow in &plan.arrows {
        let (client, server) = arrow.direction();
        _ = writeln!(text, "  n{client} -> n{server} [label={}{}]", label(&arrow.lines), arrow_style(arrow));
    }
    text + "}\n"
}

fn node_style(node: &Node) -> &'static str {
    match (node.breaks.is_empty(), node.is_ground) {
        (false, _) => ", color=red",
        (true, true) => ", color=blue",
        (true, false) => "",
    }
}

fn arrow_style(arrow: &Arrow) -> &'static str {
    match (arrow.breaks.is_empty(), arrow.is_fault, arrow.has_page) {
        (false, _, _) => ", color=red",
        (true, true, _) => ", style=dotted",
        (true, false, true) => ", style=dashed",
        (true, false, false) => "",
    }
}

fn label(lines: &[Line]) -> String {
    quote(&lines.iter().map(|line| line.text.as_str()).collect::<Vec<_>>().join("\n"))
}

/// Quoted as DOT wants it: a line feed is `\\n`, and only the quotation mark and the backslash are special.
fn quote(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n"))
}

#[cfg(test)]
mod tests {
    #[test]
    fn what_is_special_is_quoted() {
        assert_eq!(super::quote("a\"b\\c\nd"), r#""a\"b\\c\nd""#);
    }
}
