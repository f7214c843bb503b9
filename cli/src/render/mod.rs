//! How results look: colour, tables, JSON, curl lines, schemas as trees.

pub(crate) mod curl;
pub(crate) mod json;
pub(crate) mod schema;
pub(crate) mod table;
pub(crate) mod text;

use std::borrow::Cow;
use std::fmt;

/// Colours text, or leaves it alone.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Paint {
    colours: bool,
}

/// A text and the escape sequence that it is shown in.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Painted<'a> {
    text: &'a str,
    sequence: Option<&'static str>,
}

impl Paint {
    /// Colours when told to.
    pub(crate) fn new(colours: bool) -> Self {
        Self { colours }
    }

    /// Makes a heading or a name stand out.
    pub(crate) fn strong(self, text: &str) -> Painted<'_> {
        self.with("\x1b[1m", text)
    }

    /// Makes a remark recede.
    pub(crate) fn faint(self, text: &str) -> Painted<'_> {
        self.with("\x1b[2m", text)
    }

    /// Marks a name.
    pub(crate) fn name(self, text: &str) -> Painted<'_> {
        self.with("\x1b[36m", text)
    }

    /// Marks a value.
    pub(crate) fn value(self, text: &str) -> Painted<'_> {
        self.with("\x1b[32m", text)
    }

    /// Marks what may do harm.
    pub(crate) fn alarm(self, text: &str) -> Painted<'_> {
        self.with("\x1b[31m", text)
    }

    fn with<'a>(self, sequence: &'static str, text: &'a str) -> Painted<'a> {
        let sequence = (self.colours && !text.is_empty()).then_some(sequence);
        Painted { text, sequence }
    }
}

impl fmt::Display for Painted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.sequence {
            Some(sequence) => write!(f, "{sequence}{}\x1b[0m", self.text),
            None => f.write_str(self.text),
        }
    }
}

/// Tells whether a character could play with a terminal, or show a text in another order than it is in.
pub(crate) fn is_unsafe(c: char) -> bool {
    c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Escapes what could play with a terminal.
pub(crate) fn plain(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_unsafe) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            c if is_unsafe(c) => out.extend(c.escape_default()),
            c => out.push(c),
        }
    }
    Cow::Owned(out)
}
