//! Follows the output of a container line by line, stdout and stderr told apart.
//!
//! `cargo run -p contajners --example stream_logs -- CONTAINER`

use contajners::{Client, Error, Output};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let id = std::env::args().nth(1).unwrap_or_else(|| "conny".into());
    let docker = Client::builder("docker").build()?;
    let mut logs = docker
        .invoke("ContainerLogs")
        .param("id", id)
        .param("follow", true)
        .param("stdout", true)
        .param("stderr", true)
        .output()
        .await?;
    // Pieces end where they end; a line may go on in the next one.
    let mut rest = [Vec::new(), Vec::new()];
    while let Some(piece) = logs.next().await.transpose()? {
        let (name, rest) = match piece.output {
            Output::Stderr => ("stderr", &mut rest[1]),
            _ => ("stdout", &mut rest[0]),
        };
        rest.extend_from_slice(&piece.bytes);
        while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = rest.drain(..=end).collect();
            print!("{name}: {}", String::from_utf8_lossy(&line));
        }
    }
    // The last line of a program may have no end.
    for (name, rest) in ["stdout", "stderr"].iter().zip(rest) {
        if !rest.is_empty() {
            println!("{name}: {}", String::from_utf8_lossy(&rest));
        }
    }
    Ok(())
}
