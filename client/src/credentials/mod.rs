//! Credentials for image registries: finding them as the engine's own tool does, and telling
//! which of them a call needs.
//!
//! Files and helpers are only looked at for operations that take credentials, when the caller
//! gave none. Nothing here shows what it finds: errors and traces name files, keys and helpers.

mod auth;
mod base64;
mod config;
mod error;
#[cfg(fuzzing)]
pub(crate) mod fuzzing;
mod helper;
mod plan;
mod reference;
mod wanted;

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use contajners_core::{Operation, Request};
use serde_json::Value;

pub use auth::RegistryAuth;
pub(crate) use error::CredentialsError;
pub(crate) use wanted::Wanted;

use crate::Work;
use crate::client::Client;
use crate::discovery::{Surroundings as _, System};
use crate::error::{CallOf, Error, Sent, Waiting};
use crate::exchange::Deadline;
use crate::trace;
use helper::Helper;
use plan::{Machine, Plan, Step, WholePlan};
use reference::Repository;

/// How long a helper may take, unless told otherwise: it may ask the user for a password.
const HELPER_TIMEOUT: Duration = Duration::from_secs(30);

/// Where a client takes credentials for image registries from: see
/// [`ClientBuilder::credentials`](crate::ClientBuilder::credentials).
///
/// ```
/// use contajners::{Client, Credentials};
///
/// let client = Client::builder("docker")
///     .uri("unix:///var/run/docker.sock")
///     .credentials(Credentials::file("/etc/robot/config.json"))
///     .build()?;
/// # Ok::<(), contajners::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credentials {
    place: Place,
    helper_timeout: Duration,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Place {
    Usual,
    File(PathBuf),
    Nowhere,
}

/// Whose order of files and keys is followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rules {
    Docker,
    Podman,
}

impl Rules {
    /// Returns the rules of an engine; what is not Podman follows Docker's.
    pub(crate) fn of(engine: &str) -> Self {
        match engine {
            "podman" => Self::Podman,
            _ => Self::Docker,
        }
    }
}

impl Credentials {
    /// Takes them from where the engine's own tool does; this is the default.
    ///
    /// For Docker that is `DOCKER_AUTH_CONFIG`, then `config.json` in `DOCKER_CONFIG` or
    /// `~/.docker`: the helper in `credHelpers`, else the one in `credsStore`, else `auths`. For
    /// Podman it is `REGISTRY_AUTH_FILE` alone, or `auth.json` in the runtime and the
    /// configuration folder, Docker's `config.json`, and `~/.dockercfg`.
    ///
    /// A damaged file is passed over with a warning (of [`tracing`]), as Docker's command does,
    /// unless it is the one in `REGISTRY_AUTH_FILE`, and it is the hint of a call that the engine
    /// refuses then. So is a helper that fails or is not there, but for the one that `credHelpers` names
    /// to Podman for the registry, which is an error.
    pub fn found() -> Self {
        Self { place: Place::Usual, helper_timeout: HELPER_TIMEOUT }
    }

    /// Takes them from one file, laid out as Docker's `config.json` and Podman's `auth.json`;
    /// that it is missing or damaged is an error of the calls that need it.
    pub fn file(path: impl Into<PathBuf>) -> Self {
        Self { place: Place::File(path.into()), helper_timeout: HELPER_TIMEOUT }
    }

    /// Takes none: only what a call is given goes out.
    pub fn none() -> Self {
        Self { place: Place::Nowhere, helper_timeout: HELPER_TIMEOUT }
    }

    /// Limits the time that a credential helper may take; 30 s by default.
    #[must_use = "it returns the setting"]
    pub fn helper_timeout(mut self, limit: Duration) -> Self {
        self.helper_timeout = limit;
        self
    }

    /// Returns what a call takes and was not given, if it is to be looked for.
    pub(crate) fn wanted(
        &self,
        operation: Operation<'_>,
        values: &[(&str, &Value)],
        headers: &[(String, String)],
    ) -> Option<Wanted> {
        if self.place == Place::Nowhere {
            return None;
        }
        Wanted::by(operation, values, headers)
    }

    /// Finds what a call wants.
    async fn find(&self, rules: Rules, wanted: &Wanted) -> Result<Found, CredentialsError> {
        let mut remarks = Vec::new();
        let value = match wanted {
            Wanted::Registry { repository } => {
                let auth = self.of_one(rules, repository, &mut remarks).await?;
                auth.map(serde_json::to_value)
            }
            Wanted::All => {
                let all = self.of_all(rules, &mut remarks).await?;
                (!all.is_empty()).then(|| serde_json::to_value(all))
            }
        };
        for remark in &remarks {
            trace::warn!(code = remark.code(), "{remark}");
        }
        Ok(Found {
            value: value.map(|value| value.expect("credentials are maps of texts")),
            remark: remarks.first().map(ToString::to_string),
        })
    }

    async fn of_one(
        &self,
        rules: Rules,
        repository: &Repository,
        passed_over: &mut Vec<CredentialsError>,
    ) -> Result<Option<RegistryAuth>, CredentialsError> {
        let (place, wanted) = (self.place.clone(), repository.clone());
        let plan = blocking(move |machine| plan::one(rules, &place, &wanted, machine)).await?;
        let Plan { steps, remarks } = plan;
        passed_over.extend(remarks);
        for step in steps {
            let found = match step {
                Step::Known(auth) => Some(auth),
                Step::Ask(helper) => helper.get(self.helper_timeout).await?,
                Step::Try(helper) => match helper.get(self.helper_timeout).await {
                    Ok(found) => found,
                    Err(error) => {
                        passed_over.push(error);
                        None
                    }
                },
            };
            if found.is_some() {
                trace::debug!(registry = %repository.host, "found registry credentials");
                return Ok(found);
            }
        }
        trace::debug!(registry = %repository.host, "no registry credentials");
        Ok(None)
    }

    async fn of_all(
        &self,
        rules: Rules,
        passed_over: &mut Vec<CredentialsError>,
    ) -> Result<BTreeMap<String, RegistryAuth>, CredentialsError> {
        let place = self.place.clone();
        let plan = blocking(move |machine| plan::all(rules, &place, machine)).await?;
        Ok(gathered(plan, self.helper_timeout, passed_over).await)
    }
}

/// Has all that is planned, as far as there is time for helpers: one limit for all of them together,
/// since a file may name any number.
async fn gathered(
    plan: WholePlan,
    limit: Duration,
    passed_over: &mut Vec<CredentialsError>,
) -> BTreeMap<String, RegistryAuth> {
    passed_over.extend(plan.remarks);
    let begin = Instant::now();
    let left = || limit.saturating_sub(begin.elapsed());
    let (mut all, mut not_asked) = (BTreeMap::new(), 0);
    for (key, step) in plan.steps {
        if all.contains_key(&key) {
            continue;
        }
        let found = match step {
            Step::Known(auth) => Ok(Some(auth)),
            Step::Ask(_) | Step::Try(_) if left().is_zero() => {
                not_asked += 1;
                continue;
            }
            Step::Ask(helper) | Step::Try(helper) => helper.get(left()).await,
        };
        keep(&mut all, passed_over, key, found);
    }
    for store in plan.stores {
        if left().is_zero() {
            not_asked += 1;
            continue;
        }
        let servers = store.list(left()).await.unwrap_or_else(|error| {
            passed_over.push(error);
            Vec::new()
        });
        for server in servers {
            if all.contains_key(&server) {
                continue;
            }
            if left().is_zero() {
                not_asked += 1;
                continue;
            }
            let helper = Helper { server: server.clone(), ..store.clone() };
            keep(&mut all, passed_over, server, helper.get(left()).await);
        }
    }
    if not_asked > 0 {
        passed_over.push(CredentialsError::late(not_asked));
    }
    all
}

/// Fills in credentials that are known for the call; the request is otherwise complete, so that
/// no helper runs for a call that cannot be made. Returns what was passed over.
pub(crate) fn fill<'a>(
    client: &'a Client,
    request: &'a mut Request,
    wanted: &'a Wanted,
    deadline: Option<Deadline>,
) -> Work<'a, Result<Option<String>, Error>> {
    Box::pin(async move {
        let engine = client.pack().engine();
        let work = client.0.credentials.find(Rules::of(engine), wanted);
        let found = match deadline {
            None => work.await,
            Some(deadline) => match tokio::time::timeout(deadline.left(), work).await {
                Ok(found) => found,
                Err(_) => return Err(client.0.peer.timeout(Waiting::Whole, deadline.limit)),
            },
        };
        let found = found.map_err(|error| {
            Error::credentials(error).of(&CallOf::new(engine, request), Sent::No)
        })?;
        if let Some(value) = found.value {
            let header = wanted.header();
            let set = request.set_encoded_header(header, &value);
            set.map_err(|error| Error::raw(error, header))?;
        }
        Ok(found.remark)
    })
}

/// What was found for a call.
struct Found {
    /// What goes into the header; `None` when there is nothing.
    value: Option<Value>,
    /// What was wrong and passed over, for the error of a call that is refused.
    remark: Option<String>,
}

impl Default for Credentials {
    fn default() -> Self {
        Self::found()
    }
}

fn keep(
    all: &mut BTreeMap<String, RegistryAuth>,
    passed_over: &mut Vec<CredentialsError>,
    key: String,
    found: Result<Option<RegistryAuth>, CredentialsError>,
) {
    match found {
        Ok(Some(auth)) => drop(all.insert(key, auth)),
        Ok(None) => {}
        Err(error) => passed_over.push(error),
    }
}

/// Reads files where it blocks nobody.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce(Machine<'_>) -> Result<T, CredentialsError> + Send + 'static,
) -> Result<T, CredentialsError> {
    let work = move || work(Machine { surroundings: &System, user: System.user() });
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            // The runtime is going.
            Err(error) => Err(CredentialsError::interrupted(io::Error::other(error))),
        },
    }
}

#[cfg(test)]
mod tests;
