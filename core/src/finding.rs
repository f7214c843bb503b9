//! What a check has found.

use alloc::borrow::Cow;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use crate::nearest::alternatives;

/// What is wrong with a value, as far as its schema says.
///
/// Specs have mistakes, so a finding is a warning: engines may know better.
///
/// Its text ([`Display`](fmt::Display)) names a value that is none of those allowed, which may be a
/// secret in the wrong place; [`summary`](Self::summary) and `Debug` never do.
#[derive(Clone, PartialEq, Eq)]
pub struct Finding {
    pub(crate) kind: FindingKind,
    pub(crate) pointer: String,
    pub(crate) told: Told,
}

/// What is told of a finding; nothing while alternatives are tried.
#[derive(Clone, PartialEq, Eq, Default)]
pub(crate) struct Told {
    pub(crate) summary: String,
    /// The text, where that is another.
    pub(crate) text: Option<String>,
    pub(crate) expected: Option<String>,
    pub(crate) nearest: Vec<String>,
    pub(crate) hint: Option<String>,
}

/// The kind of a [`Finding`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum FindingKind {
    /// A field that the schema does not have.
    UnknownField,
    /// A field that must be there and is not.
    MissingField,
    /// A value of another type.
    WrongType,
    /// A value that is none of those allowed.
    UnknownValue,
}

impl Finding {
    /// Returns what kind of finding it is.
    pub fn kind(&self) -> FindingKind {
        self.kind
    }

    /// Returns the stable name that scripts and bindings match on: `unknown-field`,
    /// `missing-field`, `wrong-type` or `unknown-value`.
    pub fn code(&self) -> &'static str {
        match self.kind {
            FindingKind::UnknownField => "unknown-field",
            FindingKind::MissingField => "missing-field",
            FindingKind::WrongType => "wrong-type",
            FindingKind::UnknownValue => "unknown-value",
        }
    }

    /// Returns where it is: a JSON pointer (RFC 6901) into the value, empty for the value itself;
    /// `query.name` for a parameter.
    pub fn pointer(&self) -> &str {
        &self.pointer
    }

    /// Returns the names or values that may have been meant, nearest first.
    pub fn nearest(&self) -> &[String] {
        &self.told.nearest
    }

    /// Returns the text without any value: for logs, which values have no business in.
    pub fn summary(&self) -> &str {
        &self.told.summary
    }

    /// Returns what is expected instead, in a few words: the type, or the values that are allowed.
    /// There is nothing for an unknown field.
    pub fn expected(&self) -> Option<&str> {
        self.told.expected.as_deref()
    }

    /// Returns what to do about it: the nearest names, or the versions that have it.
    pub fn hint(&self) -> Option<Cow<'_, str>> {
        match (&self.told.hint, &*self.told.nearest) {
            (Some(hint), _) => Some(Cow::Borrowed(hint)),
            (None, []) => None,
            (None, near) => Some(Cow::Owned(format!("did you mean {}?", alternatives(near)))),
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.told.text.as_deref().unwrap_or(&self.told.summary))
    }
}

impl fmt::Debug for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Finding")
            .field("kind", &self.kind)
            .field("pointer", &self.pointer)
            .field("summary", &self.told.summary)
            .field("nearest", &self.told.nearest)
            .field("hint", &self.told.hint)
            .finish()
    }
}
