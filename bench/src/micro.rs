//! The benches of single crates, which stand with the crates.

use std::path::Path;
use std::process::{Command, Stdio};

use crate::report::Report;
use crate::{Args, Outcome, asked};

const GROUP: &str = "micro";

/// What each measures, and the words of `cargo bench` for it.
const BENCHES: [(&str, &[&str]); 3] = [
    (
        "Packs, resolving, checking, decoding; beside a plain copy of memory",
        &["--package", "contajners-core", "--features", "serde_json", "--bench", "core"],
    ),
    (
        "Logs into frames from a replayed answer, beside bare hyper",
        &["--package", "contajners", "--bench", "frames"],
    ),
    (
        "Compiling all specs, beside parsing them as YAML",
        &["--package", "contajners-fetch-api", "--bench", "compile"],
    ),
];

/// Runs them one after another and keeps what they print.
///
/// # Errors
///
/// If one of them fails.
pub(crate) fn run(args: &Args, report: &mut Report) -> Outcome {
    if args.quick {
        return Ok(());
    }
    for (title, words) in BENCHES {
        if args.wants(GROUP, title) {
            let text = output(&args.root, words)?;
            println!("{title}\n{text}");
            let marks = asked::marks(&text);
            marks.iter().for_each(|mark| println!("{mark}"));
            report.text(title, &format!("cargo bench {}", words.join(" ")), &text, &marks);
        }
    }
    Ok(())
}

fn output(root: &Path, words: &[&str]) -> Outcome<String> {
    let mut command = Command::new("cargo");
    command.current_dir(root).arg("bench").arg("--quiet").args(words);
    command.arg("--target-dir").arg(root.join("target/bench"));
    let output = command.stdin(Stdio::null()).stderr(Stdio::inherit()).output()?;
    match output.status.success() {
        true => Ok(String::from_utf8_lossy(&output.stdout).trim_matches('\n').to_owned()),
        false => {
            Err(format!("`cargo bench {}` failed ({})", words.join(" "), output.status).into())
        }
    }
}
