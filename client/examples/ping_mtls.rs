//! Pings an engine that wants a certificate of its clients.
//!
//! With `DOCKER_HOST`, `DOCKER_CERT_PATH` and `DOCKER_TLS_VERIFY` in the environment nothing has to
//! be said about it: `Client::builder("docker").build()` does the same.
//!
//! `cargo run -p contajners --example ping_mtls -- tcp://HOST:PORT FOLDER`

use std::error::Error;
use std::path::PathBuf;

use contajners::{Client, Tls};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let address = arguments.next().ok_or("which address?")?;
    let folder = PathBuf::from(arguments.next().ok_or("which folder?")?);
    let tls = Tls::new()
        .ca_file(folder.join("ca.pem"))
        .identity_files(folder.join("cert.pem"), folder.join("key.pem"));
    let docker = Client::builder("docker").uri(address).tls(tls).build()?;
    println!("{}", docker.invoke("SystemPing").text().await?);
    Ok(())
}
