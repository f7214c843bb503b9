//! Calls any operation of any version of the Docker and Podman APIs by name.
//!
//! ```no_run
//! # async fn demo() -> Result<(), Box<dyn std::error::Error>> {
//! use contajners::Client;
//! use std::io::Write;
//!
//! let docker = Client::builder("docker").build()?;
//! let containers = docker.invoke("ContainerList").param("all", true).await?;
//! println!("{containers:#}");
//!
//! let mut logs = docker
//!     .invoke("ContainerLogs")
//!     .param("id", "conny")
//!     .param("follow", true)
//!     .param("stdout", true)
//!     .output()
//!     .await?;
//! while let Some(piece) = logs.next().await {
//!     std::io::stdout().write_all(&piece?.bytes)?;
//! }
//! # Ok(()) }
//! ```
//!
//! The API is data: operations, parameters and their history come from compiled packs of every
//! published version. A call is checked against the version that the engine speaks before
//! anything is sent, and an unknown name is an error that says what was meant, or since when
//! the thing exists.
//!
//! - [`Client`] and [`ClientBuilder`]: one engine, its address, version and time-outs.
//! - [`Call`]: an operation with its parameters and body; how it ends decides what comes back:
//!   awaited it is JSON, else [`Call::json`], [`Call::text`], [`Call::bytes`],
//!   [`Call::stream`], [`Call::output`], [`Call::documents`], [`Call::socket`] or
//!   [`Call::send`].
//! - [`Client::wait`]: until a container is running, healthy, exited or removed.
//! - [`Folder`] and [`Unpack`]: folders as bodies, and answers that become folders.
//! - [`Client::request`]: what no spec knows.
//! - [`Observer`]: is told what goes over the wire.
//! - [`Checks`] and [`Call::check`]: bodies that are not as the spec has them.
//! - [`Credentials`]: logins at registries, filled in where an operation takes them.
//! - [`Error`]: one type, with a kind, a stable code ([all of them](error_codes)), a hint and what the
//!   engine said.
//! - [`contajners_core`]: the catalogue, for programs that want to look things up
//!   ([`Client::api`], [`pack`]).
//!
//! Calls run on [tokio], whose runtime needs its I/O and its timers (`enable_all`); dropping one stops
//! it and closes its connection.
//!
//! # Tracing
//!
//! Each call has a span of [`tracing`] of the level `INFO`, `call`, from its beginning until its
//! answer has been read or dropped, or its socket stands. Its fields have the names of OpenTelemetry
//! where that has one: `engine`, `operation`, `version`, `http.request.method`, `url.template` (of a
//! raw request `url.path` without the query), `url.scheme` (how the address begins: `unix`, `tcp`,
//! `https`, `ssh`, `npipe`), `server.address`, `server.port`, `http.response.status_code`, and of a call that
//! fails `error.type`, which is [`Error::code`]. Connections opened and used again, the version that
//! was agreed on and the head of an answer are events of the level `DEBUG` in it. No value that a call
//! is given is in any of it, and none of a header: of what [`Checks`] warns of only where it stands.
//!
//! # Features
//!
//! | feature | by default | is for |
//! |---|---|---|
//! | `docker`, `podman` | on | the packs that a program carries; with `podman` also what reads `containers.conf`, where connections of Podman may stand |
//! | `cloud-hypervisor`, `firecracker`, `incus` | off | packs, too; any other comes in through [`ClientBuilder::from_pack`] |
//! | `archives` | on | folders as bodies and answers that become folders: `Folder`, `Unpack`, `Call::body_folder`, `ByteStream::unpack_into` |
//! | `checks` | on | bodies and values of parameters are compared with their schemas before they are sent: `Checks`, `Call::check`, `ClientBuilder::checks`; with it the catalogue has differences, explanations and histories ([`contajners_core`]). Without it nothing is found; names of operations and parameters are always checked |
//! | `credentials` | on | credentials for registries, from files and the helpers they name: `Credentials`; without it a call has those that it is given |
//! | `ssh` | on | `ssh://`; without it such an address is an error when the client is built |
//! | `tls` | on | `https://`, and `tcp://` with certificates; without it such an address is an error when the client is built |
//! | `tracing` | on | spans and events of calls, as above; without it nothing is told: what [`Checks`] warns of is in [`Response::findings`] alone |
//! | `blocking` | off | a client for programs without `async`, made by `ClientBuilder::build_blocking` |
//! | `zstd` | off | folders compressed with zstd, by its C library; brings `archives` along |

use std::pin::Pin;

#[cfg(feature = "archives")]
mod archive;
#[cfg(feature = "blocking")]
pub mod blocking;
mod body;
mod builder;
mod call;
#[cfg(feature = "checks")]
mod checks;
#[cfg(not(feature = "checks"))]
#[path = "checks/absent.rs"]
mod checks;
mod chunks;
mod client;
#[cfg(feature = "credentials")]
mod credentials;
#[cfg(not(feature = "credentials"))]
#[path = "credentials/absent.rs"]
mod credentials;
mod data;
mod discovery;
mod driver;
mod duplex;
mod endpoint;
mod error;
mod exchange;
#[cfg(any(test, fuzzing))]
#[doc(hidden)]
pub mod fuzzing;
mod lines;
#[cfg(target_os = "linux")]
mod local;
mod observer;
mod pipe;
mod pool;
mod response;
mod spoken;
#[cfg(feature = "ssh")]
mod ssh;
#[cfg(not(feature = "ssh"))]
#[path = "ssh/absent.rs"]
mod ssh;
mod stream;
mod tcp;
mod tls;
#[cfg(feature = "tracing")]
mod trace;
#[cfg(not(feature = "tracing"))]
#[path = "trace/absent.rs"]
mod trace;
mod transport;
mod wait;

#[cfg(feature = "archives")]
pub use archive::{Compression, Folder, FolderReader, Unpack, Unpacked};
pub use builder::ClientBuilder;
pub use call::Call;
#[cfg(feature = "checks")]
pub use checks::Checks;
pub use client::Client;
pub use contajners_core;
pub use contajners_core::{Content, Finding, FindingKind, Method, stream::Output};
#[cfg(feature = "credentials")]
pub use credentials::{Credentials, RegistryAuth};
pub use data::Data;
pub use discovery::{
    DiscoverError, Discovered, Source, Surroundings, System, connections, discover,
};
pub use duplex::{Duplex, DuplexInput};
pub use endpoint::{Endpoint, EndpointError};
pub use error::{Error, ErrorKind, Timeout};
pub use lines::{OutputLine, OutputLines};
pub use observer::{Head, Observer};
pub use response::Response;
pub use stream::{ByteStream, DocumentStream, OutputPiece, OutputStream};
pub use tls::Tls;
pub use wait::{Wait, Waited};

#[cfg(doc)]
#[doc = include_str!("../errors.md")]
pub mod error_codes {}

/// A part of a call in a box of its own. Bodies of `async` functions are compiled anew in each unit
/// of code that awaits them, and with all that they await in turn; behind a box there is one.
type Work<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// The examples of the README compile.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;

/// The example of the page on adding an engine compiles.
#[cfg(doctest)]
#[doc = include_str!("../../docs/adding-an-engine.md")]
struct AddingAnEngine;

/// Returns the names of the engines whose packs this program carries, sorted.
pub fn engines() -> impl Iterator<Item = &'static str> {
    contajners_resources::ENGINES.iter().map(|(name, _)| *name)
}

/// Returns the pack of an engine that this program carries.
///
/// ```
/// let docker = contajners::pack("docker")?;
/// let logs = docker.api("v1.41")?.operation("ContainerLogs")?;
/// assert_eq!(logs.path(), "/containers/{id}/logs");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// [`ErrorKind::Config`] when it carries none of that name, with the nearest names.
pub fn pack(engine: &str) -> Result<contajners_core::Pack<'static>, Error> {
    let bytes = contajners_resources::pack(engine).ok_or_else(|| Error::unknown_engine(engine))?;
    contajners_core::Pack::open(bytes).map_err(Error::pack)
}
