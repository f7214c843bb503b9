//! What a request carries out: nothing, bytes, a file or a reader, in constant memory.

use std::fmt;
use std::fs::File;
use std::io::{self, Read as _, Seek as _};
use std::path::PathBuf;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Instant;

use bytes::{BufMut, Bytes, BytesMut};
use hyper::body::{Body, Frame, SizeHint};
use tokio::io::{AsyncRead, AsyncReadExt};

use crate::Work;
#[cfg(feature = "archives")]
use crate::archive::Folder;
use crate::error::{Error, Sent, quoted};
use crate::observer::Watched;
use crate::pipe::Blocking;

/// How much is asked of a reader at a time.
const PIECE: usize = 64 << 10;

/// What a caller gives as a body.
#[derive(Default)]
pub(crate) enum Given {
    #[default]
    Nothing,
    Json(Result<serde_json::Value, serde_json::Error>),
    Bytes(Bytes),
    Reader(Pin<Box<dyn AsyncRead + Send>>),
    /// What is opened when it is sent, and the media type that it has by itself. How it is opened
    /// comes with it, so that a program that sends no files has no code for them.
    Unopened(Open, &'static str),
}

/// Opens what a call sends.
type Open = Box<dyn FnOnce(Arc<Progress>) -> Work<'static, Result<Outgoing, Error>> + Send>;

impl Given {
    pub(crate) fn file(path: PathBuf) -> Self {
        let open = |progress: Arc<Progress>| -> Work<'static, _> {
            Box::pin(async move {
                let shown = quoted(&path.to_string_lossy());
                let opened = Outgoing::file(path, &progress).await;
                opened.map_err(|error| Error::unreadable(&format!("the file {shown}"), error))
            })
        };
        Self::Unopened(Box::new(open), "application/octet-stream")
    }

    #[cfg(feature = "archives")]
    pub(crate) fn folder(folder: Folder) -> Self {
        let open = |progress: Arc<Progress>| -> Work<'static, _> {
            Box::pin(async move {
                let reader = folder.open().await?;
                Ok(Outgoing::reader(Box::pin(reader), None, &progress))
            })
        };
        Self::Unopened(Box::new(open), "application/x-tar")
    }
}

impl fmt::Debug for Given {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // What is in it is the caller's own.
        f.write_str(match self {
            Self::Nothing => "Nothing",
            Self::Json(_) => "Json",
            Self::Bytes(_) => "Bytes",
            Self::Reader(_) => "Reader",
            Self::Unopened(..) => "Unopened",
        })
    }
}

/// A body on its way out.
pub(crate) enum Outgoing {
    /// None at all.
    Nothing,
    Bytes(Bytes),
    /// Apart, so that little is moved with a request that is none of these.
    Pieces(Box<Pieces>),
}

/// What is read while it is sent.
pub(crate) struct Pieces {
    reader: Pin<Box<dyn AsyncRead + Send>>,
    /// Bytes still to come, when the length is known.
    pub(crate) left: Option<u64>,
    buffer: BytesMut,
    progress: Arc<Progress>,
}

impl Drop for Pieces {
    /// Whoever sends it lets go of it when it has what was announced, which may be nothing.
    fn drop(&mut self) {
        self.progress.set(Phase::Done);
    }
}

impl Outgoing {
    /// Opens a file; its length is announced, and no more than that is sent.
    async fn file(path: PathBuf, progress: &Arc<Progress>) -> io::Result<Self> {
        let opening = tokio::task::spawn_blocking(move || {
            let mut file = File::open(path)?;
            let metadata = file.metadata()?;
            if metadata.is_dir() {
                return Err(io::Error::new(io::ErrorKind::IsADirectory, "it is a folder"));
            }
            // A pipe or a device has no length, whatever its metadata say, and a file that the
            // system makes as it is read says 0.
            let length = metadata.is_file().then_some(metadata.len());
            let is_made = length == Some(0) && file.read(&mut [0])? > 0;
            if is_made {
                file.rewind()?;
            }
            Ok((file, length.filter(|_| !is_made)))
        });
        let (file, left) = opening.await.unwrap_or_else(|error| Err(io::Error::other(error)))?;
        if left == Some(0) {
            return Ok(Self::Bytes(Bytes::new()));
        }
        Ok(Self::reader(Box::pin(Blocking::new(file)), left, progress))
    }

    pub(crate) fn reader(
        reader: Pin<Box<dyn AsyncRead + Send>>,
        left: Option<u64>,
        progress: &Arc<Progress>,
    ) -> Self {
        progress.set(Phase::Caller);
        let (buffer, progress) = (BytesMut::new(), progress.clone());
        Self::Pieces(Box::new(Pieces { reader, left, buffer, progress }))
    }

    /// Tells whether it can be sent a second time, and makes the second one.
    pub(crate) fn again(&self) -> Option<Self> {
        match self {
            Self::Nothing => Some(Self::Nothing),
            Self::Bytes(bytes) => Some(Self::Bytes(bytes.clone())),
            Self::Pieces(_) => None,
        }
    }
}

impl Body for Outgoing {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        match self.get_mut() {
            Self::Nothing => Poll::Ready(None),
            Self::Bytes(bytes) if bytes.is_empty() => Poll::Ready(None),
            Self::Bytes(bytes) => Poll::Ready(Some(Ok(Frame::data(std::mem::take(bytes))))),
            Self::Pieces(pieces) => {
                let Pieces { reader, left, buffer, progress } = &mut **pieces;
                if *left == Some(0) {
                    progress.set(Phase::Done);
                    return Poll::Ready(None);
                }
                progress.set(Phase::Caller);
                let wanted =
                    left.map_or(PIECE, |left| usize::try_from(left).unwrap_or(PIECE).min(PIECE));
                let read = ready!(poll_piece(reader.as_mut(), context, buffer, wanted));
                let piece = match read {
                    Ok(piece) => piece,
                    Err(error) => {
                        progress.fail(&error);
                        return Poll::Ready(Some(Err(error)));
                    }
                };
                if piece.is_empty() {
                    if left.is_some() {
                        let error = io::Error::new(
                            io::ErrorKind::UnexpectedEof,
                            "it is shorter than announced",
                        );
                        progress.fail(&error);
                        return Poll::Ready(Some(Err(error)));
                    }
                    progress.set(Phase::Done);
                    return Poll::Ready(None);
                }
                if let Some(left) = left {
                    *left -= piece.len() as u64;
                }
                progress.watched.body_sent(piece.len());
                progress.set(if *left == Some(0) { Phase::Done } else { Phase::Wire });
                Poll::Ready(Some(Ok(Frame::data(piece))))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Nothing => true,
            Self::Bytes(bytes) => bytes.is_empty(),
            Self::Pieces(pieces) => pieces.left == Some(0),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Nothing => SizeHint::with_exact(0),
            Self::Bytes(bytes) => SizeHint::with_exact(bytes.len() as u64),
            Self::Pieces(pieces) => {
                pieces.left.map_or_else(SizeHint::default, SizeHint::with_exact)
            }
        }
    }
}

fn poll_piece(
    mut reader: Pin<&mut (dyn AsyncRead + Send)>,
    context: &mut Context<'_>,
    buffer: &mut BytesMut,
    wanted: usize,
) -> Poll<io::Result<Bytes>> {
    // Splitting off what was read leaves the rest for the next piece; when hyper has written the
    // former the memory is used again.
    if buffer.capacity() < wanted {
        buffer.reserve(PIECE);
    }
    let mut space = buffer.limit(wanted);
    // It keeps nothing between two polls, and clears no memory that is to be written anyway.
    ready!(pin!(reader.read_buf(&mut space)).poll(context))?;
    Poll::Ready(Ok(buffer.split().freeze()))
}

/// How far a body has got: what the time-outs and the pool go by.
#[derive(Debug)]
pub(crate) struct Progress {
    phase: AtomicU8,
    /// Milliseconds from `start` to the last change.
    changed: AtomicU64,
    /// When it was looked at first: mostly that is never.
    start: OnceLock<Instant>,
    failure: Mutex<Option<io::Error>>,
    /// Whether the request may have begun to go out.
    begun: AtomicBool,
    /// Who is told.
    watched: Watched,
}

/// What a body is waiting for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    /// The caller's reader.
    Caller = 0,
    /// The connection, to take what has been read.
    Wire = 1,
    /// Nothing: it has been handed over as a whole.
    Done = 2,
}

impl Progress {
    /// Begins with a body that needs no waiting for.
    pub(crate) fn new() -> Arc<Self> {
        Self::watched(Watched::default())
    }

    /// As [`Progress::new`], with someone who is told.
    pub(crate) fn watched(watched: Watched) -> Arc<Self> {
        Arc::new(Self {
            phase: AtomicU8::new(Phase::Done as u8),
            changed: AtomicU64::new(0),
            start: OnceLock::new(),
            failure: Mutex::new(None),
            begun: AtomicBool::new(false),
            watched,
        })
    }

    /// Notes whether the request is with a connection.
    pub(crate) fn begin(&self, begun: bool) {
        self.begun.store(begun, Ordering::Relaxed);
    }

    /// Tells what the engine may have of the request when nobody waits for it any more.
    pub(crate) fn sent(&self) -> Sent {
        if self.begun.load(Ordering::Relaxed) { Sent::Perhaps } else { Sent::No }
    }

    pub(crate) fn phase(&self) -> Phase {
        match self.phase.load(Ordering::Acquire) {
            0 => Phase::Caller,
            1 => Phase::Wire,
            _ => Phase::Done,
        }
    }

    /// Returns the milliseconds since the last change.
    pub(crate) fn quiet(&self) -> u64 {
        self.now().saturating_sub(self.changed.load(Ordering::Acquire))
    }

    fn set(&self, phase: Phase) {
        self.changed.store(self.now(), Ordering::Release);
        self.phase.store(phase as u8, Ordering::Release);
    }

    fn now(&self) -> u64 {
        u64::try_from(self.start.get_or_init(Instant::now).elapsed().as_millis())
            .unwrap_or(u64::MAX)
    }

    fn fail(&self, error: &io::Error) {
        let copy = match error.raw_os_error() {
            Some(code) => io::Error::from_raw_os_error(code),
            None => io::Error::new(error.kind(), error.to_string()),
        };
        *self.failure.lock().unwrap_or_else(PoisonError::into_inner) = Some(copy);
    }

    /// Takes the error of the caller's reader, if that is why sending failed.
    pub(crate) fn take_failure(&self) -> Option<io::Error> {
        self.failure.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}
