//! `contajners wait ENGINE [STATE] …`

use std::time::Duration;

use contajners_core::{Api, Condition, Sign, Waiter};
use serde::Serialize;
use serde_json::Value;

use crate::args::{self, Form};
use crate::call;
use crate::failure::Failure;
use crate::output::Output;
use crate::render::schema::of_text;
use crate::render::table::Table;
use crate::sending;
use crate::settings::{Chosen, Settings};

/// A waiter in the stable JSON; times are seconds.
#[derive(Serialize)]
struct Listed<'a> {
    state: &'a str,
    operation: &'a str,
    parameters: Vec<&'a str>,
    every: f64,
    within: Option<f64>,
    tells: Option<&'a str>,
    ends: Vec<End<'a>>,
}

/// What ends a wait, in the stable JSON.
#[derive(Serialize)]
struct End<'a> {
    outcome: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    status: Vec<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    at: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    is: Option<Vec<Value>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    present: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    because: Option<&'a str>,
}

/// Waits for a state and writes what it tells, or lists the states that there are.
pub(crate) fn run(
    typed: &args::Wait,
    settings: &Settings,
    output: &mut Output,
) -> Result<(), Failure> {
    let chosen = settings.engine(&typed.engine)?;
    let Some(name) = &typed.state else {
        return list(chosen.api()?, settings, output);
    };
    let values = check(name, &typed.values, &chosen)?;
    sending::run(&chosen, &typed.connecting, None, settings, async |sender| {
        let mut wait = sender.client.wait(name);
        for (name, value) in values {
            wait = wait.param(name, value);
        }
        if let Some(args::Limit(limit)) = typed.timeout {
            wait = wait.timeout(limit);
        }
        if let Some(delay) = typed.delay {
            wait = wait.delay(delay);
        }
        match wait.await?.told() {
            Value::Null => Ok(()),
            told => output.json(told, settings),
        }
    })
}

/// Reads the values, and looks at them before anything is sent.
///
/// Which version is spoken shows only when the engine has answered. A wait that no version knows is
/// refused without one.
fn check(name: &str, typed: &[String], chosen: &Chosen) -> Result<Vec<(String, Value)>, Failure> {
    let newest = chosen.api()?;
    let error = match read(newest, name, typed) {
        Ok(values) => return Ok(values),
        Err(failure) => failure,
    };
    let mut others = chosen.pack.apis().rev().filter(|_| chosen.pinned.is_none());
    others.find_map(|api| read(api, name, typed).ok()).ok_or(error)
}

fn read(api: Api<'_>, name: &str, typed: &[String]) -> Result<Vec<(String, Value)>, Failure> {
    let waiter = api.waiter(name)?;
    if let Some(bare) = typed.iter().find(|typed| !typed.contains('=')) {
        let failure = Failure::usage(format!("`{bare}` is not of the form `key=value`"));
        return Err(match wanted(waiter).first() {
            Some(first) => failure.with_hint(format!("write `{first}={bare}`")),
            None => failure,
        });
    }
    let values = call::values(&waiter.operation()?, typed)?;
    let given: Vec<(&str, &dyn contajners_core::Value)> =
        values.iter().map(|(name, value)| (&**name, value as _)).collect();
    let _ = waiter.resolve(&given).map_err(|error| call::refused(&error, &values))?;
    Ok(values)
}

/// The parameters that a waiter cannot do without, by its own names.
fn wanted(waiter: Waiter<'_>) -> Vec<&str> {
    let Ok(operation) = waiter.operation() else { return Vec::new() };
    let required = operation.parameters().filter(|parameter| parameter.required());
    required
        .map(|parameter| {
            let name = parameter.bare_name();
            waiter.parameters().find(|(_, theirs)| *theirs == name).map_or(name, |(own, _)| own)
        })
        .collect()
}

fn list(api: Api<'_>, settings: &Settings, output: &mut Output) -> Result<(), Failure> {
    match settings.form_of_list() {
        Form::Json => output.json(&api.waiters().map(Listed::new).collect::<Vec<_>>(), settings),
        Form::Raw => output.lines(api.waiters().map(|waiter| waiter.name())),
        Form::Table => {
            let mut table = Table::new(["STATE", "OPERATION", "PARAMETERS", "EVERY", "WITHIN"]);
            for waiter in api.waiters() {
                table.row([
                    waiter.name(),
                    waiter.operation_id(),
                    &wanted(waiter).join(" "),
                    &format!("{:?}", waiter.every()),
                    &waiter.within().map_or("no limit".into(), |limit| format!("{limit:?}")),
                ]);
            }
            Ok(table.write(output, settings.width, settings.paint)?)
        }
    }
}

impl<'a> Listed<'a> {
    fn new(waiter: Waiter<'a>) -> Self {
        Self {
            state: waiter.name(),
            operation: waiter.operation_id(),
            parameters: wanted(waiter),
            every: waiter.every().as_secs_f64(),
            within: waiter.within().as_ref().map(Duration::as_secs_f64),
            tells: waiter.tells(),
            ends: waiter.conditions().map(End::new).collect(),
        }
    }
}

impl<'a> End<'a> {
    fn new(condition: Condition<'a>) -> Self {
        let (at, is, present) = match condition.sign {
            None => (None, None, None),
            Some(Sign::Is(at, is)) => (Some(at), Some(is.into_iter().map(of_text).collect()), None),
            Some(Sign::Absent(at)) => (Some(at), None, Some(false)),
            Some(Sign::Present(at)) => (Some(at), None, Some(true)),
        };
        Self {
            outcome: if condition.failed.is_some() { "failed" } else { "done" },
            status: condition.statuses,
            at,
            is,
            present,
            because: condition.failed,
        }
    }
}
