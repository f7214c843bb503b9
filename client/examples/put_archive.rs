//! Puts a folder, or an archive that is a file, into a container.
//!
//! `cargo run -p contajners --example put_archive -- CONTAINER PATH FOLDER|FILE.tar`

use std::error::Error;
use std::path::PathBuf;

use contajners::Client;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let container = arguments.next().ok_or("which container?")?;
    let path = arguments.next().ok_or("where in the container?")?;
    let what = PathBuf::from(arguments.next().ok_or("which folder or archive?")?);
    let docker = Client::builder("docker").build()?;
    let call = docker.invoke("PutContainerArchive").param("id", container).param("path", path);
    // A folder becomes an archive while it is sent; either way nothing is held as a whole.
    let call = if what.is_dir() { call.body_folder(what) } else { call.body_file(what) };
    call.await?;
    Ok(())
}
