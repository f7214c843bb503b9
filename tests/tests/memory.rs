//! How much memory large bodies take: a test binary of its own, since it looks at the whole process.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use contajners::{Client, Error};
use contajners_tests::image::{busybox_filesystem, tar_of};
use serde_json::{Value, json};
use tokio::io::{AsyncRead, ReadBuf};

/// The file in the image, in bytes.
const SIZE: u64 = 1 << 30;
/// What the process may take at most, in KiB.
const LIMIT: u64 = 40 << 10;
/// How much of a log is read, in bytes.
const LOG: usize = 64 << 20;
/// What it may take more at the end of a log than near its beginning, in KiB.
const GROWTH: u64 = 4 << 10;

/// A tar with one file of zeros, made while it is read. Nothing on the way compresses it.
struct Archive {
    header: Vec<u8>,
    at: u64,
}

impl Archive {
    fn new() -> Self {
        let mut header = tar_of([("big", b"".as_slice())]);
        header.truncate(512);
        header[124..136].copy_from_slice(format!("{SIZE:011o}\0").as_bytes());
        header[148..156].fill(b' ');
        let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
        header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        Self { header, at: 0 }
    }
}

impl AsyncRead for Archive {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let end = SIZE + 3 * 512;
        if self.at < 512 {
            let take = buffer.remaining().min(512 - self.at as usize);
            buffer.put_slice(&self.header[self.at as usize..][..take]);
            self.at += take as u64;
            return Poll::Ready(Ok(()));
        }
        let take = (buffer.remaining() as u64).min(end - self.at) as usize;
        // What follows the file is zero as it is.
        buffer.initialize_unfilled_to(take).fill(0);
        buffer.advance(take);
        self.at += take as u64;
        Poll::Ready(Ok(()))
    }
}

/// The most memory this process has had, in KiB.
fn peak() -> u64 {
    memory("VmHWM:")
}

fn memory(what: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("a status");
    let line = status.lines().find(|line| line.starts_with(what)).expect("a number of memory");
    line.split_whitespace().nth(1).and_then(|number| number.parse().ok()).expect("a number")
}

#[test]
fn memory_stays_small() {
    let Some(docker) = contajners_tests::docker() else { return };
    let runtime =
        tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let client = Client::builder("docker").uri(docker.uri()).build().expect("a client");
        up_and_down(&client).await.unwrap_or_else(|error| panic!("{error}"));
        followed(&client).await.unwrap_or_else(|error| panic!("{error}"));
    });
}

/// A gibibyte goes in and comes out.
async fn up_and_down(client: &Client) -> Result<(), Error> {
    let import = client
        .invoke("ImageCreate")
        .param("fromSrc", "-")
        .param("repo", "localhost/tests/big:one")
        .body_reader(Archive::new());
    import.await?;
    let after_import = peak();

    let name = "localhost/tests/big:one";
    let mut export = client.invoke("ImageGet").param("name", name).stream().await?;
    let mut length = 0;
    while let Some(piece) = export.next().await {
        length += piece?.len() as u64;
    }
    assert!(length > SIZE, "{length} bytes came out");
    let after_export = peak();
    client.invoke("ImageDelete").param("name", name).await?;
    println!("peak: {after_import} KiB after the import, {after_export} KiB after the export");
    assert!(after_export < LIMIT, "{after_export} KiB");
    Ok(())
}

/// A dense log is followed, by a reader that takes a rest, too.
async fn followed(client: &Client) -> Result<(), Error> {
    let image = "localhost/tests/memory:local";
    client
        .invoke("ImageCreate")
        .param("fromSrc", "-")
        .param("repo", image)
        .body_bytes(busybox_filesystem().expect("a static busybox"))
        .await?;
    let log = json!({ "Type": "json-file", "Config": { "max-size": "20m", "max-file": "2" } });
    let created: Value = client
        .invoke("ContainerCreate")
        .body(json!({
            "Image": image,
            "Cmd": ["/bin/sh", "-c", format!("exec yes {}", "x".repeat(99))],
            "HostConfig": { "LogConfig": log },
        }))
        .await?;
    let id = created["Id"].as_str().expect("an id");
    client.invoke("ContainerStart").param("id", id).await?;

    let logs = client.invoke("ContainerLogs").param("id", id).param("stdout", true);
    let mut output = logs.param("follow", true).output().await?;
    let (mut length, mut early) = (0, 0);
    while length < LOG {
        length += output.next().await.expect("a log without an end")?.bytes.len();
        if early == 0 && length > LOG / 10 {
            early = memory("VmRSS:");
            // The engine is to wait meanwhile, not this process to take more.
            tokio::time::sleep(std::time::Duration::from_millis(500)).await;
        }
    }
    let late = memory("VmRSS:");
    drop(output);
    client.invoke("ContainerDelete").param("id", id).param("force", true).await?;
    client.invoke("ImageDelete").param("name", image).await?;
    println!("log: {early} KiB after {} MiB, {late} KiB after {} MiB", (LOG / 10) >> 20, LOG >> 20);
    assert!(late < early + GROWTH, "{early} KiB became {late} KiB");
    Ok(())
}
