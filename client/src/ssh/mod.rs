//! Engines on other machines, through the user's own `ssh`.
//!
//! Their configuration, agent and known hosts apply, and whatever `ssh` asks it asks on the
//! terminal. On the far side the engine's own command joins the connection with its socket
//! (`docker system dial-stdio`), as the engines' commands themselves do it. Where that command is
//! missing, `ssh` forwards the socket: what the first connection of a client finds out.

mod wire;

#[cfg(unix)]
use std::fs;
use std::io;
#[cfg(unix)]
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::process::Stdio;
use std::sync::atomic::{AtomicU8, AtomicUsize, Ordering};
use std::time::Duration;

use contajners_core::Pack;
#[cfg(unix)]
use tokio::io::AsyncRead;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::{Child, Command};
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::timeout;

pub(crate) use wire::words_in;
use wire::{SshError, SshWire};

use crate::Work;
use crate::chunks::is_ended;
use crate::endpoint::Endpoint;
use crate::trace;
use crate::transport::Wire;

/// What joins a connection with the engine's socket.
const COMMAND: &str = "dial-stdio";
/// The most of an answer that is read to see whether the engine answers.
const LONGEST_ANSWER: usize = 64 << 10;
/// How many connections are begun at once: sshd refuses more than ten logins that are under way
/// (`MaxStartups`), other programs' among them.
const AT_ONCE: usize = 4;
/// How the far side tells that it has none of the usual sockets.
#[cfg(unix)]
const NO_SOCKET: i32 = 3;

/// Leave to begin a connection.
pub(crate) type Turn<'s> = SemaphorePermit<'s>;

/// What reaches an engine over ssh.
#[derive(Debug)]
pub(crate) struct Ssh {
    /// The program and options of its own; empty for the one that is found.
    program: Vec<String>,
    engine: String,
    /// The engine's usual sockets, in which `$NAME` is a variable of the far side.
    #[cfg_attr(not(unix), expect(dead_code, reason = "sockets are forwarded on unix only"))]
    sockets: Vec<String>,
    way: AtomicU8,
    turns: Semaphore,
    /// How many connections have come about.
    stood: AtomicUsize,
}

/// Ways to the socket on the far side.
#[repr(u8)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    /// Not found out yet.
    Unknown,
    /// The engine's command is there.
    Command,
    /// It is not.
    Forward,
}

/// How a virtual machine of Podman's is reached, whose host has another key each time it is made.
const MACHINE: &[&str] = &[
    "-F",
    "none",
    "-o",
    "StrictHostKeyChecking=no",
    "-o",
    "UserKnownHostsFile=/dev/null",
    // Of which it would tell each time.
    "-o",
    "LogLevel=ERROR",
];

impl Ssh {
    pub(crate) fn new(pack: Pack<'_>, program: Vec<String>) -> Self {
        let is_plain = |socket: &&str| {
            // They stand in a line that the far side's shell reads.
            let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/$_.-".contains(&byte);
            socket.bytes().all(plain)
        };
        let sockets = pack.addresses().filter_map(|address| address.strip_prefix("unix://"));
        let engine = pack.engine().to_owned();
        let way = if option(&engine).is_some() { Way::Unknown } else { Way::Forward };
        Self {
            program,
            engine,
            sockets: sockets.filter(is_plain).map(Into::into).collect(),
            way: AtomicU8::new(way as u8),
            turns: Semaphore::new(AT_ONCE),
            stood: AtomicUsize::new(0),
        }
    }

    /// Waits until a connection may be begun; `None` where that does not go through `ssh`.
    ///
    /// # Errors
    ///
    /// For as long as the limit no turn came, nor did a connection of others come about.
    pub(crate) async fn turn(
        &self,
        endpoint: &Endpoint,
        limit: Option<Duration>,
    ) -> Result<Option<Turn<'_>>, Duration> {
        if !matches!(endpoint, Endpoint::Ssh { .. }) {
            return Ok(None);
        }
        // In a box, since each call has room for it, and few are over ssh.
        let waiting: Work<'_, _> = Box::pin(self.waiting(limit));
        waiting.await
    }

    async fn waiting(&self, limit: Option<Duration>) -> Result<Option<Turn<'_>>, Duration> {
        let mut turn = pin!(self.turns.acquire());
        let Some(limit) = limit else { return Ok(turn.await.ok()) };
        loop {
            let before = self.stood.load(Ordering::Relaxed);
            match timeout(limit, &mut turn).await {
                Ok(turn) => return Ok(turn.ok()),
                Err(_) if self.stood.load(Ordering::Relaxed) == before => return Err(limit),
                Err(_) => {}
            }
        }
    }

    /// Starts `ssh`, and sees that the far side answers: then the login is over.
    pub(crate) async fn connect(
        &self,
        endpoint: &Endpoint,
        limit: Option<Duration>,
    ) -> io::Result<Box<dyn Wire>> {
        let wire = self.login(endpoint, limit).await?;
        self.stood.fetch_add(1, Ordering::Relaxed);
        Ok(Box::new(wire))
    }

    async fn login(&self, endpoint: &Endpoint, limit: Option<Duration>) -> io::Result<SshWire> {
        let way = self.way.load(Ordering::Relaxed);
        if way != Way::Forward as u8
            && let Some(mut dial) = self.dial(endpoint, limit)
        {
            let mut wire = SshWire::pipes(spawn(&mut dial)?)?;
            match greet(&mut wire).await {
                Ok(()) => {
                    self.way.store(Way::Command as u8, Ordering::Relaxed);
                    return Ok(wire);
                }
                Err(error) if way == Way::Command as u8 || !wire.lacks_command().await => {
                    return Err(error);
                }
                Err(_) => {
                    trace::debug!(engine = %self.engine, "no command there, forwarding a socket");
                }
            }
        }
        let mut wire = self.connect_forwarded(endpoint, limit).await?;
        greet(&mut wire).await?;
        self.way.store(Way::Forward as u8, Ordering::Relaxed);
        Ok(wire)
    }

    #[cfg(not(unix))]
    async fn connect_forwarded(&self, _: &Endpoint, _: Option<Duration>) -> io::Result<SshWire> {
        let words = format!("no command of {} there, and no sockets to forward here", self.engine);
        Err(SshError::of(io::ErrorKind::Unsupported, words))
    }

    #[cfg(unix)]
    async fn connect_forwarded(
        &self,
        endpoint: &Endpoint,
        limit: Option<Duration>,
    ) -> io::Result<SshWire> {
        let socket = match endpoint {
            Endpoint::Ssh { socket: Some(socket), .. } => socket.clone(),
            _ => self.found(endpoint, limit).await?,
        };
        let folder = Folder::new()?;
        let path = folder.0.join("s");
        let child = spawn(&mut self.forward(endpoint, limit, &path, &socket))?;
        // The socket's name is of no use any more when the connection stands.
        SshWire::socket(child, &path, socket).await
    }

    /// Asks the far side which of the usual sockets is there.
    #[cfg(unix)]
    async fn found(&self, endpoint: &Endpoint, limit: Option<Duration>) -> io::Result<String> {
        let mut child = spawn(&mut self.look(endpoint, limit))?;
        let said = tokio::spawn(text(child.stderr.take()));
        let found = text(child.stdout.take()).await?;
        match found.lines().next().filter(|socket| socket.starts_with('/')) {
            Some(socket) => Ok(socket.to_owned()),
            None if child.wait().await?.code() == Some(NO_SOCKET) => {
                let words = format!("{} has none of its usual sockets there", self.engine);
                Err(SshError::of(io::ErrorKind::NotFound, words))
            }
            None => {
                // Something that it started may hold the pipe open.
                let said = timeout(wire::LINGER, said).await;
                let said = said.map_or(Ok(Ok(String::new())), |said| said);
                Err(wire::failure(said.map_err(io::Error::other)??.as_bytes()))
            }
        }
    }

    /// Everything that comes from an address stands where no option can.
    fn ssh(&self, endpoint: &Endpoint, limit: Option<Duration>, more: &[&str]) -> Command {
        let ssh = String::from("ssh");
        let (name, options) = self.program.split_first().unwrap_or((&ssh, &[]));
        let mut command = Command::new(name);
        command.args(options).arg("-T");
        if let Some(limit) = limit {
            // It takes no more than that.
            let seconds = limit.as_secs().clamp(1, i32::MAX as u64);
            command.arg("-o").arg(format!("ConnectTimeout={seconds}"));
        }
        if let Endpoint::Ssh { user, host, port, identity, is_machine, .. } = endpoint {
            if *is_machine {
                command.args(MACHINE);
            }
            if let Some(user) = user {
                command.arg("-l").arg(user);
            }
            if let Some(port) = port {
                command.arg("-p").arg(port.to_string());
            }
            if let Some(file) = identity {
                // Servers take so many keys and no more: those of an agent would be tried first.
                command.arg("-i").arg(file).args(["-o", "IdentitiesOnly=yes"]);
            }
            command.args(more).arg("--").arg(host);
        }
        command
    }

    /// The engine's command, which joins; `None` where no such command is known.
    fn dial(&self, endpoint: &Endpoint, limit: Option<Duration>) -> Option<Command> {
        let option = option(&self.engine)?;
        let mut command = self.ssh(endpoint, limit, &[]);
        command.arg(&self.engine);
        if let Endpoint::Ssh { socket: Some(socket), .. } = endpoint {
            // The far side's shell reads it.
            command.arg(format!("{option}={}", quoted(&format!("unix://{socket}"))));
        }
        command.args(["system", COMMAND]);
        Some(command)
    }

    #[cfg(unix)]
    fn forward(
        &self,
        endpoint: &Endpoint,
        limit: Option<Duration>,
        here: &Path,
        there: &str,
    ) -> Command {
        let sockets = format!("{}:{there}", here.display());
        // A connection that is shared would go on to forward when this one has ended.
        let options = ["-N", "-o", "ExitOnForwardFailure=yes", "-o", "ControlPath=none", "-L"];
        self.ssh(endpoint, limit, &[&options[..], &[&sockets]].concat())
    }

    #[cfg(unix)]
    fn look(&self, endpoint: &Endpoint, limit: Option<Duration>) -> Command {
        let sockets: Vec<String> =
            self.sockets.iter().map(|socket| format!("\"{socket}\"")).collect();
        let script = format!(
            "XDG_RUNTIME_DIR=\"${{XDG_RUNTIME_DIR:-/run/user/$(id -u)}}\"; for s in {}; do \
             [ -S \"$s\" ] && echo \"$s\" && exit; done; exit {NO_SOCKET}",
            sockets.join(" ")
        );
        let mut command = self.ssh(endpoint, limit, &[]);
        command.args(["exec", "/bin/sh", "-c"]).arg(quoted(&script));
        command
    }
}

/// The option of the engine's command that names a socket; `None` where the command is not known.
fn option(engine: &str) -> Option<&'static str> {
    match engine {
        "docker" => Some("--host"),
        "podman" => Some("--url"),
        _ => None,
    }
}

fn spawn(command: &mut Command) -> io::Result<Child> {
    let piped = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    piped.kill_on_drop(true).spawn().map_err(|error| {
        let name = command.as_std().get_program().to_string_lossy().into_owned();
        SshError::of(error.kind(), format!("cannot start `{name}`: {error}"))
    })
}

/// Reads what a program says, but no more than a few lines.
#[cfg(unix)]
async fn text(pipe: Option<impl AsyncRead + Unpin>) -> io::Result<String> {
    let mut bytes = Vec::new();
    if let Some(pipe) = pipe {
        pipe.take(wire::WORDS as u64).read_to_end(&mut bytes).await?;
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// Sees whether an engine answers, whatever it says: not all know `HEAD`, or a ping.
async fn greet(wire: &mut SshWire) -> io::Result<()> {
    // That it cannot be written shows in what is read.
    let _ = wire.write_all(b"GET /_ping HTTP/1.1\r\nHost: localhost\r\n\r\n").await;
    let _ = wire.flush().await;
    let mut answer = Vec::new();
    loop {
        if wire.read_buf(&mut answer).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        match is_whole(&answer) {
            Some(true) => return Ok(()),
            Some(false) if answer.len() <= LONGEST_ANSWER => {}
            _ => {
                let words = "what answers there is no engine";
                return Err(SshError::of(io::ErrorKind::InvalidData, words));
            }
        }
    }
}

/// Tells whether an answer has come to its end; `None` when it is none.
fn is_whole(answer: &[u8]) -> Option<bool> {
    let mut headers = [httparse::EMPTY_HEADER; 100];
    let mut head = httparse::Response::new(&mut headers);
    let httparse::Status::Complete(length) = head.parse(answer).ok()? else { return Some(false) };
    let body = &answer[length..];
    let value = |name: &str| {
        let found = head.headers.iter().find(|header| header.name.eq_ignore_ascii_case(name));
        found.and_then(|header| std::str::from_utf8(header.value).ok())
    };
    if value("Transfer-Encoding").is_some() {
        return Some(is_ended(body));
    }
    let length: usize = value("Content-Length").map_or(Some(0), |text| text.trim().parse().ok())?;
    (body.len() <= length).then_some(body.len() == length)
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// A folder of our own, for a socket; it is removed with what is in it.
#[cfg(unix)]
struct Folder(PathBuf);

#[cfg(unix)]
impl Folder {
    fn new() -> io::Result<Self> {
        use std::os::unix::fs::DirBuilderExt as _;
        use std::sync::atomic::AtomicU32;

        static NUMBER: AtomicU32 = AtomicU32::new(0);
        loop {
            let number = NUMBER.fetch_add(1, Ordering::Relaxed);
            let name = format!("contajners-{}-{number}", std::process::id());
            let path = std::env::temp_dir().join(name);
            match fs::DirBuilder::new().mode(0o700).create(&path) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                made => return made.map(|()| Self(path)),
            }
        }
    }
}

#[cfg(unix)]
impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[track_caller]
    fn check(engine: &str, address: &str, expected: &str) {
        let endpoint = Endpoint::parse(address).unwrap();
        let limit = Some(Duration::from_millis(2500));
        let command = ssh(engine, &[]).dial(&endpoint, limit);
        assert_eq!(command.as_ref().map(words).unwrap_or_default(), expected);
    }

    fn ssh(engine: &str, program: &[&str]) -> Ssh {
        Ssh::new(crate::pack(engine).unwrap(), program.iter().map(|&word| word.into()).collect())
    }

    fn words(command: &Command) -> String {
        let command = command.as_std();
        let words = [command.get_program()].into_iter().chain(command.get_args());
        words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn an_answer_to_the_greeting_has_an_end() {
        let check = |answer: &str, expected: Option<bool>| {
            assert_eq!(is_whole(answer.as_bytes()), expected, "{answer:?}");
        };
        check("", Some(false));
        check("HTTP/1.1 200 OK\r\nContent-Le", Some(false));
        check("HTTP/1.1 204 No Content\r\n\r\n", Some(true));
        check("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nO", Some(false));
        check("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nOK", Some(true));
        check("HTTP/1.1 400 Bad\r\ncontent-length: 2\r\n\r\n{}", Some(true));
        check("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nOK?", None);
        check("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nOK\r\n", Some(false));
        check(
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nOK\r\n0\r\n\r\n",
            Some(true),
        );
        check("SSH-2.0-OpenSSH\r\n", None);
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
        let command = ssh("docker", &["ssh", "-v"]).dial(&keyed, None).unwrap();
        assert_eq!(
            words(&command),
            "ssh -v -T -i /k -o IdentitiesOnly=yes -- box docker system dial-stdio"
        );
        // Only what runs here is a machine of Podman's.
        for (host, options) in [
            (
                "127.0.0.1",
                "-F none -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR ",
            ),
            ("box", ""),
        ] {
            let machine =
                Endpoint::parse(&format!("ssh://core@{host}:5")).unwrap().with_machine(true);
            let command = ssh("podman", &[]).dial(&machine, None).unwrap();
            let expected =
                format!("ssh -T {options}-l core -p 5 -- {host} podman system dial-stdio");
            assert_eq!(words(&command), expected);
        }
    }

    #[test]
    fn what_forwards() {
        let far = Endpoint::parse("ssh://core@box").unwrap();
        let command = ssh("podman", &[]).forward(&far, None, Path::new("/l/s"), "/run/it's.sock");
        assert_eq!(
            words(&command),
            "ssh -T -l core -N -o ExitOnForwardFailure=yes -o ControlPath=none \
             -L /l/s:/run/it's.sock -- box"
        );
        let command = ssh("podman", &[]).look(&far, None);
        assert_eq!(
            words(&command),
            "ssh -T -l core -- box exec /bin/sh -c 'XDG_RUNTIME_DIR=\"${XDG_RUNTIME_DIR:-/run/user/$(id -u)}\"; \
             for s in \"$XDG_RUNTIME_DIR/podman/podman.sock\" \"/run/podman/podman.sock\"; \
             do [ -S \"$s\" ] && echo \"$s\" && exit; done; exit 3'"
        );
    }
}
