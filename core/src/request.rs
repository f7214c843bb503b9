//! The vocabulary shared by packs, catalogue and requests.

use core::fmt;

/// An HTTP method that a spec may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
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
}

/// How a structured value of a parameter becomes text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
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
