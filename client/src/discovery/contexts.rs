//! Docker's contexts, as its command keeps them.
//!
//! The name is `DOCKER_CONTEXT`, else `currentContext` in `config.json`; `default` means the
//! usual socket. A context's file lies below the SHA-256 of its name.

use std::path::{Path, PathBuf};

use serde_json::Value;
use sha2::{Digest, Sha256};

use super::{Around, DiscoverError, Source};

/// Returns the address of the context that is chosen; `None` when it is the default one.
pub(super) fn current(
    around: &Around<'_>,
) -> Result<Option<(String, Option<String>, Source)>, DiscoverError> {
    let Some(folder) = around.folder("DOCKER_CONFIG", "HOME", ".docker") else { return Ok(None) };
    let (name, from) = match around.variable("DOCKER_CONTEXT") {
        Some(name) => (name, "`DOCKER_CONTEXT`".to_owned()),
        None => {
            let file = folder.join("config.json");
            let Some(config) = around.json(&file)? else { return Ok(None) };
            match config.get("currentContext") {
                Some(Value::String(name)) if !name.is_empty() => {
                    (name.clone(), crate::error::quoted(&file.to_string_lossy()))
                }
                _ => return Ok(None),
            }
        }
    };
    if name == "default" {
        return Ok(None);
    }
    let source = Source::Context(name.clone());
    let id = format!("{:x}", Sha256::digest(&name));
    let file = folder.join("contexts/meta").join(&id).join("meta.json");
    let Some(context) = around.json(&file)? else {
        return Err(DiscoverError::unknown(source, &from));
    };
    let Some(Value::String(host)) = context.pointer("/Endpoints/docker/Host") else {
        return Err(DiscoverError::malformed(&file, "it has no `Endpoints.docker.Host`"));
    };
    let needs_tls = !host.starts_with("unix:")
        && !host.starts_with("ssh:")
        && (has_certificates(around, &folder.join("contexts/tls").join(&id))
            || context.pointer("/Endpoints/docker/SkipTLSVerify") == Some(&Value::Bool(true)));
    if needs_tls {
        return Err(DiscoverError::needs_tls(source));
    }
    // Keys are for the configuration of `ssh` to name.
    Ok(Some((host.clone(), None, source)))
}

fn has_certificates(around: &Around<'_>, folder: &Path) -> bool {
    let files = ["ca.pem", "cert.pem", "key.pem"];
    files
        .iter()
        .map(|file| folder.join("docker").join(file))
        .any(|file: PathBuf| around.0.exists(&file))
}
