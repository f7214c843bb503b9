//! Compiling for other targets, whether rustup delivers them or only the distribution's compiler can
//! make their library.

use std::env;
use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::packages::{DISTRIBUTION_RUST, Missing, are_there, ensure};
use crate::steps::{self, cargo, command, root};

/// What compiles for a target.
#[derive(Clone, Copy)]
pub(crate) enum Builder {
    /// The toolchain in use, which has the target's library.
    Toolchain,
    /// The distribution's compiler, which makes these crates of the library from their source.
    Distribution { library: &'static str },
}

impl Builder {
    /// Where what it makes is.
    pub(crate) fn target_dir(self) -> PathBuf {
        let usual = || root().join("target");
        match self {
            Self::Toolchain => env::var_os("CARGO_TARGET_DIR").map_or_else(usual, PathBuf::from),
            Self::Distribution { .. } => root().join("target/distribution"),
        }
    }

    pub(crate) fn cargo(self, words: &[&str]) -> Command {
        match self {
            Self::Toolchain => cargo(words),
            Self::Distribution { library } => {
                let mut command = command("/usr/bin/cargo", words);
                // Only unstable cargo builds the library; the crates get no unstable feature.
                command.arg(format!("-Zbuild-std={library}"));
                command.args(["--target-dir", "target/distribution"]);
                command.env("RUSTC_BOOTSTRAP", "1").env("RUSTC", "/usr/bin/rustc");
                command.env_remove("RUSTUP_TOOLCHAIN").env_remove("CARGO");
                command
            }
        }
    }
}

/// Finds what compiles for a target, and installs it if it may; `library` names the crates of the
/// standard library that are needed of it.
///
/// # Errors
///
/// If nothing does.
pub(crate) fn builder(
    target: &str,
    library: &'static str,
    missing: Missing,
) -> Result<Builder, Box<dyn Error>> {
    if toolchain_has(target) {
        return Ok(Builder::Toolchain);
    }
    if missing == Missing::Install {
        match steps::run(&mut command("rustup", &["target", "add", target])) {
            Ok(()) => return Ok(Builder::Toolchain),
            Err(error) => eprintln!("{error}; trying the distribution's compiler"),
        }
        ensure(&[DISTRIBUTION_RUST], missing)?;
    }
    if are_there(DISTRIBUTION_RUST) {
        return Ok(Builder::Distribution { library });
    }
    Err(format!(
        "the target `{target}` is not installed; `rustup target add {target}` installs it, \
         and so does this chore with `--install`"
    )
    .into())
}

fn toolchain_has(target: &str) -> bool {
    let library = command("rustc", &["--print", "target-libdir", "--target", target]).output();
    library.is_ok_and(|output| {
        output.status.success()
            && Path::new(String::from_utf8_lossy(&output.stdout).trim()).is_dir()
    })
}
