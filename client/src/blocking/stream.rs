//! Answers as they come: a reader of bytes, iterators of pieces. Memory stays constant.

use std::fmt;
use std::io::{self, Read};
use std::sync::Arc;

use bytes::Bytes;
use serde_core::de::DeserializeOwned;
use tokio::io::AsyncReadExt as _;

use super::runtime::Runtime;
#[cfg(feature = "archives")]
use crate::archive::{Unpack, Unpacked};
use crate::error::Error;
use crate::lines::OutputLine;
use crate::stream::OutputPiece;

/// The body of an answer, to be read or, in a `for` loop, to be taken in pieces as they come.
///
/// Dropped before its end it closes the connection; the engine then usually gives up what it does
/// for this call.
#[must_use = "an answer that is not read is thrown away with its connection"]
pub struct ByteStream {
    inner: crate::ByteStream,
    runtime: Arc<Runtime>,
}

impl ByteStream {
    pub(super) fn new(inner: crate::ByteStream, runtime: Arc<Runtime>) -> Self {
        Self { inner, runtime }
    }

    /// Unpacks an answer that is a tar into a folder: see
    /// [`ByteStream::unpack_into`](crate::ByteStream::unpack_into).
    ///
    /// # Errors
    ///
    /// Those of the iterator; of the kind [`Unpack`](crate::ErrorKind::Unpack) when the archive is
    /// no tar, ends too soon, is larger than allowed or has an entry that is refused, and when the
    /// folder cannot be written.
    #[cfg(feature = "archives")]
    pub fn unpack_into(self, into: impl Into<Unpack>) -> Result<Unpacked, Error> {
        self.runtime.wait(self.inner.unpack_into(into))
    }
}

impl Read for ByteStream {
    /// Fails with an [`Error`] inside the [`io::Error`].
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.runtime.wait(self.inner.read(buffer))
    }
}

/// Not an iterator itself: `take` and `chain` are those of the reader.
impl IntoIterator for ByteStream {
    type Item = Result<Bytes, Error>;
    type IntoIter = Pieces;

    fn into_iter(self) -> Pieces {
        Pieces::new(self.inner, self.runtime)
    }
}

/// The types of iterators over an answer.
macro_rules! iterators {
    ($($(#[$doc:meta])+ $name:ident $(<$of:ident: $bound:ident>)? ($inner:ty) -> $item:ty;)+) => {$(
        $(#[$doc])+
        #[must_use = "an answer that is not read is thrown away with its connection"]
        pub struct $name $(<$of = serde_json::Value>)? {
            inner: $inner,
            runtime: Arc<Runtime>,
        }

        impl $(<$of: $bound>)? $name $(<$of>)? {
            pub(super) fn new(inner: $inner, runtime: Arc<Runtime>) -> Self {
                Self { inner, runtime }
            }
        }

        impl $(<$of: $bound>)? Iterator for $name $(<$of>)? {
            type Item = Result<$item, Error>;

            fn next(&mut self) -> Option<Self::Item> {
                self.runtime.wait(self.inner.next())
            }
        }

        impl $(<$of>)? fmt::Debug for $name $(<$of>)? {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.inner.fmt(f)
            }
        }
    )+};
}

iterators! {
    /// The pieces of a [`ByteStream`], never empty.
    Pieces(crate::ByteStream) -> Bytes;
    /// Output of a process (logs, attach, exec) as it comes, stdout and stderr told apart. An error
    /// that the engine reports inside it is an error, and the last item.
    OutputStream(crate::OutputStream) -> OutputPiece;
    /// The lines of an [`OutputStream`], each as soon as it has ended; see [`crate::OutputLines`].
    OutputLines(crate::OutputLines) -> OutputLine;
    /// JSON documents as they come (events, pull, build, stats), each of type `T`. A document that
    /// tells of an error is an error, and the last item.
    DocumentStream<T: DeserializeOwned>(crate::DocumentStream<T>) -> T;
}

impl OutputStream {
    /// Takes the output apart into lines.
    pub fn lines(self) -> OutputLines {
        OutputLines::new(self.inner.lines(), self.runtime)
    }
}

impl fmt::Debug for ByteStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}
