//! Creates a network, finds it again by a filter, and removes it.
//!
//! `cargo run -p contajners --example create_network`

use contajners::{Client, Error};
use serde::Deserialize;
use serde_json::json;

/// What is of interest here; the rest of the answer is passed over.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Network {
    name: String,
    driver: String,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let docker = Client::builder("docker").build()?;
    let body = json!({ "Name": "example-network", "Labels": { "made.by": "example" } });
    let created = docker.invoke("NetworkCreate").body(body).await?;
    let networks = docker
        .invoke("NetworkList")
        // A map for a text parameter becomes JSON.
        .param("filters", json!({ "label": ["made.by=example"] }))
        .json::<Vec<Network>>()
        .await;
    docker.invoke("NetworkDelete").param("id", &created["Id"]).await?;
    for network in networks? {
        println!("{} ({})", network.name, network.driver);
    }
    Ok(())
}
