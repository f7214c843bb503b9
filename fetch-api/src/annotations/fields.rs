//! Fields that rules add to what specs leave out.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::model::{Kind, Object, Schema};

/// How many parts of an object are looked through for a field.
const MAX_PARTS: usize = 256;

pub(super) type FieldsText = BTreeMap<String, FieldText>;

#[derive(Debug, Clone, Deserialize)]
#[serde(
    untagged,
    expecting = "a field is `string`, `integer`, `number`, `boolean`, `any` or a definition, or a list of one of these"
)]
pub(super) enum FieldText {
    One(FieldKind),
    Several([FieldKind; 1]),
}

#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "String")]
pub(super) enum FieldKind {
    String,
    Integer,
    Number,
    Boolean,
    Any,
    Definition(String),
}

impl TryFrom<String> for FieldKind {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        Ok(match &*text {
            "string" => Self::String,
            "integer" => Self::Integer,
            "number" => Self::Number,
            "boolean" => Self::Boolean,
            "any" => Self::Any,
            // Vendors' definitions begin so, and a misspelt type does not.
            name if name.starts_with(|c: char| c.is_uppercase()) => Self::Definition(text),
            _ => return Err(format!("`{text}` is neither a type nor a definition")),
        })
    }
}

impl From<&FieldKind> for Schema {
    fn from(kind: &FieldKind) -> Self {
        let kind = match kind {
            FieldKind::Definition(name) => Kind::Ref(name.clone()),
            FieldKind::String => Kind::String,
            FieldKind::Integer => Kind::Integer,
            FieldKind::Number => Kind::Number,
            FieldKind::Boolean => Kind::Boolean,
            FieldKind::Any => Kind::Any,
        };
        Self { kind, ..Self::default() }
    }
}

impl FieldText {
    fn kind(&self) -> &FieldKind {
        match self {
            Self::One(kind) | Self::Several([kind]) => kind,
        }
    }

    fn schema(&self) -> Schema {
        match self {
            Self::One(kind) => kind.into(),
            Self::Several([kind]) => Schema::of(Kind::Array(Box::new(kind.into()))),
        }
    }
}

/// Tells whether all definitions are there that fields refer to.
pub(super) fn are_known(fields: &FieldsText, definitions: &BTreeMap<String, Schema>) -> bool {
    fields.values().all(|field| match field.kind() {
        FieldKind::Definition(name) => definitions.contains_key(name),
        _ => true,
    })
}

/// Adds fields to an object; tells whether there was one that neither it nor what it is made of had.
/// A name with slashes leads to an object inside.
pub(super) fn add_fields(
    schema: &mut Schema,
    fields: &FieldsText,
    definitions: &BTreeMap<String, Schema>,
) -> bool {
    let (inner, own): (FieldsText, FieldsText) =
        { fields.clone().into_iter() }.partition(|(name, _)| name.contains('/'));
    let mut any = !own.is_empty() && add(schema, own, definitions);
    for (path, field) in inner {
        let mut steps: Vec<&str> = path.split('/').collect();
        let Some(name) = steps.pop() else { continue };
        let found = { steps.iter() }.try_fold(&mut *schema, |schema, step| inside(schema, step));
        let field = FieldsText::from([(name.to_owned(), field)]);
        any |= found.is_some_and(|at| add(at, field, definitions));
    }
    any
}

/// Lets fields of an object be left out; tells whether one of them was required.
pub(super) fn make_optional(schema: &mut Schema, names: &[String]) -> bool {
    let mut any = false;
    match &mut schema.kind {
        Kind::Object(object) => {
            for name in names {
                let field = object.properties.get_mut(name);
                any |= field.is_some_and(|(_, required)| std::mem::take(required));
            }
        }
        Kind::AllOf(parts) => {
            for part in parts {
                any |= make_optional(part, names);
            }
        }
        _ => {}
    }
    any
}

/// Lets fields of an object take one more type each; tells whether one of them did not take it yet.
/// What is referred to is written out here for that: others refer to it, too.
pub(super) fn take_also(
    schema: &mut Schema,
    fields: &FieldsText,
    definitions: &BTreeMap<String, Schema>,
) -> bool {
    take(schema, fields, definitions, &mut { MAX_PARTS })
}

fn take(
    schema: &mut Schema,
    fields: &FieldsText,
    definitions: &BTreeMap<String, Schema>,
    left: &mut usize,
) -> bool {
    // Parts may hold one another.
    let Some(rest) = left.checked_sub(1) else { return false };
    *left = rest;
    match &mut schema.kind {
        Kind::Object(object) => {
            let mut any = false;
            for (name, field) in fields {
                let Some((own, _)) = object.properties.get_mut(name) else { continue };
                any |= widen(own, field.schema());
            }
            any
        }
        Kind::AllOf(parts) => {
            let mut any = false;
            for part in parts {
                any |= take(part, fields, definitions, left);
            }
            any
        }
        Kind::Ref(to) => {
            let Some(mut own) = definitions.get(to).cloned() else { return false };
            let any = take(&mut own, fields, definitions, left);
            if any {
                schema.kind = own.kind;
            }
            any
        }
        _ => false,
    }
}

/// Lets a value be something else as well, as a list of types does.
fn widen(schema: &mut Schema, more: Schema) -> bool {
    if *schema == more {
        return false;
    }
    match &mut schema.kind {
        Kind::Any => false,
        Kind::AnyOf(parts) | Kind::OneOf(parts) if parts.contains(&more) => false,
        Kind::AnyOf(parts) => {
            parts.push(more);
            true
        }
        _ => {
            let own = std::mem::take(schema);
            schema.kind = Kind::AnyOf(vec![own, more]);
            true
        }
    }
}

/// A field's schema, where it is written out in place.
fn inside<'s>(schema: &'s mut Schema, name: &str) -> Option<&'s mut Schema> {
    match &mut schema.kind {
        Kind::Object(object) => object.properties.get_mut(name).map(|(schema, _)| schema),
        Kind::AllOf(parts) => parts.iter_mut().find_map(|part| inside(part, name)),
        _ => None,
    }
}

/// Tells whether an object has a field, itself or in a part.
fn has(
    schema: &Schema,
    name: &str,
    definitions: &BTreeMap<String, Schema>,
    left: &mut usize,
) -> bool {
    // Parts may hold one another.
    let Some(rest) = left.checked_sub(1) else { return false };
    *left = rest;
    match &schema.kind {
        Kind::Object(object) => object.properties.contains_key(name),
        Kind::AllOf(parts) => parts.iter().any(|part| has(part, name, definitions, left)),
        Kind::Ref(to) => definitions.get(to).is_some_and(|own| has(own, name, definitions, left)),
        _ => false,
    }
}

fn add(
    schema: &mut Schema,
    mut fields: FieldsText,
    definitions: &BTreeMap<String, Schema>,
) -> bool {
    fields.retain(|name, _| !has(schema, name, definitions, &mut { MAX_PARTS }));
    if fields.is_empty() {
        return false;
    }
    let new = |object: &mut Object| {
        let fields = fields.into_iter().map(|(name, field)| (name, (field.schema(), false)));
        object.properties.extend(fields);
        true
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
