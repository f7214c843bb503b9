//! Choosing the API version to speak with a running engine.

use alloc::string::{String, ToString};
use core::fmt;

use crate::catalog::Api;
use crate::pack::{Pack, VersionRule};
use crate::pointer;
use crate::request::{Answer, Method, Request};
use crate::value::{Value, View};
use crate::version::ApiVersion;

/// Finds out which API version an engine speaks: a few steps that a transport carries out.
///
/// ```
/// # fn demo(bytes: &[u8]) -> Result<(), Box<dyn std::error::Error>> {
/// use contajners_core::{Negotiation, NegotiationStep, Pack};
///
/// let negotiation = Negotiation::new(Pack::open(bytes)?);
/// // `negotiation.request()` goes to the engine; this is its answer:
/// match negotiation.handle_answer(200, Some("1.41"))? {
///     NegotiationStep::Done(api) => assert_eq!(api.version(), "v1.41"),
///     NegotiationStep::Again(next) => drop(next.request()),
/// }
/// # Ok(()) }
/// ```
#[derive(Debug, Clone)]
#[must_use]
pub struct Negotiation<'a> {
    pack: Pack<'a>,
    method: Method,
}

/// How a [`Negotiation`] goes on.
#[derive(Debug)]
pub enum NegotiationStep<'a> {
    /// The version to speak.
    Done(Api<'a>),
    /// Another request is to be made.
    Again(Negotiation<'a>),
}

impl<'a> Negotiation<'a> {
    /// Begins to negotiate with an engine of the pack's kind.
    pub fn new(pack: Pack<'a>) -> Self {
        let method = match pack.version_rule() {
            // What stands in the body takes a body.
            VersionRule::Json { .. } => Method::Get,
            _ => Method::Head,
        };
        Self { pack, method }
    }

    /// Returns the request to make next; `None` when engines of this kind are not asked, so that
    /// [`Negotiation::unasked`] is the version to speak.
    pub fn request(&self) -> Option<Request> {
        let (ping, answer) = match self.pack.version_rule() {
            VersionRule::Header { ping, .. } => (ping, Answer::Text),
            VersionRule::Json { ping, .. } => (ping, Answer::Json),
            _ => return None,
        };
        let mut request = Request::raw(self.method, ping).ok()?;
        request.set_answer(answer);
        Some(request)
    }

    /// Returns the version to speak with an engine that is not asked: the one that the pack
    /// fixes, else its newest. `None` for a pack without any.
    pub fn unasked(&self) -> Option<Api<'a>> {
        match self.pack.version_rule() {
            VersionRule::Fixed { version } => self.pack.api(version).ok(),
            _ => None,
        }
        .or_else(|| self.pack.newest())
    }

    /// Returns the name of the header whose value [`Negotiation::handle_answer`] wants; empty
    /// where it wants what stands in the body.
    pub fn header(&self) -> &'a str {
        match self.pack.version_rule() {
            VersionRule::Header { header, .. } => header,
            _ => "",
        }
    }

    /// Tells whether [`Negotiation::handle_answer`] wants what [`Negotiation::said_in`] finds in
    /// the body of the answer.
    pub fn wants_body(&self) -> bool {
        matches!(self.pack.version_rule(), VersionRule::Json { .. })
    }

    /// Returns what the body of an answer, which is JSON, says about the version.
    pub fn said_in(&self, body: &dyn Value) -> Option<String> {
        let VersionRule::Json { pointer, .. } = self.pack.version_rule() else { return None };
        let mut said = None;
        pointer::look(body, pointer, &mut |value| match value.view() {
            View::Text(text) => said = Some(text.into_owned()),
            View::Integer(_) | View::Number(_) => said = Some(value.to_json()),
            _ => {}
        });
        said
    }

    /// Takes the status of the answer and what it says about the version: the value of the
    /// [`header`](Self::header), or what is [said in](Self::said_in) the body.
    ///
    /// # Errors
    ///
    /// Those of [`negotiate`], and [`NegotiateError::Refused`] when the engine answers neither
    /// `HEAD` nor `GET` with success.
    pub fn handle_answer(
        self,
        status: u16,
        version: Option<&str>,
    ) -> Result<NegotiationStep<'a>, NegotiateError> {
        let succeeded = (200..300).contains(&status);
        if self.method == Method::Head && (!succeeded || version.is_none()) {
            // Engines before Docker 18.09 know no HEAD, and proxies drop it.
            return Ok(NegotiationStep::Again(Self { method: Method::Get, ..self }));
        }
        if !succeeded {
            return Err(NegotiateError::Refused { engine: self.pack.engine().to_string(), status });
        }
        negotiate(self.pack, version).map(NegotiationStep::Done)
    }
}

/// Chooses the newest version of the pack that the engine speaks too, from what the engine says
/// is its newest. An engine that is not asked says nothing: see [`Negotiation::unasked`].
///
/// # Errors
///
/// [`NegotiateError::Silent`] when an engine that is asked says nothing, [`NegotiateError::Unreadable`] when
/// what it says is not a version, [`NegotiateError::TooOld`] when it is older than all versions
/// of the pack.
pub fn negotiate<'a>(pack: Pack<'a>, engines: Option<&str>) -> Result<Api<'a>, NegotiateError> {
    let engine = || pack.engine().to_string();
    let Some(said) = engines.map(str::trim).filter(|said| !said.is_empty()) else {
        let place = match pack.version_rule() {
            VersionRule::Json { pointer, .. } => alloc::format!("nothing at `{pointer}`"),
            VersionRule::Header { header, .. } => alloc::format!("no `{header}` header"),
            _ => match Negotiation::new(pack).unasked() {
                Some(api) => return Ok(api),
                None => "its pack has no versions".into(),
            },
        };
        return Err(NegotiateError::Silent { engine: engine(), place });
    };
    let Some(newest) = ApiVersion::parse(said) else {
        return Err(NegotiateError::Unreadable {
            engine: engine(),
            said: said.chars().filter(|c| !c.is_control()).take(40).collect(),
        });
    };
    pack.apis()
        .rev()
        .find(|api| ApiVersion::parse(api.version()).is_some_and(|own| own <= newest))
        .ok_or_else(|| NegotiateError::TooOld {
            engine: engine(),
            speaks: newest.to_string(),
            oldest: pack.versions().next().unwrap_or_default().to_string(),
        })
}

/// Why no API version can be agreed on with an engine.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum NegotiateError {
    /// The engine did not say which version it speaks.
    Silent {
        /// The kind of engine that was expected.
        engine: String,
        /// What is missing where it should have told, such as "no `Api-Version` header".
        place: String,
    },
    /// What the engine said is not a version.
    Unreadable {
        /// The kind of engine that was expected.
        engine: String,
        /// What it said.
        said: String,
    },
    /// The engine is older than all versions of the pack.
    TooOld {
        /// The kind of engine.
        engine: String,
        /// The newest version it speaks.
        speaks: String,
        /// The oldest version of the pack.
        oldest: String,
    },
    /// The engine did not answer the question.
    Refused {
        /// The kind of engine that was expected.
        engine: String,
        /// The HTTP status of its answer.
        status: u16,
    },
}

impl NegotiateError {
    /// Returns the stable name that scripts and bindings match on.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Silent { .. } => "negotiate-silent",
            Self::Unreadable { .. } => "negotiate-unreadable",
            Self::TooOld { .. } => "engine-too-old",
            Self::Refused { .. } => "negotiate-refused",
        }
    }

    /// Returns what to do about it.
    pub fn hint(&self) -> String {
        match self {
            Self::TooOld { oldest, .. } => {
                alloc::format!("pin `{oldest}` if the engine should understand it all the same")
            }
            Self::Silent { engine, .. } | Self::Unreadable { engine, .. } => alloc::format!(
                "is it {engine} that listens there? Pinning an API version avoids the question"
            ),
            Self::Refused { .. } => "pinning an API version avoids the question".into(),
        }
    }
}

impl fmt::Display for NegotiateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Silent { engine, place } => {
                write!(f, "{engine} did not say which API version it speaks: {place}")
            }
            Self::Unreadable { engine, said } => {
                write!(f, "{engine} says it speaks API version `{said}`, which is no version")
            }
            Self::TooOld { engine, speaks, oldest } => write!(
                f,
                "{engine} speaks API versions up to {speaks}; the oldest one known is {oldest}"
            ),
            Self::Refused { engine, status } => {
                write!(f, "{engine} answered {status} when asked for its API version")
            }
        }
    }
}

impl core::error::Error for NegotiateError {}
