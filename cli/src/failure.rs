//! How a run ends when it does not end well: text, causes, hint and exit status.

mod hints;

use std::error::Error;
use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;

use contajners::{DiscoverError, EndpointError, ErrorKind, Timeout};
use contajners_core::ResolveError;

use crate::render::plain;

/// What to do about what takes too long.
pub(crate) const MORE_TIME: &str = "`--timeout` allows more time, `--timeout never` any amount";

/// Of the one other limit that the command sets.
const MORE_TIME_TO_CONNECT: &str =
    "`--connect-timeout` allows more time, `--host` names another address";

/// The exit statuses of the command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Status {
    /// Something failed on this side: a file, a connection.
    Local = 1,
    /// What was typed cannot be done; nothing was sent.
    Usage = 2,
    /// The engine refused: 4xx.
    Refused = 4,
    /// The engine failed: 5xx, or an error inside a stream.
    Failed = 5,
    /// The terminal has gone: 128 and the number of SIGHUP.
    HungUp = 129,
    /// Nobody reads the output of a process that is not done: 128 and the number of SIGPIPE.
    Unread = 141,
    /// The user had enough: 128 and the number of SIGINT.
    Interrupted = 130,
    /// The program was asked to end: 128 and the number of SIGTERM.
    Terminated = 143,
}

/// Why a command did not do what it was asked.
#[derive(Debug)]
pub(crate) enum Failure {
    /// To be told on standard error.
    Told(Box<Report>),
    /// The reader of standard output has gone: it has what it wanted.
    ReaderGone,
    /// To end with this status: all that is to be said of it has been said, by the process that was
    /// joined, or by the engine in its answer.
    Process(u8),
    /// A signal said so; whoever sent it knows.
    Stopped(Status),
}

impl Status {
    /// Returns that of an answer with an error status.
    pub(crate) fn of_answer(status: u16) -> Self {
        match status {
            500.. => Self::Failed,
            400.. => Self::Refused,
            _ => Self::Local,
        }
    }
}

/// An error as it is printed.
#[derive(Debug)]
pub(crate) struct Report {
    status: Status,
    text: String,
    causes: Vec<String>,
    hint: Option<String>,
    is_broken_connection: bool,
    /// The status of the engine's answer, if it is what went wrong.
    answered: Option<u16>,
}

impl Failure {
    /// Makes an error of a text.
    pub(crate) fn new(status: Status, text: impl Into<String>) -> Self {
        let text = text.into();
        Self::Told(Box::new(Report {
            status,
            text,
            causes: Vec::new(),
            hint: None,
            is_broken_connection: false,
            answered: None,
        }))
    }

    /// Makes an error of something typed.
    pub(crate) fn usage(text: impl Into<String>) -> Self {
        Self::new(Status::Usage, text)
    }

    /// Adds what to do about it.
    pub(crate) fn with_hint(mut self, hint: impl Into<String>) -> Self {
        if let Self::Told(report) = &mut self {
            report.hint = Some(hint.into());
        }
        self
    }

    /// Adds what to do about something typed, where nothing is said of that yet.
    pub(crate) fn with_usage_hint(mut self, hint: &str) -> Self {
        if let Self::Told(report) = &mut self
            && report.status == Status::Usage
        {
            report.hint.get_or_insert_with(|| hint.to_owned());
        }
        self
    }

    /// Adds a cause in words.
    pub(crate) fn because(mut self, cause: String) -> Self {
        if let Self::Told(report) = &mut self {
            report.causes.push(cause);
        }
        self
    }

    /// Adds an error and its sources as causes.
    pub(crate) fn with_cause(mut self, error: &(dyn Error + 'static)) -> Self {
        if let Self::Told(report) = &mut self {
            let mut cause = Some(error);
            while let Some(error) = cause {
                report.causes.push(error.to_string());
                cause = error.source();
            }
        }
        self
    }

    /// Of a command whose status 1 is what it finds: that it cannot look is status 2, as of `diff`
    /// and its kin.
    pub(crate) fn of_comparison(mut self) -> Self {
        if let Self::Told(report) = &mut self
            && report.status == Status::Local
        {
            report.status = Status::Usage;
        }
        self
    }

    /// Lets a reader of standard output go that has had enough, where the exit status says what was
    /// found.
    pub(crate) fn unless_reader_gone(written: Result<(), Self>) -> Result<(), Self> {
        match written {
            Err(Self::ReaderGone) => Ok(()),
            written => written,
        }
    }

    /// Of a process whose output nobody reads any more: how it ends is not known.
    pub(crate) fn of_process(self) -> Self {
        match self {
            Self::ReaderGone => Self::Process(Status::Unread as u8),
            other => other,
        }
    }

    /// Adds what to do about something that the engine does not find, where nothing is said of that
    /// yet.
    pub(crate) fn with_hint_if_not_found(mut self, hint: Option<String>) -> Self {
        if let Self::Told(report) = &mut self
            && report.answered == Some(404)
        {
            report.hint = report.hint.take().or(hint);
        }
        self
    }

    /// Tells whether the connection broke.
    pub(crate) fn is_broken_connection(&self) -> bool {
        matches!(self, Self::Told(report) if report.is_broken_connection)
    }

    /// Makes the error of a file that cannot be read.
    pub(crate) fn unreadable(file: &Path, error: &io::Error) -> Self {
        Self::new(Status::Local, format!("cannot read the file `{}`", file.display()))
            .with_cause(error)
    }

    /// Returns it in one line, for a remark.
    pub(crate) fn line(&self) -> String {
        match self {
            Self::Told(report) => {
                let parts = [&report.text].into_iter().chain(&report.causes);
                plain(&parts.map(|part| &**part).collect::<Vec<_>>().join(": ")).into_owned()
            }
            _ => String::new(),
        }
    }

    /// Tells it, and returns the exit status.
    pub(crate) fn tell(&self) -> ExitCode {
        let report = match self {
            Self::Told(report) => report,
            Self::ReaderGone => return ExitCode::SUCCESS,
            Self::Process(status) => return ExitCode::from(*status),
            Self::Stopped(status) => return ExitCode::from(*status as u8),
        };
        let mut text = format!("error: {}\n", plain(&report.text));
        for cause in &report.causes {
            text += &format!("  caused by: {}\n", plain(cause));
        }
        if let Some(hint) = &report.hint {
            text += &format!("  hint: {}\n", plain(hint));
        }
        // Nobody is left to hear of a failure to say this.
        let _ = io::stderr().write_all(text.as_bytes());
        ExitCode::from(report.status as u8)
    }
}

/// Writing the result failed.
impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Self::ReaderGone,
            _ => Self::new(Status::Local, "cannot write to standard output").with_cause(&error),
        }
    }
}

/// Returns what to do about a call that the catalogue refuses.
pub(crate) fn hint_of(error: &ResolveError) -> Option<String> {
    error.hint().map(|hint| hints::of_command(error.code(), &hint).into_owned())
}

impl From<ResolveError> for Failure {
    fn from(error: ResolveError) -> Self {
        let failure = Self::usage(error.to_string());
        match hint_of(&error) {
            Some(hint) => failure.with_hint(hint),
            None => failure,
        }
    }
}

impl From<DiscoverError> for Failure {
    fn from(error: DiscoverError) -> Self {
        let is_file = error.source().is_some_and(|cause| cause.is::<io::Error>());
        let status = if is_file { Status::Local } else { Status::Usage };
        let hint = hints::of_command(error.code(), error.hint());
        let failure = Self::new(status, error.to_string()).with_hint(hint);
        match error.source() {
            Some(cause) => failure.with_cause(cause),
            None => failure,
        }
    }
}

impl From<EndpointError> for Failure {
    fn from(error: EndpointError) -> Self {
        Self::usage(error.to_string()).with_hint(error.hint())
    }
}

impl From<contajners::Error> for Failure {
    fn from(error: contajners::Error) -> Self {
        let is_file = error.source().is_some_and(|cause| cause.is::<io::Error>());
        let status = match (error.kind(), error.status()) {
            // A file that is named, and cannot be read.
            (ErrorKind::Config, _) if is_file => Status::Local,
            (ErrorKind::Config | ErrorKind::Resolve, _) => Status::Usage,
            (ErrorKind::InBand, _) => Status::Failed,
            (ErrorKind::Status, Some(status)) => Status::of_answer(status),
            _ => Status::Local,
        };
        let mut failure = Self::new(status, error.to_string());
        if let Self::Told(report) = &mut failure {
            report.is_broken_connection = error.kind() == ErrorKind::Send;
            report.answered = error.status();
        }
        if let Some(source) = error.source() {
            failure = failure.with_cause(source);
        }
        match (error.kind(), error.hint()) {
            // The client's hint is for those who write programs.
            (ErrorKind::Wait, Some(_)) => failure.with_hint(MORE_TIME),
            (ErrorKind::Timeout, _) => failure.with_hint(match error.timeout() {
                Some(Timeout::Connect) => MORE_TIME_TO_CONNECT,
                _ => MORE_TIME,
            }),
            (_, Some(hint)) => failure.with_hint(hints::of_command(error.code(), hint)),
            (_, None) => failure,
        }
    }
}
