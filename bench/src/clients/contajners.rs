//! contajners itself.

use std::path::Path;

use contajners::{Client, Tls};
use serde_json::Value;

use super::Side;
use crate::Outcome;
use crate::engine::VERSION;

#[derive(Clone)]
pub(crate) struct Contajners(Client);

impl Side for Contajners {
    const NAME: &'static str = "contajners";

    async fn over_unix(socket: &Path) -> Outcome<Self> {
        let address = socket.display().to_string();
        Ok(Self(Client::builder("docker").uri(address).api_version(VERSION).build()?))
    }

    async fn over_tls(port: u16, certificates: &Path) -> Outcome<Self> {
        let [ca, certificate, key] =
            ["ca.pem", "cert.pem", "key.pem"].map(|name| certificates.join(name));
        let client = Client::builder("docker")
            .uri(format!("tcp://127.0.0.1:{port}"))
            .tls(Tls::new().ca_file(ca).identity_files(certificate, key))
            .api_version(VERSION);
        Ok(Self(client.build()?))
    }

    async fn another(&self) -> Outcome<Self> {
        Ok(self.clone())
    }

    async fn ping(&self) -> Outcome {
        match &*self.0.invoke("SystemPing").text().await? {
            "OK" => Ok(()),
            other => Err(format!("a ping was answered with `{other}`").into()),
        }
    }

    async fn list(&self) -> Outcome<usize> {
        let list = self.0.invoke("ContainerList").param("all", true).json::<Vec<Value>>().await?;
        Ok(list.len())
    }

    async fn inspect(&self, id: &str) -> Outcome<String> {
        let container = self.0.invoke("ContainerInspect").param("id", id).await?;
        Ok(container["Id"].as_str().unwrap_or_default().to_owned())
    }

    async fn logs(&self, id: &str) -> Outcome<usize> {
        let call = self.0.invoke("ContainerLogs").param("id", id);
        let mut output = call.param("stdout", true).param("stderr", true).output().await?;
        let mut length = 0;
        while let Some(piece) = output.next().await {
            length += piece?.bytes.len();
        }
        Ok(length)
    }

    async fn export(&self, id: &str) -> Outcome<usize> {
        let mut stream = self.0.invoke("ContainerExport").param("id", id).stream().await?;
        let mut length = 0;
        while let Some(piece) = stream.next().await {
            length += piece?.len();
        }
        Ok(length)
    }

    async fn load(&self, archive: &Path) -> Outcome {
        self.0.invoke("ImageLoad").body_file(archive).bytes().await?;
        Ok(())
    }
}
