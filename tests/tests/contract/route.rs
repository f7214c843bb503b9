//! Ways to an engine, each over a front.

use std::sync::OnceLock;

use contajners::{Client, Credentials, Error, Tls};
use contajners_tests::certs::KEY_PASSWORD;
use contajners_tests::ssh::SshHost;
use contajners_tests::{Front, Identity, Kind, PrivateEngine, Target, image, skip, with_tls};

use crate::{PATIENCE, on, runtime, secrets, start};

/// The image of all containers here.
pub(crate) const IMAGE: &str = "localhost/contract:local";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Transport {
    Unix,
    Tcp,
    /// With a certificate of the client, whose key has a password.
    Tls,
    /// Through a real `ssh` and a real `sshd`, and the engine's own command on the far side.
    Ssh,
}

impl Transport {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Unix => "unix",
            Self::Tcp => "tcp",
            Self::Tls => "TLS",
            Self::Ssh => "ssh",
        }
    }
}

/// What the engine of this binary has for all cases; none of them may change it.
#[derive(Debug)]
pub(crate) struct Prepared {
    /// A container that has written `one` and `three` to stdout, `two` and `ü` to stderr.
    pub(crate) ended: String,
    /// A container that goes on; its `/tmp` takes files of names of one's own.
    pub(crate) running: String,
}

/// One way to one engine.
pub(crate) struct Route {
    kind: Kind,
    transport: Transport,
    engine: &'static PrivateEngine,
    pub(crate) prepared: &'static Prepared,
    host: Option<SshHost>,
    pub(crate) front: Front,
}

impl Route {
    /// Makes a way to the engine of this test binary.
    #[track_caller]
    pub(crate) fn new(kind: Kind, transport: Transport) -> Option<Self> {
        let (engine, prepared) = engine(kind)?;
        let host = match transport {
            Transport::Ssh => match SshHost::new().expect("keys for ssh") {
                Some(host) => Some(host),
                None => {
                    skip("there is no ssh and sshd (packages openssh-client and openssh-server)");
                    return None;
                }
            },
            _ => None,
        };
        let socket = Target::Unix(engine.socket().to_owned());
        let front = match (transport, &host) {
            (Transport::Tls, _) => Front::tcp(Target::Tcp(engine.tls_address())),
            (Transport::Ssh, Some(host)) => Front::tcp(host.server()),
            (Transport::Tcp, _) => Front::tcp(socket),
            _ => Front::unix(socket),
        };
        Some(Self { kind, transport, engine, prepared, host, front: front.expect("a front") })
    }

    pub(crate) fn kind(&self) -> Kind {
        self.kind
    }

    pub(crate) fn transport(&self) -> Transport {
        self.transport
    }

    pub(crate) fn engine(&self) -> &'static PrivateEngine {
        self.engine
    }

    /// Makes a client that goes this way.
    pub(crate) fn client(&self) -> Client {
        let builder = Client::builder(self.kind.name())
            .timeout(PATIENCE)
            .connect_timeout(PATIENCE)
            .credentials(Credentials::none());
        let client = match (self.transport, &self.host) {
            (Transport::Ssh, Some(host)) => builder
                .uri(format!("ssh://engine{}", self.engine.socket().display()))
                .ssh_command(host.command_at(self.front.address())),
            (Transport::Tls, _) => {
                let folder = self.engine.certs().client(Identity::Encrypted);
                let tls = Tls::new()
                    .ca_file(folder.join("ca.pem"))
                    .identity_files(folder.join("cert.pem"), folder.join("key.pem"))
                    .key_password(KEY_PASSWORD);
                secrets::check(&format!("{tls:?}"));
                builder.uri(self.front.uri()).tls(tls)
            }
            _ => builder.uri(self.front.uri()),
        };
        secrets::check(&format!("{client:?}"));
        let client = client.build().expect("a client");
        secrets::check(&format!("{client:?} {:?}", client.discovered()));
        client
    }

    /// Makes a client that goes straight to the engine, to prepare things and to look after them.
    pub(crate) fn near(&self) -> Client {
        near(self.engine)
    }
}

fn near(engine: &PrivateEngine) -> Client {
    Client::builder(engine.kind().name())
        .uri(engine.uri())
        .timeout(PATIENCE)
        .credentials(Credentials::none())
        .build()
        .expect("a client")
}

#[track_caller]
fn engine(kind: Kind) -> Option<(&'static PrivateEngine, &'static Prepared)> {
    static DOCKER: OnceLock<Prepared> = OnceLock::new();
    static PODMAN: OnceLock<Prepared> = OnceLock::new();
    let engine = with_tls(kind)?;
    let prepared = match kind {
        Kind::Docker => &DOCKER,
        Kind::Podman => &PODMAN,
    };
    let prepare = || runtime().block_on(prepare(engine)).expect("an image and containers");
    Some((engine, prepared.get_or_init(prepare)))
}

async fn prepare(engine: &PrivateEngine) -> Result<Prepared, Error> {
    let client = near(engine);
    let filesystem = image::busybox_filesystem().expect("a static busybox");
    let import = client.invoke("ImageCreate").param("fromSrc", "-").param("repo", IMAGE);
    import.body_bytes(filesystem).await?;
    let ended = start(&client, "echo one; echo two >&2; echo three; echo ü >&2").await?;
    on(&client, "ContainerWait", &ended).await?;
    Ok(Prepared { ended, running: start(&client, "sleep 100000").await? })
}
