//! What moves the bytes of a connection: whoever waits for what comes over it.
//!
//! hyper would have a task of its own for that. A call then waits for the task and the task for
//! the call, and each answer passes from one to the other, often between two threads, which takes
//! longer than to read it. So here the one who waits polls the connection as well. Nothing moves
//! while nobody waits, and nobody misses it: a call that is not polled is at rest, as any future.
//!
//! The exception is a request that is still going out when its answer begins. Such a connection
//! is given a task, since a caller may keep the answer and go on writing.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker};

use tokio::task::AbortHandle;

use crate::Work;
use crate::trace;

/// hyper's half of a connection that moves its bytes, behind a pointer: so there is one of its code,
/// whoever polls it.
type Http = Work<'static, hyper::Result<()>>;

/// The moving side of a connection. Dropped, it closes the connection.
pub(crate) struct Driver {
    state: State,
    relay: Arc<Relay>,
    /// That of the relay.
    waker: Waker,
}

enum State {
    /// Polled by whoever waits. Never locked: it is there so that an answer can be shared.
    Waited(Mutex<Http>),
    Task(AbortHandle),
    Ended,
}

impl Driver {
    pub(crate) fn new(http: impl Future<Output = hyper::Result<()>> + Send + 'static) -> Self {
        let relay = Arc::<Relay>::default();
        let waker = Waker::from(relay.clone());
        let http: Http = Box::pin(http);
        Self { state: State::Waited(Mutex::new(http)), relay, waker }
    }

    /// Polls the connection and then for something that comes over it.
    pub(crate) fn poll_for<T>(
        &mut self,
        context: &mut Context<'_>,
        mut wanted: impl FnMut(&mut Context<'_>) -> Poll<T>,
    ) -> Poll<T> {
        let State::Waited(http) = &mut self.state else { return wanted(context) };
        self.relay.begin(context.waker());
        let http = http.get_mut().unwrap_or_else(PoisonError::into_inner);
        if let Poll::Ready(end) = http.as_mut().poll(&mut Context::from_waker(&self.waker)) {
            if let Err(error) = end {
                trace::debug!(error = %error, "connection ended");
            }
            // Whoever waits is told by its being dropped.
            self.state = State::Ended;
            return wanted(context);
        }
        // What is wanted comes of the connection alone, which was polled right here: nobody has to
        // be woken for it.
        let polled = wanted(&mut Context::from_waker(Waker::noop()));
        self.relay.end(polled.is_pending());
        polled
    }

    /// As [`Driver::poll_for`], of something that the connection hands over only when it is asked
    /// for.
    pub(crate) fn poll_asking<T>(
        &mut self,
        context: &mut Context<'_>,
        mut wanted: impl FnMut(&mut Context<'_>) -> Poll<T>,
    ) -> Poll<T> {
        if matches!(self.state, State::Waited(_)) {
            // The connection is told here that it is asked, and polled next.
            self.relay.begin(Waker::noop());
            let polled = wanted(&mut Context::from_waker(Waker::noop()));
            if polled.is_ready() {
                self.relay.end(false);
                return polled;
            }
        }
        self.poll_for(context, wanted)
    }

    /// Gives the connection a task of its own, so that it goes on while nobody waits.
    pub(crate) fn detach(&mut self) {
        if let State::Waited(http) = std::mem::replace(&mut self.state, State::Ended) {
            let http = http.into_inner().unwrap_or_else(PoisonError::into_inner);
            let task = tokio::spawn(async move {
                if let Err(error) = http.await {
                    trace::debug!(error = %error, "connection ended");
                }
            });
            self.state = State::Task(task.abort_handle());
        }
    }

    /// Lets go of the task that waited last.
    pub(crate) fn rest(&self) {
        self.relay.lock().waiting = None;
    }
}

impl Drop for Driver {
    /// By itself a task would go on with an upload that was answered before its end, and wait for
    /// ever with one that was cut: see [`Listening`](crate::transport::Listening).
    fn drop(&mut self) {
        if let State::Task(task) = &self.state {
            task.abort();
        }
    }
}

/// Passes on to whoever waits now what the connection has to say: the connection itself is told
/// but once whom to wake, and outlives many calls.
#[derive(Default)]
struct Relay(Mutex<Relayed>);

#[derive(Default)]
struct Relayed {
    waiting: Option<Waker>,
    /// The one who waits is polling at the moment, so that there is nobody to be woken.
    polling: bool,
    /// There was something to wake for since.
    heard: bool,
}

impl Relay {
    fn begin(&self, waker: &Waker) {
        let mut relayed = self.lock();
        // What was heard before is seen when the connection is polled, which is next.
        (relayed.polling, relayed.heard) = (true, false);
        match &mut relayed.waiting {
            Some(own) => own.clone_from(waker),
            none => *none = Some(waker.clone()),
        }
    }

    fn end(&self, pending: bool) {
        let mut relayed = self.lock();
        relayed.polling = false;
        let waiting = if relayed.heard && pending { relayed.waiting.clone() } else { None };
        // Unlocked, since it is not known what that does.
        drop(relayed);
        waiting.iter().for_each(Waker::wake_by_ref);
    }

    fn lock(&self) -> MutexGuard<'_, Relayed> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Wake for Relay {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        let mut relayed = self.lock();
        relayed.heard = true;
        let waiting = if relayed.polling { None } else { relayed.waiting.clone() };
        drop(relayed);
        waiting.iter().for_each(Waker::wake_by_ref);
    }
}
