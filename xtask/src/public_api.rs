//! `cargo xtask public-api`: what the libraries promise, as text that a commit shows.

use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use crate::Outcome;
use crate::cross::Builder;
use crate::steps::{self, cargo, command, program, root};
use crate::workspace::{Package, published};

/// Writes what the published libraries make public into `tests/public-api`.
///
/// A change there that takes something away, or changes it, needs a new major version.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Writes nothing; fails and says what differs.
    #[arg(long)]
    check: bool,
}

const SNAPSHOTS: &str = "tests/public-api";

pub(crate) fn run(args: &Args) -> Outcome {
    let mut published = published()?;
    published.retain(|package| package.has_library);
    document()?;
    let lister = program("contajners-public-api")?;
    let mut different = String::new();
    for Package { name, .. } in &published {
        let path = root().join(SNAPSHOTS).join(format!("{name}.txt"));
        let list = list(name, &lister)?;
        if !args.check {
            fs::create_dir_all(root().join(SNAPSHOTS))?;
            fs::write(path, list)?;
            continue;
        }
        let before = fs::read_to_string(&path).unwrap_or_default();
        let difference = difference(&before, &list);
        if !difference.is_empty() {
            write!(different, "\n{SNAPSHOTS}/{name}.txt:\n{difference}")?;
        }
    }
    match different.trim_end() {
        "" => Ok(()),
        different => Err(format!(
            "what is public has changed:{different}\n\
             if that is meant, `cargo xtask public-api` writes it down, and CHANGELOG.md says it"
        )
        .into()),
    }
}

/// Stable rustdoc has its JSON behind a switch. A program of its own turns that on: cargo and the
/// build scripts would compile everything anew if they saw it.
fn rustdoc() -> Result<PathBuf, Box<dyn Error>> {
    let program = Builder::Toolchain.target_dir().join("tools/rustdoc-json");
    fs::create_dir_all(program.parent().unwrap_or(root()))?;
    fs::write(&program, "#!/bin/sh\nRUSTC_BOOTSTRAP=1 exec rustdoc \"$@\"\n")?;
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755))?;
    Ok(program)
}

/// Describes all libraries at once, so that what they need is checked once, and in the same way as for
/// their documentation.
fn document() -> Outcome {
    let mut document =
        cargo(&["doc", "--quiet", "--workspace", "--lib", "--no-deps", "--all-features"]);
    document.env("RUSTDOC", rustdoc()?).env_remove("CARGO_ENCODED_RUSTDOCFLAGS");
    let flags = "-Zunstable-options --output-format json --cap-lints allow";
    steps::run(document.env("RUSTDOCFLAGS", flags))
}

fn list(name: &str, lister: &Path) -> Result<String, Box<dyn Error>> {
    let json = format!("doc/{}.json", name.replace('-', "_"));
    let output = command(lister, &[]).arg(Builder::Toolchain.target_dir().join(json)).output()?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(
            format!("the public items of `{name}` cannot be listed: {}", said.trim()).into()
        );
    }
    Ok(String::from_utf8(output.stdout)?)
}

/// The lines that only one of the texts has, or more often than the other.
fn difference(before: &str, now: &str) -> String {
    let mut gone = Vec::new();
    let mut come: Vec<&str> = now.lines().collect();
    for line in before.lines() {
        match come.iter().position(|other| *other == line) {
            Some(at) => drop(come.remove(at)),
            None => gone.push(line),
        }
    }
    let gone = gone.into_iter().map(|line| format!("- {line}\n"));
    gone.chain(come.into_iter().map(|line| format!("+ {line}\n"))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_differs_is_shown() {
        assert_eq!(difference("a\nb\nc\n", "a\nb\nc\n"), "");
        assert_eq!(difference("a\nb\nc\n", "a\nd\nc\n"), "- b\n+ d\n");
        assert_eq!(difference("", "a\n"), "+ a\n");
        assert_eq!(difference("a\na\n", "a\n"), "- a\n");
    }
}
