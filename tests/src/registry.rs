//! An image registry with a password, in the network of a private engine.

use std::fmt;
use std::fs;
use std::io::{self, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::engine::{PATH, PrivateEngine, find_program};

/// Each engine has a network of its own, so that the port is always free.
const PORT: u16 = 5000;
/// A slow machine has it up within a second.
const START_LIMIT: Duration = Duration::from_secs(60);

/// The user whom the registry knows.
pub const USER: &str = "tester";
/// The user's password, with what is awkward in many places.
pub const PASSWORD: &str = "s3cret pass";

/// A registry on the loopback address of an engine's network; nothing else reaches it.
///
/// It belongs to the engine: it lies in its work folder and ends with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registry {
    address: String,
}

impl Registry {
    /// Starts an empty registry beside an engine and waits until it listens.
    ///
    /// # Errors
    ///
    /// - [`RegistryError::NotInstalled`] if a program for it is missing: a test skips.
    /// - [`RegistryError::NotUp`] if it does not come up.
    pub fn start(engine: &PrivateEngine) -> Result<Self, RegistryError> {
        for program in ["docker-registry", "htpasswd", "nsenter"] {
            if find_program(program).is_none() {
                return Err(RegistryError::NotInstalled { program });
            }
        }
        let folder = engine.folder().join("registry");
        let log = folder.join("log");
        let not_up = |what: String| RegistryError::NotUp {
            what,
            log: fs::read_to_string(&log).unwrap_or_default(),
        };
        write_settings(&folder).map_err(|error| not_up(error.to_string()))?;
        let init = engine.init().ok_or_else(|| not_up("the engine has no first process".into()))?;
        start_in(init, &folder, &log).map_err(|error| not_up(error.to_string()))?;

        let start = Instant::now();
        while !listens(init) {
            if start.elapsed() > START_LIMIT {
                return Err(not_up(format!("it does not listen after {START_LIMIT:?}")));
            }
            thread::sleep(Duration::from_millis(20));
        }
        Ok(Self { address: format!("127.0.0.1:{PORT}") })
    }

    /// Returns what image references call it: `127.0.0.1:5000`.
    pub fn address(&self) -> &str {
        &self.address
    }
}

fn write_settings(folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder.join("data"))?;
    // bcrypt is all that the registry takes.
    let mut htpasswd = command("htpasswd").args(["-niB", USER]).stdin(Stdio::piped()).spawn()?;
    if let Some(mut input) = htpasswd.stdin.take() {
        input.write_all(PASSWORD.as_bytes())?;
    }
    let said = htpasswd.wait_with_output()?;
    if !said.status.success() {
        return Err(io::Error::other("`htpasswd` failed"));
    }
    let (users, data) = (folder.join("htpasswd"), folder.join("data"));
    fs::write(&users, said.stdout)?;
    let settings = format!(
        "version: 0.1\n\
         storage: {{filesystem: {{rootdirectory: \"{}\"}}}}\n\
         http: {{addr: \"127.0.0.1:{PORT}\", secret: tests}}\n\
         auth: {{htpasswd: {{realm: tests, path: \"{}\"}}}}\n",
        data.display(),
        users.display(),
    );
    fs::write(folder.join("config.yml"), settings)
}

/// Starts the program among the engine's processes, so that it ends with them.
fn start_in(init: u32, folder: &Path, log: &Path) -> io::Result<()> {
    let log = fs::File::create(log)?;
    let mut child = command("nsenter")
        .args(["--target", &init.to_string(), "--net", "--pid", "docker-registry", "serve"])
        .arg(folder.join("config.yml"))
        .stdin(Stdio::null())
        .stderr(log.try_clone()?)
        .stdout(log)
        .spawn()?;
    // It waits for the registry, and somebody has to wait for it.
    thread::spawn(move || child.wait());
    Ok(())
}

fn command(program: &str) -> Command {
    let mut command = Command::new(program);
    command.env_clear().env("PATH", PATH).stdout(Stdio::piped());
    command
}

/// Tells whether something listens on the port, in the network of a process.
fn listens(process: u32) -> bool {
    let sockets = fs::read_to_string(format!("/proc/{process}/net/tcp")).unwrap_or_default();
    let wanted = format!(":{PORT:04X}");
    sockets.lines().any(|line| {
        let mut fields = line.split_whitespace().skip(1);
        fields.next().is_some_and(|local| local.ends_with(&wanted)) && fields.nth(1) == Some("0A")
    })
}

/// Why a registry is not there.
#[derive(Debug)]
#[non_exhaustive]
pub enum RegistryError {
    /// A program that it needs is missing.
    NotInstalled {
        /// The first program that was not found.
        program: &'static str,
    },
    /// It did not come up.
    NotUp {
        /// Why.
        what: String,
        /// What it said.
        log: String,
    },
}

impl fmt::Display for RegistryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotInstalled { program } => {
                write!(f, "no registry can run: `{program}` is not installed")
            }
            Self::NotUp { what, log } => write!(f, "the registry did not come up: {what}\n{log}"),
        }
    }
}

impl std::error::Error for RegistryError {}
