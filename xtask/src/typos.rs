//! `cargo xtask typos`: the words of the tree.

use crate::Outcome;
use crate::steps;
use crate::tools::{Tool, Wheel};

/// Looks for misspelt words; `typos.toml` lists what is meant.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Corrects what has only one correction.
    #[arg(long)]
    write: bool,
}

const TYPOS: Tool = Tool {
    program: "typos",
    version: "1.52.0",
    package: "typos-cli",
    words: &[],
    // Its dictionary takes minutes to compile.
    wheel: Some(Wheel {
        package: "typos",
        digests: &[
            "418fd85f7fc11dec14e5482e747f6e916af56da96207cde0cdd69540a4b389f6",
            "5e870133c7e9cace94183e4d638697004a1473e79abcd01b8f75e362049a9b5c",
        ],
    }),
};

pub(crate) fn run(args: &Args) -> Outcome {
    let mut typos = steps::command(&TYPOS.get()?, &["--hidden", "--format", "brief"]);
    typos.args(args.write.then_some("--write-changes"));
    steps::run(&mut typos).map_err(|error| {
        format!("{error}; `cargo xtask typos --write` corrects, `typos.toml` lists what is meant")
            .into()
    })
}
