//! A unix socket that is not woken for nothing.
//!
//! Linux tells a socket that there is room to write whenever the other side has read something, and
//! tokio asks to be told: with each request the thread that waits for the answer is woken once to
//! go back to sleep. Here a socket is watched for what there is to read, and for room to write
//! from the time on when there was none.

use std::io::{self, IoSlice};
use std::net::Shutdown;
use std::os::fd::AsFd;
use std::path::Path;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncWrite, Interest, ReadBuf};
use tokio::net::UnixStream;
use tokio::net::unix::pipe;
use tokio::runtime::Handle;
use tokio::time::sleep;

/// How long to wait where no more are let in for now.
const FULL: Duration = Duration::from_millis(20);
/// `MSG_NOSIGNAL` of Linux: a socket that is gone is an error, and no signal that ends the program.
const NO_SIGNAL: i32 = 0x4000;

/// A connection to a unix socket.
pub(crate) struct Local {
    /// tokio's type for something that is only read; that it is a socket makes no difference.
    socket: pipe::Receiver,
    /// Another name of it; there once writing had to wait.
    writer: Option<UnixStream>,
    /// Where both belong, whoever writes.
    runtime: Handle,
}

impl Local {
    pub(crate) async fn connect(path: &Path) -> io::Result<Self> {
        let stream = loop {
            match UnixStream::connect(path).await {
                // As many wait to be let in as may; a moment later there may be room.
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => sleep(FULL).await,
                connected => break connected?.into_std()?,
            }
        };
        let socket = pipe::Receiver::from_owned_fd_unchecked(stream.into())?;
        Ok(Self { socket, writer: None, runtime: Handle::current() })
    }

    fn poll_send(
        &mut self,
        context: &mut Context<'_>,
        send: impl Fn(SockRef<'_>) -> io::Result<usize>,
    ) -> Poll<io::Result<usize>> {
        let writer = match &mut self.writer {
            Some(writer) => writer,
            none => {
                match send(SockRef::from(&self.socket)) {
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                    outcome => return Poll::Ready(outcome),
                }
                let copy = self.socket.as_fd().try_clone_to_owned()?;
                let _entered = self.runtime.enter();
                none.insert(UnixStream::from_std(copy.into())?)
            }
        };
        loop {
            ready!(writer.poll_write_ready(context))?;
            match writer.try_io(Interest::WRITABLE, || send(SockRef::from(&*writer))) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                outcome => return Poll::Ready(outcome),
            }
        }
    }
}

impl AsyncRead for Local {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_read(context, buffer)
    }
}

impl AsyncWrite for Local {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.poll_send(context, |socket| socket.send_with_flags(bytes, NO_SIGNAL))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.poll_send(context, |socket| socket.send_vectored_with_flags(bytes, NO_SIGNAL))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(SockRef::from(&self.socket).shutdown(Shutdown::Write))
    }
}
