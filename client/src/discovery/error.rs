//! Why no engine can be found.

use std::error;
use std::fmt;
use std::io;
use std::path::Path;

use crate::discovery::Source;
use crate::endpoint::EndpointError;
use crate::error::quoted;

/// Why it cannot be told where an engine listens.
#[derive(Debug)]
pub struct DiscoverError {
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    /// What was found is no address.
    Address { source: Source, error: EndpointError },
    /// A name leads nowhere.
    Unknown { source: Source, from: Option<String> },
    /// A file cannot be read.
    Unreadable { file: String, error: io::Error },
    /// A file is not what it should be.
    Malformed { file: String, what: String },
    /// A file says what this program was not built to read.
    #[cfg(any(test, not(feature = "podman")))]
    WithoutPodman { file: String },
    /// The engine's tool knows no names for addresses.
    Nameless { engine: String },
    /// The pack names no address.
    Nowhere { engine: String },
}

impl DiscoverError {
    pub(super) fn address(source: Source, error: EndpointError) -> Self {
        Self { kind: Kind::Address { source, error } }
    }

    pub(super) fn unknown(source: Source, from: Option<&str>) -> Self {
        Self { kind: Kind::Unknown { source, from: from.map(Into::into) } }
    }

    pub(super) fn nameless(engine: &str) -> Self {
        Self { kind: Kind::Nameless { engine: engine.into() } }
    }

    pub(super) fn unreadable(file: &Path, error: io::Error) -> Self {
        Self { kind: Kind::Unreadable { file: quoted(&file.to_string_lossy()), error } }
    }

    pub(super) fn malformed(file: &Path, what: &str) -> Self {
        Self { kind: Kind::Malformed { file: quoted(&file.to_string_lossy()), what: what.into() } }
    }

    #[cfg(any(test, not(feature = "podman")))]
    pub(super) fn without_podman(file: &Path) -> Self {
        Self { kind: Kind::WithoutPodman { file: quoted(&file.to_string_lossy()) } }
    }

    pub(super) fn nowhere(engine: &str) -> Self {
        Self { kind: Kind::Nowhere { engine: engine.into() } }
    }

    pub(crate) fn into_cause(self) -> Option<io::Error> {
        match self.kind {
            Kind::Unreadable { error, .. } => Some(error),
            _ => None,
        }
    }

    /// Returns the stable name that scripts and bindings match on.
    pub fn code(&self) -> &'static str {
        match &self.kind {
            Kind::Address { error, .. } => error.code(),
            Kind::Unknown { source: Source::Connection(_), .. } => "unknown-connection",
            Kind::Unknown { .. } => "unknown-context",
            Kind::Nameless { .. } => "no-connections",
            Kind::Unreadable { .. } => "config-unreadable",
            Kind::Malformed { .. } => "config-malformed",
            #[cfg(any(test, not(feature = "podman")))]
            Kind::WithoutPodman { .. } => "podman-not-built",
            Kind::Nowhere { .. } => "no-address",
        }
    }

    /// Returns what to do about it.
    pub fn hint(&self) -> &'static str {
        match &self.kind {
            Kind::Address { error, .. } => error.hint(),
            Kind::Unknown { source: Source::Connection(_), .. } => {
                "`podman system connection list` shows those that exist"
            }
            Kind::Unknown { .. } => "`docker context ls` shows those that exist",
            Kind::Unreadable { .. } => "an address given by hand avoids the file",
            #[cfg(any(test, not(feature = "podman")))]
            Kind::WithoutPodman { .. } => "turn on the feature `podman` of `contajners`",
            Kind::Malformed { .. } => "mend the file, or give an address by hand",
            Kind::Nameless { .. } | Kind::Nowhere { .. } => "give an address by hand",
        }
    }
}

impl fmt::Display for DiscoverError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            Kind::Address { source: Source::Variable(name), error } => {
                write!(f, "`{name}`: {error}")
            }
            Kind::Address { source, error } => write!(f, "{source}: {error}"),
            Kind::Unknown { source, from: Some(from) } => {
                write!(f, "there is no {source}, which {from} names")
            }
            Kind::Unknown { source, from: None } => write!(f, "there is no {source}"),
            Kind::Nameless { engine } => {
                write!(f, "{engine} has neither contexts nor connections with names")
            }
            Kind::Unreadable { file, .. } => write!(f, "cannot read {file}"),
            Kind::Malformed { file, what } => write!(f, "{file} cannot be used: {what}"),
            #[cfg(any(test, not(feature = "podman")))]
            Kind::WithoutPodman { file } => {
                write!(f, "{file} names a connection, and this program was built without Podman")
            }
            Kind::Nowhere { engine } => write!(f, "nothing says where {engine} listens"),
        }
    }
}

impl error::Error for DiscoverError {
    fn source(&self) -> Option<&(dyn error::Error + 'static)> {
        match &self.kind {
            Kind::Unreadable { error, .. } => Some(error),
            _ => None,
        }
    }
}
