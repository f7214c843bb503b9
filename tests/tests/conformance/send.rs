//! Sending one operation, and what its answer means.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use contajners::{Call, Client, ClientBuilder, Error, Head, Observer};
use contajners_core::{Answer as AnswerKind, Encoding, Location, Operation};
use serde_json::Value;

use crate::plan::{Plan, Way};
use crate::router::{Answer, Router};
use crate::things::{Thing, ThingKind, Things};
use crate::values::{self, Given};

/// What of a refusal comes after its head comes at once.
const BODY_PATIENCE: Duration = Duration::from_secs(5);

/// What came of an operation.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Verdict {
    /// The engine did it.
    Done { status: u16, is_documented: bool, but: Option<String> },
    /// The engine has the operation, and refused it.
    Refused { status: u16, is_documented: bool, because: String },
    /// The engine has no route for it, as the plan says.
    NoRoute { status: u16, because: String },
    /// The spec has it, the pack has not.
    LeftOut(String),
    /// It was not sent, as the plan says.
    NotSent(String),
    /// The engine has no route for it, and the plan does not know.
    Unrouted(String),
    /// It is not as the plan says, or could not be sent.
    Failed(String),
}

/// Sends operations to an engine.
pub(crate) struct Sender {
    builder: ClientBuilder,
    things: Things,
    plan: Plan,
    router: Router,
}

/// The head of the last answer; a client of its own for each operation keeps them apart.
#[derive(Clone, Default)]
struct LastHead(Arc<Mutex<Option<Head>>>);

impl Observer for LastHead {
    fn answer(&self, head: &Head) {
        *self.0.lock().expect("a head") = Some(head.clone());
    }
}

impl Sender {
    pub(crate) async fn new(
        builder: ClientBuilder,
        client: Client,
        plan: Plan,
        router: Router,
    ) -> Self {
        Self { builder, things: Things::new(client).await, plan, router }
    }

    pub(crate) fn plan(&self) -> &Plan {
        &self.plan
    }

    /// Sends an operation and judges the answer.
    pub(crate) async fn send(&self, operation: &Operation<'_>) -> Verdict {
        match self.answer(operation).await {
            Ok(answer) => self.verdict(operation, &answer),
            Err(error) => Verdict::Failed(error),
        }
    }

    fn verdict(&self, operation: &Operation<'_>, answer: &Answer) -> Verdict {
        let (id, status) = (operation.id(), answer.status);
        let said = answer.body.as_deref().unwrap_or_default().trim();
        let failed = |why: &str| Verdict::Failed(format!("{why}: {status} {said}"));
        match (self.router.gave(answer), self.plan.no_route(id)) {
            (true, None) => {
                return Verdict::Unrouted(format!("it has no route: {status} {said}"));
            }
            (true, Some(because)) => return Verdict::NoRoute { status, because: because.into() },
            (false, None) => {}
            (false, Some(_)) => return failed("it has a route, and plan.yaml says none"),
        }
        let is_documented = operation
            .responses()
            .any(|response| response.status().is_none_or(|documented| documented == status));
        match (status < 400, self.plan.refused(id)) {
            (true, None) => {}
            (true, Some(_)) => return failed("it is done, and plan.yaml says refused"),
            (false, None) => return failed("it is refused, and plan.yaml has no reason"),
            (false, Some(because)) => {
                return Verdict::Refused { status, is_documented, because: because.into() };
            }
        }
        // No spec lists what becomes of a connection that is taken over.
        let is_socket = status == 101 && operation.answer() == AnswerKind::Upgrade;
        match (is_documented || is_socket, self.plan.other_status(id)) {
            (true, None) => Verdict::Done { status, is_documented, but: None },
            (false, Some(but)) => Verdict::Done { status, is_documented, but: Some(but.into()) },
            (true, Some(_)) => failed("the spec lists this, and plan.yaml says it does not"),
            (false, None) => failed("the spec does not list this; is it another's answer?"),
        }
    }

    async fn answer(&self, operation: &Operation<'_>) -> Result<Answer, String> {
        let way = self.plan.way(operation.id());
        let thing =
            self.thing(operation, &way).await.map_err(|error| told("to make it ready", &error))?;
        let last = LastHead::default();
        let client = self.builder.clone().observer(last.clone()).build();
        let client = client.map_err(|error| told("a client", &error))?;
        let call = self.call(&client, operation, &way, thing.as_ref());

        let (body, error) = if operation.answer() == AnswerKind::Upgrade {
            match call.socket().await {
                Ok(_socket) => (Vec::new(), None),
                Err(error) => (error.body().to_vec(), Some(error)),
            }
        } else {
            match call.allow_error_status().send().await {
                // What goes well may go on for ever.
                Ok(response) if response.status() < 400 => (Vec::new(), None),
                Ok(response) => {
                    let body = tokio::time::timeout(BODY_PATIENCE, response.bytes()).await;
                    let body = body.map_err(|_| "its refusal has no end".to_owned())?;
                    (body.map_err(|error| told("its refusal", &error))?.to_vec(), None)
                }
                Err(error) => (error.body().to_vec(), Some(error)),
            }
        };
        let head = last.0.lock().expect("a head").take();
        let head = head.ok_or_else(|| match &error {
            Some(error) => told("no answer", error),
            None => "no answer".to_owned(),
        })?;
        let status = head.line().split(' ').nth(1).and_then(|text| text.parse().ok());
        Ok(Answer {
            status: status.ok_or_else(|| format!("no status: {}", head.line()))?,
            content_type: head.header("content-type").unwrap_or_default().to_owned(),
            length: head.header("content-length").and_then(|text| text.parse().ok()),
            body: (operation.method() != contajners::Method::Head)
                .then(|| String::from_utf8_lossy(&body).into_owned()),
        })
    }

    /// What the operation is about: by its path, or as the plan says.
    async fn thing(&self, operation: &Operation<'_>, way: &Way) -> Result<Option<Thing>, Error> {
        let has_placeholder =
            operation.parameters().any(|parameter| parameter.location() == Location::Path);
        let by_path = || self.plan.thing_at(operation.path()).unwrap_or(ThingKind::Nothing);
        let kind = match way.thing {
            None if !has_placeholder => return Ok(None),
            None => by_path(),
            Some(kind) => kind,
        };
        let thing = match operation.method().is_safe() {
            true => self.things.to_read(kind).await?,
            false => self.things.fresh(kind).await?,
        };
        Ok(Some(thing))
    }

    fn call(
        &self,
        client: &Client,
        operation: &Operation<'_>,
        way: &Way,
        thing: Option<&Thing>,
    ) -> Call {
        let mut call = client.invoke(operation.id());
        let mut is_first = true;
        for parameter in operation.parameters() {
            let name = parameter.bare_name();
            let own = format!("{}.{name}", parameter.location());
            let planned = way.parameters.get(&own).or_else(|| way.parameters.get(name));
            let is_thing = parameter.location() == Location::Path && is_first;
            is_first &= parameter.location() != Location::Path;
            let value = match (planned, thing) {
                (Some(value), Some(thing)) => values::filled(value, thing),
                (Some(value), None) => value.clone(),
                (None, Some(thing)) if is_thing => thing.id().clone(),
                // Credentials that are demanded are filled in, as none.
                (None, _) if parameter.encoding() == Encoding::JsonBase64 => continue,
                (None, _) if !parameter.required() => continue,
                (None, thing) => self.required(&parameter, thing),
            };
            call = call.param(own, value);
        }
        for (name, value) in &way.headers {
            call = call.header(name, value);
        }
        let body = match &way.body {
            None if way.archive.is_some() => {
                way.archive.map(|archive| Given::Bytes(archive.bytes()))
            }
            Some(Value::String(text)) if !text.starts_with('$') => {
                Some(Given::Bytes(text.clone().into_bytes()))
            }
            Some(body) => {
                Some(Given::Json(thing.map_or(body.clone(), |thing| values::filled(body, thing))))
            }
            None => values::of_body(operation),
        };
        match body {
            None => call,
            Some(Given::Json(body)) => call.body(body),
            Some(Given::Bytes(bytes)) => call.body_bytes(bytes),
        }
    }

    /// The value of a parameter that has to be given and that the plan of the operation does not
    /// have: what its thing knows by that name, what goes for all operations, or what it allows.
    fn required(&self, parameter: &contajners_core::Parameter<'_>, thing: Option<&Thing>) -> Value {
        let name = parameter.bare_name();
        let known = thing.and_then(|thing| thing.get(name)).or_else(|| self.plan.values.get(name));
        known.cloned().unwrap_or_else(|| values::of_parameter(parameter))
    }
}

/// An error with its causes, on one line.
fn told(what: &str, error: &Error) -> String {
    let mut text = format!("{what}: {error}");
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        text.push_str(&format!(": {error}"));
        cause = error.source();
    }
    text
}

/// Returns the engine's release without what its packager adds.
pub(crate) async fn release(client: &Client) -> String {
    let said = client.invoke("SystemVersion").await.expect("the engine's version");
    let release = said["Version"].as_str().unwrap_or_default();
    release.split('+').next().unwrap_or_default().to_owned()
}
