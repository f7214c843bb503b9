//! An answer whose head has arrived.

use std::fmt;

use bytes::Bytes;
use contajners_core::{Answer, Content, Finding, Outcome};
use hyper::HeaderMap;
use serde_core::de::DeserializeOwned;

use crate::data::{self, Data, Kept};
use crate::error::{CallOf, Error};
use crate::stream::{ByteStream, DocumentStream, InBand, OutputStream};
use crate::trace;

/// An answer: status and headers are there, the body is yet to come.
#[must_use = "an answer that is not read is thrown away with its connection"]
pub struct Response {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) outcome: Outcome,
    pub(crate) content: Content,
    /// Whether the body may tell of an error.
    pub(crate) errors: InBand,
    pub(crate) body: ByteStream,
    pub(crate) limit: usize,
    /// What is documented.
    pub(crate) answer: Answer,
    pub(crate) findings: Vec<Finding>,
}

impl Response {
    /// Returns the HTTP status.
    pub fn status(&self) -> u16 {
        self.status
    }

    /// Tells whether the engine did what was asked. `false` only comes of a call with
    /// [`allow_error_status`](crate::Call::allow_error_status).
    pub fn is_success(&self) -> bool {
        matches!(self.outcome, Outcome::Success(_))
    }

    /// Returns a header, by its name in any case; `None` when it is not there or not text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// Returns all headers whose values are text, in the engine's order.
    pub fn headers(&self) -> impl Iterator<Item = (&str, &str)> {
        self.headers.iter().filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)))
    }

    /// Returns what was found in the body and the parameters that the call was given: see
    /// [`Checks`](crate::Checks). Without the feature `checks` nothing is.
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// Tells whether the body may tell of an error after all (`errorDetail`, `error`). What reads it
    /// as data, JSON, text or documents looks for that; bytes are as they come.
    pub fn may_fail_inside(&self) -> bool {
        self.errors == InBand::Looked
    }

    /// Returns what was passed over while looking for credentials for the call, such as a damaged
    /// file: likely the reason, if the engine refuses it. Errors have it as their hint.
    pub fn remark(&self) -> Option<&str> {
        self.body.0.call.remark()
    }

    /// Returns what the body is.
    pub fn content(&self) -> Content {
        self.content
    }

    /// Reads the body as data.
    ///
    /// # Errors
    ///
    /// The connection breaks, a time-out runs out, the body is larger than the client's
    /// `answer_limit`, or takes more than 16 times that as values, it is not what its kind says, or
    /// it tells of an error.
    pub async fn data(self) -> Result<Data, Error> {
        self.read(data::of).await
    }

    /// Reads the body as a JSON document of a type of yours.
    ///
    /// Several documents are read as a list.
    ///
    /// # Errors
    ///
    /// Those of [`Response::data`], and when the document is not of that type.
    pub async fn json<T: DeserializeOwned>(self) -> Result<T, Error> {
        self.read(data::typed).await
    }

    /// Reads the body as text; output of a process without the frames around it.
    ///
    /// # Errors
    ///
    /// Those of [`Response::data`], and when the body is bytes that are not text.
    pub async fn text(self) -> Result<String, Error> {
        self.read(data::text).await
    }

    /// What is no more needed goes before the body is waited for.
    fn read<T>(
        self,
        make: impl FnOnce(Kept, &CallOf) -> Result<T, Error>,
    ) -> impl Future<Output = Result<T, Error>> {
        let Self { content, errors, body, limit, answer, .. } = self;
        async move {
            let (call, span) = (body.0.call.clone(), body.0.span.clone());
            let body = body.collect(limit).await?;
            let made = make(Kept { content, errors, body, limit, answer }, &call);
            trace::ended(&span, &made);
            made
        }
    }

    /// Reads the body as it is. What it may tell of an error ([`Response::may_fail_inside`]) is not
    /// looked for.
    ///
    /// # Errors
    ///
    /// The connection breaks, a time-out runs out, or the body is larger than the client's
    /// `answer_limit`.
    pub async fn bytes(self) -> Result<Bytes, Error> {
        self.body.collect(self.limit).await
    }

    /// Returns the body as it comes, whatever it is. An engine may tell of an error in it after all: see
    /// [`may_fail_inside`](Self::may_fail_inside).
    pub fn into_stream(self) -> ByteStream {
        self.body
    }

    /// Returns the output of a process as it comes, stdout and stderr told apart.
    pub fn into_output(self) -> OutputStream {
        OutputStream::new(self.body, data::demultiplexer(self.content))
    }

    /// Returns JSON documents as they come.
    pub fn into_documents<T: DeserializeOwned>(self) -> DocumentStream<T> {
        DocumentStream::new(self.body, self.errors)
    }
}

/// Without headers: they may hold secrets, such as those of `Set-Cookie`.
impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Response")
            .field("status", &self.status)
            .field("content", &self.content)
            .field("findings", &self.findings)
            .field("body", &self.body)
            .finish_non_exhaustive()
    }
}
