//! Why credentials cannot be had.

use std::error;
use std::fmt;
use std::io;
use std::path::Path;
use std::process::ExitStatus;
use std::time::Duration;

use crate::error::quoted;

/// Why credentials cannot be had; names files, keys and helpers, and never what they hold or say.
#[derive(Debug)]
pub(crate) struct CredentialsError(Kind);

#[derive(Debug)]
enum Kind {
    Unreadable {
        file: String,
        error: io::Error,
    },
    Malformed {
        file: String,
        what: String,
    },
    Interrupted(io::Error),
    NoHelper {
        helper: String,
        file: String,
    },
    Helper {
        helper: String,
        server: String,
        what: HelperFault,
    },
    /// The time of all of them was over before so many were asked.
    Late(usize),
}

/// What a helper does wrong.
#[derive(Debug)]
pub(super) enum HelperFault {
    CannotStart(io::Error),
    Broken(io::Error),
    Failed(ExitStatus),
    Hangs(Duration),
    TooMuch(usize),
    Nonsense,
}

impl CredentialsError {
    pub(super) fn unreadable(file: &Path, error: io::Error) -> Self {
        Self(Kind::Unreadable { file: shown(file), error })
    }

    pub(super) fn malformed(file: &str, what: impl Into<String>) -> Self {
        Self(Kind::Malformed { file: quoted(file), what: what.into() })
    }

    pub(super) fn interrupted(error: io::Error) -> Self {
        Self(Kind::Interrupted(error))
    }

    pub(super) fn no_helper(helper: &str, file: &str) -> Self {
        Self(Kind::NoHelper { helper: quoted(helper), file: quoted(file) })
    }

    pub(super) fn helper(helper: &str, server: &str, what: HelperFault) -> Self {
        let server = quoted(without_user(server));
        Self(Kind::Helper { helper: quoted(helper), server, what })
    }

    pub(super) fn late(count: usize) -> Self {
        Self(Kind::Late(count))
    }

    /// Returns the stable name that scripts match on.
    pub(crate) fn code(&self) -> &'static str {
        match &self.0 {
            Kind::Unreadable { .. } => "credentials-unreadable",
            Kind::Malformed { .. } => "credentials-malformed",
            Kind::Interrupted(_) => "credentials-interrupted",
            Kind::NoHelper { .. } => "unknown-credential-helper",
            Kind::Helper { .. } | Kind::Late(_) => "credential-helper-failed",
        }
    }

    /// Returns what to do about it.
    pub(crate) fn hint(&self) -> &'static str {
        match &self.0 {
            Kind::Unreadable { .. } | Kind::Malformed { .. } => {
                "mend the file, or give the credentials by hand"
            }
            Kind::Interrupted(_) => "make calls on a runtime that is not shutting down",
            Kind::NoHelper { .. } => "install it where `PATH` leads, or take it out of the file",
            Kind::Helper { what: HelperFault::Hangs(_), .. } | Kind::Late(_) => {
                "does it wait for a password? allow more with `helper_timeout`"
            }
            Kind::Helper { .. } => "run it by hand with `get`; its output may hold secrets",
        }
    }

    pub(crate) fn into_cause(self) -> Option<io::Error> {
        match self.0 {
            Kind::Unreadable { error, .. }
            | Kind::Interrupted(error)
            | Kind::Helper {
                what: HelperFault::CannotStart(error) | HelperFault::Broken(error),
                ..
            } => Some(error),
            _ => None,
        }
    }
}

impl fmt::Display for CredentialsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::Unreadable { file, .. } => write!(f, "cannot read {file}"),
            Kind::Malformed { file, what } => write!(f, "{file} cannot be used: {what}"),
            Kind::Interrupted(_) => f.write_str("files with credentials were not read to the end"),
            Kind::NoHelper { helper, file } => {
                write!(f, "there is no credential helper {helper}, which {file} names")
            }
            Kind::Late(count) => {
                let more = if *count == 1 { "one server was" } else { "other servers were" };
                write!(f, "{more} not asked about: the time of credential helpers was over")
            }
            Kind::Helper { helper, server, what } => {
                write!(f, "credential helper {helper}, asked for {server}, ")?;
                match what {
                    HelperFault::CannotStart(_) => f.write_str("cannot be started"),
                    HelperFault::Broken(_) => f.write_str("cannot be talked to"),
                    HelperFault::Failed(status) => match status.code() {
                        Some(code) => write!(f, "ended with status {code}"),
                        None => f.write_str("was ended by a signal"),
                    },
                    // What was left of the time for all of them has more digits than anybody wants.
                    HelperFault::Hangs(limit) => {
                        let limit =
                            Duration::from_millis((limit.as_secs_f64() * 1e3).round() as u64);
                        write!(f, "was not done within {limit:?}")
                    }
                    HelperFault::TooMuch(limit) => write!(f, "said more than {limit} bytes"),
                    HelperFault::Nonsense => f.write_str("did not answer in the protocol's JSON"),
                }
            }
        }
    }
}

impl error::Error for CredentialsError {
    fn source(&self) -> Option<&(dyn error::Error + 'static)> {
        match &self.0 {
            Kind::Unreadable { error, .. }
            | Kind::Interrupted(error)
            | Kind::Helper {
                what: HelperFault::CannotStart(error) | HelperFault::Broken(error),
                ..
            } => Some(error),
            _ => None,
        }
    }
}

pub(super) fn shown(file: &Path) -> String {
    quoted(&file.to_string_lossy())
}

/// A key that is an address may hold a password before an `@`.
pub(super) fn without_user(key: &str) -> &str {
    key.rsplit_once('@').map_or(key, |(_, host)| host)
}
