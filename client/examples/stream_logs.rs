//! Follows the output of a container line by line, stdout and stderr told apart.
//!
//! `cargo run -p contajners --example stream_logs -- CONTAINER`

use contajners::{Client, Error, Output};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let id = std::env::args().nth(1).unwrap_or_else(|| "conny".into());
    let docker = Client::builder("docker").build()?;
    let logs = docker
        .invoke("ContainerLogs")
        .param("id", id)
        .param("follow", true)
        .param("stdout", true)
        .param("stderr", true)
        .output()
        .await?;
    let mut lines = logs.lines();
    while let Some(line) = lines.next().await.transpose()? {
        let name = if line.output == Output::Stderr { "stderr" } else { "stdout" };
        println!("{name}: {}", line.text());
    }
    Ok(())
}
