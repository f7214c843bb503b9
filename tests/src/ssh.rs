//! A machine to reach over ssh: this one, through a real `ssh` and a real `sshd`.
//!
//! Each connection has an `sshd` of its own, which `ssh` starts in place of a network connection
//! and which ends with it. So no port is opened, and nothing is left behind but
//! the empty folder that `sshd` wants in `/run`.

use std::fs;
use std::io;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{self, Command};

use tempfile::TempDir;

use crate::front::Target;

/// What the name of each folder begins with; the process id of the owner and some letters follow.
pub(crate) const PREFIX: &str = "contajners-ssh-";

/// The programs that it takes.
const PROGRAMS: [&str; 3] = ["/usr/bin/ssh", "/usr/bin/ssh-keygen", "/usr/sbin/sshd"];

/// Keys and configuration of a host that `ssh` knows as `engine`, of one called `stranger` that
/// lets nobody in, and of one called `bare` that has no commands.
#[derive(Debug)]
pub struct SshHost {
    folder: TempDir,
}

impl SshHost {
    /// Makes keys and configuration; `None` where a program is missing.
    ///
    /// # Errors
    ///
    /// If a key or a file cannot be made.
    pub fn new() -> io::Result<Option<Self>> {
        if !PROGRAMS.iter().all(|program| Path::new(program).is_file()) {
            return Ok(None);
        }
        let prefix = format!("{PREFIX}{}-", process::id());
        let folder = tempfile::Builder::new().prefix(&prefix).tempdir()?;
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o700))?;
        let host = Self { folder };
        for key in ["host", "user"] {
            host.make_key(key)?;
        }
        let at = |name: &str| host.folder.path().join(name).display().to_string();
        fs::copy(at("user.pub"), at("authorized"))?;
        fs::write(at("nobody"), "")?;
        let public = fs::read_to_string(at("host.pub"))?;
        fs::write(at("known"), format!("engine {public}stranger {public}bare {public}"))?;
        let servers = [
            ("sshd", "authorized", ""),
            ("sshd-stranger", "nobody", ""),
            ("sshd-bare", "authorized", "SetEnv PATH=/nowhere XDG_RUNTIME_DIR=/nowhere\n"),
        ];
        for (name, keys, more) in servers {
            let config = format!(
                "HostKey {}\nAuthorizedKeysFile {}\nPidFile none\nUsePAM no\nStrictModes no\n\
                 PermitRootLogin prohibit-password\nPasswordAuthentication no\n\
                 KbdInteractiveAuthentication no\nPrintMotd no\nLogLevel ERROR\n{more}",
                at("host"),
                at(keys)
            );
            fs::write(at(name), config)?;
        }
        let mut config = String::new();
        let hosts = [("engine", "sshd"), ("stranger", "sshd-stranger"), ("bare", "sshd-bare")];
        for (name, server) in hosts {
            config.push_str(&format!(
                "Host {name}\n  ProxyCommand {} -i -f {}\n  IdentityFile {}\n  IdentitiesOnly yes\n  \
                 IdentityAgent none\n  UserKnownHostsFile {}\n  GlobalKnownHostsFile none\n  \
                 StrictHostKeyChecking yes\n  BatchMode yes\n  LogLevel ERROR\n",
                PROGRAMS[2],
                at(server),
                at("user"),
                at("known")
            ));
        }
        fs::write(at("config"), config)?;
        // Where sshd locks itself in before anybody has logged in; its package makes it at boot.
        fs::create_dir_all("/run/sshd")?;
        Ok(Some(host))
    }

    fn make_key(&self, name: &str) -> io::Result<()> {
        let file: PathBuf = self.folder.path().join(name);
        let made = Command::new(PROGRAMS[1])
            .args(["-q", "-t", "ed25519", "-N", "", "-C", name, "-f"])
            .arg(file)
            .status()?;
        if made.success() { Ok(()) } else { Err(io::Error::other("ssh-keygen failed")) }
    }

    /// Returns the command that knows these hosts.
    pub fn command(&self) -> Vec<String> {
        let config = self.folder.path().join("config").display().to_string();
        vec![PROGRAMS[0].into(), "-F".into(), config]
    }

    /// Returns the command that reaches `engine` at a port, which leads to [`SshHost::server`].
    pub fn command_at(&self, address: SocketAddr) -> Vec<String> {
        let (host, port) = (address.ip(), address.port());
        let options = [
            "ProxyCommand=none".to_owned(),
            "HostKeyAlias=engine".to_owned(),
            format!("HostName={host}"),
            format!("Port={port}"),
        ];
        let options = options.into_iter().flat_map(|option| ["-o".to_owned(), option]);
        self.command().into_iter().chain(options).collect()
    }

    /// Returns what serves one connection.
    pub fn server(&self) -> Target {
        let config = self.folder.path().join("sshd").display().to_string();
        Target::Program(vec![PROGRAMS[2].into(), "-i".into(), "-f".into(), config])
    }
}
