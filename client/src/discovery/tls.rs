//! TLS as the variables of the Docker command turn it on.

use std::path::Path;

use super::{Around, Surroundings};
use crate::tls::Tls;

impl Tls {
    /// Returns what the Docker command's variables say: `None` unless `DOCKER_TLS_VERIFY` or
    /// `DOCKER_TLS` is set to something, `0` too.
    ///
    /// The files are `ca.pem`, which must be there, and `cert.pem` and `key.pem`, which may both be
    /// missing, of the folder `DOCKER_CERT_PATH`, else `DOCKER_CONFIG`, else `~/.docker`. With
    /// `DOCKER_TLS` alone any certificate is taken for the engine's.
    ///
    /// A client does so by itself where its address comes from `DOCKER_HOST`; this is for addresses
    /// that are given.
    pub fn from_docker_variables(surroundings: &dyn Surroundings) -> Option<Self> {
        of_environment(&Around(surroundings))
    }

    /// Returns the files that the Docker command takes when it is told to speak TLS: those of
    /// [`from_docker_variables`](Self::from_docker_variables), whatever the variables say about
    /// whether.
    pub fn from_docker_files(surroundings: &dyn Surroundings) -> Self {
        files(&Around(surroundings))
    }
}

/// Returns the TLS that the environment asks for at an address of `DOCKER_HOST`.
pub(super) fn of_environment(around: &Around<'_>) -> Option<Tls> {
    let verify = around.variable("DOCKER_TLS_VERIFY").is_some();
    if !verify && around.variable("DOCKER_TLS").is_none() {
        return None;
    }
    let tls = files(around);
    Some(if verify { tls } else { tls.skip_verify() })
}

fn files(around: &Around<'_>) -> Tls {
    let folder = match around.variable("DOCKER_CERT_PATH") {
        Some(folder) => Some(folder.into()),
        None => around.folder("DOCKER_CONFIG", ".docker"),
    };
    match folder {
        Some(folder) => with_identity(around, Tls::new().ca_file(folder.join("ca.pem")), &folder),
        None => Tls::new(),
    }
}

/// Returns the TLS of a Docker context, whose files are in this folder; `None` when it has none.
pub(super) fn of_context(around: &Around<'_>, folder: &Path, skip_verify: bool) -> Option<Tls> {
    let ca = folder.join("ca.pem");
    let tls = match around.0.exists(&ca) {
        true => Tls::new().ca_file(ca),
        false => Tls::new(),
    };
    let tls = with_identity(around, tls, folder);
    let tls = if skip_verify { tls.skip_verify() } else { tls };
    Some(tls).filter(|tls| *tls != Tls::new())
}

/// A certificate without its key, or a key without its certificate, is an error when they are
/// read: half of what was meant to be there.
fn with_identity(around: &Around<'_>, tls: Tls, folder: &Path) -> Tls {
    let (certificate, key) = (folder.join("cert.pem"), folder.join("key.pem"));
    if around.0.exists(&certificate) || around.0.exists(&key) {
        tls.identity_files(certificate, key)
    } else {
        tls
    }
}
