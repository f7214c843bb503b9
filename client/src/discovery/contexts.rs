//! Docker's contexts, as its command keeps them.
//!
//! The name is `DOCKER_CONTEXT`, else `currentContext` in `config.json`; `default` means the
//! usual socket. A context's file lies below the SHA-256 of its name.

use std::fmt::Write;
use std::path::PathBuf;

use hmac_sha256::Hash;
use hyper::header::{
    CONNECTION, CONTENT_LENGTH, EXPECT, HOST, HeaderName, HeaderValue, TE, TRAILER,
    TRANSFER_ENCODING, UPGRADE, USER_AGENT,
};
use serde_json::Value;

use super::{Around, DiscoverError, Named, Source, below, text_of, tls};
use crate::trace;

/// The context that stands for having none.
pub(super) const DEFAULT: &str = "default";

/// Returns the address of the context that is chosen; `None` when it is the default one.
pub(super) fn current(around: &Around<'_>) -> Result<Option<Named>, DiscoverError> {
    let Some(folder) = folder(around) else { return Ok(None) };
    let (name, from) = match around.variable("DOCKER_CONTEXT") {
        Some(name) => (name, "`DOCKER_CONTEXT`".to_owned()),
        None => {
            let file = folder.join("config.json");
            let Some(config) = around.json(&file)? else { return Ok(None) };
            let name = below(&config, &["currentContext"]);
            match text_of(name, "currentContext", &file)? {
                Some(name) => (name.to_owned(), crate::error::quoted(&file.to_string_lossy())),
                None => return Ok(None),
            }
        }
    };
    if name == DEFAULT {
        return Ok(None);
    }
    by_name(around, &name, Some(&from)).map(Some)
}

/// Returns the headers that `config.json` has Docker's command send with each request. What is none is
/// passed over: where an address needs the file, a damaged one has failed before, and Docker's command
/// goes on without it, too.
pub(super) fn headers(around: &Around<'_>) -> Vec<(HeaderName, HeaderValue)> {
    let Some(file) = folder(around).map(|folder| folder.join("config.json")) else {
        return Vec::new();
    };
    let config = around.json(&file).unwrap_or_else(|error| {
        trace::warn!(code = error.code(), "{error}");
        None
    });
    let config = config.unwrap_or_default();
    let all = below(&config, &["HttpHeaders"]).and_then(Value::as_object);
    let mut headers = Vec::new();
    for (name, value) in all.into_iter().flatten() {
        let text = if value.is_null() { Some("") } else { value.as_str() };
        let header = HeaderName::try_from(name)
            .ok()
            .zip(text.and_then(|text| HeaderValue::from_str(text).ok()));
        let Some((name, mut value)) = header else {
            let file = crate::error::quoted(&file.to_string_lossy());
            trace::warn!(
                code = "config-malformed",
                "`HttpHeaders` of {file} holds what is no header"
            );
            continue;
        };
        // Who calls says that itself, and what goes with the connection is not for a file to say.
        if !OF_THE_CONNECTION.contains(&name) {
            // It may be anything.
            value.set_sensitive(true);
            headers.push((name, value));
        }
    }
    headers
}

const OF_THE_CONNECTION: [HeaderName; 9] =
    [CONNECTION, CONTENT_LENGTH, EXPECT, HOST, TE, TRAILER, TRANSFER_ENCODING, UPGRADE, USER_AGENT];

/// Returns the names of all contexts that can be read, and of the one that has no file.
pub(super) fn names(around: &Around<'_>) -> Vec<String> {
    let folders = folder(around).map(|folder| around.list(&folder.join("contexts/meta")));
    let contexts = folders.and_then(Result::ok).unwrap_or_default().into_iter();
    let name = |folder: PathBuf| {
        let context = around.json(&folder.join("meta.json")).ok()??;
        Some(below(&context, &["Name"])?.as_str()?.to_owned())
    };
    contexts.filter_map(name).chain([DEFAULT.into()]).collect()
}

/// Returns the address of a context, which is named by what is told.
pub(super) fn by_name(
    around: &Around<'_>,
    name: &str,
    from: Option<&str>,
) -> Result<Named, DiscoverError> {
    let source = Source::Context(name.into());
    let Some(folder) = folder(around) else { return Err(DiscoverError::unknown(source, from)) };
    let id = digest(name);
    let file = folder.join("contexts/meta").join(&id).join("meta.json");
    let Some(context) = around.json(&file)? else {
        return Err(DiscoverError::unknown(source, from));
    };
    let endpoint = below(&context, &["Endpoints"]).and_then(|all| all.get("docker"));
    let own = |name| below(endpoint?, &[name]);
    let Some(Value::String(host)) = own("Host") else {
        return Err(DiscoverError::malformed(&file, "it has no `Endpoints.docker.Host`"));
    };
    let skip_verify = own("SkipTLSVerify") == Some(&Value::Bool(true));
    let files = folder.join("contexts/tls").join(&id).join("docker");
    // Keys for ssh are its own configuration's to name.
    Ok(Named {
        address: host.clone(),
        identity: None,
        is_machine: false,
        tls: tls::of_context(around, &files, skip_verify)?,
        source,
        named_by: from.map(Into::into),
    })
}

/// The digest in hexadecimal digits.
fn digest(name: &str) -> String {
    Hash::hash(name.as_bytes()).iter().fold(String::new(), |mut digits, byte| {
        let _ = write!(digits, "{byte:02x}");
        digits
    })
}

fn folder(around: &Around<'_>) -> Option<PathBuf> {
    around.folder("DOCKER_CONFIG", ".docker")
}
