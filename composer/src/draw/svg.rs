//! Writes a picture down as SVG, in light and dark.

#![expect(
    clippy::indexing_slicing,
    reason = "the indices are those of what is drawn, made here and never read from anywhere: see `rows`"
)]

use std::fmt::Write;

use super::places::Places;
use super::plan::{Arrow, Line, Node, Plan, Style, size};
use super::rows::Rows;
use crate::svg::escape;

const MARGIN: f64 = 32.0;
const TITLE: f64 = 40.0;
/// Height of a line about the system, below all.
const LINE: f64 = 18.0;

const STYLE: &str = "
  .page { fill: #ffffff } .box { fill: #f6f8fa; stroke: #57606a; stroke-width: 1.2 }
  .ground { fill: #eef4fb; stroke: #0b5cad; stroke-width: 1.2 } .chip { fill: #fff5d6; stroke: #c9991a }
  .arrow { fill: none; stroke: #57606a; stroke-width: 1.3 } .trusted { stroke: #1a7f37 } .page-edge { stroke-dasharray: 7 4 } .fault { stroke: #cf222e; stroke-dasharray: 2 4 } .head { fill: #57606a; fill: context-stroke } .broken { stroke: #cf222e; stroke-width: 2.4 }
  .space-0 { fill: #e6f4ea } .space-1 { fill: #fdebd8 } .space-2 { fill: #efe6fb } .space-3 { fill: #fbe4ee } .space-4 { fill: #ddf2f4 }
  text { font-family: ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace; text-anchor: middle; fill: #1f2328 }
  .title { font-family: system-ui, 'DejaVu Sans', sans-serif; font-size: 17px; font-weight: 600; text-anchor: start }
  .name { font-size: 15px; font-weight: 700 } .detail, .device, .remark, .fault-text { font-size: 11px } .fault-text { fill: #cf222e } .broken-text { font-size: 11px; fill: #cf222e; text-anchor: start }
  .detail, .remark { fill: #59636e } .device { fill: #6b4e00 } .interface { font-size: 12px; fill: #0b5cad }
  @media (prefers-color-scheme: dark) {
    .page { fill: #0d1117 } .box { fill: #161b22; stroke: #8b949e } .ground { fill: #121d2f; stroke: #4493f8 }
    .space-0 { fill: #10281a } .space-1 { fill: #33230f } .space-2 { fill: #251a38 } .space-3 { fill: #351526 } .space-4 { fill: #0c2b2f }
    .chip { fill: #2b2410; stroke: #9e7a15 } .arrow { stroke: #8b949e } .trusted { stroke: #3fb950 } .fault { stroke: #f85149 } .fault-text, .broken-text { fill: #f85149 } .head { fill: #8b949e; fill: context-stroke }
    text { fill: #e6edf3 } .detail, .remark { fill: #9198a1 } .device { fill: #e3b341 } .interface { fill: #4493f8 }
  }
";

/// Colours for address spaces that components share: two spaces of one colour are told apart by their names.
const SPACES: usize = 5;

/// The picture.
pub fn write(plan: &Plan, rows: &Rows, places: &Places) -> String {
    let title = escape(&plan.title);
    let width_of = |text: &String, size: f64| size * text.chars().count() as f64;
    let below = plan.elsewhere.iter().map(|text| width_of(text, 6.8)).fold(0.0, f64::max);
    let width = (places.size.0.max(width_of(&plan.title, 10.0)).max(below) + 2.0 * MARGIN).ceil();
    let bottom = places.size.1 + TITLE + 2.0 * MARGIN;
    let height = (bottom + LINE * plan.elsewhere.len() as f64).ceil();
    let mut picture = Picture { text: String::new(), left: (width - places.size.0) / 2.0, top: MARGIN + TITLE };
    picture.line(format_args!(
        r#"<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" role="img">"#
    ));
    picture.line(format_args!("<title>{title}</title>"));
    picture.line(format_args!("<desc>An arrow points from a component to one that it calls; it is dashed where calls are posted to a page, and dotted where it is called for faults alone. Costs are in instructions.</desc>"));
    picture.line(format_args!("<style>{STYLE}</style>"));
    picture.line(format_args!(
        r#"<defs><marker id="head" viewBox="0 0 8 8" refX="7.5" refY="4" markerWidth="8" markerHeight="8" orient="auto-start-reverse"><path class="head" d="M0 .8 8 4 0 7.2z"/></marker></defs>"#
    ));
    picture.line(format_args!(r#"<rect class="page" width="{width}" height="{height}"/>"#));
    picture.line(format_args!(r#"<text class="title" x="{MARGIN}" y="{}">{title}</text>"#, MARGIN + 12.0));
    for (arrow, chain) in rows.chains.iter().enumerate() {
        picture.arrow(plan, rows, places, arrow, chain);
    }
    for (arrow, chain) in plan.arrows.iter().zip(&rows.chains) {
        picture.open("label", &ends(arrow));
        picture.label(arrow, rows, places, chain[1]);
        picture.close(&arrow.breaks);
    }
    for (at, node) in plan.boxes.iter().enumerate() {
        picture.open("node", &format!(r#" data-node="{at}""#));
        picture.node(node, places, at, rows.items[at].row);
        picture.close(&node.breaks);
    }
    for (number, text) in plan.elsewhere.iter().enumerate() {
        let y = bottom + LINE * number as f64 - MARGIN / 2.0;
        picture.line(format_args!(r#"<text class="broken-text" x="{MARGIN}" y="{y:.1}">{}</text>"#, escape(text)));
    }
    picture.text + "</svg>\n"
}

struct Picture {
    text: String,
    left: f64,
    top: f64,
}

impl Picture {
    fn line(&mut self, line: std::fmt::Arguments<'_>) {
        // Writing to a string does not fail.
        _ = writeln!(self.text, "{line}");
    }

    /// Starts what belongs to one thing.
    fn open(&mut self, class: &str, data: &str) {
        self.line(format_args!(r#"<g class="{class}-group"{data}>"#));
    }

    /// Ends it; what is wrong with it is told to whoever points at it.
    fn close(&mut self, breaks: &[String]) {
        if !breaks.is_empty() {
            self.line(format_args!("<title>{}</title>", escape(&breaks.join("\n"))));
        }
        self.line(format_args!("</g>"));
    }

    fn node(&mut self, node: &Node, places: &Places, at: usize, row: usize) {
        let (row_top, row_height) = places.rows[row];
        let (width, height) = if node.is_ground { (places.size.0, node.size.1) } else { node.size };
        let centre = self.left + if node.is_ground { places.size.0 / 2.0 } else { places.x[at] };
        let y = self.top + row_top + (row_height - height) / 2.0;
        let class = match (node.is_ground, node.breaks.is_empty()) {
            (true, _) => "ground",
            (false, true) => "box",
            (false, false) => "box broken",
        };
        let space = node.space.map_or_else(String::new, |space| format!(" space-{}", space % SPACES));
        self.line(format_args!(
            r#"<rect class="{class}{space}" x="{:.1}" y="{y:.1}" width="{width:.1}" height="{height:.1}" rx="7"/>"#,
            centre - width / 2.0
        ));
        self.lines(&node.lines, centre, y + 4.5);
    }

    fn lines(&mut self, lines: &[Line], centre: f64, top: f64) {
        let mut base = top;
        for line in lines {
            base += line.style.leading();
            if line.style == Style::Device {
                let width = line.width() + 12.0;
                self.line(format_args!(
                    r#"<rect class="chip" x="{:.1}" y="{:.1}" width="{width:.1}" height="17" rx="3"/>"#,
                    centre - width / 2.0,
                    base - 12.5
                ));
            }
            let class = class(line.style);
            self.line(format_args!(
                r#"<text class="{class}" x="{centre:.1}" y="{base:.1}">{}</text>"#,
                escape(&line.text)
            ));
        }
    }

    /// The label lies on its arrow, which is hidden behind it.
    fn label(&mut self, arrow: &Arrow, rows: &Rows, places: &Places, item: usize) {
        let (row_top, row_height) = places.rows[rows.items[item].row];
        let (width, height) = size(&arrow.lines);
        let (centre, y) = (self.left + places.x[item], self.top + row_top + (row_height - height) / 2.0);
        self.line(format_args!(
            r#"<rect class="page" x="{:.1}" y="{:.1}" width="{:.1}" height="{:.1}" rx="4"/>"#,
            centre - width / 2.0 + 10.0,
            y + 6.0,
            width - 20.0,
            height - 12.0
        ));
        self.lines(&arrow.lines, centre, y + 5.0);
    }

    fn arrow(&mut self, plan: &Plan, rows: &Rows, places: &Places, arrow: usize, chain: &[usize]) {
        let (Some(client), Some(server)) = (chain.first(), chain.last()) else { return };
        let bottom = |at: usize| self.top + middle(places, rows, at) + rows.items[at].size.1 / 2.0;
        let top = |at: usize| self.top + middle(places, rows, at) - rows.items[at].size.1 / 2.0;
        let (start, end) = places.ends[arrow];
        let mut pen = Pen::new(self.left + start, bottom(*client));
        for item in chain.iter().skip(1).take(chain.len().saturating_sub(2)) {
            let (row_top, height) = places.rows[rows.items[*item].row];
            pen.curve(self.left + places.x[*item], self.top + row_top);
            pen.down(self.top + row_top + height);
        }
        pen.curve(self.left + end, top(*server));
        let arrow = &plan.arrows[arrow];
        let head = if arrow.is_reversed { "start" } else { "end" };
        self.line(format_args!(
            r#"<path class="arrow{}"{} marker-{head}="url(#head)" d="{}"/>"#,
            kinds(arrow),
            ends(arrow),
            pen.path
        ));
    }
}

fn kinds(arrow: &Arrow) -> String {
    let all = [
        (arrow.is_trusted, " trusted"),
        (arrow.has_page, " page-edge"),
        (arrow.is_fault, " fault"),
        (!arrow.breaks.is_empty(), " broken"),
    ];
    all.into_iter().filter(|(is, _)| *is).map(|(_, class)| class).collect()
}

/// What a script finds an arrow by.
fn ends(arrow: &Arrow) -> String {
    let (client, server) = arrow.direction();
    format!(r#" data-from="{client}" data-to="{server}""#)
}

/// The middle of an item's row.
fn middle(places: &Places, rows: &Rows, at: usize) -> f64 {
    let (top, height) = places.rows[rows.items[at].row];
    top + height / 2.0
}

/// Draws one line, downwards.
struct Pen {
    path: String,
    at: (f64, f64),
}

impl Pen {
    fn new(x: f64, y: f64) -> Self {
        Self { path: format!("M{x:.1} {y:.1}"), at: (x, y) }
    }

    fn curve(&mut self, x: f64, y: f64) {
        let middle = f64::midpoint(self.at.1, y);
        _ = write!(self.path, " C{:.1} {middle:.1} {x:.1} {middle:.1} {x:.1} {y:.1}", self.at.0);
        self.at = (x, y);
    }

    fn down(&mut self, y: f64) {
        _ = write!(self.path, " V{y:.1}");
        self.at.1 = y;
    }
}

const fn class(style: Style) -> &'static str {
    match style {
        Style::Name => "name",
        Style::Detail => "detail",
        Style::Device => "device",
        Style::Interface => "interface",
        Style::Remark => "remark",
        Style::Fault => "fault-text",
    }
}
