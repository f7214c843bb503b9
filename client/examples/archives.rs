//! Puts an archive into a container and gets it back, both as streams.
//!
//! `cargo run -p contajners --example archives -- CONTAINER FILE.tar`

use std::error::Error;

use contajners::Client;
use tokio::io::AsyncWriteExt;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let id = arguments.next().unwrap_or_else(|| "conny".into());
    let file = arguments.next().unwrap_or_else(|| "files.tar".into());
    let docker = Client::builder("docker").build()?;
    docker
        .invoke("PutContainerArchive")
        .param("id", &id)
        .param("path", "/tmp")
        .body_file(&file)
        .await?;
    let mut archive =
        docker.invoke("ContainerArchive").param("id", &id).param("path", "/tmp").stream().await?;
    let mut out = tokio::io::stdout();
    tokio::io::copy(&mut archive, &mut out).await?;
    out.flush().await?;
    Ok(())
}
