//! The rules as they are written in YAML, and what in one goes together.

use std::collections::BTreeMap;

use contajners_core::is_header_name;
use serde::Deserialize;

use super::fields::FieldsText;
use super::mend::placeholders;
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
    pub(super) also: Option<FieldsText>,
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
    pub(super) also: Option<FieldsText>,
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

    /// Finds lists of names that are empty: a rule for nothing would do nothing, and nobody be told.
    pub(super) fn check_lists(&self) -> Result<(), String> {
        let lists = [
            ("operation", &self.operation),
            ("definition", &self.definition),
            ("parameter", &self.parameter),
            ("versions", &self.versions),
        ];
        let is_empty = |names: &Option<Names>| names.as_ref().is_some_and(|n| n.list().is_empty());
        match lists.iter().find(|(_, names)| is_empty(names)) {
            Some((key, _)) => Err(format!("`{key}` is an empty list")),
            None => Ok(()),
        }
    }

    /// How many of the things it has that are a definition's.
    fn of_definition(&self) -> usize {
        let Self { missing, fields, optional, also, .. } = self;
        let all = [missing.is_some(), fields.is_some(), optional.is_some(), also.is_some()];
        all.into_iter().filter(|is_there| *is_there).count()
    }

    /// Checks a rule that mends something: what in it goes together.
    pub(super) fn check(&self) -> Result<(), String> {
        let text = self;
        match (&text.operation, &text.definition) {
            (None, None) => {
                return Err("it has neither `operation` nor `definition`".into());
            }
            (Some(_), Some(_)) => {
                return Err("`operation` and `definition` exclude each other".into());
            }
            (None, Some(_))
                if text.of_definition() != 1
                    || text.parameter.is_some()
                    || text.set.is_some()
                    || text.body.is_some() =>
            {
                let what = "a `definition` takes one of `missing: any`, `fields`, `optional` and \
                            `also`, and nothing else";
                return Err(what.into());
            }
            (Some(_), None) if text.optional.is_some() => {
                return Err("`optional` belongs to a `definition`".into());
            }
            (Some(_), None) if text.missing.is_some() && text.parameter.is_none() => {
                return Err("only a `definition` or a `parameter` may be `missing`".into());
            }
            (Some(_), None)
                if text.missing.is_some()
                    && !matches!(
                        text.location,
                        Some(LocationText::Query | LocationText::Header | LocationText::Form)
                    ) =>
            {
                let what = "a `parameter` that is `missing` is `in` the query, a header or a form";
                return Err(what.into());
            }
            (Some(_), None) if text.fields.is_some() => {
                let what = "`fields` belongs to a `definition` or into `body`";
                return Err(what.into());
            }
            (Some(_), None) if text.also.is_some() => {
                return Err("`also` belongs to a `definition` or into `body`".into());
            }
            _ => {}
        }
        if let (Some(MissingText::Any), Some(LocationText::Header)) = (text.missing, text.location)
        {
            let mut names = text.parameter.iter().flat_map(Names::list);
            if let Some(name) = names.find(|name| !is_header_name(name)) {
                return Err(format!("`{name}` is not a valid header name"));
            }
            let mut parameter = Parameter::any("", Location::Header);
            text.set.iter().for_each(|set| set.apply(&mut parameter));
            if parameter.sent_default().is_err() {
                return Err("the `default` of a header has to be plain text".into());
            }
        }
        let removes = text.remove == Some(true);
        if removes && text.definition.is_some() {
            return Err("only an `operation` or a `parameter` can be removed".into());
        }
        if removes && matches!(text.location, Some(LocationText::Path)) {
            return Err("a `parameter` in the path cannot be removed".into());
        }
        if removes && (text.set.is_some() || text.body.is_some() || text.missing.is_some()) {
            return Err("what is removed cannot be changed as well".into());
        }
        let adds = text.missing.is_some();
        let changes = removes || adds || text.set.is_some() || text.body.is_some();
        if text.definition.is_none() && !changes {
            return Err(
                "the rule changes nothing: it has none of `set`, `body` and `remove`".into()
            );
        }
        if text.parameter.is_some() && text.body.is_some() {
            return Err("`parameter` and `body` exclude each other".into());
        }
        if text.parameter.is_none() && text.location.is_some() {
            return Err("`in` needs a `parameter`".into());
        }
        if let Some(set) = &text.set {
            let SetText { id, path, encoding, list, kind, format, required, default, answer } = set;
            if let Some(path) = path {
                if text.parameter.is_some() {
                    return Err("a `parameter` has no `path`".into());
                }
                let is_plain = |c: char| !c.is_whitespace() && !c.is_control();
                let is_path = path.starts_with('/') && path.chars().all(is_plain);
                if !is_path || placeholders(path).is_none() {
                    return Err(format!("`{path}` is not a valid `path`"));
                }
            }
            if let Some(id) = id {
                let names = text.operation.as_ref().map_or(&[][..], Names::list);
                if names.len() != 1 || !names[0].contains(" /") {
                    let what = "an `id` is set for one operation, by its method and path";
                    return Err(what.into());
                }
                let is_plain = |c: char| !c.is_whitespace() && !c.is_control();
                if id.is_empty() || !id.chars().all(is_plain) {
                    return Err(format!("`{id}` is not a valid `id`"));
                }
                let more = answer.is_some() || path.is_some();
                if more || text.parameter.is_some() || text.body.is_some() {
                    return Err("an `id` is set by a rule of its own".into());
                }
            }
            let of_parameter = encoding.is_some()
                || list.is_some()
                || kind.is_some()
                || format.is_some()
                || required.is_some()
                || default.is_some();
            if text.parameter.is_none() && of_parameter {
                return Err(
                    "without a `parameter`, `set` takes only `id`, `path` and `answer`".into()
                );
            }
            if text.parameter.is_some() && answer.is_some() {
                return Err("a `parameter` has no `answer`".into());
            }
        }
        Ok(())
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
