//! Connections that become sockets: attach, exec, sessions.
//!
//! The head of the answer is read here rather than by hyper, which hands a connection over only
//! after 101: engines and proxies also answer 200 and go on raw both ways. Such a connection
//! is never shared and never used again.

use std::fmt;
use std::future::poll_fn;
use std::io;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Buf, Bytes, BytesMut};
use contajners_core::stream::Demultiplexer;
use contajners_core::{Content, Outcome, Request};
use hyper::header::{CONNECTION, HeaderValue, TRANSFER_ENCODING, UPGRADE};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf, ReadHalf, WriteHalf};
use tokio::time::timeout;

use crate::body::Outgoing;
use crate::call::{ERROR_LIMIT, ERROR_PIECE_WAIT, ERROR_WAIT};
use crate::chunks::is_ended;
use crate::error::{CallOf, Error, Sent, Waiting};
use crate::exchange::{Deadline, Limits, Message, Peer, message, wire};
use crate::observer::{Head, Watched};
use crate::stream::OutputStream;
use crate::trace::{self, Span};
use crate::transport::Wire;

/// The longest head of an answer.
const HEAD_LIMIT: usize = 64 << 10;
/// The most headers of an answer.
const HEADERS: usize = 100;
/// How much is read at a time.
const PIECE: usize = 32 << 10;

/// A connection that carries raw bytes both ways, after the head of the answer has arrived.
///
/// What is written is the input of a process; [`shutdown`](AsyncWriteExt::shutdown) ends the
/// input and leaves the output open. What is read is its output as it comes; [`Duplex::split`]
/// tells stdout and stderr apart. Time-outs no longer apply. Dropping it closes the connection.
///
/// Whoever has more to write than a few KiB reads meanwhile: a process that cannot get rid of its output
/// takes no input. Once the output has ended dockerd takes none either, so writing then may wait for
/// ever.
///
/// ```no_run
/// # async fn demo(docker: contajners::Client) -> Result<(), Box<dyn std::error::Error>> {
/// use tokio::io::AsyncWriteExt;
///
/// let socket = docker
///     .invoke("ContainerAttach")
///     .param("id", "conny-reader")
///     .param("stream", true)
///     .param("stdin", true)
///     .param("stdout", true)
///     .socket()
///     .await?;
/// let (mut output, mut input) = socket.split();
/// input.write_all(b"hello\n").await?;
/// input.shutdown().await?;
/// while let Some(piece) = output.next().await {
///     std::io::Write::write_all(&mut std::io::stdout(), &piece?.bytes)?;
/// }
/// # Ok(()) }
/// ```
#[must_use = "a socket that is dropped is closed"]
pub struct Duplex {
    wire: Box<dyn Wire>,
    /// What came together with the head.
    rest: Bytes,
    content: Content,
    call: CallOf,
    peer: Arc<Peer>,
}

impl Duplex {
    /// Returns what is read from it, as far as the engine says: [`Content::Frames`] when it is
    /// frames of stdout and stderr, else [`Content::Output`], which may be frames or raw.
    pub fn content(&self) -> Content {
        self.content
    }

    /// Takes the two directions apart, with stdout and stderr told apart where there are frames.
    ///
    /// Where the engine does not say whether there are, the first bytes tell. Of a process with a
    /// terminal use [`Duplex::split_raw`], which has nothing to guess.
    pub fn split(self) -> (OutputStream, DuplexInput) {
        let demultiplexer = crate::data::demultiplexer(self.content);
        self.split_with(demultiplexer)
    }

    /// Takes the two directions apart; all output counts as stdout.
    pub fn split_raw(self) -> (OutputStream, DuplexInput) {
        self.split_with(Demultiplexer::raw())
    }

    fn split_with(self, demultiplexer: Demultiplexer) -> (OutputStream, DuplexInput) {
        let Self { wire, rest, call, peer, .. } = self;
        let (wire, input) = tokio::io::split(wire);
        let output = DuplexOutput { wire: Some(wire), rest, buffer: BytesMut::new(), peer };
        (OutputStream::of_socket(output, call, demultiplexer), DuplexInput(input))
    }
}

impl AsyncRead for Duplex {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.rest.is_empty() {
            return Pin::new(&mut self.wire).poll_read(context, buffer);
        }
        let take = self.rest.len().min(buffer.remaining());
        buffer.put_slice(&self.rest[..take]);
        self.rest.advance(take);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Duplex {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.wire).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.wire).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.wire).poll_shutdown(context)
    }
}

impl fmt::Debug for Duplex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Duplex({})", self.call)
    }
}

/// The input of a process. [`shutdown`](AsyncWriteExt::shutdown) ends it; dropping it alone does
/// not, since its output still holds the connection.
pub struct DuplexInput(WriteHalf<Box<dyn Wire>>);

impl AsyncWrite for DuplexInput {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(context)
    }
}

impl fmt::Debug for DuplexInput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DuplexInput")
    }
}

/// The output of a process, in pieces.
pub(crate) struct DuplexOutput {
    wire: Option<ReadHalf<Box<dyn Wire>>>,
    rest: Bytes,
    buffer: BytesMut,
    peer: Arc<Peer>,
}

impl DuplexOutput {
    pub(crate) fn poll_piece(
        &mut self,
        context: &mut Context<'_>,
        call: &CallOf,
    ) -> Poll<Option<Result<Bytes, Error>>> {
        if !self.rest.is_empty() {
            return Poll::Ready(Some(Ok(std::mem::take(&mut self.rest))));
        }
        let Some(wire) = &mut self.wire else { return Poll::Ready(None) };
        self.buffer.resize(PIECE, 0);
        let mut space = ReadBuf::new(&mut self.buffer);
        let polled = Pin::new(wire).poll_read(context, &mut space);
        let filled = space.filled().len();
        match ready!(polled) {
            // A short piece must not hold the whole buffer.
            Ok(()) if filled > 0 && filled <= PIECE / 4 => {
                Poll::Ready(Some(Ok(Bytes::copy_from_slice(&self.buffer[..filled]))))
            }
            Ok(()) if filled > 0 => {
                self.buffer.truncate(filled);
                Poll::Ready(Some(Ok(self.buffer.split().freeze())))
            }
            Ok(()) => {
                self.close();
                Poll::Ready(None)
            }
            Err(error) => {
                self.close();
                let error = Error::send(&self.peer.engine, &self.peer.address, error);
                Poll::Ready(Some(Err(error.of(call, Sent::Perhaps))))
            }
        }
    }

    pub(crate) fn close(&mut self) {
        self.wire = None;
        self.rest.clear();
    }
}

/// Sends a request over a connection of its own and makes a socket of it.
pub(crate) async fn open(
    peer: &Arc<Peer>,
    request: &Request,
    body: Bytes,
    limits: &Limits,
    deadline: Option<Deadline>,
    span: &Span,
) -> Result<Duplex, Error> {
    let call = CallOf::new(&peer.engine, request);
    let limits = limits.until_head();
    let begun = AtomicBool::new(false);
    let work = attempt(peer, request, &call, body, &limits, &begun, span);
    match deadline {
        None => work.await,
        Some(deadline) => match timeout(deadline.left(), work).await {
            Ok(done) => done,
            Err(_) => {
                let error = peer.timeout(Waiting::Whole, deadline.limit);
                let sent = if begun.into_inner() { Sent::Perhaps } else { Sent::No };
                Err(error.of(&call, sent))
            }
        },
    }
}

async fn attempt(
    peer: &Arc<Peer>,
    request: &Request,
    call: &CallOf,
    body: Bytes,
    limits: &Limits,
    begun: &AtomicBool,
    span: &Span,
) -> Result<Duplex, Error> {
    let message = socket_message(peer, request, &body)?;
    let mut wire = wire(peer, limits).await.map_err(|error| error.of(call, Sent::No))?;
    begun.store(true, Ordering::Relaxed);
    peer.watched.request(&message);
    let mut received = BytesMut::new();
    let bytes = written(&message, &body);
    let asked = ask(&mut *wire, &bytes, &mut received, limits, &peer.watched).await;
    let head = asked.map_err(|unanswered| {
        let error = match unanswered {
            Unanswered::Broken(error) => peer.broken(error),
            Unanswered::TimedOut(what, limit) => peer.timeout(what, limit),
            Unanswered::NotHttp(error) => Error::not_http(&peer.engine, &peer.address, error),
        };
        error.of(call, Sent::Perhaps)
    })?;
    trace::answered(span, head.status);
    let content = match request.outcome(head.status, head.content_type.as_deref()) {
        Outcome::Success(content) if head.is_socket() => match content {
            Content::Frames => Content::Frames,
            _ if head.says_frames() => Content::Frames,
            _ => Content::Output,
        },
        Outcome::Success(_) => return Err(Error::no_socket(call, head.status)),
        Outcome::Redirect => {
            let location = head.location.as_deref().and_then(|text| text.split('?').next());
            return Err(Error::redirect(call, head.status, location));
        }
        Outcome::Failure => {
            let body = error_body(&mut *wire, received, &head).await;
            let message = peer.message(&body);
            return Err(peer.refused(call, head.status, message, body));
        }
        _ => return Err(Error::no_socket(call, head.status)),
    };
    trace::debug!(content = ?content, "the connection is a socket");
    let (rest, call, peer) = (received.freeze(), call.clone(), peer.clone());
    Ok(Duplex { wire, rest, content, call, peer })
}

/// Makes the message that asks for a socket.
fn socket_message(peer: &Peer, request: &Request, body: &Bytes) -> Result<Message, Error> {
    let outgoing = match body.is_empty() {
        true => Outgoing::Nothing,
        false => Outgoing::Bytes(body.clone()),
    };
    let mut message = message(peer, request, outgoing)?;
    let headers = message.headers_mut();
    headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
    // The word that engines expect; who wants another one (`h2c`) has given it as a header.
    headers.entry(UPGRADE).or_insert(HeaderValue::from_static("tcp"));
    Ok(message)
}

/// Writes a request as it goes over the wire.
fn written(message: &Message, body: &Bytes) -> Vec<u8> {
    let mut out = format!("{} {} HTTP/1.1\r\n", message.method(), message.uri()).into_bytes();
    // The body goes out as it is, with its length.
    let headers = message.headers().iter().filter(|(name, _)| *name != TRANSFER_ENCODING);
    for (name, value) in headers {
        out.extend_from_slice(name.as_str().as_bytes());
        out.extend_from_slice(b": ");
        out.extend_from_slice(value.as_bytes());
        out.extend_from_slice(b"\r\n");
    }
    out.extend_from_slice(b"\r\n");
    out.extend_from_slice(body);
    out
}

/// Why no head of an answer came.
enum Unanswered {
    Broken(io::Error),
    TimedOut(Waiting, Duration),
    NotHttp(io::Error),
}

/// Writes a request and reads the head of its answer, which may come before all is written: an
/// engine that refuses takes no more.
async fn ask(
    wire: &mut dyn Wire,
    request: &[u8],
    received: &mut BytesMut,
    limits: &Limits,
    watched: &Watched,
) -> Result<SocketHead, Unanswered> {
    let (mut reader, mut writer) = tokio::io::split(wire);
    let mut writing = pin!(write(&mut writer, request, limits.write));
    let mut reading = pin!(read_head(&mut reader, received, watched));
    let mut early = None;
    let written = poll_fn(|context| {
        if let Poll::Ready(written) = writing.as_mut().poll(context) {
            return Poll::Ready(written);
        }
        if early.is_none()
            && let Poll::Ready(head) = reading.as_mut().poll(context)
        {
            let is_wanted = matches!(&head, Ok(head) if head.status < 300);
            early = Some(head);
            // Whatever else the rest of the request is no longer for.
            if !is_wanted {
                return Poll::Ready(Ok(()));
            }
        }
        Poll::Pending
    });
    let unwritten = match written.await {
        // What cannot be written to may still have said why.
        Err(Unanswered::Broken(error)) => Some(Unanswered::Broken(error)),
        written => written.map(|()| None)?,
    };
    let limit = limits.read.or(unwritten.as_ref().map(|_| ERROR_PIECE_WAIT));
    let head = match (early, limit) {
        (Some(head), _) => head,
        (None, None) => reading.await,
        (None, Some(limit)) => {
            let late = |_| Err(Unanswered::TimedOut(limits.reading(), limit));
            timeout(limit, reading).await.unwrap_or_else(late)
        }
    };
    match (head, unwritten) {
        (Ok(head), Some(unwritten)) if head.status < 300 => Err(unwritten),
        (Err(_), Some(unwritten)) => Err(unwritten),
        (head, _) => head,
    }
}

/// Writes a request, unless the engine takes nothing of it for too long.
async fn write(
    wire: &mut (impl AsyncWrite + Unpin),
    mut bytes: &[u8],
    limit: Option<Duration>,
) -> Result<(), Unanswered> {
    async fn within<T>(
        limit: Option<Duration>,
        work: impl Future<Output = io::Result<T>>,
    ) -> Result<T, Unanswered> {
        let done = match limit {
            None => work.await,
            Some(limit) => timeout(limit, work)
                .await
                .map_err(|_| Unanswered::TimedOut(Waiting::Write, limit))?,
        };
        done.map_err(Unanswered::Broken)
    }
    while !bytes.is_empty() {
        let length = within(limit, wire.write(bytes)).await?;
        if length == 0 {
            return Err(Unanswered::Broken(io::ErrorKind::WriteZero.into()));
        }
        bytes = &bytes[length..];
    }
    within(limit, wire.flush()).await
}

/// What matters of the head of an answer.
struct SocketHead {
    status: u16,
    content_type: Option<String>,
    location: Option<String>,
    length: Option<u64>,
    chunked: bool,
}

impl SocketHead {
    /// After 101 the connection is a socket, and after a success whose body has no length.
    fn is_socket(&self) -> bool {
        self.status == 101 || self.status == 200 && self.length.is_none() && !self.chunked
    }

    /// The content type counts after 101, too.
    fn says_frames(&self) -> bool {
        let framed = "application/vnd.docker.multiplexed-stream";
        self.content_type.as_deref().is_some_and(|own| own.eq_ignore_ascii_case(framed))
    }
}

/// Reads the head of an answer; what came behind it stays in the buffer.
async fn read_head(
    wire: &mut (impl AsyncRead + Unpin),
    received: &mut BytesMut,
    watched: &Watched,
) -> Result<SocketHead, Unanswered> {
    let not_http =
        |text: String| Unanswered::NotHttp(io::Error::new(io::ErrorKind::InvalidData, text));
    loop {
        let mut headers = [httparse::EMPTY_HEADER; HEADERS];
        let mut response = httparse::Response::new(&mut headers);
        match response.parse(received) {
            Err(error) => return Err(not_http(error.to_string())),
            Ok(httparse::Status::Complete(length)) => {
                let head = head_of(&response);
                // 100 and its kin only announce an answer.
                let is_last = head.status >= 200 || head.status == 101;
                if is_last {
                    watched.answer(|| Head::of_parsed(&response));
                }
                received.advance(length);
                if is_last {
                    return Ok(head);
                }
                give_way().await;
                continue;
            }
            Ok(httparse::Status::Partial) if received.len() > HEAD_LIMIT => {
                return Err(not_http("the head of the answer has no end".into()));
            }
            Ok(httparse::Status::Partial) => {}
        }
        if wire.read_buf(received).await.map_err(Unanswered::Broken)? == 0 {
            let error = io::Error::new(io::ErrorKind::UnexpectedEof, "it ended before an answer");
            return Err(Unanswered::Broken(error));
        }
    }
}

/// Lets others have a turn, and the time-out with them. tokio's own `yield_now` would tell a runtime
/// whose thread may be the one that waits here.
async fn give_way() {
    let mut is_over = false;
    poll_fn(|context| {
        if std::mem::replace(&mut is_over, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

fn head_of(response: &httparse::Response<'_, '_>) -> SocketHead {
    let header = |name: &str| {
        let found = response.headers.iter().find(|own| own.name.eq_ignore_ascii_case(name))?;
        Some(String::from_utf8_lossy(found.value).into_owned())
    };
    SocketHead {
        status: response.code.unwrap_or_default(),
        content_type: header("Content-Type"),
        location: header("Location"),
        length: header("Content-Length").and_then(|text| text.trim().parse().ok()),
        chunked: header("Transfer-Encoding")
            .is_some_and(|text| text.to_ascii_lowercase().contains("chunked")),
    }
}

/// Reads what an engine says about an error, as far as it comes.
async fn error_body(wire: &mut dyn Wire, mut received: BytesMut, head: &SocketHead) -> Bytes {
    // Where both are said chunks count (RFC 9112, section 6.3).
    let wanted = head.length.filter(|_| !head.chunked).map_or(ERROR_LIMIT, |length| {
        usize::try_from(length).unwrap_or(ERROR_LIMIT).min(ERROR_LIMIT)
    });
    let reading = async {
        while received.len() < wanted && !(head.chunked && is_ended(&received)) {
            match timeout(ERROR_PIECE_WAIT, wire.read_buf(&mut received)).await {
                Ok(Ok(length)) if length > 0 => {}
                _ => break,
            }
        }
    };
    // What has come by then has to do.
    let _ = timeout(ERROR_WAIT, reading).await;
    received.truncate(wanted);
    if !head.chunked {
        return received.freeze();
    }
    let mut body = Vec::new();
    while let Ok(httparse::Status::Complete((header, size))) = httparse::parse_chunk_size(&received)
    {
        received.advance(header);
        let size = usize::try_from(size).unwrap_or(usize::MAX).min(received.len());
        if size == 0 {
            break;
        }
        body.extend_from_slice(&received[..size]);
        received.advance((size + 2).min(received.len()));
    }
    body.into()
}
