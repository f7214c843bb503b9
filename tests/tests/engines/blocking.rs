//! The client that blocks: a container's whole life, without a runtime of the caller's.

use std::io::{Read, Write};
use std::thread;

use contajners::blocking::{Call, Client};
use contajners::{Credentials, Output};
use contajners_tests::{PrivateEngine, image};
use serde_json::{Value, json};

use crate::PATIENCE;

#[test]
fn docker() {
    check("docker", contajners_tests::docker());
}

#[test]
fn podman() {
    check("podman", contajners_tests::podman());
}

#[track_caller]
fn check(name: &str, engine: Option<&PrivateEngine>) {
    let Some(engine) = engine else { return };
    let builder = contajners::Client::builder(name).uri(engine.uri()).timeout(PATIENCE);
    let client = builder.credentials(Credentials::none()).build_blocking().expect("a client");
    if let Err(error) = life(&client) {
        panic!("{error}\n{}", engine.log_tail());
    }
}

fn life(engine: &Client) -> Result<(), Box<dyn std::error::Error>> {
    let key = if engine.pack().engine() == "podman" { "name" } else { "id" };
    let on = |operation: &str, id: &str| -> Call { engine.invoke(operation).param(key, id) };
    let image = "localhost/tests/blocking:local";
    // As a reader, which has no length to announce.
    let filesystem = std::io::Cursor::new(image::busybox_filesystem()?);
    let import = engine.invoke("ImageCreate").param("fromSrc", "-").param("repo", image);
    import.body_reader(filesystem).call()?;

    let body =
        json!({ "Image": image, "Cmd": ["/bin/sh", "-c", "echo out; echo err >&2; sleep 100"] });
    let create = engine.invoke("ContainerCreate").param("name", "blocking").body(body);
    let created = create.call()?;
    let id = created["Id"].as_str().ok_or("no id")?;
    // Events of the past and those to come, until the container has started.
    let events = engine.invoke("SystemEvents").param("since", "1");
    let events = events.param("filters", json!({ "container": [id] }));
    let waiting = thread::spawn(move || -> Result<Vec<String>, contajners::Error> {
        let mut seen = Vec::new();
        for event in events.documents::<Value>()? {
            let action = event?["Action"].as_str().unwrap_or_default().to_owned();
            let is_last = action == "start";
            seen.push(action);
            if is_last {
                break;
            }
        }
        Ok(seen)
    });
    on("ContainerStart", id).call()?;
    let seen = waiting.join().map_err(|_| "the thread panicked")??;
    assert!(seen.contains(&"create".into()) && seen.ends_with(&["start".into()]), "{seen:?}");

    let logs = on("ContainerLogs", id).param("stdout", true).param("stderr", true);
    let (mut out, mut err) = (Vec::new(), Vec::new());
    for piece in logs.param("follow", true).output()? {
        let piece = piece?;
        let all = if piece.output == Output::Stderr { &mut err } else { &mut out };
        all.extend_from_slice(&piece.bytes);
        if out.ends_with(b"\n") && err.ends_with(b"\n") {
            break;
        }
    }
    assert_eq!((&*out, &*err), (&b"out\n"[..], &b"err\n"[..]));

    // Longer than any buffer on the way, so that both directions have to go on at once.
    let exec = json!({ "Cmd": ["cat"], "AttachStdin": true, "AttachStdout": true });
    let exec = on("ContainerExec", id).body(exec).call()?;
    let start = engine.invoke("ExecStart").param("id", &exec["Id"]);
    let socket = start.body(json!({ "Detach": false, "Tty": false })).socket()?;
    let (output, mut input) = socket.split();
    let writing = thread::spawn(move || {
        input.write_all(&vec![b'x'; 2 << 20])?;
        input.shutdown()
    });
    let mut count = 0;
    for piece in output {
        count += piece?.bytes.len();
    }
    writing.join().map_err(|_| "the thread panicked")??;
    assert_eq!(count, 2 << 20);

    // A folder in, the same as an archive and as a folder back out.
    let folder = tempfile::tempdir()?;
    std::fs::write(folder.path().join("words"), "byte for byte")?;
    on("PutContainerArchive", id).param("path", "/tmp").body_folder(folder.path()).call()?;
    let archive = || on("ContainerArchive", id).param("path", "/tmp/words");
    let mut bytes = Vec::new();
    archive().stream()?.read_to_end(&mut bytes)?;
    assert!(bytes.len() % 512 == 0 && bytes.windows(13).any(|window| window == b"byte for byte"));
    let unpacked = archive().stream()?.unpack_into(folder.path().join("back"))?;
    assert_eq!((unpacked.entries, unpacked.bytes), (1, 13));
    assert_eq!(std::fs::read(folder.path().join("back/words"))?, b"byte for byte");

    let error = on("ContainerStart", "no-such").call().unwrap_err();
    assert_eq!((error.status(), error.code()), (Some(404), "engine-error"));
    on("ContainerDelete", id).param("force", true).call()?;
    Ok(())
}
