//! curl: one process a round, which keeps its connection for all requests of the round.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::Outcome;

pub(crate) const NAME: &str = "curl";

/// A curl that throws answers away and fails with them.
pub(crate) fn curl(socket: &Path) -> Command {
    let mut command = Command::new("curl");
    command.args(["-q", "--silent", "--show-error", "--fail", "--unix-socket"]).arg(socket);
    command.stdin(Stdio::null()).stdout(Stdio::null());
    command
}

/// The arguments that get a path so many times; each answer is thrown away.
pub(crate) fn get(command: &mut Command, target: &str, times: usize) {
    let glue = if target.contains('?') { '&' } else { '?' };
    command.args(["--output", "/dev/null"]);
    command.arg(match times {
        1 => format!("http://localhost{target}"),
        // Each of a range is a request of its own over the same connection.
        _ => format!("http://localhost{target}{glue}round=[1-{times}]"),
    });
}

/// The arguments that send a file.
pub(crate) fn post(command: &mut Command, target: &str, file: &Path) {
    command.args(["--request", "POST", "--header", "Content-Type: application/x-tar"]);
    command.args(["--output", "/dev/null", "--upload-file"]).arg(file);
    command.arg(format!("http://localhost{target}"));
}

/// Runs it to its end.
pub(crate) fn time(command: &mut Command) -> Outcome<Duration> {
    let begin = Instant::now();
    let status = command.status().map_err(|error| format!("curl cannot be started: {error}"))?;
    match status.success() {
        true => Ok(begin.elapsed()),
        false => Err(format!("curl failed ({status})").into()),
    }
}
