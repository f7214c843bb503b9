//! A file with credentials: Docker's `config.json`, Podman's `auth.json`, the old `.dockercfg`.
//!
//! It is read as it comes: an entry that is wrong is an error of those who need it.

use serde_json::{Map, Value};

use super::auth::RegistryAuth;
use super::base64;
use super::error::{CredentialsError, without_user};
use crate::discovery::field;
use crate::error::quoted;

/// How a file is laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Layout {
    /// `auths`, `credHelpers`, `credsStore` among other things.
    Config,
    /// The entries alone.
    Legacy,
    /// A variable, in which Docker takes nothing but `auths` with an `auth` each.
    Variable,
}

/// What a file says, and what it is called in errors.
pub(super) struct Config {
    pub(super) file: String,
    root: Map<String, Value>,
}

impl Config {
    pub(super) fn empty(file: String) -> Self {
        Self { file, root: Map::new() }
    }

    pub(super) fn parse(
        file: String,
        text: &[u8],
        layout: Layout,
    ) -> Result<Self, CredentialsError> {
        let root = match serde_json::from_slice(text) {
            Ok(Value::Object(root)) => root,
            Ok(_) => return Err(CredentialsError::malformed(&file, "it is no JSON object")),
            // Where it is wrong is told, never what stands there.
            Err(error) => {
                let (line, column) = (error.line(), error.column());
                let what = format!("no JSON at line {line} column {column}");
                return Err(CredentialsError::malformed(&file, what));
            }
        };
        let config = match layout {
            Layout::Legacy => {
                let mut outer = Map::new();
                outer.insert("auths".into(), Value::Object(root));
                Self { file, root: outer }
            }
            _ => Self { file, root },
        };
        for key in ["auths", "credHelpers"] {
            if !matches!(config.root.get(key), None | Some(Value::Null | Value::Object(_))) {
                return Err(config.wrong(&format!("`{key}` is no object")));
            }
        }
        if !matches!(config.root.get("credsStore"), None | Some(Value::Null | Value::String(_))) {
            return Err(config.wrong("`credsStore` is no text"));
        }
        if layout == Layout::Variable {
            let strange = config.root.keys().any(|key| key != "auths")
                || config.entries().any(|(_, entry)| {
                    entry.as_object().is_some_and(|entry| entry.keys().any(|key| key != "auth"))
                });
            if strange {
                return Err(config.wrong("it holds more than `auths` with an `auth` each"));
            }
        }
        Ok(config)
    }

    fn wrong(&self, what: &str) -> CredentialsError {
        CredentialsError::malformed(&self.file, what)
    }

    /// Tells whether it says anything about credentials.
    pub(super) fn is_silent(&self) -> bool {
        let is_empty = |key| {
            self.root.get(key).and_then(Value::as_object).is_none_or(|entries| entries.is_empty())
        };
        is_empty("auths") && is_empty("credHelpers") && self.store().is_none()
    }

    /// Returns the name of the helper that keeps everything.
    pub(super) fn store(&self) -> Option<&str> {
        self.root.get("credsStore").and_then(Value::as_str).filter(|name| !name.is_empty())
    }

    /// Returns the helpers of single registries.
    pub(super) fn helpers(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.object("credHelpers")
    }

    /// Returns the name of the helper behind a key.
    pub(super) fn helper_name<'c>(
        &self,
        key: &str,
        name: &'c Value,
    ) -> Result<&'c str, CredentialsError> {
        let wrong = || self.wrong(&format!("{} names no helper", shown("credHelpers", key)));
        name.as_str().filter(|name| !name.is_empty()).ok_or_else(wrong)
    }

    /// Returns the entries with credentials in them.
    pub(super) fn entries(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.object("auths")
    }

    fn object(&self, key: &str) -> impl Iterator<Item = (&str, &Value)> {
        let entries = field(&self.root, key).and_then(Value::as_object);
        entries.into_iter().flatten().map(|(key, value)| (&**key, value))
    }

    /// Returns the credentials in an entry; `None` when it holds none, as the entries that stand
    /// for what a helper keeps.
    pub(super) fn decode(
        &self,
        key: &str,
        entry: &Value,
    ) -> Result<Option<RegistryAuth>, CredentialsError> {
        let wrong = |field: &str, what: &str| {
            let place = shown("auths", key);
            Err(self.wrong(&match field {
                "" => format!("{place} {what}"),
                field => format!("`{field}` in {place} {what}"),
            }))
        };
        let entry = match entry {
            Value::Object(entry) => entry,
            Value::Null => return Ok(None),
            _ => return wrong("", "is no object"),
        };
        let text = |name| match field(entry, name) {
            None | Some(Value::Null) => Ok(""),
            Some(Value::String(text)) => Ok(text.as_str()),
            Some(_) => Err(name),
        };
        let fields = [text("identitytoken"), text("auth"), text("username"), text("password")];
        let mut texts = [""; 4];
        for (text, field) in texts.iter_mut().zip(fields) {
            match field {
                Ok(field) => *text = field,
                Err(name) => return wrong(name, "is no text"),
            }
        }
        let [token, auth, username, password] = texts;
        if !token.is_empty() {
            return Ok(Some(RegistryAuth::identity_token(token)));
        }
        if auth.is_empty() {
            let none = username.is_empty() && password.is_empty();
            return Ok((!none).then(|| RegistryAuth::password(username, password)));
        }
        let Some(decoded) = base64::decode(auth) else {
            return wrong("auth", "is not base64");
        };
        let Ok(decoded) = String::from_utf8(decoded) else {
            return wrong("auth", "is not text");
        };
        match decoded.split_once(':') {
            Some((username, password)) if !username.is_empty() => {
                // Old versions of Docker's command padded it with zeros.
                let password = password.trim_matches('\0');
                Ok(Some(RegistryAuth::password(username, password)))
            }
            _ => wrong("auth", "holds no name and password"),
        }
    }
}

fn shown(object: &str, key: &str) -> String {
    quoted(&format!("{object}.{}", without_user(key)))
}
