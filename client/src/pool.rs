//! Connections kept alive between calls.
//!
//! A connection goes back only when an answer has been read to its end, and is used again only
//! for a few seconds: Podman closes idle ones after five.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use hyper::body::Incoming;
use hyper::client::conn::TrySendError;
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use tokio::runtime::{self, Handle};
use tokio::task::AbortHandle;

use crate::body::Outgoing;
use crate::chunks::{Announced, Joined};
use crate::exchange::Message;
use crate::transport::{Listening, Taking, Wire};

/// Below the idle limit of every engine known.
const IDLE_LIMIT: Duration = Duration::from_secs(4);
/// More are closed instead of kept.
const KEPT: usize = 16;

/// A connection that takes one request at a time.
#[derive(Debug)]
pub(crate) struct Connection {
    sender: SendRequest<Outgoing>,
    announced: Arc<Announced>,
    taking: Arc<Taking>,
    /// The task that moves its bytes.
    driver: AbortHandle,
}

impl Drop for Connection {
    /// Ends the task, too. By itself it would go on with an upload that was answered before its
    /// end, and wait for ever with one that was cut: see [`Listening`].
    fn drop(&mut self) {
        self.driver.abort();
    }
}

impl Connection {
    /// Sends a request and waits for the head of its answer.
    pub(crate) fn send(
        &mut self,
        message: Message,
    ) -> impl Future<Output = Result<hyper::Response<Incoming>, TrySendError<Message>>> + use<>
    {
        self.announced.announce(message.method() != hyper::Method::HEAD);
        self.sender.try_send_request(message)
    }

    /// Tells how the other side takes what is sent.
    pub(crate) fn taking(&self) -> &Arc<Taking> {
        &self.taking
    }
}

/// The idle connections of a client.
#[derive(Debug, Default)]
pub(crate) struct Pool {
    idle: Mutex<VecDeque<Idle>>,
}

#[derive(Debug)]
struct Idle {
    connection: Connection,
    since: Instant,
    /// The runtime whose task moves its bytes: on another one nothing may ever move.
    runtime: runtime::Id,
}

impl Idle {
    fn is_usable(&self) -> bool {
        self.since.elapsed() < IDLE_LIMIT && !self.connection.sender.is_closed()
    }
}

impl Pool {
    /// Returns a connection that was used before and can be used again.
    pub(crate) async fn take(&self) -> Option<Connection> {
        let runtime = Handle::current().id();
        loop {
            let mut idle = {
                let mut all = self.lock();
                all.retain(Idle::is_usable);
                let newest = all.iter().rposition(|idle| idle.runtime == runtime)?;
                all.remove(newest)?
            };
            if idle.connection.sender.ready().await.is_ok() {
                return Some(idle.connection);
            }
        }
    }

    /// Keeps a connection for the next call.
    fn give_back(&self, connection: Connection) {
        // Outside of a runtime there is no telling whose connection it is.
        let Ok(handle) = Handle::try_current() else { return };
        let idle = Idle { connection, since: Instant::now(), runtime: handle.id() };
        let mut all = self.lock();
        all.retain(Idle::is_usable);
        if all.len() == KEPT {
            all.pop_front();
        }
        if idle.is_usable() {
            all.push_back(idle);
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, VecDeque<Idle>> {
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
    pub(crate) fn give_back(self) {
        self.pool.give_back(self.connection);
    }
}

/// Speaks HTTP over a fresh connection. A task of its own moves the bytes until the connection
/// is dropped or closed.
pub(crate) async fn handshake(wire: Box<dyn Wire>) -> hyper::Result<Connection> {
    let announced = Arc::<Announced>::default();
    let taking = Arc::<Taking>::default();
    let wire = Joined::new(Listening::new(wire, taking.clone()), announced.clone());
    let (sender, driver) = http1::handshake(TokioIo::new(wire)).await?;
    let driver = tokio::spawn(async move {
        if let Err(error) = driver.await {
            tracing::debug!(error = %error, "connection ended");
        }
    });
    Ok(Connection { sender, announced, taking, driver: driver.abort_handle() })
}
