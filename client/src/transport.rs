//! Opens connections: the only place that knows sockets.

use std::io;
use std::path::Path;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
#[cfg(all(unix, not(target_os = "linux")))]
use tokio::net::UnixStream;

use crate::Work;
use crate::endpoint::Endpoint;
use crate::error::quoted;
use crate::exchange::Peer;
#[cfg(target_os = "linux")]
use crate::local::Local;
use crate::tcp;
use crate::tls::Plain;

/// A connection of any kind.
pub(crate) trait Wire: AsyncRead + AsyncWrite + Send + Sync + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Sync + Unpin> Wire for T {}

/// Makes a connection around another one write as that one does; what it reads is its own affair.
macro_rules! writes_through {
    ($wrapper:ident) => {
        impl<W: Wire> tokio::io::AsyncWrite for $wrapper<W> {
            fn poll_write(
                mut self: Pin<&mut Self>,
                context: &mut Context<'_>,
                bytes: &[u8],
            ) -> Poll<io::Result<usize>> {
                Pin::new(&mut self.wire).poll_write(context, bytes)
            }

            fn poll_write_vectored(
                mut self: Pin<&mut Self>,
                context: &mut Context<'_>,
                bytes: &[io::IoSlice<'_>],
            ) -> Poll<io::Result<usize>> {
                Pin::new(&mut self.wire).poll_write_vectored(context, bytes)
            }

            fn is_write_vectored(&self) -> bool {
                self.wire.is_write_vectored()
            }

            fn poll_flush(
                mut self: Pin<&mut Self>,
                context: &mut Context<'_>,
            ) -> Poll<io::Result<()>> {
                Pin::new(&mut self.wire).poll_flush(context)
            }

            fn poll_shutdown(
                mut self: Pin<&mut Self>,
                context: &mut Context<'_>,
            ) -> Poll<io::Result<()>> {
                Pin::new(&mut self.wire).poll_shutdown(context)
            }
        }
    };
}
pub(crate) use writes_through;

/// A connection that still reads when it cannot write any more.
///
/// An engine may refuse an upload in the middle: it answers and hangs up. Whoever is writing then
/// finds the pipe broken before having read why. So a broken pipe is no error here: writing
/// stands still, and reading finds the answer, or the end.
///
/// Nor does it read on and on: who is flooded has a look at the clock, and lets others have a turn.
/// tokio sees to that where it drives the task, but it counts reads, and one over TCP may bring
/// hundreds of KiB; and it does not see to it where a thread waits for its own call.
pub(crate) struct Listening<W> {
    wire: W,
    is_mute: bool,
    taking: Arc<Taking>,
    /// How many bytes were read since there was last nothing to read.
    turn: usize,
}

/// How many bytes are read at most before others have a turn.
const LONGEST_TURN: usize = 512 << 10;

impl<W> Listening<W> {
    pub(crate) fn new(wire: W, taking: Arc<Taking>) -> Self {
        Self { wire, is_mute: false, taking, turn: 0 }
    }
}

/// How the other side takes what is written; that a body was handed over as a whole says nothing
/// of that.
#[derive(Debug, Default)]
pub(crate) struct Taking(Mutex<Taken>);

#[derive(Debug, Default)]
struct Taken {
    /// Whether anyone will ask when: to look at a clock takes as long as much of a call.
    is_timed: bool,
    /// When something was taken last.
    last: Option<Instant>,
    /// Since when something waits to be taken.
    stuck: Option<Instant>,
    /// Whether any of the request at hand was taken.
    any: bool,
    /// Whether nothing is taken any more.
    is_over: bool,
}

impl Taking {
    /// Begins with another request. `is_timed` tells whether it matters when something is taken.
    pub(crate) fn begin(&self, is_timed: bool) {
        let mut taken = self.lock();
        (taken.any, taken.last, taken.is_timed) = (false, None, is_timed);
    }

    /// Tells whether nothing of the request at hand was taken: the engine has not seen it then.
    pub(crate) fn is_untouched(&self) -> bool {
        !self.lock().any
    }

    /// Tells whether nothing more can be sent.
    pub(crate) fn is_over(&self) -> bool {
        self.lock().is_over
    }

    /// Returns for how long something has been waiting to be taken; `None` when nothing waits.
    pub(crate) fn stuck(&self) -> Option<Duration> {
        self.lock().stuck.map(|since| since.elapsed())
    }

    /// Returns how long ago something was taken; `None` when it is not timed.
    pub(crate) fn quiet(&self) -> Option<Duration> {
        self.lock().last.map(|last| last.elapsed())
    }

    fn written(&self, outcome: &Poll<io::Result<usize>>) {
        if matches!(outcome, Poll::Ready(Ok(1..))) {
            self.lock().any = true;
        }
        self.look(outcome);
    }

    fn look<T>(&self, outcome: &Poll<T>) {
        let mut taken = self.lock();
        match outcome {
            Poll::Ready(_) => {
                (taken.last, taken.stuck) = (taken.is_timed.then(Instant::now), None);
            }
            Poll::Pending => taken.stuck = taken.stuck.or_else(|| Some(Instant::now())),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Taken> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<W: Wire> AsyncRead for Listening<W> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.turn >= LONGEST_TURN {
            self.turn = 0;
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.wire).poll_read(context, buffer);
        match read {
            Poll::Ready(_) => self.turn += buffer.filled().len() - before,
            Poll::Pending => self.turn = 0,
        }
        read
    }
}

impl<W: Wire> Listening<W> {
    fn unless_broken<T>(
        &mut self,
        outcome: Poll<io::Result<T>>,
        broken: Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset};
        match outcome {
            Poll::Ready(Err(error))
                if matches!(error.kind(), BrokenPipe | ConnectionAborted | ConnectionReset) =>
            {
                self.is_mute = true;
                self.taking.lock().is_over = true;
                broken
            }
            outcome => outcome,
        }
    }
}

impl<W: Wire> AsyncWrite for Listening<W> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if self.is_mute {
            return Poll::Pending;
        }
        let outcome = Pin::new(&mut self.wire).poll_write(context, bytes);
        self.taking.written(&outcome);
        self.unless_broken(outcome, Poll::Pending)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if self.is_mute {
            return Poll::Pending;
        }
        let outcome = Pin::new(&mut self.wire).poll_write_vectored(context, bytes);
        self.taking.written(&outcome);
        self.unless_broken(outcome, Poll::Pending)
    }

    fn is_write_vectored(&self) -> bool {
        self.wire.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let outcome = Pin::new(&mut self.wire).poll_flush(context);
        // Of TLS there may be something to be taken yet when all is written. Where nothing is, it
        // is not looked at: hyper flushes with each poll.
        if outcome.is_pending() || self.taking.stuck().is_some() {
            self.taking.look(&outcome);
        }
        self.unless_broken(outcome, Poll::Ready(Ok(())))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let outcome = Pin::new(&mut self.wire).poll_shutdown(context);
        self.unless_broken(outcome, Poll::Ready(Ok(())))
    }
}

/// Connects to an endpoint.
pub(crate) fn connect(peer: &Peer, limit: Option<Duration>) -> Work<'_, io::Result<Box<dyn Wire>>> {
    Box::pin(reach(peer, limit))
}

async fn reach(peer: &Peer, limit: Option<Duration>) -> io::Result<Box<dyn Wire>> {
    match &peer.endpoint {
        #[cfg(target_os = "linux")]
        Endpoint::Unix(path) => Ok(Box::new(Local::connect(path).await?)),
        #[cfg(all(unix, not(target_os = "linux")))]
        Endpoint::Unix(path) => Ok(Box::new(UnixStream::connect(path).await?)),
        #[cfg(not(unix))]
        Endpoint::Unix(_) => {
            Err(io::Error::new(io::ErrorKind::Unsupported, "this system has no unix sockets"))
        }
        #[cfg(windows)]
        Endpoint::Pipe(path) => pipe::connect(path).await,
        #[cfg(not(windows))]
        Endpoint::Pipe(_) => {
            Err(io::Error::new(io::ErrorKind::Unsupported, "named pipes are for Windows"))
        }
        Endpoint::Tcp { host, port, .. } | Endpoint::Https { host, port, .. } => {
            let stream = tcp::connect(host, *port).await?;
            match &peer.tls {
                Some(connector) => connector.connect(stream).await,
                None => Ok(Box::new(Plain::new(stream))),
            }
        }
        endpoint @ Endpoint::Ssh { .. } => peer.ssh.connect(endpoint, limit).await,
    }
}

#[cfg(windows)]
mod pipe {
    use std::io;
    use std::pin::Pin;
    use std::task::{Context, Poll, ready};
    use std::time::Duration;

    use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
    use tokio::net::windows::named_pipe::{ClientOptions, NamedPipeClient};
    use tokio::time::sleep;

    use super::Wire;

    /// All instances of the pipe are taken; a moment later one may be free.
    const PIPE_BUSY: i32 = 231;

    /// Opens a pipe. How long a busy one is waited for is the limit of connecting.
    pub(super) async fn connect(path: &str) -> io::Result<Box<dyn Wire>> {
        let path = path.replace('/', r"\");
        loop {
            match ClientOptions::new().open(&path) {
                Ok(pipe) => return Ok(Box::new(Pipe(pipe))),
                Err(error) if error.raw_os_error() == Some(PIPE_BUSY) => {
                    sleep(Duration::from_millis(20)).await;
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// The most that is written at once: the pipe keeps a copy of all it is given, and says that it
    /// has taken it when nobody else has.
    const MOST: usize = 64 << 10;

    /// A named pipe whose end of writing can be told.
    struct Pipe(NamedPipeClient);

    impl AsyncRead for Pipe {
        fn poll_read(
            mut self: Pin<&mut Self>,
            context: &mut Context<'_>,
            buffer: &mut ReadBuf<'_>,
        ) -> Poll<io::Result<()>> {
            Pin::new(&mut self.0).poll_read(context, buffer)
        }
    }

    impl AsyncWrite for Pipe {
        fn poll_write(
            mut self: Pin<&mut Self>,
            context: &mut Context<'_>,
            bytes: &[u8],
        ) -> Poll<io::Result<usize>> {
            let bytes = &bytes[..bytes.len().min(MOST)];
            Pin::new(&mut self.0).poll_write(context, bytes)
        }

        fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
            Pin::new(&mut self.0).poll_flush(context)
        }

        /// Engines have pipes of messages, where one without content is the end, as Go's `CloseWrite`
        /// has it.
        fn poll_shutdown(
            mut self: Pin<&mut Self>,
            context: &mut Context<'_>,
        ) -> Poll<io::Result<()>> {
            ready!(Pin::new(&mut self.0).poll_write(context, &[]))?;
            Pin::new(&mut self.0).poll_flush(context)
        }
    }
}

/// A file or a folder refuses connections, too.
fn is_no_socket(path: &Path) -> bool {
    path.metadata().is_ok_and(|metadata| metadata.is_file() || metadata.is_dir())
}

/// `EMFILE` and `ENFILE`, which are the same on all unixes.
#[cfg(unix)]
const TOO_MANY_FILES: i32 = 24;
#[cfg(unix)]
const TOO_MANY_FILES_OF_ALL: i32 = 23;

/// Says what to do when a connection fails; `elsewhere` tells how to name another address.
pub(crate) fn hint(
    engine: &str,
    endpoint: &Endpoint,
    elsewhere: &str,
    error: &io::Error,
) -> String {
    match (endpoint, error.kind()) {
        (Endpoint::Ssh { .. }, _) if error.to_string().contains("kex_exchange_identification") => {
            "it may have too many logins under way (`MaxStartups` of sshd): with `ControlMaster` \
             of ssh one is shared"
                .into()
        }
        (Endpoint::Ssh { user, host, port, identity, .. }, _) => {
            let key = identity.as_ref().map(|file| format!("-i {} ", file.display()));
            let port = port.map(|port| format!("-p {port} ")).unwrap_or_default();
            let user = user.as_ref().map(|user| format!("{user}@")).unwrap_or_default();
            let key = key.unwrap_or_default();
            format!("does `ssh {key}{port}{user}{host}` work from here, and is {engine} there?")
        }
        (Endpoint::Unix(path), io::ErrorKind::NotFound) if path.is_relative() => {
            let path = quoted(&format!("unix:///{}", path.display()));
            format!("that path begins at the current folder; {path} begins at the root")
        }
        (Endpoint::Unix(_), io::ErrorKind::NotFound) => {
            format!("there is no such socket: start {engine}, or {elsewhere}")
        }
        (Endpoint::Unix(path), io::ErrorKind::ConnectionRefused) if is_no_socket(path) => {
            format!("that is no socket: {elsewhere}")
        }
        (Endpoint::Pipe(_), io::ErrorKind::Unsupported) => format!("here {elsewhere}"),
        (Endpoint::Unix(_), io::ErrorKind::InvalidInput) => {
            "its path is too long for a socket: a link to its folder may be shorter".into()
        }
        #[cfg(unix)]
        _ if matches!(error.raw_os_error(), Some(TOO_MANY_FILES | TOO_MANY_FILES_OF_ALL)) => {
            "close connections and files, or let there be more (`ulimit -n`)".into()
        }
        (Endpoint::Unix(_), io::ErrorKind::PermissionDenied) => {
            format!("let your user open the socket, or {elsewhere}")
        }
        (_, io::ErrorKind::ConnectionRefused) => {
            format!("nothing listens there: start {engine}, or {elsewhere}")
        }
        (Endpoint::Tcp { host, .. } | Endpoint::Https { host, .. }, _) => {
            format!("is `{host}` the right host, and can this machine reach it?")
        }
        _ => format!("is {engine} running there? If not, {elsewhere}"),
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use super::*;

    #[tokio::test]
    async fn a_flood_is_read_in_short_turns() {
        let flood = tokio::io::join(tokio::io::repeat(b'x'), tokio::io::sink());
        let mut wire = Listening::new(flood, Arc::default());
        let mut buffer = vec![0; 256 << 10];
        let mut turns = Vec::new();
        // As on a thread that waits for its own call.
        tokio::task::unconstrained(poll_fn(|context| {
            let mut read = 0;
            let mut space = ReadBuf::new(&mut buffer);
            while Pin::new(&mut wire).poll_read(context, &mut space).is_ready() {
                read += space.filled().len();
                space.clear();
            }
            turns.push(read);
            if turns.len() < 3 { Poll::Pending } else { Poll::Ready(()) }
        }))
        .await;
        assert!(turns.iter().all(|read| (1..=1 << 20).contains(read)), "{turns:?}");
    }

    #[test]
    fn the_hint_for_ssh_can_be_typed() {
        let check = |address: &str, expected: &str| {
            let endpoint = Endpoint::parse(address).unwrap();
            let error = io::ErrorKind::BrokenPipe.into();
            let told = hint("docker", &endpoint, "give another address", &error);
            assert_eq!(told, format!("does `{expected}` work from here, and is docker there?"));
        };
        check("ssh://far", "ssh far");
        check("ssh://root@far:2222/run/docker.sock", "ssh -p 2222 root@far");
        check("ssh://root@[::1]", "ssh root@::1");
    }

    #[test]
    fn the_hint_for_a_socket_says_what_is_there_instead() {
        let folder = std::env::temp_dir();
        let check = |address: &str, kind: io::ErrorKind, expected: &str| {
            let endpoint = Endpoint::parse(address).unwrap();
            let told = hint("docker", &endpoint, "give another address", &kind.into());
            assert_eq!(told, expected);
        };
        let refused = io::ErrorKind::ConnectionRefused;
        let folder = format!("unix://{}", folder.display());
        check(&folder, refused, "that is no socket: give another address");
        let long = "its path is too long for a socket: a link to its folder may be shorter";
        check("unix:///long", io::ErrorKind::InvalidInput, long);
        #[cfg(unix)]
        {
            let endpoint = Endpoint::parse("tcp://127.0.0.1:1").unwrap();
            let full = io::Error::from_raw_os_error(TOO_MANY_FILES);
            let told = hint("docker", &endpoint, "give another address", &full);
            assert_eq!(told, "close connections and files, or let there be more (`ulimit -n`)");
        }
        let other = "nothing listens there: start docker, or give another address";
        check("unix:///no/such/socket", refused, other);
        check(
            "unix://tmp/x.sock",
            io::ErrorKind::NotFound,
            "that path begins at the current folder; `unix:///tmp/x.sock` begins at the root",
        );
    }
}
