//! What the measured dockerd holds.

use std::cell::{OnceCell, RefCell};
use std::future::IntoFuture as _;
use std::path::{Path, PathBuf};

use contajners::Client;
use contajners_tests::image::{BUSYBOX, busybox_archive};
use contajners_tests::{Identity, PrivateEngine};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};

use crate::{Args, Outcome};

/// The version that all speak: the newest of the Docker that Debian has.
pub(crate) const VERSION: &str = "v1.41";

/// How many containers are listed.
pub(crate) const CONTAINERS: usize = 50;

/// An engine with containers, a long log, a large file and a large archive.
pub(crate) struct Stage<'a> {
    pub(crate) engine: &'a PrivateEngine,
    pub(crate) runtime: Runtime,
    /// With two threads beside the one that waits.
    pub(crate) threads: Runtime,
    /// A container among the [`CONTAINERS`].
    pub(crate) inspected: String,
    /// A divisor of the amounts of work.
    pub(crate) part: usize,
    client: Client,
    folder: TempDir,
    logged: OnceCell<String>,
    on_a_terminal: OnceCell<String>,
    exported: OnceCell<String>,
    archive: OnceCell<PathBuf>,
    /// Containers that are there to be listed alone.
    spare: RefCell<Vec<String>>,
}

impl<'a> Stage<'a> {
    pub(crate) fn set(engine: &'a PrivateEngine, args: &Args) -> Outcome<Self> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let threads = Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
        let client = Client::builder("docker").uri(engine.uri()).api_version(VERSION).build()?;
        let mut stage = Self {
            engine,
            runtime,
            threads,
            inspected: String::new(),
            part: if args.quick { 10 } else { 1 },
            client,
            // The engine's own goes with it, however this ends.
            folder: tempfile::tempdir_in(engine.folder())?,
            logged: OnceCell::new(),
            on_a_terminal: OnceCell::new(),
            exported: OnceCell::new(),
            archive: OnceCell::new(),
            spare: RefCell::default(),
        };
        stage
            .runtime
            .block_on(stage.client.invoke("ImageLoad").body_bytes(busybox_archive()?).bytes())?;
        for number in 0..CONTAINERS {
            let labels = json!({ "number": number.to_string(), "purpose": "to be listed" });
            let id = stage.create(&["true"], json!({ "Labels": labels }))?;
            let before = std::mem::replace(&mut stage.inspected, id);
            stage.spare.get_mut().extend(Some(before).filter(|id| !id.is_empty()));
        }
        Ok(stage)
    }

    /// The address for the clients.
    pub(crate) fn socket(&self) -> &Path {
        self.engine.socket()
    }

    /// A folder with `ca.pem`, `cert.pem` and `key.pem`.
    pub(crate) fn certificates(&self) -> PathBuf {
        self.engine.certs().client(Identity::Pkcs8)
    }

    /// How long the log is, in bytes of frames' content.
    pub(crate) fn log_size(&self) -> usize {
        100_000_000 / self.part
    }

    /// A container that has written lines of 100 bytes.
    pub(crate) fn logged(&self) -> Outcome<&str> {
        let lines = self.log_size() / 100;
        let script = format!("yes {} | head -n {lines}", "x".repeat(99));
        self.made(&self.logged, &["sh", "-c", &script], json!({}))
    }

    /// How long the line is that the container with a terminal has written, in bytes.
    pub(crate) const LINE: usize = 9 << 20;

    /// A container that has written one long line to its terminal.
    pub(crate) fn on_a_terminal(&self) -> Outcome<&str> {
        let script = format!("head -c {} /dev/zero | tr '\\0' x", Self::LINE);
        self.made(&self.on_a_terminal, &["sh", "-c", &script], json!({ "Tty": true }))
    }

    /// How large the file in the exported container is, in bytes.
    pub(crate) fn export_size(&self) -> usize {
        (512 << 20) / self.part
    }

    /// A container with a large file.
    pub(crate) fn exported(&self) -> Outcome<&str> {
        let script = format!("head -c {} /dev/urandom > /large", self.export_size());
        self.made(&self.exported, &["sh", "-c", &script], json!({}))
    }

    /// How large the archive of an image is, in bytes.
    pub(crate) fn load_size(&self) -> usize {
        (256 << 20) / self.part
    }

    /// The archive of an image, as a file.
    pub(crate) fn archive(&self) -> Outcome<&Path> {
        if self.archive.get().is_none() {
            let file = self.folder.path().join("image.tar");
            let script = format!("head -c {} /dev/urandom > /large", self.load_size());
            let container = self.create(&["sh", "-c", &script], json!({}))?;
            self.finish(&container)?;
            let name = "localhost/bench:large";
            self.runtime.block_on(async {
                let commit = self.client.invoke("ImageCommit").param("container", &container);
                let commit = commit.param("repo", "localhost/bench").param("tag", "large");
                commit.body(json!({})).await?;
                let mut stream =
                    self.client.invoke("ImageGet").param("name", name).stream().await?;
                let mut out = tokio::fs::File::create(&file).await?;
                while let Some(piece) = stream.next().await {
                    tokio::io::AsyncWriteExt::write_all(&mut out, &piece?).await?;
                }
                tokio::io::AsyncWriteExt::flush(&mut out).await?;
                self.client.invoke("ContainerDelete").param("id", &container).await?;
                Outcome::Ok(())
            })?;
            let _ = self.archive.set(file);
        }
        Ok(self.archive.get().expect("just made"))
    }

    /// Makes a container once and runs it to its end; it takes the place of another one, so that
    /// [`CONTAINERS`] are there.
    fn made<'s>(
        &'s self,
        cell: &'s OnceCell<String>,
        command: &[&str],
        more: Value,
    ) -> Outcome<&'s str> {
        if cell.get().is_none() {
            let id = self.create(command, more)?;
            self.finish(&id)?;
            if let Some(spare) = self.spare.borrow_mut().pop() {
                let delete = self.client.invoke("ContainerDelete").param("id", spare);
                self.runtime.block_on(delete.into_future())?;
            }
            let _ = cell.set(id);
        }
        Ok(cell.get().expect("just made"))
    }

    fn create(&self, command: &[&str], more: Value) -> Outcome<String> {
        let mut body = json!({
            "Image": BUSYBOX,
            "Cmd": command,
            "HostConfig": { "NetworkMode": "none", "LogConfig": { "Type": "json-file" } },
        });
        for (name, value) in more.as_object().into_iter().flatten() {
            body[name] = value.clone();
        }
        let created = self.client.invoke("ContainerCreate").body(body);
        let created = self.runtime.block_on(async { created.await })?;
        Ok(created["Id"].as_str().ok_or("a container without an id")?.to_owned())
    }

    fn finish(&self, id: &str) -> Outcome {
        self.runtime.block_on(async {
            self.client.invoke("ContainerStart").param("id", id).await?;
            let waited = self.client.invoke("ContainerWait").param("id", id).await?;
            match waited["StatusCode"].as_i64() {
                Some(0) => Ok(()),
                status => Err(format!("the container {id} ended with {status:?}").into()),
            }
        })
    }
}
