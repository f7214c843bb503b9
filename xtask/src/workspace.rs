//! What cargo knows of the workspace: members, features, and every locked package.

use std::collections::BTreeMap;
use std::error::Error;

use serde_json::Value;

use crate::steps::cargo;

/// A package, of the workspace or locked by it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Package {
    pub(crate) name: String,
    pub(crate) version: String,
    /// The folder, from the root of the workspace, if it is a member.
    pub(crate) folder: Option<String>,
    /// Whether it goes to a registry; true for all that are not members.
    pub(crate) is_published: bool,
    /// Whether it has a library that other crates use.
    pub(crate) has_library: bool,
    /// All features but `default`, those of optional dependencies too, and what each turns on.
    pub(crate) features: BTreeMap<String, Vec<String>>,
    /// The oldest Rust that it says it compiles with.
    pub(crate) rust_version: Option<String>,
    /// What it says it needs, under the names that its code has for them.
    pub(crate) dependencies: Vec<Dependency>,
}

/// A crate that another says it needs.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Dependency {
    /// The name in code: a hyphen is an underscore there.
    pub(crate) name: String,
    /// Only for tests, benches and examples.
    pub(crate) is_for_tests: bool,
}

/// The folders of the workspaces beside ours, each with a lock file of its own: what is measured
/// beside contajners, and what is compiled with a fuzzer's instruments.
pub(crate) const OTHERS: [&str; 2] = ["bench", "fuzz"];

/// Returns the members of the workspace, in the order of their names.
///
/// # Errors
///
/// If cargo does not understand the manifests.
pub(crate) fn members() -> Result<Vec<Package>, Box<dyn Error>> {
    let mut members: Vec<Package> = parse(&metadata(&["--no-deps"])?)?;
    members.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(members)
}

/// Returns the members of one of [`OTHERS`]; their folders are told from the root of ours.
///
/// # Errors
///
/// The same as of [`members`].
pub(crate) fn members_of(other: &str) -> Result<Vec<Package>, Box<dyn Error>> {
    let manifest = format!("{other}/Cargo.toml");
    let mut members = parse(&metadata(&["--no-deps", "--manifest-path", &manifest])?)?;
    for member in &mut members {
        let Some(folder) = &mut member.folder else { continue };
        *folder = format!("{other}/{folder}").trim_end_matches('/').to_owned();
    }
    Ok(members)
}

/// Returns those members that go to a registry.
///
/// # Errors
///
/// The same as of [`members`].
pub(crate) fn published() -> Result<Vec<Package>, Box<dyn Error>> {
    Ok(members()?.into_iter().filter(|member| member.is_published).collect())
}

/// Returns all packages of the lock file, for every target and feature.
///
/// # Errors
///
/// If the lock file is missing or no longer fits the manifests.
pub(crate) fn locked() -> Result<Vec<Package>, Box<dyn Error>> {
    parse(&metadata(&["--locked", "--all-features"])?)
}

fn metadata(words: &[&str]) -> Result<Value, Box<dyn Error>> {
    let mut command = cargo(&["metadata", "--format-version", "1"]);
    let output = command.args(words).output()?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(format!("`cargo metadata` failed: {}", said.trim_end()).into());
    }
    Ok(serde_json::from_slice(&output.stdout)?)
}

fn parse(metadata: &Value) -> Result<Vec<Package>, Box<dyn Error>> {
    let root = metadata["workspace_root"].as_str().ok_or("`cargo metadata` names no root")?;
    let members: Vec<&str> = strings(&metadata["workspace_members"]).collect();
    let packages = metadata["packages"].as_array().ok_or("`cargo metadata` has no packages")?;
    packages.iter().map(|package| parse_package(package, root, &members)).collect()
}

fn parse_package(package: &Value, root: &str, members: &[&str]) -> Result<Package, Box<dyn Error>> {
    let text = |key: &str| {
        let text = package[key].as_str().map(str::to_owned);
        text.ok_or_else(|| format!("`cargo metadata` has a package without `{key}`"))
    };
    let manifest = text("manifest_path")?;
    let folder = members.contains(&text("id")?.as_str()).then(|| {
        let inside = manifest.strip_prefix(root).unwrap_or(&manifest);
        inside.trim_end_matches("Cargo.toml").trim_matches('/').to_owned()
    });
    let features = package["features"].as_object().into_iter().flatten();
    let targets = package["targets"].as_array().into_iter().flatten();
    Ok(Package {
        name: text("name")?,
        version: text("version")?,
        folder,
        // An empty list says nowhere, `null` anywhere.
        is_published: package["publish"].as_array().is_none_or(|registries| !registries.is_empty()),
        has_library: targets
            .flat_map(|target| strings(&target["kind"]))
            .any(|kind| kind == "lib" || kind == "rlib"),
        features: features
            .filter(|(name, _)| *name != "default")
            .map(|(name, on)| (name.clone(), strings(on).map(str::to_owned).collect()))
            .collect(),
        rust_version: package["rust_version"].as_str().map(str::to_owned),
        dependencies: package["dependencies"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(parse_dependency)
            .collect(),
    })
}

fn parse_dependency(dependency: &Value) -> Option<Dependency> {
    let name = dependency["rename"].as_str().or_else(|| dependency["name"].as_str())?;
    let is_for_tests = dependency["kind"] == "dev";
    Some(Dependency { name: name.replace('-', "_"), is_for_tests })
}

fn strings(value: &Value) -> impl Iterator<Item = &str> {
    value.as_array().into_iter().flatten().filter_map(Value::as_str)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn packages_are_read() {
        let metadata = json!({
            "workspace_root": "/srv/w",
            "workspace_members": ["path+file:///srv/w/core#own@0.1.0"],
            "packages": [
                {
                    "id": "path+file:///srv/w/core#own@0.1.0",
                    "name": "own",
                    "version": "0.1.0",
                    "manifest_path": "/srv/w/core/Cargo.toml",
                    "publish": [],
                    "features": {"default": ["b"], "b": ["dep:x", "a"], "a": []},
                    "targets": [{"kind": ["bin"]}],
                    "rust_version": "1.88",
                    "dependencies": [
                        {"name": "in-use", "rename": null, "kind": null},
                        {"name": "x", "rename": "for-tests", "kind": "dev"}
                    ]
                },
                {
                    "id": "registry#other@2.0.0",
                    "name": "other",
                    "version": "2.0.0",
                    "manifest_path": "/srv/registry/other-2.0.0/Cargo.toml",
                    "publish": null,
                    "features": {},
                    "targets": [{"kind": ["lib"]}, {"kind": ["test"]}],
                    "rust_version": null
                }
            ]
        });
        let [own, other] = &parse(&metadata).unwrap()[..] else { panic!("not two packages") };
        assert_eq!(own.folder.as_deref(), Some("core"));
        assert_eq!(own.features["a"], [""; 0]);
        assert_eq!(own.features["b"], ["dep:x", "a"]);
        assert_eq!(own.features.len(), 2);
        assert_eq!(own.rust_version.as_deref(), Some("1.88"));
        assert!(!own.is_published && !own.has_library);
        let dependency =
            |name: &str, is_for_tests| Dependency { name: name.to_owned(), is_for_tests };
        assert_eq!(own.dependencies, [dependency("in_use", false), dependency("for_tests", true)]);
        assert_eq!((other.folder.as_deref(), other.rust_version.as_deref()), (None, None));
        assert!(other.is_published && other.has_library);
    }

    #[test]
    fn folders_of_other_workspaces_are_told_from_our_root() {
        for other in OTHERS {
            for member in members_of(other).unwrap() {
                let folder = member.folder.unwrap();
                assert!(folder.starts_with(other), "{folder}");
                assert!(crate::steps::root().join(folder).join("Cargo.toml").is_file());
            }
        }
    }

    #[test]
    fn what_is_not_metadata_is_refused() {
        let metadata = json!({"workspace_root": "/srv/w", "packages": [{"name": "own"}]});
        let error = parse(&metadata).unwrap_err();
        assert_eq!(error.to_string(), "`cargo metadata` has a package without `manifest_path`");
    }
}
