//! `wait`: what it writes, and how it ends.

use std::time::{Duration, Instant};

use crate::command::told;
use crate::{Engine, check};

const RUNNING: &str = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\
                       Connection: close\r\n\r\n{\"State\":{\"Status\":\"running\"},\"Config\":{}}";
const EXITED: &str = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n\
                      {\"State\":{\"Status\":\"exited\",\"ExitCode\":3}}";
const GONE: &str = "HTTP/1.1 404 Not Found\r\nContent-Type: application/json\r\n\
                    Connection: close\r\n\r\n{\"message\":\"No such container: web\"}";

/// The answer begins, and does not end.
const STUCK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{…";

const WAIT: [&str; 2] = ["wait", "docker@v1.41"];
const ASKED: &str = "GET /v1.41/containers/web/json";

#[test]
fn a_state_is_reached() {
    let call = |state| [&WAIT[..], &[state, "id=web", "--delay", "10ms"]].concat();
    let twice = format!("{ASKED}\n{ASKED}");
    check(&[RUNNING], &call("running"), ASKED, "--- status 0");
    check(&[RUNNING, GONE], &call("removed"), &twice, "--- status 0");
    // What it tells, in every form.
    let exited = call("exited");
    check(&[RUNNING, EXITED], &exited, &twice, "3\n--- status 0");
    for form in ["table", "json", "raw"] {
        check(&[EXITED], &[&exited[..], &["-o", form]].concat(), ASKED, "3\n--- status 0");
    }
}

#[test]
fn a_state_is_not_reached() {
    let call = |state| [&WAIT[..], &[state, "id=web", "--delay", "10ms"]].concat();
    let error = "--- standard error\nerror: ";
    let operation = "`ContainerInspect` (GET /v1.41/containers/web/json)";
    let stopped = format!(
        "{error}`running` will not be reached at {operation}: the container has stopped\n--- status 1"
    );
    check(&[EXITED], &call("running"), ASKED, &stopped);
    let unchecked = format!(
        "{error}`healthy` will not be reached at {operation}: the container has no health check\n\
         --- status 1"
    );
    check(&[RUNNING], &call("healthy"), ASKED, &unchecked);
    let gone =
        format!("{error}docker answered 404 to {operation}: No such container: web\n--- status 4");
    check(&[GONE], &call("running"), ASKED, &gone);
    let slow = [&WAIT[..], &["exited", "id=web", "--delay", "60", "--timeout", "2s"]].concat();
    let late = format!(
        "{error}`exited` was not reached within 2s at {operation}: `/State/Status` is `running`\n  \
         hint: `--timeout` allows more time, `--timeout never` any amount\n--- status 1"
    );
    check(&[RUNNING], &slow, ASKED, &late);
}

#[test]
fn what_is_wrong_is_not_sent() {
    let wrong = |words: &[&str], text: &str| {
        check(
            &[],
            &[&WAIT[..], words].concat(),
            "",
            &format!("--- standard error\n{text}\n--- status 2"),
        );
    };
    wrong(
        &["helthy", "id=web"],
        "error: unknown state `helthy` in docker v1.41\n  hint: did you mean `healthy`? there are \
         `exec-exited`, `exited`, `healthy`, `removed`, `running`",
    );
    wrong(
        &["healthy", "web"],
        "error: `web` is not of the form `key=value`\n  hint: write `id=web`",
    );
    wrong(
        &["healthy", "name=web"],
        "error: unknown parameter `name` of `ContainerInspect` in docker v1.41\n  hint: it takes `id`, `size`",
    );
}

/// ^C ends it, and `--timeout` bounds an engine that says nothing.
#[test]
fn it_ends_when_it_is_told_to() {
    let engine = Engine::new(&[STUCK]);
    let begun = Instant::now();
    let output = engine.run(&[&WAIT[..], &["running", "id=web", "--timeout", "100ms"]].concat());
    let text = told(&output);
    assert!(
        text.contains("`running` was not reached within 100ms") && text.ends_with("1"),
        "{text}"
    );

    let engine = Engine::new(&[STUCK]);
    let mut child =
        engine.command(&[&WAIT[..], &["exited", "id=web"]].concat()).spawn().expect("the command");
    // It has begun once its request is there.
    engine.requests.recv_timeout(Duration::from_secs(20)).expect("a request");
    let kill = std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status();
    assert!(kill.expect("kill").success());
    assert_eq!(child.wait().expect("an end").code(), Some(130));
    assert!(begun.elapsed() < Duration::from_secs(60));
}
