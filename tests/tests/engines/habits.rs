//! Ways of calling that users bring along: versions pinned, clients of one category, headers made by
//! hand, archives packed elsewhere, requests by their path.

use std::process::Command;

use contajners::{Client, Credentials, Method};
use contajners_tests::{Front, PrivateEngine, Target};
use serde_json::json;
use tokio::io::AsyncWriteExt;

use crate::{PATIENCE, create, import, on, remove, run, start, text};

/// A client as users of Docker v1.41 build it: one for each category.
fn scoped(engine: &PrivateEngine, category: &str) -> Client {
    Client::builder("docker")
        .uri(engine.uri())
        .api_version("v1.41")
        .category(category)
        .credentials(Credentials::none())
        .timeout(PATIENCE)
        .build()
        .expect("a client")
}

/// A folder of files, and the same packed by `tar`.
fn packed(files: &[(&str, &str)]) -> (tempfile::TempDir, std::path::PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    let mut tar = Command::new("tar");
    tar.current_dir(folder.path()).args(["-czf", "packed.tar.gz"]);
    for (name, text) in files {
        std::fs::write(folder.path().join(name), text).expect("a file");
        tar.arg(name);
    }
    assert!(tar.status().expect("tar").success());
    let archive = folder.path().join("packed.tar.gz");
    (folder, archive)
}

#[test]
fn docker() {
    let Some(engine) = contajners_tests::docker() else { return };
    run("docker", Some(engine), async |whole: Client| {
        let image = import(&whole, "localhost/tests/habits").await?;
        assert_eq!(scoped(engine, "_ping").invoke("SystemPing").await?, json!("OK"));

        // A build whose context is a compressed file, read as a stream; its type is said by hand.
        let (_folder, context) =
            packed(&[("Dockerfile", "FROM scratch\nCOPY app.jar .\n"), ("app.jar", "jar")]);
        let context = tokio::fs::File::open(context).await.expect("a file");
        let build = scoped(engine, "build")
            .invoke("ImageBuild")
            .param("t", "localhost/tests/habits:built")
            .param("Content-type", "application/x-tar")
            .body_reader(context);
        let messages = build.text().await?;
        assert!(
            messages.contains("Successfully tagged localhost/tests/habits:built"),
            "{messages}"
        );
        let images = scoped(engine, "images");
        images.invoke("ImageDelete").param("name", "localhost/tests/habits:built").await?;
        // Credentials that were encoded by the caller get to the engine, which gets nobody there.
        let auth = "eyJ1c2VybmFtZSI6InVuIiwicGFzc3dvcmQiOiJwdyIsInNlcnZlcmFkZHJlc3MiOiJhLmIifQ==";
        let pull = images
            .invoke("ImageCreate")
            .param("fromImage", "127.0.0.1:1/none:1")
            .param("X-Registry-Auth", auth);
        let error = pull.await.unwrap_err();
        let message = error.message().expect("words");
        assert!(message.contains("127.0.0.1:1") && message.contains("refused"), "{message}");

        let containers = scoped(engine, "containers");
        let id = create(&containers, &image, "habits", "cat >/out; sleep 100").await?;
        remove(&containers, &id).await?;
        let body = json!({
            "Image": image,
            "Cmd": ["/bin/sh", "-c", "cat >/out; echo written; sleep 100"],
            "OpenStdin": true,
            "StdinOnce": true,
        });
        let created = containers.invoke("ContainerCreate").body(body).await?;
        let id = text(&created, "/Id");
        on(&containers, "ContainerStart", &id).await?;
        // Input alone, to a container that runs already.
        let attach = on(&containers, "ContainerAttach", &id).param("stream", true);
        let mut input = attach.param("stdin", true).socket().await?;
        input.write_all(b"hello").await.expect("input");
        input.shutdown().await.expect("an end of the input");
        let logs = on(&containers, "ContainerLogs", &id).param("stdout", true);
        let written = logs.param("follow", true).output().await?.next().await.transpose()?;
        assert_eq!(written.expect("a line").bytes, "written\n");
        drop(input);

        // The same folder by operation and by path, put and got.
        let (_folder, archive) = packed(&[("words", "byte for byte")]);
        let put = on(&containers, "PutContainerArchive", &id).param("path", "/tmp");
        put.body_file(&archive).await?;
        let target = format!("/v1.41/containers/{id}/archive?path=/root");
        containers.request(Method::Put, target).body_file(&archive).await?;
        for path in ["/out", "/tmp/words", "/root/words"] {
            let get = on(&containers, "ContainerArchive", &id).param("path", path);
            let archive = get.bytes().await?;
            let words: &[u8] = if path == "/out" { b"hello" } else { b"byte for byte" };
            assert!(archive.windows(words.len()).any(|window| window == words), "{path}");
        }
        let get = on(&containers, "ContainerArchive", &id).param("path", "/this-does-not-exist");
        let error = get.stream().await.unwrap_err();
        assert_eq!(error.status(), Some(404));
        let body: serde_json::Value = serde_json::from_slice(error.body()).expect("JSON");
        assert_eq!(body["message"].as_str(), error.message());

        let ping = containers.request(Method::Get, "/v1.41/_ping").text().await?;
        assert_eq!(ping, "OK");
        remove(&containers, &id).await
    });
}

/// Both halves of Podman's API over TCP, with a version that this one is older than.
#[test]
fn podman() {
    let Some(engine) = contajners_tests::podman() else { return };
    let front = Front::tcp(Target::Unix(engine.socket().to_owned())).expect("a port");
    let address = front.uri().replace("tcp://", "http://");
    run("podman", Some(engine), async |whole: Client| {
        let client = |category: &str| {
            let builder = Client::builder("podman").uri(&address).api_version("v4.4.4");
            builder.category(category).timeout(PATIENCE).build().expect("a client")
        };
        let (docker, own) = (client("networks"), client("libpod/networks"));
        let names = |networks: serde_json::Value, field: &str| -> Vec<String> {
            let networks = networks.as_array().cloned().unwrap_or_default();
            networks.iter().map(|network| text(network, field)).collect()
        };
        own.invoke("NetworkCreateLibpod").body(json!({ "name": "habits" })).await?;
        let listed = docker.invoke("NetworkList").await?;
        assert!(names(listed, "/Name").contains(&"habits".into()));
        let listed = own.invoke("NetworkListLibpod").await?;
        assert!(names(listed, "/name").contains(&"habits".into()));
        own.invoke("NetworkDeleteLibpod").param("name", "habits").await?;
        let error = own.invoke("NetworkList").await.unwrap_err();
        assert_eq!(error.code(), "other-category");

        let image = import(&whole, "localhost/tests/habits").await?;
        let one = start(&whole, &image, "habits-one", "sleep 100").await?;
        let two = start(&whole, &image, "habits-two", "sleep 100").await?;
        let stats = client("libpod/containers")
            .invoke("ContainersStatsAllLibpod")
            .param("containers", [&one, "habits-two"])
            .param("stream", false)
            .await?;
        assert_eq!(stats["Stats"].as_array().map(Vec::len), Some(2), "{stats}");
        remove(&whole, &one).await?;
        remove(&whole, &two).await
    });
}
