//! Podman's connections, as its command keeps them: in `podman-connections.json` since v5, and
//! before in `containers.conf`, whose entries come second. Those over ssh name a key.

#[cfg(any(test, not(feature = "podman")))]
mod absent;
#[cfg(feature = "podman")]
mod conf;

use std::io;
use std::path::PathBuf;

use serde_json::Value;

#[cfg(not(feature = "podman"))]
use self::absent as conf;
use super::{Around, DiscoverError, Named, Source, below, text_of};
use crate::endpoint::as_podman;
use crate::tls::Tls;

/// The variable that names the file of a key for `CONTAINER_HOST`.
pub(super) const KEY_VARIABLE: &str = "CONTAINER_SSHKEY";
/// The variable that names a connection.
pub(super) const VARIABLE: &str = "CONTAINER_CONNECTION";

/// A connection as `containers.conf` has it.
struct Destination {
    uri: String,
    identity: Option<String>,
    is_machine: bool,
    ca: Option<String>,
    certificate: Option<String>,
    key: Option<String>,
}

/// Returns the address of the connection that the environment names.
pub(super) fn named(around: &Around<'_>) -> Result<Option<Named>, DiscoverError> {
    let Some(name) = around.variable(VARIABLE) else { return Ok(None) };
    by_name(around, &name, Some(&format!("`{VARIABLE}`"))).map(Some)
}

/// Returns the address of the connection that is the default one, if there is one.
pub(super) fn default(around: &Around<'_>) -> Result<Option<Named>, DiscoverError> {
    if let Some((file, connections)) = connections(around)?
        && let Some(name) =
            text_of(below(&connections, &["Connection", "Default"]), "Default", &file)?
    {
        let from = crate::error::quoted(&file.to_string_lossy());
        return by_name(around, name, Some(&from)).map(Some);
    }
    match conf::active(around, &files(around)?)? {
        Some((file, name)) => {
            let from = crate::error::quoted(&file.to_string_lossy());
            by_name(around, &name, Some(&from)).map(Some)
        }
        None => Ok(None),
    }
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
            below(&connections, &["Connection", "Connections"]).and_then(|all| all.get(name))
    {
        let text = |key| text_of(below(connection, &[key]), key, &file);
        let Some(uri) = text("URI")? else {
            return Err(DiscoverError::malformed(&file, "a connection has no `URI`"));
        };
        return Ok(Named {
            address: as_podman(uri),
            identity: text("Identity")?.map(Into::into),
            is_machine: below(connection, &["IsMachine"]).and_then(Value::as_bool).unwrap_or(false),
            tls: tls_of(text("TLSCA")?, text("TLSCert")?, text("TLSKey")?),
            source,
            named_by: from.map(Into::into),
        });
    }
    match conf::destination(around, &files(around)?, name)? {
        Some(Destination { uri, identity, is_machine, ca, certificate, key }) => Ok(Named {
            address: as_podman(&uri),
            identity,
            is_machine,
            tls: tls_of(ca.as_deref(), certificate.as_deref(), key.as_deref()),
            source,
            named_by: from.map(Into::into),
        }),
        None => Err(DiscoverError::unknown(source, from)),
    }
}

/// Returns the names of all connections that can be read.
pub(super) fn names(around: &Around<'_>) -> Vec<String> {
    let mut names = Vec::new();
    if let Ok(Some((_, connections))) = connections(around) {
        let all = below(&connections, &["Connection", "Connections"]).and_then(Value::as_object);
        names.extend(all.into_iter().flat_map(|all| all.keys().cloned()));
    }
    let files = files(around).unwrap_or_default();
    names.extend(conf::names(around, &files));
    names
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
        None => match around.folder("XDG_CONFIG_HOME", ".config") {
            Some(folder) => folder.join("containers/podman-connections.json"),
            None => return Ok(None),
        },
    };
    Ok(around.json(&file)?.map(|connections| (file, connections)))
}

/// Where a `containers.conf` may be; later ones win. Beside one there may be a folder of more, which
/// count in the order of their names. Those that variables name are there.
fn files(around: &Around<'_>) -> Result<Vec<PathBuf>, DiscoverError> {
    let named = |variable| -> Result<Option<PathBuf>, DiscoverError> {
        let Some(file) = around.variable(variable).map(PathBuf::from) else { return Ok(None) };
        match around.read(&file)? {
            Some(_) => Ok(Some(file)),
            None => Err(DiscoverError::unreadable(&file, io::ErrorKind::NotFound.into())),
        }
    };
    let mut files = Vec::new();
    match named("CONTAINERS_CONF")? {
        Some(file) => files.push(file),
        None => {
            files.push("/usr/share/containers/containers.conf".into());
            let own = around.folder("XDG_CONFIG_HOME", ".config");
            for folder in [Some("/etc".into()), own].into_iter().flatten() {
                let file = folder.join("containers/containers.conf");
                let mut more = around.list(&file.with_extension("conf.d"))?;
                more.retain(|file| file.extension().is_some_and(|name| name == "conf"));
                more.sort();
                files.push(file);
                files.append(&mut more);
            }
        }
    }
    files.extend(named("CONTAINERS_CONF_OVERRIDE")?);
    Ok(files)
}
