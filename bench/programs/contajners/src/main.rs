//! Pings the engine at the address that is given and prints how many containers it has.

use contajners::Client;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), contajners::Error> {
    let address = std::env::args().nth(1).unwrap_or_else(|| "unix:///run/docker.sock".to_owned());
    let docker = Client::builder("docker").uri(address).build()?;
    let pong = docker.invoke("SystemPing").text().await?;
    let containers = docker.invoke("ContainerList").param("all", true).await?;
    println!("{pong} {}", containers.as_array().map_or(0, Vec::len));
    Ok(())
}
