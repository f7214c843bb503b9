//! Limits of time that ran out.

use std::fmt;
use std::time::Duration;

use super::{Error, ErrorKind};

/// The limit of time that a call ran into.
///
/// Its text is the name of the setting: `connect_timeout`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Timeout {
    /// Until a connection stands, and until the engine says which versions it speaks. See
    /// [`ClientBuilder::connect_timeout`](crate::ClientBuilder::connect_timeout).
    Connect,
    /// Until the head of the answer. See
    /// [`ClientBuilder::head_timeout`](crate::ClientBuilder::head_timeout).
    Head,
    /// Until more of the answer comes. See
    /// [`ClientBuilder::read_timeout`](crate::ClientBuilder::read_timeout).
    Read,
    /// Until the engine takes more of the body. See
    /// [`ClientBuilder::write_timeout`](crate::ClientBuilder::write_timeout).
    Write,
    /// For the call as a whole. See [`ClientBuilder::timeout`](crate::ClientBuilder::timeout).
    Whole,
}

impl fmt::Display for Timeout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Connect => "connect_timeout",
            Self::Head => "head_timeout",
            Self::Read => "read_timeout",
            Self::Write => "write_timeout",
            Self::Whole => "timeout",
        })
    }
}

/// What a time-out was waiting for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Waiting {
    Connect,
    Version,
    Write,
    Head,
    Read,
    Whole,
}

impl Waiting {
    fn limit(self) -> Timeout {
        match self {
            Self::Connect | Self::Version => Timeout::Connect,
            Self::Write => Timeout::Write,
            Self::Head => Timeout::Head,
            Self::Read => Timeout::Read,
            Self::Whole => Timeout::Whole,
        }
    }
}

impl Error {
    pub(crate) fn timed_out(what: Waiting, limit: Duration, engine: &str, address: &str) -> Self {
        let text = match what {
            Waiting::Connect => format!("no connection to {engine} at {address} within {limit:?}"),
            Waiting::Version => format!("{engine} at {address} did not answer within {limit:?}"),
            Waiting::Write => format!("{engine} at {address} took no more input for {limit:?}"),
            Waiting::Head | Waiting::Read => {
                format!("nothing came from {engine} at {address} for {limit:?}")
            }
            Waiting::Whole => format!("{engine} at {address} was not done within {limit:?}"),
        };
        let timeout = what.limit();
        let mut error = Self::new(ErrorKind::Timeout, "timed-out", text)
            .with_hint(format!("allow more with `{timeout}`"));
        error.0.timeout = Some(timeout);
        error
    }
}
