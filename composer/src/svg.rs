//! What pictures share: a page of SVG that is written line by line.

use std::fmt::{Arguments, Write as _};

/// A picture that is being written.
#[derive(Clone, Debug)]
pub struct Page {
    text: String,
}

impl Page {
    /// An empty page of this size, with a style sheet, and with texts for whoever cannot see it. A rectangle of class `page`
    /// covers it.
    pub fn new((width, height): (u64, u64), title: &str, description: &str, style: &str) -> Self {
        let mut page = Self { text: String::new() };
        page.line(format_args!(
            r#"<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" role="img">"#
        ));
        page.line(format_args!("<title>{}</title>", escape(title)));
        page.line(format_args!("<desc>{}</desc>", escape(description)));
        page.line(format_args!("<style>{style}</style>"));
        page.line(format_args!(r#"<rect class="page" width="{width}" height="{height}"/>"#));
        page
    }

    /// Writes a line.
    pub fn line(&mut self, line: Arguments<'_>) {
        // Writing to a string does not fail.
        let _ = writeln!(self.text, "{line}");
    }

    /// Writes a text of a class.
    pub fn text(&mut self, class: &str, (x, y): (f64, f64), text: &str) {
        self.line(format_args!(r#"<text class="{class}" x="{x:.1}" y="{y:.1}">{}</text>"#, escape(text)));
    }

    /// The whole picture.
    pub fn finish(mut self) -> String {
        self.text.push_str("</svg>\n");
        self.text
    }
}

/// The text as XML has it. Two characters are not allowed in XML in any form.
pub fn escape(text: &str) -> String {
    let mut escaped = String::new();
    for c in text.chars() {
        match c {
            '&' => escaped += "&amp;",
            '<' => escaped += "&lt;",
            '>' => escaped += "&gt;",
            '"' => escaped += "&quot;",
            '\u{fffe}' | '\u{ffff}' => escaped.push('\u{fffd}'),
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_is_written_is_text() {
        let mut page = Page::new((10, 20), "<a> & \"b\"", "c", "");
        page.text("name", (1.0, 2.5), "</svg>\u{ffff}");
        let picture = page.finish();
        assert!(picture.contains("<title>&lt;a&gt; &amp; &quot;b&quot;</title>"));
        assert!(picture.contains(r#"<text class="name" x="1.0" y="2.5">&lt;/svg&gt;"#));
        assert_eq!(picture.matches("</svg>").count(), 1);
    }
}
