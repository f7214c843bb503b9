//! How long things may take, where that is said.

use std::process::Stdio;

use crate::Engine;
use crate::command::told;

/// The head begins, and does not end.
const SILENT: &str = "HTTP/1.1 200 OK\r\nX-Test: …";
const STUCK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{…";
const SOCKET: &str = "HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\nout…";

#[track_caller]
fn check(answers: &[&'static str], call: &[&str], expected: &str) {
    let engine = Engine::new(answers);
    let mut command = engine.command(call);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // Its end would end a socket.
    let _stdin = child.stdin.take();
    let output = child.wait_with_output().unwrap();
    let socket = engine.folder.path().join("s").display().to_string();
    assert_eq!(told(&output).replace(&socket, "/s"), expected, "{call:?}");
}

const LATE: &str = "--- standard error\nerror: docker at unix:///s was not done within 200ms\n  \
                    hint: `--timeout` allows more time, `--timeout never` any amount\n--- status 1";

#[test]
fn a_call_ends_in_its_time() {
    let timeout = ["--timeout", "200ms"];
    for call in [
        &["invoke", "docker", "ContainerList"][..],
        &["invoke", "docker@v1.41", "ContainerList"],
        &["request", "docker", "GET", "/x"],
    ] {
        check(&[SILENT], &[call, &timeout].concat(), LATE);
    }
    let call = ["invoke", "docker@v1.41", "ContainerList"];
    check(&[STUCK], &[&call[..], &timeout].concat(), LATE);
}

/// However long nobody says anything.
#[test]
fn a_socket_ends_in_the_time_of_its_call() {
    let timeout = ["--as", "socket", "--timeout", "200ms"];
    let out = format!("out…{LATE}");
    let request = ["request", "docker", "POST", "/x"];
    check(&[SOCKET], &[&request[..], &timeout].concat(), &out);
    let exec =
        "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{\"ProcessConfig\":{},\"OpenStdin\":false}";
    let invoke = ["invoke", "docker@v1.41", "ExecStart", "id=x"];
    check(&[exec, SOCKET], &[&invoke[..], &timeout].concat(), &out);
    check(&[exec, SILENT], &[&invoke[..], &timeout].concat(), LATE);
}

#[test]
fn a_connection_stands_in_its_time() {
    let late = "--- standard error\nerror: docker at unix:///s did not answer within 200ms\n  \
                hint: `--connect-timeout` allows more time, `--host` names another address\n\
                --- status 1";
    for call in [
        &["invoke", "docker", "ContainerList", "--timeout", "20s"][..],
        &["wait", "docker", "running", "id=x", "--timeout", "20s"],
    ] {
        check(&[SILENT], &[call, &["--connect-timeout", "200ms"]].concat(), late);
    }
}

#[test]
fn no_time_is_refused() {
    for (command, option) in [
        ("invoke docker ContainerList", "--timeout"),
        ("request docker GET /x", "--timeout"),
        ("wait docker running id=x", "--timeout"),
        ("invoke docker ContainerList", "--connect-timeout"),
    ] {
        let words: Vec<&str> = command.split(' ').chain([option, "0"]).collect();
        let expected = format!(
            "--- standard error\nerror: invalid value '0' for '{option} <TIME>': that leaves no time; \
             `never` is no limit\n\nFor more information, try '--help'.\n--- status 2"
        );
        check(&[], &words, &expected);
    }
}
