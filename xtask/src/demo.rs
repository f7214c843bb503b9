//! `cargo xtask demo`: a container from nothing, on an engine that answers or a private one.

use std::fs;
use std::path::Path;

use contajners_tests::{EngineError, Kind, PrivateEngine, image};

use crate::Outcome;
use crate::packages::{DOCKER, IMAGE, Missing, ensure};
use crate::steps::{cargo, root};

/// Imports a small image, runs a container, follows its output and cleans up.
///
/// It uses the Docker or Podman that answers at its usual address, and else starts a private
/// Docker that is gone afterwards. It reaches no registry.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Installs what is missing with apt-get first: a static busybox, and Docker if no engine
    /// answers (Debian, Ubuntu).
    #[arg(long)]
    install: bool,
}

/// The example ends with it when no engine answers.
const NO_ENGINE: i32 = 3;

pub(crate) fn run(args: &Args) -> Outcome {
    let missing = Missing::from_flag(args.install);
    ensure(&[IMAGE], missing)?;
    let filesystem = image::busybox_filesystem().map_err(|error| {
        format!("there is nothing to make an image of: {error}; `--install` installs busybox")
    })?;
    // Among what is built, so that a demo that is interrupted leaves nothing elsewhere.
    let folder = root().join("target/demo");
    fs::create_dir_all(&folder)?;
    let archive = folder.join("busybox.tar");
    fs::write(&archive, filesystem)?;

    if demo(&archive, &[])? {
        return Ok(());
    }
    println!("no engine answers, starting a private Docker");
    ensure(&[DOCKER], missing)?;
    let engine = PrivateEngine::start(Kind::Docker).map_err(|error| match error {
        EngineError::NotRoot { .. } => format!("{error}; run this as root, or start an engine"),
        EngineError::NotInstalled { .. } => format!("{error}; `--install` installs it"),
        error => error.to_string(),
    })?;
    match demo(&archive, &["docker", &engine.uri()])? {
        true => Ok(()),
        false => Err("the private Docker has stopped answering".into()),
    }
}

/// Runs the example; `false` when no engine answers.
fn demo(archive: &Path, more: &[&str]) -> Result<bool, Box<dyn std::error::Error>> {
    let mut command = cargo(&["run", "--quiet", "-p", "contajners", "--example", "demo", "--"]);
    command.arg(archive).args(more);
    let status = command.status().map_err(|error| format!("cannot run cargo: {error}"))?;
    match status.code() {
        Some(0) => Ok(true),
        Some(NO_ENGINE) => Ok(false),
        _ => Err(format!("the demo failed ({status})").into()),
    }
}
