//! `cargo xtask unused`: dependencies that no code names.

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

use crate::Outcome;
use crate::steps::root;
use crate::workspace::{Dependency, OTHERS, Package, members, members_of};

/// Finds dependencies that no code names, and those that only tests name but all users build.
///
/// It reads the text, so it takes seconds and knows every platform and set of features.
#[derive(clap::Args)]
pub(crate) struct Args {}

pub(crate) fn run(_: &Args) -> Outcome {
    let mut faults = Vec::new();
    let mut all = members()?;
    for other in OTHERS {
        all.extend(members_of(other)?);
    }
    for member in all {
        let Package { folder: Some(folder), dependencies, .. } = &member else { continue };
        faults.extend(unused(folder, dependencies, &code(&root().join(folder))?));
    }
    match faults.len() {
        0 => Ok(()),
        count => Err(format!("unused dependencies ({count}):\n  {}", faults.join("\n  ")).into()),
    }
}

/// The code of a crate.
#[derive(Debug, Default, PartialEq)]
struct Code {
    /// What its users compile.
    shipped: String,
    /// Tests, benches, examples, those of comments too.
    tests: String,
}

fn code(folder: &Path) -> Result<Code, Box<dyn Error>> {
    let mut code = Code::default();
    for part in ["src", "fuzz_targets", "build.rs"] {
        for file in sources(&folder.join(part))? {
            code.add(&fs::read_to_string(&file)?, is_of_tests(file.strip_prefix(folder)?));
        }
    }
    for part in ["tests", "benches", "examples"] {
        for file in sources(&folder.join(part))? {
            code.add(&fs::read_to_string(&file)?, true);
        }
    }
    Ok(code)
}

/// The Rust files at or below a path; none if nothing is there. Crates within crates are not of it.
fn sources(path: &Path) -> Result<Vec<PathBuf>, Box<dyn Error>> {
    if path.is_file() {
        let is_rust = path.extension().is_some_and(|extension| extension == "rs");
        return Ok(is_rust.then(|| path.to_owned()).into_iter().collect());
    }
    if !path.is_dir() || path.join("Cargo.toml").exists() {
        return Ok(Vec::new());
    }
    let mut files = Vec::new();
    for entry in fs::read_dir(path)? {
        files.extend(sources(&entry?.path())?);
    }
    Ok(files)
}

/// Modules of tests beside the code have this name here.
fn is_of_tests(file: &Path) -> bool {
    file.with_extension("").iter().any(|part| part == "tests")
}

impl Code {
    fn add(&mut self, text: &str, is_of_tests: bool) {
        // A module of tests stands at the end of its file.
        let end = if is_of_tests {
            0
        } else {
            text.find("#[cfg(test)]\nmod tests {").unwrap_or(text.len())
        };
        for line in text[..end].lines() {
            let comment = line.trim_start().strip_prefix("//");
            let into = if comment.is_some() { &mut self.tests } else { &mut self.shipped };
            into.push_str(comment.unwrap_or(line));
            into.push('\n');
        }
        self.tests.push_str(&text[end..]);
        self.tests.push('\n');
    }
}

fn unused(folder: &str, dependencies: &[Dependency], code: &Code) -> Vec<String> {
    let is_shipped = |name: &str| dependencies.iter().any(|it| !it.is_for_tests && it.name == name);
    let fault = |Dependency { name, is_for_tests }: &Dependency| {
        let in_tests = names(&code.tests, name);
        let advice = match is_for_tests {
            // What is there anyway may get features for tests.
            true if in_tests || is_shipped(name) => return None,
            false if names(&code.shipped, name) => return None,
            false if in_tests => "only tests use it, so it belongs to `dev-dependencies`",
            _ => "no code uses it: remove it",
        };
        Some(format!("{folder}/Cargo.toml: `{name}`: {advice}"))
    };
    dependencies.iter().filter_map(fault).collect()
}

/// Whether code names a crate: `name::`, `use name`, not as a part of another path or word.
fn names(code: &str, name: &str) -> bool {
    let is_of_word = |c: char| c.is_alphanumeric() || c == '_';
    code.match_indices(name).any(|(at, _)| {
        let (before, after) = (&code[..at], &code[at + name.len()..]);
        let inside = before.ends_with(is_of_word) || after.starts_with(is_of_word);
        // `crate::name::…` is a module, `::name::…` the crate.
        let of_path = before.strip_suffix("::").is_some_and(|path| path.ends_with(is_of_word));
        let used = ["use ", "extern crate "].iter().any(|word| before.ends_with(word));
        !inside && !of_path && (used || after.starts_with("::"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crate_is_told_from_modules_and_words() {
        for code in ["use serde::Serialize;", "use serde;", "x: ::serde::de::Error", "#[serde::x]"]
        {
            assert!(names(code, "serde"), "{code}");
        }
        for code in
            ["use serde_json::Value;", "use crate::serde::x;", "let serde = 1;", "deserde::x"]
        {
            assert!(!names(code, "serde"), "{code}");
        }
    }

    #[test]
    fn faults_are_told_apart() {
        let mut code = Code::default();
        let text = "/// ```\n/// commented::f();\nuse shipped;\n\n#[cfg(test)]\nmod tests {\n    use tested;\n}\n";
        code.add(text, false);
        code.add("use apart;", true);
        let dependency =
            |name: &str, is_for_tests| Dependency { name: name.to_owned(), is_for_tests };
        let mut dependencies = vec![
            dependency("shipped", false),
            // For its features.
            dependency("shipped", true),
            dependency("commented", true),
            dependency("tested", true),
            dependency("apart", true),
        ];
        assert_eq!(unused("x", &dependencies, &code), [""; 0]);
        dependencies.extend([
            dependency("tested", false),
            dependency("nowhere", false),
            dependency("neither", true),
        ]);
        assert_eq!(
            unused("x", &dependencies, &code),
            [
                "x/Cargo.toml: `tested`: only tests use it, so it belongs to `dev-dependencies`",
                "x/Cargo.toml: `nowhere`: no code uses it: remove it",
                "x/Cargo.toml: `neither`: no code uses it: remove it",
            ]
        );
    }
}
