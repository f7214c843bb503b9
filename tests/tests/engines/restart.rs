//! An engine is killed under fifty calls and streams, and another one takes its place.

use std::os::unix::fs::symlink;
use std::path::Path;
use std::time::Duration;

use contajners::{Client, Credentials, Error};
use contajners_tests::{Kind, PrivateEngine, image, skip};
use serde_json::{Value, json};

/// How long a call may take to see that its engine has gone.
const LIMIT: Duration = Duration::from_secs(20);

#[test]
fn docker_is_killed_under_fifty_calls() {
    check(Kind::Docker);
}

#[test]
fn podman_is_killed_under_fifty_calls() {
    check(Kind::Podman);
}

fn start(kind: Kind) -> Option<PrivateEngine> {
    match PrivateEngine::start(kind) {
        Ok(engine) => Some(engine),
        Err(error) if error.is_unsupported() => {
            skip(&error.to_string());
            None
        }
        Err(error) => panic!("{error}"),
    }
}

fn check(kind: Kind) {
    let Some(engine) = start(kind) else { return };
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("engine.sock");
    symlink(engine.socket(), &socket).unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let client = Client::builder(kind.name())
            .uri(format!("unix://{}", socket.display()))
            .credentials(Credentials::none())
            .build()
            .unwrap();
        let container = writing_container(&client, kind).await.unwrap();
        let calls: Vec<_> = (0..50)
            .map(|number| tokio::spawn(busy(client.clone(), kind, number, container.clone())))
            .collect();
        tokio::time::sleep(Duration::from_millis(700)).await;
        assert!(calls.iter().all(|call| !call.is_finished()), "a call ended before its engine");

        tokio::task::spawn_blocking(move || drop(engine)).await.unwrap();
        for (number, call) in calls.into_iter().enumerate() {
            let ended = tokio::time::timeout(LIMIT, call).await;
            let ended = ended.unwrap_or_else(|_| panic!("call {number} hangs")).unwrap();
            if let Err(error) = ended {
                let known = ["connection-broken", "cannot-connect", "stream-cut", "engine-error"];
                assert!(known.contains(&error.code()), "call {number}: {error:?}");
            }
        }

        // What keeps no connection alive meets nobody, and the next engine at that address is met.
        let error = client.invoke("ContainerList").await.unwrap_err();
        assert_eq!(error.code(), "cannot-connect");
        let next = tokio::task::spawn_blocking(move || start(kind)).await.unwrap().unwrap();
        relink(next.socket(), &socket);
        let list = client.invoke("ContainerList").param("all", true).await.unwrap();
        assert_eq!(list, json!([]));
        tokio::task::spawn_blocking(move || drop(next)).await.unwrap();
    });
}

/// What a container is given as.
fn parameter(kind: Kind) -> &'static str {
    match kind {
        Kind::Docker => "id",
        Kind::Podman => "name",
    }
}

fn relink(to: &Path, link: &Path) {
    std::fs::remove_file(link).unwrap();
    symlink(to, link).unwrap();
}

/// A container that writes a line now and then.
async fn writing_container(client: &Client, kind: Kind) -> Result<String, Error> {
    client.invoke("ImageLoad").body_bytes(image::busybox_archive().unwrap()).await?;
    let body = json!({
        "Image": "localhost/busybox:local",
        "Cmd": ["sh", "-c", "while true; do echo line; sleep 0.1; done"],
        "HostConfig": { "NetworkMode": "none" },
    });
    let made = client.invoke("ContainerCreate").body(body).await?;
    let id = made["Id"].as_str().unwrap_or_default().to_owned();
    client.invoke("ContainerStart").param(parameter(kind), &*id).await?;
    Ok(id)
}

/// Calls, or reads a stream, until the engine has gone.
async fn busy(client: Client, kind: Kind, number: usize, container: String) -> Result<(), Error> {
    let name = parameter(kind);
    match number % 5 {
        0 => {
            let mut events = client.invoke("SystemEvents").documents::<Value>().await?;
            while let Some(event) = events.next().await {
                event?;
            }
        }
        1 => {
            let call = client.invoke("ContainerLogs").param(name, container).param("follow", true);
            let mut output = call.param("stdout", true).output().await?;
            while let Some(piece) = output.next().await {
                piece?;
            }
        }
        2 => {
            client.invoke("ContainerWait").param(name, container).await?;
        }
        3 => loop {
            client.invoke("ContainerInspect").param(name, &*container).await?;
        },
        _ => loop {
            client.invoke("ContainerList").param("all", true).await?;
        },
    }
    Ok(())
}
