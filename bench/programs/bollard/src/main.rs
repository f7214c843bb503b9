//! Pings the engine at the address that is given and prints how many containers it has.

use bollard::query_parameters::ListContainersOptionsBuilder;
use bollard::{API_DEFAULT_VERSION, Docker};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), bollard::errors::Error> {
    let address = std::env::args().nth(1).unwrap_or_else(|| "unix:///run/docker.sock".to_owned());
    let docker = connect(&address)?;
    let docker = docker.negotiate_version().await?;
    let pong = docker.ping().await?;
    let all = ListContainersOptionsBuilder::default().all(true).build();
    let containers = docker.list_containers(Some(all)).await?;
    println!("{pong} {}", containers.len());
    Ok(())
}

fn connect(address: &str) -> Result<Docker, bollard::errors::Error> {
    // A folder of certificates may follow the address.
    #[cfg(feature = "tls")]
    if let Some(folder) = std::env::args_os().nth(2).map(std::path::PathBuf::from) {
        let [ca, certificate, key] =
            ["ca.pem", "cert.pem", "key.pem"].map(|name| folder.join(name));
        return Docker::connect_with_ssl(
            address,
            &key,
            &certificate,
            &ca,
            120,
            API_DEFAULT_VERSION,
        );
    }
    Docker::connect_with_unix(address, 120, API_DEFAULT_VERSION)
}
