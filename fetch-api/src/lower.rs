//! Merges the models of all versions of an engine into one pack.
//!
//! Everything is interned: equal strings, schemas, parameters, responses, variants and version
//! sets become one record each. The order of records is a function of the content alone (see
//! `Interner::ranks`), so the same models give the same bytes however they come in.

mod waiters;

use std::borrow::Borrow;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;
use std::hash::Hash;

use contajners_core::ApiVersion;
use contajners_core::write::{self, SchemaNode, Shape, Variant, Writer};

use crate::model::{
    Additional, Engine, Kind, ListStyle, Location, Method, Model, Negotiation, Operation,
    Parameter, Response, Schema,
};

/// Why models cannot become a pack.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum LowerError {
    /// Two models are of the same version.
    DuplicateVersion {
        /// The version, as the map spells it.
        version: String,
    },
    /// There is no model at all.
    NoVersions,
    /// A text of a model, or of the engine, has a control character, and no pack can hold it: what a
    /// pack says is shown on terminals.
    Control {
        /// The text, as it stands there.
        text: String,
    },
}

impl fmt::Display for LowerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::DuplicateVersion { version } => write!(f, "version `{version}` appears twice"),
            Self::NoVersions => f.write_str("there is no version to compile"),
            Self::Control { text } => {
                let begin: String = text.chars().take(SHOWN).collect();
                let more = if begin.len() < text.len() { "…" } else { "" };
                write!(f, "no pack can hold the control characters of {begin:?}{more}")
            }
        }
    }
}

impl std::error::Error for LowerError {}

/// Compiles the models of an engine's versions into the bytes of a pack.
///
/// # Errors
///
/// [`LowerError::DuplicateVersion`] when two models are of one version, however it is spelled,
/// [`LowerError::NoVersions`] when there are none, and [`LowerError::Control`].
pub fn pack(engine: &Engine, models: &[Model]) -> Result<Vec<u8>, LowerError> {
    let mut models: Vec<&Model> = models.iter().collect();
    models.sort_by_key(|model| (ApiVersion::parse(&model.version), &model.version));
    if models.is_empty() {
        return Err(LowerError::NoVersions);
    }
    let is_twice = |pair: &&[&Model]| is_same_version(&pair[0].version, &pair[1].version);
    if let Some(pair) = models.windows(2).find(is_twice) {
        return Err(LowerError::DuplicateVersion { version: pair[0].version.clone() });
    }
    let mut lowering = Lowering::default();
    for (version, model) in models.iter().enumerate() {
        lowering.add(version as u32, model);
    }
    lowering.lay_out(engine, &models)
}

/// How many characters of a text are shown.
const SHOWN: usize = 60;

/// Tells whether two spellings are of one version: `v1.41` and `1.41`.
pub(crate) fn is_same_version(one: &str, other: &str) -> bool {
    let number = ApiVersion::parse(one);
    one == other || number.is_some() && number == ApiVersion::parse(other)
}

/// Values seen so far, numbered in the order of their first appearance, with their uses.
#[derive(Debug)]
struct Interner<T> {
    numbers: HashMap<T, u32>,
    values: Vec<T>,
    uses: Vec<u32>,
}

impl<T> Default for Interner<T> {
    fn default() -> Self {
        Self { numbers: HashMap::new(), values: Vec::new(), uses: Vec::new() }
    }
}

impl<T: Clone + Eq + Hash> Interner<T> {
    fn add(&mut self, value: T) -> u32 {
        if let Some(&number) = self.numbers.get(&value) {
            self.uses[number as usize] += 1;
            return number;
        }
        let number = self.values.len() as u32;
        self.values.push(value.clone());
        self.numbers.insert(value, number);
        self.uses.push(1);
        number
    }

    /// As [`Self::add`], of a value that is copied only if it is new.
    fn add_ref<Q>(&mut self, value: &Q) -> u32
    where
        T: Borrow<Q>,
        Q: ToOwned<Owned = T> + Eq + Hash + ?Sized,
    {
        match self.numbers.get(value) {
            Some(&number) => {
                self.uses[number as usize] += 1;
                number
            }
            None => self.add(value.to_owned()),
        }
    }

    /// The values in their final order and, for each number given out, its place in it.
    ///
    /// What is used most comes first, since small numbers take one byte; what is used equally
    /// keeps the order of its first appearance.
    fn ranks<K: Ord>(&self, key: impl Fn(usize) -> K) -> (Vec<usize>, Vec<u32>) {
        let mut order: Vec<usize> = (0..self.values.len()).collect();
        order.sort_by_key(|&i| (key(i), std::cmp::Reverse(self.uses[i])));
        let mut ranks = vec![0; order.len()];
        for (rank, &i) in order.iter().enumerate() {
            ranks[i] = rank as u32;
        }
        (order, ranks)
    }
}

type ParameterKey = (u32, (Location, bool), (contajners_core::Encoding, ListStyle), u32);
type ResponseKey = (u16, Option<u32>, Vec<(u32, u32)>);
/// A method, its path with the names of placeholders left out, and which of several it is.
type OperationKey = (String, Method, usize);

#[derive(Debug, Default)]
struct Lowering {
    strings: Interner<String>,
    schemas: Interner<SchemaNode>,
    /// For each schema, one more than the highest among the schemas it refers to.
    heights: Vec<u32>,
    parameters: Interner<ParameterKey>,
    responses: Interner<ResponseKey>,
    media_types: Interner<Vec<u32>>,
    variants: Interner<Variant>,
    definitions: Interner<String>,
    /// Per definition: its schemas, each with the versions it stands in.
    definition_schemas: BTreeMap<u32, Vec<(u32, Vec<u32>)>>,
    /// Per operation: its variants, each with the versions it stands in.
    operations: BTreeMap<OperationKey, Vec<(u32, Vec<u32>)>>,
    waiters: waiters::Waiters,
}

/// Notes that a version has the value; values keep the order of their first version.
fn note(values: &mut Vec<(u32, Vec<u32>)>, value: u32, version: u32) {
    match values.iter_mut().find(|(known, _)| *known == value) {
        Some((_, versions)) => versions.push(version),
        None => values.push((value, vec![version])),
    }
}

/// A path with the names of its placeholders left out: what identifies it across versions.
pub(crate) fn path_key(path: &str) -> String {
    let mut key = String::new();
    let mut depth = 0;
    for c in path.chars() {
        // Braces within a placeholder belong to its pattern.
        let outside = depth == 0;
        depth += match c {
            '{' => 1,
            '}' => -1,
            _ => 0,
        };
        if outside || depth == 0 {
            key.push(c);
        }
    }
    key
}

impl Lowering {
    fn add(&mut self, version: u32, model: &Model) {
        let mut operations: Vec<&Operation> = model.operations.iter().collect();
        operations.sort_by_key(|operation| (&operation.path, operation.method));
        let mut seen: HashMap<(String, Method), usize> = HashMap::new();
        for operation in operations {
            let key = path_key(&operation.path);
            let nth = seen.entry((key.clone(), operation.method)).or_default();
            let key = (key, operation.method, *nth);
            *nth += 1;
            let variant = self.variant(operation);
            note(self.operations.entry(key).or_default(), variant, version);
        }
        for (name, schema) in &model.definitions {
            let definition = self.definitions.add_ref(name.as_str());
            let schema = self.schema(schema);
            note(self.definition_schemas.entry(definition).or_default(), schema, version);
        }
        self.add_waiters(version, model);
    }

    fn add_waiters(&mut self, version: u32, model: &Model) {
        for (name, waiter) in &model.waiters {
            waiters::texts(name, waiter, |text| {
                self.string(text);
            });
            self.waiters.add(name, waiter, version);
        }
    }

    fn string(&mut self, text: &str) -> u32 {
        self.strings.add_ref(text)
    }

    fn string_list(&mut self, texts: &[String]) -> Vec<u32> {
        texts.iter().map(|text| self.string(text)).collect()
    }

    fn variant(&mut self, operation: &Operation) -> u32 {
        let body = operation.body.as_ref().map(|body| {
            let media_types = self.string_list(&body.media_types);
            (body.required, self.schema(&body.schema), self.media_types.add(media_types))
        });
        let produces = self.string_list(&operation.produces);
        let variant = Variant {
            id: self.string(&operation.id),
            path: self.string(&operation.path),
            answer: operation.answer,
            body,
            body_schemas: match &operation.body {
                Some(body) => body.schemas.iter().map(|schema| self.schema(schema)).collect(),
                None => Vec::new(),
            },
            produces: self.media_types.add(produces),
            parameters: operation.parameters.iter().map(|p| self.parameter(p)).collect(),
            responses: operation.responses.iter().map(|r| self.response(r)).collect(),
        };
        self.variants.add(variant)
    }

    fn parameter(&mut self, parameter: &Parameter) -> u32 {
        let key = (
            self.string(&parameter.name),
            (parameter.location, parameter.required),
            (parameter.encoding, parameter.style),
            self.schema(&parameter.schema),
        );
        self.parameters.add(key)
    }

    fn response(&mut self, response: &Response) -> u32 {
        let schema = response.schema.as_ref().map(|schema| self.schema(schema));
        let headers = response
            .headers
            .iter()
            .map(|(name, schema)| (self.string(name), self.schema(schema)))
            .collect();
        self.responses.add((response.status, schema, headers))
    }

    fn schema(&mut self, schema: &Schema) -> u32 {
        let mut height = 0;
        let mut child = |this: &mut Self, schema: &Schema| {
            let number = this.schema(schema);
            height = height.max(this.heights[number as usize] + 1);
            number
        };
        let shape = match &schema.kind {
            Kind::Any => Shape::Any,
            Kind::String => Shape::String,
            Kind::Integer => Shape::Integer,
            Kind::Number => Shape::Number,
            Kind::Boolean => Shape::Boolean,
            Kind::Null => Shape::Null,
            Kind::File => Shape::File,
            Kind::Array(items) => Shape::Array(child(self, items)),
            Kind::Object(object) => {
                let additional = match &object.additional {
                    Additional::Unsaid => write::Additional::Unsaid,
                    Additional::Forbidden => write::Additional::Forbidden,
                    Additional::Any => write::Additional::Any,
                    Additional::Schema(schema) => write::Additional::Schema(child(self, schema)),
                };
                let properties = object
                    .properties
                    .iter()
                    .map(|(name, (schema, required))| {
                        (self.string(name), child(self, schema), *required)
                    })
                    .collect();
                Shape::Object { additional, properties }
            }
            Kind::AllOf(parts) => Shape::AllOf(parts.iter().map(|p| child(self, p)).collect()),
            Kind::OneOf(parts) => Shape::OneOf(parts.iter().map(|p| child(self, p)).collect()),
            Kind::AnyOf(parts) => Shape::AnyOf(parts.iter().map(|p| child(self, p)).collect()),
            Kind::Ref(name) => Shape::Ref(self.definitions.add_ref(name.as_str())),
        };
        let node = SchemaNode {
            format: (!schema.format.is_empty()).then(|| self.string(&schema.format)),
            members: self.string_list(&schema.members),
            default: schema.default.as_ref().map(|default| self.string(default)),
            nullable: schema.nullable,
            shape,
        };
        let number = self.schemas.add(node);
        if number as usize == self.heights.len() {
            self.heights.push(height);
        }
        number
    }

    fn lay_out(mut self, engine: &Engine, models: &[&Model]) -> Result<Vec<u8>, LowerError> {
        let engine_name = self.string(&engine.name);
        let rule = match &engine.negotiation {
            Negotiation::Newest => write::VersionRule::Newest,
            Negotiation::Fixed(version) => {
                write::VersionRule::Fixed { version: self.string(version) }
            }
            Negotiation::Header { ping, header } => {
                write::VersionRule::Header { ping: self.string(ping), header: self.string(header) }
            }
            Negotiation::Json { ping, pointer } => {
                write::VersionRule::Json { ping: self.string(ping), pointer: self.string(pointer) }
            }
        };
        let addresses = self.string_list(&engine.addresses);
        let errors = self.string_list(&engine.errors);
        let versions: Vec<_> = models
            .iter()
            .map(|model| {
                let strings = [&model.version, &model.prefix, &model.doc_url];
                (strings.map(|text| self.string(text)), self.string_list(&model.namespaces))
            })
            .collect();
        for name in self.definitions.values.clone() {
            self.string(&name);
        }

        let mut texts = self.strings.values.iter();
        if let Some(text) = texts.find(|text| text.chars().any(char::is_control)) {
            return Err(LowerError::Control { text: text.clone() });
        }
        let sorted: BTreeMap<&String, u32> = self.strings.values.iter().zip(0..).collect();
        let mut string = vec![0; sorted.len()];
        for (rank, &number) in sorted.values().enumerate() {
            string[number as usize] = rank as u32;
        }
        let strings_of =
            |list: &[u32]| list.iter().map(|&s| string[s as usize]).collect::<Vec<_>>();

        let mut sets: Interner<Vec<u32>> = Interner::default();
        for (_, versions) in
            self.operations.values().chain(self.definition_schemas.values()).flatten()
        {
            sets.add(versions.clone());
        }
        for versions in self.waiters.versions() {
            sets.add(versions.clone());
        }
        let (set_order, set_rank) = sets.ranks(|_| ());
        let set = |versions: &Vec<u32>| set_rank[sets.numbers[versions] as usize];

        let (schema_order, schema) = self.schemas.ranks(|i| self.heights[i]);
        let (definition_order, definition) = self.definitions.ranks(|_| ());
        let (parameter_order, parameter) = self.parameters.ranks(|_| ());
        let (response_order, response) = self.responses.ranks(|_| ());
        let (media_order, media) = self.media_types.ranks(|_| ());

        let mut writer = Writer::new();
        for text in sorted.keys() {
            writer.string(text);
        }
        let s = |number: u32| string[number as usize];
        let rule = match rule {
            write::VersionRule::Newest => rule,
            write::VersionRule::Fixed { version } => {
                write::VersionRule::Fixed { version: s(version) }
            }
            write::VersionRule::Header { ping, header } => {
                write::VersionRule::Header { ping: s(ping), header: s(header) }
            }
            write::VersionRule::Json { ping, pointer } => {
                write::VersionRule::Json { ping: s(ping), pointer: s(pointer) }
            }
        };
        writer.engine(s(engine_name), rule, &strings_of(&addresses), &strings_of(&errors));
        for (strings, namespaces) in &versions {
            let [name, prefix, doc_url] = strings.map(|s| string[s as usize]);
            writer.version(name, prefix, doc_url, &strings_of(namespaces));
        }
        for &i in &set_order {
            writer.version_set(&sets.values[i]);
        }
        let mut names = BTreeSet::new();
        for (number, (key, variants)) in self.operations.iter().enumerate() {
            let variants: Vec<_> = variants
                .iter()
                .map(|(number_of, versions)| {
                    let variant = &self.variants.values[*number_of as usize];
                    names.insert((string[variant.id as usize], number as u32));
                    let record = writer.variant(&Variant {
                        id: string[variant.id as usize],
                        path: string[variant.path as usize],
                        answer: variant.answer,
                        body: variant.body.map(|(required, body, types)| {
                            (required, schema[body as usize], media[types as usize])
                        }),
                        body_schemas: renumber(&variant.body_schemas, &schema),
                        produces: media[variant.produces as usize],
                        parameters: renumber(&variant.parameters, &parameter),
                        responses: renumber(&variant.responses, &response),
                    });
                    (set(versions), record)
                })
                .collect();
            writer.operation(key.1, &variants);
        }
        for (id, operation) in names {
            writer.name(id, operation);
        }
        for &i in &parameter_order {
            let (name, place, form, of) = self.parameters.values[i];
            writer.parameter(string[name as usize], place, form, schema[of as usize]);
        }
        for &i in &response_order {
            let (status, of, headers) = &self.responses.values[i];
            let headers: Vec<_> = headers
                .iter()
                .map(|&(name, of)| (string[name as usize], schema[of as usize]))
                .collect();
            writer.response(*status, of.map(|of| schema[of as usize]), &headers);
        }
        for &i in &media_order {
            writer.media_types(&strings_of(&self.media_types.values[i]));
        }
        for &i in &definition_order {
            let name = self.strings.numbers[&self.definitions.values[i]];
            let variants: Vec<_> = self
                .definition_schemas
                .get(&(i as u32))
                .into_iter()
                .flatten()
                .map(|(of, versions)| (set(versions), schema[*of as usize]))
                .collect();
            writer.definition(string[name as usize], &variants);
        }
        for &i in &schema_order {
            let node = &self.schemas.values[i];
            let shape = match &node.shape {
                Shape::Array(items) => Shape::Array(schema[*items as usize]),
                Shape::Object { additional, properties } => Shape::Object {
                    additional: match additional {
                        write::Additional::Schema(of) => {
                            write::Additional::Schema(schema[*of as usize])
                        }
                        other => *other,
                    },
                    properties: properties
                        .iter()
                        .map(|&(name, of, required)| {
                            (string[name as usize], schema[of as usize], required)
                        })
                        .collect(),
                },
                Shape::AllOf(parts) => Shape::AllOf(renumber(parts, &schema)),
                Shape::OneOf(parts) => Shape::OneOf(renumber(parts, &schema)),
                Shape::AnyOf(parts) => Shape::AnyOf(renumber(parts, &schema)),
                Shape::Ref(to) => Shape::Ref(definition[*to as usize]),
                plain => plain.clone(),
            };
            writer.schema(&SchemaNode {
                format: node.format.map(|text| string[text as usize]),
                members: strings_of(&node.members),
                default: node.default.map(|text| string[text as usize]),
                nullable: node.nullable,
                shape,
            });
        }
        let text = |text: &str| string[self.strings.numbers[text] as usize];
        self.waiters.write(&mut writer, text, set);
        Ok(writer.finish())
    }
}

fn renumber(list: &[u32], ranks: &[u32]) -> Vec<u32> {
    list.iter().map(|&number| ranks[number as usize]).collect()
}

#[cfg(test)]
mod tests;
