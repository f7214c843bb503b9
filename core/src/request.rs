//! The vocabulary shared by packs, catalogue and requests.

use alloc::borrow::Cow;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use crate::encode::{base64url, path_segment, query_part};
use crate::resolve::{plain_text, unfit_for_path};
use crate::value::{Value, View};

/// An HTTP method that a spec may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Method {
    /// `GET`
    Get,
    /// `HEAD`
    Head,
    /// `POST`
    Post,
    /// `PUT`
    Put,
    /// `PATCH`
    Patch,
    /// `DELETE`
    Delete,
    /// `OPTIONS`
    Options,
    /// `TRACE`
    Trace,
}

/// Where a parameter goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Location {
    /// A placeholder of the path template.
    Path,
    /// A key of the query.
    Query,
    /// A request header.
    Header,
    /// A field of a form body (Swagger 2.0 `formData`).
    Form,
}

impl Method {
    /// Returns the method as it stands in a request (`GET`).
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Head => "HEAD",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
            Self::Options => "OPTIONS",
            Self::Trace => "TRACE",
        }
    }

    /// Reads a method, in any case; `None` for one that no spec can use.
    pub fn parse(text: &str) -> Option<Self> {
        [
            Self::Get,
            Self::Head,
            Self::Post,
            Self::Put,
            Self::Patch,
            Self::Delete,
            Self::Options,
            Self::Trace,
        ]
        .into_iter()
        .find(|method| method.as_str().eq_ignore_ascii_case(text))
    }

    /// Tells whether the method asks for nothing to change (RFC 9110, section 9.2.1).
    pub fn is_safe(self) -> bool {
        matches!(self, Self::Get | Self::Head | Self::Options | Self::Trace)
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl Location {
    /// Returns the location in the word that specs use (`path`, `query`, `header`).
    pub fn name(self) -> &'static str {
        match self {
            Self::Path => "path",
            Self::Query => "query",
            Self::Header => "header",
            Self::Form => "formData",
        }
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl Answer {
    /// Returns the kind of answer in a word, as the annotations and `doc` spell it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Nothing => "nothing",
            Self::Json => "json",
            Self::JsonLines => "json-lines",
            Self::Text => "text",
            Self::Bytes => "bytes",
            Self::Frames => "frames",
            Self::Upgrade => "upgrade",
        }
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// How several values of one parameter are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
#[non_exhaustive]
pub enum ListStyle {
    /// Takes one value.
    #[default]
    Single,
    /// The key is repeated for each value.
    Multi,
    /// Joined by commas.
    Csv,
    /// Joined by spaces.
    Ssv,
    /// Joined by tabs.
    Tsv,
    /// Joined by `|`.
    Pipes,
    /// An object: the key is repeated with each field in brackets (`filter[name]=x`).
    Deep,
    /// An object: its fields take the place of the key (`name=x`).
    Fields,
}

impl ListStyle {
    /// Returns what sets several values apart in one text; `None` where the key is repeated, which is
    /// no way for a path or a header.
    pub fn separator(self, location: Location) -> Option<char> {
        let is_one = matches!(location, Location::Path | Location::Header);
        match self {
            Self::Multi | Self::Deep | Self::Fields if is_one => Some(','),
            Self::Single | Self::Multi | Self::Deep | Self::Fields => None,
            Self::Csv => Some(','),
            Self::Ssv => Some(' '),
            Self::Tsv => Some('\t'),
            Self::Pipes => Some('|'),
        }
    }
}

/// How a structured value of a parameter becomes text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
#[non_exhaustive]
pub enum Encoding {
    /// The text of the value itself.
    #[default]
    Plain,
    /// JSON text (`filters`, `buildargs`).
    Json,
    /// base64url of JSON text (`X-Registry-Auth`).
    JsonBase64,
}

/// What a successful answer of an operation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
#[non_exhaustive]
pub enum Answer {
    /// No body.
    #[default]
    Nothing,
    /// One JSON document.
    Json,
    /// JSON documents one after another, while the engine works.
    JsonLines,
    /// Plain text.
    Text,
    /// Bytes, such as a tar archive.
    Bytes,
    /// Output of a process: frames of stdout and stderr, or raw bytes with a terminal.
    Frames,
    /// A connection that carries raw bytes both ways after the answer's head.
    Upgrade,
}

/// A request as a transport sends it: everything but the bytes of a streamed body.
///
/// Made by [`crate::Operation::resolve`], or by [`Request::raw`] for what no spec knows.
#[derive(Clone, PartialEq, Eq)]
#[must_use = "a request does nothing until a transport sends it"]
pub struct Request {
    pub(crate) method: Method,
    pub(crate) target: String,
    pub(crate) headers: Vec<(Cow<'static, str>, String)>,
    pub(crate) body: RequestContent,
    pub(crate) answer: Answer,
    pub(crate) operation: Option<String>,
}

/// What a [`Request`] carries.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum RequestContent {
    /// No body: `Content-Length: 0` where the method usually has one.
    Nothing,
    /// Text made from the call's values: JSON or an encoded form.
    Text(String),
    /// The bytes that the caller holds.
    Callers,
}

/// Without the text: it may hold secrets.
impl fmt::Debug for RequestContent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nothing => f.write_str("Nothing"),
            Self::Text(text) => write!(f, "Text({} bytes)", text.len()),
            Self::Callers => f.write_str("Callers"),
        }
    }
}

impl Request {
    /// Makes a request that is sent as it is, for operations that no spec knows.
    ///
    /// The target is the path with its query, as it goes over the wire; it is neither prefixed
    /// with a version nor encoded. [`Request::add_parameter`] encodes what is not known beforehand.
    ///
    /// ```
    /// use contajners_core::{Method, RawError, Request};
    ///
    /// let request = Request::raw(Method::Get, "/v1.41/containers/conny/checkpoints")?;
    /// assert_eq!(request.target(), "/v1.41/containers/conny/checkpoints");
    /// assert_eq!(Request::raw(Method::Get, "/a b"), Err(RawError::Target));
    /// # Ok::<(), RawError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`RawError::Target`] when the target does not begin with `/` or holds a space, a control
    /// character, a `#` or anything else that is not ASCII.
    pub fn raw(method: Method, target: &str) -> Result<Self, RawError> {
        let plain = |byte: u8| byte.is_ascii_graphic() && byte != b'#';
        if !target.starts_with('/') || !target.bytes().all(plain) {
            return Err(RawError::Target);
        }
        Ok(Self {
            method,
            target: target.into(),
            headers: Vec::new(),
            body: RequestContent::Nothing,
            answer: Answer::Json,
            operation: None,
        })
    }

    /// Gives a raw request a parameter: in place of `{name}` in its path, or else in its query.
    ///
    /// It is percent-encoded here, so that a value in the path is exactly one segment. Objects become
    /// JSON, a list repeats the key in the query, and `null` counts as not given.
    ///
    /// ```
    /// use contajners_core::{Method, Request};
    ///
    /// let mut request = Request::raw(Method::Get, "/v1.41/containers/{id}/checkpoints")?;
    /// request.add_parameter("id", &"a b/c")?;
    /// request.add_parameter("dir", &"/var/x&y")?;
    /// assert_eq!(request.target(), "/v1.41/containers/a%20b%2Fc/checkpoints?dir=/var/x%26y");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// A value for the path is a list, an object or `null`, or would change the path: it is empty, `.` or
    /// `..`, or has one of these between slashes.
    pub fn add_parameter(&mut self, name: &str, value: &dyn Value) -> Result<(), PathValueError> {
        let path = self.target.split('?').next().unwrap_or_default();
        let placeholder = format!("{{{name}}}");
        if let Some(at) = path.find(&placeholder) {
            let is_scalar = !matches!(value.view(), View::Array | View::Object);
            let text = plain_text(value);
            if !is_scalar || is_nothing(value) || unfit_for_path(&text).is_some() {
                return Err(PathValueError);
            }
            let mut segment = String::new();
            path_segment(&text, &mut segment);
            self.target.replace_range(at..at + placeholder.len(), &segment);
            return Ok(());
        }
        match value.view() {
            _ if is_nothing(value) => {}
            View::Array => value.items(&mut |item| {
                if !is_nothing(item) {
                    self.add_to_query(name, &plain_text(item));
                }
                true
            }),
            _ => self.add_to_query(name, &plain_text(value)),
        }
        Ok(())
    }

    fn add_to_query(&mut self, name: &str, text: &str) {
        match self.target.find('?') {
            None => self.target.push('?'),
            Some(at) if at + 1 == self.target.len() || self.target.ends_with('&') => {}
            Some(_) => self.target.push('&'),
        }
        query_part(name, &mut self.target);
        self.target.push('=');
        query_part(text, &mut self.target);
    }

    /// Adds a header, or replaces the one of that name.
    ///
    /// # Errors
    ///
    /// [`RawError::Header`] when the name is not a header's or the value holds a control
    /// character (a line break would end the header and begin another).
    pub fn set_header(&mut self, name: &str, value: &str) -> Result<(), RawError> {
        if !is_header_name(name) || !is_header_value(value) {
            return Err(RawError::Header);
        }
        self.put_header(Cow::Owned(name.into()), value.into());
        Ok(())
    }

    /// Sets a header to base64url of a value's JSON, as `X-Registry-Auth` takes it.
    ///
    /// For what is found out after resolving; a value given as a parameter is encoded there.
    ///
    /// ```
    /// use contajners_core::{Method, Request};
    ///
    /// let mut request = Request::raw(Method::Post, "/v1.41/images/create?fromImage=x")?;
    /// request.set_encoded_header("X-Registry-Auth", &"me")?;
    /// assert_eq!(request.headers().next(), Some(("X-Registry-Auth", "Im1lIg==")));
    /// # Ok::<(), contajners_core::RawError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`RawError::Header`] when the name is not a header's.
    pub fn set_encoded_header(&mut self, name: &str, value: &dyn Value) -> Result<(), RawError> {
        let mut text = String::new();
        base64url(value.to_json().as_bytes(), &mut text);
        self.set_header(name, &text)
    }

    pub(crate) fn put_header(&mut self, name: Cow<'static, str>, value: String) {
        match self.headers.iter_mut().find(|(known, _)| known.eq_ignore_ascii_case(&name)) {
            Some((_, old)) => *old = value,
            None => self.headers.push((name, value)),
        }
    }

    /// Announces a body whose bytes the caller hands to the transport.
    ///
    /// # Errors
    ///
    /// [`RawError::Header`] when the media type cannot stand in a header.
    pub fn set_content(&mut self, media_type: &str) -> Result<(), RawError> {
        self.set_header("Content-Type", media_type)?;
        self.body = RequestContent::Callers;
        Ok(())
    }

    /// Sets a text as the body.
    ///
    /// # Errors
    ///
    /// [`RawError::Header`] when the media type cannot stand in a header.
    pub fn set_text(&mut self, media_type: &str, text: String) -> Result<(), RawError> {
        self.set_header("Content-Type", media_type)?;
        self.body = RequestContent::Text(text);
        Ok(())
    }

    /// Sets what a successful answer is taken for.
    pub fn set_answer(&mut self, answer: Answer) {
        self.answer = answer;
    }

    /// Returns the method.
    pub fn method(&self) -> Method {
        self.method
    }

    /// Returns path and query as they go over the wire.
    ///
    /// The query may hold secrets (`buildargs` and `remote` of builds): show [`Request::path`].
    pub fn target(&self) -> &str {
        &self.target
    }

    /// Returns the target without its query, as it goes over the wire.
    ///
    /// ```
    /// use contajners_core::{Method, Request};
    ///
    /// let request = Request::raw(Method::Get, "/v1.41/containers/json?all=true")?;
    /// assert_eq!(request.path(), "/v1.41/containers/json");
    /// # Ok::<(), contajners_core::RawError>(())
    /// ```
    pub fn path(&self) -> &str {
        self.target.split_once('?').map_or(&*self.target, |(path, _)| path)
    }

    /// Returns the headers, `Content-Type` among them when there is a body.
    ///
    /// Credentials are in there as they are sent: see [`is_secret_header`] before showing them.
    pub fn headers(&self) -> impl Iterator<Item = (&str, &str)> {
        self.headers.iter().map(|(name, value)| (&**name, value.as_str()))
    }

    /// Returns what the request carries.
    pub fn content(&self) -> &RequestContent {
        &self.body
    }

    /// Returns what the request carries and leaves it with none.
    pub fn take_content(&mut self) -> RequestContent {
        core::mem::replace(&mut self.body, RequestContent::Nothing)
    }

    /// Returns what a successful answer is, as the catalogue says.
    pub fn answer(&self) -> Answer {
        self.answer
    }

    /// Returns the id of the operation it was resolved from; `None` for a raw request.
    pub fn operation(&self) -> Option<&str> {
        self.operation.as_deref()
    }
}

impl fmt::Debug for Request {
    /// Shows all but the body, the query and the values of secret headers.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let headers: Vec<_> = self
            .headers()
            .map(|(name, value)| (name, if is_secret_header(name) { "(secret)" } else { value }))
            .collect();
        let path = self.path();
        let target =
            if path.len() < self.target.len() { format!("{path}?…") } else { path.into() };
        f.debug_struct("Request")
            .field("method", &self.method)
            .field("target", &target)
            .field("headers", &headers)
            .field("answer", &self.answer)
            .finish_non_exhaustive()
    }
}

/// Tells whether a header carries credentials, which must not be shown or logged: by the last word of
/// its name (`Authorization`, `X-Registry-Auth`, `Set-Cookie`, `X-Vault-Token`, `X-Api-Key`), and
/// `X-Registry-Config`.
pub fn is_secret_header(name: &str) -> bool {
    // Not `rsplit`, which a page would have for this alone.
    let mut last = name;
    while let Some((_, rest)) = last.split_once('-') {
        last = rest;
    }
    ["auth", "authorization", "cookie", "token", "key", "secret", "password"]
        .iter()
        .any(|secret| secret.eq_ignore_ascii_case(last))
        || name.eq_ignore_ascii_case("X-Registry-Config")
}

/// What JSON has no number for is nothing, too.
fn is_nothing(value: &dyn Value) -> bool {
    match value.view() {
        View::Null => true,
        View::Number(number) => !number.is_finite(),
        _ => false,
    }
}

/// Why a part of a raw request cannot be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum RawError {
    /// The target is not a path with a query, as it goes over the wire.
    Target,
    /// The header's name or value cannot be sent.
    Header,
}

impl RawError {
    /// Returns the stable name that scripts and bindings match on.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Target => "invalid-target",
            Self::Header => "invalid-header",
        }
    }

    /// Returns what to do about it.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Target => {
                "it begins with `/`; write a space as `%20`, other text percent-encoded"
            }
            Self::Header => {
                "names are letters, digits and dashes; values hold no control characters"
            }
        }
    }
}

impl fmt::Display for RawError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Target => "the request target is not a path as it goes over the wire",
            Self::Header => "the header cannot be sent",
        })
    }
}

impl core::error::Error for RawError {}

/// Why the value of a parameter cannot stand in a path: it is no scalar, or would change the path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct PathValueError;

impl PathValueError {
    /// Returns the stable name that scripts and bindings match on.
    pub fn code(&self) -> &'static str {
        "invalid-parameter"
    }

    /// Returns what to do about it.
    pub fn hint(&self) -> &'static str {
        "a value in a path is a text or a number, and no segment of it is empty, `.` or `..`"
    }
}

impl fmt::Display for PathValueError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the value of the parameter cannot stand in a path")
    }
}

impl core::error::Error for PathValueError {}

/// Tells whether a header can have this name: a token of RFC 9110, section 5.6.2.
///
/// ```
/// use contajners_core::is_header_name;
///
/// assert!(is_header_name("X-Registry-Auth") && !is_header_name("X Y") && !is_header_name(""));
/// ```
pub fn is_header_name(name: &str) -> bool {
    !name.is_empty()
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
}

/// RFC 9110, section 5.5, less the obsolete: visible ASCII, spaces and tabs. Text beyond ASCII
/// is left out since no two servers agree on its encoding.
pub(crate) fn is_header_value(value: &str) -> bool {
    value.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ' || byte == b'\t')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_of_raw_requests_stay_where_they_belong() {
        let raw = |target: &str| Request::raw(Method::Get, target).unwrap();
        let check = |target: &str, name: &str, value: &dyn Value, expected: &str| {
            let mut request = raw(target);
            request.add_parameter(name, value).unwrap();
            assert_eq!(request.target(), expected);
        };
        check("/a/{b}", "b", &"?c#d%/e", "/a/%3Fc%23d%25%2Fe");
        check("/a/{b}/{b}", "b", &"1", "/a/1/{b}");
        check("/a/{b}", "b", &7, "/a/7");
        check("/a", "b c", &"d&e=f", "/a?b%20c=d%26e%3Df");
        check("/a?", "b", &true, "/a?b=true");
        check("/a?c=d?", "b", &"1", "/a?c=d?&b=1");
        check("/a", "b", &f64::NAN, "/a");
        check("/a?c={b}&", "b", &"1", "/a?c={b}&b=1");
        check("/a/{b}", "", &"1", "/a/{b}?=1");
        for wrong in ["", ".", "..", "a/../b", "/a", "a//b"] {
            assert_eq!(raw("/a/{b}").add_parameter("b", &wrong), Err(PathValueError));
        }
    }

    #[test]
    fn secret_headers_are_known_by_their_names() {
        for secret in
            ["authorization", "X-Registry-Config", "Set-Cookie", "X-Vault-Token", "X-API-Key"]
        {
            assert!(is_secret_header(secret), "{secret}");
        }
        for open in ["", "Host", "X-Tokens", "Content-Type", "Keyring-Size", "X-Config"] {
            assert!(!is_secret_header(open), "{open}");
        }
    }
}
