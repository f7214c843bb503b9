//! Packs that the caller brings, of engines that say their version and their errors in ways of
//! their own.

use std::io::Write;
use std::time::Duration;

use contajners::{Client, Error};

use crate::{Asked, JSON, Script, Then, answer, block_on, shown};

fn pack(engine: &str) -> Vec<u8> {
    contajners_resources::pack(engine).expect("the tests carry all packs").to_vec()
}

/// An engine that answers a ping with one body and everything else with another.
fn engine(
    ping: &'static str,
    said: (&'static str, &'static str),
    other: (&'static str, &'static str),
) -> Script {
    Script::new(move |_, asked: &Asked, stream| {
        let is_ping = asked.line() == format!("GET {ping} HTTP/1.1");
        let (status, body) = if is_ping { said } else { other };
        answer(stream, status, JSON, body.as_bytes());
        Then::GoOn
    })
}

fn client(script: &Script, engine: &str) -> Client {
    Client::from_pack(pack(engine)).uri(script.uri()).build().unwrap()
}

fn lines(script: &Script) -> Vec<String> {
    script.asked().iter().map(|asked| asked.line().to_owned()).collect()
}

#[test]
fn the_version_may_stand_in_a_body() {
    let check = |said: &'static str, speaks: &str| {
        let script = engine("/1.0", ("200 OK", said), ("200 OK", "[]"));
        let client = client(&script, "incus");
        let version = block_on(async { client.api().await.map(|api| api.version().to_owned()) });
        assert_eq!(version.unwrap(), speaks);
        let call = client.invoke("instances_get_recursion1").param("project", "a b");
        assert_eq!(block_on(async { call.await }).unwrap(), serde_json::json!([]));
        assert_eq!(
            lines(&script),
            ["GET /1.0 HTTP/1.1", "GET /1.0/instances?recursion=1&project=a%20b HTTP/1.1"]
        );
    };
    check(r#"{"metadata":{"environment":{"server_version":"6.14"}}}"#, "v6.12.0");
    check(r#"{"metadata":{"environment":{"server_version":"7.0.0"}}}"#, "v7.0.0");
    check(r#"{"metadata":{"environment":{"server_version":6}}}"#, "v6.0.0");
}

#[test]
fn a_version_that_does_not_come_is_no_silence() {
    let check = |rest: &'static str, then: fn() -> Then, code: &str| {
        let script = Script::new(move |_, _, stream| {
            let head = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n";
            let _ = stream.write_all([head, rest].concat().as_bytes());
            then()
        });
        let builder = Client::from_pack(pack("incus")).uri(script.uri());
        let client = builder.read_timeout(Duration::from_secs(2)).build().unwrap();
        let error = block_on(async { client.api().await.map(|_| ()) }).unwrap_err();
        assert_eq!(error.code(), code, "{error:?}");
    };
    check("{", || Then::Close, "connection-broken");
    let silent = || {
        std::thread::park();
        Then::Close
    };
    check("{", silent, "timed-out");
}

#[test]
fn versions_that_do_not_do_are_told() {
    let check = |said: (&'static str, &'static str)| -> String {
        let script = engine("/1.0", said, ("500 Bad", ""));
        let error = block_on(async { client(&script, "incus").api().await.map(|_| ()) });
        shown(&error.unwrap_err(), Some(&script))
    };
    let texts = [
        check(("200 OK", r#"{"metadata":{"environment":{"server_version":"5.21"}}}"#)),
        check(("200 OK", r#"{"metadata":{"auth":"untrusted"}}"#)),
        check(("200 OK", r#"{"metadata":{"environment":{"server_version":"new"}}}"#)),
        check(("200 OK", "no JSON")),
        check(("403 Forbidden", "{}")),
    ];
    insta::assert_snapshot!(texts.join("\n"), @r"
    error: incus speaks API versions up to v5.21; the oldest one known is v6.0.0
      code: engine-too-old
      hint: pin `v6.0.0` if the engine should understand it all the same
    error: incus did not say which API version it speaks: nothing at `/metadata/environment/server_version`
      code: negotiate-silent
      hint: is it incus that listens there? Pinning an API version avoids the question
    error: incus says it speaks API version `new`, which is no version
      code: negotiate-unreadable
      hint: is it incus that listens there? Pinning an API version avoids the question
    error: incus did not say which API version it speaks: nothing at `/metadata/environment/server_version`
      code: negotiate-silent
      hint: is it incus that listens there? Pinning an API version avoids the question
    error: incus answered 403 when asked for its API version
      code: negotiate-refused
      hint: pinning an API version avoids the question
    ");
}

#[track_caller]
fn says(
    engine_name: &str,
    ping: &'static str,
    said: &'static str,
    operation: &str,
    body: &'static str,
) -> String {
    let script = engine(ping, ("200 OK", said), ("400 Bad Request", body));
    let client = client(&script, engine_name);
    let error: Error = block_on(async { client.invoke(operation).await }).unwrap_err();
    assert_eq!(error.status(), Some(400));
    error.to_string()
}

#[test]
fn messages_of_errors_stand_where_the_pack_says() {
    let firecracker = |body| {
        says(
            "firecracker",
            "/version",
            r#"{"firecracker_version":"1.13.1"}"#,
            "describeInstance",
            body,
        )
    };
    assert_eq!(
        firecracker(r#"{"fault_message":"no such thing","message":"other"}"#),
        "firecracker answered 400 to `describeInstance` (GET /): no such thing"
    );
    let hypervisor = |body| {
        says("cloud-hypervisor", "/api/v1/vmm.ping", r#"{"version":"v41.0"}"#, "bootVM", body)
    };
    assert_eq!(
        hypervisor(r#"["the VM cannot boot","there is no disk"]"#),
        "cloud-hypervisor answered 400 to `bootVM` (PUT /api/v1/vm.boot): the VM cannot boot: \
         there is no disk"
    );
    assert_eq!(
        hypervisor("plain text"),
        "cloud-hypervisor answered 400 to `bootVM` (PUT /api/v1/vm.boot): plain text"
    );
    let incus = |body| {
        let said = r#"{"metadata":{"environment":{"server_version":"7.0.0"}}}"#;
        says("incus", "/1.0", said, "instances_get", body)
    };
    assert_eq!(
        incus(r#"{"type":"error","error":"not authorized","error_code":403}"#),
        "incus answered 400 to `instances_get` (GET /1.0/instances): not authorized"
    );
}

#[test]
fn a_pack_that_is_open_does_as_well() {
    let opened = contajners_core::Pack::open(
        contajners_resources::pack("firecracker").expect("the tests carry all packs"),
    );
    let builder = contajners::ClientBuilder::from_opened(opened.unwrap()).api_version("1.13.1");
    assert_eq!(builder.discover().unwrap().endpoint.to_string(), "unix:///run/firecracker.socket");
    let script = engine("/none", ("200 OK", ""), ("200 OK", "{}"));
    let client = builder.uri(script.uri()).build().unwrap();
    block_on(async { client.invoke("describeInstance").await }).unwrap();
    assert_eq!(lines(&script), ["GET / HTTP/1.1"]);
}
