//! What engines say when they refuse or fail.

use alloc::string::{String, ToString};

use crate::pointer;
use crate::search::split_once;
use crate::value::{Value, View};

/// Longer messages are cut; an error page can be of any size.
const LONGEST: usize = 2000;

/// What takes more than such a document may as values is not looked into.
#[cfg(feature = "serde_json")]
const LARGEST: usize = 1 << 20;

/// The fields that engines put their message in, the most telling first.
const MESSAGE_FIELDS: [&str; 4] = ["message", "error", "fault_message", "cause"];

/// Returns the message of an error body that was JSON.
///
/// Docker sends `{"message"}`, Podman `{"cause","message","response"}`, others `{"error"}` or
/// `{"fault_message"}`. `None` when there is none of these.
pub fn message_of(body: &dyn Value) -> Option<String> {
    MESSAGE_FIELDS.iter().find_map(|field| text_field(body, field)).map(|text| tidy(&text))
}

/// Returns the message of an error body that was JSON, from where the engine's pack says that it
/// stands ([`crate::Pack::error_pointers`]), else as [`message_of`] does. A list of texts, such as
/// an error with its causes, is joined.
pub fn message_in<'p>(
    pointers: impl IntoIterator<Item = &'p str>,
    body: &dyn Value,
) -> Option<String> {
    for pointer in pointers {
        let mut found = String::new();
        pointer::look(body, pointer, &mut |value| match value.view() {
            View::Text(text) => found.push_str(&text),
            View::Array => value.items(&mut |item| {
                if let View::Text(text) = item.view() {
                    if !found.is_empty() {
                        found.push_str(": ");
                    }
                    found.push_str(&text);
                }
                found.len() <= LONGEST * 4
            }),
            _ => {}
        });
        if !found.trim().is_empty() {
            return Some(tidy(&found));
        }
    }
    message_of(body)
}

/// Returns the message of an error body that was not JSON: its text, or the title of an HTML
/// page such as proxies send. Empty when the body says nothing readable.
pub fn message_of_text(body: &str) -> String {
    let text = body.trim();
    let is_html = text.get(..1) == Some("<");
    if !is_html {
        return tidy(text);
    }
    let lower = text.to_ascii_lowercase();
    let title = split_once(&lower, "<title>").and_then(|(_, behind)| {
        let (title, _) = split_once(behind, "</title>")?;
        // The same byte offsets: lowering ASCII moves nothing.
        let from = text.len() - behind.len();
        text.get(from..from + title.len())
    });
    title.map_or_else(|| "an HTML page".into(), |title| tidy(title.trim()))
}

/// Returns the message of an error body, JSON or not.
#[cfg(feature = "serde_json")]
pub fn message(body: &[u8]) -> String {
    message_with([], body)
}

/// Returns the message of an error body, JSON or not, from where the engine's pack says that it
/// stands; see [`message_in`].
#[cfg(feature = "serde_json")]
pub fn message_with<'p>(pointers: impl IntoIterator<Item = &'p str>, body: &[u8]) -> String {
    if crate::stream::fits(body, LARGEST)
        && let Ok(value) = serde_json::from_slice::<serde_json::Value>(body)
        && let Some(message) = message_in(pointers, &value)
    {
        return message;
    }
    message_of_text(&String::from_utf8_lossy(body))
}

/// Returns the error that a message inside a successful stream tells of, if it does.
///
/// Docker reports failed pulls, pushes and builds as `{"errorDetail":{"message"},"error"}` after
/// a 200; `error` is going away there, and Podman sends `error` alone. Docker's own client fails
/// wherever there is an `errorDetail`, with or without a message. Podman's statistics of a container
/// that is not there are `{"Error":{},"Stats":null}`: an error of Go has no fields in JSON. Its events
/// end with what would be the body of an error, `{"message","response":500}`.
pub fn in_band(message: &dyn Value) -> Option<String> {
    let mut detail = None;
    message.fields(&mut |name, value| {
        if matches!(name, "errorDetail" | "Error") && value.view() == View::Object {
            detail = Some(text_field(value, "message"));
        }
        detail.is_none()
    });
    let is_there = detail.is_some();
    let text = detail
        .flatten()
        .or_else(|| text_field(message, "error"))
        .or_else(|| status_at(message, "/response").and_then(|_| text_field(message, "message")));
    match text {
        Some(text) => Some(tidy(&text)),
        None => is_there.then(|| "no reason is given".into()),
    }
}

/// Returns the HTTP status that such an error carries (`errorDetail.code`, `response`), if it is one:
/// builds have the exit status of a command there.
pub fn in_band_status(message: &dyn Value) -> Option<u16> {
    status_at(message, "/errorDetail/code").or_else(|| status_at(message, "/response"))
}

fn status_at(message: &dyn Value, pointer: &str) -> Option<u16> {
    let mut status = None;
    pointer::look(message, pointer, &mut |value| {
        if let View::Integer(code @ 400..=599) = value.view() {
            status = u16::try_from(code).ok();
        }
    });
    status
}

fn text_field(object: &dyn Value, wanted: &str) -> Option<String> {
    let mut found = None;
    object.fields(&mut |name, value| {
        if name == wanted
            && let View::Text(text) = value.view()
            && !text.trim().is_empty()
        {
            found = Some(text.to_string());
        }
        found.is_none()
    });
    found
}

/// One line, without control characters that could play with a terminal.
fn tidy(text: &str) -> String {
    let mut out = String::new();
    for c in text.trim().chars().take(LONGEST) {
        match c {
            '\n' | '\r' | '\t' => {
                if !out.ends_with(' ') {
                    out.push(' ');
                }
            }
            c if c.is_control() => {}
            c => out.push(c),
        }
    }
    if text.trim().chars().nth(LONGEST).is_some() {
        out.push('…');
    }
    out
}

#[cfg(all(test, feature = "serde_json"))]
mod tests {
    use super::*;

    #[test]
    fn finds_the_engines_own_words() {
        let check = |body: &str, expected: &str| assert_eq!(message(body.as_bytes()), expected);
        check(r#"{"message":"No such container: x"}"#, "No such container: x");
        check(r#"{"cause":"c","message":"m","response":404}"#, "m");
        check(r#"{"error":"not found","error_code":404}"#, "not found");
        check("404 page not found\n", "404 page not found");
        check("<html><head><TITLE>502 Bad Gateway</TITLE></head>…", "502 Bad Gateway");
        check("<html>", "an HTML page");
        check("", "");
        check("a\r\n\u{1b}[2Jb", "a [2Jb");
        assert_eq!(message(&[0xff, b'a']), "\u{fffd}a");
        assert_eq!(message("x".repeat(10_000).as_bytes()).chars().count(), LONGEST + 1);
    }

    #[test]
    fn a_pack_may_say_where_the_message_stands() {
        let check = |pointers: &[&str], body: &str, expected: &str| {
            assert_eq!(message_with(pointers.iter().copied(), body.as_bytes()), expected);
        };
        let body = r#"{"error":{"text":"deep"},"message":"flat","causes":["a",1,"b"],"n":7}"#;
        check(&["/error/text"], body, "deep");
        check(&["/none", "/causes"], body, "a: b");
        check(&["/n", "/error"], body, "flat");
        check(&[], body, "flat");
        check(&[""], r#"["the disk","is full"]"#, "the disk: is full");
        check(&[""], "\"plain\"", "plain");
        check(&["/message"], "no JSON", "no JSON");
    }

    #[test]
    fn finds_errors_inside_a_stream() {
        let check = |text: &str, expected: Option<&str>| {
            let value: serde_json::Value = serde_json::from_str(text).unwrap();
            assert_eq!(in_band(&value).as_deref(), expected);
        };
        check(r#"{"errorDetail":{"message":"denied"},"error":"old"}"#, Some("denied"));
        check(r#"{"error":"denied"}"#, Some("denied"));
        check(r#"{"errorDetail":{"code":1},"error":"denied"}"#, Some("denied"));
        check(r#"{"errorDetail":{"code":1}}"#, Some("no reason is given"));
        check(r#"{"errorDetail":{},"error":""}"#, Some("no reason is given"));
        check(r#"{"errorDetail":null,"error":""}"#, None);
        check(r#"{"Error":{},"Stats":null}"#, Some("no reason is given"));
        check(r#"{"Error":null,"Stats":[]}"#, None);
        check(r#"{"cause":"c","message":"no such filter","response":500}"#, Some("no such filter"));
        check(r#"{"message":"fine","response":200}"#, None);
        check(r#"{"message":"hello"}"#, None);
        check(r#"{"status":"Pulling","error":""}"#, None);
        check("[1]", None);
    }

    #[test]
    fn finds_the_status_of_errors_inside_a_stream() {
        let status =
            |text: &str| in_band_status(&serde_json::from_str::<serde_json::Value>(text).unwrap());
        assert_eq!(status(r#"{"errorDetail":{"code":401,"message":"no"}}"#), Some(401));
        assert_eq!(status(r#"{"errorDetail":{"code":1}}"#), None);
        assert_eq!(status(r#"{"code":401,"error":"no"}"#), None);
        assert_eq!(status(r#"{"cause":"c","message":"m","response":500}"#), Some(500));
    }
}
