//! A reader that blocks, as a body.

use std::io::{self, Read, Write as _};
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, ReadBuf};

use crate::pipe::{self, PipeReader, PipeWriter};

/// How much is asked of a reader at a time.
const PIECE: usize = 64 << 10;

/// A reader that is read on a thread for blocking work, from the moment its bytes are wanted: a call
/// that cannot be made takes nothing of it.
pub(super) enum Body<R> {
    Waiting(Option<R>),
    Running(PipeReader),
}

impl<R: Read + Send + Unpin + 'static> AsyncRead for Body<R> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if let Self::Waiting(reader) = &mut *self
            && let Some(reader) = reader.take()
        {
            *self = Self::Running(pipe::spawn(|writer| pass(reader, writer)));
        }
        match &mut *self {
            Self::Running(piped) => Pin::new(piped).poll_read(context, buffer),
            Self::Waiting(_) => Poll::Ready(Ok(())),
        }
    }
}

/// Passes on what is read as it comes: somebody may be typing it.
fn pass(mut reader: impl Read, mut writer: PipeWriter) -> io::Result<PipeWriter> {
    let mut buffer = vec![0; PIECE];
    loop {
        match reader.read(&mut buffer) {
            Ok(0) => return Ok(writer),
            Ok(length) => {
                writer.write_all(&buffer[..length])?;
                writer.flush()?;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}
