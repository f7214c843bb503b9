//! Keeps downloaded files between runs.
//!
//! A file of the cache is one line of JSON about the answer, then its body. A file that is
//! damaged, or belongs to another address, is as good as none. Addresses may hold secrets: of
//! each, there is only a digest of the whole.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use reqwest::header::HeaderValue;
use ring::digest::{SHA256, digest};
use serde::{Deserialize, Serialize};
use xxhash_rust::xxh64::xxh64;

/// A folder of downloaded files.
#[derive(Debug)]
pub(super) struct Cache {
    folder: PathBuf,
}

/// An answer as it is kept.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Cached {
    pub(super) etag: Option<String>,
    pub(super) last_modified: Option<String>,
    pub(super) body: Vec<u8>,
}

#[derive(Serialize, Deserialize)]
struct Head {
    /// The digest of the address.
    address: String,
    etag: Option<String>,
    last_modified: Option<String>,
    checksum: u64,
}

impl Cache {
    pub(super) fn new(folder: &Path) -> io::Result<Self> {
        fs::create_dir_all(folder)?;
        Ok(Self { folder: folder.to_owned() })
    }

    /// Returns what is kept of an address, if the server can be asked about it.
    pub(super) fn read(&self, url: &str) -> Option<Cached> {
        let address = digest_of(url);
        let mut bytes = fs::read(self.file(&address)).ok()?;
        let end = bytes.iter().position(|byte| *byte == b'\n')?;
        let head: Head = serde_json::from_slice(&bytes[..end]).ok()?;
        bytes.drain(..=end);
        // What no request could carry is damaged.
        let sendable = |text: &String| HeaderValue::from_str(text).is_ok();
        (head.address == address && head.checksum == xxh64(&bytes, 0)).then_some(Cached {
            etag: head.etag.filter(sendable),
            last_modified: head.last_modified.filter(sendable),
            body: bytes,
        })
    }

    /// Keeps the answer of an address, unless nothing would tell whether it is still right.
    pub(super) fn write(&self, url: &str, cached: &Cached) -> io::Result<()> {
        if cached.etag.is_none() && cached.last_modified.is_none() {
            return Ok(());
        }
        let head = Head {
            address: digest_of(url),
            etag: cached.etag.clone(),
            last_modified: cached.last_modified.clone(),
            checksum: xxh64(&cached.body, 0),
        };
        let mut file = tempfile::NamedTempFile::new_in(&self.folder)?;
        serde_json::to_writer(&mut file, &head)?;
        file.write_all(b"\n")?;
        file.write_all(&cached.body)?;
        file.persist(self.file(&head.address))?;
        Ok(())
    }

    fn file(&self, address: &str) -> PathBuf {
        self.folder.join(format!("{address}.spec"))
    }
}

/// An address as the cache knows it, with its query and user info, and in a form that tells neither.
fn digest_of(url: &str) -> String {
    let digest = digest(&SHA256, url.as_bytes());
    digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}
