//! Networks and volumes: created, listed, removed.

use contajners::{Client, Error};
use serde_json::{Value, json};

use crate::{on, on_both, text};

on_both!(network, volume);

async fn network(engine: Client) -> Result<(), Error> {
    let labels = json!({ "made.by": "tests" });
    let body = json!({ "Name": "tests-network", "Labels": labels, "Internal": true });
    let created = engine.invoke("NetworkCreate").body(body).await?;
    let id = text(&created, "/Id");
    let listed: Vec<Value> = engine
        .invoke("NetworkList")
        .param("filters", json!({ "label": ["made.by=tests"] }))
        .json()
        .await?;
    assert_eq!(listed.len(), 1);
    assert_eq!(text(&listed[0], "/Name"), "tests-network");
    let inspected = on(&engine, "NetworkInspect", "tests-network").await?;
    assert_eq!(text(&inspected, "/Id"), id);
    on(&engine, "NetworkDelete", &id).await?;
    let gone = on(&engine, "NetworkInspect", &id).await.unwrap_err();
    assert_eq!(gone.status(), Some(404));
    Ok(())
}

async fn volume(engine: Client) -> Result<(), Error> {
    let body = json!({ "Name": "tests-volume", "Labels": { "made.by": "tests" } });
    let created = engine.invoke("VolumeCreate").body(body).await?;
    assert_eq!(text(&created, "/Name"), "tests-volume");
    let listed =
        engine.invoke("VolumeList").param("filters", json!({ "name": ["tests-volume"] })).await?;
    assert_eq!(text(&listed, "/Volumes/0/Name"), "tests-volume");
    engine.invoke("VolumeDelete").param("name", "tests-volume").await?;
    let gone = engine.invoke("VolumeInspect").param("name", "tests-volume").await.unwrap_err();
    assert_eq!(gone.status(), Some(404));
    Ok(())
}
