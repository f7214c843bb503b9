//! Bodies as they are typed, and the media types they go out with.

use std::io::Write as _;
use std::process::Stdio;

use crate::command::{contajners, told};
use crate::{DONE, Engine, check};

#[test]
fn bodies_are_sent_as_they_were_given() {
    let created = "HTTP/1.1 201 Created\r\nContent-Type: application/json\r\n\
                   Connection: close\r\n\r\n{}";
    check(
        &[created],
        &["invoke", "docker@v1.41", "VolumeCreate", "--no-check", "-d", " {\"b\": 1.0, \"a\": 2} "],
        "POST /v1.41/volumes/create [application/json] {\"b\": 1.0, \"a\": 2}",
        "{}\n--- status 0",
    );
    check(
        &[DONE],
        &["request", "docker@v1.41", "POST", "/x", "-d", "{}", "-H", "X-Test: a:b"],
        "POST /v1.41/x [application/json] [a:b] {}",
        "--- status 0",
    );
    check(
        &[DONE],
        &["invoke", "docker@v1.41", "SystemPing", "-H", "X-Test:a:b"],
        "GET /v1.41/_ping [a:b]",
        "--- status 0",
    );
    // Typed with the path the version is there already.
    check(
        &[DONE],
        &["request", "docker@v1.41", "POST", "/v1.41/x", "-d", "{}"],
        "POST /v1.41/x [application/json] {}",
        "--- status 0",
    );
    check(
        &[DONE],
        &["request", "docker", "POST", "/x", "-d", "x", "-H", "content-type: text/plain"],
        "POST /x [text/plain] x",
        "--- status 0",
    );
}

/// Incus documents JSON first, and takes an image, too.
#[test]
fn a_media_type_can_be_said() {
    let image = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(image.path(), "{\"image\"").unwrap();
    let data = format!("@{}", image.path().display());
    let bytes = "application/octet-stream";
    let call = ["invoke", "incus@v6.0.0", "images_post", "-d", &data];
    let typed = ["--content-type", bytes];
    let sent = "POST /1.0/images [application/octet-stream] {\"image\"";
    check(&[DONE], &[&call[..], &typed].concat(), sent, "--- status 0");
    // What it looks like does not matter.
    let text = ["invoke", "incus@v6.0.0", "images_post", "-d", "{\"source\":1}"];
    let sent = "POST /1.0/images [application/octet-stream] {\"source\":1}";
    check(&[DONE], &[&text[..], &typed].concat(), sent, "--- status 0");
    let refused = Engine::new(&[]).run(&call);
    let said = told(&refused).replace(&*image.path().display().to_string(), "FILE");
    assert_eq!(
        said,
        "--- standard error\nerror: the file `FILE` is not JSON\n  \
         caused by: EOF while parsing an object at line 1 column 8\n  \
         hint: `--content-type application/octet-stream` sends it as it is\n--- status 2"
    );
    check(
        &[DONE],
        &["request", "incus", "POST", "/1.0/images", "-d", &data, "--content-type", bytes],
        "POST /1.0/images [application/octet-stream] {\"image\"",
        "--- status 0",
    );
    check(
        &[],
        &[
            "request",
            "docker",
            "PUT",
            "/x",
            "-d",
            "a",
            "--content-type",
            "a/b",
            "-H",
            "content-type:c/d",
        ],
        "",
        "--- standard error\nerror: two media types: `a/b` and `c/d`\n  hint: a body has only one\n--- status 2",
    );
    let resolved =
        told(&contajners(&[&["resolve"], &call[1..], &typed].concat()).output().unwrap());
    assert!(resolved.contains("\nContent-Type: application/octet-stream\n"), "{resolved}");
}

#[test]
fn bodies_of_bytes_come_from_files_and_standard_input() {
    let archive = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(archive.path(), "tar").unwrap();
    let data = format!("@{}", archive.path().display());
    let call = ["invoke", "docker@v1.41", "PutContainerArchive", "id=x", "path=/", "-d"];
    let request = "PUT /v1.41/containers/x/archive?path=/ [application/x-tar] tar";
    check(&[DONE], &[&call[..], &[&*data]].concat(), request, "--- status 0");

    let engine = Engine::new(&[DONE]);
    let mut child = engine
        .command(&[&call[..], &["-"]].concat())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(b"tar").unwrap();
    assert_eq!(told(&child.wait_with_output().unwrap()), "--- status 0");
    assert_eq!(engine.requests(), request);
}
