//! Docker's contexts, as its command keeps them.
//!
//! The name is `DOCKER_CONTEXT`, else `currentContext` in `config.json`; `default` means the
//! usual socket. A context's file lies below the SHA-256 of its name.

use std::fmt::Write;
use std::path::PathBuf;

use hmac_sha256::Hash;
use hyper::header::{CONTENT_LENGTH, HOST, HeaderName, HeaderValue, USER_AGENT};
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

/// Returns the headers that `config.json` has Docker's command send with each request.
pub(super) fn headers(
    around: &Around<'_>,
) -> Result<Vec<(HeaderName, HeaderValue)>, DiscoverError> {
    let Some(file) = folder(around).map(|folder| folder.join("config.json")) else {
        return Ok(Vec::new());
    };
    let config = match around.json(&file) {
        Ok(config) => config.unwrap_or_default(),
        // Where an address needs it that has failed before; Docker's command goes on without it, too.
        Err(error) => {
            trace::warn!(code = error.code(), "{error}");
            return Ok(Vec::new());
        }
    };
    let wrong = || DiscoverError::malformed(&file, "`HttpHeaders` holds what is no header");
    let all = match below(&config, &["HttpHeaders"]) {
        None | Some(Value::Null) => return Ok(Vec::new()),
        Some(Value::Object(all)) => all,
        Some(_) => return Err(wrong()),
    };
    // Who calls says that itself, and what goes with the connection is not for a file to say.
    let is_own = |name: &HeaderName| [USER_AGENT, HOST, CONTENT_LENGTH].contains(name);
    let header = |(name, value): (&String, &Value)| {
        let name = HeaderName::try_from(name).ok()?;
        let mut value = HeaderValue::from_str(value.as_str()?).ok()?;
        // It may be anything.
        value.set_sensitive(true);
        Some((name, value))
    };
    let all: Option<Vec<_>> = all.iter().map(header).collect();
    let mut all = all.ok_or_else(wrong)?;
    all.retain(|(name, _)| !is_own(name));
    Ok(all)
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
