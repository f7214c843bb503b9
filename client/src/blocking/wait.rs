//! Waiting for a state.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde_core::Serialize;

use super::runtime::Runtime;
use crate::error::Error;
use crate::wait::Waited;

/// A wait that has not begun yet: see [`Client::wait`](super::Client::wait).
///
/// ```no_run
/// # fn demo(docker: contajners::blocking::Client) -> Result<(), contajners::Error> {
/// let exited = docker.wait("exited").param("id", "job").call()?;
/// println!("exit status {}", exited.told());
/// # Ok(()) }
/// ```
#[must_use = "a wait begins with `call`"]
pub struct Wait {
    inner: crate::Wait,
    runtime: Arc<Runtime>,
}

impl Wait {
    pub(super) fn new(inner: crate::Wait, runtime: Arc<Runtime>) -> Self {
        Self { inner, runtime }
    }

    /// Gives a parameter of the operation that is asked. See [`Wait::param`](crate::Wait::param).
    pub fn param(self, name: impl Into<String>, value: impl Serialize) -> Self {
        Self { inner: self.inner.param(name, value), ..self }
    }

    /// Limits the whole wait; `None` is for as long as it takes. See
    /// [`Wait::timeout`](crate::Wait::timeout), which has the defaults.
    pub fn timeout(self, limit: impl Into<Option<Duration>>) -> Self {
        Self { inner: self.inner.timeout(limit), ..self }
    }

    /// Sets the time between two tries. See [`Wait::delay`](crate::Wait::delay).
    pub fn delay(self, delay: Duration) -> Self {
        Self { inner: self.inner.delay(delay), ..self }
    }

    /// Waits, and returns the answer that says that the state is reached.
    ///
    /// # Errors
    ///
    /// Those of [`Wait::run`](crate::Wait::run).
    pub fn call(self) -> Result<Waited, Error> {
        self.runtime.wait(self.inner.run())
    }
}

impl fmt::Debug for Wait {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}
