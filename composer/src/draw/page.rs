//! The picture as one page for a browser, which needs nothing else: find a component, follow its edges, hide interfaces.

use std::collections::BTreeSet;

use serde::Serialize;

use super::plan::{Arrow, Line, Node, Plan};
use crate::svg::escape;

const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

/// What the script knows of the graph.
#[derive(Serialize)]
struct Known<'a> {
    nodes: Vec<KnownNode<'a>>,
    edges: Vec<KnownEdge<'a>>,
}

#[derive(Serialize)]
struct KnownNode<'a> {
    name: &'a str,
    details: Vec<&'a str>,
    breaks: &'a [String],
}

#[derive(Serialize)]
struct KnownEdge<'a> {
    from: usize,
    to: usize,
    interfaces: &'a [String],
    details: Vec<&'a str>,
    breaks: &'a [String],
}

/// The page of `plan`, which `picture` shows.
pub fn write(plan: &Plan, picture: &str) -> String {
    let title = escape(&plan.title);
    let known = Known { nodes: plan.boxes.iter().map(node).collect(), edges: plan.arrows.iter().map(edge).collect() };
    // No text of the graph can end the script.
    let known = serde_json::to_string(&known).unwrap_or_default().replace("</", "<\\/");
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>{title}</title>\n<style>\n{STYLE}</style></head>\n<body>\n\
         <main id=\"view\">{picture}</main>\n<aside>\n<h1>{title}</h1>\n\
         <p><input id=\"find\" type=\"search\" placeholder=\"find a component\" autofocus></p>\n\
         <fieldset id=\"interfaces\"><legend>interfaces</legend>\n{}</fieldset>\n{}<section id=\"details\"></section>\n\
         <p class=\"dim\">Drag to move, turn the wheel to zoom, double-click to see all; click on a component to follow its edges. Costs of calls are in instructions.</p>\n</aside>\n\
         <script>const graph = {known};\n{SCRIPT}</script>\n</body></html>\n",
        interfaces(plan),
        breaks(plan)
    )
}

fn node(node: &Node) -> KnownNode<'_> {
    let details = texts(&node.lines).skip(1).collect();
    KnownNode { name: node.name(), details, breaks: &node.breaks }
}

fn edge(arrow: &Arrow) -> KnownEdge<'_> {
    let (from, to) = arrow.direction();
    let details = texts(&arrow.lines).collect();
    KnownEdge { from, to, interfaces: &arrow.interfaces, details, breaks: &arrow.breaks }
}

fn texts(lines: &[Line]) -> impl Iterator<Item = &str> {
    lines.iter().map(|line| line.text.as_str())
}

fn interfaces(plan: &Plan) -> String {
    let all: BTreeSet<&str> = plan.arrows.iter().flat_map(|arrow| &arrow.interfaces).map(String::as_str).collect();
    let check = |name: &str| {
        let name = escape(name);
        format!("<label><input type=\"checkbox\" value=\"{name}\" checked>{name}</label>\n")
    };
    all.into_iter().map(check).collect()
}

fn breaks(plan: &Plan) -> String {
    if plan.breaks.is_empty() {
        return String::new();
    }
    let items: String = plan.breaks.iter().map(|text| format!("<li>{}</li>\n", escape(text))).collect();
    format!("<section class=\"breaks\"><h2>Broken rules</h2>\n<ul>{items}</ul></section>\n")
}
