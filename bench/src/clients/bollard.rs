//! bollard, as its own documentation uses it.

use std::path::Path;

use bollard::query_parameters::{
    ImportImageOptionsBuilder, InspectContainerOptions, ListContainersOptionsBuilder,
    LogsOptionsBuilder,
};
use bollard::{ClientVersion, Docker, body_try_stream};
use futures_util::StreamExt;
use tokio_util::io::ReaderStream;

use super::Side;
use crate::Outcome;

const VERSION: ClientVersion = ClientVersion { major_version: 1, minor_version: 41 };
const TIMEOUT: u64 = 120;

pub(crate) struct Bollard(Docker);

impl Side for Bollard {
    const NAME: &'static str = "bollard";

    async fn over_unix(socket: &Path) -> Outcome<Self> {
        let socket = socket.display().to_string();
        Ok(Self(Docker::connect_with_unix(&socket, TIMEOUT, &VERSION)?))
    }

    async fn over_tls(port: u16, certificates: &Path) -> Outcome<Self> {
        let [key, certificate, ca] =
            ["key.pem", "cert.pem", "ca.pem"].map(|name| certificates.join(name));
        let address = format!("tcp://127.0.0.1:{port}");
        Ok(Self(Docker::connect_with_ssl(&address, &key, &certificate, &ca, TIMEOUT, &VERSION)?))
    }

    async fn another(&self) -> Outcome<Self> {
        Ok(Self(self.0.clone()))
    }

    async fn ping(&self) -> Outcome {
        match &*self.0.ping().await? {
            "OK" => Ok(()),
            other => Err(format!("a ping was answered with `{other}`").into()),
        }
    }

    async fn list(&self) -> Outcome<usize> {
        let all = ListContainersOptionsBuilder::default().all(true).build();
        Ok(self.0.list_containers(Some(all)).await?.len())
    }

    async fn inspect(&self, id: &str) -> Outcome<String> {
        let container = self.0.inspect_container(id, None::<InspectContainerOptions>).await?;
        Ok(container.id.unwrap_or_default())
    }

    async fn logs(&self, id: &str) -> Outcome<usize> {
        let options = LogsOptionsBuilder::default().stdout(true).stderr(true).build();
        let mut output = std::pin::pin!(self.0.logs(id, Some(options)));
        let mut length = 0;
        while let Some(piece) = output.next().await {
            length += piece?.into_bytes().len();
        }
        Ok(length)
    }

    async fn export(&self, id: &str) -> Outcome<usize> {
        let mut stream = std::pin::pin!(self.0.export_container(id));
        let mut length = 0;
        while let Some(piece) = stream.next().await {
            length += piece?.len();
        }
        Ok(length)
    }

    async fn load(&self, archive: &Path) -> Outcome {
        let file = tokio::fs::File::open(archive).await?;
        let body = body_try_stream(ReaderStream::with_capacity(file, 64 << 10));
        let options = ImportImageOptionsBuilder::default().build();
        let mut answer = std::pin::pin!(self.0.import_image(options, body, None));
        while let Some(piece) = answer.next().await {
            piece?;
        }
        Ok(())
    }
}
