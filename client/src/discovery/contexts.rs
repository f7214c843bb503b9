//! Docker's contexts, as its command keeps them.
//!
//! The name is `DOCKER_CONTEXT`, else `currentContext` in `config.json`; `default` means the
//! usual socket. A context's file lies below the SHA-256 of its name.

use std::fmt::Write;
use std::path::PathBuf;

use hmac_sha256::Hash;
use serde_json::Value;

use super::{Around, DiscoverError, Named, Source, below, text_of, tls};

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
