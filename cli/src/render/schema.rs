//! Schemas as readable trees, and as JSON.
//!
//! Vendors' schemas may be deep and cyclic: both walks are bounded in depth and in size.

use std::collections::BTreeSet;

use contajners_core::{Additional, Schema, SchemaHistory, SchemaKind, VersionSet};
use serde_json::{Map, Value, json};

/// No tree has more lines than this.
const LONGEST: usize = 4000;
/// Arrays of arrays and parts of parts are followed no farther than this.
const NESTED: usize = 16;

/// A line of a tree.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Line {
    /// How deep it lies.
    pub(crate) level: usize,
    /// The field's name; empty where a schema itself is described.
    pub(crate) name: String,
    /// Its type and what else is said of it.
    pub(crate) text: String,
}

/// What an `allOf` around a single schema is for: specs write a reference so when they want to
/// say more about it.
fn essence(schema: Schema<'_>) -> Schema<'_> {
    let mut schema = schema;
    for _ in 0..NESTED {
        if schema.kind() != SchemaKind::AllOf {
            break;
        }
        let mut parts = schema.parts().filter(|part| part.kind() != SchemaKind::Any);
        match (parts.next(), parts.next()) {
            (Some(part), None) => schema = part,
            _ => break,
        }
    }
    schema
}

/// A short name for the type; one that is made of parts goes by the names of these.
pub(crate) fn label(schema: Schema<'_>) -> String {
    let schema = essence(schema);
    if schema.kind() == SchemaKind::AllOf {
        let names: Vec<&str> = schema.parts().filter_map(|part| part.definition()).collect();
        if !names.is_empty() {
            let all_named = names.len() == schema.parts().count();
            return names.join(" and ") + if all_named { "" } else { " and more" };
        }
    }
    schema.label().into_owned()
}

/// Describes a schema in a few words: type, format, default, allowed values, and those of them that
/// are younger than the place.
pub(crate) fn words(schema: Schema<'_>, history: &SchemaHistory<'_>) -> String {
    let outer = schema;
    let schema = essence(schema);
    let resolved = schema.resolved();
    let mut text = label(schema);
    let is_structure = matches!(
        resolved.kind(),
        SchemaKind::Object | SchemaKind::AllOf | SchemaKind::OneOf | SchemaKind::AnyOf
    );
    if schema.definition().is_some() && resolved.definition().is_none() && !is_structure {
        text += &format!(" ({})", resolved.label());
    }
    if let Some(format) = resolved.format() {
        text += &format!(" ({format})");
    }
    if outer.nullable() || schema.nullable() || resolved.nullable() {
        text += " or null";
    }
    for note in notes(schema, history) {
        text += ", ";
        text += &note;
    }
    text
}

/// Default and allowed values, those of an array's items included.
pub(crate) fn notes(schema: Schema<'_>, history: &SchemaHistory<'_>) -> Vec<String> {
    let schema = essence(schema);
    let resolved = schema.resolved();
    let mut notes = Vec::new();
    if let Some(default) = schema.default().or_else(|| resolved.default()) {
        notes.push(format!("default {default}"));
    }
    let mut members: Vec<&str> = resolved.members().collect();
    if members.is_empty()
        && let Some(items) = resolved.items()
    {
        members = items.resolved().members().collect();
    }
    if !members.is_empty() {
        let all = history.versions_with_members();
        let told =
            members.iter().map(|member| match since(&history.member_versions(member), &all) {
                Some(since) => format!("{member} ({since})"),
                None => (*member).to_owned(),
            });
        notes.push(format!("one of {}", told.collect::<Vec<_>>().join(" ")));
    }
    notes
}

/// In which versions something exists, unless in all that have what it belongs to.
pub(crate) fn since(versions: &VersionSet<'_>, all: &VersionSet<'_>) -> Option<String> {
    if versions.is_empty() || versions == all {
        return None;
    }
    Some(match versions.since() {
        Some(since) => format!("since {since}"),
        None => format!("in {versions}"),
    })
}

/// Lays out the fields of a schema, so many levels deep. A definition is laid out where it first
/// appears.
///
/// What is younger than the thing it is a field of, or is gone in later versions, says so.
pub(crate) fn tree<'a>(schema: Schema<'a>, history: &SchemaHistory<'a>, depth: usize) -> Vec<Line> {
    let mut tree = Tree { lines: Vec::new(), shown: BTreeSet::new(), depth };
    tree.shown.extend(schema.definition());
    tree.inside(schema, history, 0, NESTED);
    tree.lines
}

struct Tree<'a> {
    lines: Vec<Line>,
    shown: BTreeSet<&'a str>,
    depth: usize,
}

impl<'a> Tree<'a> {
    fn line(&mut self, level: usize, name: &str, text: String) {
        if self.lines.len() < LONGEST {
            self.lines.push(Line { level, name: name.to_owned(), text });
        }
    }

    /// Lays out what is in a schema, through arrays and maps.
    fn inside(
        &mut self,
        schema: Schema<'a>,
        history: &SchemaHistory<'a>,
        level: usize,
        nested: usize,
    ) {
        let Some(nested) = nested.checked_sub(1) else { return };
        if level >= self.depth || self.lines.len() >= LONGEST {
            return;
        }
        let resolved = schema.resolved();
        if let Some(items) = resolved.items() {
            return self.named(items, &history.inner(), level, nested);
        }
        match resolved.kind() {
            SchemaKind::AllOf => {
                for part in resolved.parts() {
                    self.inside(part, history, level, nested);
                }
            }
            SchemaKind::OneOf | SchemaKind::AnyOf => {
                let any = resolved.kind() == SchemaKind::AnyOf;
                for (number, part) in resolved.parts().enumerate() {
                    let or = if number > 0 { "or " } else { "" };
                    let some = if any && number == 0 { "any of: " } else { "" };
                    self.line(level, "", format!("{or}{some}{}", words(part, history)));
                    self.named(part, history, level + 1, nested);
                }
            }
            SchemaKind::Object => {
                let all = history.versions();
                for property in resolved.properties() {
                    let inner = history.property(property.name);
                    let mut text = words(property.schema, &inner);
                    if property.required {
                        text += ", required";
                    }
                    if let Some(since) = since(&inner.versions(), &all) {
                        text += &format!(", {since}");
                    }
                    let known = self.known(property.schema);
                    if known {
                        text += " (see above)";
                    }
                    self.line(level, property.name, text);
                    if !known {
                        self.named(property.schema, &inner, level + 1, nested);
                    }
                }
                if let Additional::Schema(values) = resolved.additional() {
                    let inner = history.inner();
                    if resolved.properties().next().is_some() {
                        self.line(level, "(any other)", words(values, &inner));
                        self.named(values, &inner, level + 1, nested);
                    } else {
                        self.named(values, &inner, level, nested);
                    }
                }
            }
            _ => {}
        }
    }

    /// Lays out a schema unless it is a definition that is laid out already.
    fn named(
        &mut self,
        schema: Schema<'a>,
        history: &SchemaHistory<'a>,
        level: usize,
        nested: usize,
    ) {
        let schema = essence(schema);
        if level >= self.depth {
            return;
        }
        match schema.definition() {
            Some(name) if !self.shown.insert(name) => {}
            _ => self.inside(schema, history, level, nested),
        }
    }

    /// Whether the fields of the schema are laid out already.
    fn known(&self, schema: Schema<'a>) -> bool {
        let mut schema = schema;
        for _ in 0..NESTED {
            schema = essence(schema);
            if let Some(name) = schema.definition() {
                return self.shown.contains(name) && has_fields(schema);
            }
            schema = match (schema.items(), schema.additional()) {
                (Some(items), _) => items,
                (None, Additional::Schema(values)) => values,
                _ => return false,
            };
        }
        false
    }
}

fn has_fields(schema: Schema<'_>) -> bool {
    let resolved = schema.resolved();
    resolved.properties().next().is_some() || resolved.parts().next().is_some()
}

/// A schema as JSON, in the words of JSON Schema where they fit; so many levels deep.
///
/// `versions` stand at fields that not all versions have which have what they are fields of, and
/// `enumVersions` at the values of which that is so.
pub(crate) fn value(schema: Schema<'_>, history: &SchemaHistory<'_>, depth: usize) -> Value {
    value_within(schema, history, depth, &mut { LONGEST })
}

fn value_within(
    schema: Schema<'_>,
    history: &SchemaHistory<'_>,
    depth: usize,
    budget: &mut usize,
) -> Value {
    let resolved = schema.resolved();
    let mut map = Map::new();
    let mut put = |name: &str, value: Value| {
        map.insert(name.to_owned(), value);
    };
    put("type", json!(schema.type_name()));
    if let Some(name) = schema.definition() {
        put("definition", json!(name));
    }
    if let Some(format) = resolved.format() {
        put("format", json!(format));
    }
    if schema.nullable() || resolved.nullable() {
        put("nullable", json!(true));
    }
    if let Some(default) = schema.default().or_else(|| resolved.default()) {
        put("default", of_text(default));
    }
    let members: Vec<Value> = resolved.members().map(of_text).collect();
    if !members.is_empty() {
        put("enum", members.into());
        let all = history.versions_with_members();
        let younger: Map<String, Value> = { resolved.members() }
            .filter_map(|member| {
                let versions = history.member_versions(member);
                since(&versions, &all)?;
                let name = of_text(member).as_str().map_or(member.to_owned(), str::to_owned);
                Some((name, versions.iter().collect()))
            })
            .collect();
        if !younger.is_empty() {
            put("enumVersions", younger.into());
        }
    }
    let Some(depth) = depth.checked_sub(1) else { return map.into() };
    if *budget == 0 {
        return map.into();
    }
    *budget -= 1;
    if let Some(items) = resolved.items() {
        put("items", value_within(items, &history.inner(), depth, budget));
    }
    let properties: Vec<_> = resolved.properties().collect();
    if !properties.is_empty() {
        let required: Vec<&str> =
            properties.iter().filter(|property| property.required).map(|own| own.name).collect();
        if !required.is_empty() {
            put("required", json!(required));
        }
        let all = history.versions();
        let fields: Map<String, Value> = properties
            .iter()
            .map(|property| {
                let inner = history.property(property.name);
                let versions = inner.versions();
                let mut value = value_within(property.schema, &inner, depth, budget);
                if since(&versions, &all).is_some() {
                    value["versions"] = versions.iter().collect();
                }
                (property.name.to_owned(), value)
            })
            .collect();
        put("properties", fields.into());
    }
    match resolved.additional() {
        Additional::Forbidden => put("additionalProperties", json!(false)),
        Additional::Any => put("additionalProperties", json!(true)),
        Additional::Schema(values) => {
            let inner = history.inner();
            put("additionalProperties", value_within(values, &inner, depth, budget));
        }
        _ => {}
    }
    let parts = match resolved.kind() {
        SchemaKind::AllOf => Some("allOf"),
        SchemaKind::OneOf => Some("oneOf"),
        SchemaKind::AnyOf => Some("anyOf"),
        _ => None,
    };
    if let Some(name) = parts {
        let parts: Vec<Value> =
            resolved.parts().map(|part| value_within(part, history, depth, budget)).collect();
        put(name, parts.into());
    }
    map.into()
}

/// The value of a JSON text from a pack; text that is no JSON stands for itself.
pub(crate) fn of_text(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.to_owned()))
}
