//! From a call to a request, and from the head of its answer to what the answer is.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use contajners_core::{Body, Content, Method, Outcome, RequestContent, Value};
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

use crate::catalog::Operation;
use crate::error;
use crate::value::{Js, Json};

/// What the body of a call is, as JavaScript gives it: a number, since the names of an enum would
/// be in every page. `catalogue.js` has the same ones.
type Given = u8;
const NOTHING: Given = 0;
/// JSON text of a value.
const JSON: Given = 1;
const TEXT: Given = 2;
// Anything else: bytes, which stay with JavaScript.

/// A request: everything but the bytes of a body.
#[wasm_bindgen]
pub struct Request(contajners_core::Request);

impl Request {
    pub(crate) fn new(request: contajners_core::Request) -> Self {
        Self(request)
    }
}

/// Names and values from what has them in turn.
pub(crate) fn named(values: Vec<JsValue>) -> Vec<(String, Js)> {
    let mut values = values.into_iter();
    let mut named = Vec::new();
    while let (Some(name), Some(value)) = (values.next(), values.next()) {
        named.push((name.as_string().unwrap_or_default(), Js(value)));
    }
    named
}

pub(crate) fn borrowed(named: &[(String, Js)]) -> Vec<(&str, &dyn Value)> {
    named.iter().map(|(name, value)| (&**name, value as &dyn Value)).collect()
}

impl Operation {
    fn resolved(
        &self,
        values: Vec<JsValue>,
        given: Given,
        content: &str,
        media_type: Option<&str>,
    ) -> Result<contajners_core::Request, JsValue> {
        let named = named(values);
        let named = borrowed(&named);
        let json = Json(content);
        let body = match (given, media_type) {
            (NOTHING, _) => Body::Nothing,
            (JSON, _) => Body::Value(&json),
            (TEXT, _) => Body::Value(&content),
            (_, Some(media_type)) => Body::BytesAs(media_type),
            (_, None) => Body::Bytes,
        };
        let mut request = self.0.resolve(&named, body).map_err(|error| error::resolve(&error))?;
        if let (JSON | TEXT, Some(media_type)) = (given, media_type) {
            request
                .set_header("Content-Type", media_type)
                .map_err(|error| error::raw(error, "Content-Type"))?;
        }
        Ok(request)
    }
}

#[wasm_bindgen]
impl Operation {
    /// Resolves a call. The values are names and values in turn; `content` is the text of the
    /// body, if it is of a kind that has one.
    pub fn resolve(
        &self,
        values: Vec<JsValue>,
        given: Given,
        content: Option<String>,
        media_type: Option<String>,
    ) -> Result<Request, JsValue> {
        let content = content.unwrap_or_default();
        self.resolved(values, given, &content, media_type.as_deref()).map(Request)
    }

    /// Resolves a call that is not sent: a summary, as [`Request::summary`], and behind a zero
    /// the text that the request carries, if it does.
    pub fn describe(
        &self,
        values: Vec<JsValue>,
        given: Given,
        content: Option<String>,
        media_type: Option<String>,
    ) -> Result<String, JsValue> {
        let content = content.unwrap_or_default();
        let mut request = self.resolved(values, given, &content, media_type.as_deref())?;
        let text = request.take_content();
        let mut out = Request(request).summary();
        if let RequestContent::Text(text) = text {
            out.push('\0');
            out.push_str(&text);
        }
        Ok(out)
    }
}

#[wasm_bindgen]
impl Request {
    /// Makes a request that no spec knows.
    pub fn raw(
        method: &str,
        target: &str,
        given: Given,
        content: Option<String>,
        media_type: Option<String>,
    ) -> Result<Self, JsValue> {
        let Some(known) = Method::parse(method) else {
            let text = format!("{} is no HTTP method", contajners_core::quoted(method));
            return Err(error::config("invalid-method", &text, "such as `GET` or `POST`"));
        };
        let path = target.split('?').next().unwrap_or_default();
        let mut request = contajners_core::Request::raw(known, target)
            .map_err(|error| error::raw(error, path))?;
        let media_type = media_type.as_deref();
        let set = match (given, content) {
            (NOTHING, _) => Ok(()),
            // Text as it is: whoever gives JSON has made it.
            (JSON | TEXT, Some(text)) => {
                request.set_text(media_type.unwrap_or("application/json"), text)
            }
            _ => request.set_content(media_type.unwrap_or("application/octet-stream")),
        };
        set.map_err(|error| error::raw(error, "Content-Type"))?;
        Ok(Self(request))
    }

    /// What is known of the request, a line each: method, target, what a successful answer is,
    /// `safe` when the request asks for no change, the operation's id; then names and values of the headers in turn.
    ///
    /// None of these can hold a line break, and one text crosses faster than many.
    pub fn summary(&self) -> String {
        let request = &self.0;
        let mut out = String::with_capacity(128);
        let head = [
            request.method().as_str(),
            request.target(),
            request.answer().name(),
            if request.is_safe_to_repeat() { "safe" } else { "" },
            request.operation().unwrap_or_default(),
        ];
        let headers = request.headers().flat_map(|(name, value)| [name, value]);
        for line in head.into_iter().chain(headers) {
            out.push_str(line);
            out.push('\n');
        }
        out.pop();
        out
    }

    /// The text that the request carries; none when it carries nothing, or the caller's bytes.
    #[wasm_bindgen(getter)]
    pub fn text(&self) -> Option<String> {
        match self.0.content() {
            RequestContent::Text(text) => Some(text.clone()),
            _ => None,
        }
    }

    /// Whether the connection can become a socket.
    #[wasm_bindgen(getter, js_name = mayOpenSocket)]
    pub fn may_open_socket(&self) -> bool {
        self.0.may_open_socket()
    }

    /// Adds a header, or replaces the one of that name.
    #[wasm_bindgen(js_name = setHeader)]
    pub fn set_header(&mut self, name: &str, value: &str) -> Result<(), JsValue> {
        self.0.set_header(name, value).map_err(|error| error::raw(error, name))
    }

    /// What an answer with this head is: `redirect`, `failure`, or what its body is.
    /// `allowed` errors are as their bodies are.
    pub fn outcome(&self, status: u16, content_type: Option<String>, allowed: bool) -> String {
        let name = match self.0.outcome(status, content_type.as_deref()) {
            // Looked into as messages are, of which one alone is a value all the same.
            Outcome::Success(content) if self.0.may_fail_inside(content) => "json-lines",
            Outcome::Success(content) => name_of(content),
            Outcome::Redirect => "redirect",
            _ if allowed => name_of(contajners_core::content_of_error(content_type.as_deref())),
            _ => "failure",
        };
        name.into()
    }
}

fn name_of(content: Content) -> &'static str {
    match content {
        Content::Nothing => "nothing",
        Content::Json => "json",
        Content::JsonLines => "json-lines",
        Content::Text => "text",
        Content::Frames => "frames",
        Content::Output => "output",
        Content::Duplex => "duplex",
        // Whatever else there will be: its bytes can be had.
        _ => "bytes",
    }
}
