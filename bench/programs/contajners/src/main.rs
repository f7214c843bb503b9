//! Pings the engine at the address that is given and prints how many containers it has.

use contajners::Client;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), contajners::Error> {
    let address = std::env::args().nth(1).unwrap_or_else(|| "unix:///run/docker.sock".to_owned());
    let docker = connect(&address)?;
    let pong = docker.invoke("SystemPing").text().await?;
    let containers = docker.invoke("ContainerList").param("all", true).await?;
    println!("{pong} {}", containers.as_array().map_or(0, Vec::len));
    Ok(())
}

fn connect(address: &str) -> Result<Client, contajners::Error> {
    let docker = Client::builder("docker").uri(address);
    // A folder of certificates may follow the address.
    #[cfg(feature = "tls")]
    if let Some(folder) = std::env::args_os().nth(2).map(std::path::PathBuf::from) {
        let [ca, certificate, key] =
            ["ca.pem", "cert.pem", "key.pem"].map(|name| folder.join(name));
        let tls = contajners::Tls::new().ca_file(ca).identity_files(certificate, key);
        return docker.tls(tls).build();
    }
    docker.build()
}
