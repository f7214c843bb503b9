//! Answers that come while something goes on.

use std::time::{SystemTime, UNIX_EPOCH};

use contajners::{Error, Output};
use serde_json::json;

use crate::route::Route;
use crate::{create, on, remove, start};

/// Reads output to its end, stdout and stderr told apart.
pub(crate) async fn collect(
    output: &mut contajners::OutputStream,
) -> Result<(Vec<u8>, Vec<u8>), Error> {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    while let Some(piece) = output.next().await.transpose()? {
        match piece.output {
            Output::Stdout => out.extend_from_slice(&piece.bytes),
            Output::Stderr => err.extend_from_slice(&piece.bytes),
            other => panic!("output on {other:?}"),
        }
    }
    Ok((out, err))
}

pub(crate) async fn frames(route: &Route) -> Result<(), Error> {
    let client = route.client();
    let logs = |out: bool, err: bool| {
        on(&client, "ContainerLogs", &route.prepared.ended)
            .param("stdout", out)
            .param("stderr", err)
    };
    let both = collect(&mut logs(true, true).output().await?).await?;
    assert_eq!(both, (b"one\nthree\n".to_vec(), "two\nü\n".as_bytes().to_vec()));
    let one = collect(&mut logs(false, true).output().await?).await?;
    assert_eq!(one, (Vec::new(), "two\nü\n".as_bytes().to_vec()));
    Ok(())
}

pub(crate) async fn frames_that_follow(route: &Route) -> Result<(), Error> {
    let (client, near) = (route.client(), route.near());
    // It goes on when a file appears, which it does when the first line has arrived.
    let script = "echo first; until [ -e /tmp/go ]; do sleep 0.05; done; echo last >&2";
    let id = start(&near, script).await?;
    let logs = on(&client, "ContainerLogs", &id).param("follow", true);
    let mut logs = logs.param("stdout", true).param("stderr", true).output().await?;
    let first = logs.next().await.transpose()?.expect("a first piece");
    assert_eq!((first.output, &*first.bytes), (Output::Stdout, &b"first\n"[..]));
    let go = contajners_tests::image::tar_of([("go", b"".as_slice())]);
    on(&near, "PutContainerArchive", &id).param("path", "/tmp").body_bytes(go).await?;
    assert_eq!(collect(&mut logs).await?, (Vec::new(), b"last\n".to_vec()));
    remove(&near, &id).await
}

pub(crate) async fn terminal(route: &Route) -> Result<(), Error> {
    let (client, near) = (route.client(), route.near());
    let id = create(&near, "echo one; echo two >&2", json!({ "Tty": true })).await?;
    on(&near, "ContainerStart", &id).await?;
    on(&near, "ContainerWait", &id).await?;
    let logs = on(&client, "ContainerLogs", &id).param("stdout", true).param("stderr", true);
    let (out, err) = collect(&mut logs.output().await?).await?;
    assert_eq!((String::from_utf8_lossy(&out), err.len()), ("one\r\ntwo\r\n".into(), 0));
    remove(&near, &id).await
}

pub(crate) async fn events(route: &Route) -> Result<(), Error> {
    let (client, near) = (route.client(), route.near());
    let id = create(&near, "true", json!({})).await?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock").as_secs();
    let filters = json!({ "container": [id] });
    let events = client.invoke("SystemEvents").param("since", (now - 1).to_string());
    let mut events = events.param("filters", filters).documents::<serde_json::Value>().await?;
    on(&near, "ContainerStart", &id).await?;
    for expected in ["start", "die"] {
        loop {
            let event = events.next().await.transpose()?.expect("an event");
            assert_eq!(event["Actor"]["ID"], id);
            // Engines tell of more than these, each of its own.
            if event["Action"] == expected {
                break;
            }
        }
    }
    drop(events);
    remove(&near, &id).await
}

/// Dropped while the engine still has it open: the connection is gone on both sides.
pub(crate) async fn dropped(route: &Route) -> Result<(), Error> {
    let (client, near) = (route.client(), route.near());
    let id = start(&near, "echo one; sleep 100").await?;
    let logs = on(&client, "ContainerLogs", &id).param("follow", true).param("stdout", true);
    let mut logs = logs.output().await?;
    logs.next().await.transpose()?.expect("a piece");
    assert_eq!(route.front.open(), 1);
    drop(logs);
    route.front.wait_open(0);
    assert_eq!(client.invoke("SystemPing").await?, "OK");
    assert_eq!(route.front.accepted(), 2);
    remove(&near, &id).await
}
