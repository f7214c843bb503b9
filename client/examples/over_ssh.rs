//! Asks an engine on another machine for its version, through your own `ssh`: its configuration, its
//! agent and the hosts that it knows are yours.
//!
//! `cargo run -p contajners --example over_ssh -- ssh://USER@HOST`

use std::error::Error;

use contajners::Client;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let address = std::env::args().nth(1).ok_or("which address?")?;
    let docker = Client::builder("docker").uri(address).build()?;
    let version = docker.invoke("SystemVersion").await?;
    println!("{} on {}", version["Version"], version["Os"]);
    Ok(())
}
