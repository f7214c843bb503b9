//! docs/adding-an-engine.md, run as it stands.
//!
//! Blocks whose language is followed by a name are files; in blocks of `console` lines after `$`
//! are commands, and what follows is what they say. The engine of the page listens here.

mod page;

use std::fs;
use std::io::{Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::process::Command;

const PAGE: &str = include_str!("../../docs/adding-an-engine.md");

/// The command `fetch-api`, built like the one under test.
fn fetch_api() -> PathBuf {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["build", "--quiet", "-p", "contajners-fetch-api", "--bin", "fetch-api"]);
    if !cfg!(debug_assertions) {
        cargo.arg("--release");
    }
    cargo.current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap());
    assert!(cargo.status().unwrap().success(), "fetch-api cannot be built");
    Path::new(env!("CARGO_BIN_EXE_contajners")).with_file_name("fetch-api")
}

/// The engine of the page.
fn serve(listener: &UnixListener) {
    for stream in listener.incoming() {
        let mut stream = stream.unwrap();
        let Some(request) = request(&mut stream) else { continue };
        let (status, body) = match request.lines().next().unwrap() {
            "GET /api/about HTTP/1.1" => ("200 OK", r#"{"engine": {"version": "2.0"}}"#),
            "GET /api/kettles HTTP/1.1" => ("200 OK", r#"[{"name":"tea","celsius":null}]"#),
            "PUT /api/kettles/tea/heat HTTP/1.1" if request.ends_with("{\"celsius\": 300}") => {
                ("422 Unprocessable", r#"{"trouble": {"text": "that is steam"}}"#)
            }
            _ => ("404 Not Found", "no such thing"),
        };
        let answer = format!(
            "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\
             Connection: close\r\n\r\n{body}",
            body.len()
        );
        // The client may have gone.
        let _ = stream.write_all(answer.as_bytes());
    }
}

fn request(stream: &mut UnixStream) -> Option<String> {
    let mut text = String::new();
    let mut byte = [0];
    let length = |head: &str| -> usize {
        let line = head.lines().find_map(|line| line.strip_prefix("content-length: "));
        line.map_or(0, |length| length.parse().unwrap())
    };
    while !text.ends_with("\r\n\r\n") {
        stream.read_exact(&mut byte).ok()?;
        text.push(char::from(byte[0]));
    }
    let mut body = vec![0; length(&text.to_lowercase())];
    stream.read_exact(&mut body).ok()?;
    Some(text + &String::from_utf8(body).unwrap())
}

#[test]
fn the_page_on_adding_an_engine_is_true() {
    let room = tempfile::tempdir().unwrap();
    let bin = room.path().join("bin");
    fs::create_dir(&bin).unwrap();
    std::os::unix::fs::symlink(fetch_api(), bin.join("fetch-api")).unwrap();
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_contajners"), bin.join("contajners")).unwrap();
    let socket = room.path().join("kettle.sock");
    let listener = UnixListener::bind(&socket).unwrap();
    std::thread::spawn(move || serve(&listener));

    let (mut files, mut commands) = (0, 0);
    for (info, lines) in page::blocks(PAGE) {
        if let Some((_, name)) = info.split_once(' ') {
            let file = room.path().join(name);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, lines.join("\n") + "\n").unwrap();
            files += 1;
        }
        if info != "console" {
            continue;
        }
        for (command, expected) in page::commands(lines) {
            let output = Command::new("sh")
                .args(["-c", &format!("{{ {command}\n}} 2>&1")])
                .current_dir(room.path())
                .env_clear()
                .env("PATH", format!("{}:/usr/bin:/bin", bin.display()))
                .env("HOME", room.path())
                .env("COLUMNS", "80")
                .env("KETTLE_HOST", format!("unix://{}", socket.display()))
                .output()
                .unwrap();
            assert_eq!(String::from_utf8_lossy(&output.stdout), expected, "$ {command}");
            commands += 1;
        }
    }
    assert!(files >= 5 && commands >= 10, "{files} files, {commands} commands");
}
