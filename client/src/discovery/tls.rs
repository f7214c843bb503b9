//! TLS as the variables of the Docker command turn it on.

use std::path::{Path, PathBuf};

use super::{Around, DiscoverError, Surroundings};
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
    let Some(folder) = folder else { return Tls::new() };
    // A folder that one may enter need not be one that can be listed.
    let is_there = match around.list(&folder) {
        Ok(files) => IDENTITY.map(has(&files)),
        Err(_) => IDENTITY.map(|name| around.0.exists(&folder.join(name))),
    };
    with_identity(Tls::new().ca_file(folder.join(CA)), &folder, is_there)
}

/// Returns the TLS of a Docker context, whose files are in this folder; `None` when it has none.
///
/// # Errors
///
/// The folder cannot be looked into: without what it may hold nothing is sent.
pub(super) fn of_context(
    around: &Around<'_>,
    folder: &Path,
    skip_verify: bool,
) -> Result<Option<Tls>, DiscoverError> {
    let files = around.list(folder)?;
    let mut tls = Tls::new();
    if has(&files)(CA) {
        tls = tls.ca_file(folder.join(CA));
    }
    tls = with_identity(tls, folder, IDENTITY.map(has(&files)));
    if skip_verify {
        tls = tls.skip_verify();
    }
    Ok(Some(tls).filter(|tls| *tls != Tls::new()))
}

const CA: &str = "ca.pem";
/// A certificate and its key.
const IDENTITY: [&str; 2] = ["cert.pem", "key.pem"];

/// Tells of a name whether one of these files has it.
fn has(files: &[PathBuf]) -> impl Fn(&str) -> bool + '_ {
    |name| files.iter().any(|file| file.file_name().is_some_and(|own| own == name))
}

/// A certificate without its key, or a key without its certificate, is an error when they are
/// read: half of what was meant to be there.
fn with_identity(tls: Tls, folder: &Path, is_there: [bool; 2]) -> Tls {
    match is_there {
        [false, false] => tls,
        _ => {
            let [certificate, key] = IDENTITY.map(|name| folder.join(name));
            tls.identity_files(certificate, key)
        }
    }
}
