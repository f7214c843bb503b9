//! Setting up a client.

use std::borrow::Cow;
use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use contajners_core::Pack;

use crate::checks::Checks;
use crate::client::{Client, Inner};
use crate::credentials::Credentials;
use crate::discovery::{Discovered, Source, System, endpoint_of, headers, look, variable};
use crate::endpoint::Endpoint;
use crate::error::{Error, ErrorKind};
use crate::exchange::{Limits, Peer};
use crate::observer::{Observer, Watched};
use crate::spoken::Spoken;
use crate::tls::{Connector, Tls};

/// Answers larger than this are for streams, unless told otherwise.
const ANSWER_LIMIT: usize = 256 << 20;

/// A pack for as long as a client lives.
pub(crate) enum PackBytes {
    Static(Pack<'static>),
    /// Opened anew some times in each call, its checksum read each time: some microseconds for one
    /// as large as Docker's.
    Owned(Vec<u8>),
}

impl PackBytes {
    pub(crate) fn open(&self) -> Pack<'_> {
        match self {
            Self::Static(pack) => *pack,
            Self::Owned(bytes) => {
                Pack::open(bytes).expect("these bytes were opened when the client was built")
            }
        }
    }
}

/// A pack that the caller brings.
#[derive(Clone)]
enum GivenPack {
    /// With what looks at them: a program that brings no pack has no code for that.
    Bytes(Cow<'static, [u8]>, fn(&[u8]) -> Result<Pack<'_>, Error>),
    Opened(Pack<'static>),
}

/// What a client is to be: see [`Client::builder`].
#[derive(Clone)]
#[must_use = "a builder does nothing until `build`"]
pub struct ClientBuilder {
    engine: String,
    pack: Option<GivenPack>,
    place: Option<Place>,
    connection: Option<String>,
    api_version: Option<String>,
    category: Option<String>,
    limits: Limits,
    answer_limit: usize,
    ssh: Vec<String>,
    credentials: Credentials,
    tls: Option<Tls>,
    watched: Watched,
    user_agent: Option<String>,
    checks: Checks,
}

/// Where the engine was said to listen.
#[derive(Debug, Clone)]
enum Place {
    Uri(String),
    Endpoint(Endpoint),
}

impl ClientBuilder {
    pub(crate) fn new(engine: String) -> Self {
        Self {
            engine,
            pack: None,
            place: None,
            connection: None,
            api_version: None,
            category: None,
            limits: Limits::default(),
            answer_limit: ANSWER_LIMIT,
            ssh: Vec::new(),
            credentials: Credentials::default(),
            tls: None,
            watched: Watched::default(),
            user_agent: None,
            checks: Checks::default(),
        }
    }

    /// Begins with a pack of your own, for an engine that this crate carries none of.
    pub fn from_pack(pack: impl Into<Cow<'static, [u8]>>) -> Self {
        Self { pack: Some(GivenPack::Bytes(pack.into(), checked)), ..Self::new(String::new()) }
    }

    /// Begins with a pack that is open already, and verified if it came from elsewhere.
    pub fn from_opened(pack: Pack<'static>) -> Self {
        Self { pack: Some(GivenPack::Opened(pack)), ..Self::new(String::new()) }
    }

    /// Sets where the engine listens: `unix:///path/to.sock` or a path alone, `tcp://host:port`,
    /// `http://host:port`, `https://host:port`, `ssh://user@host:port/socket`, or on Windows
    /// `npipe:////./pipe/name`; `unix://` alone is the engine's usual socket.
    ///
    /// Without it the engine is looked for as [`discover`](crate::discover) says: for Docker `DOCKER_HOST`, the
    /// current context, then the usual sockets, rootless ones too; for Podman
    /// `CONTAINER_CONNECTION`, `CONTAINER_HOST`, the default connection, then its sockets. Where Docker's
    /// own settings lead, what `HttpHeaders` of its `config.json` holds is sent with each request, as
    /// its command does.
    pub fn uri(mut self, uri: impl Into<String>) -> Self {
        self.place = Some(Place::Uri(uri.into()));
        self
    }

    /// Sets where the engine listens, as [`uri`](Self::uri) does: a path of a socket, or what was found
    /// before ([`Discovered::endpoint`](crate::Discovered), to which its `tls` belongs). Of what was
    /// written by hand all that an address has to be is looked at.
    ///
    /// ```
    /// let folder = std::env::temp_dir();
    /// let docker = contajners::Client::builder("docker").endpoint(&*folder.join("docker.sock")).build()?;
    /// # Ok::<(), contajners::Error>(())
    /// ```
    pub fn endpoint(mut self, endpoint: impl Into<Endpoint>) -> Self {
        self.place = Some(Place::Endpoint(endpoint.into()));
        self
    }

    /// Chooses a Docker context or a Podman connection by its name, as `--context` and
    /// `--connection` of their commands do: the environment and what is current do not count.
    /// `default` of Docker stands for having no context.
    ///
    /// Together with [`uri`](Self::uri) or [`endpoint`](Self::endpoint), which say the same,
    /// [`build`](Self::build) fails with the code `two-addresses`.
    pub fn connection(mut self, name: impl Into<String>) -> Self {
        self.connection = Some(name.into());
        self
    }

    /// Pins the API version (`v1.41` or `1.41`), so that nothing is negotiated.
    ///
    /// Without it `DOCKER_API_VERSION` pins it for Docker (and `<ENGINE>_API_VERSION` for
    /// others); else it is the newest version that the pack and the engine have in common,
    /// asked for with the first call.
    pub fn api_version(mut self, version: impl Into<String>) -> Self {
        self.api_version = Some(version.into());
        self
    }

    /// Scopes the client to one category, such as `containers` or `libpod/containers`:
    /// operations of others are refused.
    pub fn category(mut self, category: impl Into<String>) -> Self {
        self.category = Some(category.into());
        self
    }

    /// Sets what the program calls itself in `User-Agent`, such as `backups/1.2`. By default nothing
    /// is sent. Docker tells registries what it is given here.
    pub fn user_agent(mut self, name: impl Into<String>) -> Self {
        self.user_agent = Some(name.into());
        self
    }

    /// Limits the time until a connection stands and the version is negotiated; 10 s by
    /// default, `None` for no limit. Over ssh at most four connections are begun at a time: a call that
    /// waits for its turn has the whole time again whenever one of them stands. Where a host has several
    /// addresses, one that says nothing for a quarter of a second is not waited for alone.
    pub fn connect_timeout(mut self, limit: impl Into<Option<Duration>>) -> Self {
        self.limits.connect = limit.into();
        self
    }

    /// Limits the time until the head of an answer comes, from when the request has been sent; by
    /// default it is that of [`read_timeout`](Self::read_timeout). The head of `ContainerWait` may come
    /// at once or, from some engines, when the container has ended.
    pub fn head_timeout(mut self, limit: impl Into<Option<Duration>>) -> Self {
        self.limits.head = limit.into();
        self
    }

    /// Limits the time in which nothing comes from the engine: from when the request has been sent until
    /// the head of an answer, and between two pieces of its body. None by default, since `wait` and `follow` may take
    /// days. [`Call::read_timeout`](crate::Call::read_timeout) says it for one call.
    pub fn read_timeout(mut self, limit: impl Into<Option<Duration>>) -> Self {
        self.limits.read = limit.into();
        self
    }

    /// Limits the time in which the engine takes nothing of a body that is there to be sent;
    /// none by default. The time that a reader of yours takes does not count.
    pub fn write_timeout(mut self, limit: impl Into<Option<Duration>>) -> Self {
        self.limits.write = limit.into();
        self
    }

    /// Limits the time of a whole call, from its beginning to the end of the answer's body;
    /// none by default. [`Call::timeout`](crate::Call::timeout) says it for one call.
    pub fn timeout(mut self, limit: impl Into<Option<Duration>>) -> Self {
        self.limits.whole = limit.into();
        self
    }

    /// Limits the bytes of an answer that is read as a whole; 256 MiB by default. JSON that would
    /// take more than 16 times as much as values is refused, too. Streams of bytes and of output have no
    /// limit, since they hold no more than a piece; a document of a stream has one of its own: see
    /// [`Call::documents`](crate::Call::documents).
    pub fn answer_limit(mut self, bytes: usize) -> Self {
        self.answer_limit = bytes;
        self
    }

    /// Sets the program that `ssh://` addresses are reached with, and options for it; the `ssh`
    /// that is found in `PATH` by default.
    ///
    /// ```no_run
    /// # fn demo() -> Result<(), contajners::Error> {
    /// let far = contajners::Client::builder("docker")
    ///     .uri("ssh://box")
    ///     .ssh_command(["ssh", "-i", "keys/box"])
    ///     .build()?;
    /// # Ok(()) }
    /// ```
    #[cfg(feature = "ssh")]
    pub fn ssh_command<S: Into<String>>(mut self, words: impl IntoIterator<Item = S>) -> Self {
        self.ssh = words.into_iter().map(Into::into).collect();
        self
    }

    /// Sets where credentials for image registries come from; by default from the files and
    /// helpers of the engine's own tool.
    ///
    /// They go into `X-Registry-Auth` and `X-Registry-Config` where an operation takes these and
    /// a call gives neither parameter nor header of that name; other calls look at no file. The
    /// registry is taken from the image's name among the call's parameters. Where none of them is one
    /// (`ServiceCreate`, `ServiceUpdate`: the whole swarm would have them) and for short names of
    /// Podman's own operations, which may be any registry's, nothing is sent unless you give it.
    #[cfg(feature = "credentials")]
    pub fn credentials(mut self, credentials: Credentials) -> Self {
        self.credentials = credentials;
        self
    }

    /// Turns TLS on, for addresses that can have it: `tcp://host` then means `https://host`, with
    /// port 2376 if it has none. Unix sockets and `ssh` stay as they are; `http://` is refused.
    ///
    /// Not needed for `https://` and the system's CAs. Where the address comes from the
    /// environment, a context or a connection, this replaces what they say about TLS; without
    /// it, `DOCKER_TLS_VERIFY`, `DOCKER_TLS` and `DOCKER_CERT_PATH` go with `DOCKER_HOST` as the
    /// Docker command has it.
    pub fn tls(mut self, tls: Tls) -> Self {
        self.tls = Some(tls);
        self
    }

    /// Sets what becomes of bodies and values that are not as the spec has them; by default they
    /// are sent with a warning.
    #[cfg(feature = "checks")]
    pub fn checks(mut self, checks: Checks) -> Self {
        self.checks = checks;
        self
    }

    /// Sets who is told what goes over the wire: heads of requests and answers, and how much of a
    /// body has been sent.
    pub fn observer(mut self, observer: impl Observer + 'static) -> Self {
        self.watched = Watched(Some(Arc::new(observer)));
        self
    }

    /// Tells where the client is going to look for its engine, and why there. Nothing is sent, and
    /// of TLS no file is read.
    ///
    /// ```
    /// let found = contajners::Client::builder("docker").uri("tcp://far").discover()?;
    /// assert_eq!(found.endpoint.to_string(), "tcp://far:2375");
    /// # Ok::<(), contajners::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Config`](crate::ErrorKind::Config): there is no pack of that engine, or it is
    /// damaged; the address is none; both an address and a connection are given; what is named does
    /// not exist.
    pub fn discover(&self) -> Result<Discovered, Error> {
        match &self.pack {
            None => self.place(crate::pack(&self.engine)?),
            Some(GivenPack::Bytes(bytes, checked)) => self.place(checked(bytes)?),
            Some(GivenPack::Opened(pack)) => self.place(*pack),
        }
    }

    fn place(&self, pack: Pack<'_>) -> Result<Discovered, Error> {
        match (&self.place, self.connection.as_deref()) {
            (Some(_), Some(name)) => Err(Error::two_addresses(name)),
            (Some(place), None) => {
                let endpoint = match place {
                    Place::Uri(uri) => endpoint_of(pack, &System, uri, self.tls.is_some())?,
                    Place::Endpoint(endpoint) => endpoint.clone().sound(self.tls.is_some())?,
                };
                let tls = self.tls.clone().filter(|_| matches!(endpoint, Endpoint::Https { .. }));
                Ok(Discovered {
                    endpoint,
                    source: Source::Given,
                    named_by: None,
                    considered: Vec::new(),
                    tls,
                })
            }
            (None, name) => look(pack, &System, name, self.tls.clone()).map_err(Error::discover),
        }
    }

    /// Makes the client. Nothing is sent yet; the environment and the file system are looked at
    /// only for what was not set.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Config`](crate::ErrorKind::Config): there is no pack of that engine, or it
    /// is damaged; the address is none, or a connection is given beside it; without an address, what
    /// [`discover`](crate::discover) lists; the pack has not the version that is given or that a
    /// variable (`DOCKER_API_VERSION`) names, or that version not the category (without a version
    /// the first call finds out); a file that TLS needs cannot be used; what it takes was not built
    /// (`ssh-not-built`, `tls-not-built`); what the program calls itself is no value of a header.
    pub fn build(mut self) -> Result<Client, Error> {
        let pack = match self.pack.take() {
            None => PackBytes::Static(crate::pack(&self.engine)?),
            Some(GivenPack::Opened(pack)) => PackBytes::Static(pack),
            Some(GivenPack::Bytes(Cow::Borrowed(bytes), checked)) => {
                PackBytes::Static(checked(bytes)?)
            }
            Some(GivenPack::Bytes(Cow::Owned(bytes), checked)) => {
                checked(&bytes)?;
                PackBytes::Owned(bytes)
            }
        };
        let opened = pack.open();
        let engine = opened.engine().to_owned();
        let discovered = self.place(opened)?;
        let tls = match &discovered.endpoint {
            Endpoint::Https { host, .. } => {
                let settings = discovered.tls.clone().unwrap_or_default();
                let connector = Connector::new(&settings, host);
                Some(connector.map_err(|fault| Error::tls(ErrorKind::Config, fault))?)
            }
            #[cfg(not(feature = "ssh"))]
            Endpoint::Ssh { .. } => return Err(Error::ssh_not_built()),
            _ => None,
        };
        let version = match self.api_version {
            Some(version) => Some((version, None)),
            None => {
                let letter =
                    |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' };
                let name: String =
                    engine.chars().map(letter).chain("_API_VERSION".chars()).collect();
                variable(&System, &name).map(|version| (version, Some(name)))
            }
        };
        let pinned_by = version.as_ref().and_then(|(_, from)| from.clone());
        let version = match version {
            None => OnceLock::new(),
            Some((version, from)) => {
                let api = opened
                    .api(version.trim())
                    .map_err(|error| Error::version_setting(&error, from.as_deref()))?;
                if let Some(category) = &self.category {
                    api.category(category).map_err(|error| Error::version_setting(&error, None))?;
                }
                Spoken::new(opened, api).into()
            }
        };
        let mut peer = Peer::new(opened, &discovered, self.ssh, tls, self.watched);
        peer.pinned_by = pinned_by;
        if discovered.is_by_dockers_settings() {
            peer.headers = headers(opened, &System);
        }
        if let Some(name) = self.user_agent {
            peer.user_agent = Some(name.try_into().map_err(|_| Error::user_agent())?);
        }
        Ok(Client(Arc::new(Inner {
            peer: Arc::new(peer),
            pack,
            limits: self.limits,
            answer_limit: self.answer_limit,
            credentials: self.credentials,
            checks: self.checks,
            category: self.category,
            discovered,
            version,
            asking: tokio::sync::Mutex::default(),
        })))
    }
}

/// A pack of our own was checked when it was compiled; any other is walked through once.
fn checked(bytes: &[u8]) -> Result<Pack<'_>, Error> {
    let pack = Pack::open(bytes).map_err(Error::pack)?;
    pack.verify().map_err(Error::pack)?;
    Ok(pack)
}

impl fmt::Debug for ClientBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientBuilder")
            .field("engine", &self.engine)
            .field("api_version", &self.api_version)
            .field("category", &self.category)
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}
