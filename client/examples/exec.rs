//! Runs commands in a container that runs: one for its output, one at a terminal of its own.
//!
//! `cargo run -p contajners --example exec -- CONTAINER`

use std::error::Error;
use std::io::{self, Write};

use contajners::{Client, Output};
use serde_json::json;
use tokio::io::AsyncWriteExt;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let container = std::env::args().nth(1).unwrap_or_else(|| "conny".into());
    let docker = Client::builder("docker").build()?;

    let script = "echo one; echo two >&2; exit 3";
    let body = json!({ "Cmd": ["sh", "-c", script], "AttachStdout": true, "AttachStderr": true });
    let created = docker.invoke("ContainerExec").param("id", &container).body(body).await?;
    let id = &created["Id"];
    let start = docker.invoke("ExecStart").param("id", id).body(json!({ "Detach": false }));
    let mut output = start.output().await?;
    while let Some(piece) = output.next().await.transpose()? {
        match piece.output {
            Output::Stderr => io::stderr().write_all(&piece.bytes)?,
            _ => io::stdout().write_all(&piece.bytes)?,
        }
    }
    let ended = docker.invoke("ExecInspect").param("id", id).await?;
    println!("it ended with {}", ended["ExitCode"]);

    // With a terminal there is one channel, and what is typed comes back.
    let script = "read go; stty size";
    let body = json!({
        "Cmd": ["sh", "-c", script],
        "AttachStdin": true,
        "AttachStdout": true,
        "Tty": true,
    });
    let created = docker.invoke("ContainerExec").param("id", &container).body(body).await?;
    let id = &created["Id"];
    let start = docker.invoke("ExecStart").param("id", id).body(json!({ "Tty": true }));
    let (mut output, mut input) = start.socket().await?.split_raw();
    docker.invoke("ExecResize").param("id", id).param("h", 30).param("w", 100).await?;
    input.write_all(b"go\n").await?;
    while let Some(piece) = output.next().await.transpose()? {
        io::stdout().write_all(&piece.bytes)?;
    }
    Ok(())
}
