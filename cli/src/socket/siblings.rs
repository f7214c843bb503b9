//! The operations beside one that makes a socket.

use std::io;
use std::time::Duration;

use contajners::{Call, Client, Error};
use contajners_core::{Api, ListStyle, Location, Method, Operation};
use serde_json::Value;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, sleep_until, timeout, timeout_at};

use crate::failure::{Failure, Status};
use crate::output::remark;

/// How often the size of a terminal is sent, with pauses that grow by this: dockerd refuses it
/// until the process runs, which it begins only when it is joined.
const RESIZES: u32 = 10;
const RESIZE_PAUSE: Duration = Duration::from_millis(10);

/// How long the head of the answer to `…/wait` is waited for, by which the engine says that it
/// watches the process. Where it takes a condition it says so at once, as docker's own client
/// relies on.
const WATCH_PAUSE: Duration = Duration::from_secs(2);

/// The same where the head may come at the end only, as in podman's own API.
const SHORT_WATCH_PAUSE: Duration = Duration::from_millis(200);

/// How long the answer to it is waited for before the process is looked at, which may have ended
/// before it was watched.
const WATCH_PERIOD: Duration = Duration::from_millis(500);

/// The first pause between two looks at a process that ought to have ended; the next are longer.
const LOOK_PAUSE: Duration = Duration::from_millis(10);

/// The operations beside one that makes a socket, and the path value that names its process.
pub(super) struct Siblings<'a> {
    client: &'a Client,
    inspect: Option<Operation<'a>>,
    resize: Option<Operation<'a>>,
    wait: Option<Operation<'a>>,
    /// The values of path parameters, by name.
    path: Vec<(String, Value)>,
}

impl<'a> Siblings<'a> {
    pub(super) fn new(
        client: &'a Client,
        api: Api<'a>,
        operation: &Operation<'a>,
        values: &[(String, Value)],
    ) -> Self {
        let folder = operation.path().rsplit_once('/').map_or("", |(folder, _)| folder);
        let beside = |method: Method, name: &str| {
            api.operations().find(|other| {
                let path =
                    other.path().strip_prefix(folder).and_then(|rest| rest.strip_prefix('/'));
                other.method() == method && path == Some(name)
            })
        };
        let in_path = |name: &str| {
            let mut parameters = operation.parameters();
            parameters.any(|own| own.location() == Location::Path && own.is_named(name))
        };
        Self {
            client,
            inspect: beside(Method::Get, "json"),
            resize: beside(Method::Post, "resize"),
            wait: beside(Method::Post, "wait"),
            path: values.iter().filter(|(name, _)| in_path(name)).cloned().collect(),
        }
    }

    fn call(&self, operation: &Operation<'_>) -> Call {
        let call = self.client.invoke(operation.id());
        self.path.iter().fold(call, |call, (name, value)| call.param(name, value))
    }

    /// Asks what the process is and how it is; `null` where nothing tells.
    pub(super) async fn inspect(&self) -> Result<Value, Error> {
        match &self.inspect {
            Some(operation) => self.call(operation).await,
            None => Ok(Value::Null),
        }
    }

    /// Sets the size of the terminal; that it cannot be set ends nothing.
    pub(super) async fn resize(&self) {
        let Some(operation) = &self.resize else { return };
        for number in 1..=RESIZES {
            let size = terminal_size::terminal_size_of(io::stdout());
            let Some((width, height)) = size else { return };
            let call = self.call(operation).param("w", width.0).param("h", height.0);
            if call.send().await.is_ok() {
                return;
            }
            sleep(RESIZE_PAUSE * number).await;
        }
    }

    /// Has the engine watch for the end of a container, as docker's own client does before it joins
    /// one: afterwards the container may be gone, and its exit status with it. Nothing waits for an
    /// exec.
    pub(super) async fn watch(&self, inspected: &Value) -> Option<Watch> {
        let operation = self.wait.as_ref()?;
        let mut call = self.call(operation);
        let is_running = is_running(inspected)?;
        let mut parameters = operation.parameters();
        let condition = parameters.find(|own| own.is_named("condition"));
        let pause = match condition.map(|condition| condition.style()) {
            // Podman looks for this one among its events, and at the container, which may be gone,
            // for any other. What has not begun has no other.
            Some(ListStyle::Single) => {
                call = call.param("condition", "next-exit");
                WATCH_PAUSE
            }
            // A list holds the states of podman's own API, in which an end is waited for anyway.
            Some(_) => SHORT_WATCH_PAUSE,
            None if is_running => SHORT_WATCH_PAUSE,
            None => return None,
        };
        let (answered, head) = oneshot::channel::<()>();
        let task = tokio::spawn(async move {
            let answer = call.send().await;
            drop(answered);
            Ok(answer?.data().await?.into_json().unwrap_or_default())
        });
        // That it is dropped says so.
        let _ = timeout(pause, head).await;
        Some(Watch(task))
    }

    /// Ends as the process of an exec did, if it has ended, or does within this time.
    pub(super) async fn ended(&self, patience: Duration) -> Option<Result<(), Failure>> {
        let deadline = Instant::now() + patience;
        loop {
            let seen = self.inspect().await.ok()?;
            if is_running(&seen) == Some(false) {
                return seen.pointer("/ExitCode").and_then(Value::as_i64).map(ended);
            }
            if Instant::now() >= deadline {
                return None;
            }
            sleep_until(Instant::now() + LOOK_PAUSE).await;
        }
    }

    /// Ends as the process did, which is told within this time: dockerd closes its output first.
    pub(super) async fn end(
        &self,
        mut watch: Option<Watch>,
        patience: Duration,
        left: Left,
    ) -> Result<(), Failure> {
        let deadline = Instant::now() + patience;
        let mut lost = None;
        let mut pause = if watch.is_some() { WATCH_PERIOD } else { Duration::ZERO };
        let runs_on = loop {
            let next = deadline.min(Instant::now() + pause);
            if let Some(own) = &mut watch {
                if let Ok(answer) = timeout_at(next, &mut own.0).await {
                    watch = None;
                    match answer {
                        Ok(Ok(answer)) => return self.waited(&answer),
                        Ok(Err(error)) if error.status().is_none() => lost = Some(error),
                        // It cannot tell.
                        _ => {}
                    }
                }
            } else {
                sleep_until(next).await;
            }
            let is_last = Instant::now() >= deadline;
            match self.inspect().await {
                Ok(seen) if is_running(&seen) == Some(true) => {
                    if is_last {
                        break true;
                    }
                }
                Ok(seen) => {
                    let code = seen.pointer("/ExitCode").or(seen.pointer("/State/ExitCode"));
                    return ended(code.and_then(Value::as_i64).unwrap_or(0));
                }
                Err(error) if error.status() == Some(404) => {
                    if watch.is_none() || is_last {
                        break false;
                    }
                }
                // Podman fails while it removes.
                Err(error) if error.status().is_some() && !is_last => {}
                Err(error) => return Err(error.into()),
            }
            pause = (pause * 2).max(LOOK_PAUSE);
        };
        match lost {
            Some(error) if !(runs_on && left == Left::Perhaps) => return Err(error.into()),
            _ if runs_on => {}
            _ => remark(format_args!("note: the process is gone, and so is its exit status")),
        }
        Ok(())
    }

    /// Reads the answer to `…/wait`: an object in Docker's API, a number in podman's own.
    fn waited(&self, answer: &Value) -> Result<(), Failure> {
        let text = answer.as_str().and_then(|text| text.trim().parse().ok());
        let code = answer.get("StatusCode").unwrap_or(answer).as_i64().or(text);
        let message = answer.pointer("/Error/Message").and_then(Value::as_str);
        match (message.filter(|message| !message.is_empty()), code) {
            (None, Some(code)) => ended(code),
            (message, _) => {
                let id = self.wait.as_ref().map_or("", |operation| operation.id());
                let message = message.unwrap_or("there is no exit status in its answer");
                Err(Failure::new(Status::Failed, format!("`{id}` failed: {message}")))
            }
        }
    }
}

/// The end of a container, waited for; given up when it is dropped.
#[derive(Debug)]
pub(super) struct Watch(JoinHandle<Result<Value, Error>>);

impl Drop for Watch {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Whether a process that runs on may have been left on purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Left {
    /// By keys that only the engine knows, or by an end of input that it takes for that.
    Perhaps,
    /// Nothing says so.
    No,
}

/// What `…/json` says of whether the process runs; a container has a `State`.
fn is_running(inspected: &Value) -> Option<bool> {
    let running = inspected.get("Running").or(inspected.pointer("/State/Running"));
    running.and_then(Value::as_bool)
}

fn ended(code: i64) -> Result<(), Failure> {
    match u8::try_from(code & 0xff).unwrap_or(1) {
        0 if code == 0 => Ok(()),
        0 => Err(Failure::Process(1)),
        code => Err(Failure::Process(code)),
    }
}
