//! The report as one page for a browser, which needs nothing else.

use std::fmt::Display;

use super::owners::{Owners, USES};
use super::spaces::STANCE;
use super::text::kibibytes;
use super::threads::Entry;
use super::{Component, Disk, Memory, Report, words};
use crate::svg::escape;

const STYLE: &str = include_str!("page.css");

/// The page: the report, the picture of the graph, and the graph file, to which capabilities refer.
pub fn render(report: &Report, picture: &str, source: &str) -> String {
    let title = escape(&report.description);
    let components: String = report.components.iter().map(component).collect();
    let analyses = report.analyses.iter().map(|it| section("analysis", &it.title, &pre(&it.text)));
    let body = [
        section("overview", "Overview", &overview(report)),
        section("picture", "Who calls whom", &format!("<div class=\"picture\">{picture}</div>")),
        section("memory", "Memory", &memory(report)),
        section("owners", "Memory of the machine by owner", &owners(&report.owners)),
        section("spaces", "Address spaces", &spaces(report)),
        section("threads", "Threads", &threads(&report.threads)),
        section("components", "Components", &components),
        analyses.collect(),
        section("graph", "Graph file", &listing(source)),
    ]
    .concat();
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>{title}</title>\
         <meta name=\"viewport\" content=\"width=device-width\">\n<style>\n{STYLE}</style></head>\n<body>\n<h1>{title}</h1>\n{}{body}</body></html>\n",
        navigation(report)
    )
}

fn section(id: &str, title: &str, body: &str) -> String {
    format!("<section id=\"{id}\"><h2>{}</h2>\n{body}</section>\n", escape(title))
}

fn navigation(report: &Report) -> String {
    let sections = ["memory", "threads", "components", "graph"].map(|id| format!("<a href=\"#{id}\">{id}</a>"));
    let components = report.components.iter().map(|it| format!("<a href=\"#c{}\">{}</a>", it.index, escape(&it.name)));
    let components: String = components.collect();
    format!("<nav>{}</nav>\n<nav>{components}</nav>\n", sections.concat())
}

fn overview(report: &Report) -> String {
    let disk = match &report.disk {
        Disk::Bytes(bytes) => format!("{}, for BIOS and UEFI", kibibytes(*bytes)),
        Disk::Missing(why) => format!("none: {}", escape(why)),
    };
    let rows = [
        row(&["Components", &report.components.len().to_string()]),
        row(&["Kernel", &kibibytes(report.kernel_bytes).to_string()]),
        row(&["Bundle", &kibibytes(report.bundle_bytes).to_string()]),
        row(&["Disk image", &disk]),
        row(&["Memory at the start", &kibibytes(report.memory.total).to_string()]),
        row(&["Memory at run time", &kibibytes(report.quota_bytes).to_string()]),
        row(&["Memory of the machine", &kibibytes(report.machine_bytes).to_string()]),
    ];
    format!("<table>{}</table>\n", rows.concat())
}

/// A row of a table. The cells are HTML.
fn row(cells: &[&str]) -> String {
    let cells: String = cells.iter().map(|cell| format!("<td>{cell}</td>")).collect();
    format!("<tr>{cells}</tr>\n")
}

fn head(names: &[&str]) -> String {
    let names: String = names.iter().map(|name| format!("<th>{name}</th>")).collect();
    format!("<tr>{names}</tr>\n")
}

const PARTS: [&str; 5] = ["code", "constants", "data", "shared", "stacks"];

const fn parts(memory: &Memory) -> [u64; 5] {
    [memory.code, memory.constants, memory.data, memory.shared, memory.stacks]
}

fn memory(report: &Report) -> String {
    let most = report.components.iter().map(|it| it.memory.total).max().unwrap_or(0).max(1);
    let rows = report.components.iter().map(|it| memory_row(it, most));
    let names = PARTS.into_iter().chain(["without stacks", "total"]);
    let names: String = names.map(|name| format!("<th class=\"number\">{name}</th>")).collect();
    let sum = numbers(&report.memory);
    format!(
        "<table><tr><th>KiB</th>{names}<th></th><th class=\"number\">ELF file</th></tr>\n{}<tr><th>all</th>{sum}<td></td><td></td></tr></table>\n",
        rows.collect::<String>()
    )
}

fn numbers(memory: &Memory) -> String {
    kibibytes_of(parts(memory).into_iter().chain([memory.without_stacks, memory.total]))
}

fn kibibytes_of(all: impl IntoIterator<Item = u64>) -> String {
    all.into_iter().map(|bytes| format!("<td class=\"number\">{}</td>", bytes.div_ceil(1024))).collect()
}

fn owners(owners: &Owners) -> String {
    let names: String = USES.iter().map(|name| format!("<th class=\"number\">{name}</th>")).collect();
    let components = owners.components.iter();
    let components =
        components.map(|it| format!("<tr><td>{}</td>{}</tr>\n", escape(&it.name), kibibytes_of(it.uses())));
    let before = USES.len() - 1;
    let other = |(name, bytes): (&str, u64)| {
        format!("<tr><td>{name}</td><td colspan=\"{before}\"></td>{}</tr>\n", kibibytes_of([bytes]))
    };
    let rows = components.chain(owners.others().map(other));
    format!("<table><tr><th>KiB</th>{names}</tr>\n{}</table>\n", rows.collect::<String>())
}

fn memory_row(component: &Component, most: u64) -> String {
    let bars = parts(&component.memory).into_iter().zip(["code-part", "constants", "data", "shared", "stacks"]);
    let bars = bars.map(|(bytes, class)| {
        format!("<span class=\"{class}\" style=\"width:{:.1}%\"></span>", 100.0 * bytes as f64 / most as f64)
    });
    format!(
        "<tr><td>{}</td>{}<td><div class=\"bar\">{}</div></td><td class=\"number\">{:.1}</td></tr>\n",
        link(component),
        numbers(&component.memory),
        bars.collect::<String>(),
        component.file_bytes as f64 / 1024.0
    )
}

fn link(component: &Component) -> String {
    format!("<a href=\"#c{}\">{}</a>", component.index, escape(&component.name))
}

fn spaces(report: &Report) -> String {
    let items: String = report.address_spaces.iter().map(|it| format!("<li>{}</li>", escape(&it.describe()))).collect();
    format!("<ul>{items}<li>every other component has one of its own</li></ul>\n<p>{}</p>\n", escape(STANCE))
}

fn threads(threads: &[Entry]) -> String {
    let rows: String = threads.iter().map(thread).collect();
    let head = head(&["thread", "of", "core", "scheduler", "priority", "budget", "comes to"]);
    format!("<table>{head}{rows}</table>\n")
}

fn thread(entry: &Entry) -> String {
    let share = entry.share.map_or_else(String::new, |share| format!("{} of {} µs", share.budget, share.period));
    let of = if entry.created { format!("{}, if created", entry.component) } else { entry.component.clone() };
    row(&[
        &entry.thread.to_string(),
        &escape(&of),
        &entry.core.to_string(),
        &escape(entry.scheduler.as_deref().unwrap_or("—")),
        &entry.priority.map_or_else(|| "—".into(), |priority| priority.to_string()),
        &share,
        &escape(&entry.reaches.join(", ")),
    ])
}

fn component(it: &Component) -> String {
    let serves = if it.serves.is_empty() { "nothing".into() } else { escape(&it.serves.join(", ")) };
    let chain = escape(&it.stack_chain.join("\n"));
    let bound = it.stack_bound.map_or_else(String::new, |bytes| {
        format!("; uses at most <span title=\"{chain}\">{bytes} bytes</span> of a stack")
    });
    let gives = if it.gives_memory_to.is_empty() {
        String::new()
    } else {
        format!("; may give memory to {}", escape(&it.gives_memory_to.join(", ")))
    };
    let parameters =
        it.parameters.iter().map(|it| format!("; {} = {}", escape(&it.key), escape(&it.value.to_string())));
    format!(
        "<h3 id=\"c{}\">{}</h3>\n<p class=\"dim\">image <code>{}</code>, starts at <code>{:#x}</code>, serves {serves}{gives}{bound}{}</p>\n{}{}",
        it.index,
        escape(&it.name),
        escape(&it.image),
        it.entry,
        parameters.collect::<String>(),
        capabilities(it),
        details("memory map", &map(it)),
    )
}

fn details(summary: &str, body: &str) -> String {
    format!("<details><summary>{summary}</summary>{body}</details>\n")
}

fn capabilities(it: &Component) -> String {
    if it.capabilities.is_empty() {
        return "<p>no capabilities</p>\n".into();
    }
    let rows = it.capabilities.iter().map(|held| {
        let slot = if held.slot == 0 { String::new() } else { held.slot.to_string() };
        let line = held.line.map_or_else(String::new, |line| format!("<a href=\"#L{line}\">line {line}</a>"));
        row(&[&slot, &escape(&words::of(&held.grant)), &line])
    });
    format!("<table>{}{}</table>\n", head(&["slot", "permits", "granted by"]), rows.collect::<String>())
}

fn map(it: &Component) -> String {
    let rows = it.map.iter().map(|region| {
        let place = code(format_args!("{:#014x}", region.address));
        let size = kibibytes(region.bytes).to_string();
        row(&[&place, &code(region.rights), &size, &escape(&region.what)])
    });
    format!("<table>{}</table>", rows.collect::<String>())
}

fn code(text: impl Display) -> String {
    format!("<code>{text}</code>")
}

fn pre(text: &str) -> String {
    format!("<pre>{}</pre>\n", escape(text))
}

/// The graph file, a line each that can be linked to.
fn listing(source: &str) -> String {
    let lines = source
        .lines()
        .zip(1..)
        .map(|(line, number): (&str, u64)| format!("<span id=\"L{number}\"><b>{number}</b>{}</span>", escape(line)));
    format!("<pre class=\"source\">{}</pre>\n", lines.collect::<String>())
}
