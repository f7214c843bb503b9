//! Creates a container, starts it, waits for its end, and removes it.
//!
//! `cargo run -p contajners --example create_and_start -- IMAGE`

use contajners::{Client, Error};
use serde_json::{Value, json};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let image = std::env::args().nth(1).unwrap_or_else(|| "busybox:musl".into());
    // Operations of other categories are refused.
    let containers = Client::builder("docker").category("containers").build()?;

    let created = containers
        .invoke("ContainerCreate")
        .param("name", "example-conny")
        .body(json!({ "Image": image, "Cmd": ["sh", "-c", "exit 3"] }))
        .await?;
    let id = &created["Id"];
    let ended = run(&containers, id).await;
    // Whatever became of it, nothing stays.
    containers.invoke("ContainerDelete").param("id", id).param("force", true).await?;
    ended
}

async fn run(containers: &Client, id: &Value) -> Result<(), Error> {
    containers.invoke("ContainerStart").param("id", id).await?;
    let waited = containers.invoke("ContainerWait").param("id", id).await?;
    println!("it ended with {}", waited["StatusCode"]);
    Ok(())
}
