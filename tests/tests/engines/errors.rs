//! What engines say when they refuse.

use contajners::{Client, Content, Error, ErrorKind, Method};
use serde_json::json;

use crate::{create, import, on, on_both, remove, text};

on_both!(not_found, conflict, error_status_as_an_answer, raw_requests, wrong_calls_are_not_sent);

async fn not_found(engine: Client) -> Result<(), Error> {
    let error = on(&engine, "ContainerInspect", "no-such").await.unwrap_err();
    assert_eq!((error.kind(), error.status()), (ErrorKind::Status, Some(404)));
    let message = error.message().expect("a message").to_lowercase();
    assert!(message.contains("no such container") || message.contains("no container"), "{message}");
    assert_eq!(error.operation(), Some("ContainerInspect"));
    let (method, target) = error.target().expect("a target");
    assert_eq!(method, Method::Get);
    assert!(target.ends_with("/containers/no-such/json"), "{target}");
    let body: serde_json::Value = serde_json::from_slice(error.body()).expect("a JSON body");
    assert_eq!(body["message"], error.message().expect("a message"));
    assert!(!error.may_have_acted());
    Ok(())
}

async fn conflict(engine: Client) -> Result<(), Error> {
    let image = import(&engine, "localhost/tests/conflict").await?;
    let id = create(&engine, &image, "conflict", "true").await?;
    let error = create(&engine, &image, "conflict", "true").await.unwrap_err();
    remove(&engine, &id).await?;
    let message = error.message().expect("a message");
    assert!(message.contains("already in use"), "{message}");
    // Podman 4.3 takes it for a failure of its own.
    let expected = if engine.pack().engine() == "podman" { 500 } else { 409 };
    assert_eq!(error.status(), Some(expected));
    assert!(error.may_have_acted());

    // A volume in use is a conflict to both.
    let container = engine
        .invoke("ContainerCreate")
        .param("name", "conflict-user")
        .body(json!({ "Image": image, "Cmd": ["true"], "HostConfig": { "Binds": ["conflict-volume:/data"] } }))
        .await?;
    let error = engine.invoke("VolumeDelete").param("name", "conflict-volume").await.unwrap_err();
    remove(&engine, &text(&container, "/Id")).await?;
    engine.invoke("VolumeDelete").param("name", "conflict-volume").await?;
    assert_eq!((error.kind(), error.status()), (ErrorKind::Status, Some(409)));
    let message = error.message().expect("a message");
    assert!(message.contains("in use") || message.contains("being used"), "{message}");
    Ok(())
}

async fn error_status_as_an_answer(engine: Client) -> Result<(), Error> {
    let call = || on(&engine, "ContainerLogs", "no-such").param("stdout", true);
    let answer = call().allow_error_status().send().await?;
    assert_eq!((answer.status(), answer.is_success()), (404, false));
    assert_eq!(answer.content(), Content::Json);
    let mut stream = answer.into_stream();
    let mut body = Vec::new();
    while let Some(piece) = stream.next().await.transpose()? {
        body.extend_from_slice(&piece);
    }
    let body: serde_json::Value = serde_json::from_slice(&body).expect("JSON");
    assert!(body["message"].is_string(), "{body}");

    let error = call().stream().await.unwrap_err();
    assert_eq!(error.status(), Some(404));
    assert_eq!(error.message(), body["message"].as_str());
    Ok(())
}

async fn raw_requests(engine: Client) -> Result<(), Error> {
    let version = engine.api().await?.version();
    let path = format!("/{version}/containers/json?all=true&limit=0");
    assert!(engine.request(Method::Get, path).await?.is_array());
    let error = engine.request(Method::Post, "/v1.41/no/such/place").await.unwrap_err();
    assert_eq!(error.status(), Some(404));
    let error = engine.request(Method::Get, "no-slash").await.unwrap_err();
    assert_eq!(error.code(), "invalid-target");
    Ok(())
}

async fn wrong_calls_are_not_sent(engine: Client) -> Result<(), Error> {
    let error = engine.invoke("ContainerLst").await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::Resolve, "unknown-operation"));
    assert!(error.hint().is_some_and(|hint| hint.starts_with("did you mean `ContainerList`")));
    let error = engine.invoke("ContainerList").param("al", true).await.unwrap_err();
    assert_eq!(error.code(), "unknown-parameter");
    assert!(!error.may_have_acted());
    for path in ["", ".", "..", "a/../b"] {
        let error = engine.invoke("ImageInspect").param("name", path).await.unwrap_err();
        assert_eq!(error.code(), "invalid-parameter", "{path}");
    }
    Ok(())
}
