//! A call on its way, and how its answer is wanted.

use std::fmt;
use std::future::IntoFuture as _;
use std::io::Read;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use serde_core::Serialize;
use serde_core::de::DeserializeOwned;
use serde_json::Value;

use super::duplex::Duplex;
use super::response::Response;
use super::runtime::Runtime;
use super::stream::{ByteStream, DocumentStream, OutputStream};
#[cfg(feature = "archives")]
use crate::archive::Folder;
use crate::data::Data;
use crate::error::Error;
use crate::pipe::Blocking;

/// A call that has not been made yet: see [`Client::invoke`](super::Client::invoke) and
/// [`Client::request`](super::Client::request).
///
/// How it ends decides what comes back.
///
/// ```no_run
/// # fn demo(docker: contajners::blocking::Client) -> Result<(), Box<dyn std::error::Error>> {
/// use serde_json::json;
///
/// let created = docker
///     .invoke("ContainerCreate")
///     .param("name", "conny")
///     .body(json!({ "Image": "busybox:musl", "Cmd": ["date"] }))
///     .call()?;
/// let mut export = docker.invoke("ContainerExport").param("id", &created["Id"]).stream()?;
/// std::io::copy(&mut export, &mut std::fs::File::create("conny.tar")?)?;
/// # Ok(()) }
/// ```
#[must_use = "a call is made by one of the methods that end it"]
pub struct Call {
    inner: crate::Call,
    runtime: Arc<Runtime>,
}

/// What is given to a call, which is the same as with the asynchronous one.
macro_rules! given {
    ($($(#[$attribute:meta])+ $name:ident($($argument:ident: $of:ty),*);)+) => {$(
        $(#[$attribute])+
        #[doc = concat!("See [`Call::", stringify!($name), "`](crate::Call::", stringify!($name), ").")]
        pub fn $name(self $(, $argument: $of)*) -> Self {
            Self { inner: self.inner.$name($($argument),*), ..self }
        }
    )+};
}

impl Call {
    pub(super) fn new(inner: crate::Call, runtime: Arc<Runtime>) -> Self {
        Self { inner, runtime }
    }

    given! {
        /// Gives a parameter, by the vendor's name, wherever it belongs: path, query or header.
        param(name: impl Into<String>, value: impl Serialize);
        /// Gives a value as the body; it becomes JSON.
        body(value: impl Serialize);
        /// Gives bytes as the body, of the media type that the operation documents.
        body_bytes(bytes: impl Into<Bytes>);
        /// Gives a file as the body; it is read while it is sent.
        body_file(path: impl Into<PathBuf>);
        /// Gives a folder as the body; it becomes a tar while it is sent.
        #[cfg(feature = "archives")]
        body_folder(folder: impl Into<Folder>);
        /// Sets the media type of the body, where it is not the one that the operation documents.
        content_type(media_type: impl Into<String>);
        /// Adds a header that is no parameter of the operation.
        header(name: impl Into<String>, value: impl Into<String>);
        /// Takes an answer with an error status like any other, instead of making an error of it.
        allow_error_status();
        /// Limits the time of this call as a whole; `None` is for as long as it takes.
        timeout(limit: impl Into<Option<Duration>>);
        /// Limits the time in which nothing comes from the engine; `None` is for as long as it takes.
        read_timeout(limit: impl Into<Option<Duration>>);
        /// Limits the time until the head of the answer comes; `None` is that of `read_timeout`.
        head_timeout(limit: impl Into<Option<Duration>>);
        /// Limits the time in which the engine takes nothing of a body; `None` is for as long as it takes.
        write_timeout(limit: impl Into<Option<Duration>>);
    }

    /// Gives a reader as the body. It is read on a thread of its own while it is sent, in pieces of
    /// up to 64 KiB, of which a few wait to be sent; an error of it ends the call. A call that ends
    /// early leaves that thread to the reader until it returns. With a header `Content-Length` no more
    /// than that is sent of it, and less is an error.
    pub fn body_reader(self, reader: impl Read + Send + 'static) -> Self {
        let body = Blocking::new(Box::new(reader));
        Self { inner: self.inner.body_reader(body), ..self }
    }

    /// Looks at the call without making it: see [`Call::check`](crate::Call::check).
    ///
    /// # Errors
    ///
    /// The call is not what the catalogue says, or the version cannot be found out.
    #[cfg(feature = "checks")]
    pub fn check(self) -> Result<Vec<contajners_core::Finding>, Error> {
        self.runtime.wait(self.inner.check())
    }

    /// Makes the call and returns the answer as JSON: `null` for an answer without a body, a
    /// string for text, a list for several documents. It is what an asynchronous call gives when it
    /// is awaited.
    ///
    /// # Errors
    ///
    /// Those of [`Call::json`].
    pub fn call(self) -> Result<Value, Error> {
        self.runtime.wait(self.inner.into_future())
    }

    /// Makes the call and returns the answer as data, bytes too.
    ///
    /// # Errors
    ///
    /// Those of [`Call::send`] and [`Response::data`].
    pub fn data(self) -> Result<Data, Error> {
        self.runtime.wait(self.inner.data())
    }

    /// Makes the call and returns the answer as a type of yours.
    ///
    /// # Errors
    ///
    /// Those of [`Call::send`] and [`Response::json`].
    pub fn json<T: DeserializeOwned>(self) -> Result<T, Error> {
        self.runtime.wait(self.inner.json())
    }

    /// Makes the call and returns the answer as text.
    ///
    /// # Errors
    ///
    /// Those of [`Call::send`] and [`Response::text`].
    pub fn text(self) -> Result<String, Error> {
        self.runtime.wait(self.inner.text())
    }

    /// Makes the call and returns the answer's bytes, in which an engine may tell of an error after
    /// all: see [`Response::may_fail_inside`].
    ///
    /// # Errors
    ///
    /// Those of [`Call::send`] and [`Response::bytes`].
    pub fn bytes(self) -> Result<Bytes, Error> {
        self.runtime.wait(self.inner.bytes())
    }

    /// Makes the call and returns a reader of the answer's bytes, in constant memory.
    ///
    /// # Errors
    ///
    /// Those of [`Call::send`].
    pub fn stream(self) -> Result<ByteStream, Error> {
        Ok(self.send()?.into_stream())
    }

    /// Makes the call and returns the output of a process as it comes: logs, for example.
    ///
    /// # Errors
    ///
    /// Those of [`Call::send`].
    pub fn output(self) -> Result<OutputStream, Error> {
        Ok(self.send()?.into_output())
    }

    /// Makes the call and returns JSON documents as they come: events, for example.
    ///
    /// # Errors
    ///
    /// Those of [`Call::send`].
    pub fn documents<T: DeserializeOwned>(self) -> Result<DocumentStream<T>, Error> {
        Ok(self.send()?.into_documents())
    }

    /// Makes the call and returns the answer when its head has arrived: for its status and
    /// headers, or to decide later what the body is.
    ///
    /// # Errors
    ///
    /// Those of [`Call::send`](crate::Call::send): see [`Error`].
    pub fn send(self) -> Result<Response, Error> {
        let response = self.runtime.wait(self.inner.send())?;
        Ok(Response::new(response, self.runtime))
    }

    /// Makes the call and takes over its connection, once the head of the answer has arrived: for
    /// attach, exec with input, and sessions.
    ///
    /// # Errors
    ///
    /// Those of [`Call::send`]; the operation makes no socket, or the engine did not make one.
    pub fn socket(self) -> Result<Duplex, Error> {
        let duplex = self.runtime.wait(self.inner.socket())?;
        Ok(Duplex::new(duplex, self.runtime))
    }
}

impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}
