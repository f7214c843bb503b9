//! Finding the engine when no address is given, as the engines' own tools do.
//!
//! Where to look is the pack's to say: an ordered list of addresses. An address that is a
//! variable alone (`$DOCKER_HOST`) is the user's word and taken as it is, and so is one with a
//! variable that is about the engine (`unix://$INCUS_SOCKET`), whether its socket exists or not;
//! `context://docker`, `connection://podman` and `default-connection://podman` are what the tools
//! of these engines keep in files; of the other addresses, in which `$HOME` and its like stand for
//! folders of the user's, the first whose socket exists is taken. A name that leads nowhere is an
//! error, and nothing else is tried instead.

mod contexts;
mod error;
mod podman;
mod tls;

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use contajners_core::{Pack, keeps_variables};
use hyper::header::{HeaderName, HeaderValue};

pub use error::DiscoverError;

use crate::endpoint::{Endpoint, EndpointError, as_podman};
use crate::error::quoted;
use crate::tls::Tls;

/// Variables that say where things of all programs lie, beside those that begin with `XDG_`. Any
/// other was set for the engine.
const COMMON: [&str; 8] =
    ["HOME", "USERPROFILE", "APPDATA", "LOCALAPPDATA", "PROGRAMDATA", "TMPDIR", "TEMP", "TMP"];
/// The longest configuration file that is read.
const FILE_LIMIT: u64 = 4 << 20;
/// How many files of a folder are looked at.
const FILES_LIMIT: usize = 1000;

/// An address, and why it is that one.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Discovered {
    /// Where the engine is taken to listen.
    pub endpoint: Endpoint,
    /// What says so.
    pub source: Source,
    /// What names the context or the connection, where the caller has not: `` `DOCKER_CONTEXT` ``, or
    /// the path of a file, in backticks as well.
    pub named_by: Option<String>,
    /// What was looked at before, in order, and why it was passed over.
    pub considered: Vec<(Source, &'static str)>,
    /// What is said about TLS beyond the address; none where the address has no TLS.
    pub tls: Option<Tls>,
}

impl Discovered {
    /// Tells whether Docker's own settings lead there, or it is on this machine: a pack, which may be
    /// anybody's, leads nowhere that its user's headers go.
    pub(crate) fn is_by_dockers_settings(&self) -> bool {
        match &self.source {
            Source::Context(_) => true,
            Source::Variable(name) => name == "DOCKER_HOST",
            Source::Usual(_) | Source::Fallback(_) => {
                matches!(self.endpoint, Endpoint::Unix(_) | Endpoint::Pipe(_))
            }
            Source::Given | Source::Connection(_) => false,
        }
    }
}

/// What an address comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Source {
    /// The caller gave it.
    Given,
    /// This variable of the environment.
    Variable(String),
    /// A Docker context of this name; empty where none is named.
    Context(String),
    /// A Podman connection of this name; empty where none is named.
    Connection(String),
    /// One of the engine's usual addresses, whose socket exists.
    Usual(String),
    /// The first of the engine's usual addresses; none of its sockets exists.
    Fallback(String),
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Given => f.write_str("given"),
            Self::Variable(name) => write!(f, "variable `{name}`"),
            Self::Context(name) if name.is_empty() => f.write_str("current Docker context"),
            // Names come out of files, which may hold anything.
            Self::Context(name) => write!(f, "Docker context {}", quoted(name)),
            Self::Connection(name) if name.is_empty() => f.write_str("Podman connection"),
            Self::Connection(name) => write!(f, "Podman connection {}", quoted(name)),
            Self::Usual(address) => write!(f, "usual socket {address}"),
            Self::Fallback(address) => {
                write!(f, "usual address {address}, whose socket is missing")
            }
        }
    }
}

/// What discovery asks of the machine: a few questions, so that tests can answer them.
pub trait Surroundings {
    /// Returns a variable of the environment.
    fn variable(&self, name: &str) -> Option<String>;

    /// Tells whether there is something at a path.
    fn exists(&self, path: &Path) -> bool;

    /// Reads a file as a whole.
    ///
    /// # Errors
    ///
    /// Those of reading; [`io::ErrorKind::NotFound`] counts as not configured.
    fn read(&self, file: &Path) -> io::Result<Vec<u8>>;

    /// Returns the paths of what lies in a folder, in any order; of links, whether or not they lead
    /// somewhere.
    ///
    /// # Errors
    ///
    /// Those of reading; [`io::ErrorKind::NotFound`] counts as not configured.
    fn list(&self, folder: &Path) -> io::Result<Vec<PathBuf>>;

    /// Returns the number of the user whose program this is; `None` where users have none, which is
    /// also what this does unless it is implemented.
    fn user(&self) -> Option<u32> {
        None
    }
}

/// The machine this program runs on.
#[derive(Debug, Clone, Copy, Default)]
pub struct System;

impl Surroundings for System {
    fn variable(&self, name: &str) -> Option<String> {
        // What is not UTF-8 is set all the same: it leads nowhere, and not somewhere else.
        Some(std::env::var_os(name)?.to_string_lossy().into_owned())
    }

    fn exists(&self, path: &Path) -> bool {
        path.exists()
    }

    fn read(&self, file: &Path) -> io::Result<Vec<u8>> {
        use std::io::Read as _;
        let mut bytes = Vec::new();
        std::fs::File::open(file)?.take(FILE_LIMIT + 1).read_to_end(&mut bytes)?;
        if bytes.len() as u64 > FILE_LIMIT {
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, "it is larger than 4 MiB"));
        }
        Ok(bytes)
    }

    fn list(&self, folder: &Path) -> io::Result<Vec<PathBuf>> {
        let entries = std::fs::read_dir(folder)?.take(FILES_LIMIT + 1);
        let paths: Vec<PathBuf> =
            entries.map(|entry| Ok(entry?.path())).collect::<io::Result<_>>()?;
        if paths.len() > FILES_LIMIT {
            return Err(io::Error::other("it holds more than 1000 files"));
        }
        Ok(paths)
    }

    fn user(&self) -> Option<u32> {
        #[cfg(target_os = "linux")]
        {
            use std::os::unix::fs::MetadataExt as _;
            // The owner of one's own entry is the effective user.
            Some(std::fs::metadata("/proc/self").ok()?.uid())
        }
        #[cfg(not(target_os = "linux"))]
        None
    }
}

/// Finds out where an engine listens, from its pack's addresses and the surroundings.
///
/// ```
/// use contajners::{System, discover};
///
/// let found = discover(contajners::pack("docker")?, &System)?;
/// println!("{} ({})", found.endpoint, found.source);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// What is named does not exist, cannot be read, or holds no address that this client speaks.
pub fn discover(
    pack: Pack<'_>,
    surroundings: &dyn Surroundings,
) -> Result<Discovered, DiscoverError> {
    look(pack, surroundings, None, None)
}

/// As [`discover`], with the name of a context or a connection that is chosen, and with TLS that
/// replaces what is found about it.
pub(crate) fn look(
    pack: Pack<'_>,
    surroundings: &dyn Surroundings,
    name: Option<&str>,
    given: Option<Tls>,
) -> Result<Discovered, DiscoverError> {
    let around = Around(surroundings);
    let Some(name) = name else { return walk(pack, &around, Contexts::Current, given) };
    for template in pack.addresses() {
        let named = match Template::of(template) {
            Template::Contexts if name == contexts::DEFAULT => {
                return walk(pack, &around, Contexts::None, given);
            }
            Template::Contexts => contexts::by_name(&around, name, None)?,
            Template::Connection => podman::by_name(&around, name, None)?,
            _ => continue,
        };
        return named.taken(pack, &around, Vec::new(), given);
    }
    Err(DiscoverError::nameless(pack.engine()))
}

/// Returns the headers that the engine's own tool would send with each request.
pub(crate) fn headers(
    pack: Pack<'_>,
    surroundings: &dyn Surroundings,
) -> Vec<(HeaderName, HeaderValue)> {
    let mut addresses = pack.addresses().map(Template::of);
    match addresses.any(|template| template == Template::Contexts) {
        true => contexts::headers(&Around(surroundings)),
        false => Vec::new(),
    }
}

/// Returns what [`ClientBuilder::connection`](crate::ClientBuilder::connection) may name for an engine:
/// Docker's contexts, with `default`, which is always there, or Podman's connections, by their names.
/// What cannot be read has none.
///
/// ```
/// let all = contajners::connections(contajners::pack("docker")?, &contajners::System);
/// assert!(all.contains(&contajners::Source::Context("default".into())));
/// # Ok::<(), contajners::Error>(())
/// ```
pub fn connections(pack: Pack<'_>, surroundings: &dyn Surroundings) -> Vec<Source> {
    let around = Around(surroundings);
    let mut all = Vec::new();
    for template in pack.addresses() {
        let (mut names, source): (_, fn(String) -> Source) = match Template::of(template) {
            Template::Contexts => (contexts::names(&around), Source::Context),
            Template::Connection => (podman::names(&around), Source::Connection),
            _ => continue,
        };
        names.sort();
        names.dedup();
        all.extend(names.into_iter().map(source));
    }
    all
}

/// Which of Docker's contexts is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Contexts {
    Current,
    None,
}

/// What an address of a pack stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Template<'p> {
    /// What this variable holds.
    Variable(&'p str),
    /// Itself, with this variable filled in, which is about the engine.
    Own(&'p str),
    /// Docker's contexts.
    Contexts,
    /// The connection of Podman's that a variable names.
    Connection,
    DefaultConnection,
    /// One that nobody has to write down.
    Usual,
    /// One that would take what a variable holds to another machine.
    Leaking,
}

impl<'p> Template<'p> {
    fn of(address: &'p str) -> Self {
        match address {
            "context://docker" => Self::Contexts,
            "connection://podman" => Self::Connection,
            "default-connection://podman" => Self::DefaultConnection,
            _ => match address.strip_prefix('$').filter(|name| is_name(name)) {
                Some(name) => Self::Variable(name),
                None if !keeps_variables(address) => Self::Leaking,
                None => own_variable(address).map_or(Self::Usual, Self::Own),
            },
        }
    }
}

/// Goes through the addresses of a pack.
fn walk(
    pack: Pack<'_>,
    around: &Around<'_>,
    contexts: Contexts,
    given: Option<Tls>,
) -> Result<Discovered, DiscoverError> {
    const NOT_SET: &str = "not set";
    const NOT_CHOSEN: &str = "none is chosen";
    let mut considered = Vec::new();
    let mut fallback = None;
    for template in pack.addresses() {
        let named = match Template::of(template) {
            Template::Variable(name) => {
                let source = Source::Variable(name.into());
                match around.variable(name) {
                    Some(address) => Ok(Named {
                        named_by: None,
                        is_machine: false,
                        address: match name {
                            "CONTAINER_HOST" => as_podman(&address),
                            _ => address,
                        },
                        // Podman's own word beside it; Docker leaves keys to ssh's configuration.
                        identity: (name == "CONTAINER_HOST")
                            .then(|| around.variable(podman::KEY_VARIABLE))
                            .flatten(),
                        tls: (name == "DOCKER_HOST").then(|| tls::of_environment(around)).flatten(),
                        source,
                    }),
                    None => Err((source, NOT_SET)),
                }
            }
            Template::Own(name) => {
                let source = Source::Variable(name.into());
                match around.filled(template) {
                    Some(address) => {
                        let (identity, tls, named_by) = (None, None, None);
                        Ok(Named { address, identity, is_machine: false, tls, source, named_by })
                    }
                    None => Err((source, NOT_SET)),
                }
            }
            Template::Contexts if contexts == Contexts::None => {
                Err((Source::Context(contexts::DEFAULT.into()), NOT_CHOSEN))
            }
            Template::Contexts => {
                contexts::current(around)?.ok_or((Source::Context(String::new()), NOT_CHOSEN))
            }
            Template::Connection => podman::named(around)?
                .ok_or((Source::Variable(podman::VARIABLE.into()), NOT_CHOSEN)),
            Template::DefaultConnection => {
                podman::default(around)?.ok_or((Source::Connection(String::new()), NOT_CHOSEN))
            }
            Template::Leaking => Err((
                Source::Usual(template.into()),
                "it would tell another machine what a variable holds",
            )),
            Template::Usual => {
                let Some(Usual { address, endpoint, is_there }) = Usual::of(template, around)
                else {
                    continue;
                };
                if is_there {
                    let source = Source::Usual(address);
                    return Ok(Discovered {
                        endpoint,
                        source,
                        named_by: None,
                        considered,
                        tls: None,
                    });
                }
                let source = Source::Fallback(address.clone());
                fallback.get_or_insert((endpoint, source));
                Err((Source::Usual(address), "no such socket"))
            }
        };
        match named {
            Ok(named) => return named.taken(pack, around, considered, given),
            Err(passed_over) => considered.push(passed_over),
        }
    }
    match fallback {
        Some((endpoint, source)) => {
            Ok(Discovered { endpoint, source, named_by: None, considered, tls: None })
        }
        None => Err(DiscoverError::nowhere(pack.engine())),
    }
}

/// One of the addresses of a pack that nobody has to write down.
struct Usual {
    address: String,
    endpoint: Endpoint,
    is_there: bool,
}

impl Usual {
    /// Fills in an address; `None` when it is not for this machine.
    fn of(template: &str, around: &Around<'_>) -> Option<Self> {
        let address = around.filled(template)?;
        let endpoint = Endpoint::parse(&address).ok()?;
        let socket = match &endpoint {
            // Windows has the one, all others the other.
            Endpoint::Pipe(_) if cfg!(not(windows)) => return None,
            Endpoint::Unix(_) if cfg!(windows) => return None,
            Endpoint::Pipe(path) => Some(path.into()),
            Endpoint::Unix(socket) => Some(socket.clone()),
            _ => None,
        };
        let is_there = socket.is_some_and(|socket| around.0.exists(&socket));
        Some(Self { address, endpoint, is_there })
    }
}

/// The usual socket of an engine: the first that is there, else the first.
fn usual_socket(pack: Pack<'_>, around: &Around<'_>) -> Option<Endpoint> {
    let is_usual = |template: &&str| Template::of(template) == Template::Usual;
    let sockets = pack.addresses().filter(is_usual).filter_map(|template| {
        let usual = Usual::of(template, around)?;
        matches!(usual.endpoint, Endpoint::Unix(_) | Endpoint::Pipe(_)).then_some(usual)
    });
    let sockets: Vec<Usual> = sockets.collect();
    let at = sockets.iter().position(|usual| usual.is_there).unwrap_or_default();
    Some(sockets.into_iter().nth(at)?.endpoint)
}

/// Reads an address that somebody wrote down: one that names no socket is the usual one, as the
/// engines' own commands have it.
pub(crate) fn endpoint_of(
    pack: Pack<'_>,
    surroundings: &dyn Surroundings,
    address: &str,
    with_tls: bool,
) -> Result<Endpoint, EndpointError> {
    if address.trim() == "unix://"
        && let Some(endpoint) = usual_socket(pack, &Around(surroundings))
    {
        return Ok(endpoint);
    }
    if with_tls { Endpoint::parse_with_tls(address) } else { Endpoint::parse(address) }
}

/// The first variable in an address that is about the engine.
fn own_variable(template: &str) -> Option<&str> {
    let names = template.split('$').skip(1).map(|rest| &rest[..name_length(rest)]);
    let is_own =
        |name: &&str| !name.is_empty() && !name.starts_with("XDG_") && !COMMON.contains(name);
    { names }.find(is_own)
}

/// How long the name of a variable is that a text begins with.
fn name_length(text: &str) -> usize {
    text.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(text.len())
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// An address that somebody wrote down, and what stands beside it.
struct Named {
    address: String,
    /// The file of a key for `ssh`.
    identity: Option<String>,
    /// Whether it is said to be a machine of Podman's.
    is_machine: bool,
    tls: Option<Tls>,
    source: Source,
    /// What names it, if that has a name itself.
    named_by: Option<String>,
}

impl Named {
    /// Reads the address; TLS that is given comes before what stands beside it.
    fn taken(
        self,
        pack: Pack<'_>,
        around: &Around<'_>,
        considered: Vec<(Source, &'static str)>,
        given: Option<Tls>,
    ) -> Result<Discovered, DiscoverError> {
        let tls = given.or(self.tls);
        match endpoint_of(pack, around.0, &self.address, tls.is_some()) {
            Ok(endpoint) => {
                let tls = tls.filter(|_| matches!(endpoint, Endpoint::Https { .. }));
                let endpoint = endpoint.with_identity(self.identity).with_machine(self.is_machine);
                let Self { source, named_by, .. } = self;
                Ok(Discovered { endpoint, source, named_by, considered, tls })
            }
            Err(error) => Err(DiscoverError::address(self.source, error)),
        }
    }
}

/// The user's own folder; the second variable is that of Windows.
pub(crate) fn home(variable: impl Fn(&str) -> Option<String>) -> Option<PathBuf> {
    variable("HOME").or_else(|| variable("USERPROFILE")).map(PathBuf::from)
}

/// Returns a variable that is set to something.
pub(crate) fn variable(surroundings: &dyn Surroundings, name: &str) -> Option<String> {
    surroundings.variable(name).filter(|value| !value.is_empty())
}

/// What all places to look at need of the surroundings.
struct Around<'s>(&'s dyn Surroundings);

impl Around<'_> {
    fn variable(&self, name: &str) -> Option<String> {
        variable(self.0, name)
    }

    /// Fills in the variables of an address; `None` when one is not set.
    fn filled(&self, template: &str) -> Option<String> {
        let mut out = String::with_capacity(template.len());
        let mut rest = template;
        while let Some((before, behind)) = rest.split_once('$') {
            let (name, behind) = behind.split_at(name_length(behind));
            out.push_str(before);
            out.push_str(&self.variable(name).or_else(|| self.usual(name))?);
            rest = behind;
        }
        out.push_str(rest);
        Some(out)
    }

    /// What a variable that is not set stands for: where nobody has logged in (`su`, `cron`), rootless
    /// engines are found all the same.
    fn usual(&self, name: &str) -> Option<String> {
        match name {
            // Root's engines are the system's.
            "XDG_RUNTIME_DIR" => {
                self.0.user().filter(|user| *user != 0).map(|user| format!("/run/user/{user}"))
            }
            _ => None,
        }
    }

    /// The folder that a variable names, or else one below the user's own.
    fn folder(&self, variable: &str, below: &str) -> Option<PathBuf> {
        match self.variable(variable) {
            Some(folder) => Some(folder.into()),
            None => Some(home(|name| self.variable(name))?.join(below)),
        }
    }

    /// Reads a file; `None` when there is none.
    fn read(&self, file: &Path) -> Result<Option<Vec<u8>>, DiscoverError> {
        match self.0.read(file) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if is_absent(&error) => Ok(None),
            Err(error) => Err(DiscoverError::unreadable(file, error)),
        }
    }

    /// Lists a folder; nothing when there is none.
    fn list(&self, folder: &Path) -> Result<Vec<PathBuf>, DiscoverError> {
        match self.0.list(folder) {
            Ok(paths) => Ok(paths),
            Err(error) if is_absent(&error) => Ok(Vec::new()),
            Err(error) => Err(DiscoverError::unreadable(folder, error)),
        }
    }

    /// Reads a file of JSON; `None` when there is none.
    fn json(&self, file: &Path) -> Result<Option<serde_json::Value>, DiscoverError> {
        let Some(bytes) = self.read(file)? else { return Ok(None) };
        // Some tools make it before they have something to say.
        if bytes.trim_ascii().is_empty() {
            return Ok(None);
        }
        match serde_json::from_slice(&bytes) {
            Ok(value) => Ok(Some(value)),
            // Where it is wrong is told, never what stands there: credentials may.
            Err(error) => Err(DiscoverError::malformed(
                file,
                &format!("no JSON at line {} column {}", error.line(), error.column()),
            )),
        }
    }
}

fn is_absent(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

/// Finds a field by its name, in any case where there is none in this one: so do the engines' tools.
pub(crate) fn field<'f, V>(
    fields: impl IntoIterator<Item = (&'f String, &'f V)>,
    name: &str,
) -> Option<&'f V> {
    let mut other = None;
    for (own, value) in fields {
        if own == name {
            return Some(value);
        }
        if other.is_none() && own.eq_ignore_ascii_case(name) {
            other = Some(value);
        }
    }
    other
}

/// Finds what stands in JSON below these names, which are fields of the format's own.
fn below<'v>(value: &'v serde_json::Value, names: &[&str]) -> Option<&'v serde_json::Value> {
    { names.iter() }.try_fold(value, |value, name| field(value.as_object()?, name))
}

/// Reads a text that may be missing, `null` or empty; anything else is not what it is taken for.
fn text_of<'v>(
    value: Option<&'v serde_json::Value>,
    name: &str,
    file: &Path,
) -> Result<Option<&'v str>, DiscoverError> {
    match value {
        None | Some(serde_json::Value::Null) => Ok(None),
        Some(serde_json::Value::String(text)) => Ok(Some(&**text).filter(|text| !text.is_empty())),
        Some(_) => Err(DiscoverError::malformed(file, &format!("`{name}` is no text"))),
    }
}

// Both packs are asked.
#[cfg(all(test, feature = "docker", feature = "podman"))]
mod tests;
