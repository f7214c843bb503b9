#![no_std]
//! The compiled API packs of container engines, as bytes.
//!
//! Each engine is a feature of the same name, so that a program carries only what it uses.
//! What is in a pack is `contajners-core`'s to read; this crate only holds them. They are
//! written by `cargo xtask fetch-api`.
//!
//! ```
//! # #[cfg(feature = "docker")] {
//! let pack = contajners_resources::pack("docker").expect("the feature `docker` is on");
//! assert_eq!(pack, contajners_resources::DOCKER);
//! # }
//! assert_eq!(contajners_resources::pack("nonesuch"), None);
//! ```

/// Cloud Hypervisor's API, v15.0 to v53.0.
#[cfg(feature = "cloud-hypervisor")]
pub const CLOUD_HYPERVISOR: &[u8] = include_bytes!("../cloud-hypervisor.postcard");

/// Docker's Engine API, v1.25 to v1.55.
#[cfg(feature = "docker")]
pub const DOCKER: &[u8] = include_bytes!("../docker.postcard");

/// Firecracker's API, v1.0.0 to v1.16.1.
#[cfg(feature = "firecracker")]
pub const FIRECRACKER: &[u8] = include_bytes!("../firecracker.postcard");

/// Incus's API, v6.0.0 to v7.0.0.
#[cfg(feature = "incus")]
pub const INCUS: &[u8] = include_bytes!("../incus.postcard");

/// Podman's API, v3.1.0 to v6.0.0: the Docker-compatible part and `libpod`.
#[cfg(feature = "podman")]
pub const PODMAN: &[u8] = include_bytes!("../podman.postcard");

/// The names and packs of all engines whose features are on, sorted by name.
pub const ENGINES: &[(&str, &[u8])] = &[
    #[cfg(feature = "cloud-hypervisor")]
    ("cloud-hypervisor", CLOUD_HYPERVISOR),
    #[cfg(feature = "docker")]
    ("docker", DOCKER),
    #[cfg(feature = "firecracker")]
    ("firecracker", FIRECRACKER),
    #[cfg(feature = "incus")]
    ("incus", INCUS),
    #[cfg(feature = "podman")]
    ("podman", PODMAN),
];

/// Returns the pack of the engine of that name; `None` when there is none, or its feature is
/// off.
pub fn pack(engine: &str) -> Option<&'static [u8]> {
    ENGINES.iter().find(|(name, _)| *name == engine).map(|&(_, pack)| pack)
}
