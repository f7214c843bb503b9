//! One request out, the head of its answer back: connections, time-outs, the one retry.

use std::error;
use std::future::poll_fn;
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use bytes::Bytes;
use contajners_core::{Method, Pack, RawError, Request, RequestContent, engine_error};
use hyper::HeaderMap;
use hyper::body::Incoming;
use hyper::client::conn::TrySendError;
use hyper::header::{CONTENT_LENGTH, HOST, HeaderName, HeaderValue, TRANSFER_ENCODING, USER_AGENT};
use tokio::task::unconstrained;
use tokio::time::{sleep, timeout};

use crate::Work;
use crate::body::{Outgoing, Phase, Progress};
use crate::discovery::{Discovered, Source};
use crate::endpoint::Endpoint;
use crate::error::{CallOf, Error, ErrorKind, Sent, Waiting};
use crate::observer::{Head, Watched};
use crate::pool::{Connection, Lease, Pool, handshake};
use crate::ssh::{self, Ssh};
use crate::tls::{self, Connector};
use crate::trace;
use crate::transport::{self, Taking, Wire};

/// How long things may take; `None` is for ever.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    pub(crate) connect: Option<Duration>,
    /// Until the head of an answer; `None` is as long as `read`.
    pub(crate) head: Option<Duration>,
    pub(crate) read: Option<Duration>,
    pub(crate) write: Option<Duration>,
    pub(crate) whole: Option<Duration>,
}

impl Default for Limits {
    /// Connections either stand soon or never; everything else may take its time.
    fn default() -> Self {
        let connect = Some(Duration::from_secs(10));
        Self { connect, head: None, read: None, write: None, whole: None }
    }
}

impl Limits {
    /// Those that hold until the head of an answer is there.
    pub(crate) fn until_head(self) -> Self {
        Self { read: self.head.or(self.read), ..self }
    }

    /// What is waited for where `read` is the limit, before the head.
    pub(crate) fn reading(&self) -> Waiting {
        if self.head.is_some() { Waiting::Head } else { Waiting::Read }
    }

    /// Tells whether it matters when something is taken or comes.
    fn are_timed(&self) -> bool {
        self.read.is_some() || self.write.is_some()
    }
}

/// A point in time that ends a call, and the limit it comes from.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Deadline {
    pub(crate) at: Instant,
    pub(crate) limit: Duration,
}

impl Deadline {
    pub(crate) fn left(self) -> Duration {
        self.at.saturating_duration_since(Instant::now())
    }

    pub(crate) fn of(limits: &Limits) -> Option<Self> {
        let limit = limits.whole?;
        Some(Self { at: Instant::now().checked_add(limit)?, limit })
    }

    /// Does something until then.
    pub(crate) async fn until<T>(
        self,
        peer: &Peer,
        work: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        let over = |_| Err(peer.timeout(Waiting::Whole, self.limit));
        timeout(self.left(), work).await.unwrap_or_else(over)
    }
}

/// The engine at the other end.
#[derive(Debug)]
pub(crate) struct Peer {
    pub(crate) engine: String,
    pub(crate) endpoint: Endpoint,
    /// The address as messages show it.
    pub(crate) address: String,
    /// Where the message of an error stands.
    errors: Vec<String>,
    /// How to name another address, for hints.
    elsewhere: String,
    /// The variable that would have TLS spoken to this address, if one does.
    secured_by: Option<&'static str>,
    pub(crate) ssh: Ssh,
    /// Idle connections to it.
    pool: Arc<Pool>,
    /// There for `https://`, and only there.
    pub(crate) tls: Option<Connector>,
    pub(crate) watched: Watched,
    /// Whether it has answered: then it speaks as it is spoken to.
    has_answered: AtomicBool,
    host: HeaderValue,
    /// What the program calls itself.
    pub(crate) user_agent: Option<HeaderValue>,
    /// What is sent with each request beside.
    pub(crate) headers: Vec<(HeaderName, HeaderValue)>,
    /// The variable that says which version is spoken, if one does.
    pub(crate) pinned_by: Option<String>,
}

const SILENT: &str = "does TLS belong at that address? Then write `https://`";

impl Peer {
    pub(crate) fn new(
        pack: Pack<'_>,
        discovered: &Discovered,
        ssh: Vec<String>,
        tls: Option<Connector>,
        watched: Watched,
    ) -> Self {
        let endpoint = discovered.endpoint.clone();
        let variable = pack.addresses().find_map(|address| address.strip_prefix('$'));
        Self {
            engine: pack.engine().into(),
            errors: pack.error_pointers().map(Into::into).collect(),
            ssh: Ssh::new(pack, ssh),
            pool: Arc::default(),
            tls,
            watched,
            has_answered: AtomicBool::new(false),
            secured_by:
                matches!(&discovered.source, Source::Variable(name) if name == "DOCKER_HOST")
                    .then_some("DOCKER_TLS_VERIFY"),
            elsewhere: match (&discovered.source, variable) {
                (Source::Variable(name), _) => format!("change `{name}`, which says so"),
                (source @ (Source::Context(_) | Source::Connection(_)), _) => {
                    match &discovered.named_by {
                        Some(by) => format!("change {source}, which {by} names"),
                        None => format!("choose another than {source}"),
                    }
                }
                // Then no variable is looked at.
                (Source::Given, _) => "give another address".into(),
                (_, Some(name)) => format!("give another address (`{name}`)"),
                (_, None) => "give another address".into(),
            },
            address: endpoint.to_string(),
            // An endpoint's host is made of letters, digits and a few signs.
            host: HeaderValue::from_str(&endpoint.host_header())
                .unwrap_or(HeaderValue::from_static("localhost")),
            endpoint,
            user_agent: None,
            headers: Vec::new(),
            pinned_by: None,
        }
    }

    /// Returns what the engine says in the body of an error.
    pub(crate) fn message(&self, body: &[u8]) -> String {
        engine_error::message_with(self.errors.iter().map(String::as_str), body)
    }

    /// Makes the error of an answer with an error status.
    pub(crate) fn refused(
        &self,
        call: &CallOf,
        status: u16,
        message: String,
        body: Bytes,
    ) -> Error {
        Error::refused(call, status, message, body, self.pinned_by.as_deref())
    }

    /// Makes the error of a connection that does not come about.
    pub(crate) fn unreachable(&self, error: io::Error) -> Error {
        if let Some(error) = self.insecure(&error) {
            return error;
        }
        let hint = transport::hint(&self.engine, &self.endpoint, &self.elsewhere, &error);
        Error::connect(&self.engine, &self.address, hint, error)
    }

    /// Makes the error of a connection that broke. What `ssh` says is why there was none.
    pub(crate) fn broken(&self, error: impl Into<Box<dyn error::Error + Send + Sync>>) -> Error {
        let error = error.into();
        if let Some(error) = self.insecure(&*error) {
            return error;
        }
        match ssh::words_in(&*error) {
            Some(words) => self.unreachable(words),
            None => {
                let is_unknown = !self.has_answered.load(Ordering::Relaxed);
                let hint = (is_unknown && tls::is_silent(&*error)).then(|| SILENT.to_owned());
                Error::send(&self.engine, &self.address, error).or_hint(hint)
            }
        }
    }

    /// Makes the error of TLS, if that is why a connection failed.
    fn insecure(&self, error: &(dyn error::Error + 'static)) -> Option<Error> {
        if tls::is_tls_spoken(error) {
            return Some(Error::tls_spoken(&self.engine, &self.address, self.secured_by));
        }
        let fault = tls::fault_in(error, self.tls.as_ref(), &self.engine, &self.address)?;
        Some(Error::tls(ErrorKind::Connect, fault))
    }

    pub(crate) fn timeout(&self, what: Waiting, limit: Duration) -> Error {
        Error::timed_out(what, limit, &self.engine, &self.address)
    }
}

/// The head of an answer, and the body that is yet to come.
pub(crate) struct Answered {
    /// What was answered.
    pub(crate) call: CallOf,
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Incomplete,
}

/// A body, the connection it comes over, and how far the request's own has got.
pub(crate) struct Incomplete {
    pub(crate) incoming: Incoming,
    pub(crate) lease: Lease,
    pub(crate) progress: Arc<Progress>,
}

/// Sends a request and waits for the head of the answer.
pub(crate) async fn exchange(
    peer: &Peer,
    request: &Request,
    body: Outgoing,
    progress: Arc<Progress>,
    limits: &Limits,
    deadline: Option<Deadline>,
) -> Result<Answered, Error> {
    let mut call = None;
    let limits = limits.until_head();
    let done = {
        let mut work = pin!(attempt(peer, request, body, &progress, &limits));
        let work = poll_fn(|context| {
            let polled = work.as_mut().poll(context);
            // Made while the engine is at work.
            call.get_or_insert_with(|| CallOf::new(&peer.engine, request));
            polled
        });
        match deadline {
            None => work.await,
            Some(deadline) => {
                let whole = || (peer.timeout(Waiting::Whole, deadline.limit), progress.sent());
                // In a box, since each call has room for it, and few have a limit.
                let limited: Work<'_, _> = Box::pin(timeout(deadline.left(), work));
                limited.await.unwrap_or_else(|_| Err(whole()))
            }
        }
    };
    let call = call.unwrap_or_else(|| CallOf::new(&peer.engine, request));
    let (response, mut connection) = done.map_err(|(error, sent)| error.of(&call, sent))?;
    peer.has_answered.store(true, Ordering::Relaxed);
    peer.watched.answer(|| Head::of_answer(&response));
    let (head, incoming) = response.into_parts();
    if !connection.has_sent(&progress) {
        connection.detach();
    }
    let lease = Lease { pool: peer.pool.clone(), connection };
    Ok(Answered {
        call,
        status: head.status.as_u16(),
        headers: head.headers,
        body: Incomplete { incoming, lease, progress },
    })
}

/// An answer's head and the connection that its body comes over, or why there is none.
type Attempted = Result<(hyper::Response<Incoming>, Connection), (Error, Sent)>;

// Not `async`, which would have room for the arguments twice: a call's future is kept within the 1,032
// bytes that glibc's `malloc` has at hand.
#[expect(clippy::manual_async_fn)]
fn attempt<'a>(
    peer: &'a Peer,
    request: &'a Request,
    body: Outgoing,
    progress: &'a Progress,
    limits: &'a Limits,
) -> impl Future<Output = Attempted> + Send + use<'a> {
    async move {
        let unsent = |error| (error, Sent::No);
        let message_with = |body| message(peer, request, body).map_err(unsent);
        let (mut idle, mut own) = (peer.pool.take().await, None);
        if idle.is_none() {
            own = turn(peer, limits).await.map_err(unsent)?;
            // While others had their turn one may have come free.
            if own.is_some() {
                idle = peer.pool.take().await;
            }
        }
        let message = if let Some(mut connection) = idle {
            own = None;
            trace::debug!("using an idle connection");
            let spare = body.again();
            let delivering = {
                let message = match message_with(body) {
                    Ok(message) => message,
                    Err(error) => {
                        peer.pool.give_back(connection);
                        return Err(error);
                    }
                };
                peer.watched.request(&message);
                deliver(&mut connection, message, progress, limits)
            };
            let again = match delivering.await {
                Ok(response) => return Ok((response, connection)),
                // It was closed before a byte went out.
                Err(Undelivered { message: Some(unsent), .. }) => unsent,
                Err(failed) => {
                    // Neither was it here, though hyper could not know.
                    let is_untouched = connection.taking().is_untouched();
                    let may_repeat = is_untouched || request.is_safe_to_repeat();
                    match spare {
                        Some(spare) if may_repeat && failed.may_pass() => {
                            Box::new(message_with(spare)?)
                        }
                        _ => {
                            let sent = if is_untouched { Sent::No } else { Sent::Perhaps };
                            return Err((failed.explain(peer, progress), sent));
                        }
                    }
                }
            };
            trace::debug!("the idle connection had gone, taking a new one");
            progress.begin(false);
            again
        } else {
            Box::new(message_with(body)?)
        };
        let mut connection = {
            let _own = match own {
                None => turn(peer, limits).await.map_err(unsent)?,
                own => own,
            };
            let connecting: Work<'_, _> = Box::pin(connect(peer, limits));
            connecting.await.map_err(unsent)?
        };
        peer.watched.request(&message);
        match deliver(&mut connection, *message, progress, limits).await {
            Ok(response) => Ok((response, connection)),
            Err(failed) => {
                let is_unsent = failed.message.is_some() || connection.taking().is_untouched();
                let sent = if is_unsent { Sent::No } else { Sent::Perhaps };
                Err((failed.explain(peer, progress), sent))
            }
        }
    }
}

/// Opens a connection and gets it ready to speak.
async fn connect(peer: &Peer, limits: &Limits) -> Result<Connection, Error> {
    let work = async {
        let connection = handshake(reach(peer, limits).await?).await;
        connection.map_err(|error| Error::send(&peer.engine, &peer.address, error))
    };
    in_time(peer, limits, work).await
}

/// Opens a connection that nothing is known of yet.
pub(crate) async fn wire(peer: &Peer, limits: &Limits) -> Result<Box<dyn Wire>, Error> {
    let _own = turn(peer, limits).await?;
    in_time(peer, limits, reach(peer, limits)).await
}

/// Waits until a connection may be opened, as long as those of others come about in time.
async fn turn<'p>(peer: &'p Peer, limits: &Limits) -> Result<Option<ssh::Turn<'p>>, Error> {
    let turn = peer.ssh.turn(&peer.endpoint, limits.connect).await;
    turn.map_err(|limit| peer.timeout(Waiting::Connect, limit))
}

/// Limits the time until a connection stands.
async fn in_time<T>(
    peer: &Peer,
    limits: &Limits,
    work: impl Future<Output = Result<T, Error>>,
) -> Result<T, Error> {
    match limits.connect {
        None => work.await,
        Some(limit) => timeout(limit, work)
            .await
            .unwrap_or_else(|_| Err(peer.timeout(Waiting::Connect, limit))),
    }
}

async fn reach(peer: &Peer, limits: &Limits) -> Result<Box<dyn Wire>, Error> {
    let connected = transport::connect(peer, limits.connect).await;
    let wire = connected.map_err(|error| peer.unreachable(error))?;
    trace::debug!("connected");
    Ok(wire)
}

/// The longest target that `http` makes a message with.
const TARGET_LIMIT: usize = u16::MAX as usize - 1;

pub(crate) type Message = hyper::Request<Outgoing>;

/// Makes the message that carries a request.
pub(crate) fn message(peer: &Peer, request: &Request, body: Outgoing) -> Result<Message, Error> {
    let unsendable = |what: &str| Error::raw(RawError::Target, what);
    let method = hyper::Method::from_bytes(request.method().as_str().as_bytes())
        .map_err(|_| unsendable(request.method().as_str()))?;
    let target = request.target();
    let prefix = peer.endpoint.prefix();
    let uri = if prefix.is_empty() {
        hyper::Uri::try_from(target)
    } else {
        hyper::Uri::try_from(format!("{prefix}{target}"))
    };
    let uri = uri.map_err(|_| match prefix.len() + target.len() {
        length if length > TARGET_LIMIT => Error::target_too_long(length, TARGET_LIMIT),
        _ => unsendable(request.path()),
    })?;

    // Engines that get a POST without a length wait, or refuse it.
    let has_length = !matches!(body, Outgoing::Nothing)
        || matches!(request.method(), Method::Post | Method::Put | Method::Patch);
    let length = hyper::body::Body::size_hint(&body).exact();

    let mut message = hyper::Request::new(body);
    *message.method_mut() = method;
    *message.uri_mut() = uri;
    let headers = message.headers_mut();
    headers.insert(HOST, peer.host.clone());
    if let Some(name) = &peer.user_agent {
        headers.insert(USER_AGENT, name.clone());
    }
    headers.extend(peer.headers.iter().cloned());
    if let Some(length) = length.filter(|_| has_length) {
        headers.insert(CONTENT_LENGTH, HeaderValue::from(length));
    }
    let mut announced = None;
    for (name, value) in request.headers() {
        let unsendable = |_| Error::raw(RawError::Header, name);
        let header = HeaderName::try_from(name).map_err(|_| unsendable(()))?;
        if header == CONTENT_LENGTH {
            let said = value.trim().parse().ok().filter(|_| !value.contains('+'));
            // Another length would cut the body, or have the engine wait for more.
            if said.is_none() || length.is_some_and(|length| said != Some(length)) {
                return Err(unsendable(()));
            }
            announced = said;
        }
        let mut value = HeaderValue::from_str(value).map_err(|_| unsendable(()))?;
        value.set_sensitive(contajners_core::is_secret_header(name));
        headers.insert(header, value);
    }
    // Of a body whose length nobody knows hyper would send nothing with a GET or a HEAD.
    if length.is_none() && announced.is_none() && !headers.contains_key(TRANSFER_ENCODING) {
        headers.insert(TRANSFER_ENCODING, HeaderValue::from_static("chunked"));
    }
    if let (Outgoing::Pieces(pieces), Some(length)) = (message.body_mut(), announced) {
        pieces.left = Some(length);
    }
    Ok(message)
}

/// Why no head of an answer came.
struct Undelivered {
    /// The request, when none of it went out.
    message: Option<Box<Message>>,
    why: Why,
}

enum Why {
    Http(hyper::Error),
    TimedOut(Waiting, Duration),
}

impl Undelivered {
    /// Tells whether a new connection may do better.
    fn may_pass(&self) -> bool {
        matches!(&self.why, Why::Http(error) if !error.is_parse() && !error.is_user())
    }

    fn explain(self, peer: &Peer, progress: &Progress) -> Error {
        if let Some(failure) = progress.take_failure() {
            return Error::unreadable("the body", failure);
        }
        let (engine, address) = (&peer.engine, &peer.address);
        match self.why {
            Why::TimedOut(what, limit) => peer.timeout(what, limit),
            Why::Http(error) if error.is_parse() => Error::not_http(engine, address, error),
            Why::Http(error) => peer.broken(error),
        }
    }
}

fn deliver<'a>(
    connection: &'a mut Connection,
    message: Message,
    progress: &'a Progress,
    limits: &'a Limits,
) -> impl Future<Output = Result<hyper::Response<Incoming>, Undelivered>> + use<'a> {
    progress.begin(true);
    let taking = connection.taking().clone();
    // That it has come is told through a channel of tokio's, which has a share of the task's budget. By
    // then the connection may have used up all of it, and would not wake anyone again. In a box, so
    // that little is moved with what waits for it.
    let sending = Box::pin(unconstrained(connection.send(message, limits.are_timed())));
    sent(connection, sending, taking, progress, limits)
}

async fn sent(
    connection: &mut Connection,
    mut sending: impl Future<Output = Result<hyper::Response<Incoming>, TrySendError<Message>>> + Unpin,
    taking: Arc<Taking>,
    progress: &Progress,
    limits: &Limits,
) -> Result<hyper::Response<Incoming>, Undelivered> {
    let mut sent = |context: &mut Context<'_>| {
        connection.poll_for(context, |context| {
            pin!(&mut sending).poll(context).map_err(|mut error| Undelivered {
                message: error.take_message().map(Box::new),
                why: Why::Http(error.into_error()),
            })
        })
    };
    if !limits.are_timed() {
        return poll_fn(sent).await;
    }
    let watch: Work<'_, _> = Box::pin(watch(progress, &taking, limits));
    // What comes without an end takes all of the task's budget, of which a clock wants some, too.
    let mut watch = unconstrained(watch);
    poll_fn(|context| match sent(context) {
        Poll::Ready(done) => Poll::Ready(done),
        Poll::Pending => pin!(&mut watch).poll(context).map(|(what, limit)| {
            Err(Undelivered { message: None, why: Why::TimedOut(what, limit) })
        }),
    })
    .await
}

/// Ends when the engine takes or gives nothing for too long.
pub(crate) async fn watch(
    progress: &Progress,
    taking: &Taking,
    limits: &Limits,
) -> (Waiting, Duration) {
    // While the caller's reader is awaited no limit runs; this is how often that is looked at.
    const LOOK: Duration = Duration::from_millis(50);
    loop {
        let phase = progress.phase();
        let handed = Duration::from_millis(progress.quiet());
        let quiet = taking.quiet().map_or(handed, |taken| taken.min(handed));
        let stuck = taking.stuck();
        let (read, write) = match phase {
            // What the reader gave before may have to be taken yet.
            Phase::Caller => (None, limits.write.zip(stuck)),
            Phase::Wire => (None, limits.write.map(|limit| (limit, quiet))),
            // What was handed over as a whole has still to be taken.
            Phase::Done => (
                // While something is to be taken, it is not sent yet.
                limits.read.filter(|_| stuck.is_none()).map(|limit| (limit, quiet)),
                limits.write.map(|limit| (limit, stuck.unwrap_or_default())),
            ),
        };
        let mut next = match phase {
            // Nobody says when the last of it is taken, from when on `read` counts: so this looks
            // again before that could be over.
            Phase::Done => limits.read.filter(|_| stuck.is_some()).unwrap_or(Duration::MAX),
            Phase::Caller | Phase::Wire => limits.read.or(limits.write).unwrap_or(LOOK).min(LOOK),
        };
        for (what, limited) in [(Waiting::Write, write), (limits.reading(), read)] {
            let Some((limit, quiet)) = limited else { continue };
            match limit.checked_sub(quiet).filter(|left| !left.is_zero()) {
                Some(left) => next = next.min(left),
                None => return (what, limit),
            }
        }
        sleep(next).await;
    }
}

/// Makes the body to send from what the request wants and what the caller gave.
pub(crate) async fn outgoing(
    request: &mut Request,
    given: crate::body::Given,
    progress: &Arc<Progress>,
) -> Result<Outgoing, Error> {
    use crate::body::Given;
    Ok(match (request.take_content(), given) {
        (RequestContent::Nothing, _) => Outgoing::Nothing,
        (RequestContent::Text(text), _) => Outgoing::Bytes(Bytes::from(text)),
        (RequestContent::Callers, Given::Bytes(bytes)) => Outgoing::Bytes(bytes),
        (RequestContent::Callers, Given::Reader(reader)) => {
            Outgoing::reader(reader, None, progress)
        }
        (RequestContent::Callers, Given::Unopened(open, _)) => open(progress.clone()).await?,
        _ => Outgoing::Bytes(Bytes::new()),
    })
}

#[cfg(all(test, feature = "docker"))]
mod tests {
    use super::*;

    #[test]
    fn a_variable_is_named_where_it_would_help() {
        let hint = |source| {
            let discovered = Discovered {
                endpoint: Endpoint::parse("tcp://far").unwrap(),
                source,
                named_by: None,
                considered: Vec::new(),
                tls: None,
            };
            let pack = crate::pack("docker").unwrap();
            let peer = Peer::new(pack, &discovered, Vec::new(), None, Watched::default());
            let error = Error::tls_spoken(&peer.engine, &peer.address, peer.secured_by);
            error.hint().unwrap().to_owned()
        };
        let address = "write `https://far:2375`";
        assert_eq!(hint(Source::Given), address);
        assert_eq!(hint(Source::Context("far".into())), address);
        let variable = hint(Source::Variable("DOCKER_HOST".into()));
        assert_eq!(variable, format!("{address}, or set `DOCKER_TLS_VERIFY`"));
    }
}
