//! Pulls an image from a registry with credentials that no file has.
//!
//! `REGISTRY_PASSWORD=… cargo run -p contajners --example pull_with_credentials -- IMAGE USER`

use std::error::Error;

use contajners::{Client, RegistryAuth};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let image = arguments.next().ok_or("which image?")?;
    let user = arguments.next().ok_or("which user?")?;
    let password = std::env::var("REGISTRY_PASSWORD")?;
    let docker = Client::builder("docker").build()?;
    // Without a tag or a digest Docker pulls every tag there is.
    let tagged = image.rsplit('/').next().is_some_and(|name| name.contains([':', '@']));
    docker
        .invoke("ImageCreate")
        .param("fromImage", &image)
        .param("tag", (!tagged).then_some("latest"))
        // It is encoded as the engine wants it, and shown by nothing.
        .param("X-Registry-Auth", RegistryAuth::password(user, password))
        .await?;
    println!("pulled {image}");
    Ok(())
}
