//! Bars: how long each figure is beside the others.

use std::fmt::Write;

use super::super::peer::PEERS;
use super::super::result::Measured;
use super::super::scaling::Scaling;

/// Where bars begin; names stand to the left.
const LEFT: f64 = 215.0;

/// The length of the longest bar.
const LENGTH: f64 = 560.0;

/// The whole picture's width: figures stand behind the bars.
const WIDTH: f64 = 885.0;

/// The height of one bar, and from one to the next.
const HEIGHT: f64 = 11.0;
const STEP: f64 = 14.0;

/// What stands between the bars of one row and those of the next.
const GAP: f64 = 10.0;

/// A bar.
struct Bar {
    /// Which colour it has.
    class: &'static str,
    /// What it is of, for those who point at it.
    title: String,
    length: f64,
    text: String,
}

/// Several bars with one name.
struct Group {
    name: String,
    bars: Vec<Bar>,
}

/// Which colour is whose.
pub fn legend() -> String {
    let [composite, sel4] = PEERS.map(|peer| peer.name);
    let many = format!("{sel4}, kernel for many cores");
    let entries = [("ours", "Tessera"), ("floor", "floor"), ("peer1", composite), ("peer2", sel4), ("peer3", &many)];
    let entries = entries.map(|(class, name)| format!("<span><i class=\"{class}\"></i>{name}</span>\n"));
    format!("<p class=\"legend\">\n{}</p>\n", entries.concat())
}

/// The bars of these rows, with their floors among `all`, and of their peers.
pub fn chart(rows: &[&Measured], all: &[Measured]) -> String {
    let groups: Vec<_> = rows.iter().map(|row| group(row, all)).collect();
    draw(&groups, "instructions", TOO_LONG * median(rows))
}

/// Bars this many times as long as ours are in the middle are cut: they would make all others too short to see.
const TOO_LONG: f64 = 10.0;

fn median(rows: &[&Measured]) -> f64 {
    let mut ours: Vec<_> = rows.iter().map(|row| row.instructions()).collect();
    ours.sort_unstable_by(f64::total_cmp);
    ours.get(ours.len() / 2).copied().unwrap_or(0.0)
}

fn group(row: &Measured, all: &[Measured]) -> Group {
    let mut bars = vec![bar("ours", "Tessera", row.instructions())];
    let floor = all.iter().find(|other| Some(other.row.name) == row.row.floor);
    bars.extend(floor.map(|floor| bar("floor", floor.row.name, floor.instructions())));
    for (peer, class) in PEERS.iter().zip(["peer1", "peer2"]) {
        let Some(figure) = peer.beside(row.row.name) else { continue };
        bars.push(bar(class, peer.name, figure.instructions as f64));
        let many = figure.many_cores.map(|many| bar("peer3", &format!("{}, many cores", peer.name), many as f64));
        bars.extend(many);
    }
    Group { name: row.row.name.to_owned(), bars }
}

fn bar(class: &'static str, title: &str, length: f64) -> Bar {
    Bar { class, title: title.to_owned(), length, text: short(length) }
}

/// How many calls so many cores make.
pub fn cores(scaling: &[Scaling]) -> String {
    let groups: Vec<_> = scaling.iter().map(of_cores).collect();
    draw(&groups, "calls in a second", f64::INFINITY)
}

fn of_cores(scaling: &Scaling) -> Group {
    let name = if scaling.cores == 1 { "1 core".to_owned() } else { format!("{} cores", scaling.cores) };
    let title = format!("{} instructions a call", scaling.instructions);
    let text = format!("{} a second, {title}", short(scaling.calls_per_second));
    Group { name, bars: vec![Bar { class: "ours", title, length: scaling.calls_per_second, text }] }
}

/// A figure with three digits that count.
fn short(figure: f64) -> String {
    match figure {
        millions if millions >= 1e6 => format!("{:.1} M", millions / 1e6),
        thousands if thousands >= 1e5 => format!("{:.0} k", thousands / 1e3),
        figure if figure.fract().abs() > 0.01 => format!("{figure:.1}"),
        figure => format!("{figure:.0}"),
    }
}

/// The picture. Bars longer than `limit` are cut there, and end in a break.
fn draw(groups: &[Group], unit: &str, limit: f64) -> String {
    let longest = groups.iter().flat_map(|group| &group.bars).map(|bar| bar.length).fold(1.0, f64::max).min(limit);
    let (mut y, mut inside) = (GAP / 2.0, String::new());
    for group in groups {
        let _ = writeln!(
            inside,
            "<text class=\"name\" x=\"{}\" y=\"{:.1}\">{}</text>",
            LEFT - 8.0,
            y + HEIGHT - 1.5,
            group.name
        );
        for bar in &group.bars {
            inside.push_str(&draw_bar(bar, y, longest));
            y += STEP;
        }
        y += GAP;
    }
    format!(
        "<figure>\n<svg viewBox=\"0 0 {WIDTH} {y}\" role=\"img\" aria-label=\"Bars, in {unit}\">\n{inside}</svg>\n</figure>\n"
    )
}

fn draw_bar(bar: &Bar, y: f64, longest: f64) -> String {
    let is_cut = bar.length > longest;
    let length = (LENGTH * bar.length.min(longest) / longest).max(1.0);
    let end = LEFT + length;
    let mut drawn = format!(
        "<rect class=\"{}\" x=\"{LEFT}\" y=\"{y:.1}\" width=\"{length:.1}\" height=\"{HEIGHT}\" rx=\"1.5\"><title>{}: {}</title></rect>\n",
        bar.class, bar.title, bar.text
    );
    if is_cut {
        let (from, top) = (end - 24.0, y - 1.0);
        let _ = writeln!(drawn, "<path class=\"cut\" d=\"M{from:.1} {:.1}l8 -13h6l-8 13z\"/>", top + 13.0);
    }
    let _ = writeln!(drawn, "<text x=\"{:.1}\" y=\"{:.1}\">{}</text>", end + 5.0, y + HEIGHT - 1.5, bar.text);
    drawn
}

#[cfg(test)]
mod tests {
    use super::super::super::result::tests::measured;
    use super::*;

    #[test]
    fn bars_are_as_long_as_their_figures_say() {
        let rows = [measured("floor_sinv_raw", 35, &[]), measured("sinv_raw", 70, &[])];
        let chart = chart(&[&rows[1]], &rows);
        // Composite's 449 are the longest.
        let width = |instructions: f64| format!("width=\"{:.1}\"", LENGTH * instructions / 449.0);
        for instructions in [35.0, 70.0, 449.0] {
            assert!(chart.contains(&width(instructions)), "{instructions}: {chart}");
        }
        assert!(!chart.contains("cut"), "{chart}");
    }

    #[test]
    fn what_is_too_long_is_cut() {
        let rows = [measured("boot_to_first_component", 300_000, &[])];
        let chart = chart(&[&rows[0]], &rows);
        assert_eq!(chart.matches("class=\"cut\"").count(), 2, "{chart}");
        assert!(chart.contains(">563.0 M<"), "{chart}");
    }
}
