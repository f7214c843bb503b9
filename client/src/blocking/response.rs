//! An answer whose head has arrived.

use std::sync::Arc;

use bytes::Bytes;
use contajners_core::{Content, Finding};
use serde_core::de::DeserializeOwned;

use super::runtime::Runtime;
use super::stream::{ByteStream, DocumentStream, OutputStream};
use crate::data::Data;
use crate::error::Error;

/// An answer: status and headers are there, the body is yet to come.
#[must_use = "an answer that is not read is thrown away with its connection"]
pub struct Response {
    inner: crate::Response,
    runtime: Arc<Runtime>,
}

impl Response {
    pub(super) fn new(inner: crate::Response, runtime: Arc<Runtime>) -> Self {
        Self { inner, runtime }
    }

    /// Returns the HTTP status.
    pub fn status(&self) -> u16 {
        self.inner.status()
    }

    /// Tells whether the engine did what was asked. `false` only comes of a call with
    /// [`allow_error_status`](super::Call::allow_error_status).
    pub fn is_success(&self) -> bool {
        self.inner.is_success()
    }

    /// Returns a header, by its name in any case; `None` when it is not there or not text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.inner.header(name)
    }

    /// Returns all headers whose values are text, in the engine's order.
    pub fn headers(&self) -> impl Iterator<Item = (&str, &str)> {
        self.inner.headers()
    }

    /// Returns what was found in the body and the parameters that the call was given.
    pub fn findings(&self) -> &[Finding] {
        self.inner.findings()
    }

    /// Tells whether the body may tell of an error after all (`errorDetail`, `error`). What reads it
    /// as data, JSON, text or documents looks for that; bytes are as they come.
    pub fn may_fail_inside(&self) -> bool {
        self.inner.may_fail_inside()
    }

    /// Returns what was passed over while looking for credentials for the call, such as a damaged
    /// file: likely the reason, if the engine refuses it. Errors have it as their hint.
    pub fn remark(&self) -> Option<&str> {
        self.inner.remark()
    }

    /// Returns what the body is.
    pub fn content(&self) -> Content {
        self.inner.content()
    }

    /// Reads the body as data.
    ///
    /// # Errors
    ///
    /// The connection breaks, a time-out runs out, the body is larger than the client's
    /// `answer_limit`, or takes more than 16 times that as values, it is not what its kind says, or it
    /// tells of an error.
    pub fn data(self) -> Result<Data, Error> {
        self.runtime.wait(self.inner.data())
    }

    /// Reads the body as a JSON document of a type of yours; several documents are a list.
    ///
    /// # Errors
    ///
    /// Those of [`Response::data`], and when the document is not of that type.
    pub fn json<T: DeserializeOwned>(self) -> Result<T, Error> {
        self.runtime.wait(self.inner.json())
    }

    /// Reads the body as text; output of a process without the frames around it.
    ///
    /// # Errors
    ///
    /// Those of [`Response::data`], and when the body is bytes that are not text.
    pub fn text(self) -> Result<String, Error> {
        self.runtime.wait(self.inner.text())
    }

    /// Reads the body as it is. What it may tell of an error ([`Response::may_fail_inside`]) is not
    /// looked for.
    ///
    /// # Errors
    ///
    /// The connection breaks, a time-out runs out, or the body is larger than the client's
    /// `answer_limit`.
    pub fn bytes(self) -> Result<Bytes, Error> {
        self.runtime.wait(self.inner.bytes())
    }

    /// Returns the body as it comes, whatever it is.
    pub fn into_stream(self) -> ByteStream {
        ByteStream::new(self.inner.into_stream(), self.runtime)
    }

    /// Returns the output of a process as it comes, stdout and stderr told apart.
    pub fn into_output(self) -> OutputStream {
        OutputStream::new(self.inner.into_output(), self.runtime)
    }

    /// Returns JSON documents as they come.
    pub fn into_documents<T: DeserializeOwned>(self) -> DocumentStream<T> {
        DocumentStream::new(self.inner.into_documents(), self.runtime)
    }
}

impl std::fmt::Debug for Response {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.inner.fmt(f)
    }
}
