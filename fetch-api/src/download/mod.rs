//! Downloads specs: with retries, limits, and a cache that asks whether it is still right.
//!
//! What is worth another try is tried again with growing pauses: no connection, a time-out, a
//! body that broke off, and the statuses 408, 429 and 5xx. Everything else is the answer.
//!
//! Redirections are followed, but none from https to http.
//!
//! A host that could not be reached in all these tries is not asked again for the next file: a
//! machine without a network is told so in seconds, however long the map of sources is.

mod cache;
mod reach;
mod redirects;
mod shown;
#[cfg(test)]
pub(crate) mod tests;

use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use reqwest::StatusCode;
use reqwest::header::{CONTENT_TYPE, ETAG, HeaderMap, IF_MODIFIED_SINCE, IF_NONE_MATCH};
use reqwest::header::{HeaderName, LAST_MODIFIED, RETRY_AFTER};

use cache::{Cache, Cached};
use reach::{Prospect, Reach};
use redirects::{Followed, LeavesHttps};
pub(crate) use shown::{shown, shown_in};

/// How downloads are done.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where answers are kept between runs; `None` keeps none.
    pub cache: Option<PathBuf>,
    /// Until a connection stands.
    pub connect_timeout: Duration,
    /// Between two pieces of an answer.
    pub read_timeout: Duration,
    /// For one try as a whole.
    pub timeout: Duration,
    /// How often a download is tried at all.
    pub tries: u32,
    /// The pause after the first try; it doubles each time, and up to as much is added by chance.
    pub pause: Duration,
    /// The longest pause, whatever the server asks for.
    pub longest_pause: Duration,
    /// The most bytes an answer may have.
    pub limit: usize,
    /// Whether the environment's proxies are used.
    pub proxies: Proxies,
}

/// Which proxies are used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proxies {
    /// Those that the environment names (`HTTPS_PROXY` and the like).
    Environment,
    /// None at all.
    None,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            cache: None,
            connect_timeout: Duration::from_secs(5),
            read_timeout: Duration::from_secs(30),
            timeout: Duration::from_secs(180),
            tries: 4,
            pause: Duration::from_millis(500),
            longest_pause: Duration::from_secs(30),
            limit: crate::spec::MAX_BYTES,
            proxies: Proxies::Environment,
        }
    }
}

/// Why a download failed.
#[derive(Debug)]
#[non_exhaustive]
pub enum DownloadError {
    /// The client could not be set up.
    Setup(reqwest::Error),
    /// The cache's folder cannot be made.
    Cache {
        /// The folder.
        folder: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// No connection, or none that is trusted.
    Connect(reqwest::Error),
    /// Its host could not be reached for an earlier file, so this one was not asked for.
    GivenUp {
        /// The host, with the port if it is a special one.
        host: String,
    },
    /// The server redirects to a host that could not be reached.
    Elsewhere {
        /// The host, with its port if it is a special one.
        host: String,
        /// Why.
        source: reqwest::Error,
    },
    /// TLS did not come about: a certificate that is not trusted, or no version in common.
    Tls(reqwest::Error),
    /// Nothing came for too long.
    TimedOut(reqwest::Error),
    /// The server answered with something else than the file.
    Status(StatusCode),
    /// The answer broke off.
    Truncated {
        /// Bytes that came.
        received: usize,
        /// Bytes that were announced, if they were.
        expected: Option<u64>,
        /// How it broke off, when the transport noticed.
        source: Option<reqwest::Error>,
    },
    /// The answer is larger than is read.
    TooLarge {
        /// The most that is read.
        limit: usize,
    },
    /// The answer is a web page.
    Html,
    /// The server redirects from https to something else.
    LeavesHttps {
        /// The address, without its user info and query.
        to: String,
    },
    /// Anything else, such as too many redirections.
    Request(reqwest::Error),
}

impl DownloadError {
    /// A stable name for scripts to match on.
    pub fn code(&self) -> &'static str {
        match self {
            DownloadError::Setup(_) => "download-setup",
            DownloadError::Cache { .. } => "download-cache",
            DownloadError::Connect(_) | DownloadError::Elsewhere { .. } => "download-connect",
            DownloadError::Tls(_) => "download-tls",
            DownloadError::GivenUp { .. } => "download-given-up",
            DownloadError::TimedOut(_) => "download-timed-out",
            DownloadError::Status(_) => "download-status",
            DownloadError::Truncated { .. } => "download-truncated",
            DownloadError::TooLarge { .. } => "download-too-large",
            DownloadError::Html => "download-html",
            DownloadError::LeavesHttps { .. } => "download-leaves-https",
            DownloadError::Request(_) => "download-request",
        }
    }

    /// Tells whether nothing was heard of the host.
    pub fn is_unreachable(&self) -> bool {
        matches!(self, DownloadError::Connect(_) | DownloadError::GivenUp { .. })
    }

    /// Tells whether another try may do better.
    fn is_passing(&self) -> bool {
        match self {
            DownloadError::Connect(_)
            | DownloadError::Elsewhere { .. }
            | DownloadError::TimedOut(_)
            | DownloadError::Truncated { .. } => true,
            // A connection that ends before an answer has begun, among others.
            DownloadError::Request(error) => error.is_request(),
            DownloadError::Status(status) => {
                status.is_server_error()
                    || matches!(
                        *status,
                        StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS
                    )
            }
            _ => false,
        }
    }

    /// Makes the error of a request, which may have been redirected to a host.
    fn of_request(error: reqwest::Error, redirected: Option<String>) -> Self {
        // The caller names the address; twice would be once too often.
        let error = error.without_url();
        if let Some(LeavesHttps { to }) = LeavesHttps::find(&error) {
            DownloadError::LeavesHttps { to: to.clone() }
        } else if is_of_tls(&error) {
            DownloadError::Tls(error)
        } else if error.is_connect() {
            match redirected {
                Some(host) => DownloadError::Elsewhere { host, source: error },
                None => DownloadError::Connect(error),
            }
        } else if error.is_timeout() {
            DownloadError::TimedOut(error)
        } else {
            DownloadError::Request(error)
        }
    }
}

impl fmt::Display for DownloadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DownloadError::Setup(_) => f.write_str("cannot set up downloads"),
            DownloadError::Cache { folder, .. } => {
                write!(f, "cannot create the cache folder {}", folder.display())
            }
            DownloadError::Connect(_) => f.write_str("cannot connect"),
            DownloadError::Elsewhere { host, .. } => {
                write!(f, "redirected to {host}, and cannot connect to it")
            }
            DownloadError::Tls(_) => f.write_str("no secure connection comes about"),
            DownloadError::GivenUp { host } => {
                write!(f, "not tried: {host} could not be reached for an earlier file")
            }
            DownloadError::TimedOut(_) => f.write_str("no answer in time"),
            DownloadError::Status(status) => write!(f, "the server answered {status}"),
            DownloadError::Truncated { received, expected: Some(expected), .. } => {
                write!(f, "the download broke off after {received} of {expected} bytes")
            }
            DownloadError::Truncated { received, expected: None, .. } => {
                write!(f, "the download broke off after {received} bytes")
            }
            DownloadError::TooLarge { limit } => {
                write!(f, "the answer is larger than the {limit} bytes that are read")
            }
            DownloadError::Html => f.write_str("expected a spec, found an HTML page"),
            DownloadError::LeavesHttps { to } => {
                write!(f, "redirected from https to {to}, which is not followed")
            }
            DownloadError::Request(_) => f.write_str("the request failed"),
        }
    }
}

impl std::error::Error for DownloadError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            // The layers in between say no more than that the request failed in connecting.
            DownloadError::Connect(error) | DownloadError::Elsewhere { source: error, .. } => {
                error.source().and_then(std::error::Error::source)
            }
            DownloadError::Tls(error) => Some(root(error)),
            DownloadError::Setup(error)
            | DownloadError::TimedOut(error)
            | DownloadError::Request(error) => Some(error),
            DownloadError::Truncated { source: Some(error), .. } => Some(root(error)),
            DownloadError::Cache { source, .. } => Some(source),
            _ => None,
        }
    }
}

/// Tells whether TLS is why a request failed.
fn is_of_tls(error: &(dyn std::error::Error + 'static)) -> bool {
    // What an error of `io` is made of is not its source.
    let inner = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
    error.is::<rustls::Error>()
        || inner.is_some_and(|inner| is_of_tls(inner))
        || error.source().is_some_and(is_of_tls)
}

/// The cause at the end of a chain whose links say the same in other words.
fn root<'e>(error: &'e (dyn std::error::Error + 'static)) -> &'e (dyn std::error::Error + 'static) {
    let mut root = error;
    while let Some(cause) = root.source() {
        root = cause;
    }
    root
}

/// Downloads files over HTTP.
#[derive(Debug)]
pub struct Downloader {
    client: reqwest::Client,
    settings: Settings,
    cache: Option<Cache>,
    reach: Reach,
    followed: Arc<Followed>,
}

impl Downloader {
    /// Sets up a client and the cache.
    ///
    /// # Errors
    ///
    /// The cache's folder cannot be made, or the client finds no certificates to trust.
    pub fn new(settings: Settings) -> Result<Self, DownloadError> {
        // Fails only when one is installed already, which then does.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let followed = Arc::default();
        let client = client(&settings, &followed).build().map_err(DownloadError::Setup)?;
        let cache = match &settings.cache {
            Some(folder) => Some(
                Cache::new(folder)
                    .map_err(|source| DownloadError::Cache { folder: folder.clone(), source })?,
            ),
            None => None,
        };
        Ok(Self { client, settings, cache, reach: Reach::default(), followed })
    }

    /// Downloads a file, or takes it from the cache when the server says it has not changed. User
    /// info in the address goes to the server alone.
    ///
    /// # Errors
    ///
    /// See [`DownloadError`]; what passes was tried as often as the settings say.
    pub async fn get(&self, url: &str) -> Result<Vec<u8>, DownloadError> {
        let cached = self.cache.as_ref().and_then(|cache| cache.read(url));
        let host = host(url);
        let tries = match self.reach.prospect(&host) {
            Prospect::Good => self.settings.tries,
            Prospect::Poor => 1,
            Prospect::None => return Err(DownloadError::GivenUp { host }),
        };
        let mut tried = 0;
        loop {
            tried += 1;
            let (error, wanted) = match self.try_once(url, cached.as_ref()).await {
                Ok(bytes) => {
                    self.reach.reached(host);
                    return Ok(bytes);
                }
                Err(failure) => failure,
            };
            let is_known = match &error {
                DownloadError::Elsewhere { host, .. } => {
                    self.reach.prospect(host) == Prospect::None
                }
                _ => false,
            };
            if tried >= tries || is_known || !error.is_passing() {
                match error.is_unreachable() {
                    true => self.reach.give_up(host),
                    false => self.reach.reached(host),
                }
                if let DownloadError::Elsewhere { host, .. } = &error {
                    self.reach.give_up(host.clone());
                }
                return Err(error);
            }
            tokio::time::sleep(self.pause(tried, wanted)).await;
        }
    }

    async fn try_once(
        &self,
        url: &str,
        cached: Option<&Cached>,
    ) -> Result<Vec<u8>, (DownloadError, Option<Duration>)> {
        let mut request = self.client.get(url);
        if let Some(cached) = cached {
            if let Some(etag) = &cached.etag {
                request = request.header(IF_NONE_MATCH, etag);
            }
            if let Some(date) = &cached.last_modified {
                request = request.header(IF_MODIFIED_SINCE, date);
            }
        }
        let sent = request.send().await;
        let redirected = self.followed.take(url);
        let response =
            sent.map_err(|error| (DownloadError::of_request(error, redirected), None))?;
        if let (StatusCode::NOT_MODIFIED, Some(cached)) = (response.status(), cached) {
            return Ok(cached.body.clone());
        }
        if response.status() != StatusCode::OK {
            let wanted = header(response.headers(), &RETRY_AFTER)
                .and_then(|text| text.trim().parse().ok())
                .map(Duration::from_secs);
            return Err((DownloadError::Status(response.status()), wanted));
        }
        self.body(url, response).await.map_err(|error| (error, None))
    }

    async fn body(
        &self,
        url: &str,
        mut response: reqwest::Response,
    ) -> Result<Vec<u8>, DownloadError> {
        let limit = self.settings.limit;
        // The length is unknown when the answer is compressed.
        let expected = response.content_length();
        if expected.is_some_and(|length| length > limit as u64) {
            return Err(DownloadError::TooLarge { limit });
        }
        let is_html = header(response.headers(), &CONTENT_TYPE)
            .is_some_and(|text| text.trim_start().starts_with("text/html"));
        if is_html {
            return Err(DownloadError::Html);
        }
        let etag = header(response.headers(), &ETAG);
        let last_modified = header(response.headers(), &LAST_MODIFIED);
        let mut body = Vec::new();
        loop {
            match response.chunk().await {
                Ok(Some(chunk)) if body.len() + chunk.len() > limit => {
                    return Err(DownloadError::TooLarge { limit });
                }
                Ok(Some(chunk)) => body.extend_from_slice(&chunk),
                Ok(None) => break,
                Err(error) if error.is_timeout() => {
                    return Err(DownloadError::TimedOut(error.without_url()));
                }
                Err(error) => {
                    let source = Some(error.without_url());
                    return Err(DownloadError::Truncated {
                        received: body.len(),
                        expected,
                        source,
                    });
                }
            }
        }
        if expected.is_some_and(|length| length != body.len() as u64) {
            let received = body.len();
            return Err(DownloadError::Truncated { received, expected, source: None });
        }
        if body.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'<') {
            return Err(DownloadError::Html);
        }
        let cached = Cached { etag, last_modified, body };
        if let Some(cache) = &self.cache {
            // The file is here; that it cannot be kept costs another download some day.
            let _ = cache.write(url, &cached);
        }
        Ok(cached.body)
    }

    fn pause(&self, tried: u32, wanted: Option<Duration>) -> Duration {
        let grown = self.settings.pause.saturating_mul(1 << (tried - 1).min(16));
        // Each hasher has keys of its own, which is chance enough.
        let chance = (RandomState::new().hash_one(tried) % 1000) as u32;
        let jitter = grown.saturating_mul(chance) / 1000;
        wanted.unwrap_or(grown + jitter).min(self.settings.longest_pause)
    }
}

fn client(settings: &Settings, followed: &Arc<Followed>) -> reqwest::ClientBuilder {
    let builder = reqwest::Client::builder()
        .user_agent(concat!("contajners/", env!("CARGO_PKG_VERSION")))
        .redirect(redirects::policy(followed.clone()))
        // It would hold the query, which is for the first server alone.
        .referer(false)
        .connect_timeout(settings.connect_timeout)
        .read_timeout(settings.read_timeout)
        .timeout(settings.timeout);
    match settings.proxies {
        Proxies::Environment => builder,
        Proxies::None => builder.no_proxy(),
    }
}

/// The host of an address, with its port if it is a special one.
fn host(url: &str) -> String {
    let Ok(url) = reqwest::Url::parse(url) else { return shown(url) };
    let host = url.host_str().unwrap_or_default();
    url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

fn header(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    Some(headers.get(name)?.to_str().ok()?.to_owned())
}
