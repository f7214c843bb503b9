//! `cargo xtask tidy`: checks on the tree that no compiler makes.

use std::fs;
use std::path::Path;

use crate::Outcome;
use crate::steps::{files, root};

/// Checks the files in git: no paths of one machine, no unfinished code, no stray bytes, one MSRV
/// everywhere.
#[derive(clap::Args)]
pub(crate) struct Args {}

/// A reason to look for a seam, not a fault.
const LONG: usize = 700;

/// Written in parts, so that this file passes its own check.
const UNFINISHED: [&str; 2] = [concat!("to", "do!("), concat!("FIX", "ME")];

pub(crate) fn run(_: &Args) -> Outcome {
    let mut faults = Vec::new();
    for path in files(&[])? {
        // Gone from the work tree.
        let Ok(bytes) = fs::read(root().join(&path)) else { continue };
        let Ok(text) = String::from_utf8(bytes) else {
            faults.extend(stray(&path));
            continue;
        };
        faults.extend(own_paths(&path, &text, &roots_here()));
        faults.extend(unfinished(&path, &text));
        if is_code(&path) && text.lines().count() > LONG {
            eprintln!("note: {path} has {} lines; look for a seam", text.lines().count());
        }
    }
    let read = |path: &str| fs::read_to_string(root().join(path));
    faults.extend(msrv(&read("Cargo.toml")?, &read("clippy.toml")?, read("README.md").ok()));
    match faults.len() {
        0 => Ok(()),
        count => Err(format!("the tree is not tidy ({count}):\n  {}", faults.join("\n  ")).into()),
    }
}

/// The folders in which this work tree lies, as far as they tell one machine from another.
fn roots_here() -> Vec<String> {
    // `/srv` or `/root` alone may be anybody's.
    let telling = |folder: &&Path| folder.components().count() > 2;
    let folders = [Some(root()), root().parent()].into_iter().flatten();
    folders.filter(telling).map(|folder| format!("{}/", folder.display())).collect()
}

/// What is not text and is no pack and no seed: it stays in the history for good.
fn stray(path: &str) -> Option<String> {
    let is_pack = path.starts_with("resources/") && path.ends_with(".postcard");
    let is_ours = is_pack || path.starts_with("fuzz/corpus/");
    (!is_ours).then(|| format!("{path}: not text, nor a pack or a seed for fuzzing: take it out"))
}

fn own_paths(path: &str, text: &str, here: &[String]) -> Vec<String> {
    let found = |line: &str| {
        here.iter().any(|folder| line.match_indices(folder).any(|(at, _)| begins(line, at)))
            || ["/home/", "/Users/"].iter().any(|start| names_a_user(line, start))
    };
    at_lines(path, text, found, "a path of one machine: make it relative, or use a variable")
}

/// Whether a whole path begins with `start` and goes on below someone's folder.
fn names_a_user(line: &str, start: &str) -> bool {
    line.match_indices(start).any(|(at, _)| {
        let user = line[at + start.len()..].split('/');
        let is_name = |name: &str| {
            !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || "-_.".contains(c))
        };
        begins(line, at) && user.clone().count() > 1 && user.into_iter().next().is_some_and(is_name)
    })
}

/// Whether a path begins there, rather than going on.
fn begins(line: &str, at: usize) -> bool {
    !line[..at].ends_with(|c: char| c.is_alphanumeric() || "./}".contains(c))
}

fn unfinished(path: &str, text: &str) -> Vec<String> {
    if !is_code(path) {
        return Vec::new();
    }
    let found = |line: &str| UNFINISHED.iter().any(|word| line.contains(word));
    at_lines(path, text, found, "unfinished: finish it, or say in an issue what is left")
}

fn is_code(path: &str) -> bool {
    let endings = [".rs", ".sh", ".ts", ".js", ".mjs", ".py"];
    endings.iter().any(|ending| path.ends_with(ending)) || path == ".ci/run"
}

fn at_lines(path: &str, text: &str, found: impl Fn(&str) -> bool, advice: &str) -> Vec<String> {
    let lines = (1..).zip(text.lines()).filter(|(_, line)| found(line));
    lines.map(|(number, _)| format!("{path}:{number}: {advice}")).collect()
}

/// The manifest says what the minimum version of Rust is; all other places repeat it.
fn msrv(manifest: &str, clippy: &str, readme: Option<String>) -> Vec<String> {
    let Some(msrv) = value(manifest, "rust-version") else {
        return vec!["Cargo.toml: no `rust-version`: it is the one place to set it".to_owned()];
    };
    let mut faults = Vec::new();
    match value(clippy, "msrv") {
        Some(other) if other == msrv => {}
        other => faults.push(format!(
            "clippy.toml: `msrv` is {}, `rust-version` in Cargo.toml {msrv}: make them the same",
            other.unwrap_or("missing")
        )),
    }
    let Some(readme) = readme else { return faults };
    let mentions: Vec<&str> = mentions(&readme).collect();
    if mentions.is_empty() {
        faults.push(format!("README.md: does not say `Rust {msrv}`, the minimum: add it"));
    }
    for other in mentions.into_iter().filter(|other| *other != msrv) {
        faults.push(format!("README.md: says `Rust {other}`, the minimum is {msrv}: update it"));
    }
    faults
}

/// The value of the first line `key = "value"`.
fn value<'a>(toml: &'a str, key: &str) -> Option<&'a str> {
    toml.lines().find_map(|line| {
        let (name, value) = line.split_once('=')?;
        (name.trim() == key).then(|| value.trim().trim_matches('"'))
    })
}

/// The versions in phrases such as `Rust 1.88`.
fn mentions(text: &str) -> impl Iterator<Item = &str> {
    text.split("Rust 1.").skip(1).filter_map(|rest| {
        let length = rest.bytes().take_while(u8::is_ascii_digit).count();
        // The two bytes before are part of what the text was split at.
        let start = rest.as_ptr() as usize - text.as_ptr() as usize;
        (length > 0).then(|| &text[start - 2..start + length])
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_packs_and_seeds() {
        assert_eq!(stray("resources/docker.postcard"), None);
        assert_eq!(stray("fuzz/corpus/pack/seed-01"), None);
        for path in ["tool-1.0-py3-none-any.whl", "resources/docker.bin", "core/docker.postcard"] {
            assert!(stray(path).unwrap().starts_with(path), "{path}");
        }
    }

    #[track_caller]
    fn check_path(line: &str, expected: bool) {
        let here = ["/srv/build/contajners/".to_owned()];
        assert_eq!(!own_paths("x.md", line, &here).is_empty(), expected, "{line}");
    }

    #[test]
    fn paths_of_one_machine_are_found() {
        for start in ["/home", "/Users"] {
            check_path(&format!("see {start}/ada/notes.txt"), true);
            check_path(&format!("unix://{start}/ada/run/docker.sock"), false);
            check_path(&format!("$root{start}/ada/notes.txt"), false);
            check_path(&format!("{start}/$USER/.docker"), false);
            check_path(&format!("user:x:1000:1000::{start}:/bin/sh"), false);
        }
        check_path("cd /srv/build/contajners/core", true);
        check_path("cd /srv/build/other", false);
        check_path("$root/srv/build/contajners/core", false);
    }

    #[test]
    fn unfinished_code_is_found_with_its_line() {
        let text = format!("fn f() {{\n    {}x)\n}}\n", UNFINISHED[0]);
        let expected = "a.rs:2: unfinished: finish it, or say in an issue what is left";
        assert_eq!(unfinished("a.rs", &text), [expected]);
        assert_eq!(unfinished("upstream.yaml", &text), [""; 0]);
    }

    #[track_caller]
    fn check_msrv(clippy: &str, readme: Option<&str>, expected: &[&str]) {
        let manifest = "[workspace.package]\nrust-version = \"1.88\"\n";
        assert_eq!(msrv(manifest, clippy, readme.map(str::to_owned)), expected);
    }

    #[test]
    fn the_msrv_is_the_same_everywhere() {
        let clippy = "msrv = \"1.88\"\n";
        check_msrv(clippy, None, &[]);
        check_msrv(clippy, Some("Needs Rust 1.88 or newer."), &[]);
        check_msrv(
            clippy,
            Some("Rust 1.87, not Rust 1.x"),
            &["README.md: says `Rust 1.87`, the minimum is 1.88: update it"],
        );
        check_msrv(
            "msrv = \"1.80\"\n",
            Some("nothing"),
            &[
                "clippy.toml: `msrv` is 1.80, `rust-version` in Cargo.toml 1.88: make them the same",
                "README.md: does not say `Rust 1.88`, the minimum: add it",
            ],
        );
    }
}
