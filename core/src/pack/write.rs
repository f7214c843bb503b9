//! Writes packs: the other side of the module `records`.
//!
//! A [`Writer`] collects records table by table and lays them out. It does not decide what
//! goes into them, nor in which order: `contajners-fetch-api` does, and takes care that
//! strings come in the order of their bytes and names in the order of their strings.

use alloc::vec::Vec;

use super::records::{self, Ask, Tag};
use super::{DIRECTORY_LEN, FORMAT_VERSION, HEADER_LEN, MAGIC, STRIDE, Table, checksum};
use crate::request::{Answer, Encoding, ListStyle, Location, Method};

/// The records of a pack to be.
#[derive(Debug, Default)]
pub struct Writer {
    tables: [Vec<Vec<u8>>; Table::ALL.len()],
}

/// How the API version to speak is found; numbers refer to strings. See
/// [`crate::VersionRule`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "as in the type that is read")]
pub enum VersionRule {
    Newest,
    Fixed { version: u32 },
    Header { ping: u32, header: u32 },
    Json { ping: u32, pointer: u32 },
}

/// An operation's fields in some versions; numbers refer to records.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Variant {
    /// The operation id, a string.
    pub id: u32,
    /// The path template, a string.
    pub path: u32,
    /// What a successful answer is.
    pub answer: Answer,
    /// The request body: required or not, schema, media types.
    pub body: Option<(bool, u32, u32)>,
    /// The schema of the body for each of its media types, where they differ.
    pub body_schemas: Vec<u32>,
    /// Media types of the answer.
    pub produces: u32,
    /// The parameters in the vendor's order.
    pub parameters: Vec<u32>,
    /// The documented answers.
    pub responses: Vec<u32>,
}

/// The fields of a schema node; numbers refer to records.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SchemaNode {
    /// `format`, a string.
    pub format: Option<u32>,
    /// `enum`, strings of JSON.
    pub members: Vec<u32>,
    /// `default`, a string of JSON.
    pub default: Option<u32>,
    /// Whether `null` is allowed besides.
    pub nullable: bool,
    /// The shape.
    pub shape: Shape,
}

/// The shape of a schema node; numbers refer to records.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[allow(missing_docs, reason = "the names are JSON schema's own")]
pub enum Shape {
    Any,
    String,
    Integer,
    Number,
    Boolean,
    Null,
    File,
    /// The schema of the items.
    Array(u32),
    /// Properties by name, a string: schema and whether it is required.
    Object {
        additional: Additional,
        properties: Vec<(u32, u32, bool)>,
    },
    AllOf(Vec<u32>),
    OneOf(Vec<u32>),
    AnyOf(Vec<u32>),
    /// The number of a definition.
    Ref(u32),
}

/// A state to wait for in some versions; numbers refer to records.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiter {
    /// Its name, a string.
    pub name: u32,
    /// The versions that have it, a version set.
    pub versions: u32,
    /// The id of the operation to ask, a string.
    pub operation: u32,
    /// Milliseconds between two tries.
    pub every: u32,
    /// Milliseconds for all of them, 0 for no limit.
    pub within: u32,
    /// Where in the answer stands what the state tells: a JSON pointer, a string.
    pub tells: Option<u32>,
    /// Parameters of its own and what the operation calls them, strings.
    pub parameters: Vec<(u32, u32)>,
    /// The conditions; the first that holds decides.
    pub conditions: Vec<Condition>,
}

/// Something that ends a wait; numbers refer to strings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    /// The statuses it is for; none stands for every success.
    pub statuses: Vec<u16>,
    /// What is looked at in the body.
    pub sign: Option<Sign>,
    /// Why it is a failure, when it is one.
    pub failed: Option<u32>,
}

/// What of an answer a condition looks at; numbers refer to strings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sign {
    /// What stands at a JSON pointer is one of these scalars, in JSON.
    Is(u32, Vec<u32>),
    /// Nothing stands at a JSON pointer, or `null`.
    Absent(u32),
    /// Something stands at a JSON pointer.
    Present(u32),
}

/// What undeclared properties may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Additional {
    /// Nothing said.
    Unsaid,
    /// None allowed.
    Forbidden,
    /// Anything.
    Any,
    /// Each as that schema.
    Schema(u32),
}

impl Writer {
    /// Starts with no record at all.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a string; they must come in the order of their bytes, each once.
    pub fn string(&mut self, text: &str) -> u32 {
        self.push(Table::Strings, text.as_bytes().to_vec())
    }

    /// Adds the engine: name (a string), how its version is found, addresses and where the
    /// message of an error stands (strings).
    pub fn engine(
        &mut self,
        name: u32,
        rule: VersionRule,
        addresses: &[u32],
        errors: &[u32],
    ) -> u32 {
        // What a rule does not have is a string that is there anyway.
        let (ask, ping, place) = match rule {
            VersionRule::Newest => (Ask::Newest, name, name),
            VersionRule::Fixed { version } => (Ask::Fixed, name, version),
            VersionRule::Header { ping, header } => (Ask::Header, ping, header),
            VersionRule::Json { ping, pointer } => (Ask::Json, ping, pointer),
        };
        let record = Record::new().u32(name).u32(ask as u32).u32(ping).u32(place);
        self.push(Table::Engine, record.list(addresses).list(errors).0)
    }

    /// Adds an API version, oldest first: name, prefix and documentation URL (strings).
    pub fn version(&mut self, name: u32, prefix: u32, doc_url: u32, namespaces: &[u32]) -> u32 {
        let record = Record::new().u32(name).u32(prefix).u32(doc_url).list(namespaces);
        self.push(Table::Versions, record.0)
    }

    /// Adds a set of versions, given by their numbers in ascending order.
    pub fn version_set(&mut self, versions: &[u32]) -> u32 {
        let mut runs: Vec<(u32, u32)> = Vec::new();
        let mut next = 0;
        for &version in versions {
            match runs.last_mut() {
                Some(run) if version == next => run.1 += 1,
                _ => runs.push((version - next, 1)),
            }
            next = version + 1;
        }
        self.push(Table::VersionSets, Record::new().pairs(runs).0)
    }

    /// Adds an operation id (a string) of an operation; they come in the order of the strings.
    pub fn name(&mut self, id: u32, operation: u32) -> u32 {
        self.push(Table::Names, Record::new().u32(id).u32(operation).0)
    }

    /// Adds an operation: its variants by version set.
    pub fn operation(&mut self, method: Method, variants: &[(u32, u32)]) -> u32 {
        let record = Record::new().u8(method as u8).pairs(variants.iter().copied());
        self.push(Table::Operations, record.0)
    }

    /// Adds what an operation is in some versions.
    pub fn variant(&mut self, variant: &Variant) -> u32 {
        let mut flags = variant.answer as u8;
        if let Some((required, ..)) = variant.body {
            flags |= records::BODY | if required { records::BODY_REQUIRED } else { 0 };
        }
        if !variant.body_schemas.is_empty() {
            flags |= records::BODY_SCHEMAS;
        }
        let mut record = Record::new().u32(variant.id).u32(variant.path).u8(flags);
        if let Some((_, schema, media_types)) = variant.body {
            record = record.u32(schema).u32(media_types);
            if !variant.body_schemas.is_empty() {
                record = record.list(&variant.body_schemas);
            }
        }
        record = record.u32(variant.produces).list(&variant.parameters).list(&variant.responses);
        self.push(Table::Variants, record.0)
    }

    /// Adds a parameter: name (a string), how it is sent, schema.
    pub fn parameter(
        &mut self,
        name: u32,
        (location, required): (Location, bool),
        (encoding, style): (Encoding, ListStyle),
        schema: u32,
    ) -> u32 {
        let bits =
            location as u8 | u8::from(required) << 2 | (encoding as u8) << 3 | (style as u8) << 5;
        self.push(Table::Parameters, Record::new().u32(name).u8(bits).u32(schema).0)
    }

    /// Adds a documented answer: status, schema, headers by name (a string).
    pub fn response(&mut self, status: u16, schema: Option<u32>, headers: &[(u32, u32)]) -> u32 {
        let record = Record::new()
            .u32(u32::from(status))
            .u32(schema.map_or(0, |schema| schema + 1))
            .pairs(headers.iter().copied());
        self.push(Table::Responses, record.0)
    }

    /// Adds a list of media types (strings).
    pub fn media_types(&mut self, types: &[u32]) -> u32 {
        self.push(Table::MediaTypes, Record::new().list(types).0)
    }

    /// Adds a definition: name (a string) and its schemas by version set.
    pub fn definition(&mut self, name: u32, variants: &[(u32, u32)]) -> u32 {
        let record = Record::new().u32(name).pairs(variants.iter().copied());
        self.push(Table::Definitions, record.0)
    }

    /// Adds a schema node.
    pub fn schema(&mut self, node: &SchemaNode) -> u32 {
        let tag = match &node.shape {
            Shape::Any => Tag::Any,
            Shape::String => Tag::String,
            Shape::Integer => Tag::Integer,
            Shape::Number => Tag::Number,
            Shape::Boolean => Tag::Boolean,
            Shape::Null => Tag::Null,
            Shape::File => Tag::File,
            Shape::Array(_) => Tag::Array,
            Shape::Object { .. } => Tag::Object,
            Shape::AllOf(_) => Tag::AllOf,
            Shape::OneOf(_) => Tag::OneOf,
            Shape::AnyOf(_) => Tag::AnyOf,
            Shape::Ref(_) => Tag::Ref,
        };
        let flag = |set: bool, bit: u8| if set { bit } else { 0 };
        let bits = tag as u8
            | flag(node.format.is_some(), records::FORMAT)
            | flag(!node.members.is_empty(), records::MEMBERS)
            | flag(node.default.is_some(), records::DEFAULT)
            | flag(node.nullable, records::NULLABLE);
        let mut record = Record::new().u8(bits);
        if let Some(format) = node.format {
            record = record.u32(format);
        }
        if !node.members.is_empty() {
            record = record.list(&node.members);
        }
        if let Some(default) = node.default {
            record = record.u32(default);
        }
        record = match &node.shape {
            Shape::Array(target) | Shape::Ref(target) => record.u32(*target),
            Shape::AllOf(parts) | Shape::OneOf(parts) | Shape::AnyOf(parts) => record.list(parts),
            Shape::Object { additional, properties } => record
                .u32(match additional {
                    Additional::Unsaid => records::ADDITIONAL_UNSAID,
                    Additional::Forbidden => records::ADDITIONAL_FORBIDDEN,
                    Additional::Any => records::ADDITIONAL_ANY,
                    Additional::Schema(schema) => records::ADDITIONAL_SCHEMA + schema,
                })
                .pairs(
                    properties
                        .iter()
                        .map(|&(name, schema, required)| (name << 1 | u32::from(required), schema)),
                ),
            _ => record,
        };
        self.push(Table::Schemas, record.0)
    }

    /// Adds a waiter; they come in the order of their names' strings.
    pub fn waiter(&mut self, waiter: &Waiter) -> u32 {
        let mut record = Record::new()
            .u32(waiter.name)
            .u32(waiter.versions)
            .u32(waiter.operation)
            .u32(waiter.every)
            .u32(waiter.within)
            .u32(waiter.tells.map_or(0, |pointer| pointer + 1))
            .pairs(waiter.parameters.iter().copied())
            .u32(waiter.conditions.len() as u32);
        for Condition { statuses, sign, failed } in &waiter.conditions {
            let mut bits = match sign {
                None => 0,
                Some(Sign::Is(..)) => 1,
                Some(Sign::Absent(_)) => 2,
                Some(Sign::Present(_)) => 3,
            };
            bits |= if failed.is_some() { records::FAILED } else { 0 };
            bits |= if statuses.is_empty() { 0 } else { records::STATUSES };
            record = record.u8(bits);
            if !statuses.is_empty() {
                let statuses: Vec<u32> = statuses.iter().copied().map(u32::from).collect();
                record = record.list(&statuses);
            }
            record = match sign {
                None => record,
                Some(Sign::Is(pointer, values)) => record.u32(*pointer).list(values),
                Some(Sign::Absent(pointer) | Sign::Present(pointer)) => record.u32(*pointer),
            };
            if let Some(reason) = failed {
                record = record.u32(*reason);
            }
        }
        self.push(Table::Waiters, record.0)
    }

    /// Lays out the pack.
    pub fn finish(self) -> Vec<u8> {
        let mut payload = alloc::vec![0; DIRECTORY_LEN];
        for (table, records) in self.tables.iter().enumerate() {
            let mut index = Vec::new();
            let mut bytes = Vec::new();
            for (number, record) in records.iter().enumerate() {
                if number % STRIDE as usize == 0 {
                    index.extend_from_slice(&(bytes.len() as u32).to_le_bytes());
                }
                bytes = Record(bytes).u32(record.len() as u32).0;
                bytes.extend_from_slice(record);
            }
            payload.extend_from_slice(&index);
            payload.extend_from_slice(&bytes);
            let end = payload.len() as u32;
            let entry = &mut payload[table * 8..][..8];
            entry[..4].copy_from_slice(&(records.len() as u32).to_le_bytes());
            entry[4..].copy_from_slice(&end.to_le_bytes());
        }
        let mut pack = Vec::with_capacity(HEADER_LEN + payload.len());
        pack.extend_from_slice(&MAGIC);
        pack.extend_from_slice(&FORMAT_VERSION.to_le_bytes());
        pack.extend_from_slice(&[0, 0]);
        pack.extend_from_slice(&(payload.len() as u32).to_le_bytes());
        pack.extend_from_slice(&checksum(&payload).to_le_bytes());
        pack.extend_from_slice(&payload);
        pack
    }

    fn push(&mut self, table: Table, record: Vec<u8>) -> u32 {
        let records = &mut self.tables[table as usize];
        records.push(record);
        records.len() as u32 - 1
    }
}

/// A record in the making, in postcard's wire format.
struct Record(Vec<u8>);

impl Record {
    fn new() -> Self {
        Self(Vec::new())
    }

    fn u8(mut self, value: u8) -> Self {
        self.0.push(value);
        self
    }

    fn u32(self, value: u32) -> Self {
        Self(postcard::to_extend(&value, self.0).expect("a vector takes any number of bytes"))
    }

    fn list(self, values: &[u32]) -> Self {
        values.iter().fold(self.u32(values.len() as u32), |record, &value| record.u32(value))
    }

    fn pairs(self, pairs: impl IntoIterator<Item = (u32, u32)>) -> Self {
        let pairs: Vec<_> = pairs.into_iter().collect();
        let record = self.u32(pairs.len() as u32);
        pairs.into_iter().fold(record, |record, (a, b)| record.u32(a).u32(b))
    }
}
