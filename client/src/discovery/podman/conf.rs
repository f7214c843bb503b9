//! Connections in `containers.conf`, which is TOML.

use std::path::{Path, PathBuf};

use toml::{Table, Value};

use super::super::field;
use super::{Around, Destination, DiscoverError};

/// Returns the name of the default connection, and the file that names it.
pub(super) fn active(
    around: &Around<'_>,
    files: &[PathBuf],
) -> Result<Option<(PathBuf, String)>, DiscoverError> {
    for (file, config) in configs(around, files)?.into_iter().rev() {
        // The last word counts, and an empty one takes back what was said before.
        if let service @ Some(_) = engine(&config, "active_service") {
            let name = text_of(service, "active_service", file)?;
            return Ok(name.map(|name| (file.into(), name.into())));
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
        let destinations = engine(&config, "service_destinations");
        let Some(destination) = destinations.and_then(|all| all.get(name)) else { continue };
        let text = |key| -> Result<Option<String>, DiscoverError> {
            let value = destination.as_table().and_then(|destination| field(destination, key));
            Ok(text_of(value, key, file)?.map(Into::into))
        };
        let Some(uri) = text("uri")? else {
            return Err(DiscoverError::malformed(file, "a service destination has no `uri`"));
        };
        return Ok(Some(Destination {
            uri,
            identity: text("identity")?,
            is_machine: { destination.as_table() }
                .and_then(|destination| field(destination, "is_machine")?.as_bool())
                .unwrap_or(false),
            ca: text("tls_ca")?,
            certificate: text("tls_cert")?,
            key: text("tls_key")?,
        }));
    }
    Ok(None)
}

/// Returns the names of all connections that can be read.
pub(super) fn names(around: &Around<'_>, files: &[PathBuf]) -> Vec<String> {
    let configs = configs(around, files).unwrap_or_default();
    let all =
        configs.iter().filter_map(|(_, config)| engine(config, "service_destinations")?.as_table());
    all.flat_map(|all| all.keys().cloned()).collect()
}

/// Finds a setting about the engine.
fn engine<'c>(config: &'c Table, name: &str) -> Option<&'c Value> {
    field(field(config, "engine")?.as_table()?, name)
}

/// Reads a text that may be missing or empty; anything else is not what it is taken for.
fn text_of<'v>(
    value: Option<&'v Value>,
    name: &str,
    file: &Path,
) -> Result<Option<&'v str>, DiscoverError> {
    match value {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(&**text).filter(|text| !text.is_empty())),
        Some(_) => Err(DiscoverError::malformed(file, &format!("`{name}` is no text"))),
    }
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
