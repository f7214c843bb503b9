//! Which redirections are followed: ten at most, and none that leaves https.
//!
//! A spec that came without it may be anybody's. A map that says http has chosen so, until it is
//! led to https.

use std::error::Error;
use std::fmt;

use reqwest::Url;
use reqwest::redirect::Policy;

use super::shown;

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

pub(super) fn policy() -> Policy {
    Policy::custom(|attempt| match leaves_https(attempt.previous(), attempt.url()) {
        true => {
            let to = shown(attempt.url().as_str());
            attempt.error(LeavesHttps { to })
        }
        // It counts them.
        false => Policy::default().redirect(attempt),
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
