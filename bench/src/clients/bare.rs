//! hyper with a connection that is kept, and nothing else: what any client could reach.

use std::cell::RefCell;
use std::future::poll_fn;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use futures_util::TryStreamExt;
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Empty, StreamBody};
use hyper::body::{Bytes, Frame, Incoming};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use serde_json::Value;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, UnixStream};
use tokio_rustls::TlsConnector;
use tokio_util::io::ReaderStream;

use super::Side;
use crate::Outcome;

type Body = BoxBody<Bytes, std::io::Error>;

/// One connection. Others are opened from what it knows.
pub(crate) struct Bare {
    sender: RefCell<SendRequest<Body>>,
    way: Way,
}

#[derive(Clone)]
enum Way {
    Unix(PathBuf),
    Tls(u16, Arc<ClientConfig>),
}

impl Way {
    async fn connect(self) -> Outcome<Bare> {
        let sender = match &self {
            Self::Unix(socket) => over(UnixStream::connect(socket).await?).await?,
            Self::Tls(port, config) => {
                let stream = TcpStream::connect(("127.0.0.1", *port)).await?;
                stream.set_nodelay(true)?;
                let name = ServerName::try_from("127.0.0.1")?;
                over(TlsConnector::from(config.clone()).connect(name, stream).await?).await?
            }
        };
        Ok(Bare { sender: RefCell::new(sender), way: self })
    }
}

async fn over<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(
    stream: S,
) -> Outcome<SendRequest<Body>> {
    let (sender, connection) = handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    Ok(sender)
}

impl Bare {
    async fn send(&self, method: &str, target: &str, body: Body) -> Outcome<Response<Incoming>> {
        let request = Request::builder().method(method).uri(target).header("host", "localhost");
        let request = request.body(body)?;
        poll_fn(|context| self.sender.borrow_mut().poll_ready(context)).await?;
        let answer = self.sender.borrow_mut().send_request(request);
        let answer = answer.await?;
        match answer.status().is_success() {
            true => Ok(answer),
            false => Err(format!("{method} {target}: {}", answer.status()).into()),
        }
    }

    async fn get(&self, target: &str) -> Outcome<Bytes> {
        let empty = Empty::new().map_err(|never| match never {}).boxed();
        Ok(self.send("GET", target, empty).await?.into_body().collect().await?.to_bytes())
    }

    /// Reads pieces as they come, and counts.
    async fn count(&self, target: &str) -> Outcome<usize> {
        let empty = Empty::new().map_err(|never| match never {}).boxed();
        let mut body = self.send("GET", target, empty).await?.into_body();
        let mut length = 0;
        while let Some(frame) = body.frame().await {
            length += frame?.data_ref().map_or(0, Bytes::len);
        }
        Ok(length)
    }
}

impl Side for Bare {
    const NAME: &'static str = "hyper";

    async fn over_unix(socket: &Path) -> Outcome<Self> {
        Way::Unix(socket.to_owned()).connect().await
    }

    async fn over_tls(port: u16, certificates: &Path) -> Outcome<Self> {
        let mut roots = RootCertStore::empty();
        for certificate in CertificateDer::pem_file_iter(certificates.join("ca.pem"))? {
            roots.add(certificate?)?;
        }
        let chain = CertificateDer::pem_file_iter(certificates.join("cert.pem"))?;
        let chain = chain.collect::<Result<Vec<_>, _>>()?;
        let key = PrivateKeyDer::from_pem_file(certificates.join("key.pem"))?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_client_auth_cert(chain, key)?;
        Way::Tls(port, Arc::new(config)).connect().await
    }

    async fn another(&self) -> Outcome<Self> {
        self.way.clone().connect().await
    }

    async fn ping(&self) -> Outcome {
        match &*self.get("/v1.41/_ping").await? {
            b"OK" => Ok(()),
            other => Err(format!("a ping was answered with {other:?}").into()),
        }
    }

    async fn list(&self) -> Outcome<usize> {
        let bytes = self.get("/v1.41/containers/json?all=true").await?;
        Ok(serde_json::from_slice::<Vec<Value>>(&bytes)?.len())
    }

    async fn inspect(&self, id: &str) -> Outcome<String> {
        let bytes = self.get(&format!("/v1.41/containers/{id}/json")).await?;
        let container: Value = serde_json::from_slice(&bytes)?;
        Ok(container["Id"].as_str().unwrap_or_default().to_owned())
    }

    async fn logs(&self, id: &str) -> Outcome<usize> {
        self.count(&format!("/v1.41/containers/{id}/logs?stdout=true&stderr=true")).await
    }

    async fn export(&self, id: &str) -> Outcome<usize> {
        self.count(&format!("/v1.41/containers/{id}/export")).await
    }

    async fn load(&self, archive: &Path) -> Outcome {
        let file = tokio::fs::File::open(archive).await?;
        let pieces = ReaderStream::with_capacity(file, 64 << 10).map_ok(Frame::data);
        let body = BodyExt::boxed(StreamBody::new(pieces));
        self.send("POST", "/v1.41/images/load", body).await?.into_body().collect().await?;
        Ok(())
    }
}
