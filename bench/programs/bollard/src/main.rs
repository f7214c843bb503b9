//! Pings the engine at the address that is given and prints how many containers it has.

use bollard::query_parameters::ListContainersOptionsBuilder;
use bollard::{API_DEFAULT_VERSION, Docker};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), bollard::errors::Error> {
    let address = std::env::args().nth(1).unwrap_or_else(|| "unix:///run/docker.sock".to_owned());
    let docker = Docker::connect_with_unix(&address, 120, API_DEFAULT_VERSION)?;
    let docker = docker.negotiate_version().await?;
    let pong = docker.ping().await?;
    let all = ListContainersOptionsBuilder::default().all(true).build();
    let containers = docker.list_containers(Some(all)).await?;
    println!("{pong} {}", containers.len());
    Ok(())
}
