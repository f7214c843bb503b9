//! TLS: what a client trusts, who it is, and what goes wrong.
//!
//! Settings are kept apart from what is made of them, so that discovery can tell of them without
//! a file being read. Nothing here applies to unix sockets and `ssh`.

#[cfg_attr(feature = "tls", path = "connector.rs")]
#[cfg_attr(not(feature = "tls"), path = "absent.rs")]
mod connector;
mod fault;
#[cfg(feature = "tls")]
mod identity;
mod plain;
#[cfg(feature = "tls")]
mod roots;

use std::fmt;
use std::path::{Path, PathBuf};

pub(crate) use connector::{Connector, fault_in};
pub(crate) use fault::Fault;
pub(crate) use plain::{Plain, is_silent, is_tls_spoken};

/// How a connection is secured: whom to trust, and who the client is.
///
/// By default the system's CAs are trusted (on Linux those that `SSL_CERT_FILE` and
/// `SSL_CERT_DIR` name come first) and the client shows no certificate. TLS 1.2 and 1.3 are
/// spoken. Files are read when the client is built.
///
/// ```no_run
/// # fn demo() -> Result<(), contajners::Error> {
/// use contajners::{Client, Tls};
///
/// let docker = Client::builder("docker")
///     .uri("tcp://far:2376")
///     .tls(Tls::new().ca_file("ca.pem").identity_files("cert.pem", "key.pem"))
///     .build()?;
/// # Ok(()) }
/// ```
#[derive(Clone, Default, PartialEq, Eq)]
#[must_use = "settings do nothing until a builder takes them"]
pub struct Tls {
    ca: Option<Pem>,
    identity: Option<(Pem, Pem)>,
    password: Option<String>,
    skip_verify: bool,
}

impl Tls {
    /// Returns the settings that everything else starts from.
    pub fn new() -> Self {
        Self::default()
    }

    /// Trusts the CAs in this PEM file, and no others. The certificate that an engine made for itself
    /// may be one of them.
    pub fn ca_file(mut self, file: impl Into<PathBuf>) -> Self {
        self.ca = Some(Pem::File(file.into()));
        self
    }

    /// Trusts these CAs, given as PEM, and no others.
    pub fn ca_pem(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.ca = Some(Pem::Given(pem.into()));
        self
    }

    /// Shows the certificate of the first PEM file, which may bring those of its CAs along, and
    /// proves it with the key of the second: PKCS#8, with a password or without, PKCS#1 or SEC1.
    pub fn identity_files(
        mut self,
        certificate: impl Into<PathBuf>,
        key: impl Into<PathBuf>,
    ) -> Self {
        self.identity = Some((Pem::File(certificate.into()), Pem::File(key.into())));
        self
    }

    /// Shows this certificate and proves it with this key, both given as PEM.
    pub fn identity_pem(
        mut self,
        certificate: impl Into<Vec<u8>>,
        key: impl Into<Vec<u8>>,
    ) -> Self {
        self.identity = Some((Pem::Given(certificate.into()), Pem::Given(key.into())));
        self
    }

    /// Sets the password of the key; it is not looked at when the key has none.
    pub fn key_password(mut self, password: impl Into<String>) -> Self {
        self.password = Some(password.into());
        self
    }

    /// Takes any certificate for the engine's: whoever is in between reads and changes
    /// everything. What Docker does with `DOCKER_TLS` alone, and in contexts with
    /// `SkipTLSVerify`.
    pub fn skip_verify(mut self) -> Self {
        self.skip_verify = true;
        self
    }

    /// Returns the file of the CAs that are trusted; `None` for the system's, or those given as PEM.
    pub fn ca_path(&self) -> Option<&Path> {
        self.ca.as_ref().and_then(Pem::file)
    }

    /// Returns the files of the client's certificate and its key, if they are in files.
    pub fn identity_paths(&self) -> Option<(&Path, &Path)> {
        let (certificate, key) = self.identity.as_ref()?;
        Some((certificate.file()?, key.file()?))
    }

    /// Tells whether the engine's certificate is looked at.
    pub fn is_verified(&self) -> bool {
        !self.skip_verify
    }
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls")
            .field("ca", &self.ca)
            .field("identity", &self.identity)
            .field("password", &self.password.as_ref().map(|_| "…"))
            .field("skip_verify", &self.skip_verify)
            .finish()
    }
}

/// Where PEM comes from.
#[derive(Clone, PartialEq, Eq)]
enum Pem {
    File(PathBuf),
    Given(Vec<u8>),
}

impl Pem {
    fn file(&self) -> Option<&Path> {
        match self {
            Self::File(file) => Some(file),
            Self::Given(_) => None,
        }
    }
}

impl fmt::Debug for Pem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(file) => file.fmt(f),
            Self::Given(_) => f.write_str("…"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_not_shown() {
        let tls = Tls::new().ca_file("/ca.pem").identity_pem("CERT", "KEY").key_password("hush");
        assert_eq!(
            format!("{tls:?}"),
            r#"Tls { ca: Some("/ca.pem"), identity: Some((…, …)), password: Some("…"), skip_verify: false }"#
        );
    }
}
