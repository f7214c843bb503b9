//! `contajners request ENGINE METHOD PATH`

use contajners_core::{Method, Request, is_json};

use crate::args::{self, Data, TakenAs};
use crate::call::{self, Body};
use crate::failure::Failure;
use crate::output::Output;
use crate::sending::{self, Asked, Taken};
use crate::settings::{Chosen, Settings};
use crate::socket;

/// Sends a request that no spec knows and writes what comes back.
pub(crate) fn run(
    typed: &args::Request,
    settings: &Settings,
    output: &mut Output,
) -> Result<(), Failure> {
    let chosen = settings.engine(&typed.engine)?;
    let method = Method::parse(&typed.method).ok_or_else(|| {
        Failure::usage(format!("unknown method `{}`", typed.method))
            .with_hint("it is one of GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS, TRACE")
    })?;
    let prefix = chosen
        .pinned
        .map_or(String::new(), |api| api.prefix_template().replace("{version}", api.version()));
    // It may have been typed with the path, as it has to be where no version is named.
    let has_prefix = typed.path.strip_prefix(&prefix).is_some_and(|path| path.starts_with('/'));
    let target = if has_prefix { typed.path.clone() } else { prefix + &typed.path };
    // Refused here rather than by the client, so that no body is read in vain. What a version stands
    // before has to be a path by itself.
    for target in [&typed.path, &target] {
        let Err(error) = Request::raw(method, target) else { continue };
        // A query may hold secrets.
        let shown = target.split_inclusive('?').next().unwrap_or_default();
        let more = if shown.len() < target.len() { "…" } else { "" };
        return Err(Failure::usage(format!("{error}: `{shown}{more}`")).with_hint(error.hint()));
    }
    let mut content_type = typed.content_type.as_deref();
    let mut headers = Vec::new();
    for (name, value) in call::headers(&typed.headers)? {
        if !name.eq_ignore_ascii_case("Content-Type") {
            headers.push((name, value));
        } else if let Some(other) = content_type.replace(value) {
            return Err(Failure::usage(format!("two media types: `{other}` and `{value}`"))
                .with_hint("a body has only one"));
        }
    }
    if typed.taken_as == TakenAs::Socket && typed.allow_error_status {
        return Err(sending::no_error_from_a_socket());
    }
    let body = body(typed.data.as_ref(), content_type)?;

    let taken = Taken::new(typed.taken_as, settings);
    let limits = &typed.limits;
    sending::run(&chosen, &limits.connecting, limits.whole(), settings, async |sender| {
        let mut call = sender.client.request(method, &*target);
        for (name, value) in headers {
            call = call.header(name, value);
        }
        let usual = (!matches!(body, Body::Nothing)).then_some("application/json");
        if let Some(content_type) = content_type.or(usual) {
            call = call.content_type(content_type);
        }
        if typed.allow_error_status {
            call = call.allow_error_status();
        }
        if typed.taken_as == TakenAs::Socket {
            let joined = socket::join_raw(sending::with_body(call, body), output);
            return sender.in_time(joined).await;
        }
        let name = format!("{method} {}", typed.path.split('?').next().unwrap_or_default());
        let answer = sender.send(call, body).await.map_err(|failure| {
            failure.with_hint_if_not_found(with_version(&chosen, &typed.path))
        })?;
        let failed = sending::failed(&answer);
        let asked = Asked { method, name: &name };
        sending::ended(sending::write(answer, asked, taken, settings, output).await, failed)
    })
}

/// What to do about a path that no version begins: Podman has its own operations only below one.
fn with_version(chosen: &Chosen, target: &str) -> Option<String> {
    let api = chosen.pack.newest().filter(|api| api.prefix_template().contains("{version}"))?;
    let path = target.split('?').next()?;
    let first = path.split('/').nth(1)?;
    let is_of_own = api
        .categories()
        .iter()
        .any(|category| category.split_once('/').is_some_and(|(own, _)| own == first));
    if chosen.pinned.is_some() || !is_of_own {
        return None;
    }
    let (engine, version) = (api.engine(), api.version());
    let prefix = api.prefix_template().replace("{version}", version);
    Some(format!("these paths begin with a version: `{engine}@{version}`, or `{prefix}{path}`"))
}

/// Without a content type that says otherwise a body is JSON.
fn body(data: Option<&Data>, content_type: Option<&str>) -> Result<Body, Failure> {
    let Some(data) = data else { return Ok(Body::Nothing) };
    match content_type {
        Some(content_type) if !is_json(content_type) => Ok(call::bytes_body(data)),
        None if !matches!(data, Data::Inline(_)) => {
            let hint = "other types are named: `--content-type application/x-tar`";
            call::json_body(data).map_err(|failure| failure.with_usage_hint(hint))
        }
        _ => call::json_body(data),
    }
}
