//! Tables that fit the terminal.

use std::io::{self, Write};

use crate::render::Paint;
use crate::render::text::{columns, unbroken, wrap};

/// Columns are not made narrower than this, nor than their longest words; a table that needs more
/// flows over the edge.
const NARROWEST: usize = 8;
/// Spaces between two columns.
const GAP: usize = 2;

/// Rows of cells under a heading.
#[derive(Debug, Default)]
pub(crate) struct Table {
    heading: Vec<String>,
    rows: Vec<Vec<String>>,
    indent: usize,
}

impl Table {
    /// Makes an empty table with these columns.
    pub(crate) fn new<S: Into<String>>(heading: impl IntoIterator<Item = S>) -> Self {
        let heading = heading.into_iter().map(Into::into).collect();
        Self { heading, rows: Vec::new(), indent: 0 }
    }

    /// Sets how far to the right it stands.
    pub(crate) fn indented(mut self, indent: usize) -> Self {
        self.indent = indent;
        self
    }

    /// Adds a row.
    pub(crate) fn row<S: Into<String>>(&mut self, cells: impl IntoIterator<Item = S>) {
        let cells = cells.into_iter().map(Into::into);
        // Cells stand in one line each, and cannot play with the terminal.
        self.rows.push(cells.map(|cell| crate::render::plain(&cell).into_owned()).collect());
    }

    /// Writes it, fitted to a width where there is one. Cells that do not fit are wrapped.
    pub(crate) fn write(
        &self,
        out: &mut dyn Write,
        width: Option<usize>,
        paint: Paint,
    ) -> io::Result<()> {
        let widths = self.widths(width);
        let heading = self.heading.iter().any(|title| !title.is_empty());
        let heading = heading.then_some(&self.heading);
        for (number, row) in heading.into_iter().chain(&self.rows).enumerate() {
            let is_heading = heading.is_some() && number == 0;
            let cells: Vec<Vec<String>> =
                row.iter().zip(&widths).map(|(cell, &width)| wrap(cell, width)).collect();
            for line in 0..cells.iter().map(Vec::len).max().unwrap_or(0) {
                let mut blank = self.indent;
                for (column, (cell, width)) in cells.iter().zip(&widths).enumerate() {
                    let text = cell.get(line).map_or("", String::as_str);
                    if !text.is_empty() {
                        // More than that `format` does not take.
                        write!(out, "{:1$}", "", blank.min(usize::from(u16::MAX)))?;
                        match (is_heading, column) {
                            (true, _) => write!(out, "{}", paint.strong(text))?,
                            (false, 0) => write!(out, "{}", paint.name(text))?,
                            (false, _) => write!(out, "{text}")?,
                        }
                        blank = 0;
                    }
                    blank += width.saturating_sub(columns(text)) + GAP;
                }
                writeln!(out)?;
            }
        }
        Ok(())
    }

    /// The widths of the columns: what they need, or less of the widest when there is no room. Words
    /// stay whole; the lines run over when that leaves no room.
    fn widths(&self, width: Option<usize>) -> Vec<usize> {
        let count = self.rows.iter().map(Vec::len).max().unwrap_or(0).max(self.heading.len());
        let widest = |measure: &dyn Fn(&str) -> usize| -> Vec<usize> {
            let of = |column: usize| {
                let cells = self.rows.iter().chain([&self.heading]).filter_map(|r| r.get(column));
                cells.map(|cell| measure(cell)).max().unwrap_or(0)
            };
            (0..count).map(of).collect()
        };
        let natural = widest(&columns);
        let Some(width) = width else { return natural };
        let room = width.saturating_sub(self.indent + GAP * count.saturating_sub(1));
        if room < natural.iter().map(|&own| own.min(NARROWEST)).sum() {
            return natural;
        }
        let floors = widest(&unbroken);
        let mut widths = natural;
        for _ in room..widths.iter().sum() {
            let shrinks = |column: &usize| widths[*column] > floors[*column].max(NARROWEST);
            // Of those that are equal the first.
            let widest = (0..count).rev().filter(shrinks).max_by_key(|&column| widths[column]);
            let Some(widest) = widest else { break };
            widths[widest] -= 1;
        }
        widths
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(width: Option<usize>, expected: &str) {
        let mut table = Table::new(["NAME", "PATH"]);
        table.row(["ContainerInspect", "/containers/{id}/json"]);
        table.row(["Ping", "/_ping"]);
        let mut out = Vec::new();
        table.write(&mut out, width, Paint::new(false)).unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }

    #[test]
    fn fits_or_flows() {
        let natural = "NAME              PATH\n\
                       ContainerInspect  /containers/{id}/json\n\
                       Ping              /_ping\n";
        check(None, natural);
        check(Some(39), natural);
        check(
            Some(34),
            "NAME              PATH\n\
             ContainerInspect  /containers/{id}\n\
             \x20                 /json\n\
             Ping              /_ping\n",
        );
        // Names stay whole, and lines run over where they must.
        for width in 18..=29 {
            check(
                Some(width),
                "NAME              PATH\n\
                 ContainerInspect  /containers\n\
                 \x20                 /{id}/json\n\
                 Ping              /_ping\n",
            );
        }
        // Too narrow for any table: lines flow.
        for width in [0, 1, 10, 17] {
            check(Some(width), natural);
        }
    }

    #[test]
    fn is_never_wider_than_it_may_be() {
        for width in 18..60 {
            let mut table = Table::new(["NAME", "PATH"]);
            table.row(["a ".repeat(50).trim(), &"/b".repeat(30)]);
            table.row(["c", "d"]);
            let mut out = Vec::new();
            table.write(&mut out, Some(width), Paint::new(false)).unwrap();
            let text = String::from_utf8(out).unwrap();
            assert!(text.lines().all(|line| line.chars().count() <= width), "{width}\n{text}");
            assert_eq!((text.matches('a').count(), text.matches('b').count()), (50, 30));
        }
    }

    #[test]
    fn columns_stand_below_each_other_whatever_is_in_them() {
        let mut table = Table::new(["NAME", "PATH"]);
        table.row(["全角", "/a"]);
        table.row(["abc", "/b"]);
        let mut out = Vec::new();
        table.write(&mut out, None, Paint::new(false)).unwrap();
        let expected = "NAME  PATH\n全角  /a\nabc   /b\n";
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }

    #[test]
    fn a_word_is_never_cut() {
        for width in 0..60 {
            let mut table = Table::new(["NAME", "NOTES"]);
            let (name, notes) = ("cloud-hypervisor", "the first-and-foremost of them all");
            table.row([name, notes]);
            let mut out = Vec::new();
            table.write(&mut out, Some(width), Paint::new(false)).unwrap();
            let text = String::from_utf8(out).unwrap();
            let words: Vec<&str> = text.split_whitespace().skip(2).collect();
            let mut expected = [name].into_iter().chain(notes.split(' '));
            assert!(expected.all(|word| words.contains(&word)), "{width}\n{text}");
        }
    }

    #[test]
    fn rows_may_be_of_any_length() {
        let mut table = Table::new(Vec::<String>::new()).indented(2);
        table.row(["a", "b"]);
        table.row(["c\x1b[2J"]);
        table.row(Vec::<String>::new());
        let mut out = Vec::new();
        table.write(&mut out, Some(80), Paint::new(false)).unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), "  a           b\n  c\\u{1b}[2J\n");
    }
}
