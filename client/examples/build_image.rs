//! Builds an image from a folder, without what its ignore file leaves out.
//!
//! `cargo run -p contajners --example build_image -- FOLDER NAME`

use contajners::{Client, Folder};
use serde_json::Value;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), contajners::Error> {
    let mut arguments = std::env::args().skip(1);
    let folder = arguments.next().unwrap_or_else(|| ".".into());
    let name = arguments.next().unwrap_or_else(|| "localhost/app".into());
    let docker = Client::builder("docker").build()?;
    let mut messages = docker
        .invoke("ImageBuild")
        .param("t", &name)
        .body_folder(Folder::build_context(folder))
        .documents::<Value>()
        .await?;
    // A build that fails says so here, and that is an error.
    while let Some(message) = messages.next().await.transpose()? {
        eprint!("{}", message["stream"].as_str().unwrap_or_default());
    }
    println!("built {name}");
    Ok(())
}
