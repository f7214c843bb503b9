//! Where credentials may be, in which order: a pure function of variables and files.
//!
//! Docker's rules are those of docker/cli (`cli/config`), Podman's those of containers/image
//! (`pkg/docker/config`). A damaged file among the usual ones is told and passed over, as
//! Docker's command does: most calls go to registries that need no credentials, and the file is
//! often another program's. A file that someone named is an error.

use std::env::consts::EXE_SUFFIX;
use std::io;
use std::path::{Path, PathBuf};

use super::auth::RegistryAuth;
use super::config::{Config, Layout};
use super::error::CredentialsError;
use super::helper::Helper;
use super::reference::{HUB, HUB_KEY, Repository, docker_host_of_key, host_of_key};
use super::{Place, Rules};
use crate::discovery::{Surroundings, home, variable};

/// What a plan asks of the machine.
#[derive(Clone, Copy)]
pub(super) struct Machine<'m> {
    pub(super) surroundings: &'m dyn Surroundings,
    /// The user's number where Podman's files lie below it: on Linux.
    pub(super) user: Option<u32>,
}

/// Something that may hold the credentials; what comes first wins.
#[derive(Debug)]
pub(super) enum Step {
    Known(RegistryAuth),
    Ask(Helper),
    /// A helper that nobody named, but whose program is there.
    Try(Helper),
}

/// What to do for the credentials of one registry.
#[derive(Debug, Default)]
pub(super) struct Plan {
    pub(super) steps: Vec<Step>,
    /// What was passed over.
    pub(super) remarks: Vec<CredentialsError>,
}

/// What to do for the credentials of all registries; what comes first wins.
#[derive(Debug, Default)]
pub(super) struct WholePlan {
    pub(super) steps: Vec<(String, Step)>,
    /// Helpers that know themselves for which registries they have something.
    pub(super) stores: Vec<Helper>,
    pub(super) remarks: Vec<CredentialsError>,
}

/// Plans to find the credentials for a repository.
pub(super) fn one(
    rules: Rules,
    place: &Place,
    repository: &Repository,
    machine: Machine<'_>,
) -> Result<Plan, CredentialsError> {
    let mut plan = Plan::default();
    let (keys, server) = match rules {
        Rules::Docker if repository.host == HUB => (Vec::new(), HUB_KEY),
        Rules::Docker => (vec![repository.host.clone()], &*repository.host),
        Rules::Podman => (repository.keys(), &*repository.host),
    };
    let host_of = match rules {
        Rules::Docker => docker_host_of_key,
        Rules::Podman => host_of_key,
    };
    // Docker's command goes on without a helper that fails or is not there: most calls go to registries
    // that need no credentials, and the file is often another machine's.
    let goes_on = rules == Rules::Docker && *place == Place::Usual;
    for (config, layout) in configs(rules, place, machine, &mut plan.remarks)? {
        let mut helpers = config.helpers();
        let named = helpers
            .find(|(key, _)| *key == server)
            .or_else(|| config.helpers().find(|(key, _)| host_of(key) == repository.host));
        let named = match (named, rules) {
            (Some((key, name)), _) => Some(config.helper_name(key, name)),
            (None, Rules::Docker) => config.store().map(Ok),
            (None, Rules::Podman) => None,
        };
        let has_helper = named.is_some();
        if let Some(named) = named {
            match named.and_then(|name| helper(name, server, &config, machine)) {
                Ok(helper) if goes_on => plan.steps.push(Step::Try(helper)),
                Ok(helper) => plan.steps.push(Step::Ask(helper)),
                Err(error) if goes_on => plan.remarks.push(error),
                Err(error) => return Err(error),
            }
            if !goes_on {
                continue;
            }
        }
        let entry = |key: &str| config.entries().find(|(own, _)| *own == key);
        let found = match (rules, layout) {
            (Rules::Docker, _) => entry(server),
            (_, Layout::Legacy) => None,
            _ => keys.iter().find_map(|key| entry(key)),
        };
        // Some tools have written addresses as keys.
        let found =
            found.or_else(|| config.entries().find(|(key, _)| host_of(key) == repository.host));
        if let Some((key, entry)) = found {
            match config.decode(key, entry) {
                Ok(Some(auth)) => {
                    plan.steps.push(Step::Known(auth.server_address(server)));
                    return Ok(plan);
                }
                Ok(None) => {}
                // It counts only where a helper has nothing.
                Err(error) if has_helper => plan.remarks.push(error),
                Err(error) => return Err(error),
            }
            if rules == Rules::Docker {
                continue;
            }
        }
        if let (Rules::Podman, Some(store)) = (rules, config.store()) {
            // Podman does not know these; whoever shares Docker's file with it meant them, too.
            match helper(store, server, &config, machine) {
                Ok(helper) => plan.steps.push(Step::Try(helper)),
                Err(error) => plan.remarks.push(error),
            }
        } else if let Some(store) = usual_store(rules, place, &config, layout, machine) {
            plan.steps.push(Step::Try(Helper { server: server.into(), ..store }));
        }
    }
    Ok(plan)
}

/// Plans to find all credentials that are known. What is wrong with one of them is a remark: a
/// build needs few, and Docker's command goes on, too.
pub(super) fn all(
    rules: Rules,
    place: &Place,
    machine: Machine<'_>,
) -> Result<WholePlan, CredentialsError> {
    let mut plan = WholePlan::default();
    for (config, layout) in configs(rules, place, machine, &mut plan.remarks)? {
        for (key, name) in config.helpers() {
            let named = config.helper_name(key, name);
            match named.and_then(|name| helper(name, key, &config, machine)) {
                Ok(helper) => plan.steps.push((key.into(), Step::Ask(helper))),
                Err(error) => plan.remarks.push(error),
            }
        }
        match config.store().map(|store| helper(store, "", &config, machine)) {
            Some(Ok(helper)) => plan.stores.push(helper),
            Some(Err(error)) => plan.remarks.push(error),
            None => plan.stores.extend(usual_store(rules, place, &config, layout, machine)),
        }
        if rules == Rules::Docker && config.store().is_some() {
            continue;
        }
        for (key, entry) in config.entries() {
            match config.decode(key, entry) {
                Ok(Some(auth)) => {
                    plan.steps.push((key.into(), Step::Known(auth.server_address(key))));
                }
                Ok(None) => {}
                Err(error) => plan.remarks.push(error),
            }
        }
    }
    Ok(plan)
}

/// Reads the files that there are, in order.
fn configs(
    rules: Rules,
    place: &Place,
    machine: Machine<'_>,
    remarks: &mut Vec<CredentialsError>,
) -> Result<Vec<(Config, Layout)>, CredentialsError> {
    let mut out = Vec::new();
    if let (Rules::Docker, Place::Usual) = (rules, place)
        && let Some(text) = machine.variable("DOCKER_AUTH_CONFIG")
    {
        let name = "DOCKER_AUTH_CONFIG".to_owned();
        match Config::parse(name, text.as_bytes(), Layout::Variable) {
            Ok(config) => out.push((config, Layout::Variable)),
            Err(error) => remarks.push(error),
        }
    }
    for File { path, layout, chosen } in files(rules, place, machine) {
        let text = match machine.surroundings.read(&path) {
            Ok(text) => text,
            Err(error) => {
                let missing =
                    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory);
                match chosen {
                    Chosen::Caller => return Err(CredentialsError::unreadable(&path, error)),
                    // `podman login` makes it.
                    _ if missing => {
                        out.push((Config::empty(path.to_string_lossy().into()), layout));
                    }
                    Chosen::Variable => return Err(CredentialsError::unreadable(&path, error)),
                    Chosen::Nobody => remarks.push(CredentialsError::unreadable(&path, error)),
                }
                continue;
            }
        };
        match Config::parse(path.to_string_lossy().into(), &text, layout) {
            Ok(config) => out.push((config, layout)),
            Err(error) if chosen == Chosen::Nobody => remarks.push(error),
            Err(error) => return Err(error),
        }
    }
    Ok(out)
}

/// A file that may be there.
struct File {
    path: PathBuf,
    layout: Layout,
    chosen: Chosen,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Chosen {
    Caller,
    Variable,
    Nobody,
}

/// Names the files of an engine's own tool, in its order.
fn files(rules: Rules, place: &Place, machine: Machine<'_>) -> Vec<File> {
    let mut out = Vec::new();
    let mut push = |path, layout, chosen| out.push(File { path, layout, chosen });
    let (config, usual) = (Layout::Config, Chosen::Nobody);
    let home = home(|name| machine.variable(name));
    let folder = |variable, below: &str| match machine.variable(variable) {
        Some(folder) => Some(PathBuf::from(folder)),
        None => home.as_ref().map(|home| home.join(below)),
    };
    let docker = folder("DOCKER_CONFIG", ".docker").map(|folder| folder.join("config.json"));
    match place {
        Place::Nowhere => {}
        Place::File(path) => push(path.clone(), config, Chosen::Caller),
        Place::Usual if rules == Rules::Docker => {
            docker.into_iter().for_each(|path| push(path, config, usual));
        }
        Place::Usual => {
            if let Some(path) = machine.variable("REGISTRY_AUTH_FILE") {
                push(path.into(), config, Chosen::Variable);
                return out;
            }
            if let Some(user) = machine.user {
                let runtime = match machine.variable("XDG_RUNTIME_DIR") {
                    Some(folder) => Path::new(&folder).join("containers/auth.json"),
                    None => format!("/run/containers/{user}/auth.json").into(),
                };
                push(runtime, config, usual);
            }
            let own = folder("XDG_CONFIG_HOME", ".config");
            let own = own.map(|folder| folder.join("containers/auth.json"));
            own.into_iter().chain(docker).for_each(|path| push(path, config, usual));
            if let Some(home) = &home {
                push(home.join(".dockercfg"), Layout::Legacy, usual);
            }
        }
    }
    out
}

/// The helper that Docker's command tries where its file says nothing about credentials.
fn usual_store(
    rules: Rules,
    place: &Place,
    config: &Config,
    layout: Layout,
    machine: Machine<'_>,
) -> Option<Helper> {
    let at_home = rules == Rules::Docker && *place == Place::Usual && layout == Layout::Config;
    if !at_home || !config.is_silent() {
        return None;
    }
    let store = match std::env::consts::OS {
        "macos" => "osxkeychain",
        "windows" => "wincred",
        _ if program(&format!("pass{EXE_SUFFIX}"), machine).is_some() => "pass",
        _ => "secretservice",
    };
    helper(store, "", config, machine).ok()
}

/// Finds a helper's program.
fn helper(
    name: &str,
    server: &str,
    config: &Config,
    machine: Machine<'_>,
) -> Result<Helper, CredentialsError> {
    let full = format!("docker-credential-{name}");
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    // A name with a slash in it would be a path, and no program of the user's `PATH`.
    let program = match name.chars().all(plain) {
        true => program(&format!("{full}{EXE_SUFFIX}"), machine),
        false => None,
    };
    match program {
        Some(program) => Ok(Helper { name: full, program, server: server.into() }),
        None => Err(CredentialsError::no_helper(&full, &config.file)),
    }
}

fn program(name: &str, machine: Machine<'_>) -> Option<PathBuf> {
    let path = machine.variable("PATH")?;
    std::env::split_paths(&path)
        .filter(|folder| folder.is_absolute())
        .map(|folder| folder.join(name))
        .find(|program| machine.surroundings.exists(program))
}

impl Machine<'_> {
    fn variable(&self, name: &str) -> Option<String> {
        variable(self.surroundings, name)
    }
}
