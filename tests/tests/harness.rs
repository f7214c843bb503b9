//! Proves the harness itself: engines come up, work, and leave nothing behind.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use contajners_tests::{
    EngineError, Front, Kind, PrivateEngine, Shown, Target, image, leftovers, skip,
};

#[test]
fn docker_comes_up_and_leaves_nothing() {
    check_cycle(Kind::Docker);
}

#[test]
fn podman_comes_up_and_leaves_nothing() {
    check_cycle(Kind::Podman);
}

#[test]
fn docker_dies_with_its_owner() {
    check_kill(Kind::Docker);
}

#[test]
fn podman_dies_with_its_owner() {
    check_kill(Kind::Podman);
}

#[test]
fn docker_with_tls_leaves_nothing() {
    check_tls(Kind::Docker);
}

#[test]
fn podman_with_tls_leaves_nothing() {
    check_tls(Kind::Podman);
}

#[test]
fn engines_of_a_test_binary_are_started_once() {
    for engine in [contajners_tests::docker, contajners_tests::podman] {
        if let (Some(one), Some(two)) = (engine(), engine()) {
            assert_eq!(one.socket(), two.socket());
        }
    }
}

fn check_cycle(kind: Kind) {
    let Some(engine) = start(kind) else { return };
    let name = engine.folder().file_name().unwrap().to_str().unwrap().to_owned();
    assert!(!leftovers::of(&name).is_empty(), "nothing is found of a running engine");
    assert!(leftovers::of_the_dead().iter().all(|line| !line.contains(&name)));

    let mut stream = UnixStream::connect(engine.socket()).unwrap();
    let answer = talk(&mut stream, "GET", "/_ping", "", b"");
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.ends_with("OK"), "{answer}");

    let front = Front::tcp(Target::Unix(engine.socket().to_owned())).unwrap();
    let mut stream = TcpStream::connect(front.uri().strip_prefix("tcp://").unwrap()).unwrap();
    let answer = talk(&mut stream, "HEAD", "/_ping", "", b"");
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    assert!(answer.to_lowercase().contains("\r\napi-version: 1."), "{answer}");

    let id = run_container(engine.socket(), "cat /etc/greeting; exit 3");
    let done = call(engine.socket(), "POST", &format!("/v1.41/containers/{id}/wait"), "", b"");
    assert!(done.contains(r#""StatusCode":3"#), "{done}");
    let logs =
        call(engine.socket(), "GET", &format!("/v1.41/containers/{id}/logs?stdout=1"), "", b"");
    assert!(logs.contains("hello from the image"), "{logs}");

    // One that ignores the polite signals, as the first process of its namespace does.
    run_container(engine.socket(), "sleep 1000");
    pause_container(engine.socket());
    drop(engine);
    assert_eq!(leftovers::of(&name), Vec::<String>::new());
}

fn check_tls(kind: Kind) {
    let Some(engine) = usable(PrivateEngine::start_with_tls(kind, Shown::Good)) else { return };
    let name = engine.folder().file_name().unwrap().to_str().unwrap().to_owned();
    let address = engine.tls_address();
    assert!(TcpStream::connect(address).is_ok());
    drop(engine);
    assert_eq!(leftovers::of(&name), Vec::<String>::new());
    assert!(TcpStream::connect(address).is_err());
}

fn check_kill(kind: Kind) {
    // The victim would fail where this one skips.
    let Some(engine) = start(kind) else { return };
    drop(engine);

    let mut victim = Command::new(env!("CARGO_BIN_EXE_private-engine"))
        .arg(kind.name())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(victim.stdout.take().unwrap()).lines();
    let mut line = || lines.next().expect("the victim started its engine").unwrap();
    let (uri, folder) = (line(), line());
    let socket = Path::new(uri.strip_prefix("unix://").unwrap());
    run_container(socket, "sleep 1000");
    pause_container(socket);
    let name = folder.rsplit('/').next().unwrap();
    assert!(!leftovers::of(name).is_empty());

    victim.kill().unwrap();
    victim.wait().unwrap();
    let limit = Instant::now() + Duration::from_secs(60);
    while !leftovers::of(name).is_empty() && Instant::now() < limit {
        thread::sleep(Duration::from_millis(50));
    }
    assert_eq!(leftovers::of(name), Vec::<String>::new());
}

#[track_caller]
fn start(kind: Kind) -> Option<PrivateEngine> {
    usable(PrivateEngine::start(kind))
}

#[track_caller]
fn usable(started: Result<PrivateEngine, EngineError>) -> Option<PrivateEngine> {
    match started {
        Ok(engine) => Some(engine),
        Err(error @ (EngineError::NotInstalled { .. } | EngineError::NotRoot { .. })) => {
            skip(&error.to_string());
            None
        }
        Err(error) => panic!("{error}"),
    }
}

/// Loads the image, starts a shell command in it and returns the id of the container.
#[track_caller]
fn run_container(engine: &Path, command: &str) -> String {
    let archive = image::busybox_archive().unwrap();
    let loaded = call(engine, "POST", "/v1.41/images/load", "application/x-tar", archive);
    assert!(loaded.contains(image::BUSYBOX), "{loaded}");
    let body = format!(r#"{{"Image":"{}","Cmd":["sh","-c","{command}"]}}"#, image::BUSYBOX);
    let path = "/v1.41/containers/create";
    let created = call(engine, "POST", path, "application/json", body.as_bytes());
    let id = created.split(r#""Id":""#).nth(1).and_then(|rest| rest.split('"').next());
    let id = id.unwrap_or_else(|| panic!("{created}")).to_owned();
    let started = call(engine, "POST", &format!("/v1.41/containers/{id}/start"), "", b"");
    assert!(started.starts_with("HTTP/1.1 204 "), "{started}");
    id
}

/// Starts a container and pauses it, so that no signal reaches it.
#[track_caller]
fn pause_container(engine: &Path) {
    let id = run_container(engine, "sleep 1000");
    let paused = call(engine, "POST", &format!("/v1.41/containers/{id}/pause"), "", b"");
    assert!(paused.starts_with("HTTP/1.1 204 "), "{paused}");
}

fn call(engine: &Path, method: &str, path: &str, kind: &str, body: &[u8]) -> String {
    talk(&mut UnixStream::connect(engine).unwrap(), method, path, kind, body)
}

/// Sends one request and returns all of the answer, chunk sizes included.
fn talk(
    stream: &mut (impl Read + Write),
    method: &str,
    path: &str,
    kind: &str,
    body: &[u8],
) -> String {
    let length = body.len();
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nHost: engine\r\nConnection: close\r\n\
         Content-Type: {kind}\r\nContent-Length: {length}\r\n\r\n"
    )
    .unwrap();
    stream.write_all(body).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}
