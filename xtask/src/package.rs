//! `cargo xtask package`: the crates as a registry would get them.

use std::error::Error;
use std::fs;
use std::path::Path;

use crate::Outcome;
use crate::cross::Builder;
use crate::steps::{self, cargo, command, root};
use crate::workspace::{Package, published};

/// Packs every crate that is published, looks at what is inside, and compiles what came out.
#[derive(clap::Args)]
pub(crate) struct Args {}

/// What each package needs besides code; the licences are the workspace's own.
const LICENSES: &[&str] = &["LICENSE-APACHE", "LICENSE-MIT"];
const README: &str = "README.md";

pub(crate) fn run(_: &Args) -> Outcome {
    let published = published()?;
    let folder = Builder::Toolchain.target_dir().join("package");
    // What lies there from other versions is none of this.
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    let words = ["package", "--quiet", "--allow-dirty", "--no-verify", "--exclude-lockfile"];
    let mut package = cargo(&words);
    package.args(published.iter().flat_map(|package| ["-p", &package.name]));
    steps::run(&mut package)?;
    let unpacked = folder.join("unpacked");
    fs::create_dir_all(&unpacked)?;
    for Package { name, version, .. } in &published {
        let archive = folder.join(format!("{name}-{version}.crate"));
        let mut unpack = command("tar", &["-xzf"]);
        steps::run(unpack.arg(archive).arg("-C").arg(&unpacked))?;
    }
    let mut faults = Vec::new();
    for package in &published {
        faults.extend(faults_of(package, &unpacked.join(folder_name(package)))?);
    }
    if !faults.is_empty() {
        return Err(format!("packages are not whole:\n  {}", faults.join("\n  ")).into());
    }
    compile(&published, &unpacked)
}

fn folder_name(package: &Package) -> String {
    format!("{}-{}", package.name, package.version)
}

/// What is missing in an unpacked package.
fn faults_of(package: &Package, folder: &Path) -> Result<Vec<String>, Box<dyn Error>> {
    let name = &package.name;
    let mut faults = Vec::new();
    let mut is_there = |file: &str| {
        let is_there = folder.join(file).is_file();
        if !is_there {
            faults.push(format!("{name}: no {file}"));
        }
        is_there
    };
    is_there(README);
    for license in LICENSES {
        // A link that was not followed would be a file, too.
        if is_there(license) && fs::read(folder.join(license))? != fs::read(root().join(license))? {
            return Err(format!("{name}: {license} is not that of the workspace").into());
        }
    }
    if name == "contajners-resources" {
        for feature in package.features.keys() {
            is_there(&format!("{feature}.postcard"));
        }
    }
    let manifest = fs::read_to_string(folder.join("Cargo.toml"))?;
    for key in ["description", "keywords", "categories", "license", "readme", "rust-version"] {
        let is_set = |line: &str| line.split_once('=').is_some_and(|(name, _)| name.trim() == key);
        if !manifest.lines().any(is_set) {
            faults.push(format!("{name}: no `{key}` in Cargo.toml"));
        }
    }
    Ok(faults)
}

/// Compiles the packages with each other, and with the versions of everything else that the
/// workspace has: so nearly all of it is compiled already.
fn compile(published: &[Package], unpacked: &Path) -> Outcome {
    let ours = fs::read_to_string(root().join("Cargo.toml"))?;
    fs::write(unpacked.join("Cargo.toml"), manifest(published, &ours))?;
    fs::copy(root().join("Cargo.lock"), unpacked.join("Cargo.lock"))?;
    let mut check = cargo(&["check", "--quiet", "--workspace", "--all-features"]);
    check.current_dir(unpacked).env("CARGO_TARGET_DIR", Builder::Toolchain.target_dir());
    steps::run(&mut check).map_err(|error| {
        format!("{error}; in the workspace it compiles, so look for files that are not packed")
            .into()
    })
}

/// A workspace of the packages, where each stands for the one of its name in the registry; with the
/// profiles of ours, so that both share what they compile.
fn manifest(published: &[Package], ours: &str) -> String {
    let folders: Vec<String> =
        published.iter().map(|package| format!("\"{}\"", folder_name(package))).collect();
    let mut manifest = format!(
        "[workspace]\nresolver = \"3\"\nmembers = [{}]\n\n[patch.crates-io]\n",
        folders.join(", ")
    );
    for (package, folder) in published.iter().zip(folders) {
        manifest += &format!("{} = {{ path = {folder} }}\n", package.name);
    }
    let mut in_profile = false;
    for line in ours.lines() {
        if line.starts_with('[') {
            in_profile = line.starts_with("[profile.");
        }
        if in_profile {
            manifest += &format!("{line}\n");
        }
    }
    manifest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(name: &str, features: &[&str]) -> Package {
        Package {
            name: name.to_owned(),
            version: "1.2.3".to_owned(),
            folder: None,
            is_published: true,
            has_library: true,
            features: features.iter().map(|name| ((*name).to_owned(), Vec::new())).collect(),
            rust_version: None,
            dependencies: Vec::new(),
        }
    }

    #[test]
    fn what_is_missing_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
        write("Cargo.toml", "[package]\nname = \"x\"\ndescription = \"x\"\nlicense = \"x\"\n");
        write("docker.postcard", "");
        for license in LICENSES {
            write(license, &fs::read_to_string(root().join(license)).unwrap());
        }
        let package = package("contajners-resources", &["docker", "podman"]);
        assert_eq!(
            faults_of(&package, folder.path()).unwrap(),
            [
                "contajners-resources: no README.md",
                "contajners-resources: no podman.postcard",
                "contajners-resources: no `keywords` in Cargo.toml",
                "contajners-resources: no `categories` in Cargo.toml",
                "contajners-resources: no `readme` in Cargo.toml",
                "contajners-resources: no `rust-version` in Cargo.toml",
            ]
        );
        write("LICENSE-MIT", "../LICENSE-MIT");
        let error = faults_of(&package, folder.path()).unwrap_err().to_string();
        assert_eq!(error, "contajners-resources: LICENSE-MIT is not that of the workspace");
    }

    #[test]
    fn packages_stand_for_the_registry() {
        let ours =
            "[workspace]\nmembers = [\"a\"]\n[profile.dev]\nopt-level = 1\n\n[other]\nx = 1\n";
        let expected = "[workspace]\nresolver = \"3\"\nmembers = [\"a-1.2.3\"]\n\n[patch.crates-io]\n\
            a = { path = \"a-1.2.3\" }\n[profile.dev]\nopt-level = 1\n\n";
        assert_eq!(manifest(&[package("a", &[])], ours), expected);
    }
}
