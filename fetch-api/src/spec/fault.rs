//! What can be wrong with a spec, and where.

use std::fmt;

/// Something wrong at one place of a spec.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct SpecFault {
    /// The place as a JSON pointer in a URI fragment (`#/paths/~1x/get`).
    pub pointer: String,
    /// What is wrong, as one line.
    pub what: String,
}

impl fmt::Display for SpecFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (at {})", self.what, self.pointer)
    }
}

/// Why a spec could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum SpecError {
    /// The text is larger than is read.
    TooLarge {
        /// The most that is read.
        limit: usize,
    },
    /// There is nothing in it.
    Empty,
    /// It is a web page, such as a login or an error page.
    Html,
    /// It is nested deeper than any spec.
    TooDeep {
        /// The line, counted from 1.
        line: usize,
    },
    /// So many brackets in so long a text would keep the YAML reader busy for too long.
    TooManyBrackets {
        /// How many there are.
        brackets: usize,
        /// The size of the text.
        bytes: usize,
    },
    /// It is neither YAML nor JSON, or goes past a limit; the text says where.
    Syntax(String),
    /// It is well-formed, but no spec of a kind that is read.
    NotASpec(String),
    /// It is a spec with mistakes, all of them listed, in the order of the text.
    Faults(Vec<SpecFault>),
    /// Not one operation can be read from it; with its mistakes, if it has any.
    NoOperation(Vec<SpecFault>),
}

impl SpecError {
    /// A stable name for scripts to match on.
    pub fn code(&self) -> &'static str {
        match self {
            SpecError::TooLarge { .. } => "spec-too-large",
            SpecError::Empty => "spec-empty",
            SpecError::Html => "spec-is-html",
            SpecError::TooDeep { .. } => "spec-too-deep",
            SpecError::TooManyBrackets { .. } => "spec-too-many-brackets",
            SpecError::Syntax(_) => "spec-syntax",
            SpecError::NotASpec(_) => "not-a-spec",
            SpecError::Faults(_) => "spec-faults",
            SpecError::NoOperation(_) => "spec-without-operations",
        }
    }

    /// The faults of the spec, or the one thing that kept it from being read at all.
    pub fn lines(&self) -> Vec<String> {
        match self {
            SpecError::Faults(faults) => faults.iter().map(SpecFault::to_string).collect(),
            SpecError::NoOperation(faults) => {
                faults.iter().map(SpecFault::to_string).chain([self.to_string()]).collect()
            }
            other => vec![other.to_string()],
        }
    }
}

impl fmt::Display for SpecError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SpecError::TooLarge { limit } => {
                write!(f, "the spec has more than the {limit} bytes that are read")
            }
            SpecError::Empty => f.write_str("the spec is empty"),
            SpecError::Html => f.write_str("expected a spec, found an HTML page"),
            SpecError::TooDeep { line } => write!(f, "the spec is nested too deep in line {line}"),
            SpecError::TooManyBrackets { brackets, bytes } => {
                write!(f, "too many brackets of YAML's flow style: {brackets} in {bytes} bytes")
            }
            SpecError::Syntax(text) => {
                write!(f, "the spec is not well-formed: {}", printable(text))
            }
            SpecError::NotASpec(text) => f.write_str(text),
            SpecError::Faults(faults) => match faults.as_slice() {
                [fault] => write!(f, "{fault}"),
                _ => write!(f, "{} faults in the spec", faults.len()),
            },
            SpecError::NoOperation(_) => f.write_str("the spec has no operation that can be read"),
        }
    }
}

impl std::error::Error for SpecError {}

/// A place in a spec while it is walked; becomes a JSON pointer only when needed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct At<'p> {
    parent: Option<&'p At<'p>>,
    step: Step<'p>,
    depth: usize,
}

#[derive(Debug, Clone, Copy)]
enum Step<'p> {
    Root,
    Key(&'p str),
    Index(usize),
}

impl<'p> At<'p> {
    /// The whole document.
    pub(crate) const ROOT: At<'static> = At { parent: None, step: Step::Root, depth: 0 };

    /// What stands under a key of the mapping here.
    pub(crate) fn key(&'p self, key: &'p str) -> At<'p> {
        At { parent: Some(self), step: Step::Key(key), depth: self.depth + 1 }
    }

    /// What stands in the list here.
    pub(crate) fn index(&'p self, index: usize) -> At<'p> {
        At { parent: Some(self), step: Step::Index(index), depth: self.depth + 1 }
    }

    /// How many steps it is away from the root.
    pub(crate) fn depth(&self) -> usize {
        self.depth
    }

    /// The place as a JSON pointer, as much of it as is shown: keys may be as long as a spec.
    fn pointer(&self) -> String {
        let mut text = self.parent.map_or_else(|| "#".to_owned(), At::pointer);
        match self.step {
            _ if text.len() > 4 * MAX_WORDS => {}
            Step::Root => {}
            Step::Key(key) => {
                text.push('/');
                for c in key.chars().take(MAX_WORDS + 1) {
                    match c {
                        '~' => text.push_str("~0"),
                        '/' => text.push_str("~1"),
                        c => text.push(c),
                    }
                }
            }
            Step::Index(index) => {
                text.push('/');
                text.push_str(&index.to_string());
            }
        }
        text
    }

    /// Something wrong here.
    pub(crate) fn fault(&self, what: impl Into<String>) -> SpecFault {
        SpecFault { pointer: printable(&self.pointer()), what: printable(&what.into()) }
    }
}

/// How many characters of a spec's own words a message repeats.
const MAX_WORDS: usize = 500;

/// Cuts a text to what fits into a message, without anything that a terminal would act on.
pub(super) fn printable(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars().take(MAX_WORDS) {
        match c.is_control() {
            true => out.extend(c.escape_default()),
            false => out.push(c),
        }
    }
    if text.chars().nth(MAX_WORDS).is_some() {
        out.push('…');
    }
    out
}
