//! What a spec says, in the compiler's own words.
//!
//! The readers in [`crate::spec`] produce a [`Model`] per API version, the
//! annotations mend it, and [`crate::lower`] turns all versions of an engine
//! into one pack. Upstream spelling is kept throughout: names, paths and
//! templates stand here exactly as the vendor wrote them.

use std::collections::BTreeMap;

use serde_json::Value;

pub use contajners_core::{Answer, Encoding, ListStyle, Location, Method};

/// What the map of sources says of an engine as a whole.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Engine {
    /// The engine's name: the key in the map and the pack's file stem.
    pub name: String,
    /// Where the engine usually listens, most likely first (`unix:///var/run/docker.sock`).
    pub addresses: Vec<String>,
    /// How the API version to speak is found.
    pub negotiation: Negotiation,
    /// Where in the JSON of an error its message stands, as JSON pointers, the most telling
    /// first (`/message`).
    pub errors: Vec<String>,
}

/// How the API version to speak with a running engine is found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Negotiation {
    /// It cannot be asked: the newest has to do.
    #[default]
    Newest,
    /// It is always this one.
    Fixed(String),
    /// The answer to a path (`/_ping`) has it in a header (`Api-Version`).
    Header {
        /// The path to ask, without any version.
        ping: String,
        /// The header.
        header: String,
    },
    /// The answer to a path is JSON that has it at a JSON pointer.
    Json {
        /// The path to ask, as it goes over the wire.
        ping: String,
        /// The pointer (`/version`).
        pointer: String,
    },
}

/// One version of an engine's API.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Model {
    /// The version as the map of sources spells it (`v1.41`).
    pub version: String,
    /// What stands before every path: the map's `prefix` template (`/{version}`) with the
    /// version left as a placeholder, else the spec's own `basePath`; may be empty.
    pub prefix: String,
    /// The map's documentation URL template, with `{version}` and `{operation}` left in.
    pub doc_url: String,
    /// The map's namespaces (`/libpod`), longest first.
    pub namespaces: Vec<String>,
    /// All operations, in the order of the file.
    pub operations: Vec<Operation>,
    /// The named schemas that [`Kind::Ref`] refers to.
    pub definitions: BTreeMap<String, Schema>,
    /// The states that can be waited for, by name; the annotations say them.
    pub waiters: BTreeMap<String, Waiter>,
}

impl Model {
    /// Makes the default of each header what is sent where nothing is given; what cannot be sent
    /// is none. For this the type and the list style count, so it comes after the annotations.
    pub fn write_defaults(&mut self) {
        let parameters = self.operations.iter_mut().flat_map(|own| &mut own.parameters);
        for parameter in parameters.filter(|own| own.location == Location::Header) {
            parameter.schema.default = parameter.sent_default().unwrap_or_default();
        }
    }
}

/// A state to wait for: an operation to ask again and again, and what of its answers decides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiter {
    /// The id of the operation to ask.
    pub operation: String,
    /// Parameters by names of the waiter's own, each with the operation's name for it.
    pub parameters: Vec<(String, String)>,
    /// Milliseconds between two tries.
    pub every: u32,
    /// Milliseconds for all of them, when nothing else is said; 0 for no limit.
    pub within: u32,
    /// Where in the answer stands what the state tells, as a JSON pointer (`/State/ExitCode`).
    pub tells: Option<String>,
    /// What ends a wait; the first that holds decides.
    pub conditions: Vec<Condition>,
}

/// Something that ends a wait when it holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    /// The statuses of the answers that it is for; none stands for every success.
    pub statuses: Vec<u16>,
    /// What is looked at in the body; `None` when the status says it all.
    pub sign: Option<Sign>,
    /// Why the wait has failed; `None` when the state is reached.
    pub failed: Option<String>,
}

/// What a [`Condition`] looks at in the body of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sign {
    /// What stands at a JSON pointer is one of these scalars, as JSON texts.
    Is(String, Vec<String>),
    /// Nothing stands at a JSON pointer, or `null`.
    Absent(String),
    /// Something stands at a JSON pointer.
    Present(String),
}

/// One method on one path.
#[derive(Debug, Clone, PartialEq)]
pub struct Operation {
    /// The vendor's `operationId`.
    pub id: String,
    /// The HTTP method.
    pub method: Method,
    /// The path template as written, without the base path (`/containers/{id}/json`).
    pub path: String,
    /// Path-level and operation-level parameters, merged; the body is not among them.
    pub parameters: Vec<Parameter>,
    /// The request body, when the operation takes one.
    pub body: Option<Body>,
    /// Media types of the answer: the operation's own, else the spec's.
    pub produces: Vec<String>,
    /// The documented answers, in the order of their status.
    pub responses: Vec<Response>,
    /// What a successful answer is, as far as spec and annotations tell.
    pub answer: Answer,
    /// The vendor's one-line summary; never part of a pack.
    pub summary: String,
    /// The vendor's description; never part of a pack.
    pub description: String,
}

/// A named input in the path, the query, a header or a form.
#[derive(Debug, Clone, PartialEq)]
pub struct Parameter {
    /// The name as the vendor spells it.
    pub name: String,
    /// Where it goes.
    pub location: Location,
    /// Whether a call without it is refused.
    pub required: bool,
    /// Type, format, enum and default; see [`Model::write_defaults`] for that of a header.
    pub schema: Schema,
    /// How several values are written.
    pub style: ListStyle,
    /// How a structured value becomes text.
    pub encoding: Encoding,
    /// The vendor's description; never part of a pack.
    pub description: String,
}

impl Parameter {
    /// Returns one that may be anything, and may be left out.
    pub(crate) fn any(name: &str, location: Location) -> Self {
        Self {
            name: name.to_owned(),
            location,
            required: false,
            schema: Schema::any(),
            style: ListStyle::Single,
            encoding: Encoding::Plain,
            description: String::new(),
        }
    }

    /// Returns the default of a header as what is sent, as JSON text.
    pub(crate) fn sent_default(&self) -> Result<Option<String>, NoPlainText> {
        let Some(default) = &self.schema.default else { return Ok(None) };
        let is_json = self.encoding == Encoding::Json;
        let text = match serde_json::from_str(default) {
            Ok(Value::Null) | Err(_) => return Ok(None),
            Ok(Value::Array(items)) if !is_json => {
                let separator = self.style.separator(Location::Header).unwrap_or(',').to_string();
                let texts: Vec<String> = items.iter().map(plain).collect();
                texts.join(&separator)
            }
            Ok(value @ Value::String(_)) if is_json => value.to_string(),
            Ok(Value::String(text)) => text,
            // Numbers, and JSON: as they stand.
            Ok(_) => {
                let is_ascii = default.chars().all(|c| matches!(c, ' '..='~'));
                return is_ascii.then(|| Some(default.clone())).ok_or(NoPlainText);
            }
        };
        // It is sent as it stands in the pack, where these would be escaped.
        let is_sendable = |c| matches!(c, ' '..='~') && !matches!(c, '"' | '\\');
        text.chars().all(is_sendable).then(|| Some(format!("\"{text}\""))).ok_or(NoPlainText)
    }
}

/// The default of a header that no header can have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NoPlainText;

/// The text of one value of a list.
fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// A request body.
#[derive(Debug, Clone, PartialEq)]
pub struct Body {
    /// Whether a call without it is refused.
    pub required: bool,
    /// Its schema; [`Schema::any`] when the spec has none.
    pub schema: Schema,
    /// The media types it may have; the first is what is sent by default.
    pub media_types: Vec<String>,
    /// The schema for each of the media types, where they differ, the first being that above; else
    /// none.
    pub schemas: Vec<Schema>,
}

/// One documented answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Response {
    /// The HTTP status; 0 stands for `default`.
    pub status: u16,
    /// The schema of the body, when there is one.
    pub schema: Option<Schema>,
    /// Documented headers of the answer, by name.
    pub headers: Vec<(String, Schema)>,
}

/// A schema node: what a value may be.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Schema {
    /// The shape.
    pub kind: Kind,
    /// `format`, as written; empty when absent.
    pub format: String,
    /// `enum` members as JSON texts (`"running"`, `0`, `{}`), in order.
    pub members: Vec<String>,
    /// `default` as JSON text.
    pub default: Option<String>,
    /// Whether `null` is allowed besides the shape.
    pub nullable: bool,
}

/// The shape of a schema node.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// No type given: anything goes.
    #[default]
    Any,
    /// `string`.
    String,
    /// `integer`.
    Integer,
    /// `number`.
    Number,
    /// `boolean`.
    Boolean,
    /// `null` alone.
    Null,
    /// `file`: bytes of any kind (Swagger 2.0 `type: file`, or `string` with format `binary`
    /// keeps its own kind and format).
    File,
    /// `array` of items.
    Array(Box<Schema>),
    /// `object`.
    Object(Object),
    /// All of the parts at once.
    AllOf(Vec<Schema>),
    /// Exactly one of the parts.
    OneOf(Vec<Schema>),
    /// At least one of the parts.
    AnyOf(Vec<Schema>),
    /// A named definition.
    Ref(String),
}

/// The fields of an object schema.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Object {
    /// Declared fields by name: schema, and whether it must be there.
    pub properties: BTreeMap<String, (Schema, bool)>,
    /// What undeclared fields may be.
    pub additional: Additional,
}

/// `additionalProperties`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Additional {
    /// Nothing said.
    #[default]
    Unsaid,
    /// `false`: none allowed.
    Forbidden,
    /// `true` or an empty schema.
    Any,
    /// Each must match the schema.
    Schema(Box<Schema>),
}

impl Schema {
    /// A schema that allows anything.
    pub fn any() -> Self {
        Self::default()
    }

    /// A schema of the given shape and nothing more.
    pub fn of(kind: Kind) -> Self {
        Self { kind, ..Self::default() }
    }
}
