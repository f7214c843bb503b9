//! Credential helpers: programs that keep credentials, as docker-credential-helpers defines them.
//!
//! One is run as `docker-credential-NAME get`, without a shell, with the server on standard
//! input, and answers in JSON. What it prints is never shown; its standard error goes nowhere.

use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use serde_json::{Map, Value};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, Command};
use tokio::time::timeout;

use super::auth::RegistryAuth;
use super::error::{CredentialsError, HelperFault};

/// The most that is read of a helper's answer.
const ANSWER_LIMIT: usize = 1 << 20;
/// How long a killed helper is waited for.
const REAP_WAIT: Duration = Duration::from_secs(1);
/// What the protocol has for "none".
const NOT_FOUND: &[u8] = b"credentials not found in native keychain";
/// The user's name that makes an identity token of the secret.
const TOKEN_USER: &str = "<token>";

/// A helper and the server that it is asked about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Helper {
    /// `docker-credential-NAME`.
    pub(super) name: String,
    pub(super) program: PathBuf,
    pub(super) server: String,
}

impl Helper {
    /// Asks for the credentials of the server; `None` when the helper has none.
    pub(super) async fn get(
        &self,
        limit: Duration,
    ) -> Result<Option<RegistryAuth>, CredentialsError> {
        let Some(said) = self.run("get", limit).await? else { return Ok(None) };
        let Ok(Value::Object(answer)) = serde_json::from_slice(&said) else {
            return Err(self.fault(HelperFault::Nonsense));
        };
        // Some tokens belong to nobody.
        let username = self.field_or_none(&answer, "Username")?;
        let secret = self.field(&answer, "Secret")?;
        // docker-credential-pass answers so when it has none.
        if secret.is_empty() {
            return Ok(None);
        }
        let auth = match username {
            TOKEN_USER => RegistryAuth::identity_token(secret),
            username => RegistryAuth::password(username, secret),
        };
        Ok(Some(auth.server_address(&self.server)))
    }

    /// Asks for the servers that the helper has credentials for.
    pub(super) async fn list(&self, limit: Duration) -> Result<Vec<String>, CredentialsError> {
        let Some(said) = self.run("list", limit).await? else { return Ok(Vec::new()) };
        match serde_json::from_slice(&said) {
            Ok(Value::Object(servers)) => Ok(servers.into_iter().map(|(key, _)| key).collect()),
            Ok(Value::Null) => Ok(Vec::new()),
            _ => Err(self.fault(HelperFault::Nonsense)),
        }
    }

    fn field_or_none<'a>(
        &self,
        answer: &'a Map<String, Value>,
        name: &str,
    ) -> Result<&'a str, CredentialsError> {
        match answer.keys().any(|key| key.eq_ignore_ascii_case(name)) {
            true => self.field(answer, name),
            false => Ok(""),
        }
    }

    /// Field names go in any case, as for Go's decoder, which the protocol grew up with.
    fn field<'a>(
        &self,
        answer: &'a Map<String, Value>,
        name: &str,
    ) -> Result<&'a str, CredentialsError> {
        match answer.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)) {
            Some((_, Value::String(text))) => Ok(text),
            _ => Err(self.fault(HelperFault::Nonsense)),
        }
    }

    /// Runs the helper and returns what it said; `None` when that is "none".
    async fn run(
        &self,
        action: &str,
        limit: Duration,
    ) -> Result<Option<Vec<u8>>, CredentialsError> {
        // Killed, too, when the call is dropped in the middle.
        let mut child = Command::new(&self.program)
            .arg(action)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| self.fault(HelperFault::CannotStart(error)))?;
        match timeout(limit, self.converse(&mut child)).await {
            Ok(Ok(said)) => Ok(said),
            Ok(Err(fault)) => {
                end(&mut child).await;
                Err(self.fault(fault))
            }
            Err(_) => {
                end(&mut child).await;
                Err(self.fault(HelperFault::Hangs(limit)))
            }
        }
    }

    async fn converse(&self, child: &mut Child) -> Result<Option<Vec<u8>>, HelperFault> {
        if let Some(mut input) = child.stdin.take() {
            // A helper that answers without reading is none the worse for it.
            let _ = input.write_all(self.server.as_bytes()).await;
        }
        let mut said = Vec::new();
        if let Some(output) = child.stdout.take() {
            let read = output.take(ANSWER_LIMIT as u64 + 1).read_to_end(&mut said).await;
            read.map_err(HelperFault::Broken)?;
        }
        if said.len() > ANSWER_LIMIT {
            return Err(HelperFault::TooMuch(ANSWER_LIMIT));
        }
        let status = child.wait().await.map_err(HelperFault::Broken)?;
        match status.success() {
            true => Ok(Some(said)),
            false if said.trim_ascii() == NOT_FOUND => Ok(None),
            false => Err(HelperFault::Failed(status)),
        }
    }

    fn fault(&self, fault: HelperFault) -> CredentialsError {
        CredentialsError::helper(&self.name, &self.server, fault)
    }
}

/// Kills a helper and takes its status, so that no zombie stays.
async fn end(child: &mut Child) {
    let _ = timeout(REAP_WAIT, child.kill()).await;
}
