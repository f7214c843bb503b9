//! Finding what an engine of the harness, or a way to one, may have left on the machine.

use std::collections::BTreeSet;
use std::path::Path;
use std::{env, fs};

use crate::{engine, front, ssh};

/// What the names begin with that are looked for.
const PREFIXES: [&str; 4] = [engine::PREFIX, front::PREFIX, ssh::PREFIX, NODE_PREFIX];
/// What the folder for the temporary files of a Node begins with.
pub const NODE_PREFIX: &str = "contajners-node-";

/// Returns what exists of the engine whose work folder has this name: one line each for processes,
/// mounts, control groups and the folder.
pub fn of(name: &str) -> Vec<String> {
    all().into_iter().filter(|(of, _)| of == name).map(|(_, what)| what).collect()
}

/// Returns what exists of engines, fronts and ssh hosts whose owner is gone.
///
/// What belongs to a test run that still goes on is not a leftover; its owner's process id is in its
/// name.
pub fn of_the_dead() -> Vec<String> {
    all().into_iter().filter(|(name, _)| !owner_lives(name)).map(|(_, what)| what).collect()
}

/// Pairs of a name and a line about something of what has it.
fn all() -> BTreeSet<(String, String)> {
    let mut found = BTreeSet::new();
    let mut add = |text: &str, line: String| {
        found.extend(name_in(text).map(|name| (name.to_owned(), line)));
    };

    let mounts = fs::read_to_string("/proc/self/mounts").unwrap_or_default();
    for mount in mounts.lines() {
        add(mount, format!("mount: {mount}"));
        let mut fields = mount.split(' ').skip(1);
        if let (Some(at), Some("cgroup" | "cgroup2")) = (fields.next(), fields.next()) {
            for path in entries(Path::new(at)) {
                add(&path, format!("control group: {path}"));
            }
        }
    }
    for process in entries(Path::new("/proc")) {
        let Some(id) = process.strip_prefix("/proc/").filter(|id| id.parse::<u32>().is_ok()) else {
            continue;
        };
        let command = fs::read(format!("{process}/cmdline")).unwrap_or_default();
        // The dead have no command; one whose parent has not asked for its status is no leftover.
        if command.is_empty() {
            continue;
        }
        let command = String::from_utf8_lossy(&command).replace('\0', " ");
        add(&command, format!("process {id}: {command}"));
        // Containers of an engine do not carry its name in their command.
        let groups = fs::read_to_string(format!("{process}/cgroup")).unwrap_or_default();
        add(&groups, format!("process {id} in its control group: {command}"));
    }
    for path in entries(&env::temp_dir()) {
        add(&path, format!("folder: {path}"));
    }
    found
}

fn entries(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|entry| entry.path().to_string_lossy().into_owned()).collect()
}

/// The first name in a path or a command, an engine's before others.
fn name_in(text: &str) -> Option<&str> {
    let at = PREFIXES.iter().find_map(|prefix| text.find(&format!("/{prefix}")))?;
    let name = &text[at + 1..];
    let end = name.find(|c: char| !c.is_ascii_alphanumeric() && c != '-').unwrap_or(name.len());
    Some(&name[..end])
}

fn owner_lives(name: &str) -> bool {
    let rest = PREFIXES.iter().find_map(|prefix| name.strip_prefix(prefix));
    rest.and_then(|rest| rest.split('-').next())
        .and_then(|id| id.parse::<u32>().ok())
        .is_some_and(|id| Path::new(&format!("/proc/{id}")).exists())
}

#[cfg(test)]
mod tests {
    use std::process;

    use super::*;

    #[test]
    fn names_are_found_in_paths_and_commands() {
        for (text, expected) in [
            ("/tmp/contajners-engine-12-aB3/docker.sock", Some("contajners-engine-12-aB3")),
            ("sh /tmp/contajners-engine-12-aB3 docker", Some("contajners-engine-12-aB3")),
            ("4:memory:/contajners-engine-12-aB3/docker/0f", Some("contajners-engine-12-aB3")),
            ("/tmp/contajners-front-12-aB3/socket", Some("contajners-front-12-aB3")),
            ("ssh -F /tmp/contajners-ssh-12-aB3/config engine", Some("contajners-ssh-12-aB3")),
            (
                "ssh -F /tmp/contajners-ssh-12-aB3/config /tmp/contajners-engine-12-aB3/s",
                Some("contajners-engine-12-aB3"),
            ),
            ("grep contajners-engine-", None),
            ("/tmp/other", None),
        ] {
            assert_eq!(name_in(text), expected);
        }
    }

    #[test]
    fn the_owner_is_in_the_name() {
        for prefix in PREFIXES {
            assert!(owner_lives(&format!("{prefix}{}-x", process::id())));
            // Above the largest process id of Linux.
            assert!(!owner_lives(&format!("{prefix}4194305-x")));
            assert!(!owner_lives(prefix));
        }
    }
}
