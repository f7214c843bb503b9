//! Makes connections secure, and says why when they do not become so.

use std::error;
use std::fmt;
use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use rustls::client::ResolvesClientCert;
use rustls::crypto::ring;
use rustls::pki_types::ServerName;
use rustls::sign::CertifiedKey;
use rustls::{AlertDescription, CertificateError, ClientConfig, SignatureScheme};
use tokio::io::{AsyncRead, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::identity::identity;
use super::roots::verifier;
use super::{Fault, Tls};
use crate::error::cause_in;
use crate::transport::{Wire, writes_through};

/// What makes the connections of a client secure.
pub(crate) struct Connector {
    connector: TlsConnector,
    name: ServerName<'static>,
    identity: Arc<Identity>,
    refusal: Arc<Mutex<Option<rustls::Error>>>,
}

impl Connector {
    /// Reads all files that the settings name.
    pub(crate) fn new(tls: &Tls, host: &str) -> Result<Self, Fault> {
        // Given here rather than installed for the whole program, which may have its own.
        let provider = Arc::new(ring::default_provider());
        let verifier = verifier(tls, &provider)?;
        let key = identity(tls, &provider)?;
        let identity = Arc::new(Identity { key, asked: AtomicBool::new(false) });
        let name = ServerName::try_from(host.to_owned()).map_err(|_| {
            Fault::new(
                "invalid-address",
                format!("{} is no name that a certificate can be for", crate::error::quoted(host)),
                "TLS needs the name or the number of a host",
            )
        })?;
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| {
                Fault::new("tls-failed", "TLS cannot be set up", "").with_cause(error)
            })?
            .dangerous()
            .with_custom_certificate_verifier(verifier)
            .with_client_cert_resolver(identity.clone());
        Ok(Self {
            connector: TlsConnector::from(Arc::new(config)),
            name,
            identity,
            refusal: Arc::default(),
        })
    }

    /// Makes a connection secure.
    pub(crate) async fn connect(&self, stream: TcpStream) -> io::Result<Box<dyn Wire>> {
        match self.connector.connect(self.name.clone(), stream).await {
            Ok(stream) => Ok(Box::new(Secure { wire: stream, refusal: self.refusal.clone() })),
            Err(error) if error.get_ref().is_some_and(|inner| inner.is::<rustls::Error>()) => {
                Err(error)
            }
            Err(error) => Err(io::Error::new(error.kind(), HandshakeBroken(error))),
        }
    }

    fn take_refusal(&self) -> Option<rustls::Error> {
        self.refusal.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl fmt::Debug for Connector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connector").field("name", &self.name).finish_non_exhaustive()
    }
}

/// Shows the client's certificate, and remembers that it was asked for: an engine that then says
/// no more than that the handshake failed wanted one.
#[derive(Debug)]
struct Identity {
    key: Option<Arc<CertifiedKey>>,
    asked: AtomicBool,
}

impl ResolvesClientCert for Identity {
    fn resolve(&self, _: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        self.asked.store(true, Ordering::Relaxed);
        self.key.clone()
    }

    fn has_certs(&self) -> bool {
        // What has none is never asked.
        true
    }
}

/// A secure connection.
///
/// With TLS 1.3 an engine judges the client's certificate after the handshake, so its refusal is
/// read where an answer is expected. It may come before the first request is on its way; that request
/// is then given back unsent, with no word about why: so it is kept.
struct Secure<W> {
    wire: W,
    refusal: Arc<Mutex<Option<rustls::Error>>>,
}

impl<W: Wire> AsyncRead for Secure<W> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let read = Pin::new(&mut self.wire).poll_read(context, buffer);
        if let Poll::Ready(Err(error)) = &read
            && let Some(alert @ rustls::Error::AlertReceived(_)) = cause_in(error)
        {
            *self.refusal.lock().unwrap_or_else(PoisonError::into_inner) = Some(alert.clone());
        }
        read
    }
}

writes_through!(Secure);

/// The connection ended before it was secure.
#[derive(Debug)]
struct HandshakeBroken(io::Error);

impl fmt::Display for HandshakeBroken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl error::Error for HandshakeBroken {}

/// Finds out whether TLS is why a connection failed, and says so.
pub(crate) fn fault_in(
    error: &(dyn error::Error + 'static),
    connector: Option<&Connector>,
    engine: &str,
    address: &str,
) -> Option<Fault> {
    let connector = connector?;
    if let Some(HandshakeBroken(error)) = cause_in(error) {
        let cause = io::Error::new(error.kind(), error.to_string());
        return Some(failed(engine, address).with_cause(cause));
    }
    let found = match cause_in::<rustls::Error>(error) {
        Some(found) => found.clone(),
        None => {
            let is_canceled =
                error.downcast_ref::<hyper::Error>().is_some_and(hyper::Error::is_canceled);
            is_canceled.then(|| connector.take_refusal()).flatten()?
        }
    };
    connector.take_refusal();
    Some(explained(&found, connector, engine, address).with_cause(found))
}

fn failed(engine: &str, address: &str) -> Fault {
    Fault::new(
        "tls-failed",
        format!("no TLS with {engine} at {address}"),
        "does TLS 1.2 or 1.3 belong at that address?",
    )
}

fn explained(error: &rustls::Error, connector: &Connector, engine: &str, address: &str) -> Fault {
    use rustls::Error as E;
    let of_engine = |code, what: &str, hint: &str| {
        Fault::new(code, format!("the certificate of {engine} at {address} {what}"), hint)
    };
    match error {
        E::InvalidCertificate(error) => match error {
            CertificateError::UnknownIssuer | CertificateError::BadSignature => of_engine(
                "unknown-ca",
                "is from a CA that is not trusted",
                "name the file of its CA, if you trust it",
            ),
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                of_engine(
                    "wrong-host-name",
                    "is for another host",
                    "write the address with a name that the certificate is for",
                )
            }
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => of_engine(
                "certificate-expired",
                "has expired",
                "the engine needs a new one, unless this machine's clock is wrong",
            ),
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
                of_engine("certificate-not-yet-valid", "is not valid yet", "is the clock right?")
            }
            CertificateError::Other(other)
                if other.0.downcast_ref() == Some(&webpki::Error::CaUsedAsEndEntity) =>
            {
                of_engine(
                    "certificate-invalid",
                    "is that of a CA",
                    "have the CA sign another for the engine, or name just this one as trusted",
                )
            }
            _ => of_engine(
                "certificate-invalid",
                "is not accepted",
                "a server's certificate is one of version 3, for servers, that a CA has signed: have the CA \
                 sign another for the engine",
            ),
        },
        E::AlertReceived(alert) => refused(*alert, connector, engine, address),
        E::InvalidMessage(_) => Fault::new(
            "not-tls",
            format!("what answers at {address} does not speak TLS"),
            "leave TLS off, or is it the port of something else?",
        ),
        _ => failed(engine, address),
    }
}

fn refused(alert: AlertDescription, connector: &Connector, engine: &str, address: &str) -> Fault {
    use AlertDescription as A;
    let is_about_client = match alert {
        A::CertificateRequired
        | A::BadCertificate
        | A::UnsupportedCertificate
        | A::CertificateRevoked
        | A::CertificateExpired
        | A::CertificateUnknown
        | A::UnknownCA
        | A::AccessDenied => true,
        // Before TLS 1.3 some say no more than that.
        A::HandshakeFailure => connector.identity.asked.load(Ordering::Relaxed),
        _ => false,
    };
    match &connector.identity.key {
        _ if !is_about_client => failed(engine, address),
        None => Fault::new(
            "client-certificate-missing",
            format!("{engine} at {address} wants a certificate of the client"),
            "name the files of your certificate and its key",
        ),
        Some(_) => Fault::new(
            "client-certificate-refused",
            format!("{engine} at {address} refuses the certificate of the client"),
            "is it from a CA that the engine trusts, for clients, and not expired?",
        ),
    }
}
