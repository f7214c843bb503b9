//! Errors on their way to JavaScript.
//!
//! They cross as the JSON text of an object, which the JavaScript side makes an `Error` of.

use alloc::format;
use alloc::string::String;
use alloc::string::ToString as _;

use contajners_core::stream::DecodeError;
use contajners_core::{ExplainError, NegotiateError, PackError, RawError, ResolveError, quoted};
use wasm_bindgen::JsValue;

use crate::json::Writer;

fn crossing(kind: &str, code: &str, text: &str, hint: &str) -> JsValue {
    let mut out = Writer::default();
    out.object(|out| head(out, kind, code, text, hint));
    out.text.into()
}

fn head(out: &mut Writer, kind: &str, code: &str, text: &str, hint: &str) {
    out.name("kind").string(kind);
    out.name("code").string(code);
    out.name("text").string(text);
    out.name("hint").string(hint);
}

pub(crate) fn config(code: &str, text: &str, hint: &str) -> JsValue {
    crossing("config", code, text, hint)
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
    let mut out = Writer::default();
    out.object(|out| {
        let hint = error.hint().unwrap_or_default();
        head(out, kind, error.code(), &error.to_string(), &hint);
        out.name("operation").optional(error.operation());
        out.name("subject").string(error.name());
        out.name("nearest").strings(error.nearest().iter().map(String::as_str));
    });
    out.text.into()
}

pub(crate) fn explain(error: &ExplainError) -> JsValue {
    let mut out = Writer::default();
    out.object(|out| {
        head(out, "resolve", error.code(), &error.to_string(), error.hint().unwrap_or_default());
        out.name("subject").string(error.reached());
        out.name("nearest").strings(error.nearest().iter().map(String::as_str));
    });
    out.text.into()
}

pub(crate) fn raw(error: RawError, what: &str) -> JsValue {
    let text = format!("{error}: {}", quoted(what));
    crossing("resolve", error.code(), &text, error.hint())
}

pub(crate) fn negotiate(error: &NegotiateError) -> JsValue {
    crossing("negotiate", error.code(), &error.to_string(), &error.hint())
}

pub(crate) fn decode(error: DecodeError) -> JsValue {
    crossing("decode", error.code(), &error.to_string(), "")
}
