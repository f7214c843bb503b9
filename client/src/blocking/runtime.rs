//! The thread that moves bytes, and waiting for what it does.

use std::future::Future;
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread, ThreadId};

use tokio::runtime::{Builder, Handle};
use tokio::sync::oneshot;

/// A runtime with a thread of its own; both end when this is dropped.
pub(super) struct Runtime {
    handle: Handle,
    thread: ThreadId,
    /// Never sent to: its end is the sign.
    _end: oneshot::Sender<()>,
}

impl Runtime {
    pub(super) fn start() -> io::Result<Arc<Self>> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let handle = runtime.handle().clone();
        let (end, ended) = oneshot::channel::<()>();
        // Dropped on its own thread, the runtime can be waited for without harm to anyone.
        let thread = thread::Builder::new().name("contajners".into());
        let thread = thread.spawn(move || runtime.block_on(ended))?.thread().id();
        Ok(Arc::new(Self { handle, thread, _end: end }))
    }

    /// Waits on this thread until the work is done. The work itself is driven here, only sockets
    /// and timers by the runtime's thread: so it needs to be neither `Send` nor `'static`.
    ///
    /// Not `block_on` of tokio, which panics on a thread that drives a runtime.
    ///
    /// # Panics
    ///
    /// On the runtime's own thread, where it would wait for itself.
    pub(super) fn wait<F: Future>(&self, work: F) -> F::Output {
        let own = thread::current().id() == self.thread;
        assert!(!own, "an observer waits for a call of the client that it observes");
        let _entered = self.handle.enter();
        // Within a task of another runtime its budget would never be renewed.
        let mut work = pin!(tokio::task::unconstrained(work));
        let unpark =
            Arc::new(Unpark { thread: thread::current(), is_woken: AtomicBool::new(false) });
        let waker = Waker::from(unpark.clone());
        let mut context = Context::from_waker(&waker);
        loop {
            match work.as_mut().poll(&mut context) {
                Poll::Ready(done) => return done,
                // What the work itself parked for may have used up the sign that it is woken.
                Poll::Pending => {
                    while !unpark.is_woken.swap(false, Ordering::Acquire) {
                        thread::park();
                    }
                }
            }
        }
    }
}

struct Unpark {
    thread: Thread,
    is_woken: AtomicBool,
}

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.is_woken.store(true, Ordering::Release);
        self.thread.unpark();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{RecvTimeoutError, channel};
    use std::time::Duration;

    use super::*;

    /// An observer may park on its own behalf within the work.
    #[test]
    fn a_sign_that_the_work_itself_used_up_is_still_seen() {
        let mut polls = 0;
        Runtime::start().unwrap().wait(std::future::poll_fn(|context| {
            polls += 1;
            if polls > 1 {
                return Poll::Ready(());
            }
            context.waker().wake_by_ref();
            thread::park();
            Poll::Pending
        }));
        assert_eq!(polls, 2);
    }

    #[test]
    fn the_thread_ends_with_the_last_who_wants_it() {
        let runtime = Runtime::start().unwrap();
        let (held, ended) = channel::<()>();
        // A task holds its end for as long as the runtime is there.
        runtime.handle.spawn(async move {
            let _held = held;
            std::future::pending::<()>().await;
        });
        let clone = runtime.clone();
        drop(runtime);
        clone.wait(tokio::task::yield_now());
        assert_eq!(ended.recv_timeout(Duration::from_millis(50)), Err(RecvTimeoutError::Timeout));
        drop(clone);
        let end = ended.recv_timeout(Duration::from_secs(20));
        assert_eq!(end, Err(RecvTimeoutError::Disconnected));
    }
}
