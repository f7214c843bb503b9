//! Waiting for a state: an operation is asked again and again until its answer decides.
//!
//! Which operation, how often and what decides is the pack's to say ([`contajners_core::Waiter`]);
//! here is the clock.

use std::fmt;
use std::future::{Future, IntoFuture};
use std::pin::Pin;
use std::time::{Duration, Instant};

use bytes::Bytes;
use contajners_core::stream::fits;
use contajners_core::{Verdict, Waiter};
use serde_core::Serialize;
use serde_json::Value;
use tokio::time::{sleep, timeout};

use crate::call::read_error;
use crate::client::Client;
use crate::error::{CallOf, Error};
use crate::exchange::Deadline;
use crate::trace;

/// Waiters ask no more often than that, whatever their pack says: it may be a stranger's, and one
/// without a delay would ask as fast as the engine answers.
const SHORTEST_DELAY: Duration = Duration::from_millis(10);
/// What to make of it when what was asked for is missing all at once.
const GONE: &str = "it was there before, and is gone: what removes itself takes its state along";

/// A wait that has not begun yet: see [`Client::wait`].
///
/// It takes the parameters of the operation that is asked, which is `id` for containers of both
/// Docker and Podman. Dropping it stops it; nothing is left behind, since asking changes nothing.
///
/// ```no_run
/// # async fn demo(docker: contajners::Client) -> Result<(), contajners::Error> {
/// use std::time::Duration;
///
/// docker.wait("healthy").param("id", "web").timeout(Duration::from_secs(30)).await?;
///
/// let exited = docker.wait("exited").param("id", "job").await?;
/// println!("exit status {}", exited.told());
/// # Ok(()) }
/// ```
#[must_use = "a wait begins when it is awaited"]
pub struct Wait {
    client: Client,
    name: String,
    parameters: Vec<(String, Result<Value, serde_json::Error>)>,
    limit: Limit,
    delay: Option<Duration>,
}

/// For how long to wait.
#[derive(Debug, Clone, Copy)]
enum Limit {
    /// As long as the waiter says.
    Waiters,
    /// As long as the caller says; `None` is for as long as it takes.
    Callers(Option<Duration>),
}

/// A state that is reached, and the answer that says so.
#[derive(Debug, Clone, PartialEq)]
pub struct Waited {
    status: u16,
    answer: Value,
    told: Value,
}

impl Waited {
    /// Returns the HTTP status of the last answer. It may be that of an error: what is `removed`
    /// is no longer found.
    pub fn status(&self) -> u16 {
        self.status
    }

    /// Returns the last answer; `null` when it was not JSON.
    pub fn answer(&self) -> &Value {
        &self.answer
    }

    /// Returns the last answer, to keep.
    pub fn into_answer(self) -> Value {
        self.answer
    }

    /// Returns what the state tells: for `exited` the exit status. `null` for those that tell
    /// nothing beyond being reached.
    pub fn told(&self) -> &Value {
        &self.told
    }
}

impl Wait {
    pub(crate) fn new(client: Client, name: String) -> Self {
        Self { client, name, parameters: Vec::new(), limit: Limit::Waiters, delay: None }
    }

    /// Gives a parameter of the operation that is asked, as [`Call::param`](crate::Call::param)
    /// does.
    pub fn param(mut self, name: impl Into<String>, value: impl Serialize) -> Self {
        self.parameters.push((name.into(), serde_json::to_value(value)));
        self
    }

    /// Limits the whole wait, the try at its end included; `None` is for as long as it takes.
    ///
    /// By default it is what the waiter says: Docker's and Podman's `running` and `removed` are
    /// waited for up to a minute, `healthy` up to five, `exited` and Docker's `exec-exited` for as long
    /// as it takes. The time-outs of the client hold for each try.
    pub fn timeout(mut self, limit: impl Into<Option<Duration>>) -> Self {
        self.limit = Limit::Callers(limit.into());
        self
    }

    /// Sets the time between two tries, which by default is what the waiter says: half a second
    /// with Docker and Podman, and with no pack less than 10 ms.
    pub fn delay(mut self, delay: Duration) -> Self {
        self.delay = Some(delay);
        self
    }

    /// Waits, and returns the answer that says that the state is reached. It is what awaiting does.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Wait`](crate::ErrorKind::Wait) with the code `wait-failed` when the state is not
    /// going to be reached any more, and `wait-timed-out` when the time has run out; both have the
    /// last answer in [`Error::body`]. [`ErrorKind::Resolve`](crate::ErrorKind::Resolve) when there
    /// is no such waiter or its parameters are wrong. Whatever else a try fails with ends the wait,
    /// too, as it would end a call: an engine that cannot be reached, a container that is not
    /// there.
    pub async fn run(self) -> Result<Waited, Error> {
        let begun = Instant::now();
        let Self { client, name, parameters, limit, delay } = self;
        let peer = &client.0.peer;
        let unanswered = |limit| Error::wait_unanswered(&name, limit, &peer.engine, &peer.address);
        let said = match limit {
            Limit::Callers(limit) => limit,
            Limit::Waiters => None,
        };
        let deadline = Deadline::of(&client.0.limits);
        let api = match before(said, begun, client.api_before(deadline)).await {
            Ok(api) => api?,
            Err(limit) => return Err(unanswered(limit)),
        };
        let waiter = api.waiter(&name).map_err(Error::resolve)?;
        let limit = match limit {
            Limit::Callers(limit) => limit,
            Limit::Waiters => waiter.within(),
        };
        let delay = delay.unwrap_or(waiters_delay(waiter.every()));
        let parameters = checked(waiter, parameters)?;

        let mut last: Option<Tried> = None;
        loop {
            let tried = match before(limit, begun, try_once(&client, waiter, &parameters)).await {
                Ok(tried) => tried?,
                Err(limit) => {
                    return Err(match last {
                        Some(last) => last.timed_out(waiter, limit),
                        None => unanswered(limit),
                    });
                }
            };
            let body = tried.json.as_ref().ok().map(|json| json as &dyn contajners_core::Value);
            match waiter.judge(tried.status, body) {
                Verdict::Done => return Ok(tried.done(waiter)),
                Verdict::Failed(reason) => {
                    let Tried { call, status, body, .. } = tried;
                    return Err(Error::wait_failed(&call, waiter.name(), reason, status, body));
                }
                Verdict::Again => {}
                Verdict::Unreadable => return Err(tried.unreadable()),
                _ => {
                    let message = peer.message(&tried.body);
                    let error = peer.refused(&tried.call, tried.status, message, tried.body);
                    let was_there = last.is_some() && tried.status == 404;
                    return Err(error.or_hint(was_there.then(|| GONE.to_owned())));
                }
            }
            trace::debug!(
                waiter = waiter.name(),
                http.response.status_code = tried.status,
                "not yet"
            );
            if let Err(limit) = before(limit, begun, sleep(delay)).await {
                return Err(tried.timed_out(waiter, limit));
            }
            last = Some(tried);
        }
    }
}

/// The time between two tries, when the waiter says this.
fn waiters_delay(every: Duration) -> Duration {
    every.max(SHORTEST_DELAY)
}

/// Works until a limit runs out, which is then the error.
async fn before<T>(
    limit: Option<Duration>,
    begun: Instant,
    work: impl Future<Output = T>,
) -> Result<T, Duration> {
    match limit {
        None => Ok(work.await),
        Some(limit) => {
            timeout(limit.saturating_sub(begun.elapsed()), work).await.map_err(|_| limit)
        }
    }
}

/// Looks at the parameters before anything is asked, so that what is wrong is told in the waiter's
/// words, and gives them the operation's names.
fn checked(
    waiter: Waiter<'_>,
    parameters: Vec<(String, Result<Value, serde_json::Error>)>,
) -> Result<Vec<(String, Value)>, Error> {
    let mut values = Vec::with_capacity(parameters.len());
    for (name, value) in parameters {
        let value = value.map_err(|error| Error::value(waiter.operation_id(), &name, error))?;
        values.push((name, value));
    }
    let borrowed: Vec<(&str, &dyn contajners_core::Value)> =
        values.iter().map(|(name, value)| (&**name, value as _)).collect();
    let _ = waiter.resolve(&borrowed).map_err(Error::resolve)?;
    let renamed = values.into_iter();
    Ok(renamed.map(|(name, value)| (waiter.parameter(&name).to_owned(), value)).collect())
}

/// An answer to one try.
struct Tried {
    call: CallOf,
    status: u16,
    body: Bytes,
    json: Result<Value, serde_json::Error>,
}

async fn try_once(
    client: &Client,
    waiter: Waiter<'_>,
    parameters: &[(String, Value)],
) -> Result<Tried, Error> {
    let call = client.invoke(waiter.operation_id()).allow_error_status();
    let call = parameters.iter().fold(call, |call, (name, value)| call.param(name, value));
    let response = call.send().await?;
    let (call, status) = (response.body.0.call.clone(), response.status());
    let body = match response.is_success() {
        true => response.bytes().await?,
        false => read_error(response.into_stream()).await,
    };
    let limit = client.0.answer_limit;
    if !fits(&body, limit) {
        return Err(Error::too_large_as_values(&call, limit));
    }
    let json = serde_json::from_slice(&body);
    Ok(Tried { call, status, body, json })
}

impl Tried {
    fn done(self, waiter: Waiter<'_>) -> Waited {
        let answer = self.json.unwrap_or_default();
        let told = waiter.tells().and_then(|pointer| answer.pointer(pointer));
        Waited { status: self.status, told: told.cloned().unwrap_or_default(), answer }
    }

    fn timed_out(self, waiter: Waiter<'_>, limit: Duration) -> Error {
        let seen = self.json.as_ref().map(|json| waiter.seen(json)).unwrap_or_default();
        let Self { call, status, body, .. } = self;
        Error::wait_timed_out(&call, waiter.name(), limit, &seen, status, body)
    }

    fn unreadable(self) -> Error {
        match self.json {
            Err(error) => Error::json(&self.call, &error, self.body),
            // Not so: what is JSON can be read.
            Ok(_) => Error::not_text(&self.call, self.body),
        }
    }
}

impl IntoFuture for Wait {
    type Output = Result<Waited, Error>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.run())
    }
}

impl fmt::Debug for Wait {
    /// Shows names only: values may be secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.parameters.iter().map(|(name, _)| &**name).collect();
        f.debug_struct("Wait")
            .field("name", &self.name)
            .field("parameters", &names)
            .field("limit", &self.limit)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pack_may_not_ask_without_a_rest() {
        let check = |every: u64, expected: u64| {
            let delay = waiters_delay(Duration::from_millis(every));
            assert_eq!(delay, Duration::from_millis(expected));
        };
        check(0, 10);
        check(9, 10);
        check(10, 10);
        check(500, 500);
        check(u32::MAX.into(), u32::MAX.into());
    }
}
