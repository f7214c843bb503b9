//! A client of one engine.

use std::fmt;
use std::sync::Arc;

use contajners_core::{Api, Method, Pack};

use super::call::Call;
use super::runtime::Runtime;
use super::wait::Wait;
use crate::builder::ClientBuilder;
use crate::discovery::Discovered;
use crate::error::Error;

/// A client of one engine whose methods wait; made by [`ClientBuilder::build_blocking`].
///
/// Cheap to clone; clones share connections, the negotiated version and the thread.
#[derive(Clone)]
pub struct Client {
    inner: crate::Client,
    runtime: Arc<Runtime>,
}

impl ClientBuilder {
    /// Makes a [client that blocks](crate::blocking) instead of an asynchronous one.
    ///
    /// # Errors
    ///
    /// Those of [`ClientBuilder::build`] and [`blocking::Client::new`](Client::new).
    pub fn build_blocking(self) -> Result<Client, Error> {
        Client::new(self.build()?)
    }
}

impl Client {
    /// Makes a client that blocks of an asynchronous one. Version and settings are shared with it;
    /// connections belong to the runtime that they were opened on.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Config`](crate::ErrorKind::Config): the system gives no thread.
    pub fn new(client: crate::Client) -> Result<Self, Error> {
        Ok(Self { inner: client, runtime: Runtime::start().map_err(Error::no_thread)? })
    }

    /// Begins a call of an operation, by the vendor's name for it: see
    /// [`Client::invoke`](crate::Client::invoke).
    pub fn invoke(&self, operation: impl Into<String>) -> Call {
        Call::new(self.inner.invoke(operation), self.runtime.clone())
    }

    /// Begins a request that no spec knows, by path and query as they go over the wire: see
    /// [`Client::request`](crate::Client::request).
    pub fn request(&self, method: Method, target: impl Into<String>) -> Call {
        Call::new(self.inner.request(method, target), self.runtime.clone())
    }

    /// Begins to wait for a state, by its name in the pack: see
    /// [`Client::wait`](crate::Client::wait).
    pub fn wait(&self, name: impl Into<String>) -> Wait {
        Wait::new(self.inner.wait(name), self.runtime.clone())
    }

    /// Returns the catalogue of the version that is spoken, and asks the engine for its version
    /// first if that is not known yet.
    ///
    /// # Errors
    ///
    /// Those of [`Client::api`](crate::Client::api).
    pub fn api(&self) -> Result<Api<'_>, Error> {
        self.runtime.wait(self.inner.api())
    }

    /// Returns the pack with all versions of the engine's API.
    pub fn pack(&self) -> Pack<'_> {
        self.inner.pack()
    }

    /// Returns where the engine is taken to listen, and why there.
    pub fn discovered(&self) -> &Discovered {
        self.inner.discovered()
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}
