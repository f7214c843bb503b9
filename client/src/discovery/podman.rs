//! Podman's connections, as its command keeps them: in `podman-connections.json` since v5, and
//! before in `containers.conf`, whose entries come second. Those over ssh name a key.

use std::path::PathBuf;

use serde_json::Value;

use super::{Around, DiscoverError, Named, Source};
use crate::tls::Tls;

/// The variable that names the file of a key for `CONTAINER_HOST`.
pub(super) const KEY_VARIABLE: &str = "CONTAINER_SSHKEY";
/// The variable that names a connection.
pub(super) const VARIABLE: &str = "CONTAINER_CONNECTION";

/// Returns the address of the connection that the environment names.
pub(super) fn named(around: &Around<'_>) -> Result<Option<Named>, DiscoverError> {
    let Some(name) = around.variable(VARIABLE) else { return Ok(None) };
    by_name(around, &name, Some(&format!("`{VARIABLE}`"))).map(Some)
}

/// Returns the address of the connection that is the default one, if there is one.
pub(super) fn default(around: &Around<'_>) -> Result<Option<Named>, DiscoverError> {
    if let Some((file, connections)) = connections(around)?
        && let Some(Value::String(name)) = connections.pointer("/Connection/Default")
        && !name.is_empty()
    {
        let from = crate::error::quoted(&file.to_string_lossy());
        return by_name(around, name, Some(&from)).map(Some);
    }
    for (file, config) in configs(around)?.into_iter().rev() {
        let active = config.get("engine").and_then(|engine| engine.get("active_service"));
        if let Some(name) = active.and_then(toml::Value::as_str)
            && !name.is_empty()
        {
            let from = crate::error::quoted(&file.to_string_lossy());
            return by_name(around, name, Some(&from)).map(Some);
        }
    }
    Ok(None)
}

/// Returns the address of a connection, which is named by what is told.
pub(super) fn by_name(
    around: &Around<'_>,
    name: &str,
    from: Option<&str>,
) -> Result<Named, DiscoverError> {
    let source = Source::Connection(name.into());
    if let Some((file, connections)) = connections(around)?
        && let Some(connection) =
            connections.pointer("/Connection/Connections").and_then(|all| all.get(name))
    {
        let Some(Value::String(uri)) = connection.get("URI") else {
            return Err(DiscoverError::malformed(&file, "a connection has no `URI`"));
        };
        let path = |key| match connection.get(key) {
            Some(Value::String(path)) if !path.is_empty() => Some(path.as_str()),
            _ => None,
        };
        return Ok(Named {
            address: uri.clone(),
            identity: path("Identity").map(Into::into),
            tls: tls_of(path("TLSCA"), path("TLSCert"), path("TLSKey")),
            source,
        });
    }
    for (file, config) in configs(around)?.into_iter().rev() {
        let destinations =
            config.get("engine").and_then(|engine| engine.get("service_destinations"));
        let Some(destination) = destinations.and_then(|all| all.get(name)) else { continue };
        let Some(uri) = destination.get("uri").and_then(toml::Value::as_str) else {
            return Err(DiscoverError::malformed(&file, "a service destination has no `uri`"));
        };
        let path = |key| {
            destination.get(key).and_then(toml::Value::as_str).filter(|path| !path.is_empty())
        };
        return Ok(Named {
            address: uri.to_owned(),
            identity: path("identity").map(Into::into),
            tls: tls_of(path("tls_ca"), path("tls_cert"), path("tls_key")),
            source,
        });
    }
    Err(DiscoverError::unknown(source, from))
}

/// The TLS of a connection; `None` when nothing is said about it.
fn tls_of(ca: Option<&str>, certificate: Option<&str>, key: Option<&str>) -> Option<Tls> {
    let mut tls = Tls::new();
    if let Some(ca) = ca {
        tls = tls.ca_file(ca);
    }
    if certificate.is_some() || key.is_some() {
        // One without the other is an error when it is read.
        tls = tls.identity_files(certificate.unwrap_or_default(), key.unwrap_or_default());
    }
    Some(tls).filter(|tls| *tls != Tls::new())
}

fn connections(around: &Around<'_>) -> Result<Option<(PathBuf, Value)>, DiscoverError> {
    let file = match around.variable("PODMAN_CONNECTIONS_CONF") {
        Some(file) => file.into(),
        None => match around.folder("XDG_CONFIG_HOME", "HOME", ".config") {
            Some(folder) => folder.join("containers/podman-connections.json"),
            None => return Ok(None),
        },
    };
    Ok(around.json(&file)?.map(|connections| (file, connections)))
}

/// The files of `containers.conf` that exist; later ones win.
fn configs(around: &Around<'_>) -> Result<Vec<(PathBuf, toml::Table)>, DiscoverError> {
    let files: Vec<PathBuf> = match around.variable("CONTAINERS_CONF") {
        Some(file) => vec![file.into()],
        None => {
            let own = around.folder("XDG_CONFIG_HOME", "HOME", ".config");
            let system =
                ["/usr/share/containers/containers.conf", "/etc/containers/containers.conf"];
            system
                .iter()
                .map(PathBuf::from)
                .chain(own.map(|folder| folder.join("containers/containers.conf")))
                .collect()
        }
    };
    let mut all = Vec::new();
    for file in files {
        let Some(bytes) = around.read(&file)? else { continue };
        let text = String::from_utf8_lossy(&bytes);
        match text.parse::<toml::Table>() {
            Ok(config) => all.push((file, config)),
            Err(error) => {
                let line = error.span().map_or(0, |span| {
                    text.get(..span.start).map_or(0, |before| before.matches('\n').count())
                });
                let what = format!("no TOML at line {}", line + 1);
                return Err(DiscoverError::malformed(&file, &what));
            }
        }
    }
    Ok(all)
}
