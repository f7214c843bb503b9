//! Runs a container and shows its output, without `async`.
//!
//! `cargo run -p contajners --features blocking --example blocking -- IMAGE`

use std::error::Error;
use std::io::Write;

use contajners::Client;
use serde_json::{Value, json};

fn main() -> Result<(), Box<dyn Error>> {
    let image = std::env::args().nth(1).unwrap_or_else(|| "busybox:musl".into());
    let docker = Client::builder("docker").build_blocking()?;
    let body = json!({ "Image": image, "Cmd": ["sh", "-c", "echo one; sleep 0.1; echo two"] });
    let created = docker.invoke("ContainerCreate").body(body).call()?;
    let id = &created["Id"];
    let ended = run(&docker, id);
    docker.invoke("ContainerDelete").param("id", id).param("force", true).call()?;
    ended
}

fn run(docker: &contajners::blocking::Client, id: &Value) -> Result<(), Box<dyn Error>> {
    docker.invoke("ContainerStart").param("id", id).call()?;
    let logs = docker.invoke("ContainerLogs").param("id", id).param("stdout", true);
    for piece in logs.param("follow", true).output()? {
        std::io::stdout().write_all(&piece?.bytes)?;
    }
    Ok(())
}
