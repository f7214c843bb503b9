//! TLS as the variables of the Docker command turn it on.

use std::path::Path;

use super::Around;
use crate::tls::Tls;

/// Returns the TLS that the environment asks for at an address of `DOCKER_HOST`.
///
/// The Docker command takes any value that is not empty, `0` too, and looks into
/// `DOCKER_CERT_PATH`, else beside its configuration. There must be a CA; the certificate of the
/// client and its key may both be missing.
pub(super) fn of_environment(around: &Around<'_>) -> Option<Tls> {
    let verify = around.variable("DOCKER_TLS_VERIFY").is_some();
    if !verify && around.variable("DOCKER_TLS").is_none() {
        return None;
    }
    let folder = match around.variable("DOCKER_CERT_PATH") {
        Some(folder) => Some(folder.into()),
        None => around.folder("DOCKER_CONFIG", "HOME", ".docker"),
    };
    let tls = match folder {
        Some(folder) => with_identity(around, Tls::new().ca_file(folder.join("ca.pem")), &folder),
        None => Tls::new(),
    };
    Some(if verify { tls } else { tls.skip_verify() })
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
