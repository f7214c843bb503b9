//! `invoke` and `request` against a scripted engine on a unix socket.

mod bodies;
#[path = "../command/mod.rs"]
mod command;
mod faults;
mod folders;
mod hints;
mod limits;
mod sockets;
mod waiting;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::Shutdown;
use std::os::unix::net::{UnixListener, UnixStream};
use std::process::{Command, Output, Stdio};
use std::sync::mpsc::{Receiver, channel};

use command::{contajners, told};
use tempfile::TempDir;

/// An engine that gives the answers it was told to, one a connection.
struct Engine {
    folder: TempDir,
    requests: Receiver<String>,
}

impl Engine {
    fn new(answers: &[&'static str]) -> Self {
        let answers = answers.to_vec();
        let folder = tempfile::tempdir().unwrap();
        let listener = UnixListener::bind(folder.path().join("s")).unwrap();
        let (sender, requests) = channel();
        std::thread::spawn(move || {
            for answer in answers {
                let Ok((mut stream, _)) = listener.accept() else { return };
                let _ = sender.send(request(&stream));
                // A caller that has enough may have gone.
                let _ = stream.write_all(answer.as_bytes());
                if answer.ends_with("…") {
                    // Until the caller goes, more may come.
                    let _ = stream.read(&mut [0]);
                }
                let _ = stream.shutdown(Shutdown::Both);
            }
        });
        Self { folder, requests }
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = contajners(arguments);
        command.arg("--host").arg(format!("unix://{}/s", self.folder.path().display()));
        command
    }

    fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// All requests that came, one after another.
    fn requests(&self) -> String {
        self.requests.try_iter().collect::<Vec<_>>().join("\n")
    }
}

/// Reads a request: its first line, content type and body.
fn request(stream: &UnixStream) -> String {
    let mut reader = BufReader::new(stream);
    let mut line = || {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    };
    let mut text = line().replace(" HTTP/1.1", "");
    let (mut length, mut chunked) = (0, false);
    loop {
        let header = line();
        let Some((name, value)) = header.split_once(": ") else { break };
        match &*name.to_ascii_lowercase() {
            "content-length" => length = value.parse().unwrap(),
            "transfer-encoding" => chunked = true,
            "content-type" | "x-test" | "x-registry-auth" => text += &format!(" [{value}]"),
            _ => {}
        }
    }
    let mut body = Vec::new();
    if chunked {
        loop {
            let mut size = String::new();
            reader.read_line(&mut size).unwrap();
            let size = usize::from_str_radix(size.trim_end(), 16).unwrap();
            let mut chunk = vec![0; size + 2];
            reader.read_exact(&mut chunk).unwrap();
            body.extend_from_slice(&chunk[..size]);
            if size == 0 {
                break;
            }
        }
    } else {
        body.resize(length, 0);
        reader.read_exact(&mut body).unwrap();
    }
    if !body.is_empty() {
        text += &format!(" {}", String::from_utf8_lossy(&body));
    }
    text
}

#[track_caller]
fn check(answer: &[&'static str], arguments: &[&str], request: &str, expected: &str) {
    let engine = Engine::new(answer);
    let output = engine.run(arguments);
    assert_eq!(told(&output), expected);
    assert_eq!(engine.requests(), request);
}

const LIST: &str = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\
                    Connection: close\r\n\r\n[ {\"b\": 1.0, \"a\": \"x y\"} ]\n";

#[test]
fn headers_of_the_docker_command_are_sent_where_its_address_is_taken() {
    let folder = tempfile::tempdir().unwrap();
    let config = r#"{"HttpHeaders":{"X-Test":"blue"}}"#;
    std::fs::write(folder.path().join("config.json"), config).unwrap();
    let engine = Engine::new(&[DONE]);
    let mut ping = contajners(&["invoke", "docker@v1.41", "SystemPing", "-v"]);
    ping.env("DOCKER_CONFIG", folder.path());
    ping.env("DOCKER_HOST", format!("unix://{}/s", engine.folder.path().display()));
    let said = told(&ping.output().unwrap());
    assert_eq!(engine.requests(), "GET /v1.41/_ping [blue]");
    assert!(said.contains("x-test: (secret)") && !said.contains("blue"), "{said}");
    // Who names another address does without.
    let given = Engine::new(&[DONE]);
    let mut ping = given.command(&["invoke", "docker@v1.41", "SystemPing"]);
    ping.env("DOCKER_CONFIG", folder.path()).output().unwrap();
    assert_eq!(given.requests(), "GET /v1.41/_ping");
}

/// It may be the reason of something later.
#[test]
fn what_was_passed_over_is_told_when_all_goes_well() {
    let answer = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n[]";
    check(
        &[answer],
        &["invoke", "docker@v1.41", "ContainerList", "filters=x"],
        "GET /v1.41/containers/json?filters=x",
        "[]\n--- standard error\nwarning: `filters` takes JSON, and the text that was given is none\n\
         --- status 0",
    );
    let engine = Engine::new(&[answer]);
    let mut pull =
        engine.command(&["invoke", "docker@v1.41", "ImageCreate", "fromImage=plain.example/a"]);
    let said = told(&pull.env("DOCKER_AUTH_CONFIG", "{bad").output().unwrap());
    let expected = "warning: `DOCKER_AUTH_CONFIG` cannot be used: no JSON at line 1 column 2\n";
    assert!(said.contains(expected) && said.ends_with("--- status 0"), "{said}");
}

#[test]
fn json_is_laid_out_and_keeps_its_order() {
    let call = ["invoke", "docker@v1.41", "ContainerList", "all=true"];
    let request = "GET /v1.41/containers/json?all=true";
    check(&[LIST], &call, request, "[{\"b\":1.0,\"a\":\"x y\"}]\n--- status 0");
    let pretty = "[\n  {\n    \"b\": 1.0,\n    \"a\": \"x y\"\n  }\n]\n--- status 0";
    check(&[LIST], &[&call[..], &["-o", "table"]].concat(), request, pretty);
    let lines = "{\"b\":1.0,\"a\":\"x y\"}\n--- status 0";
    check(&[LIST], &[&call[..], &["-o", "ndjson"]].concat(), request, lines);
    let received = "[ {\"b\": 1.0, \"a\": \"x y\"} ]\n--- status 0";
    check(&[LIST], &[&call[..], &["-o", "raw"]].concat(), request, received);
    check(&[LIST], &[&call[..], &["--as", "stream"]].concat(), request, received);
}

#[test]
fn what_is_not_as_the_spec_has_it_is_told() {
    let created = "HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n{\"Id\":\"x\"}";
    let run = |more: &[&str]| {
        let engine = Engine::new(&[created]);
        let call = ["invoke", "docker@v1.41", "ContainerCreate", "-d", r#"{"Imag":"x"}"#];
        let output = told(&engine.run(&[&call[..], more].concat()));
        (output, engine.requests().lines().count())
    };
    let warning = "--- standard error\nwarning: unknown field `/Imag` of `ContainerCreate` in docker \
                   v1.41\n  hint: did you mean `Image`?\n";
    let sent = "{\"Id\":\"x\"}\n";
    assert_eq!(run(&[]), (format!("{sent}{warning}--- status 0"), 1));
    assert_eq!(run(&["--no-check"]), (format!("{sent}--- status 0"), 1));
    let refused = "error: the call does not match docker v1.41\n  hint: without `--strict` it is \
                   sent anyway\n";
    assert_eq!(run(&["--strict"]), (format!("{warning}{refused}--- status 2"), 0));
}

#[test]
fn the_version_is_negotiated() {
    let ping = "HTTP/1.1 200 OK\r\nApi-Version: 1.43\r\nContent-Length: 0\r\n\
                Connection: close\r\n\r\n";
    check(
        &[ping, LIST],
        &["invoke", "docker", "container-list"],
        "HEAD /_ping\nGET /v1.43/containers/json",
        "[{\"b\":1.0,\"a\":\"x y\"}]\n--- status 0",
    );
}

/// Each engine has its own variable, and what is typed comes before it.
#[test]
fn the_environment_says_which_version_is_spoken() {
    let call = |engine: &'static str, variable: &str, version: &str| {
        let scripted = Engine::new(&[LIST]);
        let id = if engine.starts_with("docker") { "ContainerList" } else { "ContainerListLibpod" };
        let output = scripted.command(&["invoke", engine, id]).env(variable, version).output();
        (told(&output.unwrap()), scripted.requests())
    };
    let sent = |target: &str| {
        ("[{\"b\":1.0,\"a\":\"x y\"}]\n--- status 0".to_owned(), format!("GET {target}"))
    };
    for version in ["1.40", "v1.40", " 1.40 "] {
        let asked = call("docker", "DOCKER_API_VERSION", version);
        assert_eq!(asked, sent("/v1.40/containers/json"), "{version:?}");
    }
    assert_eq!(
        call("podman", "PODMAN_API_VERSION", "4.3.1"),
        sent("/v4.3.1/libpod/containers/json")
    );
    let typed = call("docker@v1.41", "DOCKER_API_VERSION", "1.40");
    assert_eq!(typed, sent("/v1.41/containers/json"));
    let answer = "HTTP/1.1 400 Bad Request\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n\
                  {\"message\":\"client version 1.44 is too new. Maximum supported API version is 1.41\"}";
    let hint = |words: &[&str]| {
        let engine = Engine::new(&[answer]);
        let output = engine.command(words).env("DOCKER_API_VERSION", "1.44").output().unwrap();
        told(&output).lines().nth(2).unwrap().to_owned()
    };
    let unset =
        "  hint: unset `DOCKER_API_VERSION`: the newest version that both know is spoken then";
    let typed =
        "  hint: leave the API version out: the client then speaks the newest that both know";
    assert_eq!(hint(&["invoke", "docker", "ContainerList"]), unset);
    assert_eq!(hint(&["wait", "docker", "running", "id=x"]), unset);
    assert_eq!(hint(&["invoke", "docker@v1.44", "ContainerList"]), typed);
    assert_eq!(hint(&["request", "docker", "GET", "/v1.44/info"]), typed);
    for (engine, variable, wrong, hint) in [
        ("docker", "DOCKER_API_VERSION", "abc", "the versions go from v1.25 to v1.55"),
        ("docker", "DOCKER_API_VERSION", "1.24", "did you mean `v1.25`?"),
        ("podman", "PODMAN_API_VERSION", "4.3.2", "did you mean `v4.3.1` or `v4.4.0`?"),
    ] {
        let text = format!("`{variable}`: {engine} has no API version `{wrong}`\n  hint: {hint}");
        let said = format!("--- standard error\nerror: {text}\n--- status 2");
        assert_eq!(call(engine, variable, wrong), (said, String::new()));
    }
}

/// Podman has its own operations only below a version, and says no more than that there is nothing.
#[test]
fn a_path_without_its_version_is_told_of() {
    let said = |arguments: &[&str]| {
        let answer = "HTTP/1.1 404 Not Found\r\nContent-Length: 9\r\n\r\nNot Found";
        told(&Engine::new(&[answer]).run(arguments))
    };
    let newest = contajners::pack("podman").unwrap().newest().unwrap().version();
    let error = format!(
        "--- standard error\nerror: podman answered 404 to `GET /libpod/info`: Not Found\n  hint: these \
         paths begin with a version: `podman@{newest}`, or `/{newest}/libpod/info`\n--- status 4"
    );
    assert_eq!(said(&["request", "podman", "GET", "/libpod/info?a=b"]), error);
    for other in [
        ["request", "podman", "GET", "/v5.0.0/libpod/info"],
        ["request", "podman@v5.0.0", "GET", "/libpod/info"],
        ["request", "podman", "GET", "/containers/none/json"],
        ["request", "docker", "GET", "/libpod/info"],
    ] {
        let said = said(&other);
        assert!(said.contains(" 404 ") && !said.contains("hint"), "{said}");
    }
}

#[test]
fn errors_of_the_engine_have_statuses_of_their_own() {
    check(
        &["HTTP/1.1 404 Not Found\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n\
           {\"message\":\"No such container: \\u001b[2Jx\"}"],
        &["invoke", "docker@v1.41", "ContainerInspect", "id=x"],
        "GET /v1.41/containers/x/json",
        "--- standard error\nerror: docker answered 404 to `ContainerInspect` \
         (GET /v1.41/containers/x/json): No such container: [2Jx\n--- status 4",
    );
    check(
        &["HTTP/1.1 500 Oh\r\nConnection: close\r\n\r\nno"],
        &["request", "docker", "GET", "/x?y"],
        "GET /x?y",
        "--- standard error\nerror: docker answered 500 to `GET /x`: no\n--- status 5",
    );
    let lines = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n\
                 {\"status\": \"pulling\"}\r\n{\"error\":\"denied\"}\r\n";
    let call = ["invoke", "docker@v1.41", "ImageCreate", "fromImage=x"];
    let request = "POST /v1.41/images/create?fromImage=x";
    check(
        &[lines],
        &call,
        request,
        "pulling\n--- standard error\nerror: `ImageCreate` failed: denied\n--- status 5",
    );
    for words in [["-o", "json"], ["--as", "stream"]] {
        check(
            &[lines],
            &[&call[..], &words].concat(),
            request,
            "{\"status\":\"pulling\"}\n{\"error\":\"denied\"}\n--- standard error\n\
             error: `ImageCreate` failed: denied\n--- status 5",
        );
    }
    check(
        &[lines],
        &[&call[..], &["-o", "raw"]].concat(),
        request,
        "{\"status\": \"pulling\"}\r\n{\"error\":\"denied\"}\r\n--- standard error\n\
         error: `ImageCreate` failed: denied\n--- status 5",
    );
}

#[test]
fn the_body_of_an_error_is_written_when_it_is_wanted() {
    let answer = |head: &str, body: &str| -> &'static str {
        format!("HTTP/1.1 {head}\r\nConnection: close\r\n\r\n{body}").leak()
    };
    let refused = answer(
        "409 Conflict\r\nContent-Type: application/json",
        "{\"message\":\"no\",\"portError\":[1]}",
    );
    let allowed = "--allow-error-status";
    let call = ["invoke", "docker@v1.41", "ContainerStart", "id=x", allowed];
    let sent = "POST /v1.41/containers/x/start";
    let body = "{\"message\":\"no\",\"portError\":[1]}\n--- status 4";
    check(&[refused], &call, sent, body);
    check(&[refused], &[&call[..], &["-o", "raw"]].concat(), sent, &body.replace('\n', ""));
    check(&[DONE], &call, sent, "--- status 0");
    let failed = answer("500 Oh\r\nContent-Type: text/plain", "all\nof it\n");
    let request = ["request", "docker", "GET", "/x", allowed];
    check(&[failed], &request, "GET /x", "all\nof it\n--- status 5");
    let json = [&request[..], &["-o", "json"]].concat();
    check(&[failed], &json, "GET /x", "\"all\\nof it\\n\"\n--- status 5");
    // It says that it is JSON.
    let busy = answer("503 No\r\nContent-Type: application/json", "upstream is busy");
    check(&[busy], &call, sent, "upstream is busy--- status 5");
    // It is not an archive, and a HEAD has no body.
    let unpack =
        ["invoke", "docker@v1.41", "ContainerArchive", "id=x", "path=/", "--unpack", "none"];
    let sent = "GET /v1.41/containers/x/archive?path=/";
    check(&[refused], &[&unpack[..], &[allowed]].concat(), sent, body);
    let head = ["invoke", "docker@v1.41", "ContainerArchiveInfo", "id=x", "path=/", allowed];
    let sent = "HEAD /v1.41/containers/x/archive?path=/";
    check(&[answer("404 Not Found", "")], &head, sent, "--- status 4");
    check(
        &[],
        &[&call[..], &["--as", "socket"]].concat(),
        "",
        "--- standard error\nerror: an error never becomes a socket\n  \
         hint: leave out `--as socket`, or `--allow-error-status`\n--- status 2",
    );
}

/// Those that `--help` lists; signals are for the terminal's tests, processes for real engines.
#[test]
fn every_exit_status_that_is_listed() {
    const OK: &str =
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n";
    let answer = |body: &str| &*format!("{OK}{body}").leak();
    let pull = &["ImageCreate", "fromImage=a"][..];
    let check = |answers: &[&'static str], engine: &str, call: &[&str], status: i32| {
        let scripted = Engine::new(answers);
        let output = scripted.run(&[&["invoke", engine], call].concat());
        assert_eq!(output.status.code(), Some(status), "{call:?}: {}", told(&output));
        assert_eq!(output.stderr.is_empty(), status == 0, "{call:?}: {}", told(&output));
    };
    let docker = "docker@v1.41";
    check(&[answer("[]")], docker, &["ContainerList"], 0);
    check(&[answer("")], docker, pull, 0);
    // Nothing answers any more; the answer breaks off; its message is cut; a body is not there.
    check(&[], docker, &["ContainerList"], 1);
    check(&["HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n[1"], docker, &["ContainerList"], 1);
    check(&[answer("{\"status\":\"cut")], docker, pull, 1);
    check(&[], docker, &["ImageLoad", "--data", "@/nowhere"], 1);
    check(&[], docker, &["ContainerInspect"], 2);
    check(&[], docker, &["ContainerList", "all=maybe"], 2);
    check(&["HTTP/1.1 409 Conflict\r\nConnection: close\r\n\r\n"], docker, pull, 4);
    check(&["HTTP/1.1 503 Busy\r\nConnection: close\r\n\r\n"], docker, pull, 5);
    // Errors inside of what began as a success.
    let detail = "{\"stream\":\"Step 1\\n\"}\r\n{\"errorDetail\":{\"code\":7,\"message\":\"no\"}}";
    check(&[answer(detail)], docker, &["ImageBuild", "remote=x"], 5);
    check(&[answer("{\"errorDetail\":{\"message\":\"no\"},\"error\":\"\"}")], docker, pull, 5);
    let podman = &["ImagePullLibpod", "reference=a"];
    check(&[answer("{\"stream\":\"a\"}{\"error\":\"no\"}")], "podman@v4.3.1", podman, 5);
    let request = Engine::new(&[answer("{\"stream\":\"a\"}{\"error\":\"no\"}")]);
    let output = request.run(&["request", "podman", "POST", "/libpod/images/pull"]);
    assert_eq!(
        told(&output),
        "[{\"stream\":\"a\"},{\"error\":\"no\"}]\n--- standard error\n\
         error: `POST /libpod/images/pull` failed: no\n--- status 5"
    );
    let request = Engine::new(&[answer("{\"error\":\"a field\"}")]);
    let output = request.run(&["request", "docker", "GET", "/x"]);
    assert_eq!(told(&output), "{\"error\":\"a field\"}\n--- status 0");
    let frame = "HTTP/1.1 200 OK\r\nContent-Type: application/vnd.docker.multiplexed-stream\r\n\
                 Connection: close\r\n\r\n\x03\0\0\0\0\0\0\x02no";
    check(&[frame], docker, &["ContainerLogs", "id=x", "stdout=true"], 5);
}

#[test]
fn output_goes_to_the_channel_it_came_from() {
    check(
        &["HTTP/1.1 200 OK\r\nContent-Type: application/vnd.docker.raw-stream\r\n\
           Connection: close\r\n\r\n\x01\0\0\0\0\0\0\x03out\x02\0\0\0\0\0\0\x03err"],
        &["invoke", "docker@v1.41", "ContainerLogs", "id=x", "stdout=true"],
        "GET /v1.41/containers/x/logs?stdout=true",
        "out--- standard error\nerr--- status 0",
    );
}

#[test]
fn text_is_text_unless_json_is_asked_for() {
    let ping = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nConnection: close\r\n\r\nOK\n";
    let call = ["request", "docker", "get", "/_ping"];
    check(&[ping], &call, "GET /_ping", "OK\n--- status 0");
    let json = [&call[..], &["-o", "json"]].concat();
    check(&[ping], &json, "GET /_ping", "\"OK\\n\"\n--- status 0");
}

#[test]
fn what_no_spec_knows_is_what_the_engine_says() {
    check(
        &["HTTP/1.1 200 OK\r\nContent-Type: application/x-tar\r\nConnection: close\r\n\r\ntar"],
        &["request", "docker", "GET", "/x"],
        "GET /x",
        "tar--- status 0",
    );
    check(
        &["HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{ }[1 ]"],
        &["request", "docker", "GET", "/x"],
        "GET /x",
        "[{},[1]]\n--- status 0",
    );
}

const DENIED: &str = "HTTP/1.1 401 Unauthorized\r\nContent-Type: application/json\r\n\
    Content-Length: 27\r\nConnection: close\r\n\r\n{\"message\":\"who are you?\"}\n";
const DONE: &str = "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n";

/// What `-v` told, without what differs from run to run.
fn trace(engine: &Engine, output: &Output) -> String {
    let agent = concat!("contajners/", env!("CARGO_PKG_VERSION"));
    told(output).replace(&engine.folder.path().display().to_string(), "").replace(agent, "(us)")
}

#[test]
fn verbose_tells_both_sides_without_secrets() {
    let ping = "HTTP/1.1 200 OK\r\nApi-Version: 1.41\r\nContent-Length: 0\r\n\
                X-Odd: \u{9b}2J\r\nConnection: close\r\n\r\n";
    let engine = Engine::new(&[ping, DONE]);
    let auth = "X-Registry-Auth:={\"password\":\"geheim\"}";
    let output = engine.run(&["-v", "invoke", "docker", "ImagePush", "name=a", auth]);
    assert_eq!(
        trace(&engine, &output),
        "--- standard error\n* docker at unix:///s\n\
         > HEAD /_ping HTTP/1.1\n> host: localhost\n> user-agent: (us)\n\
         < HTTP/1.1 200 OK\n< api-version: 1.41\n< content-length: 0\n\
         < x-odd: \\u{9b}2J\n< connection: close\n\
         > POST /v1.41/images/a/push HTTP/1.1\n> host: localhost\n> user-agent: (us)\n\
         > content-length: 0\n> x-registry-auth: (secret)\n\
         < HTTP/1.1 204 No Content\n< connection: close\n--- status 0"
    );
}

#[test]
fn verbose_tells_of_sockets_and_refusals() {
    let inspect =
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n{}";
    let engine = Engine::new(&[inspect, DENIED]);
    let attach = ["-v", "invoke", "docker@v1.41", "ContainerAttach", "id=x", "--as", "socket"];
    let text = trace(&engine, &engine.run(&attach));
    let (_, text) = text.split_once("* docker at unix:///s\n").unwrap();
    assert!(text.starts_with("> GET /v1.41/containers/x/json HTTP/1.1\n"), "{text}");
    let (_, text) = text.split_once("> POST ").unwrap();
    assert_eq!(
        text,
        "/v1.41/containers/x/attach HTTP/1.1\n> host: localhost\n> user-agent: (us)\n\
         > content-length: 0\n> connection: Upgrade\n> upgrade: tcp\n\
         < HTTP/1.1 401 Unauthorized\n< Content-Type: application/json\n\
         < Content-Length: 27\n< Connection: close\n\
         error: docker answered 401 to `ContainerAttach` (POST /v1.41/containers/x/attach): \
         who are you?\n--- status 4"
    );
}

#[test]
fn credentials_come_from_a_helper_and_are_never_shown() {
    let folder = tempfile::tempdir().unwrap();
    // Another process writes it: a file open for writing here could not be run.
    let helper = |script: &str| {
        let written = Command::new("sh")
            .args(["-c", "printf '#!/bin/sh\\n%s\\n' \"$1\" >\"$0\" && chmod +x \"$0\""])
            .args([folder.path().join("docker-credential-test").as_os_str(), script.as_ref()])
            .status();
        assert!(written.unwrap().success());
    };
    let config = |text: &str| std::fs::write(folder.path().join("config.json"), text).unwrap();
    let run = |engine: &Engine, operation: &[&str]| {
        let mut command = engine.command(&[&["-v", "invoke", "docker@v1.41"], operation].concat());
        let path = format!("{}:/usr/bin:/bin", folder.path().display());
        let output = command.env("DOCKER_CONFIG", folder.path()).env("PATH", path).output();
        let text = told(&output.unwrap());
        assert!(!text.contains("geheim") && !text.contains("Z2VoZWlt"), "{text}");
        text.replace(&engine.folder.path().display().to_string(), "")
            .replace(&folder.path().display().to_string(), "/…")
    };
    let pull = &["ImageCreate", "fromImage=r.x/a"];
    config(r#"{ "credHelpers": { "r.x": "test" } }"#);
    helper(r#"read -r s; echo "{\"ServerURL\":\"$s\",\"Username\":\"me\",\"Secret\":\"geheim\"}""#);
    let engine = Engine::new(&[DONE]);
    let text = run(&engine, pull);
    assert!(text.ends_with("--- status 0"), "{text}");
    // What was filled in is in the trace as well.
    assert!(text.contains("\n> x-registry-auth: (secret)\n"), "{text}");
    assert_eq!(
        engine.requests(),
        "POST /v1.41/images/create?fromImage=r.x/a [eyJwYXNzd29yZCI6ImdlaGVpbSIsInNlcnZlcmFkZHJlc3MiOiJyLngiLCJ1c2VybmFtZSI6Im1lIn0=]"
    );

    helper("echo geheim; echo geheim >&2; exit 3");
    // It stops no call that needs none, and is told where one is refused.
    let failed = "credential helper `docker-credential-test`, asked for `r.x`, ended with status 3";
    let text = run(&Engine::new(&[DONE]), pull);
    assert!(text.contains(failed) && text.ends_with("--- status 0"), "{text}");
    let text = run(&Engine::new(&[DENIED]), pull);
    let (_, error) = text.split_once("error: ").unwrap();
    assert!(error.contains(&format!("  hint: {failed}")), "{error}");

    // Other calls run no helper, and a damaged file is none that they need.
    let engine = Engine::new(&[DONE]);
    assert!(run(&engine, &["ContainerStart", "id=a"]).ends_with("--- status 0"));
    config("{ geheim");
    let engine = Engine::new(&[DONE]);
    assert!(run(&engine, pull).ends_with("--- status 0"));
    assert_eq!(engine.requests(), "POST /v1.41/images/create?fromImage=r.x/a");

    // It is when the engine wants them.
    let text = run(&Engine::new(&[DENIED]), pull);
    let (_, error) = text.split_once("error: ").unwrap();
    assert_eq!(
        error,
        "docker answered 401 to `ImageCreate` (POST /v1.41/images/create): who are you?\n  \
         hint: `/…/config.json` cannot be used: no JSON at line 1 column 3\n--- status 4"
    );
}

#[test]
fn a_broken_answer_is_a_local_failure() {
    let engine = Engine::new(&[
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 10\r\n\r\n[1",
    ]);
    let output = engine.run(&["invoke", "docker@v1.41", "ContainerList"]);
    assert_eq!(output.status.code(), Some(1), "{}", told(&output));
    let engine = Engine::new(&[
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\nnope",
    ]);
    let output = engine.run(&["invoke", "docker@v1.41", "ContainerList"]);
    assert_eq!(
        told(&output),
        "--- standard error\nerror: the answer to `ContainerList` is not JSON\n  \
         caused by: expected ident at line 1 column 2\n  \
         hint: `-o raw` writes it as it is\n--- status 1"
    );
}

const ENDLESS: &str = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\
                       Connection: close\r\n\r\n{\"status\":\"start\"}\n…";

#[test]
fn an_interrupt_ends_a_stream_with_130() {
    let engine = Engine::new(&[ENDLESS]);
    let mut child = engine
        .command(&["invoke", "docker@v1.41", "SystemEvents"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut first = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut first).unwrap();
    assert_eq!(first, "{\"status\":\"start\"}\n");
    let kill = format!("kill -INT {}", child.id());
    assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success());
    assert_eq!(child.wait().unwrap().code(), Some(130));
}

#[test]
fn a_reader_that_has_gone_ends_a_stream() {
    let engine = Engine::new(&[ENDLESS]);
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let output = engine
        .command(&["invoke", "docker@v1.41", "SystemEvents"])
        .stdout(writer)
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
        .wait_with_output()
        .unwrap();
    assert_eq!(told(&output), "--- status 0");
}

#[test]
fn readers_that_have_gone_are_no_error() {
    let closed = || std::io::pipe().unwrap().1;
    let pull = ["-v", "invoke", "docker@v1.41", "ImageCreate", "fromImage=x"];
    // A pull whose progress nobody wants any more goes on, and ends as it does.
    for (end, expected) in [("{\"status\":\"done\"}\n", 0), ("{\"error\":\"no disk\"}\n", 5)] {
        for form in ["json", "raw", "table"] {
            let lines = "{\"status\":\"pulling\"}\n".repeat(5000);
            let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n";
            let answer = format!("{head}\r\n{lines}{end}");
            let engine = Engine::new(&[answer.leak()]);
            let mut command = engine.command(&[&pull[..], &["-o", form]].concat());
            let status = command.stdout(closed()).stderr(closed()).status().unwrap();
            assert_eq!(status.code(), Some(expected), "{end} {form}");
        }
    }
    // Remarks that nobody reads end nothing.
    let engine = Engine::new(&[LIST]);
    let mut command = engine.command(&["-v", "invoke", "docker@v1.41", "ContainerList"]);
    let output = command.stdout(Stdio::piped()).stderr(closed()).spawn().unwrap();
    let output = output.wait_with_output().unwrap();
    assert_eq!(told(&output), "[{\"b\":1.0,\"a\":\"x y\"}]\n--- status 0");
}

/// The answer to a HEAD is its headers: those that the catalogue has for the status.
#[test]
fn documented_headers_of_a_head_are_shown() {
    let answer = "HTTP/1.1 200 OK\r\nServer: x\r\nx-docker-container-path-stat: e30=\r\n\
                  Connection: close\r\n\r\n";
    let words = ["invoke", "docker@v1.41", "ContainerArchiveInfo", "id=x", "path=/"];
    let output = Engine::new(&[answer]).run(&words);
    assert_eq!(told(&output), "{\"X-Docker-Container-Path-Stat\":\"e30=\"}\n--- status 0");
    let output = Engine::new(&[answer]).run(&[&words[..], &["-o", "raw"]].concat());
    assert_eq!(told(&output), "X-Docker-Container-Path-Stat: e30=\n--- status 0");
    let bare = "HTTP/1.1 200 OK\r\nServer: x\r\nConnection: close\r\n\r\n";
    assert_eq!(told(&Engine::new(&[bare]).run(&words)), "--- status 0");
}
