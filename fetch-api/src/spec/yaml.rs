//! Reads YAML or JSON text into a tree that holds what the compiler looks at, and no more.
//!
//! Most of a spec is prose: descriptions, summaries, examples, extensions. Whether a key is
//! prose depends on where it stands, since fields may well be *named* `description` or
//! `example`; a [`Place`] goes along with the reading and decides. What is left out still
//! leaves its key behind, so that duplicate keys are found everywhere a key was looked at.
//!
//! Specs are untrusted: the text, the depth, the number of nodes and the length of all texts
//! together are limited, aliases included.

use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::fmt;

use memchr::{memchr, memchr_iter, memchr2_iter};
use serde::de::{
    DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor,
};

use super::fault::{At, SpecError, SpecFault, printable};
use super::reader::MAX_FAULTS;

/// The largest text that is read. The largest published spec has 0.8 MiB.
pub const MAX_BYTES: usize = 8 << 20;

/// The most nodes a document may have once its aliases are expanded.
const MAX_NODES: usize = 2_000_000;

/// The most bytes that all texts of a document may have once its aliases are expanded.
const MAX_TEXT: usize = 2 * MAX_BYTES;

/// The most that brackets and bytes of a text may come to when multiplied.
///
/// The YAML reader visits every open bracket at every token, so this product bounds its time:
/// here to a few seconds. The published spec with the most brackets has 414 in 0.46 MB, which
/// is a twentieth.
const MAX_BRACKETS_BY_BYTES: usize = 4_000_000_000;

/// How many block collections may begin on one line. The YAML reader allows a depth of 128, but
/// only looks after it has gathered the whole text as events.
const MAX_INDICATORS: usize = 128;

/// A value in a spec.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Node<'de> {
    /// Stands for prose and unknown keys, which were not read.
    Skipped,
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// Any number.
    Number(serde_json::Number),
    /// A string.
    Text(Cow<'de, str>),
    /// A sequence.
    List(Vec<Node<'de>>),
    /// A mapping, in the order of the text.
    Map(Map<'de>),
}

/// A mapping whose keys are text, whatever they were in YAML.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Map<'de>(Vec<(Cow<'de, str>, Node<'de>)>);

/// Whether summaries and descriptions are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Prose {
    /// Facts only.
    Skip,
    /// Summaries and descriptions of operations and parameters too.
    Keep,
}

/// Where in a spec a node stands, which decides what its keys mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Root,
    Components,
    Paths,
    /// Those with names, which may begin with `x-`, too.
    PathItems,
    PathItem,
    Operation,
    Parameters,
    Parameter,
    Bodies,
    Body,
    Content,
    Medium,
    Responses,
    /// Those with names instead of a status.
    NamedResponses,
    Response,
    Schemas,
    Schema,
    /// Kept as it is: defaults, enums, lists of names.
    Value,
    Skip,
}

/// Reads a text into a tree.
///
/// # Errors
///
/// The text is too large, is empty, an HTML page, no YAML (or JSON), nested too deep, or blown
/// up by aliases.
pub(crate) fn read(text: &[u8], prose: Prose) -> Result<Node<'_>, SpecError> {
    if text.len() > MAX_BYTES {
        return Err(SpecError::TooLarge { limit: MAX_BYTES });
    }
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
    let first = text.iter().copied().find(|byte| !byte.is_ascii_whitespace());
    match first {
        None => return Err(SpecError::Empty),
        Some(b'<') => return Err(SpecError::Html),
        Some(_) => {}
    }
    if let Err(error) = std::str::from_utf8(text) {
        let line = 1 + text[..error.valid_up_to()].iter().filter(|byte| **byte == b'\n').count();
        return Err(SpecError::Syntax(format!("not UTF-8 at line {line}")));
    }
    let state = State { prose, ..State::default() };
    let seed = Seed { place: Place::Root, state: &state };
    let mut no_json = None;
    if first == Some(b'{') {
        // serde_json knows escapes that YAML 1.1 readers do not, such as surrogate pairs.
        let mut json = serde_json::Deserializer::from_slice(text);
        match seed.deserialize(&mut json).and_then(|node| json.end().map(|()| node)) {
            Ok(node) => return Ok(node),
            // YAML's flow style begins like JSON. Of what is neither, JSON gives the better message.
            Err(error) => {
                no_json = looks_like_json(text).then(|| SpecError::Syntax(error.to_string()));
                state.nodes.set(0);
                state.text.set(0);
            }
        }
    }
    if let Err(error) = check_nesting(text) {
        return Err(no_json.unwrap_or(error));
    }
    seed.deserialize(yaml_serde::Deserializer::from_slice(text)).map_err(|error| {
        if let Some(error) = no_json {
            return error;
        }
        if error.location().is_some() {
            return SpecError::Syntax(error.to_string());
        }
        // The limit on aliases knows no place: it is looked for in a second walk.
        let state = State { prose, trail: Some(RefCell::default()), ..State::default() };
        let seed = Seed { place: Place::Root, state: &state };
        let _ = seed.deserialize(yaml_serde::Deserializer::from_slice(text));
        let trail = state.trail.map(RefCell::into_inner).unwrap_or_default();
        SpecError::Syntax(format!("{error} (at #{})", trail.concat()))
    })
}

/// Collects every key that stands twice in one mapping.
pub(crate) fn find_duplicates(node: &Node<'_>, at: At<'_>, faults: &mut Vec<SpecFault>) {
    // No more are told.
    if faults.len() > MAX_FAULTS {
        return;
    }
    match node {
        Node::List(items) => {
            for (index, item) in items.iter().enumerate() {
                find_duplicates(item, at.index(index), faults);
            }
        }
        Node::Map(map) => {
            for key in map.duplicates().into_iter().take(MAX_FAULTS + 1) {
                let what = format!("the key `{}` appears here twice", printable(key));
                faults.push(at.key(key).fault(what));
            }
            for (key, value) in map.iter() {
                find_duplicates(value, at.key(key), faults);
            }
        }
        _ => {}
    }
}

impl<'de> Node<'de> {
    /// Returns the mapping, if it is one.
    pub(crate) fn as_map(&self) -> Option<&Map<'de>> {
        match self {
            Node::Map(map) => Some(map),
            _ => None,
        }
    }

    /// Returns the sequence, if it is one.
    pub(crate) fn as_list(&self) -> Option<&[Node<'de>]> {
        match self {
            Node::List(items) => Some(items),
            _ => None,
        }
    }

    /// Returns a scalar as text: `name: 404` names a thing `404`.
    pub(crate) fn as_text(&self) -> Option<Cow<'_, str>> {
        match self {
            Node::Text(text) => Some(Cow::Borrowed(text)),
            Node::Bool(value) => Some(Cow::Borrowed(if *value { "true" } else { "false" })),
            Node::Number(number) => Some(Cow::Owned(number.to_string())),
            _ => None,
        }
    }

    /// Says what sort of value it is, for messages.
    pub(crate) fn sort(&self) -> &'static str {
        match self {
            Node::Skipped => "something else",
            Node::Null => "null",
            Node::Bool(_) => "a boolean",
            Node::Number(_) => "a number",
            Node::Text(_) => "a text",
            Node::List(_) => "a list",
            Node::Map(_) => "a mapping",
        }
    }

    /// Writes the value as JSON.
    pub(crate) fn to_json(&self) -> String {
        let mut out = String::new();
        self.write_json(&mut out);
        out
    }

    fn write_json(&self, out: &mut String) {
        match self {
            Node::Skipped | Node::Null => out.push_str("null"),
            Node::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
            Node::Number(number) => out.push_str(&number.to_string()),
            Node::Text(text) => push_quoted(text, out),
            Node::List(items) => {
                out.push('[');
                for (index, item) in items.iter().enumerate() {
                    if index > 0 {
                        out.push(',');
                    }
                    item.write_json(out);
                }
                out.push(']');
            }
            Node::Map(map) => {
                out.push('{');
                for (index, (key, value)) in map.iter().enumerate() {
                    if index > 0 {
                        out.push(',');
                    }
                    push_quoted(key, out);
                    out.push(':');
                    value.write_json(out);
                }
                out.push('}');
            }
        }
    }
}

impl<'de> Map<'de> {
    /// Returns the value of a key that was read.
    pub(crate) fn get(&self, key: &str) -> Option<&Node<'de>> {
        self.0.iter().find(|(own, node)| own == key && *node != Node::Skipped).map(|(_, node)| node)
    }

    /// Returns how many keys there are, skipped ones too.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// Returns a key's scalar as text.
    pub(crate) fn text(&self, key: &str) -> Option<Cow<'_, str>> {
        self.get(key).and_then(Node::as_text)
    }

    /// Returns all keys with their values, skipped ones too.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &Node<'de>)> {
        self.0.iter().map(|(key, node)| (key.as_ref(), node))
    }

    fn duplicates(&self) -> Vec<&str> {
        if self.0.len() <= 8 {
            let twice = |i: &usize| self.0[..*i].iter().any(|(key, _)| *key == self.0[*i].0);
            return (1..self.0.len()).filter(twice).map(|i| self.0[i].0.as_ref()).collect();
        }
        let mut keys: Vec<&str> = self.0.iter().map(|(key, _)| key.as_ref()).collect();
        keys.sort_unstable();
        keys.windows(2).filter(|pair| pair[0] == pair[1]).map(|pair| pair[0]).collect()
    }
}

fn push_quoted(text: &str, out: &mut String) {
    // Writing a string as JSON cannot fail.
    let quoted = serde_json::to_string(text).unwrap_or_default();
    // JSON lets the later ones of the control characters stand, packs do not.
    for c in quoted.chars() {
        match c.is_control() {
            true => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            false => out.push(c),
        }
    }
}

/// Tells JSON from YAML's flow style: in JSON a quote or the end follows the first brace.
fn looks_like_json(text: &[u8]) -> bool {
    let mut bytes = text.iter().filter(|byte| !byte.is_ascii_whitespace());
    bytes.next() == Some(&b'{') && matches!(bytes.next(), None | Some(b'"' | b'}'))
}

/// Refuses texts whose nesting would keep the YAML reader busy for longer than any spec does.
///
/// Counts what may open a collection, whether it does or stands in prose: telling them apart
/// takes the reader.
fn check_nesting(text: &[u8]) -> Result<(), SpecError> {
    let before = |position: usize| position.checked_sub(1).map_or(b'\n', |at| text[at]);
    let (mut indicators, mut last) = (0, 0);
    for position in memchr2_iter(b'-', b'?', text) {
        let is_next_blank = text.get(position + 1).is_none_or(u8::is_ascii_whitespace);
        if !is_next_blank || !before(position).is_ascii_whitespace() {
            continue;
        }
        if memchr(b'\n', &text[last..position]).is_some() {
            indicators = 0;
        }
        (indicators, last) = (indicators + 1, position);
        if indicators > MAX_INDICATORS {
            let line = 1 + memchr_iter(b'\n', &text[..position]).count();
            return Err(SpecError::TooDeep { line });
        }
    }
    // Only after these can the reader take a bracket for anything but a part of a word.
    let opens = |&position: &usize| {
        matches!(before(position), b' ' | b'\t' | b'\r' | b'\n' | b'[' | b'{' | b',' | b':' | b'?')
    };
    let brackets = memchr2_iter(b'[', b'{', text).filter(opens).count();
    match brackets.saturating_mul(text.len()) > MAX_BRACKETS_BY_BYTES {
        true => Err(SpecError::TooManyBrackets { brackets, bytes: text.len() }),
        false => Ok(()),
    }
}

impl Place {
    /// What stands under a key of a mapping here.
    fn child(self, key: &str, prose: Prose) -> Self {
        match self {
            Place::Root => match key {
                "paths" => Place::Paths,
                "definitions" => Place::Schemas,
                "parameters" => Place::Parameters,
                "responses" => Place::NamedResponses,
                "components" => Place::Components,
                "swagger" | "openapi" | "basePath" | "consumes" | "produces" | "servers" => {
                    Place::Value
                }
                _ => Place::Skip,
            },
            Place::Components => match key {
                "schemas" => Place::Schemas,
                "parameters" | "headers" => Place::Parameters,
                "responses" => Place::NamedResponses,
                "requestBodies" => Place::Bodies,
                "pathItems" => Place::PathItems,
                _ => Place::Skip,
            },
            Place::Paths if key.starts_with("x-") => Place::Skip,
            Place::Paths | Place::PathItems => Place::PathItem,
            Place::PathItem => match key {
                "get" | "head" | "post" | "put" | "patch" | "delete" | "options" | "trace" => {
                    Place::Operation
                }
                "parameters" => Place::Parameters,
                "$ref" | "servers" => Place::Value,
                _ => Place::Skip,
            },
            Place::Operation => match key {
                "parameters" => Place::Parameters,
                "requestBody" => Place::Body,
                "responses" => Place::Responses,
                "operationId" | "consumes" | "produces" | "servers" => Place::Value,
                "summary" | "description" if prose == Prose::Keep => Place::Value,
                _ => Place::Skip,
            },
            Place::Parameters => Place::Parameter,
            Place::Parameter => match key {
                "schema" => Place::Schema,
                "content" => Place::Content,
                "name" | "in" | "collectionFormat" | "style" | "explode" => Place::Value,
                "description" if prose == Prose::Keep => Place::Value,
                _ => Place::Schema.child(key, prose),
            },
            Place::Bodies => Place::Body,
            Place::Body => match key {
                "content" => Place::Content,
                "required" | "$ref" => Place::Value,
                _ => Place::Skip,
            },
            Place::Content => Place::Medium,
            Place::Medium => match key {
                "schema" => Place::Schema,
                // How the fields of a form are written, by name.
                "encoding" => Place::Parameters,
                _ => Place::Skip,
            },
            Place::Responses if key.starts_with("x-") => Place::Skip,
            Place::Responses | Place::NamedResponses => Place::Response,
            Place::Response => match key {
                "schema" => Place::Schema,
                "content" => Place::Content,
                "headers" => Place::Parameters,
                "$ref" => Place::Value,
                _ => Place::Skip,
            },
            Place::Schemas => Place::Schema,
            Place::Schema => match key {
                "properties" | "patternProperties" | "$defs" => Place::Schemas,
                "items" | "prefixItems" | "allOf" | "oneOf" | "anyOf" | "additionalProperties" => {
                    Place::Schema
                }
                "$ref" | "$dynamicRef" | "type" | "format" | "enum" | "const" | "default"
                | "required" | "nullable" | "x-nullable" | "readOnly" | "writeOnly"
                | "contentMediaType" | "contentEncoding" => Place::Value,
                _ => Place::Skip,
            },
            Place::Value => Place::Value,
            Place::Skip => Place::Skip,
        }
    }

    /// What stands in a sequence here: lists of parameters and schemas keep their meaning.
    fn item(self) -> Self {
        match self {
            Place::Parameters => Place::Parameter,
            other => other,
        }
    }
}

struct State {
    prose: Prose,
    nodes: Cell<usize>,
    text: Cell<usize>,
    /// Where the walk is, as the steps of a JSON pointer, when that is asked for.
    trail: Option<RefCell<Vec<String>>>,
}

impl Default for State {
    fn default() -> Self {
        Self { prose: Prose::Skip, nodes: Cell::new(0), text: Cell::new(0), trail: None }
    }
}

impl State {
    /// Goes one step down, and up again if all went well.
    fn step<T, E>(
        &self,
        step: impl FnOnce() -> String,
        walk: impl FnOnce() -> Result<T, E>,
    ) -> Result<T, E> {
        let Some(trail) = &self.trail else { return walk() };
        trail.borrow_mut().push(format!("/{}", step().replace('~', "~0").replace('/', "~1")));
        let walked = walk()?;
        trail.borrow_mut().pop();
        Ok(walked)
    }

    /// Counts a text, whether it is copied or not: what is made of it later may be.
    fn count_text<E: serde::de::Error>(&self, text: &str) -> Result<(), E> {
        let bytes = self.text.get() + text.len();
        self.text.set(bytes);
        if bytes > MAX_TEXT {
            return Err(E::custom(format_args!("more than {MAX_TEXT} bytes, aliases expanded")));
        }
        Ok(())
    }
}

#[derive(Clone, Copy)]
struct Seed<'s> {
    place: Place,
    state: &'s State,
}

impl Seed<'_> {
    fn count<E: serde::de::Error>(self) -> Result<(), E> {
        let nodes = self.state.nodes.get() + 1;
        self.state.nodes.set(nodes);
        if nodes > MAX_NODES {
            return Err(E::custom(format_args!("more than {MAX_NODES} nodes, aliases expanded")));
        }
        Ok(())
    }
}

impl<'de> DeserializeSeed<'de> for Seed<'_> {
    type Value = Node<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Node<'de>, D::Error> {
        self.count()?;
        if self.place == Place::Skip {
            deserializer.deserialize_ignored_any(IgnoredAny)?;
            return Ok(Node::Skipped);
        }
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Seed<'_> {
    type Value = Node<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value without a tag")
    }

    fn visit_unit<E>(self) -> Result<Node<'de>, E> {
        Ok(Node::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Node<'de>, E> {
        Ok(Node::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Node<'de>, E> {
        Ok(Node::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Node<'de>, E> {
        Ok(Node::Number(value.into()))
    }

    fn visit_i128<E: serde::de::Error>(self, value: i128) -> Result<Node<'de>, E> {
        self.visit_f64(value as f64)
    }

    fn visit_u128<E: serde::de::Error>(self, value: u128) -> Result<Node<'de>, E> {
        self.visit_f64(value as f64)
    }

    fn visit_f64<E>(self, value: f64) -> Result<Node<'de>, E> {
        // JSON has no infinities; they stay what they were in the text, more or less.
        Ok(serde_json::Number::from_f64(value)
            .map_or_else(|| Node::Text(value.to_string().into()), Node::Number))
    }

    fn visit_none<E>(self) -> Result<Node<'de>, E> {
        Ok(Node::Null)
    }

    fn visit_borrowed_str<E: serde::de::Error>(self, value: &'de str) -> Result<Node<'de>, E> {
        self.state.count_text(value)?;
        Ok(Node::Text(Cow::Borrowed(value)))
    }

    fn visit_str<E: serde::de::Error>(self, value: &str) -> Result<Node<'de>, E> {
        self.state.count_text(value)?;
        Ok(Node::Text(Cow::Owned(value.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Node<'de>, A::Error> {
        let item = Seed { place: self.place.item(), ..self };
        let mut items = Vec::new();
        loop {
            let next = || access.next_element_seed(item);
            match self.state.step(|| items.len().to_string(), next)? {
                Some(node) => items.push(node),
                None => return Ok(Node::List(items)),
            }
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Node<'de>, A::Error> {
        let mut entries = Vec::new();
        while let Some(key) = access.next_key_seed(KeySeed(self.state))? {
            if key == "<<" {
                return Err(A::Error::custom("merge keys (`<<`) are not read"));
            }
            let place = self.place.child(&key, self.state.prose);
            let next = || access.next_value_seed(Seed { place, ..self });
            let node = self.state.step(|| key.to_string(), next)?;
            entries.push((key, node));
        }
        Ok(Node::Map(Map(entries)))
    }
}

/// Reads a key as it is written, so `200` and `"200"` are one key and `1.10` stays `1.10`.
struct KeySeed<'s>(&'s State);

impl<'de> DeserializeSeed<'de> for KeySeed<'_> {
    type Value = Cow<'de, str>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Cow<'de, str>, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for KeySeed<'_> {
    type Value = Cow<'de, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a scalar as key")
    }

    fn visit_borrowed_str<E: serde::de::Error>(self, value: &'de str) -> Result<Cow<'de, str>, E> {
        self.0.count_text(value)?;
        Ok(Cow::Borrowed(value))
    }

    fn visit_str<E: serde::de::Error>(self, value: &str) -> Result<Cow<'de, str>, E> {
        self.0.count_text(value)?;
        Ok(Cow::Owned(value.to_owned()))
    }
}
