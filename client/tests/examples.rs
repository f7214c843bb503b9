//! Runs the examples against real engines: what they print is what they promise.

use std::path::PathBuf;
use std::process::Command;

use contajners::{Client, Error};
use contajners_tests::{PrivateEngine, image};
use serde_json::{Value, json};

/// Runs an example with an engine as the one that is found, and returns what it prints.
#[track_caller]
fn example(engine: &PrivateEngine, name: &str, arguments: &[&str]) -> Vec<u8> {
    // Beside the folder of this test.
    let mut program =
        PathBuf::from(std::env::current_exe().expect("a path").parent().expect("deps"));
    program.pop();
    program.push("examples");
    program.push(name);
    assert!(
        program.is_file(),
        "{name} is not built: `cargo build -p contajners --examples` does, and so does \
         `cargo test -p contajners` without `--test`"
    );
    let output = Command::new("timeout")
        .arg("60")
        .arg(&program)
        .args(arguments)
        .env_clear()
        .env("DOCKER_HOST", engine.uri())
        .env("CONTAINER_HOST", engine.uri())
        .output()
        .expect("timeout");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{name}: {}\n{said}", output.status);
    output.stdout
}

#[track_caller]
fn prints(engine: &PrivateEngine, name: &str, arguments: &[&str], expected: &str) {
    let printed = example(engine, name, arguments);
    assert_eq!(String::from_utf8_lossy(&printed), expected, "{name}");
}

async fn started(client: &Client, name: &str, script: &str) -> Result<String, Error> {
    let body = json!({ "Image": image::BUSYBOX, "Cmd": ["sh", "-c", script] });
    let created = client.invoke("ContainerCreate").param("name", name).body(body).await?;
    let id = created["Id"].as_str().expect("an id").to_owned();
    let key = if client.pack().engine() == "podman" { "name" } else { "id" };
    client.invoke("ContainerStart").param(key, &id).await?;
    Ok(id)
}

/// Loads the image and starts containers, by name and script.
fn prepare(engine: &PrivateEngine, kind: &str, containers: &[(&str, &str)]) -> Vec<String> {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let prepared: Result<Vec<String>, Error> = runtime.block_on(async {
        let client = Client::builder(kind).uri(engine.uri()).build()?;
        let archive = image::busybox_archive().expect("an archive");
        client.invoke("ImageLoad").body_bytes(archive).data().await?;
        let mut ids = Vec::new();
        for (name, script) in containers {
            ids.push(started(&client, name, script).await?);
        }
        Ok(ids)
    });
    prepared.expect("containers")
}

#[test]
fn on_docker() {
    let Some(engine) = contajners_tests::docker() else { return };
    let talker = "echo one; sleep 0.2; echo two >&2; sleep 0.2; printf 'three\\n'";
    let ids = prepare(engine, "docker", &[("talker", talker), ("sleeper", "sleep 100")]);

    prints(engine, "create_and_start", &[image::BUSYBOX], "it ended with 3\n");
    prints(engine, "stream_logs", &[&ids[0]], "stdout: one\nstderr: two\nstdout: three\n");
    prints(engine, "attach_stdin", &[image::BUSYBOX], "got hello\n");
    prints(engine, "create_network", &[], "example-network (bridge)\n");

    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("files.tar");
    std::fs::write(&file, image::tar_of([("words", b"byte for byte".as_slice())])).expect("a file");
    let archive = example(engine, "archives", &["sleeper", &file.display().to_string()]);
    assert!(archive.windows(13).any(|window| window == b"byte for byte"));
    assert_eq!(archive.len() % 512, 0);

    let dockerfile = "FROM scratch\nCOPY files.tar /\n";
    std::fs::write(folder.path().join("Dockerfile"), dockerfile).expect("a file");
    let context = folder.path().display().to_string();
    prints(engine, "build_image", &[&context, "localhost/built:1"], "built localhost/built:1\n");

    let printed = example(engine, "error_body", &[]);
    let printed = String::from_utf8_lossy(&printed);
    let mut lines = printed.lines();
    assert_eq!(lines.next(), Some("Some(404): No such container: no-such"));
    assert_eq!(lines.next(), Some("404"));
    let body: Value = serde_json::from_str(lines.next().expect("a body")).expect("JSON");
    assert_eq!(body["message"], "No such container: no-such");

    // Checkpoints take an experimental daemon, which this one is not.
    let printed = example(engine, "undocumented", &["sleeper"]);
    assert!(printed.starts_with(b"501: "), "{}", String::from_utf8_lossy(&printed));
}

#[test]
fn on_podman() {
    let Some(engine) = contajners_tests::podman() else { return };
    prepare(engine, "podman", &[("stats-one", "sleep 100"), ("stats-two", "sleep 100")]);
    let printed = example(engine, "podman_stats", &["stats-one", "stats-two"]);
    let printed = String::from_utf8_lossy(&printed);
    let mut names: Vec<&str> = printed.lines().filter_map(|line| line.split(':').next()).collect();
    names.sort_unstable();
    assert_eq!(names, ["\"stats-one\"", "\"stats-two\""], "{printed}");
}
