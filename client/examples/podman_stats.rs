//! Podman's own API, and a parameter with several values.
//!
//! `cargo run -p contajners --example podman_stats -- CONTAINER CONTAINER`

use contajners::{Client, Error};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let containers: Vec<String> = std::env::args().skip(1).collect();
    let podman = Client::builder("podman").category("libpod/containers").build()?;
    let stats = podman
        .invoke("ContainersStatsAllLibpod")
        .param("containers", containers)
        .param("stream", false)
        .await?;
    for one in stats["Stats"].as_array().into_iter().flatten() {
        println!("{}: {} bytes", one["Name"], one["MemUsage"]);
    }
    Ok(())
}
