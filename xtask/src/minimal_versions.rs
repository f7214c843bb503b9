//! `cargo xtask minimal-versions`: the oldest dependencies that the manifests allow.

use std::fs;
use std::path::Path;

use crate::Outcome;
use crate::steps::{self, cargo, root};
use crate::workspace::published;

/// Checks the crates that are published with the oldest versions that their manifests allow.
///
/// Only direct dependencies are the oldest; what these need in turn is their makers' business.
#[derive(clap::Args)]
pub(crate) struct Args {}

pub(crate) fn run(_: &Args) -> Outcome {
    let published = published()?;
    let folder = root().join("target/minimal/workspace");
    copy(&folder)?;
    // Stable cargo has the resolving behind a switch. Nothing that is compiled gets to know of it.
    let mut update = cargo(&["update", "--quiet", "-Zdirect-minimal-versions"]);
    steps::run(update.env("RUSTC_BOOTSTRAP", "1").current_dir(&folder)).map_err(|error| {
        format!("{error}; a dependency needs a newer version of another than its manifest asks for")
    })?;
    let mut check = cargo(&["check", "--quiet", "--locked", "--all-features"]);
    check.args(published.iter().flat_map(|package| ["-p", &package.name]));
    check.current_dir(&folder).env("CARGO_INCREMENTAL", "0");
    // Apart from the workspace's own, which has other versions of nearly everything.
    check.env("CARGO_TARGET_DIR", root().join("target/minimal/target"));
    steps::run(&mut check).map_err(|error| {
        format!("{error}; raise the version of what does not fit, in the manifest that names it")
            .into()
    })
}

/// Copies what is of the workspace, and no lock file: the one that is there stays as it is.
fn copy(to: &Path) -> Outcome {
    if to.exists() {
        fs::remove_dir_all(to)?;
    }
    for file in steps::files(&["--cached", "--others", "--exclude-standard"])?
        .iter()
        .filter(|file| *file != "Cargo.lock")
    {
        // Gone from the work tree, or a folder behind a link.
        let Ok(bytes) = fs::read(root().join(file)) else { continue };
        let copy = to.join(file);
        fs::create_dir_all(copy.parent().unwrap_or(to))?;
        fs::write(copy, bytes)?;
    }
    Ok(())
}
