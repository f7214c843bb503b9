//! The vocabulary shared by packs, catalogue and requests.

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
