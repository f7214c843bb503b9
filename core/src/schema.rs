//! Schemas: what a parameter, a body or an answer may look like.

use alloc::borrow::Cow;
use alloc::format;
use core::fmt;

use crate::pack::records::{
    ADDITIONAL_ANY, ADDITIONAL_FORBIDDEN, ADDITIONAL_SCHEMA, DefinitionRecord, List, Pairs,
    SchemaRecord, Tag,
};
use crate::pack::{Pack, Table};
use crate::version::{VersionSet, set_contains};

/// How many references in a row are followed; vendors' definitions may refer to themselves.
const REFERENCE_LIMIT: usize = 32;
/// How many wrappers around each other are looked into.
const WRAPPERS: usize = 8;
/// And of so many parts.
const PARTS: usize = 8;

/// A schema node of one API version.
///
/// Schemas may be cyclic through their named definitions: walk them with a limit of your own.
#[derive(Clone, Copy)]
pub struct Schema<'a> {
    pack: Pack<'a>,
    version: u32,
    node: u32,
}

/// The shape of a [`Schema`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum SchemaKind {
    /// Nothing is said: anything goes.
    Any,
    /// Text.
    String,
    /// A whole number.
    Integer,
    /// A number.
    Number,
    /// `true` or `false`.
    Boolean,
    /// `null`.
    Null,
    /// Bytes.
    File,
    /// A list; see [`Schema::items`].
    Array,
    /// Fields by name; see [`Schema::properties`] and [`Schema::additional`].
    Object,
    /// All parts at once; see [`Schema::parts`].
    AllOf,
    /// Exactly one of the parts; see [`Schema::parts`].
    OneOf,
    /// One or more of the parts; see [`Schema::parts`].
    AnyOf,
    /// A named definition; see [`Schema::definition`] and [`Schema::resolved`].
    Ref,
}

/// What fields an object may have beside its declared properties.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum Additional<'a> {
    /// The spec says nothing.
    Unsaid,
    /// None.
    Forbidden,
    /// Anything.
    Any,
    /// Each like this.
    Schema(Schema<'a>),
}

/// A declared field of an object.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Property<'a> {
    /// The field's name.
    pub name: &'a str,
    /// What it may be.
    pub schema: Schema<'a>,
    /// Whether it must be there.
    pub required: bool,
}

impl<'a> Schema<'a> {
    pub(crate) fn new(pack: Pack<'a>, version: u32, node: u32) -> Self {
        Self { pack, version, node }
    }

    fn record(&self) -> SchemaRecord<'a> {
        SchemaRecord::read(self.pack.record(Table::Schemas, self.node))
    }

    fn at(self, node: u32) -> Self {
        Self { node, ..self }
    }

    /// Returns the shape.
    pub fn kind(&self) -> SchemaKind {
        match self.record().tag() {
            Tag::Any => SchemaKind::Any,
            Tag::String => SchemaKind::String,
            Tag::Integer => SchemaKind::Integer,
            Tag::Number => SchemaKind::Number,
            Tag::Boolean => SchemaKind::Boolean,
            Tag::Null => SchemaKind::Null,
            Tag::File => SchemaKind::File,
            Tag::Array => SchemaKind::Array,
            Tag::Object => SchemaKind::Object,
            Tag::AllOf => SchemaKind::AllOf,
            Tag::OneOf => SchemaKind::OneOf,
            Tag::AnyOf => SchemaKind::AnyOf,
            Tag::Ref => SchemaKind::Ref,
        }
    }

    /// Returns the format as the vendor wrote it (`int64`, `date-time`, `binary`).
    pub fn format(&self) -> Option<&'a str> {
        self.record().format().map(|id| self.pack.text(id))
    }

    /// Returns the only values allowed, as JSON texts; nothing when there is no such list.
    pub fn members(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        let pack = self.pack;
        self.record().members().map(move |id| pack.text(id))
    }

    /// Returns the value that stands in for a missing one, as JSON text.
    pub fn default(&self) -> Option<&'a str> {
        self.record().default().map(|id| self.pack.text(id))
    }

    /// Tells whether `null` is allowed too.
    pub fn nullable(&self) -> bool {
        self.record().nullable()
    }

    /// Returns what the items of an array are.
    pub fn items(&self) -> Option<Self> {
        let record = self.record();
        (record.tag() == Tag::Array).then(|| self.at(record.target()))
    }

    /// Returns the declared fields of an object, sorted by name.
    pub fn properties(&self) -> impl Iterator<Item = Property<'a>> + use<'a> {
        let (schema, record) = (*self, self.record());
        let properties = match record.tag() {
            Tag::Object => record.properties(),
            _ => Pairs::empty(),
        };
        properties.map(move |(name, node)| Property {
            name: schema.pack.text(name >> 1),
            schema: schema.at(node),
            required: name & 1 == 1,
        })
    }

    /// Returns a declared field by its name, looked for through references and the parts of
    /// `allOf`, `oneOf` and `anyOf`.
    pub fn property(self, name: &str) -> Option<Property<'a>> {
        self.property_within(name, &mut 256)
    }

    /// The budget bounds the walk where parts refer to each other in circles.
    fn property_within(self, name: &str, budget: &mut usize) -> Option<Property<'a>> {
        *budget = budget.checked_sub(1)?;
        let schema = self.resolved();
        schema
            .properties()
            .find(|property| property.name == name)
            .or_else(|| schema.parts().find_map(|part| part.property_within(name, budget)))
    }

    /// Returns what undeclared fields of an object may be.
    pub fn additional(&self) -> Additional<'a> {
        let record = self.record();
        if record.tag() != Tag::Object {
            return Additional::Unsaid;
        }
        match record.additional() {
            ADDITIONAL_FORBIDDEN => Additional::Forbidden,
            ADDITIONAL_ANY => Additional::Any,
            schema @ ADDITIONAL_SCHEMA.. => Additional::Schema(self.at(schema - ADDITIONAL_SCHEMA)),
            _ => Additional::Unsaid,
        }
    }

    /// Returns the parts of an `allOf`, `oneOf` or `anyOf`.
    pub fn parts(&self) -> impl Iterator<Item = Self> + use<'a> {
        let (schema, record) = (*self, self.record());
        let parts = match record.tag() {
            Tag::AllOf | Tag::OneOf | Tag::AnyOf => record.parts(),
            _ => List::empty(),
        };
        parts.map(move |node| schema.at(node))
    }

    fn definition_record(&self) -> Option<DefinitionRecord<'a>> {
        let record = self.record();
        (record.tag() == Tag::Ref)
            .then(|| DefinitionRecord::read(self.pack.record(Table::Definitions, record.target())))
    }

    /// Returns the name of the definition that the schema refers to.
    pub fn definition(&self) -> Option<&'a str> {
        self.definition_record().map(|definition| self.pack.text(definition.name))
    }

    /// Returns in which versions the definition that the schema refers to exists.
    pub fn history(&self) -> Option<VersionSet<'a>> {
        let definition = self.definition_record()?;
        let mut set = VersionSet::empty(self.pack);
        definition.variants.for_each(|(versions, _)| set.add(versions));
        Some(set)
    }

    /// Follows references to named definitions until there is something else.
    ///
    /// A definition that only refers to itself, as Podman v5.0.0 has them, says nothing: it
    /// comes back as the reference it is.
    pub fn resolved(self) -> Self {
        let mut schema = self;
        for _ in 0..REFERENCE_LIMIT {
            let Some(definition) = schema.definition_record() else {
                return schema;
            };
            let Some((_, node)) = { definition.variants }
                .find(|&(set, _)| set_contains(self.pack, set, self.version))
            else {
                return schema;
            };
            schema = schema.at(node);
        }
        self
    }

    /// What a schema of one part is around: vendors wrap a reference into an `allOf` to say more about
    /// it, which may be a part that leaves open what it is.
    fn wrapped(self) -> Option<Self> {
        let is_open = |part: Self| {
            self.kind() == SchemaKind::AllOf
                && part.kind() == SchemaKind::Any
                && part.members().next().is_none()
        };
        let mut inner = None;
        for (number, part) in self.parts().map(Self::resolved).enumerate() {
            match inner {
                None => inner = Some(part),
                Some(_) if number < PARTS && is_open(part) => {}
                Some(known) if number < PARTS && is_open(known) => inner = Some(part),
                Some(_) => return None,
            }
        }
        inner
    }

    /// The first of the schema itself and what it is around of which something is true, or else the
    /// innermost; references are followed.
    pub(crate) fn layer(self, is_so: fn(&Self) -> bool) -> Self {
        let mut schema = self.resolved();
        for _ in 0..WRAPPERS {
            match schema.wrapped() {
                Some(inner) if !is_so(&schema) => schema = inner,
                _ => break,
            }
        }
        schema
    }

    /// Returns the type in the words of the specs: `string`, `array`, `object`.
    ///
    /// A reference counts as what it refers to. A schema that does not say is `any`; one that
    /// is made of parts is what its parts are together.
    pub fn type_name(self) -> &'static str {
        match self.layer(|_| false).kind() {
            SchemaKind::String => "string",
            SchemaKind::Integer => "integer",
            SchemaKind::Number => "number",
            SchemaKind::Boolean => "boolean",
            SchemaKind::Null => "null",
            SchemaKind::File => "file",
            SchemaKind::Array => "array",
            SchemaKind::Object | SchemaKind::AllOf => "object",
            SchemaKind::Any | SchemaKind::OneOf | SchemaKind::AnyOf | SchemaKind::Ref => "any",
        }
    }

    /// Returns a short description of the type: `array of string`, `ContainerConfig`,
    /// `array or string`.
    pub fn label(self) -> Cow<'static, str> {
        self.label_within(4, &mut 64)
    }

    /// So deep at most, and of so many parts: what a pack says may be wide.
    fn label_within(self, depth: usize, parts: &mut usize) -> Cow<'static, str> {
        if let Some(name) = self.definition() {
            return Cow::Owned(name.into());
        }
        let Some(depth) = depth.checked_sub(1) else {
            return Cow::Borrowed("…");
        };
        if let Some(items) = self.items() {
            return Cow::Owned(format!("array of {}", items.label_within(depth, parts)));
        }
        if let Additional::Schema(values) = self.additional()
            && self.properties().next().is_none()
        {
            return Cow::Owned(format!("map of {}", values.label_within(depth, parts)));
        }
        if matches!(self.kind(), SchemaKind::OneOf | SchemaKind::AnyOf) {
            let mut text = alloc::string::String::new();
            for part in self.parts() {
                if !text.is_empty() {
                    text.push_str(" or ");
                }
                let Some(left) = parts.checked_sub(1) else {
                    text.push('…');
                    break;
                };
                *parts = left;
                text.push_str(&part.label_within(depth, parts));
            }
            return Cow::Owned(text);
        }
        Cow::Borrowed(self.type_name())
    }
}

#[cfg(feature = "schemas")]
impl<'a> Schema<'a> {
    pub(crate) fn pack(&self) -> Pack<'a> {
        self.pack
    }

    /// The version that it is of, by its number.
    pub(crate) fn version(&self) -> u32 {
        self.version
    }

    /// What tells it from the other schemas of its pack.
    pub(crate) fn node(&self) -> u32 {
        self.node
    }
}

impl fmt::Debug for Schema<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Schema({})", self.label())
    }
}

/// A member or a default as it is shown and sent: JSON's quotes are no part of it.
pub(crate) fn member_text(json: &str) -> &str {
    json.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(json)
}
