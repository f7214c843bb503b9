//! Lines at the end of the terminal that are drawn again and again.
//!
//! Between two drawings the cursor stands at the beginning of the line below them and nothing is
//! hidden or switched, so that a run may end at any moment and leaves a terminal in order. Only
//! standard error is drawn on.

use std::env;
use std::fmt::Write as _;
use std::fs::File;
use std::io::{IsTerminal as _, Write as _, stderr, stdout};
use std::os::fd::AsFd as _;
use std::os::unix::fs::FileTypeExt as _;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use terminal_size::{Height, Width, terminal_size_of};

use crate::render::text::columns;

/// How long a drawing stands at least.
pub(crate) const PERIOD: Duration = Duration::from_millis(100);

/// What is drawn at present.
static REGION: Mutex<Region> = Mutex::new(Region { widths: Vec::new() });

/// How much room there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Size {
    /// Characters of a line. The last column stays free: what a terminal does when it is written
    /// to differs.
    pub(crate) columns: usize,
    /// Lines that can be drawn: all but that of the cursor.
    pub(crate) rows: usize,
}

impl Size {
    /// Measures a terminal anew, since people change it.
    pub(crate) fn now() -> Self {
        let (Width(columns), Height(rows)) =
            terminal_size_of(stderr()).unwrap_or((Width(80), Height(24)));
        Self::of(columns.into(), rows.into())
    }

    /// What a terminal of so many columns and rows has room for.
    pub(crate) fn of(columns: usize, rows: usize) -> Self {
        Self { columns: columns.saturating_sub(1).max(1), rows: rows.saturating_sub(1).max(1) }
    }
}

/// Tells whether standard error is a terminal that can move its cursor, and that nobody else writes
/// to meanwhile. One that does not say what it is cannot; the reader of a pipe may well write to it.
pub(crate) fn is_drawable() -> bool {
    stderr().is_terminal()
        && env::var_os("TERM").is_some_and(|term| !term.is_empty() && term != "dumb")
        && !is_piped()
}

fn is_piped() -> bool {
    let file = stdout().as_fd().try_clone_to_owned().map(File::from);
    let kind = file.and_then(|file| file.metadata()).map(|metadata| metadata.file_type());
    kind.is_ok_and(|kind| kind.is_fifo() || kind.is_socket())
}

/// Draws lines in place of those that are there. They fit and hold no control characters.
pub(crate) fn draw(lines: &[String]) {
    let size = Size::now();
    put(&region().replace(lines, size));
}

/// Takes the lines away, so that something else can be written.
pub(crate) fn erase() {
    let mut region = region();
    if !region.widths.is_empty() {
        put(&region.replace(&[], Size::now()));
    }
}

/// Lets the lines stand for good.
pub(crate) fn keep() {
    region().widths.clear();
}

fn region() -> MutexGuard<'static, Region> {
    REGION.lock().unwrap_or_else(PoisonError::into_inner)
}

/// In one piece, so that a run that ends meanwhile leaves no half of it.
fn put(sequence: &str) {
    // Nobody sees it, then.
    let _ = stderr().write_all(sequence.as_bytes());
}

/// The lines that are drawn, as far as they matter for taking them away.
#[derive(Debug, Default)]
pub(crate) struct Region {
    widths: Vec<usize>,
}

impl Region {
    /// Returns what puts lines in place of those that are there.
    pub(crate) fn replace(&mut self, lines: &[String], size: Size) -> String {
        let mut out = String::new();
        // Most terminals break lines that have become too long for them.
        let width = size.columns + 1;
        let up: usize = self.widths.iter().map(|own| own.div_ceil(width).max(1)).sum();
        if up > 0 {
            // Writing to a string cannot fail.
            let _ = write!(out, "\x1b[{up}A\r");
        }
        for line in lines {
            let _ = writeln!(out, "{line}\x1b[K");
        }
        out += "\x1b[J";
        self.widths = lines.iter().map(|line| columns(line)).collect();
        out
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZero;

    use super::*;

    /// A region, and the terminal that it is drawn on.
    struct Drawn {
        region: Region,
        terminal: vt100::Parser,
    }

    impl Drawn {
        fn on(columns: u16, rows: u16, before: &str) -> Self {
            let [rows, columns] = [rows, columns].map(|size| NonZero::new(size).unwrap());
            let mut terminal = vt100::Parser::new(rows, columns, 100);
            terminal.process(before.as_bytes());
            Self { region: Region::default(), terminal }
        }

        fn draw(&mut self, lines: &[&str]) {
            let (rows, columns) = self.terminal.screen().size();
            let lines: Vec<String> = lines.iter().map(|&line| line.into()).collect();
            let sequence =
                self.region.replace(&lines, Size::of(columns.get().into(), rows.get().into()));
            // A terminal makes a line break of a feed.
            self.terminal.process(sequence.replace('\n', "\r\n").as_bytes());
            assert!(!self.terminal.screen().hide_cursor());
        }

        #[track_caller]
        fn check(&self, expected: &str, cursor: (u16, u16)) {
            assert_eq!(self.terminal.screen().contents(), expected);
            assert_eq!(self.terminal.screen().cursor_position(), cursor);
        }
    }

    #[test]
    fn lines_replace_those_before_and_nothing_else() {
        let mut drawn = Drawn::on(20, 6, "$ pull\r\n");
        drawn.draw(&["one: waiting", "two: a longer line"]);
        drawn.check("$ pull\none: waiting\ntwo: a longer line", (3, 0));
        drawn.draw(&["one: done", "two: short", "three"]);
        drawn.check("$ pull\none: done\ntwo: short\nthree", (4, 0));
        drawn.draw(&["one"]);
        drawn.check("$ pull\none", (2, 0));
        drawn.draw(&[]);
        drawn.check("$ pull", (1, 0));
    }

    #[test]
    fn at_the_bottom_the_terminal_scrolls_once() {
        let mut drawn = Drawn::on(20, 4, "1\r\n2\r\n3\r\n");
        for step in ["a", "b", "c"] {
            drawn.draw(&[step, "last"]);
            drawn.check(&format!("3\n{step}\nlast"), (3, 0));
        }
    }

    #[test]
    fn as_many_lines_as_there_is_room_for() {
        let mut drawn = Drawn::on(20, 4, "before\r\n");
        for step in ["a", "b", "c"] {
            drawn.draw(&[step, "two", "three"]);
            drawn.check(&format!("{step}\ntwo\nthree"), (3, 0));
        }
    }

    /// The terminal breaks the lines that are there, as most do; vt100 does not, so that they are
    /// written as they then stand.
    #[test]
    fn a_terminal_that_became_narrower() {
        let mut drawn = Drawn::on(20, 8, "$ pull\r\n");
        drawn.draw(&["0123456789abcdef", "two"]);
        let narrow = "$ pull\r\n0123456789\r\nabcdef\r\ntwo\r\n";
        drawn.terminal = Drawn::on(10, 8, narrow).terminal;
        drawn.draw(&["012345678", "two"]);
        drawn.check("$ pull\n012345678\ntwo", (3, 0));
    }

    #[test]
    fn what_stands_for_good_is_left_alone() {
        let mut drawn = Drawn::on(20, 6, "");
        drawn.draw(&["one"]);
        drawn.region.widths.clear();
        drawn.draw(&["two"]);
        drawn.check("one\ntwo", (2, 0));
    }
}
