//! The names of Docker's contexts and of Podman's connections, for completion: what cannot be read
//! has none.

use std::fs::{self, File};
use std::io::Read as _;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::settings::set;

/// The largest file that is read.
const MAX_BYTES: u64 = 4 << 20;

/// How many names there are at most of each kind.
const MAX_NAMES: usize = 1000;

/// Returns the names of Docker's contexts.
pub(crate) fn contexts() -> Vec<String> {
    let mut names = Vec::new();
    if let Some(folder) = folder("DOCKER_CONFIG", ".docker")
        && let Ok(entries) = fs::read_dir(folder.join("contexts/meta"))
    {
        let files = entries.take(MAX_NAMES).flatten().map(|entry| entry.path().join("meta.json"));
        names.extend(files.filter_map(|file| Some(json(&file)?["Name"].as_str()?.to_owned())));
    }
    // It is there without a file.
    names.push("default".into());
    in_order(names)
}

/// Returns the names of Podman's connections.
pub(crate) fn connections() -> Vec<String> {
    let file = set("PODMAN_CONNECTIONS_CONF").map(PathBuf::from).or_else(|| {
        let folder = folder("XDG_CONFIG_HOME", ".config")?;
        Some(folder.join("containers/podman-connections.json"))
    });
    let connections = file.and_then(|file| json(&file)).unwrap_or_default();
    let all = connections["Connection"]["Connections"].as_object();
    in_order(all.into_iter().flat_map(|all| all.keys().take(MAX_NAMES)).cloned().collect())
}

fn in_order(mut names: Vec<String>) -> Vec<String> {
    names.retain(|name| !name.contains(char::is_control));
    names.sort();
    names.dedup();
    names
}

/// The folder that a variable names, or one in the user's home.
fn folder(variable: &str, at_home: &str) -> Option<PathBuf> {
    set(variable).map(Into::into).or_else(|| Some(Path::new(&set("HOME")?).join(at_home)))
}

fn json(file: &Path) -> Option<Value> {
    let mut bytes = Vec::new();
    // Opening a pipe would wait for whoever writes into it.
    if !fs::metadata(file).ok()?.is_file() {
        return None;
    }
    File::open(file).ok()?.take(MAX_BYTES + 1).read_to_end(&mut bytes).ok()?;
    if bytes.len() as u64 > MAX_BYTES {
        return None;
    }
    serde_json::from_slice(&bytes).ok()
}
