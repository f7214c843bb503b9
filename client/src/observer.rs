//! What goes over the wire, for those who want to see it.

use std::fmt;
use std::sync::Arc;

use contajners_core::is_secret_header;
use hyper::HeaderMap;
use hyper::ext::ReasonPhrase;

use crate::exchange::Message;

/// What stands for the value of a header that holds a secret.
const SECRET: &str = "(secret)";

/// Is told of everything that a client sends and what it is answered: the calls, and what a
/// client asks by itself to learn the version.
///
/// This is for showing: how a request really went out, how far an upload has got. Calls wait
/// while a method runs. It is a trait rather than `tracing` events, since heads are no log: they
/// are wanted for one client, as a whole and in order.
///
/// ```no_run
/// use contajners::{Client, Head, Observer};
///
/// struct Trace;
///
/// impl Observer for Trace {
///     fn request(&self, head: &Head) {
///         eprintln!("> {}", head.line());
///     }
///
///     fn answer(&self, head: &Head) {
///         eprintln!("< {}", head.line());
///     }
/// }
///
/// # fn demo() -> Result<(), contajners::Error> {
/// let docker = Client::builder("docker").observer(Trace).build()?;
/// # Ok(()) }
/// ```
pub trait Observer: Send + Sync {
    /// A request is about to go out over a connection that stands. It is told again when it goes
    /// out a second time, because an idle connection turned out to be gone.
    fn request(&self, head: &Head) {
        let _ = head;
    }

    /// So many bytes of the body were handed to the connection; for bodies that are read while
    /// they are sent: files, folders and readers.
    fn body_sent(&self, bytes: usize) {
        let _ = bytes;
    }

    /// The head of an answer has arrived.
    fn answer(&self, head: &Head) {
        let _ = head;
    }
}

/// So that a program can keep what it is told by.
impl<T: Observer + ?Sized> Observer for Arc<T> {
    fn request(&self, head: &Head) {
        (**self).request(head);
    }

    fn body_sent(&self, bytes: usize) {
        (**self).body_sent(bytes);
    }

    fn answer(&self, head: &Head) {
        (**self).answer(head);
    }
}

/// The head of a request or of an answer.
///
/// Values of headers that hold secrets are not in it; `(secret)` stands for them. The query of a
/// request is in [`Head::line`], and may hold secrets, too (`buildargs`); `Debug` leaves it out.
#[derive(Clone, PartialEq, Eq)]
pub struct Head {
    line: String,
    headers: Vec<(String, String)>,
}

impl Head {
    /// Returns the first line: method, target and version, or version, status and reason.
    pub fn line(&self) -> &str {
        &self.line
    }

    /// Returns names and values of the headers, in their order.
    pub fn headers(&self) -> impl Iterator<Item = (&str, &str)> {
        self.headers.iter().map(|(name, value)| (&**name, &**value))
    }

    /// Returns the value of a header, by its name in any case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers().find(|(own, _)| own.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    pub(crate) fn of_request(message: &Message) -> Self {
        let line = format!("{} {} HTTP/1.1", message.method(), message.uri());
        Self::new(&line, message.headers())
    }

    pub(crate) fn of_answer<B>(answer: &hyper::Response<B>) -> Self {
        let reason = match answer.extensions().get::<ReasonPhrase>() {
            Some(reason) => String::from_utf8_lossy(reason.as_bytes()).into_owned(),
            None => answer.status().canonical_reason().unwrap_or_default().to_owned(),
        };
        let status = answer.status().as_u16();
        let line = format!("{:?} {status} {reason}", answer.version());
        Self::new(&line, answer.headers())
    }

    pub(crate) fn of_parsed(answer: &httparse::Response<'_, '_>) -> Self {
        let status = answer.code.unwrap_or_default();
        let version = answer.version.unwrap_or_default();
        let line = format!("HTTP/1.{version} {status} {}", answer.reason.unwrap_or_default());
        let headers = answer.headers.iter();
        Self::with(&line, headers.map(|header| (header.name, header.value, false)))
    }

    fn new(line: &str, headers: &HeaderMap) -> Self {
        let headers = headers
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_bytes(), value.is_sensitive()));
        Self::with(line, headers)
    }

    /// Of each header there is said whether it is known to be secret.
    fn with<'a>(line: &str, headers: impl Iterator<Item = (&'a str, &'a [u8], bool)>) -> Self {
        let shown = |(name, value, is_secret): (&str, &[u8], bool)| {
            let shown = match is_secret || is_secret_header(name) {
                true => SECRET.into(),
                false => String::from_utf8_lossy(value),
            };
            (name.to_owned(), shown.into_owned())
        };
        let headers = headers.map(shown).collect();
        Self { line: line.trim_end().to_owned(), headers }
    }
}

impl fmt::Debug for Head {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let line = match self.line.split_once('?') {
            Some((before, query)) => {
                format!("{before}?…{}", query.find(' ').map_or("", |end| &query[end..]))
            }
            None => self.line.clone(),
        };
        f.debug_struct("Head").field("line", &line).field("headers", &self.headers).finish()
    }
}

/// The one who is told, if there is one.
#[derive(Clone, Default)]
pub(crate) struct Watched(pub(crate) Option<Arc<dyn Observer>>);

impl Watched {
    pub(crate) fn request(&self, message: &Message) {
        if let Some(observer) = &self.0 {
            observer.request(&Head::of_request(message));
        }
    }

    pub(crate) fn body_sent(&self, bytes: usize) {
        if let Some(observer) = &self.0 {
            observer.body_sent(bytes);
        }
    }

    pub(crate) fn answer(&self, head: impl FnOnce() -> Head) {
        if let Some(observer) = &self.0 {
            observer.answer(&head());
        }
    }
}

impl fmt::Debug for Watched {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Watched({})", self.0.is_some())
    }
}
