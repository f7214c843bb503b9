//! `--as socket`: it ends as the process did that it was joined with.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{Read as _, Write as _};
use std::net::Shutdown;
use std::os::unix::net::{UnixListener, UnixStream};
use std::process::Stdio;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::command::{contajners, told};
use crate::{Engine, request};

const RUNNING: &str = r#"{"Status":"running","Running":true,"ExitCode":0}"#;
const CREATED: &str = r#"{"Status":"created","Running":false,"ExitCode":0}"#;
const EXITED: &str = r#"{"Status":"exited","Running":false,"ExitCode":7}"#;
const GONE: &str = "";

/// What an engine says to `…/wait` when the output has ended, after it has said that it waits.
#[derive(Clone, Copy)]
enum Waited {
    Says(&'static str),
    BreaksOff,
    /// Nothing until the caller goes.
    Holds,
    /// Not even that it waits.
    Refuses,
}

/// An engine with one container or exec.
struct Attached {
    folder: TempDir,
    seen: Arc<Seen>,
}

#[derive(Default)]
struct Seen {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    requests: Vec<String>,
    /// What looks at it find, one after another; the last one stays.
    looks: VecDeque<String>,
    has_ended: bool,
}

impl Attached {
    fn new(looks: &[&str], waited: Waited) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let listener = UnixListener::bind(folder.path().join("s")).unwrap();
        let seen = Arc::<Seen>::default();
        seen.state.lock().unwrap().looks = looks.iter().map(|&look| look.into()).collect();
        let shared = seen.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let seen = shared.clone();
                std::thread::spawn(move || seen.answer(stream.unwrap(), waited));
            }
        });
        Self { folder, seen }
    }

    #[track_caller]
    fn check(&self, call: &[&str], expected: &str) {
        let mut command = contajners(&[&["invoke"], call, &["--as", "socket"]].concat());
        command.arg("--host").arg(format!("unix://{}/s", self.folder.path().display()));
        let output = command.stdin(Stdio::null()).output().unwrap();
        let text = told(&output).replace(&self.folder.path().display().to_string(), "");
        assert_eq!(text, expected);
    }

    fn requests(&self) -> String {
        self.seen.state.lock().unwrap().requests.join("\n")
    }
}

impl Seen {
    fn answer(&self, mut stream: UnixStream, waited: Waited) {
        let line = request(&stream);
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.requests.push(line.clone());
        // A caller that has enough may have gone.
        let mut say = |text: &str| drop(stream.write_all(text.as_bytes()));
        if line.starts_with("GET ") {
            let is_last = state.looks.len() == 1;
            let look =
                if is_last { state.looks[0].clone() } else { state.looks.pop_front().unwrap() };
            let head = if look == GONE { "404 Not Found" } else { "200 OK" };
            let body = match look.as_str() {
                GONE => "{\"message\":\"No such container: x\"}".to_owned(),
                exec if exec.contains("ProcessConfig") => exec.to_owned(),
                state => format!("{{\"State\":{state},\"Config\":{{\"StdinOnce\":true}}}}"),
            };
            let kind = "Content-Type: application/json\r\nConnection: close";
            say(&format!("HTTP/1.1 {head}\r\n{kind}\r\n\r\n{body}"));
        } else if !line.contains("/wait") {
            say("HTTP/1.1 101 UPGRADED\r\nContent-Type: application/vnd.docker.raw-stream\r\n\
                 Connection: Upgrade\r\nUpgrade: tcp\r\n\r\n\x01\0\0\0\0\0\0\x03out");
            state.has_ended = true;
            self.changed.notify_all();
        } else if let Waited::Refuses = waited {
            say("HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\nno such condition");
        } else {
            say(
                "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n",
            );
            drop(self.changed.wait_while(state, |state| !state.has_ended));
            match waited {
                Waited::Says(text) => say(&format!("{:x}\r\n{text}\r\n0\r\n\r\n", text.len())),
                Waited::Holds => drop(std::io::copy(&mut &stream, &mut std::io::sink())),
                Waited::BreaksOff | Waited::Refuses => {}
            }
        }
        let _ = stream.shutdown(Shutdown::Both);
    }
}

const ATTACH: [&str; 5] = ["docker@v1.41", "ContainerAttach", "id=x", "stream=true", "stdout=true"];
const SEVEN: Waited = Waited::Says("{\"Error\":null,\"StatusCode\":7}\n");

#[test]
fn a_container_that_is_gone_has_told_its_status() {
    let engine = Attached::new(&[RUNNING, GONE], SEVEN);
    engine.check(&ATTACH, "out--- status 7");
    assert_eq!(
        engine.requests(),
        "GET /v1.41/containers/x/json\nPOST /v1.41/containers/x/wait?condition=next-exit\n\
         POST /v1.41/containers/x/attach?stream=true&stdout=true"
    );
    // One that has not begun is waited for until it has, and ended.
    let engine = Attached::new(&[CREATED, GONE], SEVEN);
    engine.check(&ATTACH, "out--- status 7");
    // In the oldest version that cannot be asked for.
    let oldest = [&["docker@v1.25"], &ATTACH[1..]].concat();
    let engine = Attached::new(&[CREATED, EXITED], Waited::Refuses);
    engine.check(&oldest, "out--- status 7");
    assert!(!engine.requests().contains("/wait"), "{}", engine.requests());
    let engine = Attached::new(&[RUNNING, GONE], SEVEN);
    engine.check(&oldest, "out--- status 7");
    let asks = |line: &str| line.ends_with("/containers/x/wait");
    assert!(engine.requests().lines().any(asks), "{}", engine.requests());
}

/// What ended just before it was watched is never told of.
#[test]
fn a_container_that_nobody_watched_is_looked_at() {
    let engine = Attached::new(&[RUNNING, EXITED], Waited::Holds);
    engine.check(&ATTACH, "out--- status 7");
}

#[test]
fn podmans_own_waiting_tells_a_number() {
    let engine = Attached::new(&[CREATED, GONE], Waited::Says("7\n"));
    let attach = ["podman@v4.3.1", "ContainerAttachLibpod", "name=x", "stdout=true"];
    engine.check(&attach, "out--- status 7");
    let asks = |line: &str| line.ends_with("/libpod/containers/x/wait");
    assert!(engine.requests().lines().any(asks), "{}", engine.requests());
}

/// Output may end before the engine knows that the process has.
#[test]
fn a_process_that_still_runs_is_looked_at_again() {
    let engine = Attached::new(&[RUNNING, RUNNING, RUNNING, EXITED], Waited::Refuses);
    engine.check(&ATTACH, "out--- status 7");
    let exec = |rest: &str| format!("{{\"ProcessConfig\":{{}},\"OpenStdin\":false,{rest}}}");
    let looks = [
        exec("\"Running\":false,\"ExitCode\":null"),
        exec("\"Running\":true,\"ExitCode\":null"),
        exec("\"Running\":true,\"ExitCode\":null"),
        exec("\"Running\":false,\"ExitCode\":7"),
    ];
    let looks: Vec<&str> = looks.iter().map(|look| &**look).collect();
    let engine = Attached::new(&looks, Waited::Refuses);
    engine.check(&["docker@v1.41", "ExecStart", "id=x"], "out--- status 7");
}

#[test]
fn what_is_lost_is_told() {
    let gone = "out--- standard error\n\
                note: the process is gone, and so is its exit status\n--- status 0";
    Attached::new(&[RUNNING, GONE], Waited::Refuses).check(&ATTACH, gone);
    let failed = Waited::Says("{\"StatusCode\":0,\"Error\":{\"Message\":\"it is stuck\"}}");
    let told = "out--- standard error\nerror: `ContainerWait` failed: it is stuck\n--- status 5";
    Attached::new(&[RUNNING], failed).check(&ATTACH, told);
    // As when the engine is killed, and begins again while the container runs on.
    let broken = "out--- standard error\nerror: the connection to docker at unix:///s broke\n  \
                  caused by: error reading a body from connection\n  \
                  caused by: unexpected EOF during chunk size line\n--- status 1";
    Attached::new(&[RUNNING, GONE], Waited::BreaksOff).check(&ATTACH, broken);
    Attached::new(&[RUNNING, EXITED], Waited::BreaksOff).check(&ATTACH, "out--- status 7");
}

/// Nothing is waited for that may well run on.
#[test]
fn a_process_that_was_left_is_not_waited_for() {
    let begun = Instant::now();
    let own_keys = [&ATTACH[..], &["stdin=true", "detachKeys=ctrl-x"]].concat();
    Attached::new(&[RUNNING], Waited::Holds).check(&own_keys, "out--- status 0");
    let logs = ["docker@v1.41", "ContainerAttach", "id=x", "logs=true", "stdout=true"];
    let engine = Attached::new(&[RUNNING], Waited::Holds);
    engine.check(&logs, "out--- status 0");
    assert!(!engine.requests().contains("/wait"), "{}", engine.requests());
    assert!(begun.elapsed() < Duration::from_secs(9));
}

/// Whether the container runs does not matter then.
#[test]
fn what_never_becomes_a_socket_is_told_as_that() {
    let engine = Engine::new(&[]);
    let create = ["invoke", "docker@v1.41", "ContainerCreate", "--no-check", "--as", "socket"];
    assert!(told(&engine.run(&[&create[..], &["-d", "{}"]].concat())).contains(" makes no socket"));
    let words = ["invoke", "docker@v1.41", "ContainerStart", "id=x", "--as", "socket"];
    assert_eq!(
        told(&engine.run(&words)),
        "--- standard error\nerror: `ContainerStart` (POST /v1.41/containers/x/start) makes no socket\n  \
         hint: attach, exec and sessions make sockets\n--- status 2"
    );
    assert_eq!(engine.requests(), "");
}

/// It would run all the same, and nobody would hear of it.
#[test]
fn what_runs_by_itself_is_not_joined() {
    for field in ["Detach", "detach"] {
        let engine = Engine::new(&[]);
        let body = format!("{{\"{field}\":true}}");
        let words = ["invoke", "docker@v1.41", "ExecStart", "id=x", "--as", "socket", "-d", &body];
        let said = format!(
            "--- standard error\nerror: `ExecStart` with `{field}` makes no socket\n  \
             hint: leave out `--as socket`, or `{field}`\n--- status 2"
        );
        assert_eq!(told(&engine.run(&words)), said);
        assert_eq!(engine.requests(), "");
    }
    let exec = "{\"ProcessConfig\":{},\"OpenStdin\":false,\"Running\":false,\"ExitCode\":null}";
    let engine = Attached::new(&[exec], Waited::Refuses);
    let attached = ["docker@v1.41", "ExecStart", "id=x", "-d", "{\"Detach\":false}"];
    engine.check(&attached, "out--- status 0");
}

/// An exec that was created so that nobody gets its output runs all the same.
#[test]
fn output_that_nobody_gets_is_told_of() {
    let check = |terminal: bool, [stdout, stderr]: [bool; 2], note: &str| {
        let exec = |rest: &str| {
            format!(
                "{{\"ProcessConfig\":{{\"tty\":{terminal}}},\"OpenStdin\":false,\
                 \"OpenStdout\":{stdout},\"OpenStderr\":{stderr},\"Running\":false,{rest}}}"
            )
        };
        let looks = [exec("\"ExitCode\":null"), exec("\"ExitCode\":7")];
        let engine = Attached::new(&[&looks[0], &looks[1]], Waited::Refuses);
        // A terminal's output has no frames.
        let out = if terminal { "\u{1}\0\0\0\0\0\0\u{3}out" } else { "out" };
        let note = match note {
            "" => String::new(),
            note => format!("--- standard error\nnote: {note}\n"),
        };
        engine.check(&["docker@v1.41", "ExecStart", "id=x"], &format!("{out}{note}--- status 7"));
    };
    let created = "the exec was created without";
    let both = format!("its output is lost: {created} `AttachStdout` and `AttachStderr`");
    check(false, [false, false], &both);
    let one = format!("its standard output is lost: {created} `AttachStdout`");
    check(false, [false, true], &one);
    let one = format!("its standard error is lost: {created} `AttachStderr`");
    check(false, [true, false], &one);
    check(false, [true, true], "");
    check(true, [false, false], &format!("its output is lost: {created} `AttachStdout`"));
    check(true, [true, false], "");
}

/// Of a terminal the end of input is a key, which behind an unfinished line hands over that line.
#[test]
fn the_end_of_input_is_typed_on_a_terminal() {
    const UNREADABLE: &str = "--- standard error\nwarning: cannot read standard input: \
                              Is a directory (os error 21)\n--- status 0";
    let sent = |input: Option<&str>| {
        let folder = tempfile::tempdir().unwrap();
        let listener = UnixListener::bind(folder.path().join("s")).unwrap();
        let engine = std::thread::spawn(move || {
            let exec = r#"{"ProcessConfig":{"tty":true},"OpenStdin":true}"#;
            let (mut stream, _) = listener.accept().unwrap();
            request(&stream);
            let head = "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n";
            stream.write_all(format!("{head}{exec}").as_bytes()).unwrap();
            drop(stream);
            let (mut stream, _) = listener.accept().unwrap();
            request(&stream);
            let head = "HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n";
            stream.write_all(head.as_bytes()).unwrap();
            let (mut typed, mut piece) = (Vec::new(), [0; 100]);
            while !typed.ends_with(b"\x04") {
                let length = stream.read(&mut piece).unwrap();
                typed.extend_from_slice(&piece[..length]);
            }
            drop(stream);
            // How it has ended is asked for.
            while let Ok((mut stream, _)) = listener.accept() {
                let line = request(&stream);
                let ended = r#"{"ProcessConfig":{},"Running":false,"ExitCode":0}"#;
                let head = "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n";
                stream.write_all(format!("{head}{ended}").as_bytes()).unwrap();
                if line.starts_with("GET") {
                    break;
                }
            }
            String::from_utf8(typed).unwrap()
        });
        let mut command =
            contajners(&["invoke", "docker@v1.41", "ExecStart", "id=x", "--as", "socket"]);
        command.arg("--host").arg(format!("unix://{}/s", folder.path().display()));
        let (stdin, said) = match input {
            Some(_) => (Stdio::piped(), "--- status 0"),
            None => (File::open(folder.path()).unwrap().into(), UNREADABLE),
        };
        let mut child =
            command.stdin(stdin).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        if let Some(input) = input {
            child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        }
        assert_eq!(told(&child.wait_with_output().unwrap()), said, "{input:?}");
        engine.join().unwrap()
    };
    for (input, expected) in
        [("", "\x04"), ("a\nb\n", "a\nb\n\x04"), ("a\r", "a\r\x04"), ("a\nb", "a\nb\x04\x04")]
    {
        assert_eq!(sent(Some(input)), expected);
    }
    // What cannot be read is at its end.
    assert_eq!(sent(None), "\x04");
}

/// A request that no spec knows becomes a socket, too: bytes go both ways, and that is all.
#[test]
fn a_raw_request_becomes_a_socket() {
    let run = |answer: &'static str, body: &[&str]| {
        let engine = Engine::new(&[answer]);
        let call = ["request", "docker", "POST", "/x", "--as", "socket"];
        let mut command = engine.command(&[&call[..], body].concat());
        let output = command.stdin(Stdio::null()).output().unwrap();
        (told(&output), engine.requests())
    };
    let raw = "HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\nout";
    let json = ["-d", "{\"Tty\":true}"];
    let (said, request) = run(raw, &json);
    assert_eq!(said, "out--- status 0");
    assert_eq!(request, "POST /x [application/json] {\"Tty\":true}");
    let frames = "HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n\
                  \x01\0\0\0\0\0\0\x03out\x02\0\0\0\0\0\0\x03err";
    assert_eq!(run(frames, &[]).0, "out--- standard error\nerr--- status 0");
    let (said, _) = run("HTTP/1.1 404 Not Found\r\nConnection: close\r\n\r\nno", &[]);
    assert!(said.ends_with("docker answered 404 to `POST /x`: no\n--- status 4"), "{said}");
}

/// What engines say late or not at all is refused before anything is opened.
#[test]
fn what_has_ended_is_not_joined() {
    let inspected = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 29\r\n\
                     Connection: close\r\n\r\n{\"State\":{\"Status\":\"exited\"}}";
    let engine = Engine::new(&[inspected]);
    let words =
        ["invoke", "docker@v1.41", "ContainerAttach", "id=x", "stream=true", "--as", "socket"];
    assert_eq!(
        told(&engine.run(&words)),
        "--- standard error\n\
         error: `ContainerAttach` needs a running container; this one is `exited`\n  \
         hint: start it first; `logs=true stream=false` shows its output so far\n--- status 2"
    );
    assert!(engine.requests().starts_with("GET /v1.41/containers/x/json"));
}

/// Runs an exec that does not read its input, at an engine that resets the connection at its end, and
/// then says this of it.
fn reset(then: &'static str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let listener = UnixListener::bind(folder.path().join("s")).unwrap();
    std::thread::spawn(move || {
        let mut look = "\"Running\":false,\"ExitCode\":null";
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            if request(&stream).starts_with("GET ") {
                let body = format!("{{\"ProcessConfig\":{{}},\"OpenStdin\":true,{look}}}");
                let kind = "Content-Type: application/json\r\nConnection: close";
                let answer = format!("HTTP/1.1 200 OK\r\n{kind}\r\n\r\n{body}");
                let _ = stream.write_all(answer.as_bytes());
            } else {
                look = then;
                let head = "HTTP/1.1 101 UPGRADED\r\nContent-Type: application/vnd.docker.raw-stream\
                            \r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n\x01\0\0\0\0\0\0\x03out";
                stream.write_all(head.as_bytes()).unwrap();
                // Some of the input is there when it goes.
                std::thread::sleep(Duration::from_millis(300));
            }
        }
    });
    let mut command =
        contajners(&["invoke", "docker@v1.41", "ExecStart", "id=x", "--as", "socket"]);
    command.arg("--host").arg(format!("unix://{}/s", folder.path().display()));
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    std::thread::spawn(move || while input.write_all(&[b'x'; 1000]).is_ok() {});
    told(&child.wait_with_output().unwrap())
}

/// As podman does.
#[test]
fn a_process_whose_connection_is_reset_has_told_its_status() {
    assert_eq!(reset("\"Running\":false,\"ExitCode\":9"), "out--- status 9");
    let cut = reset("\"Running\":true,\"ExitCode\":null");
    assert!(cut.starts_with("out--- standard error\nerror: the connection to docker at"), "{cut}");
    assert!(cut.ends_with("--- status 1"), "{cut}");
}
