//! Connections in `containers.conf`, which is TOML.

use std::path::{Path, PathBuf};

use toml::{Table, Value};

use super::{Around, Destination, DiscoverError};

/// Returns the name of the default connection, and the file that names it.
pub(super) fn active(
    around: &Around<'_>,
    files: &[PathBuf],
) -> Result<Option<(PathBuf, String)>, DiscoverError> {
    for (file, config) in configs(around, files)?.into_iter().rev() {
        let active = config.get("engine").and_then(|engine| engine.get("active_service"));
        if let Some(name) = active.and_then(Value::as_str)
            && !name.is_empty()
        {
            return Ok(Some((file.into(), name.into())));
        }
    }
    Ok(None)
}

/// Returns a connection by its name.
pub(super) fn destination(
    around: &Around<'_>,
    files: &[PathBuf],
    name: &str,
) -> Result<Option<Destination>, DiscoverError> {
    for (file, config) in configs(around, files)?.into_iter().rev() {
        let destinations =
            config.get("engine").and_then(|engine| engine.get("service_destinations"));
        let Some(destination) = destinations.and_then(|all| all.get(name)) else { continue };
        let Some(uri) = destination.get("uri").and_then(Value::as_str) else {
            return Err(DiscoverError::malformed(file, "a service destination has no `uri`"));
        };
        let path = |key| {
            let path = destination.get(key).and_then(Value::as_str);
            path.filter(|path| !path.is_empty()).map(Into::into)
        };
        return Ok(Some(Destination {
            uri: uri.into(),
            identity: path("identity"),
            ca: path("tls_ca"),
            certificate: path("tls_cert"),
            key: path("tls_key"),
        }));
    }
    Ok(None)
}

/// Reads those of the files that exist.
fn configs<'f>(
    around: &Around<'_>,
    files: &'f [PathBuf],
) -> Result<Vec<(&'f Path, Table)>, DiscoverError> {
    let mut all = Vec::new();
    for file in files {
        let Some(bytes) = around.read(file)? else { continue };
        let text = String::from_utf8_lossy(&bytes);
        match text.parse::<Table>() {
            Ok(config) => all.push((file.as_path(), config)),
            Err(error) => {
                let line = error.span().map_or(0, |span| {
                    text.get(..span.start).map_or(0, |before| before.matches('\n').count())
                });
                let what = format!("no TOML at line {}", line + 1);
                return Err(DiscoverError::malformed(file, &what));
            }
        }
    }
    Ok(all)
}
