//! Opens connections: the only place that knows sockets.

use std::io;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
#[cfg(unix)]
use tokio::net::UnixStream;

use crate::endpoint::Endpoint;

/// A connection of any kind.
pub(crate) trait Wire: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Wire for T {}

/// Connects to an endpoint.
pub(crate) async fn connect(endpoint: &Endpoint) -> io::Result<Box<dyn Wire>> {
    match endpoint {
        #[cfg(unix)]
        Endpoint::Unix(path) => Ok(Box::new(UnixStream::connect(path).await?)),
        #[cfg(not(unix))]
        Endpoint::Unix(_) => {
            Err(io::Error::new(io::ErrorKind::Unsupported, "this system has no unix sockets"))
        }
        Endpoint::Tcp { host, port, .. } => {
            let stream = TcpStream::connect((host.as_str(), *port)).await?;
            // Requests are written whole: waiting for more would only delay them.
            stream.set_nodelay(true)?;
            Ok(Box::new(stream))
        }
    }
}

/// Says what to do when a connection fails; `elsewhere` tells how to name another address.
pub(crate) fn hint(
    engine: &str,
    endpoint: &Endpoint,
    elsewhere: &str,
    error: &io::Error,
) -> String {
    match (endpoint, error.kind()) {
        (Endpoint::Unix(_), io::ErrorKind::NotFound) => {
            format!("there is no such socket: start {engine}, or {elsewhere}")
        }
        (Endpoint::Unix(_), io::ErrorKind::PermissionDenied) => {
            format!("let your user open the socket, or {elsewhere}")
        }
        (_, io::ErrorKind::ConnectionRefused) => {
            format!("nothing listens there: start {engine}, or {elsewhere}")
        }
        (Endpoint::Tcp { host, .. }, _) => {
            format!("is `{host}` the right host, and can this machine reach it?")
        }
        _ => format!("is {engine} running there? If not, {elsewhere}"),
    }
}
