//! Attaches to a container that reads its input, writes to it, and reads what comes back.
//!
//! `cargo run -p contajners --example attach_stdin -- IMAGE`

use std::error::Error;
use std::io::Write;

use contajners::Client;
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let image = std::env::args().nth(1).unwrap_or_else(|| "busybox:musl".into());
    let docker = Client::builder("docker").build()?;
    let created = docker
        .invoke("ContainerCreate")
        .param("name", "example-reader")
        .body(json!({
            "Image": image,
            "Cmd": ["sh", "-c", "read word; echo got $word"],
            // With `StdinOnce` the end of our input is the end of the container's.
            "OpenStdin": true,
            "StdinOnce": true,
        }))
        .await?;
    let id = &created["Id"];
    let talked = talk(&docker, id).await;
    docker.invoke("ContainerDelete").param("id", id).param("force", true).await?;
    talked
}

async fn talk(docker: &Client, id: &Value) -> Result<(), Box<dyn Error>> {
    let socket = docker
        .invoke("ContainerAttach")
        .param("id", id)
        .param("stream", true)
        .param("stdin", true)
        .param("stdout", true)
        .socket()
        .await?;
    docker.invoke("ContainerStart").param("id", id).await?;

    let (mut output, mut input) = socket.split();
    input.write_all(b"hello\n").await?;
    input.shutdown().await?;
    while let Some(piece) = output.next().await {
        std::io::stdout().write_all(&piece?.bytes)?;
    }
    Ok(())
}
