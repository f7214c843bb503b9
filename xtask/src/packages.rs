//! Packages of Debian and Ubuntu that chores need: finding out what is missing, installing it.

use std::fs;
use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::{env, iter};

use crate::Outcome;
use crate::steps::{command, run_as};

/// A package and how to see that it is there.
#[derive(Debug, PartialEq)]
pub(crate) struct Package {
    name: &'static str,
    sign: Sign,
}

#[derive(Debug, PartialEq)]
enum Sign {
    Program(&'static str),
    /// A program that runs in a container without any library.
    StaticProgram(&'static str),
    /// A file of the package.
    File(&'static str),
}

const fn package(name: &'static str, program: &'static str) -> Package {
    Package { name, sign: Sign::Program(program) }
}

/// What builds the workspace: a linker for all crates and a C compiler for `ring`.
pub(crate) const BUILD: &[Package] = &[
    package("gcc", "cc"),
    Package { name: "libc6-dev", sign: Sign::File("/usr/include/stdlib.h") },
];

/// What libFuzzer is compiled with.
pub(crate) const FUZZ: &[Package] = &[package("g++", "c++")];

/// What runs a private dockerd.
pub(crate) const DOCKER: &[Package] = &[
    package("docker.io", "dockerd"),
    package("iproute2", "ip"),
    package("iptables", "iptables"),
    package("util-linux", "setpriv"),
];

/// What runs a private podman service; without catatonit it has no pods.
pub(crate) const PODMAN: &[Package] = &[
    package("podman", "podman"),
    package("netavark", "netavark"),
    package("aardvark-dns", "aardvark-dns"),
    package("catatonit", "catatonit"),
    package("iproute2", "ip"),
    package("iptables", "iptables"),
    package("util-linux", "setpriv"),
];

/// What reaches an engine over ssh, and what answers there.
pub(crate) const SSH: &[Package] =
    &[package("openssh-client", "ssh-keygen"), package("openssh-server", "sshd")];

/// What engines speak TLS with: dockerd by itself, podman behind stunnel.
pub(crate) const TLS: &[Package] = &[package("openssl", "openssl"), package("stunnel4", "stunnel")];

/// A client that is measured beside this one.
pub(crate) const CURL: &[Package] = &[package("curl", "curl")];

/// The shells that complete command lines.
pub(crate) const SHELLS: &[Package] =
    &[package("bash", "bash"), package("fish", "fish"), package("zsh", "zsh")];

/// What runs a registry with a password in the tests.
pub(crate) const REGISTRY: &[Package] = &[
    package("docker-registry", "docker-registry"),
    package("apache2-utils", "htpasswd"),
    package("util-linux", "nsenter"),
];

/// A client whose requests the tests look at; its interpreter comes with it.
pub(crate) const DOCKER_PY: &[Package] = &[Package {
    name: "python3-docker",
    sign: Sign::File("/usr/lib/python3/dist-packages/docker/__init__.py"),
}];

/// What the image of the tests is made of.
pub(crate) const IMAGE: &[Package] =
    &[Package { name: "busybox-static", sign: Sign::StaticProgram("busybox") }];

/// A compiler with the source of its library, for targets that rustup cannot deliver.
pub(crate) const DISTRIBUTION_RUST: &[Package] = &[
    Package { name: "rustc-web", sign: Sign::File("/usr/bin/rustc") },
    Package { name: "cargo-web", sign: Sign::File("/usr/bin/cargo") },
    Package { name: "rust-web-src", sign: Sign::File("/var/lib/dpkg/info/rust-web-src.list") },
];

/// What the distribution's compiler needs besides for Windows.
pub(crate) const MINGW: &[Package] =
    &[package("binutils-mingw-w64-x86-64", "x86_64-w64-mingw32-dlltool")];

/// What links WebAssembly for the distribution's compiler.
pub(crate) const WASM_LINKER: &[Package] = &[package("lld-22", "wasm-ld-22")];

/// What runs the npm package and the tools of its tests.
pub(crate) const NODE: &[Package] = &[package("nodejs", "node"), package("npm", "npm")];

/// What the npm package is tried in.
pub(crate) const CHROMIUM: &[Package] = &[package("chromium", "chromium")];

/// Where programs are besides `PATH`: daemons, and the helpers of podman.
const MORE_FOLDERS: &[&str] =
    &["/usr/local/sbin", "/usr/sbin", "/sbin", "/usr/lib/podman", "/usr/libexec/podman"];

/// Runs as root. The file that keeps the services of new packages from starting goes away again,
/// unless it was there before.
const INSTALL: &str = r#"
set -eu
policy=/usr/sbin/policy-rc.d
if [ ! -e $policy ]; then
    trap 'rm -f $policy' EXIT
    trap 'exit 130' INT TERM HUP
    printf '#!/bin/sh\nexit 101\n' >$policy
    chmod 755 $policy
fi
export DEBIAN_FRONTEND=noninteractive
apt-get update -q
apt-get install -q -y --no-install-recommends "$@"
"#;

/// Whether a chore may change the machine.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Missing {
    Install,
    OnlySay,
}

impl Missing {
    pub(crate) fn from_flag(install: bool) -> Self {
        if install { Self::Install } else { Self::OnlySay }
    }
}

/// Installs what is missing of these groups, or prints the command that would.
///
/// # Errors
///
/// If something is missing and the installation fails, or there is no `apt-get`.
pub(crate) fn ensure(groups: &[&[Package]], missing: Missing) -> Outcome {
    let folders = folders();
    let names = missing_names(groups, &folders);
    if names.is_empty() {
        return Ok(());
    }
    let list = names.join(" ");
    if missing == Missing::OnlySay {
        eprintln!(
            "missing packages: {list}; what needs them fails or is skipped. To install them:"
        );
        eprintln!("    apt-get update && apt-get install --no-install-recommends {list}");
        eprintln!("or give this chore `--install`.");
        return Ok(());
    }
    if find("apt-get", &folders).is_none() {
        return Err(format!(
            "no `apt-get` here; install what this system has for the Debian packages {list}"
        )
        .into());
    }
    let apt = format!("apt-get install --no-install-recommends {list}");
    let shell = ["sh", "-c", INSTALL, "sh"].into_iter().chain(names.iter().copied());
    let (text, words): (_, Vec<&str>) = match (is_root(), find("sudo", &folders)) {
        (true, _) => (apt, shell.collect()),
        (false, Some(_)) => (format!("sudo {apt}"), iter::once("sudo").chain(shell).collect()),
        (false, None) => return Err(format!("not root, and no `sudo` here; as root: {apt}").into()),
    };
    run_as(&text, &mut command(words[0], &words[1..]))?;
    match &*missing_names(groups, &folders) {
        [] => Ok(()),
        left => Err(format!("installed, yet not found: {}", left.join(" ")).into()),
    }
}

/// Returns whether the programs and files of a group are there.
pub(crate) fn are_there(group: &[Package]) -> bool {
    missing_names(&[group], &folders()).is_empty()
}

fn missing_names(groups: &[&[Package]], folders: &[PathBuf]) -> Vec<&'static str> {
    let mut names = Vec::new();
    for package in groups.iter().copied().flatten() {
        let is_there = match package.sign {
            Sign::Program(program) => find(program, folders).is_some(),
            Sign::StaticProgram(program) => find(program, folders).is_some_and(|at| is_static(&at)),
            Sign::File(path) => Path::new(path).exists(),
        };
        if !is_there && !names.contains(&package.name) {
            names.push(package.name);
        }
    }
    names
}

fn folders() -> Vec<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path).chain(MORE_FOLDERS.iter().map(PathBuf::from)).collect()
}

fn find(program: &str, folders: &[PathBuf]) -> Option<PathBuf> {
    folders.iter().map(|folder| folder.join(program)).find(|path| path.is_file())
}

/// A dynamic program names its loader near its beginning.
fn is_static(program: &Path) -> bool {
    let mut head = Vec::new();
    fs::File::open(program).is_ok_and(|file| file.take(4096).read_to_end(&mut head).is_ok())
        && !head.windows(4).any(|bytes| bytes == b"/ld-")
}

/// The owner of `/proc/self` is the effective user.
fn is_root() -> bool {
    fs::metadata("/proc/self").is_ok_and(|metadata| metadata.uid() == 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_named_once() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("podman"), "").unwrap();
        fs::write(folder.path().join("ip"), "").unwrap();
        let folders = [folder.path().to_owned()];
        assert_eq!(
            missing_names(&[DOCKER, PODMAN], &folders),
            ["docker.io", "iptables", "util-linux", "netavark", "aardvark-dns", "catatonit"]
        );
    }

    #[test]
    fn a_dynamic_busybox_will_not_do() {
        let folder = tempfile::tempdir().unwrap();
        let folders = [folder.path().to_owned()];
        let busybox = folder.path().join("busybox");
        assert_eq!(missing_names(&[IMAGE], &folders), ["busybox-static"]);
        fs::write(&busybox, "\x7fELF /lib64/ld-linux-x86-64.so.2").unwrap();
        assert_eq!(missing_names(&[IMAGE], &folders), ["busybox-static"]);
        fs::write(&busybox, "\x7fELF").unwrap();
        assert_eq!(missing_names(&[IMAGE], &folders), [""; 0]);
    }
}
