//! An engine is killed under fifty calls and streams, twice, and comes back each time.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use contajners::{Client, Credentials, Error, Head, Observer};
use contajners_tests::{Kind, PrivateEngine, image, skip};
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt as _;
use tokio::task::JoinHandle;

/// How long a call may take to see that its engine has gone.
const LIMIT: Duration = Duration::from_secs(20);

/// How many read one stream to its end, and how many call again and again.
const STREAMS: usize = 30;
const CALLERS: usize = 20;

/// Which of each five streams reads a socket.
const ATTACHED: usize = 3;

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
    let begun = Begun::default();
    let builder = Client::builder(kind.name()).uri(engine.uri()).credentials(Credentials::none());
    let client = builder.observer(begun.clone()).build().unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let callers = Callers::default();
    let looping: Vec<_> = (0..CALLERS)
        .map(|number| runtime.spawn(call(client.clone(), kind, number, callers.clone())))
        .collect();
    let image = image::busybox_archive().unwrap();
    runtime.block_on(async { client.invoke("ImageLoad").body_bytes(image).await }).unwrap();

    for _ in 0..2 {
        let container = runtime.block_on(writing_container(&client, kind)).unwrap();
        begun.0.store(0, Ordering::SeqCst);
        let streams: Vec<_> = (0..STREAMS)
            .map(|number| {
                runtime.spawn(read(client.clone(), kind, number, container.clone(), begun.clone()))
            })
            .collect();
        let begin = Instant::now();
        while begun.0.load(Ordering::SeqCst) < STREAMS {
            assert!(
                begin.elapsed() < LIMIT,
                "{} streams have begun",
                begun.0.load(Ordering::SeqCst)
            );
            std::thread::sleep(Duration::from_millis(1));
        }
        for (number, stream) in streams.iter().enumerate() {
            assert!(!stream.is_finished(), "stream {number} ended before its engine");
        }

        engine.restart().unwrap();
        for (number, stream) in streams.into_iter().enumerate() {
            let end = ended(&runtime, &format!("stream {number}"), stream);
            // Only a socket may end at any time.
            assert!(end != "done" || number % 5 == ATTACHED, "stream {number} ends as if whole");
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
        assert_eq!(ended(&runtime, &format!("caller {number}"), caller), "done");
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

/// Waits for the end of what was begun before the engine was killed, and says in a word how it ended.
fn ended(
    runtime: &tokio::runtime::Runtime,
    who: &str,
    task: JoinHandle<Result<(), Error>>,
) -> &'static str {
    let ended = runtime.block_on(async { tokio::time::timeout(LIMIT, task).await });
    let ended = ended.unwrap_or_else(|_| panic!("{who} hangs")).unwrap();
    let Err(error) = ended else { return "done" };
    assert!(KNOWN.contains(&error.code()), "{who}: {error:?}");
    error.code()
}

/// How many streams have begun. What nothing need come of has begun when it is sent.
#[derive(Clone, Default)]
struct Begun(Arc<AtomicUsize>);

impl Begun {
    fn one(&self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

impl Observer for Begun {
    fn request(&self, head: &Head) {
        if ["/events", "/wait"].iter().any(|path| head.line().contains(path)) {
            self.one();
        }
    }

    /// Only what is built is read while it is sent.
    fn body_sent(&self, _: usize) {
        self.one();
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
async fn read(
    client: Client,
    kind: Kind,
    number: usize,
    container: String,
    begun: Begun,
) -> Result<(), Error> {
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
            output.next().await.transpose()?;
            begun.one();
            while let Some(piece) = output.next().await {
                piece?;
            }
        }
        2 => drop(of_container("ContainerWait").await?),
        ATTACHED => {
            let call = of_container("ContainerAttach").param("stream", true).param("stdout", true);
            let (mut output, _input) = call.socket().await?.split();
            output.next().await.transpose()?;
            begun.one();
            while let Some(piece) = output.next().await {
                piece?;
            }
        }
        _ => {
            // More of the archive never comes.
            let (reader, mut writer) = tokio::io::simplex(1);
            writer.write_all(b"x").await.unwrap();
            client.invoke("ImageBuild").body_reader(reader).await?;
        }
    }
    Ok(())
}
