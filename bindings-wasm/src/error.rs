//! Errors on their way to JavaScript.
//!
//! They cross as an array of kind, code, text, hint, operation, name and the names that may have
//! been meant, which the JavaScript side makes an `Error` of. A text without content is empty.

use contajners_core::stream::DecodeError;
use contajners_core::{NegotiateError, PackError, RawError, ResolveError};
use js_sys::Array;
use wasm_bindgen::JsValue;

fn crossing(kind: &str, code: &str, text: &str, hint: &str) -> Array {
    Array::of4(&kind.into(), &code.into(), &text.into(), &hint.into())
}

pub(crate) fn config(code: &str, text: &str, hint: &str) -> JsValue {
    crossing("config", code, text, hint).into()
}

pub(crate) fn pack(error: PackError) -> JsValue {
    config(error.code(), &error.to_string(), error.hint())
}

/// An error of the version or the category that a client is set up with.
pub(crate) fn setting(error: &ResolveError) -> JsValue {
    of_resolve("config", error)
}

pub(crate) fn resolve(error: &ResolveError) -> JsValue {
    of_resolve("resolve", error)
}

fn of_resolve(kind: &str, error: &ResolveError) -> JsValue {
    let hint = error.hint().unwrap_or_default();
    let array = crossing(kind, error.code(), &error.to_string(), &hint);
    array.push(&error.operation().unwrap_or_default().into());
    array.push(&error.name().into());
    array.push(&error.nearest().iter().map(JsValue::from).collect::<Array>());
    array.into()
}

pub(crate) fn raw(error: RawError, what: &str) -> JsValue {
    let text = format!("{error}: {}", quoted(what));
    crossing("resolve", error.code(), &text, error.hint()).into()
}

pub(crate) fn negotiate(error: &NegotiateError) -> JsValue {
    crossing("negotiate", error.code(), &error.to_string(), &error.hint()).into()
}

pub(crate) fn decode(error: DecodeError) -> JsValue {
    crossing("decode", error.code(), &error.to_string(), "").into()
}

/// Names what a user gave, on one line and of bounded length.
pub(crate) fn quoted(text: &str) -> String {
    const LONGEST: usize = 200;
    let mut out = String::from("`");
    out.extend(text.chars().take(LONGEST).map(|c| if c.is_control() { '\u{fffd}' } else { c }));
    if text.chars().nth(LONGEST).is_some() {
        out.push('…');
    }
    out.push('`');
    out
}
