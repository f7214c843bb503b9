//! A client of one engine.

use std::borrow::Cow;
use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use contajners_core::stream::fits;
use contajners_core::{
    Api, Method, Negotiation, NegotiationStep, Operation, Pack, Request, ResolveError,
};
use serde_json::Value;

use crate::Work;
use crate::body::{Outgoing, Progress};
use crate::builder::{ClientBuilder, PackBytes};
use crate::call::{Call, What};
use crate::checks::Checks;
use crate::credentials::Credentials;
use crate::discovery::Discovered;
use crate::error::{CallOf, Error, ErrorKind, Sent, Waiting};
use crate::exchange::{Answered, Deadline, Incomplete, Limits, Peer, exchange};
use crate::spoken::{Parameter, Spoken};
use crate::stream::ByteStream;
use crate::trace;
use crate::wait::Wait;

/// The most of an answer in which a version is looked for.
const VERSION_LIMIT: usize = 1 << 20;
/// How long a call waits for another one that asks for the version.
const PATIENCE: Duration = Duration::from_secs(1);

/// A client of one engine: calls operations by name, over connections that are kept alive.
///
/// Cheap to clone; clones share connections and the negotiated version. Nothing is sent before
/// the first call. Up to 16 connections are kept between calls, to be used again within four
/// seconds; older ones are closed with the next call, all of them with the last clone and the last
/// answer that has not ended.
///
/// ```no_run
/// # async fn demo() -> Result<(), contajners::Error> {
/// use contajners::Client;
///
/// let podman = Client::builder("podman").uri("unix:///run/podman/podman.sock").build()?;
/// let names: Vec<serde_json::Value> =
///     podman.invoke("ContainerListLibpod").param("all", true).json().await?;
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct Client(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) pack: PackBytes,
    pub(crate) peer: Arc<Peer>,
    pub(crate) limits: Limits,
    pub(crate) answer_limit: usize,
    pub(crate) credentials: Credentials,
    pub(crate) checks: Checks,
    pub(crate) category: Option<String>,
    pub(crate) discovered: Discovered,
    /// The version to speak: pinned, or negotiated with the first call.
    pub(crate) version: OnceLock<Spoken>,
    /// Whose turn it is to ask for it.
    pub(crate) asking: tokio::sync::Mutex<()>,
}

impl Client {
    /// Begins to set up a client of an engine whose pack this program carries, such as `docker` or
    /// `podman`.
    pub fn builder(engine: impl Into<String>) -> ClientBuilder {
        ClientBuilder::new(engine.into())
    }

    /// Begins to set up a client with a pack of your own; see [`ClientBuilder::from_pack`].
    pub fn from_pack(pack: impl Into<Cow<'static, [u8]>>) -> ClientBuilder {
        ClientBuilder::from_pack(pack)
    }

    /// Begins a call of an operation, by the vendor's name for it.
    ///
    /// Whether there is such an operation shows when the call is made, since only then it is
    /// known which version the engine speaks.
    pub fn invoke(&self, operation: impl Into<String>) -> Call {
        Call::new(self.clone(), What::Operation(operation.into()))
    }

    /// Begins a request that no spec knows. The target is path and query as they go over the
    /// wire: with the version's prefix, percent-encoded. [`Call::param`] encodes what is not known
    /// beforehand, in place of `{name}` in the path or at the end of the query. A body goes as JSON where it is a value, and as
    /// `application/octet-stream` otherwise, unless [`Call::content_type`] names another type.
    ///
    /// ```no_run
    /// # async fn demo(docker: contajners::Client) -> Result<(), contajners::Error> {
    /// use contajners::Method;
    ///
    /// let checkpoint = serde_json::json!({ "CheckpointID": "one", "Exit": false });
    /// let call = docker.request(Method::Post, "/v1.41/containers/{id}/checkpoints");
    /// call.param("id", "conny").body(checkpoint).await?;
    /// # Ok(()) }
    /// ```
    pub fn request(&self, method: Method, target: impl Into<String>) -> Call {
        Call::new(self.clone(), What::Raw(method, target.into()))
    }

    /// Begins to wait for a state, by its name in the pack: `running`, `healthy`, `exited`, `removed`.
    ///
    /// An operation is asked again and again until its answer decides. Which states there are is in
    /// the catalogue: [`Api::waiters`].
    ///
    /// ```no_run
    /// # async fn demo(podman: contajners::Client) -> Result<(), contajners::Error> {
    /// podman.wait("healthy").param("id", "web").await?;
    /// # Ok(()) }
    /// ```
    pub fn wait(&self, name: impl Into<String>) -> Wait {
        Wait::new(self.clone(), name.into())
    }

    /// Returns the catalogue of the version that is spoken, which is negotiated with the engine
    /// if it has not been yet and was not pinned.
    ///
    /// # Errors
    ///
    /// Negotiation fails: the engine cannot be reached, does not say its version, or is older
    /// than all versions of the pack.
    pub async fn api(&self) -> Result<Api<'_>, Error> {
        self.api_before(Deadline::of(&self.0.limits)).await
    }

    pub(crate) async fn api_before(&self, deadline: Option<Deadline>) -> Result<Api<'_>, Error> {
        let version = match self.0.version.get() {
            Some(version) => version,
            None => self.negotiated(deadline).await?,
        };
        match version.api(self.pack()) {
            Some(api) => Ok(api),
            // A pack may be without any version.
            None => {
                self.pack().api(&version.name).map_err(|error| Error::version_setting(&error, None))
            }
        }
    }

    /// Finds an operation in the version that is spoken.
    pub(crate) fn operation<'a>(
        &self,
        api: Api<'a>,
        id: &str,
    ) -> Result<Operation<'a>, ResolveError> {
        if let Some(category) = &self.0.category {
            return api.operation_in(category, id);
        }
        let found = match (&self.0.pack, self.0.version.get()) {
            (PackBytes::Static(pack), Some(version)) => version.find(*pack, id),
            _ => None,
        };
        found.map_or_else(|| api.operation(id), Ok)
    }

    /// Returns the pack with all versions of the engine's API.
    pub fn pack(&self) -> Pack<'_> {
        self.0.pack.open()
    }

    /// Returns where the engine is taken to listen, and why there.
    pub fn discovered(&self) -> &Discovered {
        &self.0.discovered
    }

    /// Returns what a call without a body becomes, and the template of its path, if the one before
    /// was the same.
    pub(crate) fn recall(
        &self,
        operation: &str,
        parameters: &[Parameter],
    ) -> Option<(Request, &'static str)> {
        self.0.version.get()?.recall(operation, parameters)
    }

    /// Keeps what a call without a body became, for [`Client::recall`].
    pub(crate) fn keep(&self, operation: &str, values: Vec<(String, Value)>, request: &Request) {
        if let Some(version) = self.0.version.get() {
            version.keep(operation, values, request);
        }
    }

    fn negotiated(&self, deadline: Option<Deadline>) -> Work<'_, Result<&Spoken, Error>> {
        Box::pin(self.negotiate(deadline))
    }

    /// Limits hold for those, too, who wait until another call has found out.
    async fn negotiate(&self, deadline: Option<Deadline>) -> Result<&Spoken, Error> {
        if let Some(spoken) = self.0.version.get() {
            return Ok(spoken);
        }
        let work: Work<'_, _> = Box::pin(async move {
            // One asks for all. Who is at it may be a future that its owner does not poll: then the
            // others ask, too.
            let turn = tokio::time::timeout(PATIENCE, self.0.asking.lock()).await;
            if let Some(spoken) = self.0.version.get() {
                return Ok(spoken);
            }
            let asked = self.ask_version(deadline).await;
            drop(turn);
            asked.map(|spoken| self.0.version.get_or_init(|| spoken))
        });
        // A socket that takes connections and never answers is no better than none.
        let connect = self.0.limits.connect.map(|limit| (limit, limit, Waiting::Version));
        let whole = deadline.map(|deadline| (deadline.left(), deadline.limit, Waiting::Whole));
        match connect.into_iter().chain(whole).min_by_key(|(left, ..)| *left) {
            None => work.await,
            Some((left, limit, what)) => match tokio::time::timeout(left, work).await {
                Ok(done) => done,
                // Another one may have found out meanwhile.
                Err(_) => self.0.version.get().ok_or_else(|| self.0.peer.timeout(what, limit)),
            },
        }
    }

    fn spoken(&self, api: Api<'_>) -> Spoken {
        Spoken::new(self.pack(), api)
    }

    async fn ask_version(&self, deadline: Option<Deadline>) -> Result<Spoken, Error> {
        let mut negotiation = Negotiation::new(self.pack());
        loop {
            let header = negotiation.header();
            let Some(request) = negotiation.request() else {
                return Ok(negotiation
                    .unasked()
                    .map_or_else(Spoken::default, |api| self.spoken(api)));
            };
            let progress = Progress::new();
            let limits = &self.0.limits;
            let answered =
                self.exchange(&request, Outgoing::Nothing, progress, limits, deadline).await?;
            let call = answered.call;
            let status = answered.status;
            let said = answered.headers.get(header).filter(|_| !negotiation.wants_body());
            let mut said = said.and_then(|value| value.to_str().ok()).map(str::to_owned);
            // Reading the few bytes to their end keeps the connection.
            let limit = if negotiation.wants_body() { VERSION_LIMIT } else { 4096 };
            let body =
                self.stream(answered.body, call.clone(), limits, deadline).collect(limit).await;
            if negotiation.wants_body() {
                let body = match body {
                    Ok(body) => Some(body).filter(|body| fits(body, VERSION_LIMIT)),
                    // What is too long says nothing; what does not come might have.
                    Err(error) if error.kind() == ErrorKind::Decode => None,
                    Err(error) => return Err(error),
                };
                let body = body.and_then(|body| serde_json::from_slice(&body).ok());
                said = body.and_then(|body: Value| negotiation.said_in(&body));
            }
            match negotiation.handle_answer(status, said.as_deref()) {
                Ok(NegotiationStep::Done(api)) => {
                    trace::debug!(
                        engine = api.engine(),
                        version = api.version(),
                        engine_speaks = said.as_deref(),
                        "negotiated"
                    );
                    return Ok(self.spoken(api));
                }
                Ok(NegotiationStep::Again(next)) => negotiation = next,
                Err(error) => return Err(Error::negotiate(&error).of(&call, Sent::No)),
            }
        }
    }

    pub(crate) fn exchange(
        &self,
        request: &Request,
        body: Outgoing,
        progress: Arc<Progress>,
        limits: &Limits,
        deadline: Option<Deadline>,
    ) -> impl Future<Output = Result<Answered, Error>> {
        exchange(&self.0.peer, request, body, progress, limits, deadline)
    }

    pub(crate) fn stream(
        &self,
        body: Incomplete,
        call: CallOf,
        limits: &Limits,
        deadline: Option<Deadline>,
    ) -> ByteStream {
        ByteStream::new(body, call, self.0.peer.clone(), limits, deadline)
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("engine", &self.0.peer.engine)
            .field("endpoint", &self.0.peer.endpoint)
            .field("version", &self.0.version.get().map(|version| &version.name))
            .field("category", &self.0.category)
            .finish_non_exhaustive()
    }
}
