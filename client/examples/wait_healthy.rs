//! Starts a container with a health check, waits until it is healthy, and for its end.
//!
//! `cargo run -p contajners --example wait_healthy -- IMAGE`

use std::time::Duration;

use contajners::{Client, Error};
use serde_json::{Value, json};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let image = std::env::args().nth(1).unwrap_or_else(|| "busybox:musl".into());
    let docker = Client::builder("docker").build()?;
    let body = json!({
        "Image": image,
        "Cmd": ["sh", "-c", "touch /ready; sleep 3; exit 3"],
        "Healthcheck": { "Test": ["CMD", "test", "-e", "/ready"], "Interval": 200_000_000 },
    });
    let created = docker.invoke("ContainerCreate").body(body).await?;
    let id = &created["Id"];
    let ended = run(&docker, id).await;
    docker.invoke("ContainerDelete").param("id", id).param("force", true).await?;
    ended
}

async fn run(docker: &Client, id: &Value) -> Result<(), Error> {
    docker.invoke("ContainerStart").param("id", id).await?;
    let healthy = docker.wait("healthy").param("id", id).timeout(Duration::from_secs(30)).await?;
    println!("it is {}", healthy.answer()["State"]["Health"]["Status"]);
    // As long as it takes.
    let exited = docker.wait("exited").param("id", id).await?;
    println!("it ended with {}", exited.told());
    Ok(())
}
