//! Values for parameters and bodies, made from what the catalogue says about them.

use contajners_core::{Operation, Parameter, Schema, SchemaKind};
use serde_json::{Map, Value, json};

use crate::things::Thing;

/// Vendors' definitions may hold themselves.
const DEPTH: usize = 6;

/// Returns a value that a schema allows, with as little in it as it demands.
pub(crate) fn value(schema: Schema<'_>) -> Value {
    value_within(schema, DEPTH)
}

fn value_within(schema: Schema<'_>, depth: usize) -> Value {
    let schema = schema.resolved();
    let said = schema.default().into_iter().chain(schema.members()).next();
    if let Some(said) = said.and_then(|text| serde_json::from_str(text).ok()) {
        return said;
    }
    let Some(depth) = depth.checked_sub(1) else { return Value::Null };
    match schema.kind() {
        SchemaKind::String => match schema.format() {
            Some("date-time") => json!("1970-01-01T00:00:00Z"),
            Some("date") => json!("1970-01-01"),
            _ => json!("conformance"),
        },
        SchemaKind::Integer | SchemaKind::Number => json!(1),
        SchemaKind::Boolean => json!(false),
        SchemaKind::Array => json!([]),
        SchemaKind::Object => {
            let required = schema.properties().filter(|property| property.required);
            let fields = required
                .map(|property| (property.name.to_owned(), value_within(property.schema, depth)));
            Value::Object(fields.collect())
        }
        SchemaKind::AllOf => {
            let mut all = Map::new();
            for part in schema.parts() {
                if let Value::Object(fields) = value_within(part, depth) {
                    all.extend(fields);
                }
            }
            Value::Object(all)
        }
        SchemaKind::OneOf | SchemaKind::AnyOf => {
            schema.parts().next().map_or(Value::Null, |part| value_within(part, depth))
        }
        // A schema that says nothing allows an object, which is what bodies are.
        _ => json!({}),
    }
}

/// Returns a value for a parameter that has to be given.
pub(crate) fn of_parameter(parameter: &Parameter<'_>) -> Value {
    let schema = parameter.schema();
    match schema.items() {
        // An empty list is not sent at all.
        Some(items) => json!([value(items)]),
        None => value(schema),
    }
}

/// What is sent as a body.
#[derive(Debug, PartialEq)]
pub(crate) enum Given {
    Json(Value),
    Bytes(Vec<u8>),
}

/// Returns the body that an operation takes.
pub(crate) fn of_body(operation: &Operation<'_>) -> Option<Given> {
    let body = operation.body()?;
    if let Some(schema) = body.json_schema() {
        return Some(Given::Json(value(schema)));
    }
    let media_type = body.media_types().next().unwrap_or_default();
    Some(Given::Bytes(match media_type.contains("tar") {
        true => contajners_tests::image::tar_of([("greeting", b"hello\n".as_slice())]),
        false => b"hello\n".to_vec(),
    }))
}

/// Fills in what a thing is called, wherever `$id`, `$version` and the like stand.
pub(crate) fn filled(value: &Value, thing: &Thing) -> Value {
    match value {
        Value::String(text) => match text.strip_prefix('$') {
            Some(fact) => thing.fact(fact).clone(),
            None => value.clone(),
        },
        Value::Array(items) => items.iter().map(|item| filled(item, thing)).collect(),
        Value::Object(fields) => {
            fields.iter().map(|(name, value)| (name.clone(), filled(value, thing))).collect()
        }
        _ => value.clone(),
    }
}
