//! Pulls an image and tells how far it is.
//!
//! `cargo run -p contajners --example pull_image -- IMAGE`

use contajners::{Client, Error};
use serde_json::Value;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let image = std::env::args().nth(1).unwrap_or_else(|| "busybox:musl".into());
    let docker = Client::builder("docker").build()?;
    // Without a tag or a digest Docker pulls every tag there is.
    let tagged = image.rsplit('/').next().is_some_and(|name| name.contains([':', '@']));
    let tag = (!tagged).then_some("latest");
    // Whoever has logged in with `docker login` is logged in here, too.
    let pull = docker.invoke("ImageCreate").param("fromImage", &image).param("tag", tag);
    let mut messages = pull.documents::<Value>().await?;
    // A pull that fails says so here, and that is an error.
    while let Some(message) = messages.next().await.transpose()? {
        eprintln!("{}", message["status"].as_str().unwrap_or_default());
    }
    println!("pulled {image}");
    Ok(())
}
