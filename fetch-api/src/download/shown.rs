//! Addresses without what only the server should know.
//!
//! A user, a password or a token may stand before the host (`https://token@host/`). It goes into
//! the request, and into nothing that is printed or kept.

use reqwest::Url;

/// An address as it may be shown: `…` stands for the user info.
pub(crate) fn shown(url: &str) -> String {
    let parsed = Url::parse(url).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
    let Some(mut parsed) = parsed else { return hidden(url) };
    if parsed.username().is_empty() && parsed.password().is_none() {
        return url.to_owned();
    }
    // Both can be taken away wherever they can stand.
    let _ = (parsed.set_username(""), parsed.set_password(None));
    parsed.as_str().replacen("://", "://…@", 1)
}

/// A text that may quote addresses, as it may be shown.
pub(crate) fn shown_in(text: &str) -> String {
    text.split_inclusive(|c: char| c.is_whitespace() || "\"'`".contains(c)).map(hidden).collect()
}

/// Hides whatever may be user info in what need not be an address.
fn hidden(text: &str) -> String {
    let (scheme, rest) = match text.split_once("://") {
        Some((scheme, rest)) => (format!("{scheme}://"), rest),
        None => (String::new(), text),
    };
    match rest.rfind('@') {
        Some(at) => format!("{scheme}…{}", &rest[at..]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_user_info_is_hidden() {
        for (url, expected) in [
            ("https://host/a@b/v1.yaml", "https://host/a@b/v1.yaml"),
            ("https://host:1/v1.yaml?a=b@c", "https://host:1/v1.yaml?a=b@c"),
            ("https://token@host/v1.yaml", "https://…@host/v1.yaml"),
            ("https://user:to@ken@host:1/a@b", "https://…@host:1/a@b"),
            ("https://:token@host", "https://…@host/"),
            ("https:token@host/x", "https://…@host/x"),
            // What is no address that is downloaded from.
            ("ftp://user:token@host/x", "ftp://…@host/x"),
            ("https://user:to/ken@host/x", "https://…@host/x"),
            ("user:token@host/x", "…@host/x"),
            ("{version}.yaml", "{version}.yaml"),
        ] {
            assert_eq!(shown(url), expected);
        }
        assert_eq!(
            shown_in("found \"https://user:token@host/x\", and a@b at line 1"),
            "found \"https://…@host/x\", and …@b at line 1"
        );
    }
}
