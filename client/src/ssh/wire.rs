//! A connection through a running `ssh`, and what that says when there is none.

use std::error;
use std::fmt;
use std::io;
#[cfg(unix)]
use std::path::Path;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};
use std::time::Duration;

#[cfg(unix)]
use tokio::io::AsyncReadExt as _;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
#[cfg(unix)]
use tokio::net::UnixStream;
use tokio::process::{Child, ChildStderr, ChildStdin, ChildStdout};
use tokio::time::{Sleep, sleep, timeout};

use super::COMMAND;
use crate::error::cause_in;

/// How much of what `ssh` says is kept: the end, where the reason stands.
pub(super) const WORDS: usize = 2 << 10;
/// How many pieces of it are read at a time.
const PIECES: usize = 64;
/// How `ssh` ends after a failure of its own.
const OWN: i32 = 255;
/// How long `ssh` may live on when nothing can come through it any more.
pub(super) const LINGER: Duration = Duration::from_secs(2);
/// The same where it forwards a socket: it then lives on unless its connection broke.
#[cfg(unix)]
const FORWARDED_LINGER: Duration = Duration::from_millis(100);
/// How a shell ends that finds no such command.
const NOT_FOUND: i32 = 127;
/// How often it is looked whether `ssh` listens.
#[cfg(unix)]
const LOOK: Duration = Duration::from_millis(20);

/// What `ssh`, or the command on the far side, says about why there is no connection.
#[derive(Debug)]
pub(crate) struct SshError {
    words: String,
}

impl SshError {
    /// Makes an error of a kind.
    pub(super) fn of(kind: io::ErrorKind, words: impl Into<String>) -> io::Error {
        io::Error::new(kind, Self { words: words.into() })
    }
}

impl fmt::Display for SshError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.words)
    }
}

impl error::Error for SshError {}

/// Finds what `ssh` says among the causes of an error.
pub(crate) fn words_in(error: &(dyn error::Error + 'static)) -> Option<io::Error> {
    let SshError { words } = cause_in(error)?;
    Some(io::Error::other(SshError { words: words.clone() }))
}

/// A connection through `ssh`; dropping it ends the program.
pub(crate) struct SshWire {
    child: Child,
    link: Link,
    stderr: Option<ChildStderr>,
    words: Vec<u8>,
    /// Whether the far side has answered.
    heard: bool,
    /// When the end of the program is no longer waited for, once the output has ended.
    late: Option<Pin<Box<Sleep>>>,
    /// Whether the connection broke, once that is known.
    broke: Option<bool>,
}

/// What leads to the far side.
enum Link {
    /// A command over there, by the pipes of `ssh`.
    Pipes { stdin: Option<ChildStdin>, stdout: ChildStdout },
    /// A socket that `ssh` forwards.
    #[cfg(unix)]
    Socket { stream: UnixStream, there: String },
}

impl SshWire {
    /// Joins with a command over there, by pipes.
    pub(super) fn pipes(mut child: Child) -> io::Result<Self> {
        match (child.stdin.take(), child.stdout.take()) {
            (Some(stdin), Some(stdout)) => {
                Ok(Self::new(child, Link::Pipes { stdin: Some(stdin), stdout }))
            }
            _ => Err(io::ErrorKind::BrokenPipe.into()),
        }
    }

    /// Waits for `ssh` to listen at a socket, and joins with that.
    #[cfg(unix)]
    pub(super) async fn socket(mut child: Child, path: &Path, there: String) -> io::Result<Self> {
        loop {
            match UnixStream::connect(path).await {
                Ok(stream) => return Ok(Self::new(child, Link::Socket { stream, there })),
                Err(_) if child.try_wait()?.is_none() => sleep(LOOK).await,
                Err(_) => {
                    let mut said = Vec::new();
                    if let Some(stderr) = &mut child.stderr {
                        // Something that it started may hold the pipe open.
                        let mut stderr = stderr.take(WORDS as u64);
                        let all = timeout(LINGER, stderr.read_to_end(&mut said)).await;
                        all.unwrap_or(Ok(0))?;
                    }
                    return Err(failure(&said));
                }
            }
        }
    }

    fn new(mut child: Child, link: Link) -> Self {
        let stderr = child.stderr.take();
        let (words, heard) = (Vec::new(), false);
        Self { child, link, stderr, words, heard, late: None, broke: None }
    }

    /// Tells whether the far side lacks the command: nothing else ends so. It has ended, or is no
    /// engine at all.
    pub(super) async fn lacks_command(&mut self) -> bool {
        let status = timeout(LINGER, self.child.wait()).await;
        matches!(status, Ok(Ok(status)) if status.code() == Some(NOT_FOUND))
            || String::from_utf8_lossy(&self.words).contains(COMMAND)
    }

    /// Tells, after the end of the output, whether `ssh` ended for another reason than that the
    /// far side did.
    fn poll_broken(&mut self, context: &mut Context<'_>) -> Poll<bool> {
        let linger = match self.link {
            Link::Pipes { .. } => LINGER,
            #[cfg(unix)]
            Link::Socket { .. } => FORWARDED_LINGER,
        };
        if self.broke.is_none() {
            let ended = pin!(self.child.wait()).poll(context);
            let late = self.late.get_or_insert_with(|| Box::pin(sleep(linger)));
            self.broke = Some(match ended {
                Poll::Ready(Ok(status)) => status.code().is_none_or(|code| code == OWN),
                Poll::Ready(Err(_)) => false,
                Poll::Pending => {
                    ready!(late.as_mut().poll(context));
                    false
                }
            });
        }
        Poll::Ready(self.broke == Some(true))
    }

    /// Takes what has been said; ready when no more can come.
    fn poll_words(&mut self, context: &mut Context<'_>) -> Poll<()> {
        for _ in 0..PIECES {
            let Some(stderr) = &mut self.stderr else { return Poll::Ready(()) };
            let mut piece = [0; 512];
            let mut space = ReadBuf::new(&mut piece);
            match ready!(Pin::new(stderr).poll_read(context, &mut space)) {
                Ok(()) if !space.filled().is_empty() => {
                    self.words.extend_from_slice(space.filled());
                    let more = self.words.len().saturating_sub(WORDS);
                    self.words.drain(..more);
                }
                _ => self.stderr = None,
            }
        }
        // There may be more, and faster than it is read: time has its turn in between.
        context.waker().wake_by_ref();
        Poll::Pending
    }
}

/// Makes an error of what was said.
pub(super) fn failure(words: &[u8]) -> io::Error {
    io::Error::new(io::ErrorKind::ConnectionRefused, SshError { words: said(words) })
}

/// Makes one line of what was said.
fn said(words: &[u8]) -> String {
    let said = String::from_utf8_lossy(words);
    let lines: Vec<String> = said
        .lines()
        .map(|line| line.chars().filter(|c| !c.is_control()).collect::<String>())
        .filter(|line| !line.trim().is_empty())
        .collect();
    match lines.as_slice() {
        [] => "ssh ended without a word".to_owned(),
        lines => lines.join("; "),
    }
}

impl AsyncRead for SshWire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        // Nothing read is no end where there is no room for anything.
        if buffer.remaining() == 0 {
            return Poll::Ready(Ok(()));
        }
        // A full pipe would stop the program.
        let all_said = self.poll_words(context);
        let before = buffer.filled().len();
        let read = ready!(match &mut self.link {
            Link::Pipes { stdout, .. } => Pin::new(stdout).poll_read(context, buffer),
            #[cfg(unix)]
            Link::Socket { stream, .. } => Pin::new(stream).poll_read(context, buffer),
        });
        // A socket that leads nowhere is closed or reset, whichever comes first.
        if let (Err(error), true) = (read, self.heard) {
            return Poll::Ready(Err(error));
        }
        if buffer.filled().len() > before {
            self.heard = true;
            return Poll::Ready(Ok(()));
        }
        if self.heard {
            // A connection that breaks ends the output just like the far side does. Raw output
            // does not tell the one from the other, the program's status does.
            return match ready!(self.poll_broken(context)) {
                true => {
                    let _ = self.poll_words(context);
                    let said = said(&self.words);
                    Poll::Ready(Err(io::Error::new(io::ErrorKind::ConnectionReset, said)))
                }
                false => Poll::Ready(Ok(())),
            };
        }
        // It would go on to forward, and has nothing more to say about this.
        #[cfg(unix)]
        if let Link::Socket { there, .. } = &self.link {
            let words = format!("nothing answers at `{there}` there");
            let _ = self.child.start_kill();
            if self.poll_words(context).is_pending() {
                ready!(self.poll_broken(context));
                let _ = self.poll_words(context);
            }
            let said = [words.as_bytes(), b"\n", &self.words].concat();
            return Poll::Ready(Err(failure(&said)));
        }
        // Something that it started may hold the pipe open when it has ended itself.
        if all_said.is_pending() {
            ready!(self.poll_broken(context));
            let _ = self.poll_words(context);
        }
        Poll::Ready(Err(failure(&self.words)))
    }
}

impl AsyncWrite for SshWire {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match &mut self.link {
            Link::Pipes { stdin: Some(stdin), .. } => Pin::new(stdin).poll_write(context, bytes),
            Link::Pipes { stdin: None, .. } => Poll::Ready(Err(io::ErrorKind::BrokenPipe.into())),
            #[cfg(unix)]
            Link::Socket { stream, .. } => Pin::new(stream).poll_write(context, bytes),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.link {
            Link::Pipes { stdin: Some(stdin), .. } => Pin::new(stdin).poll_flush(context),
            Link::Pipes { stdin: None, .. } => Poll::Ready(Ok(())),
            #[cfg(unix)]
            Link::Socket { stream, .. } => Pin::new(stream).poll_flush(context),
        }
    }

    /// Closing the pipe is what half-closes the connection on the far side.
    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.link {
            Link::Pipes { stdin, .. } => {
                if let Some(stdin) = stdin {
                    ready!(Pin::new(stdin).poll_flush(context))?;
                }
                *stdin = None;
                Poll::Ready(Ok(()))
            }
            #[cfg(unix)]
            Link::Socket { stream, .. } => Pin::new(stream).poll_shutdown(context),
        }
    }
}
