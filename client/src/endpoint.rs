//! Where an engine listens: addresses as its own tools write them.

use std::error;
use std::fmt::{self, Write as _};
use std::path::{Path, PathBuf};

use crate::error::quoted;

/// The port that engines listen at without TLS when none is said.
const PLAIN_PORT: u16 = 2375;
/// And with it.
const TLS_PORT: u16 = 2376;

/// Why a path is refused that would break the lines in which an address is told.
const CONTROLS: &str = "a path holds no control characters";

/// Where an engine listens.
///
/// ```
/// use contajners::Endpoint;
///
/// let socket = Endpoint::parse("unix:///var/run/docker.sock")?;
/// assert_eq!(socket, Endpoint::Unix("/var/run/docker.sock".into()));
/// assert_eq!(Endpoint::parse("[::1]:2375")?.to_string(), "tcp://[::1]:2375");
/// # Ok::<(), contajners::EndpointError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Endpoint {
    /// A unix socket.
    Unix(PathBuf),
    /// A named pipe of Windows, as `//./pipe/docker_engine`. Elsewhere there are none.
    Pipe(String),
    /// HTTP without TLS.
    Tcp {
        /// Name or number of the host; an IPv6 address without its brackets.
        host: String,
        /// The port.
        port: u16,
        /// What goes before every path: empty, or `/` and more without one at the end.
        prefix: String,
    },
    /// HTTP over TLS.
    Https {
        /// Name or number of the host, which its certificate is for; an IPv6 address without its
        /// brackets.
        host: String,
        /// The port.
        port: u16,
        /// What goes before every path: empty, or `/` and more without one at the end.
        prefix: String,
    },
    /// A machine that the user's own `ssh` reaches.
    Ssh {
        /// Whom to log in as; else what the configuration of `ssh` says.
        user: Option<String>,
        /// Name or number of the host, or an alias in the configuration of `ssh`.
        host: String,
        /// The port; else what the configuration of `ssh` says.
        port: Option<u16>,
        /// The engine's socket over there; else where its command looks for it.
        socket: Option<String>,
        /// The file of the key to log in with, and no other; else what `ssh` has.
        identity: Option<PathBuf>,
        /// Whether it is a virtual machine that Podman has made on this one. The key of its host is a
        /// new one each time it is made: as Podman's command does, `ssh` does not compare it, and
        /// reads no configuration.
        is_machine: bool,
    },
}

impl Endpoint {
    /// Reads an address: `unix:///path` (also `http+unix://` and a path alone), `tcp://host:port`,
    /// `http://host:port`, `https://host:port` or `host:port`, each of the latter with a path
    /// prefix behind it, `ssh://user@host:port/socket`, of which only the host must be there, and
    /// `npipe:////./pipe/name`.
    ///
    /// Without a port `tcp://` means 2375, `http://` means 80 and `https://` means 443. Where TLS
    /// is turned on by other means, `tcp://host` becomes an `https://` one, of port 2376 if none
    /// is said: see [`ClientBuilder::tls`](crate::ClientBuilder::tls).
    ///
    /// # Errors
    ///
    /// The address is of a kind that this client does not speak, or it is none; the text names
    /// what was found.
    pub fn parse(address: &str) -> Result<Self, EndpointError> {
        Self::read(address, false)
    }

    /// Returns what its address begins with.
    #[cfg(feature = "tracing")]
    pub(crate) fn scheme(&self) -> &'static str {
        match self {
            Self::Unix(_) => "unix",
            Self::Pipe(_) => "npipe",
            Self::Tcp { .. } => "tcp",
            Self::Https { .. } => "https",
            Self::Ssh { .. } => "ssh",
        }
    }

    /// Reads an address while TLS is turned on for those that can have it.
    pub(crate) fn parse_with_tls(address: &str) -> Result<Self, EndpointError> {
        Self::read(address, true)
    }

    /// Looks at what was not read from an address as if it had been. With TLS turned on TCP has it.
    pub(crate) fn sound(self, tls: bool) -> Result<Self, EndpointError> {
        let address = self.to_string();
        let wrong =
            |what| EndpointError { address: redacted(&address), kind: Kind::Malformed(what) };
        if let Self::Unix(path) = &self {
            // It may be any other, and no text.
            return match path.to_string_lossy().contains(char::is_control) {
                true => Err(wrong(CONTROLS)),
                false => Ok(self),
            };
        }
        let mut sound = Self::parse(&address)?;
        if !sound.says_the_same(&self) {
            return Err(wrong("its parts do not make an address"));
        }
        // These stand in no address.
        if let Self::Ssh { identity, is_machine, .. } = self {
            sound = sound.with_machine(is_machine);
            if let Self::Ssh { identity: to, .. } = &mut sound {
                *to = identity;
            }
        }
        Ok(match sound {
            Self::Tcp { host, port, prefix } if tls => Self::Https { host, port, prefix },
            sound => sound,
        })
    }

    /// Tells whether it was read from the address of another: what stands in one part of that may look
    /// like two.
    fn says_the_same(&self, other: &Self) -> bool {
        let is_host = |read: &str, own: &str| {
            read.eq_ignore_ascii_case(own) || own.is_empty() && read == "localhost"
        };
        match (self, other) {
            (
                Self::Tcp { host, port, prefix },
                Self::Tcp { host: own_host, port: own_port, prefix: own_prefix },
            )
            | (
                Self::Https { host, port, prefix },
                Self::Https { host: own_host, port: own_port, prefix: own_prefix },
            ) => {
                is_host(host, own_host)
                    && port == own_port
                    && prefix.trim_end_matches('/') == own_prefix.trim_end_matches('/')
            }
            (
                Self::Ssh { user, host, port, socket, .. },
                Self::Ssh {
                    user: own_user,
                    host: own_host,
                    port: own_port,
                    socket: own_socket,
                    ..
                },
            ) => {
                is_host(host, own_host) && (user, port, socket) == (own_user, own_port, own_socket)
            }
            (Self::Pipe(_), Self::Pipe(_)) => true,
            _ => false,
        }
    }

    fn read(address: &str, tls: bool) -> Result<Self, EndpointError> {
        let address = address.trim();
        let wrong = |kind| EndpointError { address: redacted(address), kind };
        if address.is_empty() {
            return Err(wrong(Kind::Empty));
        }
        if address.starts_with("unix:/") && !address.starts_with("unix://") {
            return Err(wrong(Kind::Malformed("a socket is written `unix:///path/to.sock`")));
        }
        let (scheme, rest) = match address.split_once("://") {
            Some((scheme, rest)) => (scheme.to_ascii_lowercase(), rest),
            None if address.starts_with('/') => ("unix".into(), address),
            None => ("tcp".into(), address),
        };
        match &*scheme {
            "unix" | "http+unix" => {
                if rest.is_empty() {
                    return Err(wrong(Kind::NoPath));
                }
                // `http+unix` is written as a URL, whose host is the path.
                let path = if scheme == "unix" { rest.into() } else { percent_decoded(rest) };
                if path.contains(char::is_control) {
                    return Err(wrong(Kind::Malformed(CONTROLS)));
                }
                if path.ends_with(char::is_whitespace) {
                    return Err(wrong(Kind::Malformed("a path ends with no white space")));
                }
                Ok(Self::Unix(path.into()))
            }
            "tcp" if tls => https(rest, TLS_PORT).map_err(wrong),
            "tcp" => tcp(rest, PLAIN_PORT).map_err(wrong),
            "http" if tls => Err(wrong(Kind::Plain)),
            "http" => tcp(rest, 80).map_err(wrong),
            "https" => https(rest, 443).map_err(wrong),
            "ssh" => ssh(rest).map_err(wrong),
            "npipe" => pipe(rest).map_err(wrong),
            "fd" => Err(wrong(Kind::Daemon)),
            _ => Err(wrong(Kind::Unknown)),
        }
    }

    /// Sets the key to log in with, of an address that is reached over ssh.
    pub(crate) fn with_identity(mut self, file: Option<String>) -> Self {
        if let (Self::Ssh { identity, .. }, Some(file)) = (&mut self, file) {
            *identity = Some(file.into());
        }
        self
    }

    /// Says that it is a machine of Podman's. Nothing but this one can be: a file that says so of
    /// another has its key looked at.
    pub(crate) fn with_machine(mut self, is_so: bool) -> Self {
        if let Self::Ssh { host, is_machine, .. } = &mut self {
            *is_machine = is_so && matches!(&**host, "localhost" | "127.0.0.1" | "::1");
        }
        self
    }

    /// Returns the value of the `Host` header: constant for sockets, which have none.
    pub(crate) fn host_header(&self) -> String {
        match self {
            Self::Unix(_) | Self::Pipe(_) | Self::Ssh { .. } => "localhost".into(),
            Self::Tcp { host, port, .. } | Self::Https { host, port, .. } => authority(host, *port),
        }
    }

    /// Returns what goes before every path.
    pub(crate) fn prefix(&self) -> &str {
        match self {
            Self::Unix(_) | Self::Pipe(_) | Self::Ssh { .. } => "",
            Self::Tcp { prefix, .. } | Self::Https { prefix, .. } => prefix,
        }
    }
}

fn pipe(rest: &str) -> Result<Endpoint, Kind> {
    let path = rest.replace('\\', "/");
    match path.strip_prefix("//").and_then(|path| path.split_once("/pipe/")) {
        Some((machine, name))
            if !machine.is_empty() && !name.is_empty() && !path.contains(char::is_control) =>
        {
            Ok(Endpoint::Pipe(path))
        }
        _ => Err(Kind::Malformed("a named pipe is `npipe:////./pipe/name`")),
    }
}

fn tcp(rest: &str, default_port: u16) -> Result<Endpoint, Kind> {
    let (host, port, prefix) = over_network(rest, default_port)?;
    Ok(Endpoint::Tcp { host, port, prefix })
}

fn https(rest: &str, default_port: u16) -> Result<Endpoint, Kind> {
    let (host, port, prefix) = over_network(rest, default_port)?;
    Ok(Endpoint::Https { host, port, prefix })
}

fn over_network(rest: &str, default_port: u16) -> Result<(String, u16, String), Kind> {
    let (authority, path) = authority_and_path(rest)?;
    if authority.contains('@') {
        return Err(Kind::Malformed("it takes no user and no password"));
    }
    let (host, port) = host_and_port(authority)?;
    let port = port.unwrap_or(default_port);
    let prefix = path.trim_end_matches('/');
    if !prefix.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(Kind::Malformed("a path prefix is written percent-encoded"));
    }
    Ok((host.into(), port, prefix.into()))
}

fn ssh(rest: &str) -> Result<Endpoint, Kind> {
    let (authority, path) = authority_and_path(rest)?;
    let (user, authority) = match authority.rsplit_once('@') {
        Some((user, authority)) => (Some(user), authority),
        None => (None, authority),
    };
    let user = match user {
        Some(user) if user.contains(':') => {
            return Err(Kind::Malformed("it takes no password: `ssh` has keys, or asks"));
        }
        Some("") => None,
        Some(user)
            if user.starts_with('-') || !user.bytes().all(|byte| byte.is_ascii_graphic()) =>
        {
            return Err(Kind::Malformed("it names no user"));
        }
        user => user.map(Into::into),
    };
    let (host, port) = host_and_port(authority)?;
    if host.starts_with('-') {
        return Err(Kind::Malformed("it names no host"));
    }
    let socket = Some(path).filter(|path| path.len() > 1).map(percent_decoded);
    if socket.as_ref().is_some_and(|socket| socket.contains(char::is_control)) {
        return Err(Kind::Malformed(CONTROLS));
    }
    Ok(Endpoint::Ssh { user, host: host.into(), port, socket, identity: None, is_machine: false })
}

fn authority_and_path(rest: &str) -> Result<(&str, &str), Kind> {
    if rest.contains(['?', '#']) {
        return Err(Kind::Malformed("it takes no query and no fragment"));
    }
    Ok(match rest.find('/') {
        Some(at) => rest.split_at(at),
        None => (rest, ""),
    })
}

fn host_and_port(authority: &str) -> Result<(&str, Option<u16>), Kind> {
    let (host, port) = match authority.strip_prefix('[') {
        Some(bracketed) => {
            let (host, behind) =
                bracketed.split_once(']').ok_or(Kind::Malformed("the `[` has no `]`"))?;
            if host.parse::<std::net::Ipv6Addr>().is_err() {
                return Err(Kind::Malformed("an IPv6 address stands in the brackets"));
            }
            match behind.strip_prefix(':') {
                Some(port) => (host, Some(port)),
                None if behind.is_empty() => (host, None),
                None => return Err(Kind::Malformed("only a port follows the `]`")),
            }
        }
        None => match authority.split_once(':') {
            Some((_, port)) if port.contains(':') => {
                return Err(Kind::Malformed("an IPv6 address needs brackets"));
            }
            Some((host, port)) => (host, Some(port)),
            None => (authority, None),
        },
    };
    let host = if host.is_empty() && port.is_some() { "localhost" } else { host };
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._:".contains(&byte);
    if host.is_empty() || !host.bytes().all(plain) {
        return Err(Kind::Malformed("it names no host"));
    }
    // What parses numbers takes a sign, too.
    let digits = |port: &str| port.bytes().all(|byte| byte.is_ascii_digit());
    let number = |port: &str| port.parse().ok().filter(|number: &u16| *number != 0 && digits(port));
    match port {
        None => Ok((host, None)),
        Some(port) => match number(port) {
            Some(port) => Ok((host, Some(port))),
            None => Err(Kind::Malformed("a port is a number from 1 to 65535")),
        },
    }
}

fn authority(host: &str, port: u16) -> String {
    if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
}

/// One digit: what parses numbers takes a sign for the first.
fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

/// An address as Podman reads it: as a URL, whose query says nothing, and whose host is a part of the
/// path of a socket.
pub(crate) fn as_podman(address: &str) -> String {
    let bare = address.split('?').next().unwrap_or_default();
    let (address, is_socket) = match bare.strip_prefix("unix:") {
        Some(path) => (path, true),
        None => (bare, false),
    };
    match is_socket && !address.trim_start_matches('/').is_empty() {
        true => format!("unix:///{}", percent_decoded(address.trim_start_matches('/'))),
        false => bare.to_owned(),
    }
}

fn percent_decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let code = match bytes[at..] {
            [b'%', high, low, ..] => hex(high).zip(hex(low)).map(|(high, low)| high << 4 | low),
            _ => None,
        };
        out.push(code.unwrap_or(bytes[at]));
        at += if code.is_some() { 3 } else { 1 };
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// An address may carry a password where one does not belong.
fn redacted(address: &str) -> String {
    let (scheme, rest) = match address.split_once("://") {
        Some((scheme, rest)) => (format!("{scheme}://"), rest),
        None => (String::new(), address),
    };
    // Passwords have slashes; sockets and pipes have names of files, and none of users.
    let is_file = match &*scheme {
        "" => rest.starts_with(['/', '.', '~']),
        scheme => matches!(scheme, "unix://" | "npipe://" | "http+unix://"),
    };
    let end = if is_file { rest.find('/').unwrap_or(rest.len()) } else { rest.len() };
    let (hidden, rest) = match rest[..end].rfind('@') {
        Some(at) if rest[..at].contains(':') => ("…", &rest[at..]),
        _ => ("", rest),
    };
    // Nor does a query or a fragment, which may be a token.
    match rest.find(['?', '#']).filter(|_| !is_file) {
        Some(at) => format!("{scheme}{hidden}{}…", &rest[..=at]),
        None => format!("{scheme}{hidden}{rest}"),
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unix(path) => write!(f, "unix://{}", path.display()),
            Self::Pipe(path) => write!(f, "npipe://{path}"),
            Self::Tcp { host, port, prefix } => {
                write!(f, "tcp://{}{prefix}", authority(host, *port))
            }
            Self::Https { host, port, prefix } => {
                write!(f, "https://{}{prefix}", authority(host, *port))
            }
            Self::Ssh { user, host, port, socket, .. } => {
                f.write_str("ssh://")?;
                if let Some(user) = user {
                    write!(f, "{user}@")?;
                }
                match port {
                    Some(port) => f.write_str(&authority(host, *port))?,
                    None if host.contains(':') => write!(f, "[{host}]")?,
                    None => f.write_str(host)?,
                }
                for c in socket.iter().flat_map(|path| path.chars()) {
                    // Read again they would begin something else, or be left out.
                    if matches!(c, '%' | '?' | '#') || c.is_whitespace() {
                        for byte in c.encode_utf8(&mut [0; 4]).bytes() {
                            write!(f, "%{byte:02X}")?;
                        }
                    } else {
                        f.write_char(c)?;
                    }
                }
                Ok(())
            }
        }
    }
}

impl From<&Path> for Endpoint {
    fn from(socket: &Path) -> Self {
        Self::Unix(socket.into())
    }
}

impl From<PathBuf> for Endpoint {
    fn from(socket: PathBuf) -> Self {
        Self::Unix(socket)
    }
}

/// Why an address is not one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndpointError {
    address: String,
    kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Empty,
    NoPath,
    Malformed(&'static str),
    /// It says that there is no TLS, which is turned on.
    Plain,
    Daemon,
    Unknown,
}

impl EndpointError {
    /// Returns the stable name that scripts and bindings match on.
    pub fn code(&self) -> &'static str {
        match self.kind {
            Kind::Daemon | Kind::Unknown => "unsupported-address",
            Kind::Empty | Kind::NoPath | Kind::Plain | Kind::Malformed(_) => "invalid-address",
        }
    }

    /// Returns what to do about it.
    pub fn hint(&self) -> &'static str {
        match self.kind {
            Kind::Malformed(what) => what,
            Kind::Daemon => "it tells a daemon where to listen; a client takes `unix://`",
            Kind::Plain => "write `https://` or `tcp://`, or leave TLS off",
            Kind::Empty | Kind::NoPath | Kind::Unknown => {
                "write `unix:///path/to.sock`, `tcp://host:port` or `ssh://user@host`"
            }
        }
    }
}

impl fmt::Display for EndpointError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let address = quoted(&self.address);
        match self.kind {
            Kind::Empty => f.write_str("the address is empty"),
            Kind::NoPath => write!(f, "address {address} names no socket"),
            Kind::Malformed(_) => write!(f, "address {address} cannot be read"),
            Kind::Plain => write!(f, "address {address} is without TLS, which is turned on"),
            Kind::Daemon => write!(f, "address {address} is none that a client can reach"),
            Kind::Unknown => write!(f, "address {address} is of an unknown kind"),
        }
    }
}

impl error::Error for EndpointError {}

#[cfg(test)]
mod tests;
