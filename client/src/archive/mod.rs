//! Folders as bodies, and archives of answers unpacked into folders.
//!
//! `folder` says what is sent, `ignore` what is not, `pack` makes the archive while it is sent;
//! `entries` reads an archive and `unpack` writes it, trusting
//! nothing it says. Files are read and written on tokio's threads for blocking work, a
//! bounded [`pipe`](crate::pipe) away from the connection, so that neither side runs ahead of the
//! other.

mod entries;
mod folder;
#[cfg(fuzzing)]
pub(crate) mod fuzzing;
mod ignore;
mod pack;
mod unpack;

pub use folder::{Compression, Folder, FolderReader};
pub(crate) use unpack::UnpackError;
pub use unpack::{Unpack, Unpacked};
