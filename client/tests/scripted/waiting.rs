//! Waiting for states: each way in which it ends.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use contajners::{Error, ErrorKind, Wait, Waited};
use serde_json::{Value, json};

use crate::{JSON, Script, Then, always, answer, block_on, shown};

/// Between tries, so that tests take no time.
const SOON: Duration = Duration::from_millis(5);

/// An engine whose container goes through states, and stays in the last.
fn going(states: &'static [&'static str]) -> Script {
    let next = AtomicUsize::new(0);
    Script::new(move |_, _, stream| {
        let state = states[next.fetch_add(1, Ordering::SeqCst).min(states.len() - 1)];
        let (status, body) = match state {
            "gone" => ("404 Not Found", json!({ "message": "No such container: web" })),
            state => ("200 OK", container(state)),
        };
        answer(stream, status, JSON, body.to_string().as_bytes());
        Then::GoOn
    })
}

/// What is said of a container: its state and, behind a space, its health.
fn container(state: &str) -> Value {
    let (status, health) = match state.split_once(' ') {
        Some((status, health)) => (status, Some(health)),
        None => (state, None),
    };
    json!({
        "State": { "Status": status, "ExitCode": 7, "Health": health.map(|own| json!({ "Status": own })) },
        "Config": { "Healthcheck": { "Test": ["CMD", "true"] } },
    })
}

fn wait(engine: &Script, name: &str) -> Wait {
    engine.client().wait(name).param("id", "web").delay(SOON)
}

fn waited(wait: Wait) -> Result<Waited, Error> {
    block_on(async { wait.await })
}

#[test]
fn it_is_asked_until_the_state_is_reached() {
    let engine = going(&["created", "running starting", "running healthy"]);
    let healthy = waited(wait(&engine, "healthy")).unwrap();
    assert_eq!((healthy.status(), healthy.told()), (200, &Value::Null));
    assert_eq!(healthy.answer(), &container("running healthy"));
    let asked = engine.asked();
    assert_eq!(asked.len(), 3);
    assert!(asked.iter().all(|own| own.line() == "GET /v1.41/containers/web/json HTTP/1.1"));
    assert_eq!(engine.connections(), 1);

    let engine = going(&["running", "exited"]);
    let exited = waited(wait(&engine, "exited")).unwrap();
    assert_eq!(exited.told(), &json!(7));
    assert_eq!(exited.into_answer(), container("exited"));

    let engine = going(&["running", "removing", "gone"]);
    let removed = waited(wait(&engine, "removed")).unwrap();
    assert_eq!(
        (removed.status(), &removed.answer()["message"]),
        (404, &json!("No such container: web"))
    );
}

/// What was there at first is no mistyped name.
#[test]
fn what_goes_while_it_is_waited_for_is_told_of() {
    let hint = |engine: Script| {
        let error = waited(wait(&engine, "exited")).unwrap_err();
        assert_eq!((error.kind(), error.status()), (ErrorKind::Status, Some(404)));
        error.hint().map(str::to_owned)
    };
    let gone = "it was there before, and is gone: what removes itself takes its state along";
    assert_eq!(hint(going(&["running", "gone"])).as_deref(), Some(gone));
    assert_eq!(hint(going(&["gone"])), None);
}

#[test]
fn an_answer_that_is_no_json_may_decide_all_the_same() {
    let engine = always("404 Not Found", "text/plain", b"page not found\n");
    let removed = waited(wait(&engine, "removed")).unwrap();
    assert_eq!((removed.status(), removed.answer()), (404, &Value::Null));
}

#[test]
fn what_goes_wrong_is_told() {
    let check = |engine: &Script, wait: Wait, kind: ErrorKind| {
        let error = waited(wait).unwrap_err();
        assert_eq!(error.kind(), kind);
        assert!(!error.may_have_acted());
        shown(&error, Some(engine))
    };
    let exited = going(&["running starting", "exited unhealthy"]);
    let sick = going(&["running unhealthy"]);
    let gone = going(&["gone"]);
    let broken = always("500 Internal Server Error", JSON, br#"{"message":"the disk is full"}"#);
    let no_json = always("200 OK", "text/html", b"<html>");
    let moved = always("301 Moved Permanently", "", b"");
    let texts = [
        check(&exited, wait(&exited, "healthy"), ErrorKind::Wait),
        check(&sick, wait(&sick, "healthy"), ErrorKind::Wait),
        check(&gone, wait(&gone, "running"), ErrorKind::Status),
        check(&broken, wait(&broken, "removed"), ErrorKind::Status),
        check(&no_json, wait(&no_json, "running"), ErrorKind::Decode),
        check(&moved, wait(&moved, "running"), ErrorKind::Status),
        check(&gone, wait(&gone, "runing"), ErrorKind::Resolve),
        check(&gone, gone.client().wait("running"), ErrorKind::Resolve),
        check(&gone, wait(&gone, "running").param("sise", 1), ErrorKind::Resolve),
    ];
    assert_eq!(gone.asked().len(), 1, "what is wrong is not sent");
    insta::assert_snapshot!("waits_that_fail", texts.join("\n"));
}

#[test]
fn time_runs_out_with_what_was_seen_last() {
    let limit = Duration::from_secs(2);
    let starting = going(&["created", "running starting"]);
    let error = waited(wait(&starting, "healthy").timeout(limit)).unwrap_err();
    let body: Value = serde_json::from_slice(error.body()).unwrap();
    assert_eq!((error.status(), body), (Some(200), container("running starting")));
    let there = going(&["running"]);
    let removed = waited(wait(&there, "removed").timeout(limit)).unwrap_err();

    let silent = Script::with_head_only(|_| {
        thread::park();
        Then::Close
    });
    let unanswered = waited(wait(&silent, "removed").timeout(limit)).unwrap_err();
    let errors = [(error, &starting), (removed, &there), (unanswered, &silent)];
    for (error, _) in &errors {
        assert_eq!((error.kind(), error.code()), (ErrorKind::Wait, "wait-timed-out"));
    }
    let texts = errors.map(|(error, engine)| shown(&error, Some(engine)));
    insta::assert_snapshot!("waits_that_take_too_long", texts.join("\n"));
}

/// The version is asked for first, and that is part of the wait.
#[test]
fn the_limit_holds_for_what_comes_before_the_first_try() {
    let silent = Script::with_head_only(|_| {
        thread::park();
        Then::Close
    });
    let client = contajners::Client::builder("docker").uri(silent.uri()).build().unwrap();
    let begun = Instant::now();
    let error = waited(client.wait("running").param("id", "web").timeout(SOON)).unwrap_err();
    assert_eq!(error.code(), "wait-timed-out");
    assert!(begun.elapsed() < Duration::from_secs(5));
}

/// A long pause is cut short by the limit, and the client's own time-outs hold for each try.
#[test]
fn pauses_and_tries_end_in_time() {
    let engine = going(&["created"]);
    let long = Duration::from_secs(1000);
    let begun = Instant::now();
    let paused = wait(&engine, "running").delay(long).timeout(Duration::from_secs(1));
    assert_eq!(waited(paused).unwrap_err().code(), "wait-timed-out");
    assert_eq!(engine.asked().len(), 1);

    let silent = Script::with_head_only(|_| {
        thread::park();
        Then::Close
    });
    let client = silent.builder().read_timeout(Duration::from_millis(100)).build().unwrap();
    let error = waited(client.wait("running").param("id", "web").timeout(None)).unwrap_err();
    assert_eq!(error.code(), "timed-out");
    assert!(begun.elapsed() < Duration::from_secs(100));
}

#[test]
fn without_a_limit_it_goes_on_until_it_is_dropped() {
    let engine = going(&["running"]);
    let endless = wait(&engine, "removed").timeout(None);
    let tries = block_on(async {
        let asked_again = async {
            while engine.asked().len() < 2 {
                tokio::time::sleep(SOON).await;
            }
            engine.asked().len()
        };
        tokio::select! {
            tries = asked_again => tries,
            ended = endless.run() => panic!("{ended:?}"),
        }
    });
    thread::sleep(10 * SOON);
    // One may have been under way.
    assert!(engine.asked().len() <= tries + 1);
}

/// A client of one category waits by the operations of that alone.
#[test]
fn categories_hold_for_waiting() {
    let engine = going(&["running"]);
    let of = |category: &str| engine.builder().category(category).build().unwrap();
    assert!(waited(of("containers").wait("running").param("id", "web")).is_ok());
    let error = waited(of("images").wait("running").param("id", "web")).unwrap_err();
    assert_eq!(error.code(), "other-category");
    assert_eq!(engine.asked().len(), 1);
}

#[test]
fn values_are_in_no_debug_output() {
    let engine = going(&["running"]);
    let shown = format!("{:?}", engine.client().wait("running").param("id", "secret"));
    assert!(
        shown.contains("running") && shown.contains("id") && !shown.contains("secret"),
        "{shown}"
    );
}

#[cfg(feature = "blocking")]
#[test]
fn a_thread_may_wait() {
    let engine = going(&["running", "exited"]);
    let client = engine.builder().build_blocking().unwrap();
    let exited = client.wait("exited").param("id", "web").delay(SOON).call().unwrap();
    assert_eq!(exited.told(), &json!(7));
    let long = client.wait("running").param("id", "web").timeout(Duration::from_secs(9));
    assert_eq!(long.call().unwrap_err().code(), "wait-failed");
}
