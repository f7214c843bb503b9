//! Gets a file or a folder of a container: into a folder, or as the archive that it comes as.
//!
//! `cargo run -p contajners --example get_archive -- CONTAINER PATH [FOLDER]`

use std::error::Error;

use contajners::Client;
use tokio::io::AsyncWriteExt;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let container = arguments.next().ok_or("which container?")?;
    let path = arguments.next().ok_or("what in the container?")?;
    let docker = Client::builder("docker").build()?;
    let call = docker.invoke("ContainerArchive").param("id", container).param("path", path);
    let mut archive = call.stream().await?;
    if let Some(folder) = arguments.next() {
        // What would lead out of the folder is refused.
        let unpacked = archive.unpack_into(folder).await?;
        println!("{} bytes in {} entries", unpacked.bytes, unpacked.entries);
    } else {
        let mut out = tokio::io::stdout();
        tokio::io::copy(&mut archive, &mut out).await?;
        out.flush().await?;
    }
    Ok(())
}
