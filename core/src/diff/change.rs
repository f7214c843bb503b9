//! One difference: where it is, what it is, and whom it breaks.

use alloc::string::String;
use core::fmt;

use crate::request::{Location, Method};

/// One difference.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub struct Change {
    /// The operation's id: in the second API, or in the first for one that is gone.
    pub operation: String,
    /// Its method.
    pub method: Method,
    /// Its path.
    pub path: String,
    /// Where in the operation it is.
    pub place: Place,
    /// What is different there.
    pub kind: ChangeKind,
}

/// Where in an operation something is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Place {
    /// The operation itself.
    Operation,
    /// A parameter.
    Parameter {
        /// Where it goes.
        location: Location,
        /// Its name.
        name: String,
    },
    /// The request's body.
    Body {
        /// A JSON pointer into it, in which `*` stands for any item or any field of a map.
        pointer: String,
    },
    /// The body of an answer.
    Answer {
        /// The status; `None` for all that are not listed.
        status: Option<u16>,
        /// As in a body.
        pointer: String,
    },
}

/// What is different.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum ChangeKind {
    /// Only the second has it.
    Added {
        /// Whether it must be there.
        required: bool,
    },
    /// Only the first has it.
    Removed,
    /// It goes by another name.
    Renamed {
        /// The name in the first.
        from: String,
        /// The name in the second.
        to: String,
    },
    /// It has the same id at another place; told where one operation is compared, since of whole
    /// APIs that is one that was removed and one that was added.
    Moved {
        /// Method and path in the first.
        from: String,
        /// Method and path in the second.
        to: String,
    },
    /// What an answer holds is told now.
    BodyAdded,
    /// An answer holds nothing any longer, or what it holds is not told.
    BodyRemoved,
    /// It is of another type.
    Type {
        /// The type in the first.
        from: String,
        /// The type in the second.
        to: String,
    },
    /// It is of the same type, in another format.
    Format {
        /// The type and format in the first.
        from: String,
        /// The type and format in the second.
        to: String,
    },
    /// It may be `null` now.
    Nullable,
    /// It may be `null` no longer.
    NotNullable,
    /// It must be there now.
    Required,
    /// It may be left out now.
    Optional,
    /// A value is allowed now.
    ValueAdded(String),
    /// A value is allowed no longer.
    ValueRemoved(String),
    /// Something else stands in when it is left out.
    Default {
        /// The default in the first, as JSON text.
        from: Option<String>,
        /// The default in the second.
        to: Option<String>,
    },
    /// There may be more: not all of the operation was compared.
    Incomplete,
}

impl ChangeKind {
    /// Returns the stable name that scripts and bindings match on.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Added { .. } => "added",
            Self::Removed => "removed",
            Self::Renamed { .. } => "renamed",
            Self::Moved { .. } => "moved",
            Self::BodyAdded => "body-added",
            Self::BodyRemoved => "body-removed",
            Self::Type { .. } => "type",
            Self::Format { .. } => "format",
            Self::Nullable => "nullable",
            Self::NotNullable => "not-nullable",
            Self::Required => "required",
            Self::Optional => "optional",
            Self::ValueAdded(_) => "value-added",
            Self::ValueRemoved(_) => "value-removed",
            Self::Default { .. } => "default",
            Self::Incomplete => "incomplete",
        }
    }
}

impl fmt::Display for ChangeKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Added { required: true } => f.write_str("added, and must be there"),
            Self::Added { required: false } => f.write_str("added"),
            Self::Removed => f.write_str("removed"),
            Self::Renamed { from, to } => write!(f, "renamed from {from} to {to}"),
            Self::Moved { from, to } => write!(f, "moved from {from} to {to}"),
            Self::BodyAdded => f.write_str("has a body now"),
            Self::BodyRemoved => f.write_str("has a body no longer"),
            Self::Type { from, to } | Self::Format { from, to } => write!(f, "{from} → {to}"),
            Self::Nullable => f.write_str("may be null now"),
            Self::NotNullable => f.write_str("may be null no longer"),
            Self::Required => f.write_str("must be there now"),
            Self::Optional => f.write_str("may be left out now"),
            Self::Incomplete => f.write_str("not all of it was compared"),
            Self::ValueAdded(value) => write!(f, "takes {value} now"),
            Self::ValueRemoved(value) => write!(f, "takes {value} no longer"),
            Self::Default { from, to } => {
                let shown = |value: &Option<String>| value.clone().unwrap_or("none".into());
                write!(f, "default {} → {}", shown(from), shown(to))
            }
        }
    }
}

impl Place {
    /// What places are sorted by.
    pub(super) fn key(&self) -> (u8, u16, &str) {
        match self {
            Self::Operation => (0, 0, ""),
            Self::Parameter { location, name } => (1, *location as u16, name),
            Self::Body { pointer } => (2, 0, pointer),
            Self::Answer { status, pointer } => (3, status.unwrap_or(0), pointer),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Operation => f.write_str("operation"),
            Self::Parameter { location, name } => write!(f, "{} {name}", location.name()),
            Self::Body { pointer } => write!(f, "body{}{pointer}", space(pointer)),
            Self::Answer { status, pointer } => {
                match status {
                    Some(status) => write!(f, "answer {status}")?,
                    None => f.write_str("answer default")?,
                }
                write!(f, "{}{pointer}", space(pointer))
            }
        }
    }
}

fn space(pointer: &str) -> &'static str {
    if pointer.is_empty() { "" } else { " " }
}

impl Change {
    /// Tells whether a program for the first API may fail, or miss something, with the second:
    /// something that it gives or reads is gone or of another type, or something more is wanted.
    /// Another format is not counted: the same JSON is sent and read.
    pub fn is_breaking(&self) -> bool {
        let is_answer = matches!(self.place, Place::Answer { .. });
        let is_success = |status: &Option<u16>| status.is_some_and(|status| status < 300);
        match &self.kind {
            ChangeKind::Added { required } => *required && !is_answer,
            ChangeKind::Required | ChangeKind::ValueRemoved(_) | ChangeKind::NotNullable => {
                !is_answer
            }
            ChangeKind::Nullable => is_answer,
            ChangeKind::Removed => match &self.place {
                // That an error is documented no longer breaks nobody.
                Place::Answer { status, pointer } => !pointer.is_empty() || is_success(status),
                _ => true,
            },
            ChangeKind::Type { .. } | ChangeKind::Incomplete => true,
            ChangeKind::Renamed { .. } | ChangeKind::Moved { .. } => true,
            ChangeKind::Optional | ChangeKind::BodyRemoved => {
                matches!(&self.place, Place::Answer { status, .. } if is_success(status))
            }
            ChangeKind::ValueAdded(_)
            | ChangeKind::BodyAdded
            | ChangeKind::Default { .. }
            | ChangeKind::Format { .. } => false,
        }
    }
}
