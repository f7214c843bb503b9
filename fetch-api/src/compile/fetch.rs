//! Gets the texts of specs, from a folder or from the network, to the threads that read them.

use std::fmt;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

use tokio::sync::{Semaphore, mpsc};

use super::lock;
use crate::download::{DownloadError, Downloader, Settings, shown};
use crate::sources::Source;
use crate::spec::MAX_BYTES;

/// How many downloads run at once when nothing else is said.
const DOWNLOADS: usize = 8;

/// Where specs come from.
#[derive(Debug, Clone)]
pub enum Origin {
    /// A folder with `<engine>/<version>.yaml` (or `.yml`, or `.json`).
    Folder(PathBuf),
    /// The network.
    Network {
        /// How downloads are done.
        settings: Box<Settings>,
        /// How many run at once; `None` leaves it to the compiler.
        downloads: Option<usize>,
    },
}

/// Why the text of a spec did not come.
#[derive(Debug)]
#[non_exhaustive]
pub enum FetchError {
    /// Downloads cannot be set up.
    Setup(DownloadError),
    /// The system refuses what downloads run on.
    Runtime(io::Error),
    /// The download failed.
    Download {
        /// The address, without its user info.
        url: String,
        /// Why.
        source: DownloadError,
    },
    /// The folder has no file of the version.
    Missing {
        /// The file that was looked for first.
        file: PathBuf,
    },
    /// The file cannot be read.
    Unreadable {
        /// The file.
        file: PathBuf,
        /// Why.
        source: io::Error,
    },
}

impl FetchError {
    /// A stable name for scripts to match on.
    pub fn code(&self) -> &'static str {
        match self {
            FetchError::Setup(error) => error.code(),
            FetchError::Runtime(_) => "download-setup",
            FetchError::Download { source, .. } => source.code(),
            FetchError::Missing { .. } => "spec-missing",
            FetchError::Unreadable { .. } => "spec-unreadable",
        }
    }

    /// What to do about it, where that is not plain.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            FetchError::Download { source, .. } if source.is_unreachable() => Some(
                "a proxy is taken from `HTTPS_PROXY`; without a network, `--from DIR` reads specs \
                 from a folder",
            ),
            FetchError::Download { source: DownloadError::Tls(_), .. } => Some(
                "certificates have to be trusted by this system; on Linux `SSL_CERT_FILE` names a file \
                 of others",
            ),
            FetchError::Download { source: DownloadError::LeavesHttps { .. }, .. } => {
                Some("if that is meant, the map of sources has to say `http://` itself")
            }
            FetchError::Missing { .. } => Some(
                "`--from DIR` needs `DIR/<engine>/<version>.yaml`; `--api-version` picks versions",
            ),
            _ => None,
        }
    }
}

impl fmt::Display for FetchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FetchError::Setup(error) => error.fmt(f),
            FetchError::Runtime(_) => f.write_str("cannot set up downloads"),
            FetchError::Download { url, .. } => write!(f, "cannot download {url}"),
            FetchError::Missing { file } => {
                write!(f, "there is no file {} (nor .yml, nor .json)", file.display())
            }
            FetchError::Unreadable { file, .. } => write!(f, "cannot read {}", file.display()),
        }
    }
}

impl std::error::Error for FetchError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            FetchError::Setup(error) => error.source(),
            FetchError::Download { source, .. } => Some(source),
            FetchError::Missing { .. } => None,
            FetchError::Runtime(source) | FetchError::Unreadable { source, .. } => Some(source),
        }
    }
}

/// The text of a spec, and where it came from.
#[derive(Debug)]
pub(super) struct Text {
    pub(super) bytes: Vec<u8>,
    /// The file or the address.
    pub(super) origin: String,
}

/// Gets the text of each job and hands both to `each`, on several threads.
///
/// A text goes with its job all the way, so none can end up under another's name.
pub(super) fn with_each<'s, J: Sync>(
    origin: &Origin,
    jobs: &'s [J],
    source: impl Fn(&'s J) -> (&'s str, &'s Source) + Sync,
    threads: usize,
    each: impl Fn(&'s J, Result<Text, FetchError>) + Sync,
) -> Result<(), FetchError> {
    if jobs.is_empty() {
        return Ok(());
    }
    let threads = threads.clamp(1, jobs.len());
    match origin {
        Origin::Folder(folder) => {
            let next = AtomicUsize::new(0);
            let work = || {
                while let Some(job) = jobs.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let (engine, source) = source(job);
                    each(job, read(&folder.join(engine), &source.version));
                }
            };
            thread::scope(|scope| {
                for _ in 1..threads {
                    scope.spawn(work);
                }
                work();
            });
            Ok(())
        }
        Origin::Network { settings, downloads } => {
            let downloader = Downloader::new((**settings).clone()).map_err(FetchError::Setup)?;
            let urls: Vec<String> = jobs.iter().map(|job| source(job).1.url.clone()).collect();
            // Few texts wait at a time: reading is slower than most networks.
            let (sender, receiver) = mpsc::channel(threads);
            let receiver = Arc::new(Mutex::new(receiver));
            let work = |receiver: Arc<Mutex<mpsc::Receiver<_>>>| {
                loop {
                    // The lock is free again before the text is looked at.
                    let received = lock(&receiver).blocking_recv();
                    let Some((index, text)) = received else { break };
                    each(&jobs[index], text);
                }
            };
            let work = &work;
            thread::scope(|scope| {
                for _ in 0..threads {
                    let receiver = Arc::clone(&receiver);
                    scope.spawn(move || work(receiver));
                }
                // It is gone with the last thread: nobody waits for those that have panicked.
                drop(receiver);
                download(downloader, urls, downloads.unwrap_or(DOWNLOADS), sender)
            })
        }
    }
}

/// Downloads all addresses, some at a time, and sends each text with the number of its address.
fn download(
    downloader: Downloader,
    urls: Vec<String>,
    downloads: usize,
    sender: mpsc::Sender<(usize, Result<Text, FetchError>)>,
) -> Result<(), FetchError> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(FetchError::Runtime)?;
    let downloader = Arc::new(downloader);
    let turns = Arc::new(Semaphore::new(downloads.max(1)));
    runtime.block_on(async {
        let mut tasks = tokio::task::JoinSet::new();
        for (index, url) in urls.into_iter().enumerate() {
            let (downloader, turns, sender) =
                (Arc::clone(&downloader), Arc::clone(&turns), sender.clone());
            tasks.spawn(async move {
                // The semaphore is never closed.
                let _turn = turns.acquire().await;
                let text = match downloader.get(&url).await {
                    Ok(bytes) => Ok(Text { bytes, origin: shown(&url) }),
                    Err(source) => Err(FetchError::Download { url: shown(&url), source }),
                };
                sender.send((index, text)).await.is_ok()
            });
        }
        drop(sender);
        while let Some(sent) = tasks.join_next().await {
            // All threads have panicked, which is passed on where they are joined.
            if let Ok(false) = sent {
                break;
            }
        }
    });
    Ok(())
}

fn read(folder: &Path, version: &str) -> Result<Text, FetchError> {
    for ending in ["yaml", "yml", "json"] {
        let file = folder.join(format!("{version}.{ending}"));
        match read_limited(&file) {
            Ok(bytes) => return Ok(Text { bytes, origin: file.display().to_string() }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(source) => return Err(FetchError::Unreadable { file, source }),
        }
    }
    Err(FetchError::Missing { file: folder.join(format!("{version}.yaml")) })
}

/// Reads at most one byte more than a spec may have, which is enough to refuse it.
fn read_limited(file: &Path) -> io::Result<Vec<u8>> {
    let size = fs::metadata(file)?.len().min(MAX_BYTES as u64) as usize;
    let mut bytes = Vec::with_capacity(size + 1);
    File::open(file)?.take(MAX_BYTES as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}
