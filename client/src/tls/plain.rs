//! Connections without TLS that notice when the other side speaks it.

use std::error;
use std::fmt;
use std::io;
use std::io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, UnexpectedEof};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, ReadBuf};

use crate::error::cause_in;
use crate::transport::{Wire, writes_through};

/// The first byte of a TLS alert, which is what most say to a client that speaks plain HTTP.
/// No answer of HTTP begins with it.
const ALERT: u8 = 21;
/// What others say, Go's servers first of all, in a lone answer of status 400.
const WORDS: [&[u8]; 2] =
    [b"HTTP request to an HTTPS server", b"plain HTTP request was sent to HTTPS port"];

/// How much is looked at: readers may ask for less than it takes to tell.
const FIRST: usize = 512;

/// A connection without TLS. What comes first tells whether that is right.
pub(crate) struct Plain<W> {
    wire: W,
    heard: bool,
    /// What came first and has not been taken yet.
    first: Vec<u8>,
}

impl<W> Plain<W> {
    pub(crate) fn new(wire: W) -> Self {
        Self { wire, heard: false, first: Vec::new() }
    }
}

impl<W: Wire> AsyncRead for Plain<W> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if !self.heard {
            let mut space = [0; FIRST];
            let mut space = ReadBuf::new(&mut space);
            match ready!(Pin::new(&mut self.wire).poll_read(context, &mut space)) {
                Ok(()) if space.filled().is_empty() => {
                    return Poll::Ready(Err(silent(UnexpectedEof)));
                }
                Err(error) if is_end(error.kind()) => {
                    return Poll::Ready(Err(silent(error.kind())));
                }
                read => read?,
            }
            let came = space.filled();
            if is_of_tls(came) {
                return Poll::Ready(Err(io::Error::new(io::ErrorKind::InvalidData, TlsSpoken)));
            }
            self.heard = true;
            self.first = came.to_vec();
        }
        if self.first.is_empty() {
            return Pin::new(&mut self.wire).poll_read(context, buffer);
        }
        let take = self.first.len().min(buffer.remaining());
        buffer.put_slice(&self.first[..take]);
        self.first.drain(..take);
        Poll::Ready(Ok(()))
    }
}

fn is_of_tls(came: &[u8]) -> bool {
    let is_refusal = came
        .first_chunk::<12>()
        .is_some_and(|head| head.starts_with(b"HTTP/1.") && head.ends_with(b" 400"));
    came.first() == Some(&ALERT)
        || is_refusal
            && WORDS.iter().any(|words| came.windows(words.len()).any(|piece| piece == *words))
}

writes_through!(Plain);

/// What answers speaks TLS.
#[derive(Debug)]
struct TlsSpoken;

impl fmt::Display for TlsSpoken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("what answers speaks TLS")
    }
}

impl error::Error for TlsSpoken {}

/// Tells whether it is among the causes of an error that the other side speaks TLS.
pub(crate) fn is_tls_spoken(error: &(dyn error::Error + 'static)) -> bool {
    cause_in::<TlsSpoken>(error).is_some()
}

/// The connection ended before anything came over it: some that speak TLS, stunnel among them,
/// have no other answer to a client that does not.
#[derive(Debug)]
struct Silent;

fn silent(kind: io::ErrorKind) -> io::Error {
    io::Error::new(kind, Silent)
}

fn is_end(kind: io::ErrorKind) -> bool {
    matches!(kind, ConnectionReset | ConnectionAborted | BrokenPipe)
}

impl fmt::Display for Silent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("it hung up without a word")
    }
}

impl error::Error for Silent {}

/// Tells whether it is among the causes of an error that the other side never said anything.
pub(crate) fn is_silent(error: &(dyn error::Error + 'static)) -> bool {
    cause_in::<Silent>(error).is_some()
}
