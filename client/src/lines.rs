//! Output of a process line by line.

use std::borrow::Cow;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes, BytesMut};
use contajners_core::stream::Output;
use futures_core::Stream;
use memchr::memchr;

use crate::error::Error;
use crate::stream::{OutputPiece, OutputStream};

/// The most that is kept of a line that has not ended yet.
const LONGEST: usize = 1 << 20;

/// A line of a process's output.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct OutputLine {
    /// The channel it came on; [`Output::Stdout`] for all output of a terminal.
    pub output: Output,
    /// The line without its end, `\n` or `\r\n`.
    pub bytes: Bytes,
    /// Whether it goes on in the next one of its channel: a line longer than 1 MiB comes in parts of
    /// that length.
    pub is_continued: bool,
}

impl OutputLine {
    /// Returns the line as text; what is not UTF-8 in it becomes U+FFFD.
    pub fn text(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.bytes)
    }
}

/// The lines of a process's output, each as soon as it has ended; stdout and stderr are told apart.
///
/// Made by [`OutputStream::lines`]. Lines of different channels come in the order in which they end,
/// and what has no end when the output is over is the last line of its channel, also before an error.
/// At most 1 MiB is kept for each channel.
///
/// ```no_run
/// # async fn demo(docker: contajners::Client) -> Result<(), contajners::Error> {
/// let logs = docker.invoke("ContainerLogs").param("id", "conny").param("stdout", true);
/// let mut lines = logs.param("stderr", true).output().await?.lines();
/// while let Some(line) = lines.next().await.transpose()? {
///     println!("{:?}: {}", line.output, line.text());
/// }
/// # Ok(()) }
/// ```
#[must_use = "an answer that is not read is thrown away with its connection"]
pub struct OutputLines {
    stream: OutputStream,
    /// What has come and is not cut yet.
    piece: OutputPiece,
    /// Lines that have begun, by their channel.
    begun: [BytesMut; 3],
    /// How the output ended: told when what has begun is told.
    end: Option<Option<Error>>,
}

impl OutputStream {
    /// Takes the output apart into lines.
    pub fn lines(self) -> OutputLines {
        let piece = OutputPiece { output: Output::Stdout, bytes: Bytes::new() };
        OutputLines { stream: self, piece, begun: Default::default(), end: None }
    }
}

impl OutputLines {
    /// Waits for the next line; `None` at the end.
    ///
    /// Cancel-safe: what is not returned is there the next time.
    ///
    /// # Errors
    ///
    /// Those of [`OutputStream::next`]. Nothing follows an error.
    pub async fn next(&mut self) -> Option<Result<OutputLine, Error>> {
        poll_fn(|context| self.poll_line(context)).await
    }

    fn poll_line(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<OutputLine, Error>>> {
        loop {
            if let Some(line) = self.cut() {
                return Poll::Ready(Some(Ok(line)));
            }
            if let Some(end) = &mut self.end {
                let rest = [Output::Stdin, Output::Stdout, Output::Stderr]
                    .into_iter()
                    .find(|&output| !self.begun[place(output)].is_empty());
                return Poll::Ready(match rest {
                    Some(output) => Some(Ok(self.take(output, false))),
                    None => end.take().map(Err),
                });
            }
            match ready!(self.stream.poll_piece(context)) {
                Some(Ok(piece)) => self.piece = piece,
                Some(Err(error)) => self.end = Some(Some(error)),
                None => self.end = Some(None),
            }
        }
    }

    /// Cuts the next line off what has come; the rest of it has begun another one.
    fn cut(&mut self) -> Option<OutputLine> {
        let OutputPiece { output, bytes } = &mut self.piece;
        if bytes.is_empty() {
            return None;
        }
        let output = *output;
        let begun = &mut self.begun[place(output)];
        let room = LONGEST - begun.len();
        // What has been kept is whole if its end comes next.
        let near = &bytes[..bytes.len().min(room + 1)];
        match memchr(b'\n', near) {
            Some(end) if begun.is_empty() => {
                let line = bytes.split_to(end);
                bytes.advance(1);
                Some(OutputLine { output, bytes: without_return(line), is_continued: false })
            }
            Some(end) => {
                begun.extend_from_slice(&bytes[..end]);
                bytes.advance(end + 1);
                let line = self.take(output, false);
                Some(OutputLine { bytes: without_return(line.bytes), ..line })
            }
            None if bytes.len() <= room => {
                begun.extend_from_slice(bytes);
                bytes.clear();
                None
            }
            None => {
                begun.extend_from_slice(&bytes[..room]);
                bytes.advance(room);
                Some(self.take(output, true))
            }
        }
    }

    fn take(&mut self, output: Output, is_continued: bool) -> OutputLine {
        let bytes = self.begun[place(output)].split().freeze();
        OutputLine { output, bytes, is_continued }
    }
}

fn without_return(mut line: Bytes) -> Bytes {
    if line.ends_with(b"\r") {
        line.truncate(line.len() - 1);
    }
    line
}

fn place(output: Output) -> usize {
    match output {
        Output::Stdin => 0,
        Output::Stderr => 2,
        // The engine's own words never come as a piece.
        _ => 1,
    }
}

impl Stream for OutputLines {
    type Item = Result<OutputLine, Error>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.get_mut().poll_line(context)
    }
}

impl std::fmt::Debug for OutputLines {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.stream.fmt(f)
    }
}
