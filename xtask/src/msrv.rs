//! `cargo xtask msrv`: the oldest Rust that the manifest promises.

use crate::Outcome;
use crate::packages::Missing;
use crate::steps::{self, command};
use crate::workspace::{Package, locked, members};

/// Checks that everything compiles with the oldest Rust that the manifest promises.
///
/// What the locked packages promise is always compared with it; compiling needs that toolchain.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Installs the toolchain with rustup.
    #[arg(long)]
    install: bool,
}

pub(crate) fn run(args: &Args) -> Outcome {
    let members = members()?;
    let msrv = members.iter().find_map(|member| member.rust_version.as_deref());
    let msrv = msrv.ok_or("Cargo.toml: no `rust-version`")?;
    let newer = newer(&locked()?, msrv)?;
    if !newer.is_empty() {
        return Err(format!(
            "these need a newer Rust than {msrv}; lock older versions, or raise `rust-version`:\n  {}",
            newer.join("\n  ")
        )
        .into());
    }
    if !has_toolchain(msrv, Missing::from_flag(args.install)) {
        eprintln!(
            "note: NOTHING IS COMPILED WITH {msrv}, which rustup has not here; no locked package asks \
             for a newer one, and clippy knows the standard library of each version"
        );
        return Ok(());
    }
    let check = ["run", msrv, "cargo", "check", "--workspace", "--all-targets", "--all-features"];
    let mut check = command("rustup", &check);
    // Apart from what other versions make, which it would replace.
    check.args(["--locked", "--target-dir", "target/msrv"]).env("CARGO_INCREMENTAL", "0");
    // No other toolchain's parts for this one.
    for name in ["CARGO", "RUSTC", "RUSTDOC", "RUSTUP_TOOLCHAIN"] {
        check.env_remove(name);
    }
    steps::run(&mut check)
        .map_err(|error| format!("{error}; do without, or raise `rust-version`").into())
}

fn has_toolchain(version: &str, missing: Missing) -> bool {
    let is_there = || {
        let said = command("rustup", &["run", version, "cargo", "--version"]).output();
        said.is_ok_and(|output| output.status.success())
    };
    if is_there() || missing == Missing::OnlySay {
        return is_there();
    }
    let words = ["toolchain", "install", version, "--profile", "minimal", "--no-self-update"];
    steps::run(&mut command("rustup", &words))
        .inspect_err(|error| eprintln!("{error}"))
        .is_ok_and(|()| is_there())
}

/// The packages that say they need a newer Rust than this one.
fn newer(packages: &[Package], msrv: &str) -> Result<Vec<String>, String> {
    let ours = numbers(msrv)?;
    let mut newer = Vec::new();
    for Package { name, version, rust_version, .. } in packages {
        let Some(theirs) = rust_version else { continue };
        if numbers(theirs)? > ours {
            newer.push(format!("{name} {version} needs Rust {theirs}"));
        }
    }
    Ok(newer)
}

/// `1.88` and `1.88.0` are the same.
fn numbers(version: &str) -> Result<[u32; 3], String> {
    let mut numbers = [0; 3];
    let core = version.split(['-', '+']).next().unwrap_or(version);
    for (at, part) in core.split('.').enumerate() {
        match (numbers.get_mut(at), part.parse()) {
            (Some(number), Ok(value)) => *number = value,
            _ => return Err(format!("`{version}` is no version of Rust")),
        }
    }
    Ok(numbers)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(name: &str, rust_version: Option<&str>) -> Package {
        Package {
            name: name.to_owned(),
            version: "2.1.0".to_owned(),
            folder: None,
            is_published: true,
            has_library: true,
            features: Default::default(),
            rust_version: rust_version.map(str::to_owned),
            dependencies: Vec::new(),
        }
    }

    #[test]
    fn who_needs_more_is_named() {
        let packages = [
            package("silent", None),
            package("older", Some("1.9")),
            package("same", Some("1.88.0")),
            package("patch", Some("1.88.1")),
            package("newer", Some("1.100")),
        ];
        let expected = ["patch 2.1.0 needs Rust 1.88.1", "newer 2.1.0 needs Rust 1.100"];
        assert_eq!(newer(&packages, "1.88").unwrap(), expected);
    }

    #[test]
    fn what_is_no_version_is_refused() {
        for wrong in ["", "1.x", "1.2.3.4", "stable"] {
            assert_eq!(numbers(wrong), Err(format!("`{wrong}` is no version of Rust")));
        }
        assert_eq!(numbers("1.88.0-nightly"), Ok([1, 88, 0]));
    }
}
