//! Calls with an answer that is read as a whole.

use contajners::{Error, ErrorKind, Method};
use contajners_tests::Kind;
use serde_json::json;
use tokio::task::JoinSet;

use crate::route::Route;
use crate::{create, on, remove, text};

pub(crate) async fn negotiation(route: &Route) -> Result<(), Error> {
    let client = route.client();
    let header = match route.kind() {
        Kind::Docker => "Api-Version",
        Kind::Podman => "Libpod-Api-Version",
    };
    let answer = client.invoke("SystemPing").send().await?;
    let said = answer.header(header).expect("the version that it speaks").to_owned();
    assert_eq!(answer.text().await?, "OK");
    assert_eq!(client.api().await?.version(), format!("v{said}"));
    // Both of it over one connection.
    assert_eq!(route.front.accepted(), 1);
    Ok(())
}

pub(crate) async fn json(route: &Route) -> Result<(), Error> {
    let client = route.client();
    let label = "ä %2F \"quoted\" \u{1f980}";
    let id = create(&client, "true", json!({ "Labels": { "contract": label } })).await?;
    let container = on(&client, "ContainerInspect", &id).await?;
    assert_eq!(container["Id"], id);
    assert_eq!(container["Config"]["Labels"]["contract"], label);
    let filters = json!({ "label": [format!("contract={label}")], "id": [id] });
    let list = client.invoke("ContainerList").param("all", true).param("filters", filters).await?;
    assert_eq!(list.as_array().map(Vec::len), Some(1), "{list}");
    assert_eq!(list[0]["Id"], id);
    remove(&client, &id).await
}

pub(crate) async fn error_status(route: &Route) -> Result<(), Error> {
    let client = route.client();
    let error = on(&client, "ContainerInspect", "no-such").await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::Status, "engine-error"));
    assert_eq!(error.status(), Some(404));
    let message = error.message().expect("a message").to_lowercase();
    assert!(message.contains("no such container"), "{message}");
    let (method, target) = error.target().expect("a target");
    assert_eq!(method, Method::Get);
    assert!(target.ends_with("/containers/no-such/json"), "{target}");
    assert!(!error.may_have_acted());
    Ok(())
}

pub(crate) async fn wait_and_exit_codes(route: &Route) -> Result<(), Error> {
    let client = route.client();
    let id = create(&client, "sleep 0.2; exit 3", json!({})).await?;
    on(&client, "ContainerStart", &id).await?;
    // Started already: no error.
    on(&client, "ContainerStart", &id).await?;
    let ended = on(&client, "ContainerWait", &id).await?;
    assert_eq!(ended["StatusCode"], 3, "{ended}");
    remove(&client, &id).await?;

    let body = json!({ "Cmd": ["/bin/sh", "-c", "exit 5"], "AttachStdout": true });
    let exec = on(&client, "ContainerExec", &route.prepared.running).body(body).await?;
    let exec = text(&exec, "/Id");
    let call = client.invoke("ExecStart").param("id", &exec);
    let socket = call.body(json!({ "Detach": false, "Tty": false })).socket().await?;
    let (mut output, _input) = socket.split();
    assert_eq!(output.next().await.transpose()?, None);
    let exec = client.invoke("ExecInspect").param("id", &exec).await?;
    assert_eq!(exec["ExitCode"], 5, "{exec}");
    Ok(())
}

pub(crate) async fn several_at_once(route: &Route) -> Result<(), Error> {
    let client = route.client();
    let ids = [&*route.prepared.ended, &route.prepared.running];
    let mut calls = JoinSet::new();
    for id in ids.into_iter().cycle().take(8) {
        let client = client.clone();
        calls.spawn(async move {
            let container = on(&client, "ContainerInspect", id).await?;
            assert_eq!(container["Id"], id);
            Ok::<_, Error>(())
        });
    }
    while let Some(call) = calls.join_next().await {
        call.expect("no panic")?;
    }
    Ok(())
}
