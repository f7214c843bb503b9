//! A unix socket that is not woken for nothing.
//!
//! Linux tells a socket that there is room to write whenever the other side has read something, and
//! tokio asks to be told: with each request the thread that waits for the answer is woken once to
//! go back to sleep. Here a socket is watched for what there is to read, and for room to write
//! from the time on when there was none.

use std::io::{self, IoSlice, Write};
use std::net::Shutdown;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::unix::pipe;
use tokio::time::sleep;

/// How long to wait where no more are let in for now.
const FULL: Duration = Duration::from_millis(20);

/// A connection to a unix socket.
pub(crate) struct Local {
    /// tokio's type for something that is only read; that it is a socket makes no difference.
    reader: pipe::Receiver,
    stream: UnixStream,
    /// There once writing had to wait.
    writer: Option<pipe::Sender>,
}

impl Local {
    pub(crate) async fn connect(path: &Path) -> io::Result<Self> {
        let stream = loop {
            match tokio::net::UnixStream::connect(path).await {
                // As many wait to be let in as may; a moment later there may be room.
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => sleep(FULL).await,
                connected => break connected?.into_std()?,
            }
        };
        let reader = pipe::Receiver::from_owned_fd_unchecked(stream.try_clone()?.into())?;
        Ok(Self { reader, stream, writer: None })
    }

    fn poll_write_with(
        &mut self,
        context: &mut Context<'_>,
        at_once: impl FnOnce(&mut &UnixStream) -> io::Result<usize>,
        in_time: impl FnOnce(Pin<&mut pipe::Sender>, &mut Context<'_>) -> Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        if self.writer.is_none() {
            match at_once(&mut &self.stream) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                outcome => return Poll::Ready(outcome),
            }
            let copy: OwnedFd = self.stream.try_clone()?.into();
            self.writer = Some(pipe::Sender::from_owned_fd_unchecked(copy)?);
        }
        match &mut self.writer {
            Some(writer) => in_time(Pin::new(writer), context),
            None => Poll::Pending,
        }
    }
}

impl AsyncRead for Local {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.reader).poll_read(context, buffer)
    }
}

impl AsyncWrite for Local {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.poll_write_with(
            context,
            |stream| stream.write(bytes),
            |writer, context| writer.poll_write(context, bytes),
        )
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.poll_write_with(
            context,
            |stream| stream.write_vectored(bytes),
            |writer, context| writer.poll_write_vectored(context, bytes),
        )
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(self.stream.shutdown(Shutdown::Write))
    }
}
