//! A call on its way: an operation, its parameters and body, and how its answer is wanted.

use std::fmt;
use std::future::{Future, IntoFuture};
use std::path::PathBuf;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use contajners_core::{
    Answer, Body, Content, Encoding, Finding, Method, Operation, Outcome, Request, RequestContent,
    Value as _, content_of_error, is_secret_header,
};
use hyper::header::{CONTENT_TYPE, LOCATION};
use serde_core::Serialize;
use serde_core::de::{DeserializeOwned, IgnoredAny};
use serde_json::Value;
use tokio::io::AsyncRead;

use crate::Work;
#[cfg(feature = "archives")]
use crate::archive::Folder;
use crate::body::{Given, Progress};
use crate::checks::Checks;
use crate::client::Client;
use crate::credentials::{self, Wanted};
use crate::data::Data;
use crate::duplex::{self, Duplex};
use crate::error::{CallOf, Error, Sent, quoted};
use crate::exchange::{Answered, Deadline, Limits, outgoing};
use crate::response::Response;
use crate::spoken::Parameter;
use crate::stream::{ByteStream, DocumentStream, InBand, OutputStream};
use crate::trace::{self, Span};

/// The most of an error's body that is kept.
pub(crate) const ERROR_LIMIT: usize = 1 << 20;
/// How long the next piece of an error's body is waited for: some engines send one without an
/// end.
pub(crate) const ERROR_PIECE_WAIT: Duration = Duration::from_secs(1);
/// How long all of it is waited for.
pub(crate) const ERROR_WAIT: Duration = Duration::from_secs(5);

/// A call that has not been made yet: see [`Client::invoke`] and [`Client::request`].
///
/// How it ends decides what comes back. Awaited it is JSON: `null` for an answer without a body,
/// a string for text, a list for several documents. An operation that answers bytes is refused then,
/// before anything is sent, with the code `not-text`.
///
/// What does not end by itself is never there as a whole: `SystemEvents`, `ContainerStats` without
/// `stream` as `false`, logs with `follow`. [`documents`](Self::documents) and [`output`](Self::output)
/// give it as it comes.
///
/// Awaiting makes a future of the call; where one is wanted without that, as by a task or a `select!`,
/// [`into_future`](IntoFuture::into_future) does.
///
/// ```no_run
/// # async fn demo(docker: contajners::Client) -> Result<(), contajners::Error> {
/// use serde_json::json;
///
/// let created = docker
///     .invoke("ContainerCreate")
///     .param("name", "conny")
///     .body(json!({ "Image": "busybox:musl", "Cmd": ["date"] }))
///     .await?;
/// docker.invoke("ContainerStart").param("id", &created["Id"]).await?;
/// let running = docker
///     .invoke("ContainerList")
///     .param("filters", json!({ "status": ["running"] }))
///     .await?;
/// # Ok(()) }
/// ```
#[must_use = "a call is made when it is awaited, or by one of the methods that end it"]
pub struct Call(Box<Parts>);

/// Apart, so that little is moved when a call is.
struct Parts {
    client: Client,
    what: What,
    parameters: Vec<Parameter>,
    body: Given,
    content_type: Option<String>,
    headers: Vec<(String, String)>,
    errors: Errors,
    limits: Limits,
}

#[derive(Debug, Clone)]
pub(crate) enum What {
    Operation(String),
    Raw(Method, String),
}

/// What becomes of an answer with an error status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Errors {
    Raised,
    Returned,
}

/// Whether an answer of bytes is of use to the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reading {
    Anything,
    Json,
}

impl Call {
    pub(crate) fn new(client: Client, what: What) -> Self {
        Self(Box::new(Parts {
            limits: client.0.limits,
            client,
            what,
            parameters: Vec::new(),
            body: Given::Nothing,
            content_type: None,
            headers: Vec::new(),
            errors: Errors::Raised,
        }))
    }

    /// Gives a parameter, by the vendor's name, wherever it belongs: path, query or header.
    ///
    /// Lists repeat the key where the engine wants that; maps and structs given to a text
    /// parameter become JSON (`filters`, `buildargs`), and `X-Registry-Auth` is encoded. `None`
    /// counts as not given. Given again, a parameter that takes several values gets them all.
    ///
    /// In a raw request it takes the place of `{name}` in the path, as one segment, or else goes into the
    /// query: lists repeat the key there, and maps and structs become JSON. `X-Registry-Auth` and its kin
    /// are headers there, too.
    pub fn param(mut self, name: impl Into<String>, value: impl Serialize) -> Self {
        self.0.parameters.push((name.into(), serde_json::to_value(value)));
        self
    }

    /// Gives a value as the body; it becomes JSON. A string is sent as it is, so that JSON or YAML that
    /// was written elsewhere can be given, unless a string is what the operation wants as JSON; nothing
    /// checks it. In a raw request it becomes JSON like any other value.
    pub fn body(mut self, value: impl Serialize) -> Self {
        self.0.body = Given::Json(serde_json::to_value(value));
        self
    }

    /// Gives bytes as the body, of the media type that the operation documents.
    pub fn body_bytes(mut self, bytes: impl Into<Bytes>) -> Self {
        self.0.body = Given::Bytes(bytes.into());
        self
    }

    /// Gives a file as the body; it is read while it is sent.
    pub fn body_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.0.body = Given::file(path.into());
        self
    }

    /// Gives a folder as the body; it becomes a tar while it is sent. A path is the folder as it
    /// is, [`Folder::build_context`] goes by its ignore file.
    #[cfg(feature = "archives")]
    pub fn body_folder(mut self, folder: impl Into<Folder>) -> Self {
        self.0.body = Given::folder(folder.into());
        self
    }

    /// Gives a reader as the body; it is read while it is sent, in pieces of up to 64 KiB. With a header
    /// `Content-Length` no more than that is read of it, and less is an error.
    pub fn body_reader(mut self, reader: impl AsyncRead + Send + 'static) -> Self {
        self.0.body = Given::Reader(Box::pin(reader));
        self
    }

    /// Sets the media type of the body, where it is not the one that the operation documents
    /// (`application/gzip`). It is sent without a body, too.
    pub fn content_type(mut self, media_type: impl Into<String>) -> Self {
        self.0.content_type = Some(media_type.into());
        self
    }

    /// Adds a header that is no parameter of the operation, or replaces the one of that name.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.0.headers.push((name.into(), value.into()));
        self
    }

    /// Takes an answer with an error status like any other, instead of making an [`Error`] of
    /// it: [`Response::status`] tells. Redirections stay errors.
    pub fn allow_error_status(mut self) -> Self {
        self.0.errors = Errors::Returned;
        self
    }

    /// Limits the time of this call as a whole, to the end of the answer's body, instead of
    /// [`ClientBuilder::timeout`](crate::ClientBuilder::timeout); `None` is for as long as it takes.
    pub fn timeout(mut self, limit: impl Into<Option<Duration>>) -> Self {
        self.0.limits.whole = limit.into();
        self
    }

    /// Limits the time in which nothing comes from the engine, for this call, instead of
    /// [`ClientBuilder::read_timeout`](crate::ClientBuilder::read_timeout); `None` is for as long as
    /// it takes.
    pub fn read_timeout(mut self, limit: impl Into<Option<Duration>>) -> Self {
        self.0.limits.read = limit.into();
        self
    }

    /// Limits the time until the head of the answer comes, for this call, instead of
    /// [`ClientBuilder::head_timeout`](crate::ClientBuilder::head_timeout); `None` is that of
    /// [`read_timeout`](Self::read_timeout).
    pub fn head_timeout(mut self, limit: impl Into<Option<Duration>>) -> Self {
        self.0.limits.head = limit.into();
        self
    }

    /// Limits the time in which the engine takes nothing of a body that is there to be sent, for this
    /// call, instead of [`ClientBuilder::write_timeout`](crate::ClientBuilder::write_timeout); `None` is
    /// for as long as it takes.
    pub fn write_timeout(mut self, limit: impl Into<Option<Duration>>) -> Self {
        self.0.limits.write = limit.into();
        self
    }

    /// Makes the call and returns the answer as data, bytes too.
    ///
    /// # Errors
    ///
    /// Those of [`Call::send`] and [`Response::data`].
    pub async fn data(self) -> Result<Data, Error> {
        self.send().await?.data().await
    }

    /// Makes the call and returns the answer as a type of yours.
    ///
    /// # Errors
    ///
    /// Those of [`Call::send`] and [`Response::json`].
    pub async fn json<T: DeserializeOwned>(self) -> Result<T, Error> {
        self.perform(Reading::Json).await?.json().await
    }

    /// Makes the call and returns the answer as text.
    ///
    /// # Errors
    ///
    /// Those of [`Call::send`] and [`Response::text`].
    pub async fn text(self) -> Result<String, Error> {
        self.send().await?.text().await
    }

    /// Makes the call and returns the answer's bytes, in which an engine may tell of an error after
    /// all: see [`Response::may_fail_inside`].
    ///
    /// # Errors
    ///
    /// Those of [`Call::send`] and [`Response::bytes`].
    pub async fn bytes(self) -> Result<Bytes, Error> {
        self.send().await?.bytes().await
    }

    /// Makes the call and returns the answer's bytes as they come, in constant memory. An engine may
    /// tell of an error in them after all: see [`Response::may_fail_inside`].
    ///
    /// # Errors
    ///
    /// Those of [`Call::send`].
    pub async fn stream(self) -> Result<ByteStream, Error> {
        Ok(self.send().await?.into_stream())
    }

    /// Makes the call and returns the output of a process as it comes: logs, for example.
    ///
    /// # Errors
    ///
    /// Those of [`Call::send`].
    pub async fn output(self) -> Result<OutputStream, Error> {
        Ok(self.send().await?.into_output())
    }

    /// Makes the call and returns JSON documents as they come: events, for example.
    ///
    /// Each may be 16 MiB long and take 256 MiB as values; a larger one is an error of the kind
    /// [`ErrorKind::Decode`](crate::ErrorKind::Decode) with the code `document-too-long`.
    ///
    /// # Errors
    ///
    /// Those of [`Call::send`].
    pub async fn documents<T: DeserializeOwned>(self) -> Result<DocumentStream<T>, Error> {
        Ok(self.send().await?.into_documents())
    }

    /// Makes the call and returns the answer when its head has arrived: for its status and
    /// headers, or to decide later what the body is.
    ///
    /// # Errors
    ///
    /// By their [kinds](crate::ErrorKind): the call is not what the catalogue says, or `Checks::Strict`
    /// found something in it, a header cannot be sent or the target is too long (`Resolve`); its body
    /// cannot be read (`Body`); credentials for a registry cannot be had (`Credentials`); the engine
    /// cannot be reached (`Connect`), says of no version that it speaks it (`Negotiate`), or answers
    /// with an error status or a redirection (`Status`), or with a socket (`Decode`); a time-out runs
    /// out (`Timeout`); the connection breaks, or what answers speaks no HTTP (`Send`).
    pub async fn send(self) -> Result<Response, Error> {
        self.perform(Reading::Anything).await
    }

    /// Makes the call and takes over its connection, once the head of the answer has arrived: for
    /// attach, exec with input, and sessions.
    ///
    /// # Errors
    ///
    /// Those of [`Call::send`]; the operation makes no socket (`not-upgraded`, of the kind
    /// [`ErrorKind::Resolve`](crate::ErrorKind::Resolve)), or the engine did not make one (the same, of
    /// [`ErrorKind::Decode`](crate::ErrorKind::Decode)); the body is a file, a folder or a reader
    /// (`invalid-body`).
    pub async fn socket(self) -> Result<Duplex, Error> {
        let span = self.span();
        let result = trace::within(&span, self.open(&span)).await;
        trace::ended(&span, &result);
        result
    }

    async fn open(self, span: &Span) -> Result<Duplex, Error> {
        let Prepared { client, request, body, limits, deadline, .. } = self.prepare(span).await?;
        let call = CallOf::new(&client.0.peer.engine, &request);
        if !request.may_open_socket() {
            return Err(Error::never_socket(&call));
        }
        let body = match (request.content(), body) {
            (RequestContent::Nothing, _) => Bytes::new(),
            (RequestContent::Text(text), _) => Bytes::from(text.clone()),
            (_, Given::Bytes(bytes)) => bytes,
            _ => return Err(Error::streamed_to_socket(&call)),
        };
        trace::debug!("opening a socket");
        duplex::open(&client.0.peer, &request, body, &limits, deadline, span).await
    }

    /// Looks at the call without making it: at its names and values, and at its body where that
    /// is a value. Only the version is asked for, if it is not known yet.
    ///
    /// ```no_run
    /// # async fn demo(docker: contajners::Client) -> Result<(), contajners::Error> {
    /// let body = serde_json::json!({ "Image": "busybox", "HostConfig": { "Memroy": 1 } });
    /// for finding in docker.invoke("ContainerCreate").body(body).check().await? {
    ///     eprintln!("{}: {finding}", finding.pointer());
    /// }
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// The call is not what the catalogue says, or the version cannot be found out.
    #[cfg(feature = "checks")]
    pub async fn check(mut self) -> Result<Vec<Finding>, Error> {
        let parameters = std::mem::take(&mut self.0.parameters);
        let What::Operation(operation) = &self.0.what else { return Ok(Vec::new()) };
        let client = &self.0.client;
        let api = client.api_before(Deadline::of(&self.0.limits)).await?;
        Ok(self.0.resolve(api, operation, parameters, Checks::Warn)?.findings)
    }

    /// Resolves the call against the version that is spoken.
    async fn prepare(mut self, span: &Span) -> Result<Prepared, Error> {
        let parameters = std::mem::take(&mut self.0.parameters);
        let client = &self.0.client;
        let deadline = Deadline::of(&self.0.limits);
        let (mut remark, mut findings, mut template) = (None, Vec::new(), None);
        let mut request = match &self.0.what {
            What::Operation(operation) => {
                if self.0.is_bare()
                    && let Some((request, path)) = client.recall(operation, &parameters)
                {
                    template = Some(path);
                    request
                } else {
                    let api = client.api_before(deadline).await?;
                    let Resolved { mut request, wanted, findings: found, path, remark: said } =
                        self.0.resolve(api, operation, parameters, client.0.checks)?;
                    client.0.checks.judge(&found).map_err(|error| {
                        error.of(&CallOf::new(&client.0.peer.engine, &request), Sent::No)
                    })?;
                    findings = found;
                    template = Some(path);
                    remark = said;
                    if let Some(wanted) = wanted {
                        let passed = credentials::fill(client, &mut request, &wanted, deadline);
                        remark = passed.await?.or(remark);
                    }
                    request
                }
            }
            What::Raw(method, target) => {
                let content_type = self.0.content_type.as_deref();
                raw(*method, target, &parameters, &self.0.body, content_type)?
            }
        };
        for (name, value) in &self.0.headers {
            request.set_header(name, value).map_err(|error| Error::raw(error, name))?;
        }
        trace::resolved(span, client, &request, template);
        let Parts { client, body, errors, limits, .. } = *self.0;
        Ok(Prepared { client, request, body, errors, limits, deadline, remark, findings })
    }

    fn span(&self) -> Span {
        trace::span(
            &self.0.client,
            match &self.0.what {
                What::Operation(operation) => Some(operation),
                What::Raw(..) => None,
            },
        )
    }

    fn perform(self, reading: Reading) -> Performed {
        let span = self.span();
        let work = Box::pin(self.exchange(reading, span.clone()));
        Performed { work, span }
    }

    async fn exchange(self, reading: Reading, span: Span) -> Result<Response, Error> {
        let Prepared { client, mut request, body, errors, limits, deadline, remark, findings } =
            self.prepare(&span).await?;
        let call = |request: &_| CallOf::new(&client.0.peer.engine, request);
        let is_bytes = request.answer() == Answer::Bytes && request.method() != Method::Head;
        if reading == Reading::Json && is_bytes {
            return Err(Error::never_text(&call(&request)));
        }

        let progress = Progress::watched(client.0.peer.watched.clone());
        // What is opened may be a pipe that nobody writes to.
        let opening = outgoing(&mut request, body, &progress);
        let opened = match deadline {
            Some(deadline) => deadline.until(&client.0.peer, opening).await,
            None => opening.await,
        };
        let body = opened.map_err(|error| error.of(&call(&request), Sent::No))?;
        trace::debug!("sending");
        let answered = client.exchange(&request, body, progress, &limits, deadline).await?;
        let Answered { call, status, headers, body } = answered;
        let call = call.remarked(remark);
        trace::answered(&span, status);
        let content_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let outcome = request.outcome(status, content_type);
        let body = client.stream(body, call.clone(), &limits, deadline);
        let answer = match outcome {
            Outcome::Success(_) => request.answer(),
            _ => Answer::Nothing,
        };
        let (content, errors) = match outcome {
            Outcome::Success(Content::Duplex) => return Err(Error::upgraded(&call)),
            Outcome::Success(content) if request.may_fail_inside(content) => {
                (content, InBand::Looked)
            }
            Outcome::Success(content) => (content, InBand::Ignored),
            Outcome::Redirect => {
                let location = headers.get(LOCATION).and_then(|value| value.to_str().ok());
                let location = location.and_then(|location| location.split('?').next());
                return Err(Error::redirect(&call, status, location));
            }
            Outcome::Failure if errors == Errors::Raised => {
                let reading: Work<'_, _> = Box::pin(read_error(body));
                let (body, head) = (reading.await, request.method() == Method::Head);
                let message = if head { String::new() } else { client.0.peer.message(&body) };
                return Err(client.0.peer.refused(&call, status, message, body));
            }
            _ => (content_of_error(content_type), InBand::Ignored),
        };
        let limit = client.0.answer_limit;
        Ok(Response { status, headers, outcome, content, errors, body, limit, answer, findings })
    }
}

/// A call on its way to the head of its answer, with its span as the current one.
struct Performed {
    work: Work<'static, Result<Response, Error>>,
    span: Span,
}

impl Future for Performed {
    type Output = Result<Response, Error>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let Self { work, span } = &mut *self;
        let mut result = ready!(span.in_scope(|| work.as_mut().poll(context)));
        trace::ended(span, &result);
        // What is wrong with the body is told there, too.
        if let Ok(response) = &mut result {
            response.body.0.span = span.clone();
        }
        Poll::Ready(result)
    }
}

/// A call that has been resolved.
struct Prepared {
    client: Client,
    request: Request,
    body: Given,
    errors: Errors,
    limits: Limits,
    deadline: Option<Deadline>,
    /// What was passed over while looking for credentials.
    remark: Option<String>,
    findings: Vec<Finding>,
}

/// The request that a call becomes.
struct Resolved<'a> {
    request: Request,
    /// The template of its path.
    path: &'a str,
    wanted: Option<Wanted>,
    findings: Vec<Finding>,
    /// What may be why the engine refuses it.
    remark: Option<String>,
}

impl Parts {
    fn resolve<'a>(
        &self,
        api: contajners_core::Api<'a>,
        id: &str,
        parameters: Vec<Parameter>,
        checks: Checks,
    ) -> Result<Resolved<'a>, Error> {
        let Self { client, body, content_type, headers, .. } = self;
        let content_type = content_type.as_deref();
        let operation = client.operation(api, id).map_err(Error::resolve)?;
        let mut values = Vec::with_capacity(parameters.len());
        for (name, value) in parameters {
            let value = value.map_err(|error| Error::value(operation.id(), &name, error))?;
            values.push((name, value));
        }
        let named: Vec<(&str, &Value)> =
            values.iter().map(|(name, value)| (&**name, value)).collect();
        let wanted = client.0.credentials.wanted(operation, &named, headers);
        let named: Vec<(&str, &dyn contajners_core::Value)> =
            named.iter().map(|&(name, value)| (name, value as _)).collect();
        let given = match (body, content_type) {
            (Given::Nothing, _) => Body::Nothing,
            (Given::Json(Ok(value)), _) => Body::Value(value),
            (Given::Json(Err(error)), _) => {
                let copy = serde_core::de::Error::custom(error);
                return Err(Error::body_value(operation.id(), copy));
            }
            (_, Some(media_type)) => Body::BytesAs(media_type),
            (_, None) => Body::Bytes,
        };
        let mut request = operation.resolve(&named, given).map_err(Error::resolve)?;
        if let (Given::Json(_) | Given::Nothing, Some(media_type)) = (body, content_type) {
            request
                .set_header("Content-Type", media_type)
                .map_err(|error| Error::raw(error, "Content-Type"))?;
        }
        let value = match body {
            Given::Json(Ok(value)) => Some(value),
            _ => None,
        };
        let findings = checks.find(&operation, &named, value);
        let remark = values.iter().find_map(|(name, value)| no_json(operation, name, value));
        if self.is_bare() && wanted.is_none() && findings.is_empty() && remark.is_none() {
            client.keep(id, values, &request);
        }
        Ok(Resolved { request, path: operation.path(), wanted, findings, remark })
    }

    /// Whether it is an operation with its parameters and nothing else.
    fn is_bare(&self) -> bool {
        matches!(self.body, Given::Nothing)
            && self.headers.is_empty()
            && self.content_type.is_none()
    }
}

/// What to say of text that is no JSON, for a parameter that takes it. It goes out as it is: engines
/// may know better.
fn no_json(operation: Operation<'_>, name: &str, value: &Value) -> Option<String> {
    let text = value.as_str()?;
    if serde_json::from_str::<IgnoredAny>(text).is_ok() {
        return None;
    }
    let parameter = operation.parameters().find(|parameter| parameter.is_named(name))?;
    (parameter.encoding() == Encoding::Json).then(|| {
        let name = parameter.bare_name();
        format!("`{name}` takes JSON, and the text that was given is none")
    })
}

fn raw(
    method: Method,
    target: &str,
    parameters: &[Parameter],
    body: &Given,
    content_type: Option<&str>,
) -> Result<Request, Error> {
    let path = target.split('?').next().unwrap_or_default();
    let mut request = Request::raw(method, target).map_err(|error| Error::raw(error, path))?;
    for (name, value) in parameters {
        let value = value.as_ref().map_err(|error| {
            Error::value(&format!("{method} {path}"), name, serde_core::de::Error::custom(error))
        })?;
        let is_in_path = path.contains(&format!("{{{name}}}"));
        if !is_in_path && is_secret_header(name) && name.starts_with(['X', 'x']) {
            // In the query anybody on the way would read and keep it.
            let done = match value.as_str() {
                Some(encoded) => request.set_header(name, encoded),
                None => request.set_encoded_header(name, value),
            };
            done.map_err(|error| Error::raw(error, name))?;
            continue;
        }
        request.add_parameter(name, value).map_err(|error| Error::unfit_for_path(error, name))?;
    }
    let wrong = |error| Error::raw(error, "Content-Type");
    match body {
        Given::Nothing => {
            if let Some(media_type) = content_type {
                request.set_header("Content-Type", media_type).map_err(wrong)?;
            }
        }
        Given::Json(Ok(value)) => {
            let media_type = content_type.unwrap_or("application/json");
            request.set_text(media_type, value.to_json()).map_err(wrong)?;
        }
        Given::Json(Err(error)) => {
            let copy = serde_core::de::Error::custom(error);
            return Err(Error::body_value(&format!("{method} {path}"), copy));
        }
        _ => {
            let usual = match body {
                Given::Unopened(_, media_type) => media_type,
                _ => "application/octet-stream",
            };
            let media_type = content_type.unwrap_or(usual);
            request.set_content(media_type).map_err(wrong)?;
        }
    }
    Ok(request)
}

/// Reads what an engine says about an error, as far as it comes.
pub(crate) async fn read_error(mut body: ByteStream) -> Bytes {
    let mut all = Vec::new();
    let read = async {
        while let Ok(Some(Ok(piece))) = tokio::time::timeout(ERROR_PIECE_WAIT, body.next()).await {
            let space = ERROR_LIMIT - all.len();
            all.extend_from_slice(&piece[..piece.len().min(space)]);
            if all.len() == ERROR_LIMIT {
                break;
            }
        }
    };
    // What has come by then has to do.
    let _ = tokio::time::timeout(ERROR_WAIT, read).await;
    all.into()
}

impl IntoFuture for Call {
    type Output = Result<Value, Error>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let response = self.perform(Reading::Json).await?;
            let (call, span) = (response.body.0.call.clone(), response.body.0.span.clone());
            match response.data().await? {
                // Undocumented, or a documented mistake: text is welcome all the same.
                Data::Bytes(bytes) => match String::from_utf8(bytes.into()) {
                    Ok(text) => Ok(Value::String(text)),
                    Err(error) => {
                        let error = Error::not_text(&call, error.into_bytes().into());
                        trace::failed(&span, &error);
                        Err(error)
                    }
                },
                other => Ok(other.into_json().unwrap_or_default()),
            }
        })
    }
}

impl fmt::Debug for Call {
    /// Shows names only: values may be secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match &self.0.what {
            What::Operation(operation) => operation.clone(),
            What::Raw(method, target) => {
                format!("{method} {}", quoted(target.split('?').next().unwrap_or_default()))
            }
        };
        let names: Vec<&str> = self.0.parameters.iter().map(|(name, _)| &**name).collect();
        f.debug_struct("Call")
            .field("what", &what)
            .field("parameters", &names)
            .field("body", &self.0.body)
            .finish_non_exhaustive()
    }
}
