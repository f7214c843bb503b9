//! Which redirections are followed: ten at most, and none that leaves https.
//!
//! A spec that came without it may be anybody's. A map that says http has chosen so, until it is
//! led to https.

use std::collections::HashMap;
use std::error::Error;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use reqwest::Url;
use reqwest::redirect::Policy;

use super::{host, shown};

/// A redirection from https to something else.
#[derive(Debug)]
pub(super) struct LeavesHttps {
    /// The address, as it may be shown.
    pub(super) to: String,
}

impl fmt::Display for LeavesHttps {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "redirected from https to {}", self.to)
    }
}

impl Error for LeavesHttps {}

impl LeavesHttps {
    /// Finds one among the causes of an error.
    pub(super) fn find(error: &reqwest::Error) -> Option<&Self> {
        let causes = std::iter::successors(error.source(), |cause| (*cause).source());
        causes.filter_map(<dyn Error>::downcast_ref).next()
    }
}

/// Where requests on their way have been redirected to: what fails does not tell.
#[derive(Debug, Default)]
pub(super) struct Followed(Mutex<HashMap<String, String>>);

impl Followed {
    fn note(&self, asked: &Url, host: String) {
        self.lock().insert(key(asked.clone()), host);
    }

    /// Takes the host that the request to an address was redirected to at last, if it was.
    pub(super) fn take(&self, url: &str) -> Option<String> {
        self.lock().remove(&key(Url::parse(url).ok()?))
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An address as it is asked for: user info has become a header.
fn key(mut url: Url) -> String {
    // They fail for addresses that cannot have any.
    let _ = url.set_username("").and_then(|()| url.set_password(None));
    url.into()
}

pub(super) fn policy(followed: Arc<Followed>) -> Policy {
    Policy::custom(move |attempt| match leaves_https(attempt.previous(), attempt.url()) {
        true => {
            let to = shown(attempt.url().as_str());
            attempt.error(LeavesHttps { to })
        }
        // It counts them.
        false => {
            if let Some(asked) = attempt.previous().first() {
                followed.note(asked, host(attempt.url().as_str()));
            }
            Policy::default().redirect(attempt)
        }
    })
}

fn leaves_https(previous: &[Url], next: &Url) -> bool {
    next.scheme() != "https" && previous.iter().any(|url| url.scheme() == "https")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(previous: &[&str], next: &str, leaves: bool) {
        let url = |text: &str| Url::parse(text).unwrap();
        let previous: Vec<Url> = previous.iter().map(|text| url(text)).collect();
        assert_eq!(leaves_https(&previous, &url(next)), leaves);
    }

    #[test]
    fn https_is_not_left() {
        check(&["http://a/"], "http://b/", false);
        check(&["http://a/"], "https://a/", false);
        check(&["https://a/"], "https://b/", false);
        check(&["https://a/"], "http://a/", true);
        check(&["https://a/", "https://b/"], "http://a/", true);
        check(&["http://a/", "https://a/"], "http://a/", true);
        check(&["https://a/"], "ftp://a/", true);
    }
}
