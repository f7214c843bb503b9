//! `cargo xtask no-std`: the crates that open nothing build where there is nothing to open.

use std::fs;

use crate::Outcome;
use crate::cross::builder;
use crate::packages::Missing;
use crate::steps::{self, root};

/// Builds contajners-core and contajners-resources for a target without an operating system.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Installs the target with rustup, or a compiler that can build it with apt-get.
    #[arg(long)]
    install: bool,
}

const TARGET: &str = "x86_64-unknown-none";

pub(crate) fn run(args: &Args) -> Outcome {
    let builder = builder(TARGET, "core,alloc", Missing::from_flag(args.install))?;
    for (folder, package) in [("core", "contajners-core"), ("resources", "contajners-resources")] {
        let manifest = fs::read_to_string(root().join(folder).join("Cargo.toml"))?;
        for set in feature_sets(&features(&manifest)) {
            let list = set.join(",");
            let mut words = vec!["build", "-p", package, "--target", TARGET];
            words.push("--no-default-features");
            if !list.is_empty() {
                words.extend(["--features", &list]);
            }
            steps::run(&mut builder.cargo(&words)).map_err(|error| {
                format!("{error}; `{package}` may use `core` and `alloc` only, as may what it uses")
            })?;
        }
    }
    Ok(())
}

/// The features of a manifest that promise no standard library, in its order.
fn features(manifest: &str) -> Vec<String> {
    let section = manifest.lines().skip_while(|line| line.trim() != "[features]").skip(1);
    let lines: Vec<(&str, &str)> = section
        .take_while(|line| !line.starts_with('['))
        .filter(|line| !line.trim_start().starts_with('#'))
        .filter_map(|line| line.split_once('='))
        .map(|(name, enables)| (name.trim().trim_matches('"'), enables))
        .collect();
    let mut with_std = vec!["std"];
    // A feature may enable one that comes later, so this goes on until nothing is added.
    loop {
        let before = with_std.len();
        for (name, enables) in &lines {
            let has_std =
                enables.split('"').any(|word| with_std.contains(&word) || word.ends_with("/std"));
            if has_std && !with_std.contains(name) {
                with_std.push(name);
            }
        }
        if with_std.len() == before {
            break;
        }
    }
    let names = lines.iter().map(|(name, _)| *name);
    names.filter(|name| *name != "default" && !with_std.contains(name)).map(str::to_owned).collect()
}

/// None of the features, each alone, and all of them.
fn feature_sets(features: &[String]) -> Vec<&[String]> {
    let mut sets = vec![&[][..]];
    sets.extend(features.chunks(1));
    if features.len() > 1 {
        sets.push(features);
    }
    sets
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn features_that_need_std_are_left_out() {
        let manifest = r#"
            [package]
            name = "x"

[features]
default = ["std"]
# A remark with an = in it.
late = ["tables"]
std = []
tables = ["serde/std"]
"write" = []
json = ["dep:serde_json"]

[dependencies]
other = "1"
"#;
        assert_eq!(features(manifest), ["write", "json"]);
    }

    #[test]
    fn sets_of_features() {
        let features = ["a".to_owned(), "b".to_owned()];
        let sets: Vec<String> = feature_sets(&features).iter().map(|set| set.join(",")).collect();
        assert_eq!(sets, ["", "a", "b", "a,b"]);
        assert_eq!(feature_sets(&features[..1]).len(), 2);
        assert_eq!(feature_sets(&[]).len(), 1);
    }
}
