//! The table: the same columns as on the terminal.

use super::super::peer::PEERS;
use super::super::result::Measured;
use super::super::table::{cycles, floor, footnote, in_so_many, per_operation, whole};
use super::escaped;

/// The table under its title.
pub fn section(rows: &[Measured]) -> String {
    let body: String = rows.iter().map(|row| line(row, rows)).collect();
    let note = footnote(rows).map_or(String::new(), |note| format!("<p class=\"small\">{}</p>\n", escaped(&note)));
    format!(
        "<h2>All figures</h2>\n<p>Instructions are counted twice, by the clock and one by one, and count only if both \
         agree. <em>Cycles</em> are an estimate, see below. The last figure is how long the emulator takes here, in \
         nanoseconds: mostly for what it does itself when page tables are switched.</p>\n\
         <div class=\"wide\">\n<table>\n<thead><tr>{}</tr></thead>\n<tbody>\n{body}</tbody>\n</table>\n</div>\n{note}",
        head()
    )
}

fn head() -> String {
    let [composite, sel4] = PEERS.map(|peer| peer.name);
    let figures = ["instructions", "floor", "target", composite, sel4, "cycles ≈", "emulated ns"];
    let figures = figures.map(|name| format!("<th class=\"n\">{name}</th>"));
    format!("<th>row</th>{}<th>privileged operations</th>", figures.concat())
}

fn line(row: &Measured, rows: &[Measured]) -> String {
    let target = row.row.target.map_or(String::new(), |target| target.to_string());
    let peers = PEERS.map(|peer| peer.beside(row.row.name).map_or(String::new(), |figure| figure.to_string()));
    let time = row.nanoseconds.map_or(String::new(), |time| whole(time, row));
    let [composite, sel4] = peers;
    let figures = [floor(row, rows), target, composite, sel4, cycles(row), time];
    let figures = figures.map(|figure| format!("<td class=\"n\">{figure}</td>"));
    format!(
        "<tr><td><code>{}</code></td><td class=\"n {}\">{}</td>{}<td class=\"small\">{}</td></tr>\n",
        row.row.name,
        verdict(row),
        per_operation(row.ticks, row),
        figures.concat(),
        escaped(&in_so_many(row))
    )
}

/// How a figure is shown that keeps its target, or misses it.
fn verdict(row: &Measured) -> &'static str {
    match row.row.target {
        Some(target) if row.instructions() > target as f64 => "missed",
        Some(_) => "kept",
        None => "",
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::result::tests::measured;
    use super::*;

    #[test]
    fn targets_are_kept_or_missed() {
        assert_eq!(verdict(&measured("sinv_raw", 75, &[])), "kept");
        assert_eq!(verdict(&measured("sinv_raw", 76, &[])), "missed");
        assert_eq!(verdict(&measured("floor_sinv_raw", 35, &[])), "");
    }

    #[test]
    fn an_estimate_that_rests_on_an_assumption_is_marked_and_the_mark_is_told() {
        let known = measured("asnd", 86, &[&[0x0f, 0x05]]);
        let assumed = measured("unmap", 154, &[&[0x0f, 0x01, 0x3f]]);
        let page = section(&[known.clone(), assumed]);
        for text in [">172<", ">308*<", ">* rests on a weight without a source: invlpg, cr4<"] {
            assert!(page.contains(text), "{text} is not in {page}");
        }
        assert!(!section(&[known]).contains("without a source"));
    }
}
