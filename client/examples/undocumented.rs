//! Calls an operation that the spec does not have: checkpoints, which take an experimental daemon.
//!
//! `cargo run -p contajners --example undocumented -- CONTAINER`

use contajners::{Client, Error, Method};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let id = std::env::args().nth(1).unwrap_or_else(|| "conny".into());
    let docker = Client::builder("docker").build()?;
    let version = docker.api().await?.version();
    // The target is taken as it is, with the version; what a parameter says is encoded.
    let target = format!("/{version}/containers/{{id}}/checkpoints");
    let call = docker.request(Method::Get, target).param("id", id);
    let answer = call.allow_error_status().send().await?;
    println!("{}: {}", answer.status(), answer.text().await?);
    Ok(())
}
