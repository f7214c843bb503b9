//! Addresses without what only the server should know.
//!
//! A user, a password or a token may stand before the host (`https://token@host/`) or in the query
//! (`?token=…`). It goes into the request, and into nothing that is printed; the
//! cache keeps a digest.

use reqwest::Url;

/// An address as it may be shown: `…` stands for the user info and for a query.
pub(crate) fn shown(url: &str) -> String {
    match url.split_once('?') {
        Some((before, _)) => format!("{}?…", without_user(before)),
        None => without_user(url),
    }
}

fn without_user(url: &str) -> String {
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

/// Hides whatever may be user info, or the query of an address, in what need not be one.
fn hidden(text: &str) -> String {
    let Some((scheme, rest)) = text.split_once("://") else { return without_at(text) };
    let Some((before, query)) = rest.split_once('?') else {
        return format!("{scheme}://{}", without_at(rest));
    };
    // What a text goes on with behind an address stands behind a quote or a space.
    let end = query.trim_end_matches(|c: char| c.is_whitespace() || "\"'`".contains(c)).len();
    format!("{scheme}://{}?…{}", without_at(before), &query[end..])
}

fn without_at(text: &str) -> String {
    text.rfind('@').map_or_else(|| text.to_owned(), |at| format!("…{}", &text[at..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn user_info_and_queries_are_hidden() {
        for (url, expected) in [
            ("https://host/a@b/v1.yaml", "https://host/a@b/v1.yaml"),
            ("https://host:1/v1.yaml?a=b@c", "https://host:1/v1.yaml?…"),
            ("https://user:token@host/v1.yaml?token=t", "https://…@host/v1.yaml?…"),
            ("ftp://user@host/x?token=t", "ftp://…@host/x?…"),
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
            shown_in("found \"https://user:token@host/x?t=u\", and a@b? at line 1"),
            "found \"https://…@host/x?…\", and …@b? at line 1"
        );
    }
}
