//! What can be wrong with a call before it is sent.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use crate::nearest::alternatives;
use crate::request::Location;
use crate::search::quoted;

/// Why a call cannot be resolved to a request: nothing has been sent.
///
/// The text says what was asked and what was found; [`ResolveError::hint`] says what to do;
/// [`ResolveError::code`] is the stable name to match on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResolveError(pub(crate) Box<Mistake>);

/// What a [`ResolveError`] knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mistake {
    pub(crate) kind: ResolveErrorKind,
    pub(crate) engine: String,
    pub(crate) version: String,
    /// The operation, where one is known.
    pub(crate) operation: String,
    /// The name that was given: of the version, category, operation, waiter or parameter.
    pub(crate) name: String,
    /// What is wrong with a value, or the versions in which the name exists.
    pub(crate) detail: String,
    pub(crate) nearest: Vec<String>,
    pub(crate) hint: Option<String>,
    /// The body is bytes, and a value was given.
    pub(crate) wants_bytes: bool,
}

/// The kinds of [`ResolveError`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ResolveErrorKind {
    /// The pack has no such API version.
    UnknownVersion,
    /// The version has no such category.
    UnknownCategory,
    /// The version has no such operation.
    UnknownOperation,
    /// The version has no waiter of that name.
    UnknownWaiter,
    /// The operation belongs to another category than the client is scoped to.
    OtherCategory,
    /// The operation takes no such parameter in this version.
    UnknownParameter,
    /// A required parameter was not given.
    MissingParameter(Location),
    /// A parameter that takes one value was given several times.
    RepeatedParameter,
    /// A parameter's value is not what its type says, or cannot be sent safely.
    InvalidParameter,
    /// The operation needs a body.
    MissingBody,
    /// The operation takes no body.
    UnexpectedBody,
    /// The body is of a kind that the operation cannot take.
    InvalidBody,
}

impl ResolveError {
    pub(crate) fn new(kind: ResolveErrorKind, engine: &str, version: &str) -> Self {
        Self(Box::new(Mistake {
            kind,
            engine: engine.into(),
            version: version.into(),
            operation: String::new(),
            name: String::new(),
            detail: String::new(),
            nearest: Vec::new(),
            hint: None,
            wants_bytes: false,
        }))
    }

    /// Returns what kind of mistake it is.
    pub fn kind(&self) -> ResolveErrorKind {
        self.0.kind
    }

    /// Returns the stable name that scripts and bindings match on.
    pub fn code(&self) -> &'static str {
        match self.0.kind {
            ResolveErrorKind::UnknownVersion => "unknown-version",
            ResolveErrorKind::UnknownCategory => "unknown-category",
            ResolveErrorKind::UnknownOperation => "unknown-operation",
            ResolveErrorKind::UnknownWaiter => "unknown-waiter",
            ResolveErrorKind::OtherCategory => "other-category",
            ResolveErrorKind::UnknownParameter => "unknown-parameter",
            ResolveErrorKind::MissingParameter(_) => "missing-parameter",
            ResolveErrorKind::RepeatedParameter => "repeated-parameter",
            ResolveErrorKind::InvalidParameter => "invalid-parameter",
            ResolveErrorKind::MissingBody => "missing-body",
            ResolveErrorKind::UnexpectedBody => "unexpected-body",
            ResolveErrorKind::InvalidBody => "invalid-body",
        }
    }

    /// Returns the name that was asked for: of a version, category, operation, waiter or parameter.
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// Returns the operation that was called, when it is known.
    pub fn operation(&self) -> Option<&str> {
        (!self.0.operation.is_empty()).then_some(&*self.0.operation)
    }

    /// Returns up to three names that may have been meant, nearest first.
    pub fn nearest(&self) -> &[String] {
        &self.0.nearest
    }

    /// Tells whether the operation takes its body as bytes, such as an archive, and a value was given
    /// that could only become JSON. Whoever has names for the ways to give bytes can hint at them.
    pub fn wants_bytes(&self) -> bool {
        self.0.wants_bytes
    }

    /// Returns what to do about it, made from the catalogue.
    pub fn hint(&self) -> Option<String> {
        self.0.hint.clone().or_else(|| {
            (!self.0.nearest.is_empty())
                .then(|| alloc::format!("did you mean {}?", alternatives(&self.0.nearest)))
        })
    }
}

impl fmt::Display for ResolveError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Mistake { engine, version, operation, detail, .. } = &*self.0;
        let name = quoted(&self.0.name);
        match self.0.kind {
            ResolveErrorKind::UnknownVersion => write!(f, "{engine} has no API version {name}"),
            ResolveErrorKind::UnknownCategory => {
                write!(f, "unknown category {name} in {engine} {version}")
            }
            ResolveErrorKind::UnknownOperation => {
                write!(f, "unknown operation {name} in {engine} {version}")
            }
            ResolveErrorKind::UnknownWaiter => {
                write!(f, "unknown state {name} in {engine} {version}")
            }
            ResolveErrorKind::OtherCategory => {
                write!(f, "operation `{operation}` is not in category {name}")
            }
            ResolveErrorKind::UnknownParameter if detail.is_empty() => {
                write!(f, "unknown parameter {name} of `{operation}` in {engine} {version}")
            }
            ResolveErrorKind::UnknownParameter => {
                write!(f, "parameter {name} of `{operation}` is not in {engine} {version}")
            }
            ResolveErrorKind::MissingParameter(location) => {
                write!(f, "`{operation}` needs the {} parameter {name}", location.name())
            }
            ResolveErrorKind::RepeatedParameter => {
                write!(f, "parameter {name} of `{operation}` takes one value, not several")
            }
            ResolveErrorKind::InvalidParameter => {
                write!(f, "parameter {name} of `{operation}` {detail}")
            }
            ResolveErrorKind::MissingBody => write!(f, "`{operation}` needs a body"),
            ResolveErrorKind::UnexpectedBody => {
                write!(f, "`{operation}` takes no body in {engine} {version}")
            }
            ResolveErrorKind::InvalidBody => write!(f, "the body of `{operation}` {detail}"),
        }
    }
}

impl core::error::Error for ResolveError {}
