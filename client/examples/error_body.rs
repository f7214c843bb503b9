//! Two ways to meet an error: as an error, and as an answer whose body is streamed.
//!
//! `cargo run -p contajners --example error_body`

use std::error::Error;
use std::io::Write;

use contajners::Client;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let docker = Client::builder("docker").build()?;
    let call = || docker.invoke("ContainerLogs").param("id", "no-such").param("stdout", true);

    let error = call().stream().await.expect_err("there is no such container");
    println!("{:?}: {}", error.status(), error.message().unwrap_or_default());

    let answer = call().allow_error_status().send().await?;
    println!("{}", answer.status());
    let mut body = answer.into_stream();
    while let Some(piece) = body.next().await.transpose()? {
        std::io::stdout().write_all(&piece)?;
    }
    Ok(())
}
