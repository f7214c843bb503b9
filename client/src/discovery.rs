//! Finding the engine when no address is given.
//!
//! Where to look is the pack's to say: an ordered list of addresses, in which `$NAME` stands for
//! a variable of the environment. An address with a variable that is not set is passed over, an
//! address that is a variable alone is the user's word and taken as it is, and of the others the
//! first whose socket exists is taken.

use std::path::Path;

use contajners_core::Pack;

use crate::endpoint::{Endpoint, EndpointError};

/// An address, and why it is that one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Discovered {
    /// Where the engine is taken to listen.
    pub endpoint: Endpoint,
    /// What says so.
    pub source: Source,
}

/// What an address comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Source {
    /// The caller gave it.
    Given,
    /// This variable of the environment.
    Variable(String),
    /// One of the engine's usual sockets, which exists.
    Socket,
    /// The first of the engine's usual addresses; none of its sockets exists.
    Fallback,
}

/// Finds out where an engine listens, from its pack's addresses, the environment and the file
/// system, both of which are asked through the functions given.
///
/// ```
/// use contajners::{Endpoint, Source, discover};
///
/// let docker = contajners::pack("docker")?;
/// let environment = |name: &str| (name == "DOCKER_HOST").then(|| "tcp://box:2375".to_owned());
/// let found = discover(docker, environment, |_socket| false)?;
/// assert_eq!(found.endpoint, Endpoint::parse("tcp://box:2375")?);
/// assert_eq!(found.source, Source::Variable("DOCKER_HOST".into()));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// A variable that is meant for addresses holds something else, or the pack names no address
/// that can be used.
pub fn discover(
    pack: Pack<'_>,
    variable: impl Fn(&str) -> Option<String>,
    exists: impl Fn(&Path) -> bool,
) -> Result<Discovered, EndpointError> {
    let variable = |name: &str| variable(name).filter(|value| !value.is_empty());
    let mut fallback = None;
    for template in pack.addresses() {
        if let Some(name) = template.strip_prefix('$').filter(|name| is_name(name)) {
            if let Some(address) = variable(name) {
                let endpoint =
                    Endpoint::parse(&address).map_err(|error| error.of_variable(name))?;
                return Ok(Discovered { endpoint, source: Source::Variable(name.into()) });
            }
            continue;
        }
        let Some(address) = filled(template, &variable) else { continue };
        let Ok(endpoint) = Endpoint::parse(&address) else { continue };
        if let Endpoint::Unix(socket) = &endpoint
            && exists(socket)
        {
            return Ok(Discovered { endpoint, source: Source::Socket });
        }
        fallback.get_or_insert(endpoint);
    }
    match fallback {
        Some(endpoint) => Ok(Discovered { endpoint, source: Source::Fallback }),
        None => Endpoint::parse("").map(|endpoint| Discovered { endpoint, source: Source::Given }),
    }
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// Fills in the variables of an address; `None` when one is not set.
fn filled(template: &str, variable: &impl Fn(&str) -> Option<String>) -> Option<String> {
    let mut out = String::with_capacity(template.len());
    let mut rest = template;
    while let Some((before, behind)) = rest.split_once('$') {
        let end = behind.find(|c: char| !c.is_ascii_alphanumeric() && c != '_');
        let (name, behind) = behind.split_at(end.unwrap_or(behind.len()));
        out.push_str(before);
        out.push_str(&variable(name)?);
        rest = behind;
    }
    out.push_str(rest);
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(engine: &str, environment: &[(&str, &str)], sockets: &[&str], expected: &str) {
        let pack = crate::pack(engine).unwrap();
        let variable = |name: &str| {
            environment.iter().find(|(own, _)| *own == name).map(|(_, value)| (*value).to_owned())
        };
        let found = discover(pack, variable, |path| sockets.iter().any(|s| path == Path::new(s)));
        let text = match found {
            Ok(found) => format!("{} ({:?})", found.endpoint, found.source),
            Err(error) => error.to_string(),
        };
        assert_eq!(text, expected);
    }

    #[test]
    fn the_users_word_comes_first_and_then_what_exists() {
        let system = "/var/run/docker.sock";
        check("docker", &[], &[system], "unix:///var/run/docker.sock (Socket)");
        check("docker", &[], &[], "unix:///var/run/docker.sock (Fallback)");
        check(
            "docker",
            &[("DOCKER_HOST", "tcp://h:1")],
            &[system],
            "tcp://h:1 (Variable(\"DOCKER_HOST\"))",
        );
        check("docker", &[("DOCKER_HOST", "")], &[system], "unix:///var/run/docker.sock (Socket)");
        check(
            "docker",
            &[("DOCKER_HOST", "what://")],
            &[system],
            "`DOCKER_HOST`: address `what://` is of an unknown kind",
        );
        check(
            "docker",
            &[("HOME", "/h")],
            &["/h/.docker/run/docker.sock"],
            "unix:///h/.docker/run/docker.sock (Socket)",
        );
        check(
            "podman",
            &[("XDG_RUNTIME_DIR", "/run/user/1")],
            &["/run/user/1/podman/podman.sock", "/run/podman/podman.sock"],
            "unix:///run/user/1/podman/podman.sock (Socket)",
        );
        check("podman", &[], &[], "unix:///run/podman/podman.sock (Fallback)");
        check(
            "podman",
            &[("CONTAINER_HOST", "unix:///x"), ("DOCKER_HOST", "unix:///y")],
            &[],
            "unix:///x (Variable(\"CONTAINER_HOST\"))",
        );
    }
}
