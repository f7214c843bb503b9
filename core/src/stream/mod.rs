//! Decoders for what engines stream: fed with slices of any size, they hand out what is whole.
//!
//! They wait for nothing and know no clock. Memory is bounded: frames are passed on in the
//! pieces they arrive in, documents are held up to a limit.

mod documents;
mod multiplexed;

use core::fmt;

pub use documents::{Documents, fits};
pub use multiplexed::{Chunk, Demultiplexer, Output};

/// Why a stream cannot be decoded further.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DecodeError {
    kind: DecodeErrorKind,
    offset: u64,
}

/// The kinds of [`DecodeError`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum DecodeErrorKind {
    /// Where a frame should begin there is something else.
    FrameHeader,
    /// A frame announces more bytes than the limit.
    FrameTooLong,
    /// A document is longer than the limit, or would take 16 times as much as values.
    DocumentTooLong,
    /// The stream ended inside a frame or a document.
    Cut,
}

impl DecodeError {
    /// Makes an error at an offset from the beginning of the stream.
    pub fn new(kind: DecodeErrorKind, offset: u64) -> Self {
        Self { kind, offset }
    }

    /// Returns what is wrong.
    pub fn kind(&self) -> DecodeErrorKind {
        self.kind
    }

    /// Returns where, in bytes from the beginning of the stream.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// Returns the stable name that scripts and bindings match on.
    pub fn code(&self) -> &'static str {
        match self.kind {
            DecodeErrorKind::FrameHeader => "frame-header",
            DecodeErrorKind::FrameTooLong => "frame-too-long",
            DecodeErrorKind::DocumentTooLong => "document-too-long",
            DecodeErrorKind::Cut => "stream-cut",
        }
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.kind {
            DecodeErrorKind::FrameHeader => "no frame begins",
            DecodeErrorKind::FrameTooLong => "a frame is too long",
            DecodeErrorKind::DocumentTooLong => "a JSON document is too long",
            DecodeErrorKind::Cut => "the stream was cut",
        };
        write!(f, "{what} at byte {} of the stream", self.offset)
    }
}

impl core::error::Error for DecodeError {}
