//! Engines on other machines, through the user's own `ssh`.
//!
//! Their configuration, agent and known hosts apply, and whatever `ssh` asks it asks on the
//! terminal. On the far side the engine's own command joins the connection with its socket
//! (`docker system dial-stdio`), as the engines' commands themselves do it.

use std::error;
use std::fmt;
use std::io;
use std::pin::Pin;
use std::process::Stdio;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command};

use crate::endpoint::Endpoint;

/// How much of what `ssh` says is kept: the end, where the reason stands.
const WORDS: usize = 2 << 10;

/// Starts `ssh`. Whether the far side answers shows when it is spoken to.
pub(crate) fn connect(
    program: &[String],
    engine: &str,
    endpoint: &Endpoint,
    limit: Option<Duration>,
) -> io::Result<SshWire> {
    let mut command = command(program, engine, endpoint, limit)?;
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| {
            let name = command.as_std().get_program().to_string_lossy().into_owned();
            let words = format!("cannot start `{name}`: {error}");
            io::Error::new(error.kind(), SshError { words })
        })?;
    let taken = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let (Some(stdin), Some(stdout), Some(stderr)) = taken else {
        return Err(io::ErrorKind::BrokenPipe.into());
    };
    Ok(SshWire {
        _child: child,
        stdin: Some(stdin),
        stdout,
        stderr: Some(stderr),
        words: Vec::new(),
        heard: false,
    })
}

/// What is run: everything that comes from an address stands where no option can.
fn command(
    program: &[String],
    engine: &str,
    endpoint: &Endpoint,
    limit: Option<Duration>,
) -> io::Result<Command> {
    let Endpoint::Ssh { user, host, port, socket, identity } = endpoint else {
        return Err(io::ErrorKind::InvalidInput.into());
    };
    let option = match engine {
        "docker" => "--host",
        "podman" => "--url",
        _ => {
            let words = format!("there is no known way to {engine} over ssh");
            return Err(io::Error::new(io::ErrorKind::Unsupported, SshError { words }));
        }
    };
    let ssh = String::from("ssh");
    let (name, options) = program.split_first().unwrap_or((&ssh, &[]));
    let mut command = Command::new(name);
    command.args(options).arg("-T");
    if let Some(limit) = limit {
        let seconds = limit.as_secs().max(1);
        command.arg("-o").arg(format!("ConnectTimeout={seconds}"));
    }
    if let Some(user) = user {
        command.arg("-l").arg(user);
    }
    if let Some(port) = port {
        command.arg("-p").arg(port.to_string());
    }
    if let Some(file) = identity {
        command.arg("-i").arg(file);
    }
    command.arg("--").arg(host).arg(engine);
    if let Some(socket) = socket {
        // The far side's shell reads it.
        command.arg(format!("{option}={}", quoted(&format!("unix://{socket}"))));
    }
    command.args(["system", "dial-stdio"]);
    Ok(command)
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// What `ssh`, or the command on the far side, says about why there is no connection.
#[derive(Debug)]
pub(crate) struct SshError {
    words: String,
}

impl fmt::Display for SshError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.words)
    }
}

impl error::Error for SshError {}

/// Finds what `ssh` says among the causes of an error.
pub(crate) fn words_in(error: &(dyn error::Error + 'static)) -> Option<io::Error> {
    let mut cause = Some(error);
    while let Some(error) = cause {
        let inner = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        if let Some(found) = inner.and_then(|inner| inner.downcast_ref::<SshError>()) {
            return Some(io::Error::other(SshError { words: found.words.clone() }));
        }
        cause = error.source();
    }
    None
}

/// A connection through `ssh`; dropping it ends the program.
pub(crate) struct SshWire {
    _child: Child,
    stdin: Option<ChildStdin>,
    stdout: ChildStdout,
    stderr: Option<ChildStderr>,
    words: Vec<u8>,
    /// Whether the far side has answered.
    heard: bool,
}

impl SshWire {
    /// Takes what has been said; ready when no more can come.
    fn poll_words(&mut self, context: &mut Context<'_>) -> Poll<()> {
        while let Some(stderr) = &mut self.stderr {
            let mut piece = [0; 512];
            let mut space = ReadBuf::new(&mut piece);
            match ready!(Pin::new(stderr).poll_read(context, &mut space)) {
                Ok(()) if !space.filled().is_empty() => {
                    self.words.extend_from_slice(space.filled());
                    let more = self.words.len().saturating_sub(WORDS);
                    self.words.drain(..more);
                }
                _ => self.stderr = None,
            }
        }
        Poll::Ready(())
    }

    fn failure(&self) -> io::Error {
        let said = String::from_utf8_lossy(&self.words);
        let lines: Vec<String> = said
            .lines()
            .map(|line| line.chars().filter(|c| !c.is_control()).collect::<String>())
            .filter(|line| !line.trim().is_empty())
            .collect();
        let words = match lines.as_slice() {
            [] => "ssh ended without a word".to_owned(),
            lines => lines.join("; "),
        };
        io::Error::new(io::ErrorKind::ConnectionRefused, SshError { words })
    }
}

impl AsyncRead for SshWire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        // A full pipe would stop the program.
        let all_said = self.poll_words(context);
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.stdout).poll_read(context, buffer))?;
        if buffer.filled().len() > before {
            self.heard = true;
            return Poll::Ready(Ok(()));
        }
        if self.heard {
            return Poll::Ready(Ok(()));
        }
        ready!(all_said);
        Poll::Ready(Err(self.failure()))
    }
}

impl AsyncWrite for SshWire {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match &mut self.stdin {
            Some(stdin) => Pin::new(stdin).poll_write(context, bytes),
            None => Poll::Ready(Err(io::ErrorKind::BrokenPipe.into())),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.stdin {
            Some(stdin) => Pin::new(stdin).poll_flush(context),
            None => Poll::Ready(Ok(())),
        }
    }

    /// Closing the pipe is what half-closes the connection on the far side.
    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if let Some(stdin) = &mut self.stdin {
            ready!(Pin::new(stdin).poll_flush(context))?;
        }
        self.stdin = None;
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(engine: &str, address: &str, expected: &str) {
        let endpoint = Endpoint::parse(address).unwrap();
        let limit = Some(Duration::from_millis(2500));
        let text = match command(&[], engine, &endpoint, limit) {
            Ok(command) => {
                let command = command.as_std();
                let words = [command.get_program()].into_iter().chain(command.get_args());
                words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
            }
            Err(error) => error.to_string(),
        };
        assert_eq!(text, expected);
    }

    #[test]
    fn what_is_run() {
        check("docker", "ssh://box", "ssh -T -o ConnectTimeout=2 -- box docker system dial-stdio");
        check(
            "podman",
            "ssh://core@[::1]:2222/run/it's.sock",
            "ssh -T -o ConnectTimeout=2 -l core -p 2222 -- ::1 podman \
             --url='unix:///run/it'\\''s.sock' system dial-stdio",
        );
        let keyed = Endpoint::parse("ssh://box").unwrap().with_identity(Some("/k".into()));
        let command = command(&["ssh".into(), "-v".into()], "docker", &keyed, None).unwrap();
        let words: Vec<_> = command.as_std().get_args().collect();
        assert_eq!(words, ["-v", "-T", "-i", "/k", "--", "box", "docker", "system", "dial-stdio"]);
        check("incus", "ssh://box", "there is no known way to incus over ssh");
    }
}
