//! Runs the built command the same way everywhere: no colours, 80 columns, nothing of the
//! user's environment.

use std::path::Path;
use std::process::{Command, Output};

/// The command with these arguments.
pub(crate) fn contajners<S: AsRef<std::ffi::OsStr>>(arguments: &[S]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_contajners"));
    command.args(arguments).env_clear().env("COLUMNS", "80");
    // A folder that is there and has neither summaries nor sockets.
    let empty = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    command.env("CONTAJNERS_DOCS", &empty).current_dir(&empty);
    command
}

/// Standard output, standard error and status, as a text.
#[allow(dead_code, reason = "not every test binary has an output to tell")]
pub(crate) fn told(output: &Output) -> String {
    let mut text = String::from_utf8_lossy(&output.stdout).into_owned();
    if !output.stderr.is_empty() {
        text += "--- standard error\n";
        text += &String::from_utf8_lossy(&output.stderr);
    }
    let status = output.status.code().map_or("signal".into(), |code| code.to_string());
    text + "--- status " + &status
}
