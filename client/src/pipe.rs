//! A bounded way from a thread that blocks to a task that reads.

use std::io::{self, Read, Write};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf as _, Bytes, BytesMut};
use tokio::io::{AsyncRead, ReadBuf};
use tokio::sync::mpsc;

/// How much goes through at a time.
const PIECE: usize = 64 << 10;
/// How many pieces wait to be read.
const WAITING: usize = 2;

/// What comes through; when nothing more does and no end was told, the writer has failed.
enum Message {
    Piece(Bytes),
    End(io::Result<()>),
}

/// The end that is read. Dropped, it fails what is still written.
pub(crate) struct PipeReader {
    messages: mpsc::Receiver<Message>,
    rest: Bytes,
    is_done: bool,
}

/// The end that is written to.
pub(crate) struct PipeWriter {
    messages: mpsc::Sender<Message>,
    buffer: BytesMut,
}

/// Starts a thread that writes, and returns what it wrote.
pub(crate) fn spawn(
    work: impl FnOnce(PipeWriter) -> io::Result<PipeWriter> + Send + 'static,
) -> PipeReader {
    let (sender, messages) = mpsc::channel(WAITING);
    let writer = PipeWriter { messages: sender.clone(), buffer: BytesMut::new() };
    tokio::task::spawn_blocking(move || {
        let end = work(writer).and_then(|mut writer| writer.flush());
        // The reader may have gone: then nobody wants to know.
        let _ = sender.blocking_send(Message::End(end));
    });
    PipeReader { messages, rest: Bytes::new(), is_done: false }
}

/// A reader that blocks, read on a thread for blocking work from the moment its bytes are wanted: a
/// call that cannot be made takes nothing of it.
pub(crate) enum Blocking<R> {
    Waiting(Option<R>),
    Running(PipeReader),
}

impl<R> Blocking<R> {
    pub(crate) fn new(reader: R) -> Self {
        Self::Waiting(Some(reader))
    }
}

impl<R: Read + Send + Unpin + 'static> AsyncRead for Blocking<R> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if let Self::Waiting(reader) = &mut *self
            && let Some(reader) = reader.take()
        {
            *self = Self::Running(spawn(|writer| writer.pass(reader)));
        }
        match &mut *self {
            Self::Running(piped) => Pin::new(piped).poll_read(context, buffer),
            Self::Waiting(_) => Poll::Ready(Ok(())),
        }
    }
}

impl PipeWriter {
    /// Passes on what is read as it comes: somebody may be typing it.
    fn pass(self, mut reader: impl Read) -> io::Result<Self> {
        loop {
            let mut piece = vec![0; PIECE];
            match reader.read(&mut piece) {
                Ok(0) => return Ok(self),
                Ok(length) => {
                    piece.truncate(length);
                    self.send(Bytes::from(piece))?;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    fn send(&self, piece: Bytes) -> io::Result<()> {
        let sent = self.messages.blocking_send(Message::Piece(piece));
        sent.map_err(|_| io::Error::from(io::ErrorKind::BrokenPipe))
    }
}

impl Write for PipeWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.buffer.capacity() == 0 {
            self.buffer.reserve(PIECE);
        }
        let taken = &bytes[..bytes.len().min(PIECE - self.buffer.len())];
        self.buffer.extend_from_slice(taken);
        if self.buffer.len() == PIECE {
            self.flush()?;
        }
        Ok(taken.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.buffer.is_empty() {
            return Ok(());
        }
        let piece = std::mem::take(&mut self.buffer).freeze();
        self.send(piece)
    }
}

impl AsyncRead for PipeReader {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        while self.rest.is_empty() && !self.is_done {
            match ready!(self.messages.poll_recv(context)) {
                Some(Message::Piece(piece)) => self.rest = piece,
                Some(Message::End(end)) => {
                    self.is_done = true;
                    end?;
                }
                None => {
                    self.is_done = true;
                    return Poll::Ready(Err(io::Error::other("its reader has stopped")));
                }
            }
        }
        let taken = self.rest.len().min(buffer.remaining());
        buffer.put_slice(&self.rest[..taken]);
        self.rest.advance(taken);
        Poll::Ready(Ok(()))
    }
}
