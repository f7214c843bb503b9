//! The records of each table: what a cursor finds in them, in which order.
//!
//! The writing side of each record stands in [`super::write`].

use super::Cursor;
use crate::request::{Answer, Encoding, ListStyle, Location, Method};

/// A run of numbers in a record.
#[derive(Debug, Clone, Copy)]
pub(crate) struct List<'a> {
    cursor: Cursor<'a>,
    left: u32,
}

impl<'a> List<'a> {
    /// Reads the count at the cursor; the list lies from there to the end of the record.
    fn tail(mut cursor: Cursor<'a>) -> Self {
        let left = cursor.count();
        Self { cursor, left }
    }

    /// Reads the list at the cursor and moves the cursor behind it.
    fn here(cursor: &mut Cursor<'a>) -> Self {
        let list = Self::tail(*cursor);
        *cursor = list.end();
        list
    }

    /// The cursor behind the list.
    pub(crate) fn end(mut self) -> Cursor<'a> {
        while self.next().is_some() {}
        self.cursor
    }

    pub(crate) fn empty() -> Self {
        Self { cursor: Cursor::nowhere(), left: 0 }
    }
}

impl Iterator for List<'_> {
    type Item = u32;

    fn next(&mut self) -> Option<u32> {
        self.left = self.left.checked_sub(1)?;
        let value = self.cursor.u32();
        (!self.cursor.failed()).then_some(value)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (0, Some(self.left as usize))
    }
}

/// A run of pairs of numbers in a record.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pairs<'a>(List<'a>);

impl<'a> Pairs<'a> {
    /// Like [`List::tail`]; the count is that of pairs.
    pub(crate) fn tail(mut cursor: Cursor<'a>) -> Self {
        let left = cursor.count().saturating_mul(2);
        Self(List { cursor, left })
    }

    pub(crate) fn end(self) -> Cursor<'a> {
        self.0.end()
    }

    pub(crate) fn empty() -> Self {
        Self(List::empty())
    }
}

impl Iterator for Pairs<'_> {
    type Item = (u32, u32);

    fn next(&mut self) -> Option<(u32, u32)> {
        Some((self.0.next()?, self.0.next()?))
    }
}

/// The engine as a whole; table `engine` has one.
pub(crate) struct EngineRecord<'a> {
    pub(crate) name: u32,
    /// How the version is found; see [`Ask`].
    pub(crate) ask: u32,
    pub(crate) ping: u32,
    /// The header, the pointer or the version.
    pub(crate) place: u32,
    addresses: Cursor<'a>,
}

/// How the API version is found, as stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Ask {
    Newest,
    Fixed,
    Header,
    Json,
}

impl Ask {
    pub(crate) fn from_number(number: u32) -> Option<Self> {
        [Self::Newest, Self::Fixed, Self::Header, Self::Json].get(number as usize).copied()
    }
}

impl<'a> EngineRecord<'a> {
    pub(crate) fn read(mut cursor: Cursor<'a>) -> Self {
        Self {
            name: cursor.u32(),
            ask: cursor.u32(),
            ping: cursor.u32(),
            place: cursor.u32(),
            addresses: cursor,
        }
    }

    pub(crate) fn addresses(&self) -> List<'a> {
        List::tail(self.addresses)
    }

    /// Where the message of an error stands.
    pub(crate) fn errors(&self) -> List<'a> {
        List::tail(self.addresses().end())
    }
}

/// One API version.
pub(crate) struct VersionRecord<'a> {
    pub(crate) name: u32,
    pub(crate) prefix: u32,
    pub(crate) doc_url: u32,
    namespaces: Cursor<'a>,
}

impl<'a> VersionRecord<'a> {
    pub(crate) fn read(mut cursor: Cursor<'a>) -> Self {
        Self { name: cursor.u32(), prefix: cursor.u32(), doc_url: cursor.u32(), namespaces: cursor }
    }

    pub(crate) fn namespaces(&self) -> List<'a> {
        List::tail(self.namespaces)
    }
}

/// An operation id and the operation that has it in some version; sorted by the id's number.
pub(crate) struct NameRecord {
    pub(crate) id: u32,
    pub(crate) operation: u32,
}

impl NameRecord {
    pub(crate) fn read(mut cursor: Cursor<'_>) -> Self {
        Self::here(&mut cursor)
    }

    /// Reads the record at the cursor and moves the cursor behind it.
    pub(super) fn here(cursor: &mut Cursor<'_>) -> Self {
        Self { id: cursor.u32(), operation: cursor.u32() }
    }
}

/// A method on a path: its variants, each with the set of versions it stands in.
pub(crate) struct OperationRecord<'a> {
    pub(crate) method: Method,
    pub(crate) variants: Pairs<'a>,
}

impl<'a> OperationRecord<'a> {
    pub(crate) fn read(mut cursor: Cursor<'a>) -> Self {
        let method = Method::from_bits(cursor.u8());
        Self { method, variants: Pairs::tail(cursor) }
    }
}

/// Bits beside the answer in a variant's flags.
pub(crate) const BODY: u8 = 0x10;
pub(crate) const BODY_REQUIRED: u8 = 0x20;
/// The body has a schema for each of its media types.
pub(crate) const BODY_SCHEMAS: u8 = 0x40;

/// What an operation is in some versions.
#[derive(Debug, Clone, Copy)]
pub(crate) struct VariantRecord<'a> {
    pub(crate) id: u32,
    pub(crate) path: u32,
    flags: u8,
    pub(crate) body_schema: u32,
    pub(crate) body_media_types: u32,
    body_schemas: List<'a>,
    pub(crate) produces: u32,
    lists: Cursor<'a>,
}

impl<'a> VariantRecord<'a> {
    pub(crate) fn read(mut cursor: Cursor<'a>) -> Self {
        let (id, path, flags) = (cursor.u32(), cursor.u32(), cursor.u8());
        let has_body = flags & BODY != 0;
        let mut body = || if has_body { cursor.u32() } else { 0 };
        let (body_schema, body_media_types) = (body(), body());
        let body_schemas = match flags & (BODY | BODY_SCHEMAS) == BODY | BODY_SCHEMAS {
            true => List::here(&mut cursor),
            false => List::empty(),
        };
        let produces = cursor.u32();
        Self {
            id,
            path,
            flags,
            body_schema,
            body_media_types,
            body_schemas,
            produces,
            lists: cursor,
        }
    }

    pub(crate) fn answer(&self) -> Answer {
        Answer::from_bits(self.flags)
    }

    /// Tells whether each of the flags means something.
    pub(super) fn is_known(&self) -> bool {
        let answer_and_flags = self.answer() as u8 | BODY | BODY_REQUIRED | BODY_SCHEMAS;
        self.flags & !answer_and_flags == 0
    }

    pub(crate) fn has_body(&self) -> bool {
        self.flags & BODY != 0
    }

    pub(crate) fn body_required(&self) -> bool {
        self.flags & BODY_REQUIRED != 0
    }

    /// The schema of the body for each of its media types; none when it is always the same.
    pub(crate) fn body_schemas(&self) -> List<'a> {
        self.body_schemas
    }

    pub(crate) fn parameters(&self) -> List<'a> {
        List::tail(self.lists)
    }

    pub(crate) fn responses(&self) -> List<'a> {
        List::tail(self.parameters().end())
    }
}

/// A named input of an operation.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ParameterRecord {
    pub(crate) name: u32,
    bits: u8,
    pub(crate) schema: u32,
}

impl ParameterRecord {
    pub(crate) fn read(mut cursor: Cursor<'_>) -> Self {
        Self::here(&mut cursor)
    }

    /// Reads the record at the cursor and moves the cursor behind it.
    pub(super) fn here(cursor: &mut Cursor<'_>) -> Self {
        Self { name: cursor.u32(), bits: cursor.u8(), schema: cursor.u32() }
    }

    /// Tells whether each of the bits means something.
    pub(super) fn is_known(self) -> bool {
        self.bits >> 3 & 3 != 3
    }

    pub(crate) fn location(self) -> Location {
        match self.bits & 3 {
            0 => Location::Path,
            1 => Location::Query,
            2 => Location::Header,
            _ => Location::Form,
        }
    }

    pub(crate) fn required(self) -> bool {
        self.bits & 4 != 0
    }

    pub(crate) fn encoding(self) -> Encoding {
        match self.bits >> 3 & 3 {
            1 => Encoding::Json,
            2 => Encoding::JsonBase64,
            _ => Encoding::Plain,
        }
    }

    pub(crate) fn style(self) -> ListStyle {
        match self.bits >> 5 {
            1 => ListStyle::Multi,
            2 => ListStyle::Csv,
            3 => ListStyle::Ssv,
            4 => ListStyle::Tsv,
            5 => ListStyle::Pipes,
            6 => ListStyle::Deep,
            7 => ListStyle::Fields,
            _ => ListStyle::Single,
        }
    }
}

/// A documented answer.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ResponseRecord<'a> {
    pub(crate) status: u32,
    schema: u32,
    headers: Cursor<'a>,
}

impl<'a> ResponseRecord<'a> {
    pub(crate) fn read(mut cursor: Cursor<'a>) -> Self {
        Self { status: cursor.u32(), schema: cursor.u32(), headers: cursor }
    }

    pub(crate) fn schema(&self) -> Option<u32> {
        self.schema.checked_sub(1)
    }

    /// Header names and schemas.
    pub(crate) fn headers(&self) -> Pairs<'a> {
        Pairs::tail(self.headers)
    }
}

/// A list of media types, from the `media types` table.
pub(crate) fn media_types(cursor: Cursor<'_>) -> List<'_> {
    List::tail(cursor)
}

/// A named schema: its variants, each with the set of versions it stands in.
pub(crate) struct DefinitionRecord<'a> {
    pub(crate) name: u32,
    pub(crate) variants: Pairs<'a>,
}

impl<'a> DefinitionRecord<'a> {
    pub(crate) fn read(mut cursor: Cursor<'a>) -> Self {
        Self { name: cursor.u32(), variants: Pairs::tail(cursor) }
    }
}

/// Bits beside the kind in a schema's first byte.
pub(crate) const FORMAT: u8 = 0x10;
pub(crate) const MEMBERS: u8 = 0x20;
pub(crate) const DEFAULT: u8 = 0x40;
pub(crate) const NULLABLE: u8 = 0x80;

/// Kinds of schema nodes, as stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Tag {
    Any,
    String,
    Integer,
    Number,
    Boolean,
    Null,
    File,
    Array,
    Object,
    AllOf,
    OneOf,
    AnyOf,
    Ref,
}

impl Tag {
    fn from_bits(bits: u8) -> Self {
        const TAGS: [Tag; 13] = [
            Tag::Any,
            Tag::String,
            Tag::Integer,
            Tag::Number,
            Tag::Boolean,
            Tag::Null,
            Tag::File,
            Tag::Array,
            Tag::Object,
            Tag::AllOf,
            Tag::OneOf,
            Tag::AnyOf,
            Tag::Ref,
        ];
        TAGS.get(usize::from(bits & 0x0f)).copied().unwrap_or(Tag::Any)
    }
}

/// What additional properties an object node allows, as stored.
#[cfg(feature = "write")]
pub(crate) const ADDITIONAL_UNSAID: u32 = 0;
pub(crate) const ADDITIONAL_FORBIDDEN: u32 = 1;
pub(crate) const ADDITIONAL_ANY: u32 = 2;
/// This and above: the schema's number, added.
pub(crate) const ADDITIONAL_SCHEMA: u32 = 3;

/// A schema node.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SchemaRecord<'a> {
    bits: u8,
    format: u32,
    members: List<'a>,
    default: u32,
    shape: Cursor<'a>,
}

impl<'a> SchemaRecord<'a> {
    pub(crate) fn read(mut cursor: Cursor<'a>) -> Self {
        let bits = cursor.u8();
        let format = if bits & FORMAT != 0 { cursor.u32() } else { 0 };
        let members = if bits & MEMBERS != 0 { List::here(&mut cursor) } else { List::empty() };
        let default = if bits & DEFAULT != 0 { cursor.u32() } else { 0 };
        Self { bits, format, members, default, shape: cursor }
    }

    pub(crate) fn tag(&self) -> Tag {
        Tag::from_bits(self.bits)
    }

    /// Tells whether the kind is one of those that there are.
    pub(super) fn is_known(&self) -> bool {
        self.bits & 0x0f == self.tag() as u8
    }

    /// The cursor behind what the kind needs.
    pub(super) fn end(&self) -> Cursor<'a> {
        match self.tag() {
            Tag::Array | Tag::Ref => {
                let mut shape = self.shape;
                shape.u32();
                shape
            }
            Tag::AllOf | Tag::OneOf | Tag::AnyOf => self.parts().end(),
            Tag::Object => self.properties().end(),
            _ => self.shape,
        }
    }

    pub(crate) fn nullable(&self) -> bool {
        self.bits & NULLABLE != 0
    }

    pub(crate) fn format(&self) -> Option<u32> {
        (self.bits & FORMAT != 0).then_some(self.format)
    }

    pub(crate) fn default(&self) -> Option<u32> {
        (self.bits & DEFAULT != 0).then_some(self.default)
    }

    pub(crate) fn members(&self) -> List<'a> {
        self.members
    }

    /// The items of an array, or the definition of a reference.
    pub(crate) fn target(&self) -> u32 {
        let mut shape = self.shape;
        shape.u32()
    }

    /// The parts of an `allOf`, `oneOf` or `anyOf`.
    pub(crate) fn parts(&self) -> List<'a> {
        List::tail(self.shape)
    }

    /// What additional properties an object allows.
    pub(crate) fn additional(&self) -> u32 {
        let mut shape = self.shape;
        shape.u32()
    }

    /// The properties of an object: name doubled plus one if required, and schema.
    pub(crate) fn properties(&self) -> Pairs<'a> {
        let mut shape = self.shape;
        shape.u32();
        Pairs::tail(shape)
    }
}

/// A state to wait for, in some versions; sorted by the name's number.
#[derive(Debug, Clone, Copy)]
pub(crate) struct WaiterRecord<'a> {
    pub(crate) name: u32,
    pub(crate) versions: u32,
    pub(crate) operation: u32,
    /// Milliseconds between two tries.
    pub(crate) every: u32,
    /// Milliseconds for all of them, 0 for no limit.
    pub(crate) within: u32,
    tells: u32,
    lists: Cursor<'a>,
}

impl<'a> WaiterRecord<'a> {
    pub(crate) fn read(mut cursor: Cursor<'a>) -> Self {
        Self {
            name: cursor.u32(),
            versions: cursor.u32(),
            operation: cursor.u32(),
            every: cursor.u32(),
            within: cursor.u32(),
            tells: cursor.u32(),
            lists: cursor,
        }
    }

    /// The pointer to what the state tells.
    pub(crate) fn tells(&self) -> Option<u32> {
        self.tells.checked_sub(1)
    }

    /// Parameters of its own, and what the operation calls them.
    pub(crate) fn parameters(&self) -> Pairs<'a> {
        Pairs::tail(self.lists)
    }

    pub(crate) fn conditions(&self) -> Conditions<'a> {
        let mut cursor = self.parameters().end();
        let left = cursor.count();
        Conditions { cursor, left }
    }
}

/// Bits of a condition: what is looked at, whether it is a failure, whether it is for some statuses.
pub(crate) const SIGN: u8 = 0x03;
pub(crate) const FAILED: u8 = 0x04;
pub(crate) const STATUSES: u8 = 0x08;

/// The conditions of a waiter, in order.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Conditions<'a> {
    cursor: Cursor<'a>,
    left: u32,
}

impl<'a> Conditions<'a> {
    /// The cursor behind them.
    pub(crate) fn end(mut self) -> Cursor<'a> {
        while self.next().is_some() {}
        self.cursor
    }
}

impl<'a> Iterator for Conditions<'a> {
    type Item = ConditionRecord<'a>;

    fn next(&mut self) -> Option<ConditionRecord<'a>> {
        self.left = self.left.checked_sub(1)?;
        let bits = self.cursor.u8();
        let statuses = match bits & STATUSES {
            0 => List::empty(),
            _ => List::here(&mut self.cursor),
        };
        let sign = match bits & SIGN {
            0 => SignRecord::None,
            1 => SignRecord::Is(self.cursor.u32(), List::here(&mut self.cursor)),
            2 => SignRecord::Absent(self.cursor.u32()),
            _ => SignRecord::Present(self.cursor.u32()),
        };
        let reason = if bits & FAILED != 0 { Some(self.cursor.u32()) } else { None };
        (!self.cursor.failed()).then_some(ConditionRecord { bits, statuses, sign, reason })
    }
}

/// A condition: what is looked at and, for a failure, why it is one.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ConditionRecord<'a> {
    pub(crate) bits: u8,
    /// Empty for every success.
    pub(crate) statuses: List<'a>,
    pub(crate) sign: SignRecord<'a>,
    pub(crate) reason: Option<u32>,
}

/// What is looked at; pointers and values are strings.
#[derive(Debug, Clone, Copy)]
pub(crate) enum SignRecord<'a> {
    None,
    Is(u32, List<'a>),
    Absent(u32),
    Present(u32),
}

impl Method {
    pub(crate) fn from_bits(bits: u8) -> Self {
        match bits {
            1 => Self::Head,
            2 => Self::Post,
            3 => Self::Put,
            4 => Self::Patch,
            5 => Self::Delete,
            6 => Self::Options,
            7 => Self::Trace,
            _ => Self::Get,
        }
    }
}

impl Answer {
    pub(crate) fn from_bits(bits: u8) -> Self {
        match bits & 0x0f {
            1 => Self::Json,
            2 => Self::JsonLines,
            3 => Self::Text,
            4 => Self::Bytes,
            5 => Self::Frames,
            6 => Self::Upgrade,
            _ => Self::Nothing,
        }
    }
}
