//! The test harness of the workspace: real engines for one test run, and things to feed them.
//!
//! [`docker()`] and [`podman()`] give a test the engine of its test binary, started on first use in
//! namespaces of its own and gone with the process, whichever way the process ends. A machine that
//! cannot run one makes the test say so and pass; under `CI` it makes the test fail.
//!
//! ```no_run
//! let Some(docker) = contajners_tests::docker() else { return };
//! println!("an empty dockerd listens at {}", docker.uri());
//! ```
//!
//! The harness knows no API: it asks an engine for nothing but `GET /_ping`. It blocks, uses
//! threads and std only, so that it serves tests of every transport alike.

pub mod certs;
pub mod engine;
pub mod front;
pub mod image;
pub mod leftovers;
pub mod registry;
pub mod secrets;
pub mod skip;
pub mod ssh;

use std::sync::OnceLock;

pub use certs::{Certs, Identity, Shown};
pub use engine::{EngineError, Kind, PrivateEngine};
pub use front::{Front, Pace, Target, Way};
pub use registry::{Registry, RegistryError};
pub use skip::{shared_specs, skip};

/// Returns the dockerd of this test binary, or `None` after a [`skip()`] where it cannot run.
///
/// # Panics
///
/// If dockerd is installed and does not come up, or if it cannot run here and `CI` is set.
#[track_caller]
pub fn docker() -> Option<&'static PrivateEngine> {
    static ENGINE: OnceLock<Result<PrivateEngine, EngineError>> = OnceLock::new();
    shared(&ENGINE, || PrivateEngine::start(Kind::Docker))
}

/// Returns the podman service of this test binary, or `None` after a [`skip()`] where it cannot run.
///
/// # Panics
///
/// If podman is installed and does not come up, or if it cannot run here and `CI` is set.
#[track_caller]
pub fn podman() -> Option<&'static PrivateEngine> {
    static ENGINE: OnceLock<Result<PrivateEngine, EngineError>> = OnceLock::new();
    shared(&ENGINE, || PrivateEngine::start(Kind::Podman))
}

/// Returns an engine of this test binary that sends CORS headers, or `None` after a [`skip()`]
/// where it cannot run.
///
/// # Panics
///
/// If it is installed and does not come up, or if it cannot run here and `CI` is set.
#[track_caller]
pub fn with_cors(kind: Kind) -> Option<&'static PrivateEngine> {
    static DOCKER: OnceLock<Result<PrivateEngine, EngineError>> = OnceLock::new();
    static PODMAN: OnceLock<Result<PrivateEngine, EngineError>> = OnceLock::new();
    let engine = match kind {
        Kind::Docker => &DOCKER,
        Kind::Podman => &PODMAN,
    };
    shared(engine, || PrivateEngine::start_with_cors(kind))
}

/// Returns the engine with TLS of this test binary, or `None` after a [`skip()`] where it cannot
/// run.
///
/// # Panics
///
/// If it is installed and does not come up, or if it cannot run here and `CI` is set.
#[track_caller]
pub fn with_tls(kind: Kind) -> Option<&'static PrivateEngine> {
    static DOCKER: OnceLock<Result<PrivateEngine, EngineError>> = OnceLock::new();
    static PODMAN: OnceLock<Result<PrivateEngine, EngineError>> = OnceLock::new();
    let engine = match kind {
        Kind::Docker => &DOCKER,
        Kind::Podman => &PODMAN,
    };
    shared(engine, || PrivateEngine::start_with_tls(kind, Shown::Good))
}

#[track_caller]
fn shared(
    engine: &'static OnceLock<Result<PrivateEngine, EngineError>>,
    start: impl FnOnce() -> Result<PrivateEngine, EngineError>,
) -> Option<&'static PrivateEngine> {
    // Each test of the binary comes through here, so that each of them counts as skipped.
    match engine.get_or_init(start) {
        Ok(engine) => Some(engine),
        Err(error) if error.is_unsupported() => {
            skip(&error.to_string());
            None
        }
        Err(error) => panic!("{error}"),
    }
}
