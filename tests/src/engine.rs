//! Private container engines: started for one test run, gone with its process.
//!
//! The engine is not a child that a destructor ends, since destructors do not run on `SIGKILL` nor
//! for statics. It belongs to a supervising shell script (`engine.sh`), whose standard input ends
//! with this process in every case.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::os::fd::OwnedFd;
use std::os::unix::fs::MetadataExt;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::{Duration, Instant};
use std::{env, error, fmt, fs, process, thread};

use tempfile::TempDir;

use crate::certs::{self, Certs, Shown};

/// What the name of each work folder and of each control group of the harness begins with; the
/// process id of the owner and some letters follow.
pub const PREFIX: &str = "contajners-engine-";

/// Distributions keep daemons where the path of a user may not lead.
pub(crate) const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// A slow machine gets an answer within a second or two; past this the engine is broken.
const START_LIMIT: Duration = Duration::from_secs(120);

/// Which engine to start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// `dockerd` with a containerd of its own.
    Docker,
    /// The rootful `podman system service`.
    Podman,
}

impl Kind {
    /// Returns the engine's name: `docker` or `podman`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Docker => "docker",
            Self::Podman => "podman",
        }
    }

    /// Returns the programs without which the engine cannot run here.
    fn programs(self) -> &'static [&'static str] {
        match self {
            Self::Docker => &["dockerd", "containerd", "iptables", "ip", "unshare", "setpriv"],
            Self::Podman => &["podman", "conmon", "iptables", "ip", "unshare", "setpriv"],
        }
    }

    /// Returns the programs without which it cannot speak TLS here.
    fn programs_of_tls(self) -> &'static [&'static str] {
        match self {
            Self::Docker => &[certs::PROGRAM],
            Self::Podman => &[certs::PROGRAM, "stunnel"],
        }
    }
}

/// A container engine with its own mounts, network, processes, control groups and data.
///
/// Nothing it does reaches the host's network or another engine. Its unix socket is reachable from
/// here; for TCP put a [`Front`](crate::Front) before it. Dropping it ends the engine and its
/// containers and waits until nothing of them is left.
#[derive(Debug)]
pub struct PrivateEngine {
    kind: Kind,
    socket: PathBuf,
    supervisor: Child,
    // Taken on drop: its end is the supervisor's sign to clean up.
    lifeline: Option<ChildStdin>,
    secure: Option<Secure>,
    folder: TempDir,
}

/// Where an engine speaks TLS, and what it takes to speak it.
#[derive(Debug)]
struct Secure {
    address: SocketAddr,
    certs: Certs,
}

/// How an engine listens, besides at its socket.
#[derive(Clone, Copy)]
enum Listening {
    Plain,
    /// It answers pages of other origins.
    Cors,
    /// With TLS, too.
    Tls(Shown),
    /// At its socket alone, and again after its end.
    Again,
}

fn is_there(program: &str) -> bool {
    find_program(program).is_some()
}

impl PrivateEngine {
    /// Starts an engine without images or containers and waits until it answers.
    ///
    /// ```no_run
    /// use contajners_tests::{Kind, PrivateEngine};
    ///
    /// let engine = PrivateEngine::start(Kind::Podman)?;
    /// assert!(engine.uri().starts_with("unix:///"));
    /// # Ok::<(), contajners_tests::EngineError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// - [`EngineError::NotInstalled`] and [`EngineError::NotRoot`] if this machine or this user
    ///   cannot run one: the cases in which a test skips.
    /// - [`EngineError::Folder`] if the folder for temporary files is not writable or unsuitable.
    /// - [`EngineError::Supervisor`] if no shell can be started.
    /// - [`EngineError::NotUp`] if the engine ends, or does not answer within two minutes.
    pub fn start(kind: Kind) -> Result<Self, EngineError> {
        Self::start_with(kind, is_there, &env::temp_dir(), Listening::Plain)
    }

    /// Starts an engine that sends CORS headers for pages of any origin.
    ///
    /// # Errors
    ///
    /// As [`PrivateEngine::start`].
    pub fn start_with_cors(kind: Kind) -> Result<Self, EngineError> {
        Self::start_with(kind, is_there, &env::temp_dir(), Listening::Cors)
    }

    /// Starts an engine that can be restarted.
    ///
    /// # Errors
    ///
    /// As [`PrivateEngine::start`].
    pub fn start_again(kind: Kind) -> Result<Self, EngineError> {
        Self::start_with(kind, is_there, &env::temp_dir(), Listening::Again)
    }

    /// Starts an engine that also listens at a free port of 127.0.0.1, with TLS, and demands a
    /// certificate of each client: dockerd by itself, podman behind stunnel.
    ///
    /// # Errors
    ///
    /// As [`PrivateEngine::start`]; the certificates are a part of the folder.
    pub fn start_with_tls(kind: Kind, shown: Shown) -> Result<Self, EngineError> {
        Self::start_with(kind, is_there, &env::temp_dir(), Listening::Tls(shown))
    }

    fn start_with(
        kind: Kind,
        has: impl Fn(&str) -> bool,
        parent: &Path,
        listening: Listening,
    ) -> Result<Self, EngineError> {
        let of_tls = match listening {
            Listening::Tls(_) => kind.programs_of_tls(),
            _ => &[],
        };
        let mut programs = kind.programs().iter().chain(of_tls);
        if let Some(program) = programs.find(|program| !has(program)) {
            return Err(EngineError::NotInstalled { kind, program });
        }
        if !is_root() {
            return Err(EngineError::NotRoot { kind });
        }
        let folder = make_folder(parent)?;
        let path = folder.path().to_owned();
        let in_folder = |source| EngineError::Folder { folder: path.clone(), source };
        let script = path.join("engine.sh");
        fs::write(&script, include_str!("engine.sh")).map_err(in_folder)?;
        // Whoever makes the socket decides whose network it belongs to.
        let (stdout, secure) = match listening {
            Listening::Plain => (Stdio::null(), None),
            Listening::Cors => {
                fs::write(path.join("cors"), "").map_err(in_folder)?;
                (Stdio::null(), None)
            }
            Listening::Again => {
                fs::write(path.join("again"), "").map_err(in_folder)?;
                (Stdio::null(), None)
            }
            Listening::Tls(shown) => {
                let certs = Certs::make(&path.join("tls"), shown).map_err(in_folder)?;
                let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(in_folder)?;
                let address = listener.local_addr().map_err(in_folder)?;
                (Stdio::from(OwnedFd::from(listener)), Some(Secure { address, certs }))
            }
        };

        // A session of its own: ^C in the terminal ends the test run, and only that the engine.
        // Nothing of the environment, proxies and endpoints least of all, may reach the engine.
        let mut supervisor = Command::new("setsid")
            .arg("sh")
            .arg(&script)
            .args([path.as_os_str(), kind.name().as_ref()])
            .current_dir("/")
            .env_clear()
            .env("PATH", PATH)
            .stdin(Stdio::piped())
            .stdout(stdout)
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|source| EngineError::Supervisor { kind, source })?;
        let lifeline = supervisor.stdin.take();
        let socket = path.join(kind.name()).with_extension("sock");
        let mut engine = Self { kind, socket, supervisor, lifeline, secure, folder };
        engine.wait_until_up()?;
        Ok(engine)
    }

    /// Returns which engine this is.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Returns the endpoint, such as `unix:///tmp/contajners-engine-1-abc/docker.sock`.
    pub fn uri(&self) -> String {
        format!("unix://{}", self.socket.display())
    }

    /// Returns the path of the unix socket.
    pub fn socket(&self) -> &Path {
        &self.socket
    }

    /// Returns the address at which it speaks TLS.
    ///
    /// # Panics
    ///
    /// If it was started without TLS.
    pub fn tls_address(&self) -> SocketAddr {
        self.secure.as_ref().expect("an engine with TLS").address
    }

    /// Returns its certificates, and those of its clients.
    ///
    /// # Panics
    ///
    /// If it was started without TLS.
    pub fn certs(&self) -> &Certs {
        &self.secure.as_ref().expect("an engine with TLS").certs
    }

    /// Returns the work folder, which holds all data of the engine and is removed with it.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Returns the last lines of the engine's log, for the message of a failing test.
    pub fn log_tail(&self) -> String {
        let log = fs::read(self.folder.path().join("log")).unwrap_or_default();
        let log = String::from_utf8_lossy(&log);
        let lines: Vec<&str> = log.lines().collect();
        lines[lines.len().saturating_sub(20)..].join("\n")
    }

    /// Kills the engine with `SIGKILL`, and waits until it answers again with the same data.
    ///
    /// # Errors
    ///
    /// [`EngineError::NotUp`] if it does not answer within two minutes.
    ///
    /// # Panics
    ///
    /// If it was not started by [`PrivateEngine::start_again`].
    pub fn restart(&mut self) -> Result<(), EngineError> {
        let engine = self.engine_process().expect("an engine that is started again");
        let killed = Command::new("kill").args(["-KILL", &engine.to_string()]).status();
        assert!(killed.is_ok_and(|status| status.success()), "the engine has gone by itself");
        while self.engine_process() == Some(engine) {
            thread::sleep(Duration::from_millis(1));
        }
        self.wait_until_up()
    }

    /// The engine itself, below the shell that starts it again.
    fn engine_process(&self) -> Option<u32> {
        let init = self.init()?;
        let is_shell = |process: &u32| {
            fs::read_to_string(format!("/proc/{process}/comm")).is_ok_and(|name| name == "sh\n")
        };
        let shell = [init].into_iter().chain(children(init)).find(is_shell)?;
        children(shell).first().copied()
    }

    /// Returns the first process in the engine's namespaces: the child of the `unshare` that the
    /// supervisor started.
    pub(crate) fn init(&self) -> Option<u32> {
        let unshare = children(self.supervisor.id()).into_iter().find(|child| {
            fs::read_to_string(format!("/proc/{child}/comm")).is_ok_and(|name| name == "unshare\n")
        })?;
        children(unshare).first().copied()
    }

    fn wait_until_up(&mut self) -> Result<(), EngineError> {
        let start = Instant::now();
        while ping(&self.socket).is_err() {
            let ended = self.supervisor.try_wait().is_ok_and(|status| status.is_some());
            if ended || start.elapsed() > START_LIMIT {
                // The supervisor removes the log with the folder; by then it has said the tail.
                let log = if ended { self.last_words() } else { self.log_tail() };
                return Err(EngineError::NotUp { kind: self.kind, waited: start.elapsed(), log });
            }
            thread::sleep(Duration::from_millis(20));
        }
        Ok(())
    }

    fn last_words(&mut self) -> String {
        let mut said = String::new();
        if let Some(mut stderr) = self.supervisor.stderr.take() {
            let _ = stderr.read_to_string(&mut said);
        }
        said.trim_end().to_owned()
    }
}

impl Drop for PrivateEngine {
    fn drop(&mut self) {
        drop(self.lifeline.take());
        let _ = self.supervisor.wait();
    }
}

/// Sends `GET /_ping` and expects the `200` and the body `OK` of an engine that is ready.
fn ping(socket: &Path) -> io::Result<()> {
    let mut stream = UnixStream::connect(socket)?;
    stream.set_read_timeout(Some(Duration::from_secs(5)))?;
    stream.write_all(b"GET /_ping HTTP/1.0\r\nHost: engine\r\n\r\n")?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    match answer.get(8..12) == Some(b" 200") && answer.ends_with(b"OK") {
        true => Ok(()),
        false => Err(io::Error::other("not ready")),
    }
}

fn children(process: u32) -> Vec<u32> {
    let path = format!("/proc/{process}/task/{process}/children");
    let numbers = fs::read_to_string(path).unwrap_or_default();
    numbers.split_whitespace().filter_map(|number| number.parse().ok()).collect()
}

fn make_folder(parent: &Path) -> Result<TempDir, EngineError> {
    let failed = |source| EngineError::Folder { folder: parent.to_owned(), source };
    let parent = parent.canonicalize().map_err(failed)?;
    // The engine gets empty folders in these places, and the path goes unquoted into its settings.
    let hidden = ["/run", "/var/lib", "/dev/shm", "/etc"].iter().find(|at| parent.starts_with(at));
    if let Some(at) = hidden {
        return Err(failed(io::Error::other(format!("the engine has its own {at}"))));
    }
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+@".contains(c);
    if !parent.to_str().is_some_and(|path| path.chars().all(plain)) {
        return Err(failed(io::Error::other("unusual characters in the path")));
    }
    // The address of a unix socket has 108 bytes.
    if parent.as_os_str().len() > 60 {
        return Err(failed(io::Error::other("the path is too long for a socket in it")));
    }
    let prefix = format!("{PREFIX}{}-", process::id());
    tempfile::Builder::new().prefix(&prefix).tempdir_in(&parent).map_err(failed)
}

pub(crate) fn find_program(name: &str) -> Option<PathBuf> {
    PATH.split(':').map(|folder| Path::new(folder).join(name)).find(|path| path.is_file())
}

/// The owner of `/proc/self` is the effective user.
fn is_root() -> bool {
    fs::metadata("/proc/self").is_ok_and(|metadata| metadata.uid() == 0)
}

/// Why an engine is not there.
#[derive(Debug)]
#[non_exhaustive]
pub enum EngineError {
    /// A program that the engine needs is missing.
    NotInstalled {
        /// The engine asked for.
        kind: Kind,
        /// The first program that was not found.
        program: &'static str,
    },
    /// Only root may start an engine.
    NotRoot {
        /// The engine asked for.
        kind: Kind,
    },
    /// The folder for temporary files (`TMPDIR`) cannot hold the engine's data.
    Folder {
        /// The folder.
        folder: PathBuf,
        /// What is wrong with it.
        source: io::Error,
    },
    /// The shell that supervises the engine cannot be started.
    Supervisor {
        /// The engine asked for.
        kind: Kind,
        /// Why.
        source: io::Error,
    },
    /// The engine ended or did not answer in time.
    NotUp {
        /// The engine asked for.
        kind: Kind,
        /// How long it was waited for.
        waited: Duration,
        /// The last lines of its log.
        log: String,
    },
}

impl EngineError {
    /// Returns whether this machine or user cannot run the engine, rather than something failing.
    pub fn is_unsupported(&self) -> bool {
        matches!(self, Self::NotInstalled { .. } | Self::NotRoot { .. })
    }
}

impl fmt::Display for EngineError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotInstalled { kind, program } => {
                write!(f, "{} cannot run: `{program}` is not installed", kind.name())
            }
            Self::NotRoot { kind } => write!(f, "{} cannot run: not root", kind.name()),
            Self::Folder { folder, source } => {
                write!(f, "no work folder in `{}` (`TMPDIR`): {source}", folder.display())
            }
            Self::Supervisor { kind, source } => {
                write!(f, "no supervisor for {}: {source}", kind.name())
            }
            Self::NotUp { kind, waited, log } => {
                let name = kind.name();
                write!(f, "{name} did not come up within {:.1} s\n{log}", waited.as_secs_f32())
            }
        }
    }
}

impl error::Error for EngineError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_folder(parent: &str, expected: &str) {
        let error = make_folder(Path::new(parent)).unwrap_err();
        assert!(!error.is_unsupported());
        assert_eq!(error.to_string(), expected);
    }

    #[test]
    fn a_missing_program_is_named() {
        let has = |program: &str| program != "containerd";
        let error =
            PrivateEngine::start_with(Kind::Docker, has, Path::new("/tmp"), Listening::Plain)
                .unwrap_err();
        assert_eq!(error.to_string(), "docker cannot run: `containerd` is not installed");
        assert!(error.is_unsupported());
        let has = |program: &str| program != "stunnel";
        let tls = Listening::Tls(Shown::Good);
        let error =
            PrivateEngine::start_with(Kind::Podman, has, Path::new("/tmp"), tls).unwrap_err();
        assert_eq!(error.to_string(), "podman cannot run: `stunnel` is not installed");
    }

    #[test]
    fn unsuitable_folders_are_refused() {
        check_folder(
            "/nowhere/at/all",
            "no work folder in `/nowhere/at/all` (`TMPDIR`): No such file or directory (os error 2)",
        );
        check_folder("/run", "no work folder in `/run` (`TMPDIR`): the engine has its own /run");
        let long = tempfile::Builder::new().prefix(&"x".repeat(60)).tempdir().unwrap();
        let error = make_folder(long.path()).unwrap_err();
        assert!(error.to_string().ends_with("too long for a socket in it"), "{error}");
        let odd = tempfile::Builder::new().prefix("a b").tempdir().unwrap();
        let error = make_folder(odd.path()).unwrap_err();
        assert!(error.to_string().ends_with("unusual characters in the path"), "{error}");
    }
}
