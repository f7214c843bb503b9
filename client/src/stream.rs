//! Answers as they come: bytes, frames of output, JSON documents. Memory stays constant.

use std::future::poll_fn;
use std::io;
use std::marker::PhantomData;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use bytes::{Buf, Bytes};
use contajners_core::engine_error;
use contajners_core::stream::{Demultiplexer, Documents, Output};
use futures_core::Stream;
use hyper::body::{Body, Incoming};
use serde_core::de::DeserializeOwned;
use tokio::io::{AsyncRead, ReadBuf};
use tokio::task::unconstrained;
use tokio::time::Sleep;

use crate::Work;
use crate::body::Progress;
use crate::duplex::DuplexOutput;
use crate::error::{CallOf, Error, Sent, Waiting};
use crate::exchange::{Deadline, Incomplete, Limits, Peer, watch};
use crate::pool::Lease;
use crate::trace::{self, Span};

/// The body of an answer as it comes, piece by piece.
///
/// It is a [`Stream`] of [`Bytes`] and an [`AsyncRead`], one after the other as you like: what was not
/// read of a piece is the next one. Dropped before its end it closes the connection; the engine then
/// usually gives up what it does for this call.
///
/// ```no_run
/// # async fn demo(docker: contajners::Client) -> Result<(), Box<dyn std::error::Error>> {
/// let mut export = docker.invoke("ImageGet").param("name", "busybox").stream().await?;
/// let mut file = tokio::fs::File::create("busybox.tar").await?;
/// tokio::io::copy(&mut export, &mut file).await?;
/// # Ok(()) }
/// ```
#[must_use = "an answer that is not read is thrown away with its connection"]
pub struct ByteStream(pub(crate) Box<Coming>);

/// What a [`ByteStream`] is, apart, so that little is moved when that is.
pub(crate) struct Coming {
    incoming: Option<Incoming>,
    lease: Option<Lease>,
    progress: Arc<Progress>,
    pub(crate) call: CallOf,
    /// Of the call; it ends with this. None while the head is awaited.
    pub(crate) span: Span,
    peer: Arc<Peer>,
    read_limit: Option<Duration>,
    read_timer: Option<Pin<Box<Sleep>>>,
    /// Whether nothing has come since that timer began.
    is_waiting: bool,
    /// Ends when no more is taken of a request that was answered before its end. Never locked: it is
    /// there so that an answer can be shared.
    upload: Option<Mutex<Work<'static, (Waiting, Duration)>>>,
    deadline: Option<(Deadline, Pin<Box<Sleep>>)>,
    /// What [`AsyncRead`] has not handed out yet.
    rest: Bytes,
}

impl ByteStream {
    pub(crate) fn new(
        body: Incomplete,
        call: CallOf,
        peer: Arc<Peer>,
        limits: &Limits,
        deadline: Option<Deadline>,
    ) -> Self {
        let Incomplete { incoming, lease, progress } = body;
        let is_watched = limits.write.is_some() && !lease.connection.has_sent(&progress);
        let upload = is_watched.then(|| {
            let (progress, taking) = (progress.clone(), lease.connection.taking().clone());
            let limits = Limits { read: None, ..*limits };
            let upload: Work<'static, _> =
                Box::pin(async move { watch(&progress, &taking, &limits).await });
            Mutex::new(upload)
        });
        let mut coming = Box::new(Coming {
            incoming: Some(incoming),
            lease: Some(lease),
            progress,
            call,
            span: Span::none(),
            peer,
            read_limit: limits.read,
            read_timer: None,
            is_waiting: false,
            upload,
            deadline: deadline
                .map(|deadline| (deadline, Box::pin(tokio::time::sleep_until(deadline.at.into())))),
            rest: Bytes::new(),
        });
        coming.end_if_done();
        Self(coming)
    }

    /// Waits for the next piece; `None` at the end.
    ///
    /// Cancel-safe: what is not returned is there the next time.
    ///
    /// # Errors
    ///
    /// A time-out runs out, the connection breaks, or the body that is still being sent cannot be read.
    /// Nothing follows an error.
    pub async fn next(&mut self) -> Option<Result<Bytes, Error>> {
        poll_fn(|context| self.poll_piece(context)).await
    }

    /// Reads to the end, unless that is more than the limit.
    pub(crate) async fn collect(mut self, limit: usize) -> Result<Bytes, Error> {
        let Some(first) = self.next().await.transpose()? else { return Ok(Bytes::new()) };
        if first.len() > limit {
            return Err(self.0.too_large(limit));
        }
        let Some(second) = self.next().await.transpose()? else { return Ok(first) };
        let mut all = Vec::with_capacity((first.len() + second.len()).min(limit));
        let mut piece = Some(second);
        all.extend_from_slice(&first);
        while let Some(bytes) = piece {
            if all.len() + bytes.len() > limit {
                return Err(self.0.too_large(limit));
            }
            all.extend_from_slice(&bytes);
            piece = self.next().await.transpose()?;
        }
        Ok(all.into())
    }

    fn poll_piece(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, Error>>> {
        if !self.0.rest.is_empty() {
            return Poll::Ready(Some(Ok(std::mem::take(&mut self.0.rest))));
        }
        self.0.poll_piece(context)
    }

    fn close(&mut self) {
        self.0.close();
    }
}

impl Coming {
    fn too_large(&self, limit: usize) -> Error {
        let error = Error::too_large(&self.call, limit);
        trace::failed(&self.span, &error);
        error
    }

    fn poll_piece(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, Error>>> {
        let polled = self.poll_incoming(context);
        if let Poll::Ready(Some(Err(error))) = &polled {
            trace::failed(&self.span, error);
        }
        polled
    }

    fn poll_incoming(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, Error>>> {
        // Whoever reads slower than the engine writes never waits, and would never see the end.
        if let Some((deadline, _)) = &self.deadline
            && self.incoming.is_some()
            && deadline.left().is_zero()
        {
            let limit = deadline.limit;
            return Poll::Ready(Some(Err(self.timed_out(Waiting::Whole, limit))));
        }
        loop {
            let (Some(incoming), Some(lease)) = (&mut self.incoming, &mut self.lease) else {
                return Poll::Ready(None);
            };
            match lease.connection.poll_frame(incoming, context) {
                Poll::Ready(Some(Ok(frame))) => {
                    self.is_waiting = false;
                    let Ok(bytes) = frame.into_data() else { continue };
                    self.end_if_done();
                    if bytes.is_empty() {
                        continue;
                    }
                    return Poll::Ready(Some(Ok(bytes)));
                }
                Poll::Ready(Some(Err(error))) => {
                    self.close();
                    let error = match self.progress.take_failure() {
                        Some(failure) => Error::unreadable("the body", failure),
                        None => Error::send(&self.peer.engine, &self.peer.address, error),
                    };
                    return Poll::Ready(Some(Err(error.of(&self.call, Sent::Perhaps))));
                }
                Poll::Ready(None) => {
                    self.end();
                    return Poll::Ready(None);
                }
                Poll::Pending => return self.poll_timers(context).map(|error| Some(Err(error))),
            }
        }
    }

    fn poll_timers(&mut self, context: &mut Context<'_>) -> Poll<Error> {
        let mut over = None;
        // Reading may have used up the task's budget, of which a clock wants some, too.
        let mut is_over = |timer: &mut Pin<Box<Sleep>>| {
            pin!(unconstrained(timer.as_mut())).poll(context).is_ready()
        };
        if let Some((deadline, timer)) = &mut self.deadline
            && is_over(timer)
        {
            over = Some((Waiting::Whole, deadline.limit));
        }
        if let Some(limit) = self.read_limit {
            let timer = self.read_timer.get_or_insert_with(|| Box::pin(tokio::time::sleep(limit)));
            // What the caller does between two pieces takes none of the engine's time.
            if !std::mem::replace(&mut self.is_waiting, true)
                && let Some(at) = Instant::now().checked_add(limit)
            {
                timer.as_mut().reset(at.into());
            }
            if is_over(timer) {
                over.get_or_insert((Waiting::Read, limit));
            }
        }
        if let Some(upload) = &mut self.upload {
            let upload = upload.get_mut().unwrap_or_else(PoisonError::into_inner);
            if let Poll::Ready(late) = pin!(unconstrained(upload.as_mut())).poll(context) {
                over.get_or_insert(late);
            }
        }
        match over {
            Some((what, limit)) => Poll::Ready(self.timed_out(what, limit)),
            None => Poll::Pending,
        }
    }

    fn timed_out(&mut self, what: Waiting, limit: Duration) -> Error {
        self.close();
        self.peer.timeout(what, limit).of(&self.call, Sent::Perhaps)
    }

    fn end_if_done(&mut self) {
        if self.incoming.as_ref().is_some_and(Body::is_end_stream) {
            self.end();
        }
    }

    /// The answer is complete: the connection can be used again, unless the engine answered
    /// before it had the whole request.
    fn end(&mut self) {
        self.incoming = None;
        if let Some(lease) = self.lease.take()
            && lease.connection.has_sent(&self.progress)
        {
            lease.give_back();
        }
    }

    fn close(&mut self) {
        self.incoming = None;
        self.lease = None;
    }
}

impl Stream for ByteStream {
    type Item = Result<Bytes, Error>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.get_mut().poll_piece(context)
    }
}

impl AsyncRead for ByteStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let coming = &mut *self.0;
        if coming.rest.is_empty() {
            match ready!(coming.poll_piece(context)) {
                None => return Poll::Ready(Ok(())),
                Some(piece) => coming.rest = piece?,
            }
        }
        let take = coming.rest.len().min(buffer.remaining());
        buffer.put_slice(&coming.rest[..take]);
        coming.rest.advance(take);
        Poll::Ready(Ok(()))
    }
}

impl std::fmt::Debug for ByteStream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ByteStream({})", self.0.call)
    }
}

/// A piece of a process's output.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct OutputPiece {
    /// The channel it came on; [`Output::Stdout`] for all output of a terminal.
    pub output: Output,
    /// The bytes, never empty. A line or a character may go on in the next piece.
    pub bytes: Bytes,
}

/// Output of a process (logs, attach, exec) as it comes, stdout and stderr told apart;
/// [`lines`](Self::lines) makes lines of it.
#[must_use = "an answer that is not read is thrown away with its connection"]
pub struct OutputStream {
    source: OutputSource,
    call: CallOf,
    demultiplexer: Demultiplexer,
    pending: Bytes,
    /// The engine's own words, as far as they have come.
    words: Vec<u8>,
    finished: bool,
}

/// The most that is kept of an engine's own words.
const WORDS_LIMIT: usize = 64 << 10;

/// Where output comes from.
enum OutputSource {
    Answer(ByteStream),
    Socket(DuplexOutput),
}

impl OutputSource {
    fn poll_piece(
        &mut self,
        context: &mut Context<'_>,
        call: &CallOf,
    ) -> Poll<Option<Result<Bytes, Error>>> {
        match self {
            Self::Answer(stream) => stream.poll_piece(context),
            Self::Socket(socket) => socket.poll_piece(context, call),
        }
    }

    fn close(&mut self) {
        match self {
            Self::Answer(stream) => stream.close(),
            Self::Socket(socket) => socket.close(),
        }
    }
}

impl OutputStream {
    pub(crate) fn new(stream: ByteStream, demultiplexer: Demultiplexer) -> Self {
        let call = stream.0.call.clone();
        Self::from_source(OutputSource::Answer(stream), call, demultiplexer)
    }

    pub(crate) fn of_socket(
        socket: DuplexOutput,
        call: CallOf,
        demultiplexer: Demultiplexer,
    ) -> Self {
        Self::from_source(OutputSource::Socket(socket), call, demultiplexer)
    }

    fn from_source(source: OutputSource, call: CallOf, demultiplexer: Demultiplexer) -> Self {
        let (pending, words) = (Bytes::new(), Vec::new());
        Self { source, call, demultiplexer, pending, words, finished: false }
    }

    /// Waits for the next piece; `None` at the end.
    ///
    /// Cancel-safe: what is not returned is there the next time.
    ///
    /// # Errors
    ///
    /// Those of [`ByteStream::next`]; the engine reports an error inside the stream, or what comes is no
    /// output of a process. Nothing follows an error.
    pub async fn next(&mut self) -> Option<Result<OutputPiece, Error>> {
        poll_fn(|context| self.poll_piece(context)).await
    }

    pub(crate) fn poll_piece(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<OutputPiece, Error>>> {
        loop {
            if !self.pending.is_empty() {
                let mut input: &[u8] = &self.pending;
                match self.demultiplexer.decode(&mut input) {
                    Ok(None) => self.pending = Bytes::new(),
                    Ok(Some(chunk)) => {
                        let (output, length) = (chunk.output, chunk.bytes.len());
                        // The decoder hands out a few bytes of its own, too.
                        let is_of_pending = chunk.bytes.as_ptr_range().end == input.as_ptr();
                        let own = (!is_of_pending).then(|| Bytes::copy_from_slice(chunk.bytes));
                        let used = self.pending.len() - input.len();
                        let bytes = match own {
                            Some(own) => {
                                self.pending.advance(used);
                                own
                            }
                            // A part of what came, without copying; all of it is moved.
                            None => {
                                self.pending.advance(used - length);
                                self.pending.split_to(length)
                            }
                        };
                        if output != Output::EngineError {
                            return Poll::Ready(Some(Ok(OutputPiece { output, bytes })));
                        }
                        let left = WORDS_LIMIT.saturating_sub(self.words.len());
                        self.words.extend_from_slice(&bytes[..bytes.len().min(left)]);
                        if self.demultiplexer.is_between_frames() {
                            return Poll::Ready(Some(Err(self.told())));
                        }
                    }
                    Err(error) => return Poll::Ready(Some(Err(self.fail(error)))),
                }
            }
            if self.finished {
                return Poll::Ready(None);
            }
            match ready!(self.source.poll_piece(context, &self.call)) {
                Some(Ok(bytes)) => self.pending = bytes,
                // What it said before is why.
                None | Some(Err(_)) if !self.words.is_empty() => {
                    return Poll::Ready(Some(Err(self.told())));
                }
                Some(Err(error)) => {
                    self.finished = true;
                    return Poll::Ready(Some(Err(error)));
                }
                None => {
                    self.finished = true;
                    return Poll::Ready(match self.demultiplexer.finish() {
                        Ok(None) => None,
                        Ok(Some(chunk)) => Some(Ok(OutputPiece {
                            output: chunk.output,
                            bytes: Bytes::copy_from_slice(chunk.bytes),
                        })),
                        Err(error) => Some(Err(self.fail(error))),
                    });
                }
            }
        }
    }

    /// Ends with what the engine said.
    fn told(&mut self) -> Error {
        let words = std::mem::take(&mut self.words);
        let message = engine_error::message(&words);
        self.stopped(Error::in_band(&self.call, message, None, words.into()))
    }

    fn fail(&mut self, error: contajners_core::stream::DecodeError) -> Error {
        self.stopped(Error::decode(&self.call, error))
    }

    fn stopped(&mut self, error: Error) -> Error {
        if let OutputSource::Answer(stream) = &self.source {
            trace::failed(&stream.0.span, &error);
        }
        self.stop();
        error
    }

    fn stop(&mut self) {
        self.finished = true;
        self.pending.clear();
        self.source.close();
    }
}

impl Stream for OutputStream {
    type Item = Result<OutputPiece, Error>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.get_mut().poll_piece(context)
    }
}

impl std::fmt::Debug for OutputStream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "OutputStream({})", self.call)
    }
}

/// JSON documents as they come (events, pull, build, stats), each of type `T`.
#[must_use = "an answer that is not read is thrown away with its connection"]
pub struct DocumentStream<T = serde_json::Value> {
    stream: ByteStream,
    documents: Documents,
    finished: bool,
    /// Whether documents are looked at for an error.
    errors: InBand,
    of: PhantomData<fn() -> T>,
}

/// Whether an operation's documents can tell of an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum InBand {
    Looked,
    Ignored,
}

impl<T: DeserializeOwned> DocumentStream<T> {
    pub(crate) fn new(stream: ByteStream, errors: InBand) -> Self {
        let documents = Documents::new();
        Self { stream, documents, finished: false, errors, of: PhantomData }
    }

    /// Waits for the next document; `None` at the end.
    ///
    /// Cancel-safe: what is not returned is there the next time.
    ///
    /// # Errors
    ///
    /// Those of [`ByteStream::next`]; a document tells of an error (`errorDetail`, `error`), is larger
    /// than may be, or is no `T`. Nothing follows an error.
    pub async fn next(&mut self) -> Option<Result<T, Error>> {
        poll_fn(|context| self.poll_document(context)).await
    }

    fn poll_document(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<T, Error>>> {
        loop {
            match self.documents.pop() {
                Ok(Some(document)) => {
                    let read = read(document, &self.stream.0.call, self.errors);
                    if let Err(error) = &read {
                        trace::failed(&self.stream.0.span, error);
                        self.stop();
                    }
                    return Poll::Ready(Some(read));
                }
                Ok(None) if self.finished => return Poll::Ready(None),
                Ok(None) => {}
                Err(error) => {
                    let error = Error::decode(&self.stream.0.call, error);
                    trace::failed(&self.stream.0.span, &error);
                    self.stop();
                    return Poll::Ready(Some(Err(error)));
                }
            }
            match ready!(self.stream.poll_piece(context)) {
                Some(Ok(bytes)) => self.documents.push(&bytes),
                Some(Err(error)) => {
                    self.stop();
                    return Poll::Ready(Some(Err(error)));
                }
                None => {
                    self.documents.finish();
                    self.finished = true;
                }
            }
        }
    }

    fn stop(&mut self) {
        self.finished = true;
        self.documents = Documents::new();
        self.stream.close();
    }
}

/// Reads one document, which may tell of an error.
pub(crate) fn read<T: DeserializeOwned>(
    document: &[u8],
    call: &CallOf,
    errors: InBand,
) -> Result<T, Error> {
    let wrong =
        |error: serde_json::Error| Error::json(call, &error, Bytes::copy_from_slice(document));
    if errors == InBand::Looked {
        let value: serde_json::Value = serde_json::from_slice(document).map_err(wrong)?;
        look(&value, call, document)?;
        return serde_json::from_value(value).map_err(|error| {
            // Read where it lies once more, it is known where in it that is.
            let again = serde_json::from_slice::<T>(document).err();
            wrong(again.filter(serde_json::Error::is_data).unwrap_or(error))
        });
    }
    serde_json::from_slice(document).map_err(wrong)
}

/// Tells of the error that a document tells of.
pub(crate) fn look(value: &serde_json::Value, call: &CallOf, document: &[u8]) -> Result<(), Error> {
    let Some(message) = engine_error::in_band(value) else { return Ok(()) };
    let status = engine_error::in_band_status(value);
    Err(Error::in_band(call, message, status, Bytes::copy_from_slice(document)))
}

impl<T: DeserializeOwned> Stream for DocumentStream<T> {
    type Item = Result<T, Error>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.get_mut().poll_document(context)
    }
}

impl<T> std::fmt::Debug for DocumentStream<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "DocumentStream({})", self.stream.0.call)
    }
}
