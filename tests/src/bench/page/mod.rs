//! The results as one page for a browser: a table, bars, and where every figure of others comes from. It needs no script
//! and nothing beside it.

mod bars;
mod table;

use super::derived::{Derived, derived};
use super::peer::PEERS;
use super::recorded::Figures;
use super::result::{Document, Measured};
use super::row::Group;
use super::scaling::Scaling;
use super::store::Way;
use super::weight::{MARK, Source, WEIGHTS};

/// The whole page.
pub fn page(document: &Document, rows: &[Measured], scaling: &[Scaling]) -> String {
    let together = together(rows) + &store(&document.store);
    let body =
        [introduction(document), groups(rows), cores(scaling), together, table::section(rows), notes(), weights()]
            .concat();
    let style = include_str!("style.css");
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <title>Tessera: what everything costs</title>\n<style>\n{style}</style>\n</head>\n<body>\n<main>\n{body}</main>\n\
         </body>\n</html>\n"
    )
}

/// Text that a browser shows as it is.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

fn introduction(document: &Document) -> String {
    format!(
        "<h1>What everything costs</h1>\n\
         <p>Each figure is the number of <strong>instructions</strong> of one operation, by the clock of an emulator that \
         advances by one for each. It repeats itself to the last instruction, on any machine. Shorter is better. The \
         <em>floor</em> is the same crossing written by hand without any check; no kernel can go below it.</p>\n\
         <p class=\"small\">{}; commit {}.</p>\n",
        escaped(&document.key.to_string()),
        escaped(&document.commit)
    )
}

fn groups(rows: &[Measured]) -> String {
    let charts = Group::ALL.iter().filter(|group| **group != Group::Floors).map(|group| {
        let shown: Vec<_> = rows.iter().filter(|row| row.row.group == *group).collect();
        if shown.is_empty() {
            return String::new();
        }
        format!("<h2>{}</h2>\n{}", group.title(), bars::chart(&shown, rows))
    });
    format!("{}{}", bars::legend(), charts.collect::<String>())
}

fn cores(scaling: &[Scaling]) -> String {
    if scaling.is_empty() {
        return String::new();
    }
    format!(
        "<h2>Many cores</h2>\n<p>Calls in a second, by independent components on so many virtual cores at once. This is \
         the emulator's time on this host, which shares its own cores among them; it shows that nothing is shared, not \
         how fast a processor is. The instructions of a call are the same on all.</p>\n{}",
        bars::cores(scaling)
    )
}

/// What rows come to together.
fn together(rows: &[Measured]) -> String {
    let derived = derived(&Figures::of(rows));
    let line = |one: &Derived| {
        let class = if one.is_kept() { "kept" } else { "missed" };
        let (name, value, limit) = (one.figure.name, one.value, one.figure.limit);
        format!(
            "<tr><td><code>{name}</code></td><td class=\"n {class}\">{value:.3}</td><td class=\"n\">{limit}</td></tr>\n"
        )
    };
    section("What rows come to", &["figure", "value", "at most"], derived.iter().map(line).collect())
}

/// What the store makes of each way of calling.
fn store(ways: &[Way]) -> String {
    let line = |way: &Way| {
        let (name, instructions, cycles, batch) =
            (escaped(&way.name), way.per_million_instructions, way.per_million_cycles, way.batch);
        let figures = [instructions, cycles, batch].map(|figure| format!("<td class=\"n\">{figure}</td>")).concat();
        format!("<tr><td>{name}</td>{figures}</tr>\n")
    };
    let head = ["calls", "operations in a million instructions", "in a million cycles ≈", "to an invocation"];
    section("A key-value store and its customers", &head, ways.iter().map(line).collect())
}

/// A table under its title, if it has lines.
fn section(title: &str, head: &[&str], lines: String) -> String {
    if lines.is_empty() {
        return lines;
    }
    let head: String = head.iter().map(|name| format!("<th>{name}</th>")).collect();
    format!(
        "<h2>{title}</h2>\n<table class=\"narrow\">\n<thead><tr>{head}</tr></thead>\n<tbody>\n{lines}</tbody>\n</table>\n"
    )
}

fn notes() -> String {
    let peers = PEERS.map(|peer| {
        let notes = peer.figures.iter().filter(|(_, figure)| !figure.note.is_empty());
        let notes = notes.map(|(row, figure)| format!("<li><code>{row}</code>: {}</li>\n", escaped(figure.note)));
        let notes: String = notes.collect();
        format!("<h3>{}</h3>\n<p>{}</p>\n<ul class=\"small\">\n{notes}</ul>\n", peer.name, escaped(peer.source))
    });
    format!("<h2>Where the figures of others come from</h2>\n{}", peers.concat())
}

fn weights() -> String {
    let rows = WEIGHTS.iter().map(|weight| {
        let (name, cycles, source) = (weight.name, weight.cycles, weight.source.name());
        let mark = if weight.source == Source::Assumed { MARK } else { "" };
        format!("<tr><td><code>{name}</code></td><td class=\"n\">{cycles}{mark}</td><td>{source}</td></tr>\n")
    });
    let sources = Source::ALL.map(|source| format!("<dt>{}</dt><dd>{}</dd>\n", source.name(), escaped(source.text())));
    format!(
        "<h2>What the estimate in cycles rests on</h2>\n<p>An ordinary instruction counts for one cycle, these for more. \
         It is an estimate for an Intel Skylake without mitigations and with warm caches, from figures that others have \
         published, but for those marked {MARK}, which are assumed; nobody has measured it. It shows where the cost \
         lies.</p>\n\
         <table class=\"narrow\">\n<thead><tr><th>operation</th><th class=\"n\">cycles</th><th>source</th></tr></thead>\n\
         <tbody>\n{}</tbody>\n</table>\n<dl class=\"small\">\n{}</dl>\n",
        rows.collect::<String>(),
        sources.concat()
    )
}

#[cfg(test)]
mod tests {
    use super::super::result::tests::{key, measured};
    use super::*;

    fn shown(rows: &[Measured]) -> String {
        let scaling = [Scaling { cores: 2, calls_per_second: 1234.0, instructions: 73 }];
        let way = |name: &str| Way {
            name: name.to_owned(),
            per_million_instructions: 4105.0,
            per_million_cycles: 3848.0,
            batch: 48.0,
        };
        let document = Document { store: vec![way("by <page>")], ..Document::new(key(), "abc<def".into(), rows) };
        page(&document, rows, &scaling)
    }

    #[test]
    fn the_page_has_every_row_every_peer_and_every_source() {
        let rows = [measured("floor_sinv_raw", 35, &[]), measured("sinv_raw", 73, &[&[0x0f, 0x05]])];
        let page = shown(&rows);
        for text in ["floor_sinv_raw", ">73<", ">35<", ">449<", "syscall ×1", "abc&lt;def", "2 cores", ">200*<"] {
            assert!(page.contains(text), "{text} is not in {page}");
        }
        for text in PEERS.map(|peer| peer.source).into_iter().chain(Source::ALL.map(Source::text)) {
            assert!(page.contains(&escaped(text)), "{text}");
        }
    }

    #[test]
    fn what_rows_come_to_and_what_the_store_makes_of_it_is_shown() {
        let page = shown(&[measured("sinv_stub", 100, &[]), measured("page_serve_b1", 64 * 350, &[])]);
        let shown = "<code>page_serve_b1_of_direct</code></td><td class=\"n missed\">3.500</td><td class=\"n\">3</td>";
        for text in [shown, "by &lt;page&gt;", ">4105<", ">3848<", ">48<"] {
            assert!(page.contains(text), "{text} is not in {page}");
        }
    }

    #[test]
    fn the_page_needs_no_script_and_nothing_beside_it() {
        let page = shown(&[measured("sinv_raw", 73, &[])]);
        for text in ["<script", "http:", "https:", "src=", "<link", "@import", "url("] {
            assert!(!page.contains(text), "{text}");
        }
    }

    #[test]
    fn every_element_is_closed() {
        let page = shown(&[measured("floor_sinv_raw", 35, &[]), measured("sinv_raw", 73, &[])]);
        for element in ["table", "tr", "td", "th", "svg", "text", "p", "ul", "li", "dl", "h2", "title", "figure"] {
            let opened = page.matches(&format!("<{element}>")).count() + page.matches(&format!("<{element} ")).count();
            assert_eq!(opened, page.matches(&format!("</{element}>")).count(), "{element}");
        }
    }
}
