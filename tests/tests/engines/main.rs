//! Real engines, driven through the client: each test runs against Docker and against Podman.
//!
//! The engines are private to this run and reach no registry; whatever a test needs it makes.

mod archives;
mod blocking;
mod containers;
mod errors;
mod folders;
mod habits;
mod images;
mod networks_and_volumes;
mod over_ssh;
mod podman_only;
mod restart;
mod sockets;
mod versions;
mod waiting;

use std::future::Future;
use std::time::Duration;

use contajners::{Call, Client, Credentials, Error};
use contajners_tests::{PrivateEngine, image};
use serde_json::{Value, json};

/// Makes a test of each function, once for each engine.
macro_rules! on_both {
    ($($test:ident),+ $(,)?) => {
        mod docker {
            $(#[test]
            fn $test() {
                crate::run("docker", contajners_tests::docker(), super::$test);
            })+
        }
        mod podman {
            $(#[test]
            fn $test() {
                crate::run("podman", contajners_tests::podman(), super::$test);
            })+
        }
    };
}
pub(crate) use on_both;

/// Longer than any call here takes; what hangs shall fail.
const PATIENCE: Duration = Duration::from_secs(120);

/// Runs a test against an engine, unless there is none, which has been said then.
pub(crate) fn run<F, R>(name: &str, engine: Option<&'static PrivateEngine>, test: F)
where
    F: FnOnce(Client) -> R,
    R: Future<Output = Result<(), Error>>,
{
    let Some(engine) = engine else { return };
    let client = Client::builder(name)
        .uri(engine.uri())
        .timeout(PATIENCE)
        .credentials(Credentials::none())
        .build()
        .expect("a client");
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .expect("a runtime");
    if let Err(error) = runtime.block_on(test(client)) {
        panic!("{}\n{}", chain(&error), engine.log_tail());
    }
}

/// An error with its causes and its hint.
pub(crate) fn chain(error: &Error) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        text.push_str(&format!("\n  caused by: {error}"));
        cause = error.source();
    }
    if let Some(hint) = error.hint() {
        text.push_str(&format!("\n  hint: {hint}"));
    }
    text
}

/// Imports a small Linux under a name of the test's own and returns `name:local`.
pub(crate) async fn import(client: &Client, name: &str) -> Result<String, Error> {
    let filesystem = image::busybox_filesystem().expect("a static busybox");
    client
        .invoke("ImageCreate")
        .param("fromSrc", "-")
        // Podman 4.3 overlooks `tag`; both take one in the name.
        .param("repo", format!("{name}:local"))
        .body_bytes(filesystem)
        .await?;
    Ok(format!("{name}:local"))
}

/// Creates and starts a container that runs a shell script, and returns its id.
pub(crate) async fn start(
    client: &Client,
    image: &str,
    name: &str,
    script: &str,
) -> Result<String, Error> {
    let created = create(client, image, name, script).await?;
    on(client, "ContainerStart", &created).await?;
    Ok(created)
}

/// Creates a container that is to run a shell script, and returns its id.
pub(crate) async fn create(
    client: &Client,
    image: &str,
    name: &str,
    script: &str,
) -> Result<String, Error> {
    let created = client
        .invoke("ContainerCreate")
        .param("name", name)
        .body(json!({ "Image": image, "Cmd": ["/bin/sh", "-c", script] }))
        .await?;
    Ok(text(&created, "/Id"))
}

/// Removes a container, whatever it does.
pub(crate) async fn remove(client: &Client, id: &str) -> Result<(), Error> {
    on(client, "ContainerDelete", id).param("force", true).await?;
    Ok(())
}

/// The text at a JSON pointer.
#[track_caller]
pub(crate) fn text(value: &Value, pointer: &str) -> String {
    match value.pointer(pointer) {
        Some(Value::String(text)) => text.clone(),
        _ => panic!("no text at {pointer} of {value}"),
    }
}

/// Begins a call about a container or a network. Podman calls `name` what Docker calls `id`.
pub(crate) fn on(client: &Client, operation: &str, id: &str) -> Call {
    let name = if client.pack().engine() == "podman" { "name" } else { "id" };
    client.invoke(operation).param(name, id)
}
