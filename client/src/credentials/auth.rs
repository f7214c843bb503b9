//! What a registry is told about who is there.

use std::fmt;

use serde_core::ser::{Serialize, SerializeMap, Serializer};

/// Credentials for an image registry, for the parameter `X-Registry-Auth`.
///
/// Serialized it is what engines expect: `username`, `password` and `serveraddress`, or
/// `identitytoken`. `Debug` shows the registry only.
///
/// ```no_run
/// # async fn demo(docker: contajners::Client) -> Result<(), contajners::Error> {
/// use contajners::RegistryAuth;
///
/// let auth = RegistryAuth::password("me", "a secret").server_address("docker.acme.com");
/// docker
///     .invoke("ImageCreate")
///     .param("fromImage", "docker.acme.com/eg:2.1.995")
///     .param("X-Registry-Auth", auth)
///     .await?;
/// # Ok(()) }
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct RegistryAuth {
    proof: Proof,
    server_address: Option<String>,
}

#[derive(Clone, PartialEq, Eq)]
enum Proof {
    Password { username: String, password: String },
    IdentityToken(String),
}

impl RegistryAuth {
    /// Makes credentials of a user's name and password.
    pub fn password(username: impl Into<String>, password: impl Into<String>) -> Self {
        let proof = Proof::Password { username: username.into(), password: password.into() };
        Self { proof, server_address: None }
    }

    /// Makes credentials of an identity token, which a registry gave out for a password.
    pub fn identity_token(token: impl Into<String>) -> Self {
        Self { proof: Proof::IdentityToken(token.into()), server_address: None }
    }

    /// Names the registry that they are for.
    #[must_use = "it returns the credentials"]
    pub fn server_address(mut self, address: impl Into<String>) -> Self {
        self.server_address = Some(address.into());
        self
    }
}

impl fmt::Debug for RegistryAuth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RegistryAuth")
            .field("server_address", &self.server_address)
            .finish_non_exhaustive()
    }
}

impl Serialize for RegistryAuth {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        match &self.proof {
            Proof::Password { username, password } => {
                map.serialize_entry("username", username)?;
                map.serialize_entry("password", password)?;
            }
            Proof::IdentityToken(token) => map.serialize_entry("identitytoken", token)?,
        }
        if let Some(address) = &self.server_address {
            map.serialize_entry("serveraddress", address)?;
        }
        map.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_engines_expect_it_and_never_shown() {
        let auth = RegistryAuth::password("me", "hunter2").server_address("r.x");
        assert_eq!(
            serde_json::to_string(&auth).unwrap(),
            r#"{"username":"me","password":"hunter2","serveraddress":"r.x"}"#
        );
        assert_eq!(format!("{auth:?}"), r#"RegistryAuth { server_address: Some("r.x"), .. }"#);
        let token = RegistryAuth::identity_token("hunter3");
        assert_eq!(serde_json::to_string(&token).unwrap(), r#"{"identitytoken":"hunter3"}"#);
        assert_eq!(format!("{token:?}"), "RegistryAuth { server_address: None, .. }");
    }
}
