//! Fields that a spec leaves out of a body or a definition.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::model::{Kind, Object, Schema};

pub(super) type FieldsText = BTreeMap<String, FieldText>;

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(untagged)]
pub(super) enum FieldText {
    One(FieldKind),
    Several([FieldKind; 1]),
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum FieldKind {
    String,
    Integer,
    Number,
    Boolean,
    Any,
}

impl From<FieldKind> for Schema {
    fn from(kind: FieldKind) -> Self {
        let kind = match kind {
            FieldKind::String => Kind::String,
            FieldKind::Integer => Kind::Integer,
            FieldKind::Number => Kind::Number,
            FieldKind::Boolean => Kind::Boolean,
            FieldKind::Any => Kind::Any,
        };
        Self { kind, ..Self::default() }
    }
}

/// Adds fields to an object; tells whether there was one that it did not have.
pub(super) fn add_fields(schema: &mut Schema, fields: &FieldsText) -> bool {
    let new = |object: &mut Object| {
        let mut any = false;
        for (name, field) in fields {
            any |= !object.properties.contains_key(name);
            object.properties.entry(name.clone()).or_insert_with(|| {
                let schema = match *field {
                    FieldText::One(kind) => kind.into(),
                    FieldText::Several([kind]) => {
                        let kind = Kind::Array(Box::new(kind.into()));
                        Schema { kind, ..Schema::default() }
                    }
                };
                (schema, false)
            });
        }
        any
    };
    match &mut schema.kind {
        Kind::Object(object) => new(object),
        // Beside what is referred to: others refer to it, too.
        Kind::Ref(_) | Kind::AllOf(_) => {
            let mut object = Object::default();
            let any = new(&mut object);
            let object = Schema { kind: Kind::Object(object), ..Schema::default() };
            match &mut schema.kind {
                Kind::AllOf(parts) => parts.push(object),
                _ => schema.kind = Kind::AllOf(vec![std::mem::take(schema), object]),
            }
            any
        }
        _ => false,
    }
}
