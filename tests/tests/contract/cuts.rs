//! Connections that break off: a defined error, nothing lost that had come, and a client that
//! goes on.

use std::io::Cursor;

use contajners::{Client, Error, ErrorKind, Output};
use contajners_tests::Way;
use contajners_tests::image::tar_of;
use serde_json::json;
use tokio::io::AsyncWriteExt;

use crate::route::{Route, Transport};
use crate::sockets::join;
use crate::{create, differs, on, pattern, remove, start};

/// Has a connection that was used before, so that no handshake is among the bytes that count. The
/// client keeps it for some seconds only: whatever takes time goes before this.
async fn warm(route: &Route) -> Result<Client, Error> {
    let client = route.client();
    assert_eq!(client.invoke("SystemPing").await?, "OK");
    assert_eq!(route.front.accepted(), 1);
    Ok(client)
}

#[track_caller]
fn check_broken(route: &Route, error: &Error) {
    assert_eq!((error.kind(), error.code()), (ErrorKind::Send, "connection-broken"), "{error:?}");
    assert_eq!(route.front.cuts(), 1);
    crate::secrets::check_error(error);
}

async fn goes_on(route: &Route, client: &Client) -> Result<(), Error> {
    assert_eq!(client.invoke("SystemPing").await?, "OK");
    assert_eq!(route.front.accepted(), 2);
    Ok(())
}

pub(crate) async fn in_a_head(route: &Route) -> Result<(), Error> {
    let client = warm(route).await?;
    route.front.cut_after(Way::Down, 20);
    let error = client.invoke("VolumeCreate").body(json!({})).await.unwrap_err();
    check_broken(route, &error);
    assert!(error.may_have_acted());
    goes_on(route, &client).await
}

pub(crate) async fn in_a_body(route: &Route) -> Result<(), Error> {
    const CUT: usize = 1 << 20;
    let near = route.near();
    let id = create(&near, "true", json!({})).await?;
    let put = on(&near, "PutContainerArchive", &id).param("path", "/tmp");
    put.body_bytes(tar_of([("big", &*pattern(4 << 20))])).await?;
    let get = |client| on(client, "ContainerArchive", &id).param("path", "/tmp/big");
    let whole = get(&near).bytes().await?;

    let client = warm(route).await?;
    route.front.cut_after(Way::Down, CUT);
    let mut stream = get(&client).stream().await?;
    let mut got = Vec::new();
    let error = loop {
        match stream.next().await.expect("an error, not an end") {
            Ok(piece) => got.extend_from_slice(&piece),
            Err(error) => break error,
        }
    };
    check_broken(route, &error);
    assert!(stream.next().await.is_none());
    // Heads and sizes of chunks are little; of TLS the last record never becomes whole.
    let enough = if differs("cuts::in_a_body", route) { 0 } else { CUT - (64 << 10) };
    assert!(got.len() > enough, "{} bytes", got.len());
    assert!(whole.starts_with(&got));
    goes_on(route, &client).await?;

    // As a whole it is an error, too, rather than half an answer.
    route.front.cut_after(Way::Down, CUT);
    let error = get(&client).bytes().await.unwrap_err();
    assert_eq!(error.code(), "connection-broken");
    remove(&near, &id).await
}

pub(crate) async fn in_frames(route: &Route) -> Result<(), Error> {
    const CUT: usize = 100_003;
    let near = route.near();
    let line = "0123456789abcdef".repeat(64);
    let id =
        start(&near, &format!("while echo {line}; do :; done | head -n 400; sleep 100")).await?;
    let client = warm(route).await?;
    let logs = on(&client, "ContainerLogs", &id).param("follow", true).param("stdout", true);
    route.front.cut_after(Way::Down, CUT);
    let mut logs = logs.output().await?;
    let mut got = Vec::new();
    let error = loop {
        match logs.next().await.expect("an error, not an end") {
            Ok(piece) => got.extend_from_slice(&piece.bytes),
            Err(error) => break error,
        }
    };
    check_broken(route, &error);
    assert!(logs.next().await.is_none());
    let enough = if differs("cuts::in_frames", route) { 0 } else { CUT - (40 << 10) };
    assert!(got.len() > enough, "{} bytes", got.len());
    let whole = format!("{line}\n").repeat(400);
    assert!(whole.as_bytes().starts_with(&got));
    goes_on(route, &client).await?;
    remove(&near, &id).await
}

/// A socket has no end of its own but that of the connection: the frame tells that it is cut,
/// unless the transport does.
pub(crate) async fn in_frames_of_a_socket(route: &Route) -> Result<(), Error> {
    const CUT: usize = 100_003;
    let client = warm(route).await?;
    let script = "read go; head -c 1000000 /dev/zero; cat";
    let running = &route.prepared.running;
    let (mut output, mut input) = join(&client, running, false, script).await?.split();
    route.front.cut_after(Way::Down, CUT);
    input.write_all(b"go\n").await.expect("input");
    let mut got = 0;
    let error = loop {
        match output.next().await.expect("an error, not an end") {
            Ok(piece) => {
                assert_eq!(piece.output, Output::Stdout);
                assert!(piece.bytes.iter().all(|byte| *byte == 0));
                got += piece.bytes.len();
            }
            Err(error) => break error,
        }
    };
    let (expected, enough) =
        match (differs("cuts::in_frames_of_a_socket", route), route.transport()) {
            (true, Transport::Ssh) => ((ErrorKind::Send, "connection-broken"), 0),
            (true, _) => ((ErrorKind::Send, "connection-broken"), CUT - (40 << 10)),
            (false, _) => ((ErrorKind::Decode, "stream-cut"), CUT - (40 << 10)),
        };
    assert_eq!((error.kind(), error.code()), expected, "{error:?}");
    assert_eq!(route.front.cuts(), 1);
    assert!(output.next().await.is_none());
    assert!(got >= enough, "{got} bytes");
    assert_eq!(client.invoke("SystemPing").await?, "OK");
    Ok(())
}

pub(crate) async fn in_an_upload(route: &Route) -> Result<(), Error> {
    let near = route.near();
    let id = create(&near, "true", json!({})).await?;
    let archive = tar_of([("big", &*pattern(8 << 20))]);
    let client = warm(route).await?;
    route.front.cut_after(Way::Up, 1 << 20);
    let put = on(&client, "PutContainerArchive", &id).param("path", "/tmp");
    let error = put.body_reader(Cursor::new(archive)).await.unwrap_err();
    check_broken(route, &error);
    assert!(error.may_have_acted());
    goes_on(route, &client).await?;
    remove(&near, &id).await
}
