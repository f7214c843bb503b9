//! An engine is killed under fifty calls and streams, twice, and comes back each time.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use contajners::{Client, Credentials, Error};
use contajners_tests::{Kind, PrivateEngine, image, skip};
use serde_json::{Value, json};
use tokio::task::JoinHandle;

/// How long a call may take to see that its engine has gone.
const LIMIT: Duration = Duration::from_secs(20);

/// How many read one stream to its end, and how many call again and again.
const STREAMS: usize = 30;
const CALLERS: usize = 20;

/// What a call may end with whose engine is killed, or is not up yet.
const KNOWN: [&str; 4] = ["connection-broken", "cannot-connect", "stream-cut", "engine-error"];

#[test]
fn docker_is_killed_under_fifty_calls() {
    check(Kind::Docker);
}

#[test]
fn podman_is_killed_under_fifty_calls() {
    check(Kind::Podman);
}

fn check(kind: Kind) {
    let mut engine = match PrivateEngine::start_again(kind) {
        Ok(engine) => engine,
        Err(error) if error.is_unsupported() => return skip(&error.to_string()),
        Err(error) => panic!("{error}"),
    };
    let builder = Client::builder(kind.name()).uri(engine.uri()).credentials(Credentials::none());
    let client = builder.build().unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let callers = Callers::default();
    let looping: Vec<_> = (0..CALLERS)
        .map(|number| runtime.spawn(call(client.clone(), kind, number, callers.clone())))
        .collect();
    let image = image::busybox_archive().unwrap();
    runtime.block_on(async { client.invoke("ImageLoad").body_bytes(image).await }).unwrap();

    for _ in 0..2 {
        let container = runtime.block_on(writing_container(&client, kind)).unwrap();
        let streams: Vec<_> = (0..STREAMS)
            .map(|number| runtime.spawn(read(client.clone(), kind, number, container.clone())))
            .collect();
        std::thread::sleep(Duration::from_millis(700));
        for (number, stream) in streams.iter().enumerate() {
            assert!(!stream.is_finished(), "stream {number} ended before its engine");
        }

        engine.restart().unwrap();
        for (number, stream) in streams.into_iter().enumerate() {
            ended(&runtime, &format!("stream {number}"), stream);
        }
        // Everyone meets the engine that has come back.
        let done = callers.done.load(Ordering::SeqCst);
        let begun = Instant::now();
        while callers.done.load(Ordering::SeqCst) < done + 5 * CALLERS {
            assert!(begun.elapsed() < LIMIT, "nobody gets an answer any more");
            std::thread::sleep(Duration::from_millis(1));
        }
        let inspect = client.invoke("ContainerInspect").param(parameter(kind), &*container);
        let inspected = runtime.block_on(inspect.into_future()).unwrap();
        assert_eq!(inspected["Id"], json!(container), "it has its data");
    }

    callers.are_over.store(true, Ordering::SeqCst);
    for (number, caller) in looping.into_iter().enumerate() {
        ended(&runtime, &format!("caller {number}"), caller);
    }
    let begun = Instant::now();
    while runtime.metrics().num_alive_tasks() > 0 {
        assert!(begun.elapsed() < LIMIT, "a task is left");
        std::thread::sleep(Duration::from_millis(1));
    }
    drop(engine);
    let error = runtime.block_on(async { client.invoke("ContainerList").await }).unwrap_err();
    assert_eq!(error.code(), "cannot-connect");
}

/// Waits for the end of what was begun before the engine was killed.
fn ended(runtime: &tokio::runtime::Runtime, who: &str, task: JoinHandle<Result<(), Error>>) {
    let ended = runtime.block_on(async { tokio::time::timeout(LIMIT, task).await });
    let ended = ended.unwrap_or_else(|_| panic!("{who} hangs")).unwrap();
    if let Err(error) = ended {
        assert!(KNOWN.contains(&error.code()), "{who}: {error:?}");
    }
}

/// What those who call again and again have in common.
#[derive(Clone, Default)]
struct Callers {
    are_over: Arc<AtomicBool>,
    /// Calls that ended with a result.
    done: Arc<AtomicUsize>,
}

/// Calls until the end, whether the engine is there or not.
async fn call(client: Client, kind: Kind, number: usize, callers: Callers) -> Result<(), Error> {
    while !callers.are_over.load(Ordering::SeqCst) {
        let call = match number % 2 {
            0 => client.invoke("ContainerList").param("all", true),
            _ => client.invoke(match kind {
                Kind::Docker => "SystemVersion",
                Kind::Podman => "SystemVersionLibpod",
            }),
        };
        match call.await {
            Ok(_) => drop(callers.done.fetch_add(1, Ordering::SeqCst)),
            Err(error) if KNOWN.contains(&error.code()) => {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// What a container is given as.
fn parameter(kind: Kind) -> &'static str {
    match kind {
        Kind::Docker => "id",
        Kind::Podman => "name",
    }
}

/// A container that writes a line now and then.
async fn writing_container(client: &Client, kind: Kind) -> Result<String, Error> {
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

/// Reads a stream, writes one, or waits, until the engine has gone.
async fn read(client: Client, kind: Kind, number: usize, container: String) -> Result<(), Error> {
    let name = parameter(kind);
    let of_container = |id: &str| client.invoke(id).param(name, &*container);
    match number % 5 {
        0 => {
            let mut events = client.invoke("SystemEvents").documents::<Value>().await?;
            while let Some(event) = events.next().await {
                event?;
            }
        }
        1 => {
            let call = of_container("ContainerLogs").param("follow", true).param("stdout", true);
            let mut output = call.output().await?;
            while let Some(piece) = output.next().await {
                piece?;
            }
        }
        2 => drop(of_container("ContainerWait").await?),
        3 => {
            let call = of_container("ContainerAttach").param("stream", true).param("stdout", true);
            let (mut output, _input) = call.socket().await?.split();
            while let Some(piece) = output.next().await {
                piece?;
            }
        }
        _ => {
            // More of the archive never comes.
            let (reader, _writer) = tokio::io::simplex(1);
            client.invoke("ImageBuild").body_reader(reader).await?;
        }
    }
    Ok(())
}
