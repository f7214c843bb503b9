//! Ways in for the fuzz targets, to what has no public one. Only there with `--cfg fuzzing`, and
//! in the crate's own tests.

use std::collections::VecDeque;
use std::io;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

#[cfg(fuzzing)]
pub use crate::archive::fuzzing::ignored;
use crate::chunks::{Announced, Joined};
#[cfg(fuzzing)]
pub use crate::credentials::fuzzing::{FoundCredentials, credentials};

/// A wire that gives these pieces, one with each read, and takes anything.
struct Pieces(VecDeque<Vec<u8>>);

impl AsyncRead for Pieces {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if let Some(mut piece) = self.0.pop_front() {
            let rest = piece.split_off(piece.len().min(buffer.remaining()));
            buffer.put_slice(&piece);
            if !rest.is_empty() {
                self.0.push_front(rest);
            }
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Pieces {
    fn poll_write(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

/// Returns what hyper gets to read of bytes that come in these pieces, none of them empty, with so
/// much room in its buffer; `announced` tells whether an answer with a body is expected.
pub fn joined<'p>(
    pieces: impl IntoIterator<Item = &'p [u8]>,
    room: usize,
    announced: bool,
) -> Vec<u8> {
    let signal = Arc::<Announced>::default();
    signal.announce(announced);
    let pieces = Pieces(pieces.into_iter().map(<[u8]>::to_vec).collect());
    let mut wire = pin!(Joined::new(pieces, signal));
    let mut context = Context::from_waker(Waker::noop());
    let mut all = Vec::new();
    let mut space = vec![0; room];
    loop {
        let mut buffer = ReadBuf::new(&mut space);
        match wire.as_mut().poll_read(&mut context, &mut buffer) {
            Poll::Ready(Ok(())) if !buffer.filled().is_empty() => {
                all.extend_from_slice(buffer.filled());
            }
            _ => return all,
        }
    }
}
