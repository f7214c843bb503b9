//! What media types say.

/// A media type without its parameters.
pub(crate) fn essence(media_type: &str) -> &str {
    // By hand: it is asked of each answer.
    let end = media_type.bytes().position(|byte| byte == b';').unwrap_or(media_type.len());
    media_type[..end].trim()
}

/// Tells whether a media type is JSON's: `application/json`, `application/vnd.x+json`, or `*/*`,
/// which leaves it open.
pub fn is_json(media_type: &str) -> bool {
    let essence = essence(media_type);
    is_only_json(essence) || essence == "*/*"
}

/// Tells whether a media type without parameters is JSON's and no other's.
pub(crate) fn is_only_json(essence: &str) -> bool {
    essence.eq_ignore_ascii_case("application/json")
        || essence.len() > 5
            && essence.as_bytes()[essence.len() - 5..].eq_ignore_ascii_case(b"+json")
}

/// Bodies that are fields.
pub(crate) const FORMS: &[&str] = &["application/x-www-form-urlencoded", "multipart/form-data"];
/// Bodies that are no values.
pub(crate) const BINARY: &[&str] =
    &["application/x-tar", "application/tar", "application/octet-stream", "application/gzip"];

pub(crate) fn is_one_of(names: &[&str], media_type: &str) -> bool {
    names.iter().any(|name| name.eq_ignore_ascii_case(essence(media_type)))
}
