//! `contajners invoke ENGINE OPERATION …`

use contajners_core::{Answer, Method, Pack, ResolveError, ResolveErrorKind};

use crate::args::{self, TakenAs};
use crate::call::{self, Body};
use crate::failure::Failure;
use crate::findings;
use crate::folder;
use crate::output::Output;
use crate::sending::{self, Asked, Taken};
use crate::settings::{self, Chosen, Settings};
use crate::socket;

/// Calls an operation and writes what comes back.
pub(crate) fn run(
    typed: &args::Call,
    answers: &args::Answers,
    folders: &args::Folders,
    checks: &args::Checks,
    limits: &args::Limits,
    settings: &Settings,
    output: &mut Output,
) -> Result<(), Failure> {
    let taken_as = answers.taken_as;
    let chosen = settings.engine(&typed.operation.engine)?;
    let headers = call::headers_of(typed, folders.context.is_some())?;
    let body = check(typed, taken_as, folders, &chosen)?;
    if taken_as == TakenAs::Socket && (folders.context.is_some() || folders.unpack.is_some()) {
        return Err(Failure::usage("a socket cannot carry folders")
            .with_hint("leave out `--as socket`, or `--context` and `--unpack`"));
    }
    if taken_as == TakenAs::Stream && folders.unpack.is_some() && !answers.allow_error_status {
        return Err(Failure::usage("an answer that is unpacked is not passed on")
            .with_hint("leave out `--as stream`, or `--unpack`"));
    }
    if taken_as == TakenAs::Socket && answers.allow_error_status {
        return Err(sending::no_error_from_a_socket());
    }
    let taken = Taken::new(taken_as, settings);
    sending::run(&chosen, &limits.connecting, limits.whole(), settings, async |sender| {
        let client = &sender.client;
        let api = client.api().await?;
        let operation = settings::operation(api, &typed.operation.operation)?;
        let values = call::values(&operation, &typed.values)?;
        let content_type = folder::media_type(&operation, typed.content_type.as_deref(), folders)?;
        findings::judge(&operation, &values, &body, content_type, checks)?;
        let is_bytes = operation.answer() == Answer::Bytes && operation.method() != Method::Head;
        if is_bytes && folders.unpack.is_none() {
            sending::refuse_terminal(settings, operation.produces().next())?;
        }
        let mut call = client.invoke(operation.id());
        for (name, value) in &values {
            call = call.param(name, value);
        }
        for (name, value) in headers {
            call = call.header(name, value);
        }
        if let Some(content_type) = content_type {
            call = call.content_type(content_type);
        }
        if taken_as == TakenAs::Socket {
            let joined = socket::run(client, &operation, &values, (call, body), output);
            return sender.in_time(joined).await;
        }
        if answers.allow_error_status {
            call = call.allow_error_status();
        }
        let answer = sender.send(call, body).await?;
        let failed = sending::failed(&answer);
        let written = match &folders.unpack {
            Some(folder) if failed.is_none() => folder::unpack(answer, folder, folders).await,
            None if operation.method() == Method::Head => {
                sending::headers(&answer, &operation, taken, settings, output)
            }
            _ => {
                let asked = Asked { method: operation.method(), name: operation.id() };
                sending::write(answer, asked, taken, settings, output).await
            }
        };
        sending::ended(written, failed)
    })
}

/// Looks at the call before anything is sent, and reads the body where it is JSON.
///
/// Which version is spoken shows only when the engine has answered. A call that no version takes
/// is refused without one.
fn check(
    typed: &args::Call,
    taken_as: TakenAs,
    folders: &args::Folders,
    chosen: &Chosen,
) -> Result<Body, Failure> {
    let Chosen { pack, pinned } = *chosen;
    let newest = chosen.api()?;
    let name = &typed.operation.operation;
    let operation = match (settings::operation(newest, name), pinned) {
        (Ok(operation), _) => operation,
        (Err(failure), Some(_)) => return Err(failure),
        (Err(failure), None) => {
            let mut others = pack.apis().rev();
            let other = others.find_map(|api| settings::operation(api, name).ok());
            other.ok_or(failure)?
        }
    };
    let values = call::values(&operation, &typed.values)?;
    let content_type = folder::media_type(&operation, typed.content_type.as_deref(), folders)?;
    if folders.unpack.is_some() {
        folder::check_answer(&operation)?;
    }
    let body = match operation.body() {
        _ if folders.context.is_some() => {
            folder::body(pack.engine(), &operation, &values, folders)?
        }
        Some(_) => call::body(&operation, typed.data.as_ref(), content_type)?,
        None => typed.data.as_ref().map_or(Body::Nothing, call::bytes_body),
    };
    if taken_as == TakenAs::Socket {
        socket::refuse_detached(&operation, &body)?;
    }
    // What a process is joined with is found out by then.
    let is_to_come = |error: &ResolveError| {
        taken_as == TakenAs::Socket && error.kind() == ResolveErrorKind::MissingBody
    };
    if let Err(error) = call::resolve(&operation, &values, body.for_core(content_type))
        && !is_to_come(&error)
        && (pinned.is_some() || !is_taken_anywhere(pack, typed, &body))
    {
        return Err(call::refused(&error, &values));
    }
    Ok(body)
}

fn is_taken_anywhere(pack: Pack<'_>, typed: &args::Call, body: &Body) -> bool {
    let body = body.for_core(typed.content_type.as_deref());
    pack.apis().rev().any(|api| {
        settings::operation(api, &typed.operation.operation).is_ok_and(|operation| {
            call::values(&operation, &typed.values)
                .is_ok_and(|values| call::resolve(&operation, &values, body).is_ok())
        })
    })
}
