//! Those who are compared, with the same tasks for each.

mod bare;
mod bollard;
mod contajners;
pub(crate) mod curl;

use std::path::Path;

pub(crate) use self::bare::Bare;
pub(crate) use self::bollard::Bollard;
pub(crate) use self::contajners::Contajners;
use crate::Outcome;

/// A client in this process.
pub(crate) trait Side: Sized {
    const NAME: &'static str;

    /// A client for the engine at a unix socket.
    async fn over_unix(socket: &Path) -> Outcome<Self>;

    /// A client for an engine that speaks TLS, with a folder of certificates.
    async fn over_tls(port: u16, certificates: &Path) -> Outcome<Self>;

    /// The same client for another task beside this one, as a program would share it.
    async fn another(&self) -> Outcome<Self>;

    async fn ping(&self) -> Outcome;

    /// Lists all containers and says how many there are.
    async fn list(&self) -> Outcome<usize>;

    /// Looks at a container and says its id.
    async fn inspect(&self, id: &str) -> Outcome<String>;

    /// Reads the log of a container and says how many bytes came.
    async fn logs(&self, id: &str) -> Outcome<usize>;

    /// Reads the filesystem of a container and says how many bytes came.
    async fn export(&self, id: &str) -> Outcome<usize>;

    /// Sends the archive of an image.
    async fn load(&self, archive: &Path) -> Outcome;
}
