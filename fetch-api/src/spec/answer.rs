//! What a successful answer is, as far as the spec tells.
//!
//! The rule, first match wins:
//!
//! 1. `HEAD` has no body: nothing.
//! 2. An answer 101 is documented: upgrade.
//! 3. The body is described by the first answer from 200 to 299 that has a schema (else by
//!    `default`, when no success is documented):
//!    1. `produces` names a raw or multiplexed stream: frames;
//!    2. `produces` names a stream of JSON documents: JSON lines;
//!    3. the schema says bytes, or `produces` names archives or octet streams and no JSON: bytes;
//!    4. `produces` names JSON, or nothing at all: JSON;
//!    5. `produces` names text: text; else bytes.
//! 4. No schema: the same, if the operation has a `produces` of its own that names something
//!    other than JSON; else, nothing.
//!
//! JSON without a schema counts as nothing because both vendors write it where no body comes.
//! Where an engine does otherwise, the annotations say so.

use super::reader::is_binary;
use crate::model::{Answer, Method, Response, Schema};

/// Derives the answer from the documented ones and from the operation's own `produces`.
pub(super) fn derive(
    method: Method,
    responses: &[Response],
    own: Option<&Vec<String>>,
    all: &[String],
) -> Answer {
    if method == Method::Head {
        return Answer::Nothing;
    }
    if responses.iter().any(|response| response.status == 101) {
        return Answer::Upgrade;
    }
    let success = |response: &&Response| (200..300).contains(&response.status);
    let described = responses.iter().filter(success).find_map(|r| r.schema.as_ref());
    if let Some(schema) = described {
        return by_media_type(Some(schema), all);
    }
    let bodies = responses.iter().filter(success).any(|r| !matches!(r.status, 204 | 205));
    if bodies {
        return match own {
            Some(own) if !own.is_empty() && !own.iter().all(|name| is_json(name)) => {
                by_media_type(None, own)
            }
            _ => Answer::Nothing,
        };
    }
    if responses.iter().any(|response| success(&response)) {
        return Answer::Nothing;
    }
    match responses.iter().find(|response| response.status == 0) {
        Some(Response { schema: Some(schema), .. }) => by_media_type(Some(schema), all),
        _ => Answer::Nothing,
    }
}

fn by_media_type(schema: Option<&Schema>, produces: &[String]) -> Answer {
    // Their case says nothing (RFC 9110, section 8.3.1), nor do parameters here.
    let names = |test: fn(&str) -> bool| {
        produces.iter().any(|name| test(&without_parameters(name).to_ascii_lowercase()))
    };
    if names(|name| name.ends_with("raw-stream") || name.ends_with("multiplexed-stream")) {
        Answer::Frames
    } else if names(|name| ["ndjson", "jsonl", "json-seq"].iter().any(|end| name.ends_with(end))) {
        Answer::JsonLines
    } else if schema.is_some_and(is_binary) || names(is_bytes) && !names(is_json) {
        Answer::Bytes
    } else if produces.is_empty() || names(is_json) {
        Answer::Json
    } else if names(|name| name.starts_with("text/")) {
        Answer::Text
    } else {
        Answer::Bytes
    }
}

/// As the core has it, but for what leaves it open: that is not said to be JSON.
pub(super) fn is_json(media_type: &str) -> bool {
    media_type != "*/*" && contajners_core::is_json(media_type)
}

pub(super) const MULTIPART: &str = "multipart/form-data";
pub(super) const URLENCODED: &str = "application/x-www-form-urlencoded";

/// Tells which form a media type is, if it is one.
pub(super) fn form_of(media_type: &str) -> Option<&'static str> {
    let essence = without_parameters(media_type);
    [MULTIPART, URLENCODED].into_iter().find(|form| form.eq_ignore_ascii_case(essence))
}

/// A media type without what stands behind it, such as a charset.
fn without_parameters(media_type: &str) -> &str {
    media_type.split(';').next().unwrap_or_default().trim()
}

fn is_bytes(media_type: &str) -> bool {
    matches!(
        media_type,
        "application/octet-stream" | "application/x-tar" | "application/tar" | "application/gzip"
    )
}
