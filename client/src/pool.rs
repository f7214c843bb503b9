//! Connections kept alive between calls.
//!
//! A connection goes back only when an answer has been read to its end, and is used again only
//! for a few seconds: Podman closes idle ones after five. Those that are too old are closed by the
//! next call: nothing runs for a client that rests, not even a clock.

use std::collections::VecDeque;
use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use bytes::Bytes;
use hyper::body::{Body as _, Frame, Incoming};
use hyper::client::conn::TrySendError;
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use tokio::runtime::{self, Handle};
use tokio::time::timeout;

use crate::body::{Outgoing, Phase, Progress};
use crate::chunks::{Announced, Joined};
use crate::driver::Driver;
use crate::exchange::Message;
use crate::transport::{Listening, Taking, Wire};

/// Below the idle limit of every engine known.
const IDLE_LIMIT: Duration = Duration::from_secs(4);
/// How long one may take to be done with its last answer, which has been read; no limit of the call
/// holds yet.
const READY_LIMIT: Duration = Duration::from_secs(1);
/// More are closed instead of kept.
const KEPT: usize = 16;

/// A connection that takes one request at a time.
pub(crate) struct Connection(Box<Open>);

/// Apart, so that little is moved when a connection changes hands.
struct Open {
    sender: SendRequest<Outgoing>,
    announced: Arc<Announced>,
    taking: Arc<Taking>,
    driver: Driver,
    /// The runtime that knows when there is something to read: of another one nothing may ever be
    /// heard.
    runtime: runtime::Id,
    /// When its last answer ended.
    rests_since: Instant,
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection").finish_non_exhaustive()
    }
}

impl Connection {
    /// Hands over a request; the head of its answer is to be waited for with
    /// [`Connection::poll_for`]. `is_timed` tells whether it matters when something is taken.
    pub(crate) fn send(
        &mut self,
        message: Message,
        is_timed: bool,
    ) -> impl Future<Output = Result<hyper::Response<Incoming>, TrySendError<Message>>> + use<>
    {
        self.0.taking.begin(is_timed);
        self.0.announced.announce(message.method() != hyper::Method::HEAD);
        // The connection is polled next; nobody has to be woken for that.
        self.0.driver.rest();
        self.0.sender.try_send_request(message)
    }

    /// Polls for something that comes over the connection.
    pub(crate) fn poll_for<T>(
        &mut self,
        context: &mut Context<'_>,
        wanted: impl FnMut(&mut Context<'_>) -> Poll<T>,
    ) -> Poll<T> {
        self.0.driver.poll_for(context, wanted)
    }

    /// Polls for the next piece of an answer.
    pub(crate) fn poll_frame(
        &mut self,
        incoming: &mut Incoming,
        context: &mut Context<'_>,
    ) -> Poll<Option<hyper::Result<Frame<Bytes>>>> {
        self.0.driver.poll_asking(context, |context| Pin::new(&mut *incoming).poll_frame(context))
    }

    /// Lets what is still to be sent go out by itself.
    pub(crate) fn detach(&mut self) {
        self.0.driver.detach();
    }

    /// Waits until the last answer is done with; tells whether another request can be sent.
    async fn ready(&mut self) -> bool {
        let Open { sender, driver, .. } = &mut *self.0;
        // That the engine has hung up since is found when the request is sent.
        if sender.is_ready() {
            return true;
        }
        let ready =
            poll_fn(|context| driver.poll_for(context, |context| sender.poll_ready(context)));
        matches!(timeout(READY_LIMIT, ready).await, Ok(Ok(())))
    }

    /// Tells whether the request at hand has gone out as a whole, and was taken.
    pub(crate) fn has_sent(&self, progress: &Progress) -> bool {
        let taking = self.taking();
        progress.phase() == Phase::Done && taking.stuck().is_none() && !taking.is_over()
    }

    fn is_usable(&self, now: Instant) -> bool {
        let rested = now.saturating_duration_since(self.0.rests_since);
        rested < IDLE_LIMIT && !self.0.sender.is_closed()
    }

    /// Tells how the other side takes what is sent.
    pub(crate) fn taking(&self) -> &Arc<Taking> {
        &self.0.taking
    }
}

/// The idle connections of a client.
#[derive(Debug, Default)]
pub(crate) struct Pool {
    idle: Mutex<VecDeque<Connection>>,
}

impl Pool {
    /// Returns a connection that was used before and can be used again.
    pub(crate) async fn take(&self) -> Option<Connection> {
        let runtime = Handle::current().id();
        loop {
            let mut idle = {
                let (now, mut all) = (Instant::now(), self.lock());
                all.retain(|idle| idle.is_usable(now));
                let newest = all.iter().rposition(|idle| idle.0.runtime == runtime)?;
                all.remove(newest)?
            };
            if idle.ready().await {
                return Some(idle);
            }
        }
    }

    /// Keeps a connection for the next call; it is as old as its last answer.
    pub(crate) fn give_back(&self, idle: Connection) {
        idle.0.driver.rest();
        let now = Instant::now();
        let mut all = self.lock();
        all.retain(|idle| idle.is_usable(now));
        if all.len() == KEPT {
            all.pop_front();
        }
        if idle.is_usable(now) {
            all.push_back(idle);
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, VecDeque<Connection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A connection in use; it goes back to its pool when told so, else it is closed.
#[derive(Debug)]
pub(crate) struct Lease {
    pub(crate) pool: Arc<Pool>,
    pub(crate) connection: Connection,
}

impl Lease {
    pub(crate) fn give_back(mut self) {
        self.connection.0.rests_since = Instant::now();
        self.pool.give_back(self.connection);
    }
}

/// Speaks HTTP over a fresh connection.
pub(crate) async fn handshake(wire: Box<dyn Wire>) -> hyper::Result<Connection> {
    let announced = Arc::<Announced>::default();
    let taking = Arc::<Taking>::default();
    let wire = Joined::new(Listening::new(wire, taking.clone()), announced.clone());
    let (sender, http) = http1::handshake(TokioIo::new(wire)).await?;
    let (driver, runtime) = (Driver::new(http), Handle::current().id());
    let rests_since = Instant::now();
    Ok(Connection(Box::new(Open { sender, announced, taking, driver, runtime, rests_since })))
}
