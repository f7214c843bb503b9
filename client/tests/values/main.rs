//! Any value of any parameter of any operation reaches its place and no other.
//!
//! Requests are read back with a real HTTP parser and a URL decoder of somebody else.

#![cfg(unix)]

mod cases;

use std::cell::Cell;
use std::collections::HashMap;
use std::convert::Infallible;
use std::path::Path;
use std::sync::{Arc, Mutex};

use contajners::{Client, ClientBuilder, Credentials, Error};
use contajners_core::{Body, Operation, ResolveErrorKind};
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use tokio::net::UnixListener;
use tokio::runtime::Runtime;

use cases::{Arrives, Case, case, draws, operations};

fn config(cases: u32) -> Config {
    Config { cases, failure_persistence: None, ..Config::default() }
}

/// Compares a target, as a parser of requests gives it, with what should arrive.
fn check(operation: &Operation<'_>, target: &str, arrives: &Arrives) -> Result<(), TestCaseError> {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    prop_assert!(!target.contains('#'), "{target}");

    let api = operation.api();
    let template = api.prefix_template().replace("{version}", api.version()) + operation.path();
    let (template, fixed) = template.split_once('?').unwrap_or((&template, ""));
    // Placeholders of patterns (`{name:.*}`) may hold a `/`.
    let mut segments: Vec<String> = vec![String::new()];
    let mut is_in = false;
    for c in template.chars() {
        match c {
            '/' if !is_in => segments.push(String::new()),
            _ => {
                is_in = is_in && c != '}' || c == '{';
                segments.last_mut().unwrap().push(c);
            }
        }
    }
    let came: Vec<&str> = path.split('/').collect();
    prop_assert_eq!(came.len(), segments.len(), "{}", target);
    let mut found = 0;
    for (template, came) in segments.iter().zip(came) {
        let decoded = percent_encoding::percent_decode_str(came).decode_utf8();
        let decoded = decoded.map_err(|error| TestCaseError::fail(error.to_string()))?;
        let Some((before, rest)) = template.split_once('{') else {
            prop_assert_eq!(&decoded, template);
            continue;
        };
        let (name, after) = rest.split_once('}').unwrap();
        let inner = decoded.strip_prefix(before).and_then(|rest| rest.strip_suffix(after));
        let wanted = arrives.path.iter().find(|(own, _)| own == name);
        match (inner, wanted) {
            (Some(inner), Some((_, wanted))) => {
                prop_assert!(wanted.is(inner), "{inner:?}: {target}");
            }
            other => prop_assert!(false, "{other:?} {template}: {target}"),
        }
        found += 1;
    }
    prop_assert_eq!(found, arrives.path.len());

    let mut came = form_urlencoded::parse(query.as_bytes());
    for pair in form_urlencoded::parse(fixed.as_bytes()) {
        prop_assert_eq!(came.next(), Some(pair));
    }
    let came: Vec<_> = came.collect();
    prop_assert_eq!(came.len(), arrives.query.len(), "{}", target);
    for ((name, wanted), (came_name, came)) in arrives.query.iter().zip(&came) {
        prop_assert_eq!(name, came_name);
        prop_assert!(wanted.is(came), "{name} is {came:?} for {wanted:?}");
    }
    Ok(())
}

#[test]
fn a_value_is_one_segment_or_one_pair() {
    let operations = operations();
    let sent = Cell::new(0);
    TestRunner::new(config(4000))
        .run(&draws(), |(index, draws)| {
            let operation = index.get(&operations);
            let Case { values, arrives } = case(operation, &draws);
            let values: Vec<(&str, &dyn contajners_core::Value)> =
                values.iter().map(|(name, value)| (&**name, value as _)).collect();
            let body = if operation.body().is_some() { Body::Bytes } else { Body::Nothing };
            let request = match (operation.resolve(&values, body), arrives) {
                (Ok(request), Some(arrives)) => (request, arrives),
                (Err(error), None) => {
                    prop_assert_eq!(error.kind(), ResolveErrorKind::InvalidParameter);
                    return Ok(());
                }
                (request, arrives) => {
                    prop_assert!(false, "{request:?} for {arrives:?}");
                    return Ok(());
                }
            };
            let (request, arrives) = request;
            sent.set(sent.get() + 1);
            let mut head = format!("{} {} HTTP/1.1\r\n", request.method(), request.target());
            for (name, value) in request.headers() {
                head.push_str(&format!("{name}: {value}\r\n"));
            }
            head.push_str("\r\n");
            let mut headers = [httparse::EMPTY_HEADER; 32];
            let mut parsed = httparse::Request::new(&mut headers);
            let status = parsed.parse(head.as_bytes()).unwrap();
            prop_assert_eq!(status, httparse::Status::Complete(head.len()));
            prop_assert_eq!(parsed.method, Some(operation.method().as_str()));
            check(operation, parsed.path.unwrap(), &arrives)?;
            for (name, text) in &arrives.headers {
                let mut came =
                    parsed.headers.iter().filter(|own| own.name.eq_ignore_ascii_case(name));
                // Space around a value is the line's.
                let came = (came.next().map(|header| header.value), came.next());
                prop_assert_eq!(came, (Some(text.trim_matches([' ', '\t']).as_bytes()), None));
            }
            Ok(())
        })
        .unwrap_or_else(|error| panic!("{error}"));
    assert!(sent.get() > 2000, "{} of 4000 were sent", sent.get());
}

/// A request as hyper's server reads it: method, target and headers.
type Seen = (String, String, hyper::HeaderMap);

/// An engine that writes down what arrives.
fn engine(runtime: &Runtime, socket: &Path) -> Arc<Mutex<Vec<Seen>>> {
    let seen: Arc<Mutex<Vec<Seen>>> = Arc::default();
    let listener = {
        let _guard = runtime.enter();
        UnixListener::bind(socket).unwrap()
    };
    let all = seen.clone();
    runtime.spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let seen = all.clone();
            let service = service_fn(move |request: Request<Incoming>| {
                let seen = seen.clone();
                async move {
                    let (head, body) = request.into_parts();
                    let target = head.uri.path_and_query().map(|target| target.to_string());
                    let own = (head.method.to_string(), target.unwrap_or_default(), head.headers);
                    seen.lock().unwrap().push(own);
                    let _ = body.collect().await;
                    Ok::<_, Infallible>(Response::new(Full::new(Bytes::from_static(b"{}"))))
                }
            });
            tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
        }
    });
    seen
}

#[test]
fn what_a_client_sends_arrives_so() {
    let operations = operations();
    let runtime = Runtime::new().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("engine.sock");
    let seen = engine(&runtime, &socket);
    let clients: Mutex<HashMap<(String, String), Client>> = Mutex::default();
    let client = |operation: &Operation<'static>| {
        let (engine, version) = (operation.api().engine(), operation.api().version());
        let mut clients = clients.lock().unwrap();
        let client = clients.entry((engine.into(), version.into())).or_insert_with(|| {
            let builder = ClientBuilder::from_opened(cases::pack(engine)).api_version(version);
            let builder = builder.uri(format!("unix://{}", socket.display()));
            builder.credentials(Credentials::none()).build().unwrap()
        });
        client.clone()
    };
    let sent = Cell::new(0);
    TestRunner::new(config(600))
        .run(&draws(), |(index, draws)| {
            let operation = index.get(&operations);
            let Case { values, arrives } = case(operation, &draws);
            let call = client(operation).invoke(operation.id());
            let call = values.into_iter().fold(call, |call, (name, value)| call.param(name, value));
            let call = if operation.body().is_some() { call.body_bytes("x") } else { call };
            // What comes back is no matter here.
            let done = runtime.block_on(async { call.send().await.map(drop) });
            let came = std::mem::take(&mut *seen.lock().unwrap());
            let Some(arrives) = arrives else {
                prop_assert_eq!(
                    done.map_err(|error: Error| error.code()),
                    Err("invalid-parameter")
                );
                prop_assert!(came.is_empty());
                return Ok(());
            };
            let [(method, target, headers)] = &came[..] else {
                return Err(TestCaseError::fail(format!("{} arrived: {done:?}", came.len())));
            };
            sent.set(sent.get() + 1);
            prop_assert_eq!(method, operation.method().as_str());
            check(operation, target, &arrives)?;
            for (name, text) in &arrives.headers {
                let came: Vec<&[u8]> =
                    headers.get_all(name).into_iter().map(|value| value.as_bytes()).collect();
                prop_assert_eq!(came, [text.trim_matches([' ', '\t']).as_bytes()]);
            }
            Ok(())
        })
        .unwrap_or_else(|error| panic!("{error}"));
    assert!(sent.get() > 300, "{} of 600 were sent", sent.get());
}

#[test]
fn what_would_change_the_path_is_refused() {
    let container =
        cases::pack("docker").api("v1.41").unwrap().operation("ContainerInspect").unwrap();
    for id in ["", ".", "..", "a/..", "../a", "a/./b", "/a", "a/", "a//b"] {
        let error = container.resolve(&[("id", &id)], Body::Nothing).unwrap_err();
        assert_eq!(error.code(), "invalid-parameter", "{id:?}");
    }
    // What a server decodes once is text, whatever it would be decoded twice.
    for (id, written) in [("%2e%2e", "%252e%252e"), ("..%2Fa", "..%252Fa"), ("...", "...")] {
        let request = container.resolve(&[("id", &id)], Body::Nothing).unwrap();
        assert_eq!(request.target(), format!("/v1.41/containers/{written}/json"));
    }
}

#[test]
fn a_target_that_no_request_can_hold_is_an_error() {
    let client = Client::builder("docker").uri("unix:///nowhere").api_version("v1.41");
    let client = client.credentials(Credentials::none()).build().unwrap();
    let runtime = Runtime::new().unwrap();
    for (operation, name) in [("ContainerInspect", "id"), ("SystemEvents", "since")] {
        let mut call = client.invoke(operation).param(name, "é".repeat(20_000));
        call = call.header("X-Test", "a");
        let error = runtime.block_on(async { call.send().await.map(drop) }).unwrap_err();
        assert_eq!(error.code(), "target-too-long", "{error}");
        assert!(error.to_string().len() < 300 && !error.may_have_acted(), "{error}");
    }
}

#[test]
fn headers_hold_one_line() {
    let client = Client::builder("docker").uri("unix:///nowhere").api_version("v1.41");
    let client = client.credentials(Credentials::none()).build().unwrap();
    let runtime = Runtime::new().unwrap();
    for text in ["a\r\nX: y", "a\nb", "\0", "a\u{7f}", "é"] {
        let given = client.invoke("ImagePush").param("name", "x").param("X-Registry-Auth", text);
        let set = client.invoke("ImagePush").param("name", "x").header("X-Test", text);
        let named = client.invoke("ImagePush").param("name", "x").header(text, "x");
        for (call, expected) in
            [(given, "invalid-parameter"), (set, "invalid-header"), (named, "invalid-header")]
        {
            let error = runtime.block_on(async { call.send().await.map(drop) }).unwrap_err();
            assert_eq!(error.code(), expected, "{text:?}: {error}");
        }
    }
}
