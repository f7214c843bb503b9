//! Many at once on one client: nobody waits for anybody.

use contajners::Error;
use contajners_tests::Kind;
use contajners_tests::image::tar_of;
use tokio::task::JoinSet;

use crate::route::{Route, Transport};
use crate::streams::collect;
use crate::{on, on_route, remove, start};

const STREAMS: usize = 50;
const CALLS: usize = 200;

/// While all streams stand, all calls are answered at once; then each stream has it all.
async fn streams_and_calls(route: &Route) -> Result<(), Error> {
    let (client, near) = (route.client(), route.near());
    let script = "echo first; until [ -e /tmp/go ]; do sleep 0.05; done; echo last >&2";
    let id = start(&near, script).await?;
    let mut streams = Vec::new();
    for _ in 0..STREAMS {
        let logs = on(&client, "ContainerLogs", &id).param("follow", true);
        let mut logs = logs.param("stdout", true).param("stderr", true).output().await?;
        let first = logs.next().await.transpose()?.expect("a first piece");
        assert_eq!(&*first.bytes, b"first\n");
        streams.push(logs);
    }
    assert_eq!(route.front.open(), STREAMS);

    let mut calls = JoinSet::new();
    for _ in 0..CALLS {
        let (client, id) = (client.clone(), id.clone());
        calls.spawn(async move {
            let container = on(&client, "ContainerInspect", &id).await?;
            assert_eq!(container["State"]["Running"], true);
            Ok::<_, Error>(())
        });
    }
    let mut answered = 0;
    while let Some(call) = calls.join_next().await {
        call.expect("no panic")?;
        answered += 1;
    }
    assert_eq!(answered, CALLS);

    let go = tar_of([("go", b"".as_slice())]);
    on(&near, "PutContainerArchive", &id).param("path", "/tmp").body_bytes(go).await?;
    let mut ends = JoinSet::new();
    for mut logs in streams {
        ends.spawn(async move { collect(&mut logs).await });
    }
    while let Some(end) = ends.join_next().await {
        assert_eq!(end.expect("no panic")?, (Vec::new(), b"last\n".to_vec()));
    }
    // What is kept is bounded, whatever there was at once.
    drop(client);
    route.front.wait_open(0);
    remove(&near, &id).await
}

fn check(kind: Kind, transport: Transport) {
    if let Some(route) = Route::new(kind, transport) {
        on_route(&route, streams_and_calls);
    }
}

#[test]
fn docker_over_unix() {
    check(Kind::Docker, Transport::Unix);
}

#[test]
fn podman_over_unix() {
    check(Kind::Podman, Transport::Unix);
}

#[test]
fn docker_over_tls() {
    check(Kind::Docker, Transport::Tls);
}

#[test]
fn podman_over_tls() {
    check(Kind::Podman, Transport::Tls);
}
