//! The rules as they are written in YAML.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::fields::FieldsText;
use super::waiters::EndText;
use crate::model::{Answer, Encoding, Kind, ListStyle, Location, Parameter, Schema};

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RuleText {
    pub(super) operation: Option<Names>,
    pub(super) definition: Option<Names>,
    pub(super) missing: Option<MissingText>,
    pub(super) remove: Option<bool>,
    pub(super) fields: Option<FieldsText>,
    pub(super) optional: Option<Vec<String>>,
    pub(super) parameter: Option<Names>,
    #[serde(rename = "in")]
    pub(super) location: Option<LocationText>,
    pub(super) versions: Option<Names>,
    pub(super) set: Option<SetText>,
    pub(super) body: Option<BodyText>,
    pub(super) waiter: Option<String>,
    pub(super) takes: Option<BTreeMap<String, String>>,
    pub(super) every: Option<String>,
    pub(super) within: Option<String>,
    pub(super) tells: Option<String>,
    pub(super) ends: Option<Vec<EndText>>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub(super) enum Names {
    One(String),
    Many(Vec<String>),
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SetText {
    pub(super) id: Option<String>,
    pub(super) path: Option<String>,
    pub(super) encoding: Option<EncodingText>,
    pub(super) list: Option<ListText>,
    #[serde(rename = "type")]
    pub(super) kind: Option<KindText>,
    pub(super) format: Option<String>,
    pub(super) required: Option<bool>,
    pub(super) default: Option<yaml_serde::Value>,
    pub(super) answer: Option<AnswerText>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct BodyText {
    pub(super) missing: Option<MissingText>,
    pub(super) media_types: Option<Vec<String>>,
    pub(super) required: Option<bool>,
    pub(super) fields: Option<FieldsText>,
}

/// Declares an enum as it is written in YAML, with the model's member for each of its own.
macro_rules! written {
    ($name:ident => $model:ty { $($member:ident),* }) => {
        #[derive(Debug, Clone, Copy, Deserialize)]
        #[serde(rename_all = "kebab-case")]
        pub(super) enum $name { $($member),* }

        impl From<$name> for $model {
            fn from(text: $name) -> Self {
                match text { $($name::$member => Self::$member),* }
            }
        }
    };
}

written!(EncodingText => Encoding { Plain, Json, JsonBase64 });
written!(ListText => ListStyle { Single, Multi, Csv, Ssv, Tsv, Pipes });
written!(AnswerText => Answer { Nothing, Json, JsonLines, Text, Bytes, Frames, Upgrade });
written!(LocationText => Location { Path, Query, Header, Form });

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum KindText {
    String,
    Integer,
    Number,
    Boolean,
    Array,
}

/// What a missing definition comes to, a missing body or a missing parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum MissingText {
    Any,
}

impl RuleText {
    pub(super) fn names(&self) -> Option<&Names> {
        self.operation.as_ref().or(self.definition.as_ref())
    }
}

impl Names {
    pub(super) fn list(&self) -> &[String] {
        match self {
            Names::One(name) => std::slice::from_ref(name),
            Names::Many(names) => names,
        }
    }
}

impl SetText {
    pub(super) fn apply(&self, parameter: &mut Parameter) {
        if let Some(encoding) = self.encoding {
            parameter.encoding = encoding.into();
        }
        if let Some(list) = self.list {
            parameter.style = list.into();
        }
        if let Some(kind) = self.kind {
            retype(&mut parameter.schema, kind);
        }
        if let Some(format) = &self.format {
            parameter.schema.format.clone_from(format);
        }
        if let Some(required) = self.required {
            parameter.required = required;
        }
        if let Some(default) = &self.default {
            parameter.schema.default = serde_json::to_string(default).ok();
        }
    }
}

/// Gives a schema another type; what it was becomes what an array holds.
fn retype(schema: &mut Schema, kind: KindText) {
    if kind == KindText::Array {
        if !matches!(schema.kind, Kind::Array(_)) {
            let default = schema.default.take().map(|default| format!("[{default}]"));
            let item = std::mem::take(schema);
            schema.kind = Kind::Array(Box::new(item));
            schema.default = default;
        }
        return;
    }
    let kind = match kind {
        KindText::Integer => Kind::Integer,
        KindText::Number => Kind::Number,
        KindText::Boolean => Kind::Boolean,
        KindText::String | KindText::Array => Kind::String,
    };
    if schema.kind != kind {
        // A format belongs to the type it was written for.
        schema.format.clear();
        schema.kind = kind;
    }
}
