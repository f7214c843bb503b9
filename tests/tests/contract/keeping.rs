//! Connections that are kept, and those that must not be.

use contajners::Error;
use contajners_tests::Way;
use serde_json::json;

use crate::route::Route;
use crate::sockets::join;
use crate::{create, differs, on, remove};

pub(crate) async fn used_again(route: &Route) -> Result<(), Error> {
    let (client, id) = (route.client(), &*route.prepared.ended);
    for _ in 0..3 {
        on(&client, "ContainerInspect", id).await?;
        on(&client, "ContainerInspect", "no-such").await.unwrap_err();
        let logs = on(&client, "ContainerLogs", id).param("stdout", true);
        let mut logs = logs.output().await?;
        while logs.next().await.transpose()?.is_some() {}
        let answer = on(&client, "ContainerStop", id).await?;
        assert!(answer.is_null(), "{answer}");
    }
    assert_eq!(route.front.accepted(), 1);
    Ok(())
}

pub(crate) async fn not_used_again(route: &Route) -> Result<(), Error> {
    let (client, id) = (route.client(), &*route.prepared.running);
    assert_eq!(client.invoke("SystemPing").await?, "OK");
    // A socket has a connection of its own, which is no use to anybody after it.
    drop(join(&client, id, false, "true").await?.split());
    assert_eq!(client.invoke("SystemPing").await?, "OK");
    assert_eq!(route.front.accepted(), 2);
    let wait = |count| match differs("keeping::not_used_again", route) {
        true => route.front.wait_held(count),
        false => route.front.wait_open(count),
    };
    wait(1);

    // An answer that is not read: its connection goes with it.
    drop(on(&client, "ContainerExport", id).stream().await?);
    wait(0);
    assert_eq!(client.invoke("SystemPing").await?, "OK");
    assert_eq!(route.front.accepted(), 3);
    Ok(())
}

pub(crate) async fn gone_while_idle(route: &Route) -> Result<(), Error> {
    let client = route.client();
    assert_eq!(client.invoke("SystemPing").await?, "OK");
    route.front.cut_open();
    route.front.wait_open(0);
    assert_eq!(client.invoke("SystemPing").await?, "OK");
    assert_eq!(route.front.accepted(), 2);
    Ok(())
}

/// On a connection that was used before, a request that changes nothing is sent a second time.
pub(crate) async fn gone_under_a_request(route: &Route) -> Result<(), Error> {
    let (client, near) = (route.client(), route.near());
    let id = create(&near, "true", json!({})).await?;
    assert_eq!(client.invoke("SystemPing").await?, "OK");
    route.front.cut_after(Way::Up, 10);
    assert_eq!(on(&client, "ContainerInspect", &id).await?["Id"], id);
    assert_eq!((route.front.accepted(), route.front.cuts()), (2, 1));

    // One that changes something is not.
    route.front.cut_after(Way::Up, 10);
    let error = on(&client, "ContainerStart", &id).await.unwrap_err();
    assert_eq!((error.code(), error.may_have_acted()), ("connection-broken", true));
    assert_eq!((route.front.accepted(), route.front.cuts()), (2, 2));
    remove(&near, &id).await
}
