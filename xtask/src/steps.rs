//! Commands that chores run, printed before they run.

use std::env;
use std::error::Error;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::Outcome;
use crate::cross::Builder;

/// Returns the root of the workspace.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask is a folder of the workspace")
}

/// Returns a command that runs in the root of the workspace.
pub(crate) fn command(program: impl AsRef<OsStr>, args: &[&str]) -> Command {
    let mut command = Command::new(program);
    command.args(args).current_dir(root());
    command
}

/// Returns the cargo that runs this chore, with these arguments.
pub(crate) fn cargo(args: &[&str]) -> Command {
    let mut command = command("cargo", args);
    // Each package sees its own; none of this one may reach what another cargo builds.
    for (name, _) in env::vars_os() {
        if name.to_str().is_some_and(|name| name.starts_with("CARGO_PKG_")) {
            command.env_remove(name);
        }
    }
    command.env_remove("CARGO_MANIFEST_DIR").env_remove("CARGO_MANIFEST_PATH");
    command
}

/// Any test of a small crate. With one beside a program all packages get the features that they have
/// in the tests: for the program alone, most of what it needs would be compiled once more.
const TEST: &str = "waiter";

/// Builds a program of the workspace and returns where it is.
///
/// # Errors
///
/// If it does not compile.
pub(crate) fn program(name: &str) -> Result<PathBuf, Box<dyn Error>> {
    let words = ["build", "--quiet", "--workspace", "--bin", name, "--test", TEST];
    let mut build = cargo(&words);
    // What the program says is what was asked for.
    silently(&text(&build), &mut build)?;
    Ok(Builder::Toolchain.target_dir().join("debug").join(name))
}

/// Returns the files that git knows, from the root; `words` say which others.
///
/// # Errors
///
/// If there is no git, or this is none of its work trees.
pub(crate) fn files(words: &[&str]) -> Result<Vec<String>, Box<dyn Error>> {
    let output = command("git", &["ls-files", "-z"]).args(words).output()?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(format!("`git ls-files` failed: {}", said.trim_end()).into());
    }
    let names = String::from_utf8(output.stdout)?;
    Ok(names.split_terminator('\0').map(str::to_owned).collect())
}

/// Prints a command and runs it.
///
/// # Errors
///
/// If it cannot be started or ends with another status than 0.
pub(crate) fn run(command: &mut Command) -> Outcome {
    run_as(&text(command), command)
}

/// The same for a command that is better shown as another text.
pub(crate) fn run_as(text: &str, command: &mut Command) -> Outcome {
    eprintln!("$ {text}");
    silently(text, command)
}

fn silently(text: &str, command: &mut Command) -> Outcome {
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("`{text}` failed ({status})").into()),
        Err(error) => Err(format!("`{text}` cannot be started: {error}").into()),
    }
}

/// Returns the command as one could type it, with the variables that were set for it.
pub(crate) fn text(command: &Command) -> String {
    let set = command.get_envs().filter_map(|(name, value)| {
        Some(format!("{}={}", name.to_str()?, quoted(value?.to_str()?)))
    });
    let words = [command.get_program()].into_iter().chain(command.get_args());
    set.chain(words.map(|word| quoted(&word.to_string_lossy()))).collect::<Vec<_>>().join(" ")
}

fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_=+./:,@%".contains(c);
    match !word.is_empty() && word.chars().all(plain) {
        true => word.to_owned(),
        false => format!("'{}'", word.replace('\'', r"'\''")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_test_beside_programs_is_there() {
        assert!(root().join("core/tests").join(format!("{TEST}.rs")).is_file());
    }

    #[test]
    fn a_command_is_shown_as_typed() {
        let mut doc = command("cargo", &["doc", "--no-deps", "it's"]);
        doc.env("RUSTDOCFLAGS", "-D warnings").env_remove("HOME");
        assert_eq!(text(&doc), r"RUSTDOCFLAGS='-D warnings' cargo doc --no-deps 'it'\''s'");
    }

    #[test]
    fn a_failing_command_is_named() {
        let error = run(&mut command("sh", &["-c", "exit 3"])).unwrap_err();
        assert_eq!(error.to_string(), "`sh -c 'exit 3'` failed (exit status: 3)");
        let error = run(&mut command("no-such-program", &[])).unwrap_err();
        assert!(error.to_string().starts_with("`no-such-program` cannot be started: "));
    }
}
