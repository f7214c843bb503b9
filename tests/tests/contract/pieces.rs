//! Bytes that come one by one, or in pieces with pauses: the results are the same.

use std::io::Cursor;
use std::time::Duration;

use contajners::{Client, Error};
use contajners_tests::image::tar_of;
use contajners_tests::{Pace, Way};
use serde_json::json;
use tokio::io::AsyncWriteExt;

use crate::route::Route;
use crate::sockets::join;
use crate::streams::collect;
use crate::{differs, file_of, on, pattern, text};

pub(crate) async fn of_one_byte(route: &Route) -> Result<(), Error> {
    let pause = Duration::from_micros(1);
    let up = if differs("pieces::of_one_byte", route) { 64 } else { 1 };
    same(route, Pace::Pieces(up, pause), Pace::Pieces(1, pause), 400).await
}

pub(crate) async fn with_pauses(route: &Route) -> Result<(), Error> {
    let pace = Pace::Pieces(997, Duration::from_millis(2));
    same(route, pace, pace, 60_000).await
}

async fn same(route: &Route, up: Pace, down: Pace, size: usize) -> Result<(), Error> {
    let (client, near) = (route.client(), route.near());
    let (ended, running) = (&*route.prepared.ended, &*route.prepared.running);
    route.front.set_pace(Way::Up, up);
    route.front.set_pace(Way::Down, down);

    // JSON, with a body of its own on the way up.
    let volume = json!({ "Labels": { "contract": "pieces" } });
    let name = text(&client.invoke("VolumeCreate").body(volume).await?, "/Name");
    let inspect = |client: &Client| client.invoke("VolumeInspect").param("name", &name);
    let volume = inspect(&client).await?;
    assert_eq!(volume["Labels"]["contract"], "pieces");
    assert_eq!(volume, inspect(&near).await?);
    near.invoke("VolumeDelete").param("name", &name).await?;

    // Frames.
    let logs = on(&client, "ContainerLogs", ended).param("stdout", true).param("stderr", true);
    let logs = collect(&mut logs.output().await?).await?;
    assert_eq!(logs, (b"one\nthree\n".to_vec(), "two\nü\n".as_bytes().to_vec()));

    // Bytes, both ways.
    let content = pattern(size);
    let name = format!("{}-{size}", route.transport().name());
    let put = on(&client, "PutContainerArchive", running).param("path", "/tmp");
    put.body_reader(Cursor::new(tar_of([(&*name, &*content)]))).await?;
    let get = |client| {
        on(client, "ContainerArchive", running).param("path", format!("/tmp/{name}")).bytes()
    };
    let archive = get(&client).await?;
    assert_eq!(file_of(&archive), (&*name, &*content));
    assert_eq!(archive, get(&near).await?);

    // An error.
    let error = on(&client, "ContainerInspect", "no-such").await.unwrap_err();
    assert_eq!(error.status(), Some(404));
    assert!(error.message().is_some_and(|message| !message.is_empty()));

    // A socket.
    let socket = join(&client, running, false, "cat; echo done >&2").await?;
    let (mut output, mut input) = socket.split();
    let write = async {
        input.write_all(&content).await.expect("input");
        input.shutdown().await.expect("an end of the input");
    };
    let ((), read) = tokio::join!(write, collect(&mut output));
    assert!(read? == (content, b"done\n".to_vec()));
    Ok(())
}
