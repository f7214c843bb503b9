//! What calls tell those who listen: a span each, without any value that a call was given.

use std::io::Write as _;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use contajners::{Client, ClientBuilder, Credentials, Method, RegistryAuth};
use serde_json::{Value, json};

use crate::lines::Lines;
use crate::{JSON, Script, Then, always, answer, block_on};

pub(crate) fn told(script: &Script, work: impl AsyncFnOnce(Client)) -> String {
    told_by(script, |builder| builder.api_version("v1.41"), work)
}

fn told_by(
    script: &Script,
    set: impl FnOnce(ClientBuilder) -> ClientBuilder,
    work: impl AsyncFnOnce(Client),
) -> String {
    let ((), text) = Lines::told(|| {
        let builder = Client::builder("docker").uri(script.uri()).credentials(Credentials::none());
        block_on(work(set(builder).build().expect("a client")));
    });
    text.replace(script.uri().trim_start_matches("unix://"), "/engine.sock")
}

#[track_caller]
fn check(name: &str, text: &str) {
    insta::with_settings!({ omit_expression => true }, { insta::assert_snapshot!(name, text) });
}

#[test]
fn a_call_has_a_span() {
    let script = always("404 Not Found", JSON, br#"{"message":"hunter2"}"#);
    let text = told(&script, async |client: Client| {
        let call = client
            .invoke("ContainerStart")
            .param("id", "hunter2")
            .param("detachKeys", "hunter2")
            .header("X-Secret", "hunter2");
        call.await.unwrap_err();
        client.invoke("ContainerCreate").param("nam", "hunter2").await.unwrap_err();
        let raw = client.request(Method::Post, "/a/b?token=hunter2").body(json!("hunter2"));
        raw.await.unwrap_err();
        let auth = RegistryAuth::password("hunter2", "hunter2").server_address("hunter2");
        let pull = client.invoke("ImageCreate").param("fromImage", "hunter2");
        pull.param("X-Registry-Auth", auth).await.unwrap_err();
    });
    check("a_call_has_a_span", &text);
    assert!(!text.contains("hunter2"));
    // As the header has it.
    assert!(!text.contains("aHVudGVyM"), "{text}");
}

#[test]
fn a_span_ends_with_the_body_and_tells_what_was_wrong_with_it() {
    let script = Script::new(|_, asked, stream| {
        let path = asked.line();
        if path.contains("/images/create") {
            answer(stream, "200 OK", JSON, b"{}\n{\"error\":\"hunter2\"}\n");
        } else if path.contains("/json") {
            answer(stream, "200 OK", JSON, b"[\"hunter2\"");
        } else if path.contains("/logs") {
            let head = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\nhunter2";
            let _ = stream.write_all(head.as_bytes());
            // The client hangs up.
            let _ = std::io::Read::read(stream, &mut [0]);
            return Then::Close;
        }
        Then::GoOn
    });
    let text = told_by(
        &script,
        |builder| builder.api_version("v1.41").read_timeout(Duration::from_secs(1)),
        async |client: Client| {
            let pull = client.invoke("ImageCreate").param("fromImage", "x");
            let mut pull = pull.documents::<Value>().await.unwrap();
            pull.next().await.unwrap().unwrap();
            pull.next().await.unwrap().unwrap_err();
            drop(pull);
            client.invoke("ContainerList").json::<Vec<String>>().await.unwrap_err();
            let logs = || client.invoke("ContainerLogs").param("id", "x").param("stdout", true);
            logs().text().await.unwrap_err();
            drop(logs().stream().await.unwrap());
        },
    );
    check("a_span_ends_with_the_body", &text);
    assert!(!text.contains("hunter2"));
}

#[test]
fn connections_are_told_of() {
    // The first connection serves the question for the version and one call, and then is gone.
    let script = Script::new(|connection, asked, stream| {
        static SERVED: AtomicUsize = AtomicUsize::new(0);
        if asked.line().contains("/_ping") {
            let head = "HTTP/1.1 200 OK\r\nApi-Version: 1.41\r\nContent-Length: 0\r\n\r\n";
            let _ = stream.write_all(head.as_bytes());
        } else if asked.line().contains("/attach") {
            let head = "HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n";
            let _ = stream.write_all(head.as_bytes());
        } else if connection == 0 && SERVED.fetch_add(1, Ordering::SeqCst) == 1 {
            return Then::Close;
        } else {
            answer(stream, "200 OK", JSON, b"[]");
        }
        Then::GoOn
    });
    let text = told_by(
        &script,
        |builder| builder,
        async |client: Client| {
            for _ in 0..2 {
                client.invoke("ContainerList").await.unwrap();
            }
            let attach = client.invoke("ContainerAttach").param("id", "x");
            drop(attach.socket().await.unwrap());
        },
    );
    // That the old connection ended is told by its own task, whenever that runs.
    let lines = text.lines().filter(|line| !line.contains("connection ended"));
    check("connections_are_told_of", &lines.collect::<Vec<_>>().join("\n"));
}

#[test]
fn the_callers_own_span_is_left_alone() {
    /// Wants none of ours.
    struct Theirs(Lines);
    impl tracing::Subscriber for Theirs {
        fn enabled(&self, metadata: &tracing::Metadata<'_>) -> bool {
            !metadata.target().starts_with("contajners")
        }
        fn new_span(&self, span: &tracing::span::Attributes<'_>) -> tracing::span::Id {
            self.0.new_span(span)
        }
        fn record(&self, id: &tracing::span::Id, values: &tracing::span::Record<'_>) {
            self.0.record(id, values);
        }
        fn record_follows_from(&self, _: &tracing::span::Id, _: &tracing::span::Id) {}
        fn event(&self, event: &tracing::Event<'_>) {
            self.0.event(event);
        }
        fn enter(&self, _: &tracing::span::Id) {}
        fn exit(&self, _: &tracing::span::Id) {}
        fn current_span(&self) -> tracing_core::span::Current {
            self.0.current_span()
        }
    }
    let script = always("404 Not Found", JSON, br#"{"message":"no"}"#);
    let lines = Lines::default();
    tracing::subscriber::with_default(Theirs(lines.clone()), || {
        let span =
            tracing::info_span!(target: "theirs", "theirs", version = "mine", operation = "mine");
        let client = script.client();
        span.in_scope(|| block_on(async { client.invoke("ContainerList").await })).unwrap_err();
    });
    assert_eq!(lines.text(), "theirs version=\"mine\" operation=\"mine\"\n");
}
