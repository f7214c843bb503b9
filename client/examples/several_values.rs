//! Gives several values for one parameter: images that are saved into one archive.
//!
//! `cargo run -p contajners --example several_values -- IMAGE IMAGE > images.tar`

use std::error::Error;

use contajners::Client;
use tokio::io::AsyncWriteExt;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let images: Vec<String> = std::env::args().skip(1).collect();
    let docker = Client::builder("docker").build()?;
    let mut archive = docker.invoke("ImageGetAll").param("names", images).stream().await?;
    let mut out = tokio::io::stdout();
    tokio::io::copy(&mut archive, &mut out).await?;
    out.flush().await?;
    Ok(())
}
