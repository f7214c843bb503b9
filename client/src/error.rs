//! The one error of the client: whose fault it is, what was asked, what was found.

mod call;
mod cause;
mod timeout;

use std::error::Error as StdError;
use std::fmt;
use std::io;
use std::time::Duration;

use bytes::Bytes;
pub(crate) use contajners_core::quoted;
use contajners_core::stream::DecodeError;
use contajners_core::{
    Finding, Method, NegotiateError, PackError, PathValueError, RawError, ResolveError, nearest,
};

pub(crate) use self::call::CallOf;
pub(crate) use self::cause::cause_in;
pub use self::timeout::Timeout;
pub(crate) use self::timeout::Waiting;
#[cfg(feature = "archives")]
use crate::archive::UnpackError;
#[cfg(feature = "credentials")]
use crate::credentials::CredentialsError;
use crate::discovery::DiscoverError;
use crate::endpoint::EndpointError;
use crate::tls::Fault;

type Cause = Box<dyn StdError + Send + Sync>;

/// Why a call did not come to its end.
///
/// The text is one line; causes come through [`source`](StdError::source) and are not repeated
/// in it. [`Error::code`] is what scripts match on, [`Error::hint`] says what to do. Neither text
/// nor `Debug` output holds queries, header values or bodies, which may carry secrets. Of a value that
/// its parameter does not take, and of one in the path, the beginning is shown.
pub struct Error(Box<Inner>);

struct Inner {
    kind: ErrorKind,
    code: &'static str,
    text: String,
    hint: Option<String>,
    acted: bool,
    call: Option<CallOf>,
    status: Option<u16>,
    timeout: Option<Timeout>,
    message: Option<String>,
    body: Bytes,
    resolve: Option<ResolveError>,
    findings: Vec<Finding>,
    source: Option<Cause>,
}

/// Whose fault an [`Error`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The client cannot be set up like that: its engine, pack, address, version or TLS.
    Config,
    /// The call is not what the catalogue says; nothing was sent. See [`Error::resolve_error`].
    Resolve,
    /// Credentials for a registry cannot be had from a file or a helper; nothing was sent.
    Credentials,
    /// The body that the caller gave cannot be read.
    Body,
    /// Nothing answers at the address, or not as TLS wants it.
    Connect,
    /// No API version can be agreed on.
    Negotiate,
    /// The connection broke, or what came over it is not HTTP.
    Send,
    /// A time-out ran out: see [`Error::timeout`].
    Timeout,
    /// The engine answered with an error status, or with a redirection.
    Status,
    /// The engine reported an error inside an answer that began as a success.
    InBand,
    /// The answer is not what it should be, or too large.
    Decode,
    /// A state that was waited for is not going to be reached, or was not in time. See
    /// [`Client::wait`](crate::Client::wait).
    Wait,
    /// An archive is not unpacked: it is no tar, has what is refused, or cannot be written. It takes
    /// the feature `archives`.
    Unpack,
}

const ALLOW_MORE_TO_WAIT: &str = "allow more with `timeout`";

impl Error {
    /// In one place: it is written into by all of the others, and seldom runs.
    #[cold]
    #[inline(never)]
    fn new(kind: ErrorKind, code: &'static str, text: String) -> Self {
        Self(Box::new(Inner {
            kind,
            code,
            text,
            hint: None,
            acted: false,
            call: None,
            status: None,
            timeout: None,
            message: None,
            body: Bytes::new(),
            resolve: None,
            findings: Vec::new(),
            source: None,
        }))
    }

    fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.0.hint = Some(hint.into());
        self
    }

    /// Adds a hint where there is none.
    pub(crate) fn or_hint(mut self, hint: Option<String>) -> Self {
        self.0.hint = self.0.hint.or(hint);
        self
    }

    fn with_source(mut self, source: impl Into<Cause>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// Tells which call it was, and whether the engine may have acted on it.
    pub(crate) fn of(mut self, call: &CallOf, sent: Sent) -> Self {
        self.0.acted = sent == Sent::Perhaps && !call.method().is_safe();
        self.0.call = Some(call.clone());
        self
    }

    pub(crate) fn unknown_engine(name: &str) -> Self {
        let error = Self::new(
            ErrorKind::Config,
            "unknown-engine",
            format!("unknown engine {}", quoted(name)),
        );
        let known: Vec<&str> = crate::engines().collect();
        let near = nearest(name, known.iter().copied());
        error.with_hint(match (near.as_slice(), known.as_slice()) {
            ([], []) => "this program carries no packs: turn on a feature such as `docker`".into(),
            ([], known) => format!("this program carries `{}`", known.join("`, `")),
            (near, _) => format!("did you mean `{}`?", near.join("` or `")),
        })
    }

    pub(crate) fn pack(error: PackError) -> Self {
        let (code, text, hint) = (error.code(), error.to_string(), error.hint());
        Self::new(ErrorKind::Config, code, text).with_hint(hint)
    }

    pub(crate) fn endpoint(error: &EndpointError) -> Self {
        Self::new(ErrorKind::Config, error.code(), error.to_string()).with_hint(error.hint())
    }

    pub(crate) fn two_addresses(connection: &str) -> Self {
        let text = format!("both an address and the connection {} are given", quoted(connection));
        Self::new(ErrorKind::Config, "two-addresses", text).with_hint("give one of them")
    }

    pub(crate) fn discover(error: DiscoverError) -> Self {
        let (code, hint, text) = (error.code(), error.hint(), error.to_string());
        let new = Self::new(ErrorKind::Config, code, text).with_hint(hint);
        // The cause alone: the text is told already.
        match error.into_cause() {
            Some(cause) => new.with_source(cause),
            None => new,
        }
    }

    pub(crate) fn user_agent() -> Self {
        let text = "what the program calls itself is no value of a header".into();
        Self::new(ErrorKind::Config, "invalid-user-agent", text)
            .with_hint("write it on one line, such as `backups/1.2`")
    }

    #[cfg(feature = "credentials")]
    pub(crate) fn credentials(error: CredentialsError) -> Self {
        let (code, hint, text) = (error.code(), error.hint(), error.to_string());
        let new = Self::new(ErrorKind::Credentials, code, text).with_hint(hint);
        match error.into_cause() {
            Some(cause) => new.with_source(cause),
            None => new,
        }
    }

    #[cfg(not(feature = "ssh"))]
    pub(crate) fn ssh_not_built() -> Self {
        let text = "this program was built without ssh".into();
        Self::new(ErrorKind::Config, "ssh-not-built", text)
            .with_hint("turn on the feature `ssh` of `contajners`")
    }

    pub(crate) fn version_setting(error: &ResolveError, from: Option<&str>) -> Self {
        let text = match from {
            Some(variable) => format!("`{variable}`: {error}"),
            None => error.to_string(),
        };
        let new = Self::new(ErrorKind::Config, error.code(), text);
        match error.hint() {
            Some(hint) => new.with_hint(hint),
            None => new,
        }
    }

    pub(crate) fn resolve(error: ResolveError) -> Self {
        let mut new = Self::new(ErrorKind::Resolve, error.code(), error.to_string());
        new.0.hint = error.hint();
        if error.wants_bytes() {
            new.0.hint = Some(match cfg!(feature = "archives") {
                true => {
                    "give it with `body_bytes`, `body_file`, `body_folder` or `body_reader`".into()
                }
                false => "give it with `body_bytes`, `body_file` or `body_reader`".into(),
            });
        }
        new.0.resolve = Some(error);
        new
    }

    /// What was found in a call that is to be as the spec has it.
    #[cfg(feature = "checks")]
    pub(crate) fn check_failed(findings: Vec<Finding>) -> Self {
        let first = findings.first().map(ToString::to_string).unwrap_or_default();
        let text = match findings.len() {
            0 | 1 => first,
            count => format!("{first}, and {} more like that", count - 1),
        };
        let mut new = Self::new(ErrorKind::Resolve, "check-failed", text);
        new.0.hint = findings.first().and_then(Finding::hint).map(std::borrow::Cow::into_owned);
        new.0.findings = findings;
        new
    }

    pub(crate) fn value(operation: &str, name: &str, source: serde_json::Error) -> Self {
        let text = format!("parameter {} of `{operation}` cannot be made JSON", quoted(name));
        Self::new(ErrorKind::Resolve, "invalid-parameter", text).with_source(source)
    }

    pub(crate) fn body_value(operation: &str, source: serde_json::Error) -> Self {
        let text = format!("the body of `{operation}` cannot be made JSON");
        Self::new(ErrorKind::Resolve, "invalid-body", text).with_source(source)
    }

    pub(crate) fn raw(error: RawError, what: &str) -> Self {
        let text = format!("{error}: {}", quoted(what));
        Self::new(ErrorKind::Resolve, error.code(), text).with_hint(error.hint())
    }

    pub(crate) fn unfit_for_path(error: PathValueError, name: &str) -> Self {
        let text = format!("{error}: {}", quoted(name));
        Self::new(ErrorKind::Resolve, error.code(), text).with_hint(error.hint())
    }

    pub(crate) fn target_too_long(length: usize, limit: usize) -> Self {
        let text = format!("path and query are {length} bytes long; {limit} can be sent");
        Self::new(ErrorKind::Resolve, "target-too-long", text)
            .with_hint("send less in parameters; what is long may have a place in the body")
    }

    pub(crate) fn unreadable(what: &str, source: io::Error) -> Self {
        let text = format!("cannot read {what}");
        Self::new(ErrorKind::Body, "body-unreadable", text).with_source(source)
    }

    pub(crate) fn connect(engine: &str, address: &str, hint: String, source: io::Error) -> Self {
        let text = format!("cannot reach {engine} at {address}");
        Self::new(ErrorKind::Connect, "cannot-connect", text).with_hint(hint).with_source(source)
    }

    /// An error of TLS: of its settings, or of a connection.
    pub(crate) fn tls(kind: ErrorKind, fault: Fault) -> Self {
        let Fault { code, text, hint, cause } = fault;
        let new = Self::new(kind, code, text).or_hint(Some(hint).filter(|hint| !hint.is_empty()));
        match cause {
            Some(cause) => new.with_source(cause),
            None => new,
        }
    }

    /// The other side speaks TLS and this one does not. `variable` is the one that would turn it on
    /// here, if one does.
    pub(crate) fn tls_spoken(engine: &str, address: &str, variable: Option<&str>) -> Self {
        let text = format!("{engine} at {address} speaks TLS, and the address does not say so");
        let rest = address.split_once("://").map_or(address, |(_, rest)| rest);
        let or = variable.map(|name| format!(", or set `{name}`")).unwrap_or_default();
        Self::new(ErrorKind::Connect, "tls-wanted", text)
            .with_hint(format!("write `https://{rest}`{or}"))
    }

    #[cfg(feature = "blocking")]
    pub(crate) fn no_thread(source: io::Error) -> Self {
        let text = "the system gives no thread for the client".into();
        Self::new(ErrorKind::Config, "no-thread", text).with_source(source)
    }

    pub(crate) fn negotiate(error: &NegotiateError) -> Self {
        let (code, hint, text) = (error.code(), error.hint(), error.to_string());
        Self::new(ErrorKind::Negotiate, code, text).with_hint(hint)
    }

    pub(crate) fn send(engine: &str, address: &str, source: impl Into<Cause>) -> Self {
        let text = format!("the connection to {engine} at {address} broke");
        Self::new(ErrorKind::Send, "connection-broken", text).with_source(source)
    }

    pub(crate) fn not_http(engine: &str, address: &str, source: impl Into<Cause>) -> Self {
        let text = format!("what answers at {address} does not speak HTTP as {engine} does");
        Self::new(ErrorKind::Send, "not-http", text)
            .with_hint("is it another program's address, or one that speaks TLS?")
            .with_source(source)
    }

    /// `pinned_by` is the variable that says which version is spoken, if one does.
    pub(crate) fn refused(
        call: &CallOf,
        status: u16,
        message: String,
        body: Bytes,
        pinned_by: Option<&str>,
    ) -> Self {
        let answered = format!("{} answered {status} to {call}", call.engine());
        let text = if message.is_empty() { answered } else { format!("{answered}: {message}") };
        let mut error = Self::new(ErrorKind::Status, "engine-error", text);
        error.0.status = Some(status);
        error.0.hint = message.contains("is too new. Maximum supported API version").then(|| {
            // The version of a raw request is where it was written.
            match pinned_by.filter(|_| call.operation().is_some()) {
                Some(name) => {
                    format!("unset `{name}`: the newest version that both know is spoken then")
                }
                None => {
                    "leave the API version out: the client then speaks the newest that both know"
                        .into()
                }
            }
        });
        error.0.message = Some(message);
        error.0.body = body;
        error.or_hint(call.remark().map(Into::into)).of(call, Sent::Perhaps)
    }

    /// The engine says what rules out the state that is waited for.
    pub(crate) fn wait_failed(
        call: &CallOf,
        waiter: &str,
        reason: &str,
        status: u16,
        body: Bytes,
    ) -> Self {
        let text = format!("`{waiter}` will not be reached at {call}: {reason}");
        let mut error = Self::new(ErrorKind::Wait, "wait-failed", text);
        error.0.status = Some(status);
        error.0.body = body;
        error.of(call, Sent::Perhaps)
    }

    /// Time ran out; what was seen last is told if it is known.
    pub(crate) fn wait_timed_out(
        call: &CallOf,
        waiter: &str,
        limit: Duration,
        seen: &str,
        status: u16,
        body: Bytes,
    ) -> Self {
        let last = format!("the last answer was {status}");
        let seen = if seen.is_empty() { &last } else { seen };
        let text = format!("`{waiter}` was not reached within {limit:?} at {call}: {seen}");
        let mut error =
            Self::new(ErrorKind::Wait, "wait-timed-out", text).with_hint(ALLOW_MORE_TO_WAIT);
        error.0.status = Some(status);
        error.0.body = body;
        error.of(call, Sent::Perhaps)
    }

    /// Time ran out before there was any answer.
    pub(crate) fn wait_unanswered(
        waiter: &str,
        limit: Duration,
        engine: &str,
        address: &str,
    ) -> Self {
        let waiter = quoted(waiter);
        let text = format!(
            "{waiter} was not reached within {limit:?}: {engine} at {address} has not answered"
        );
        Self::new(ErrorKind::Wait, "wait-timed-out", text).with_hint(ALLOW_MORE_TO_WAIT)
    }

    pub(crate) fn redirect(call: &CallOf, status: u16, location: Option<&str>) -> Self {
        let text = match location {
            Some(location) => {
                format!("{} answered {status} to {call}: go to {}", call.engine(), quoted(location))
            }
            None => format!("{} answered {status} to {call}", call.engine()),
        };
        let mut error = Self::new(ErrorKind::Status, "redirected", text)
            .with_hint("engines redirect paths that are not clean; none are followed");
        error.0.status = Some(status);
        error.of(call, Sent::Perhaps)
    }

    pub(crate) fn upgraded(call: &CallOf) -> Self {
        let text = format!("{} made a socket of the connection at {call}", call.engine());
        Self::new(ErrorKind::Decode, "upgraded", text)
            .with_hint("take it with `socket`")
            .of(call, Sent::Perhaps)
    }

    pub(crate) fn no_socket(call: &CallOf, status: u16) -> Self {
        let text = format!("{} answered {status} to {call} and made no socket", call.engine());
        let mut error = Self::new(ErrorKind::Decode, "not-upgraded", text)
            .with_hint("attach, exec and sessions make sockets");
        error.0.status = Some(status);
        error.of(call, Sent::Perhaps)
    }

    pub(crate) fn never_socket(call: &CallOf) -> Self {
        let text = format!("{call} makes no socket");
        Self::new(ErrorKind::Resolve, "not-upgraded", text)
            .with_hint("attach, exec and sessions make sockets")
            .of(call, Sent::No)
    }

    pub(crate) fn streamed_to_socket(call: &CallOf) -> Self {
        let text = format!("the body of {call} is a file or a reader");
        Self::new(ErrorKind::Resolve, "invalid-body", text)
            .with_hint("what opens a socket carries a value or bytes; write the rest to the socket")
            .of(call, Sent::No)
    }

    pub(crate) fn in_band(
        call: &CallOf,
        message: String,
        status: Option<u16>,
        document: Bytes,
    ) -> Self {
        let text = format!("{} failed at {call}: {message}", call.engine());
        let mut error = Self::new(ErrorKind::InBand, "in-band-error", text);
        error.0.message = Some(message);
        error.0.status = status;
        error.0.body = document;
        error.or_hint(call.remark().map(Into::into)).of(call, Sent::Perhaps)
    }

    pub(crate) fn decode(call: &CallOf, source: DecodeError) -> Self {
        let text = format!("the answer to {call} cannot be decoded");
        Self::new(ErrorKind::Decode, source.code(), text)
            .with_source(source)
            .of(call, Sent::Perhaps)
    }

    pub(crate) fn json(call: &CallOf, source: &serde_json::Error, body: Bytes) -> Self {
        let text = format!("the answer to {call} is not the JSON that was asked for");
        let source = Misread::of(source);
        let mut error = Self::new(ErrorKind::Decode, "invalid-json", text).with_source(source);
        error.0.body = body;
        error.of(call, Sent::Perhaps)
    }

    pub(crate) fn not_text(call: &CallOf, body: Bytes) -> Self {
        let text = format!("the answer to {call} is bytes, not text");
        let mut error = Self::new(ErrorKind::Decode, "not-text", text)
            .with_hint("take it with `bytes` or `stream`");
        error.0.body = body;
        error.of(call, Sent::Perhaps)
    }

    /// The same, known before anything is sent.
    pub(crate) fn never_text(call: &CallOf) -> Self {
        Self::new(ErrorKind::Resolve, "not-text", format!("{call} answers bytes, not text"))
            .with_hint("take it with `bytes` or `stream`")
            .of(call, Sent::No)
    }

    pub(crate) fn too_large(call: &CallOf, limit: usize) -> Self {
        let text = format!("the answer to {call} is larger than the {limit} bytes that are kept");
        Self::new(ErrorKind::Decode, "answer-too-large", text)
            .with_hint("take it with `stream`, or allow more with `answer_limit`")
            .of(call, Sent::Perhaps)
    }

    pub(crate) fn too_large_as_values(call: &CallOf, limit: usize) -> Self {
        let text = format!(
            "the answer to {call} would take more than 16 times the {limit} bytes that are kept"
        );
        Self::new(ErrorKind::Decode, "answer-too-large", text)
            .with_hint("take it with `stream` or `bytes`, or allow more with `answer_limit`")
            .of(call, Sent::Perhaps)
    }

    /// Returns whose fault it is.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// Returns the stable name that scripts match on, such as `unknown-operation`.
    /// [All of them](crate::error_codes), with what each means and what to do about it.
    pub fn code(&self) -> &'static str {
        self.0.code
    }

    /// Returns what to do about it, where something is known.
    pub fn hint(&self) -> Option<&str> {
        self.0.hint.as_deref()
    }

    /// Returns the HTTP status that the engine answered with; of an error inside a stream, the one that
    /// it carries, if it does.
    pub fn status(&self) -> Option<u16> {
        self.0.status
    }

    /// Returns the limit that ran out, of an error of the kind [`ErrorKind::Timeout`].
    pub fn timeout(&self) -> Option<Timeout> {
        self.0.timeout
    }

    /// Returns the engine's own words.
    pub fn message(&self) -> Option<&str> {
        self.0.message.as_deref()
    }

    /// Returns the id of the operation that was called; `None` for a raw request.
    pub fn operation(&self) -> Option<&str> {
        let resolve = self.0.resolve.as_ref().and_then(ResolveError::operation);
        resolve.or(self.0.call.as_ref()?.operation())
    }

    /// Returns method, path and query of the request, as they went over the wire.
    ///
    /// The query is the caller's and may hold secrets (`buildargs`), which is why the error's
    /// text leaves it out.
    pub fn target(&self) -> Option<(Method, &str)> {
        self.0.call.as_ref().map(|call| (call.method(), call.target()))
    }

    /// Returns the body of the engine's answer, or as much of it as was read: of an error status at
    /// most 1 MiB, and what came within five seconds, with no more than one between two pieces.
    pub fn body(&self) -> &[u8] {
        &self.0.body
    }

    /// Returns what the catalogue has against the call.
    pub fn resolve_error(&self) -> Option<&ResolveError> {
        self.0.resolve.as_ref()
    }

    /// Returns what was found in the call, where [`Checks::Strict`](crate::Checks) kept it from being
    /// sent.
    pub fn findings(&self) -> &[Finding] {
        &self.0.findings
    }

    /// Tells whether the engine may have acted on the call, so that repeating it could do it
    /// twice. `false` is certain: nothing was sent, or the method asks for no change.
    pub fn may_have_acted(&self) -> bool {
        self.0.acted
    }
}

impl From<ResolveError> for Error {
    /// What the catalogue says about a call, of the kind [`ErrorKind::Resolve`].
    fn from(error: ResolveError) -> Self {
        Self::resolve(error)
    }
}

impl From<PackError> for Error {
    /// A pack that cannot be used, of the kind [`ErrorKind::Config`].
    fn from(error: PackError) -> Self {
        Self::pack(error)
    }
}

impl From<EndpointError> for Error {
    /// What is no address, of the kind [`ErrorKind::Config`].
    fn from(error: EndpointError) -> Self {
        Self::endpoint(&error)
    }
}

impl From<DiscoverError> for Error {
    /// Why no engine was found, of the kind [`ErrorKind::Config`].
    fn from(error: DiscoverError) -> Self {
        Self::discover(error)
    }
}

/// Whether a request had gone out when something failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sent {
    /// Certainly not.
    No,
    /// Some of it, or all.
    Perhaps,
}

/// Errors of folders that are sent, and of archives that become folders.
#[cfg(feature = "archives")]
impl Error {
    pub(crate) fn ignore_file(shown: &str, source: impl Into<Cause>) -> Self {
        let text = format!("the ignore file {shown} is malformed");
        Self::new(ErrorKind::Body, "invalid-ignore-file", text).with_source(source)
    }

    pub(crate) fn no_dockerfile(folder: &std::path::Path, name: &str) -> Self {
        let folder = quoted(&folder.to_string_lossy());
        Self::new(ErrorKind::Body, "no-dockerfile", format!("no {} in {folder}", quoted(name)))
            .with_hint("name the build file by its path in the folder")
    }

    pub(crate) fn unpack(call: &CallOf, source: UnpackError) -> Self {
        let (code, hint) = (source.code(), source.hint());
        let text = format!("cannot unpack the answer to {call}");
        Self::new(ErrorKind::Unpack, code, text)
            .with_hint(hint)
            .with_source(source)
            .of(call, Sent::Perhaps)
    }
}

/// Why JSON was not what was asked for: what `serde_json` says of it, without the value that stands
/// there, which may be a secret.
#[derive(Debug)]
struct Misread(String);

impl Misread {
    fn of(error: &serde_json::Error) -> Self {
        let text = error.to_string();
        let begins = |words: &[&str]| words.iter().any(|word| text.starts_with(word));
        let whole = !error.is_data() || begins(&["missing field `", "duplicate field `"]);
        // The words before it may be the engine's, those behind are of the type that was asked for.
        let expected = text
            .rsplit_once(", expected ")
            .filter(|_| begins(&["invalid ", "unknown variant ", "unknown field "]));
        Self(match expected {
            _ if whole => text,
            Some((_, expected)) => format!("something else than {expected}"),
            None => format!("a wrong value at line {} column {}", error.line(), error.column()),
        })
    }
}

impl fmt::Display for Misread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl StdError for Misread {}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.text)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("kind", &self.0.kind)
            .field("code", &self.0.code)
            .field("text", &self.0.text)
            .field("hint", &self.0.hint)
            .field("source", &self.0.source)
            .finish_non_exhaustive()
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_deref().map(|source| source as &(dyn StdError + 'static))
    }
}

impl From<Error> for io::Error {
    /// For [`tokio::io::AsyncRead`] on a stream.
    fn from(error: Error) -> Self {
        let kind = match error.kind() {
            ErrorKind::Timeout => io::ErrorKind::TimedOut,
            ErrorKind::Send => io::ErrorKind::ConnectionAborted,
            ErrorKind::Decode => io::ErrorKind::InvalidData,
            _ => io::ErrorKind::Other,
        };
        io::Error::new(kind, error)
    }
}
