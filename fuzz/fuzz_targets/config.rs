//! Files of Docker's and Podman's commands: contexts, connections and credentials. Whatever they
//! hold, there is an address or an error, on one line and with a code.
//!
//! Input: two bytes for the engine and which variables are set; then, between zero bytes, Docker's
//! `config.json`, a context's `meta.json`, Podman's `podman-connections.json`, `containers.conf`,
//! and the value of the variables, which is the image, too.
#![no_main]

use std::io;
use std::path::{Path, PathBuf};

use contajners::fuzzing::{FoundCredentials, credentials};
use contajners::{Endpoint, Surroundings, connections, discover};
use contajners_fuzz::one_line;
use libfuzzer_sys::fuzz_target;

const VARIABLES: [&str; 8] = [
    "DOCKER_HOST",
    "DOCKER_CONTEXT",
    "CONTAINER_HOST",
    "CONTAINER_CONNECTION",
    "CONTAINERS_CONF",
    "DOCKER_AUTH_CONFIG",
    "REGISTRY_AUTH_FILE",
    "DOCKER_CERT_PATH",
];

/// A machine with a home, and with the files of the input.
struct Machine<'d> {
    set: u8,
    files: [&'d [u8]; 4],
    value: &'d str,
}

impl Surroundings for Machine<'_> {
    fn variable(&self, name: &str) -> Option<String> {
        match name {
            "HOME" => Some("/home/toy".into()),
            "PATH" => Some("/bin".into()),
            "DOCKER_AUTH_CONFIG" if self.is_set(name) => {
                Some(String::from_utf8_lossy(self.files[0]).into_owned())
            }
            _ => self.is_set(name).then(|| self.value.into()),
        }
    }

    fn exists(&self, path: &Path) -> bool {
        path.starts_with("/bin") || path.extension().is_some_and(|end| end == "pem")
    }

    fn read(&self, file: &Path) -> io::Result<Vec<u8>> {
        let number = match file.file_name().and_then(|name| name.to_str()) {
            Some("config.json" | "auth.json") => 0,
            Some("meta.json") => 1,
            Some("podman-connections.json") => 2,
            Some("containers.conf") => 3,
            _ => return Err(io::ErrorKind::NotFound.into()),
        };
        Ok(self.files[number].to_vec())
    }

    fn list(&self, folder: &Path) -> io::Result<Vec<PathBuf>> {
        let names: &[&str] = match folder.file_name().and_then(|name| name.to_str()) {
            Some("docker") => &["ca.pem", "cert.pem", "key.pem"],
            Some("containers.conf.d") => &["containers.conf"],
            Some("meta") => &["toy"],
            _ => return Err(io::ErrorKind::NotFound.into()),
        };
        Ok(names.iter().map(|name| folder.join(name)).collect())
    }
}

impl Machine<'_> {
    fn is_set(&self, name: &str) -> bool {
        VARIABLES.iter().position(|own| *own == name).is_some_and(|at| self.set >> at & 1 == 1)
    }
}

fuzz_target!(|data: &[u8]| {
    let [engine, set, rest @ ..] = data else { return };
    let mut parts = rest.splitn(5, |byte| *byte == 0);
    let mut next = || parts.next().unwrap_or_default();
    let files = [next(), next(), next(), next()];
    let value = std::str::from_utf8(next()).unwrap_or_default();
    let machine = Machine { set: *set, files, value };
    let engine = ["docker", "podman"][usize::from(engine & 1)];

    let pack = contajners::pack(engine).expect("built in");
    for source in connections(pack, &machine) {
        one_line(&source.to_string());
    }
    match discover(pack, &machine) {
        Ok(found) => address(&found.endpoint),
        Err(error) => {
            assert!(!error.code().is_empty());
            one_line(&error.to_string());
        }
    }
    for reference in [Some(value), Some("docker.io/a/b"), Some("registry.example:5000/c"), None] {
        let Some(found) = credentials(engine, reference, &machine) else { continue };
        told(&found);
    }
});

/// What an address is shown as means the same address.
fn address(endpoint: &Endpoint) {
    let text = endpoint.to_string();
    match Endpoint::parse(&text) {
        Ok(again) => assert_eq!(again.to_string(), text),
        Err(error) => panic!("{endpoint:?} is shown as {text:?}: {error}"),
    }
}

fn told(found: &FoundCredentials) {
    for (registry, auth) in &found.known {
        let has = |key| auth.get(key).is_some_and(|value| value.is_string());
        assert!(has("identitytoken") || has("username") && has("password"), "{registry:?}");
    }
    for helper in &found.asked {
        let name = helper.strip_prefix("docker-credential-").expect("a helper");
        // Nothing but a program of the user's `PATH`.
        assert!(name.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c)), "{name:?}");
    }
    for (code, text) in &found.errors {
        assert!(!code.is_empty());
        one_line(text);
    }
}
