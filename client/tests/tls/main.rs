//! TLS against an engine on loopback: certificates of every kind, right and wrong.

#![cfg(all(feature = "tls", feature = "tracing"))]

mod faults;
mod keys;
#[path = "../scripted/lines.rs"]
mod lines;
mod pki;
mod working;

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use contajners::{Client, ClientBuilder, Error, Tls};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;

/// What a listener does with a connection.
#[derive(Clone)]
enum Front {
    Tls(Arc<ServerConfig>),
    /// HTTP without TLS; what is not HTTP is refused, as Go does it.
    Plain,
    /// Takes connections and says nothing.
    Silent,
    /// Hangs up.
    Deaf,
    /// Answers this, whatever it is asked.
    Says(&'static [u8]),
}

/// An engine that answers `[]` to everything.
struct Engine {
    address: SocketAddr,
    connections: Arc<AtomicUsize>,
}

impl Engine {
    async fn start(front: Front) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let connections = Arc::new(AtomicUsize::new(0));
        let counted = connections.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                counted.fetch_add(1, Ordering::SeqCst);
                tokio::spawn(serve(front.clone(), stream));
            }
        });
        Self { address, connections }
    }

    fn uri(&self) -> String {
        format!("tcp://{}", self.address)
    }

    fn builder(&self) -> ClientBuilder {
        Client::builder("docker").uri(self.uri()).api_version("v1.41")
    }

    async fn fails(&self, tls: Tls) -> String {
        let client = self.builder().tls(tls).build().unwrap();
        self.shown(&client.invoke("ContainerList").await.unwrap_err())
    }

    fn shown(&self, error: &Error) -> String {
        shown(error).replace(&self.address.port().to_string(), "PORT")
    }
}

async fn serve(front: Front, mut stream: TcpStream) {
    match front {
        Front::Tls(config) => {
            if let Ok(stream) = TlsAcceptor::from(config).accept(stream).await {
                answer(stream).await;
            }
        }
        Front::Plain => answer(stream).await,
        Front::Silent => std::future::pending().await,
        Front::Deaf => {
            let _ = stream.read(&mut [0; 4096]).await;
        }
        Front::Says(words) => {
            let _ = stream.read(&mut [0; 1024]).await;
            let _ = stream.write_all(words).await;
            let _ = stream.shutdown().await;
        }
    }
}

async fn answer(mut stream: impl AsyncRead + AsyncWrite + Unpin) {
    loop {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            match stream.read_u8().await {
                Ok(byte) => head.push(byte),
                Err(_) => return,
            }
            if !head[0].is_ascii_uppercase() {
                let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n400").await;
                return;
            }
        }
        let head = String::from_utf8_lossy(&head);
        let answer: &[u8] = if head.contains("Upgrade: tcp") || head.contains("upgrade: tcp") {
            b"HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n"
        } else {
            b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n[]"
        };
        let is_socket = answer.starts_with(b"HTTP/1.1 101");
        if stream.write_all(answer).await.is_err() || stream.flush().await.is_err() {
            return;
        }
        if is_socket {
            // An echo that begins when the input has ended.
            let mut input = Vec::new();
            if stream.read_to_end(&mut input).await.is_ok() {
                let _ = stream.write_all(&input).await;
                let _ = stream.shutdown().await;
            }
            return;
        }
    }
}

fn block_on<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap()
        .block_on(work)
}

/// An error as a person sees it; times differ from run to run.
fn shown(error: &Error) -> String {
    let mut text = format!("error: {error}\n  code: {}", error.code());
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        text.push_str(&format!("\n  caused by: {error}"));
        cause = error.source();
    }
    if let Some(hint) = error.hint() {
        text.push_str(&format!("\n  hint: {hint}"));
    }
    let words = text.split(' ').map(|word| match word.trim_start_matches('(').parse::<u64>() {
        Ok(number) if number > 1 << 20 => "TIME",
        _ => word,
    });
    words.collect::<Vec<_>>().join(" ")
}
