//! What the catalogue says of operations, and of what differs, in the shape of the command's `-o json`,
//! without two things: summaries, which lie in files beside the packs, and the `versions` of fields and
//! `enumVersions` of values in schemas, whose walk through all versions would be two KiB of every
//! page. `explain` tells the versions of each field by its path.

use alloc::string::{String, ToString as _};

use contajners_core::{
    Additional, Change, ChangeKind, Explanation, Finding, Operation, Parameter, Place, Schema,
    SchemaKind,
};

use crate::json::Writer;

/// No page has more schemas than this: they may be deep and circular.
const LONGEST: usize = 4000;

/// An operation in a list.
pub(crate) fn listed(out: &mut Writer, operation: &Operation<'_>) {
    out.object(|out| {
        out.name("category").string(&operation.category());
        out.name("operation").string(operation.id());
        out.name("method").string(operation.method().as_str());
        out.name("path").string(operation.path());
        out.name("parameters").list(operation.parameters(), |out, parameter| {
            out.object(|out| of_parameter(out, &parameter));
        });
        out.name("request_body").boolean(operation.body().is_some());
    });
}

fn of_parameter(out: &mut Writer, parameter: &Parameter<'_>) {
    let schema = parameter.schema();
    let resolved = schema.resolved();
    out.name("name").string(parameter.name());
    out.name("in").string(parameter.location().name());
    out.name("type").string(schema.type_name());
    out.name("required").boolean(parameter.required());
    if let Some(default) = schema.default().or_else(|| resolved.default()) {
        out.name("default").json(default);
    }
    if resolved.members().next().is_some() {
        out.name("enum").list(resolved.members(), Writer::json);
    }
}

/// All that is known of an operation; schemas go so many levels deep.
pub(crate) fn page(out: &mut Writer, operation: &Operation<'_>, depth: usize) {
    out.object(|out| {
        out.name("engine").string(operation.api().engine());
        out.name("version").string(operation.api().version());
        out.name("category").string(&operation.category());
        out.name("operation").string(operation.id());
        out.name("method").string(operation.method().as_str());
        out.name("path").string(operation.path());
        out.name("url").optional(operation.doc_url().as_deref());
        out.name("versions").strings(operation.history().iter());
        out.name("ids").list(operation.ids(), |out, (id, versions)| {
            out.object(|out| {
                out.name("id").string(id);
                out.name("versions").strings(versions.iter());
            });
        });
        out.name("parameters").list(operation.parameters(), |out, parameter| {
            out.object(|out| {
                of_parameter(out, &parameter);
                schema(out.name("schema"), parameter.schema(), depth);
                out.name("versions").strings(parameter.history().iter());
            });
        });
        out.name("request_body");
        match operation.body() {
            None => out.word("null"),
            Some(body) => out.object(|out| {
                out.name("required").boolean(body.required());
                out.name("media_types").strings(body.media_types());
                schema(out.name("schema"), body.schema(), depth);
                if body.is_by_media_type() {
                    named(out.name("schemas"), body.schemas(), depth);
                }
            }),
        }
        out.name("answer").string(operation.answer().name());
        out.name("produces").strings(operation.produces());
        out.name("answers").list(operation.responses(), |out, response| {
            out.object(|out| {
                out.name("status");
                status(out, response.status());
                if let Some(own) = response.schema() {
                    schema(out.name("schema"), own, depth);
                }
                if response.headers().next().is_some() {
                    named(out.name("headers"), response.headers(), depth);
                }
            });
        });
    });
}

/// Findings as a list.
pub(crate) fn findings(findings: &[Finding]) -> String {
    let mut out = Writer::default();
    out.list(findings, |out, finding| {
        out.object(|out| {
            out.name("code").string(finding.code());
            out.name("pointer").string(finding.pointer());
            out.name("message").string(&finding.to_string());
            out.name("hint").optional(finding.hint().as_deref());
            out.name("nearest").strings(finding.nearest().iter().map(String::as_str));
        });
    });
    out.text
}

/// Differences as a list, in the shape of the command's `diff -o json`.
pub(crate) fn changes(changes: &[Change]) -> String {
    let mut out = Writer::default();
    out.list(changes, |out, change| {
        out.object(|out| {
            out.name("operation").string(&change.operation);
            out.name("method").string(change.method.as_str());
            out.name("path").string(&change.path);
            place(out, &change.place);
            out.name("change").string(change.kind.code());
            match &change.kind {
                ChangeKind::Renamed { from, to }
                | ChangeKind::Moved { from, to }
                | ChangeKind::Type { from, to }
                | ChangeKind::Format { from, to } => {
                    out.name("from").string(from);
                    out.name("to").string(to);
                }
                ChangeKind::Default { from, to } => {
                    for (name, value) in [("from", from), ("to", to)] {
                        if let Some(value) = value {
                            out.name(name).string(value);
                        }
                    }
                }
                ChangeKind::ValueAdded(value) | ChangeKind::ValueRemoved(value) => {
                    out.name("value").string(value);
                }
                _ => {}
            }
            out.name("breaking").boolean(change.is_breaking());
        });
    });
    out.text
}

fn place(out: &mut Writer, place: &Place) {
    out.name("in");
    match place {
        Place::Parameter { location, name } => {
            out.string("parameter");
            out.name("location").string(location.name());
            out.name("name").string(name);
        }
        Place::Body { pointer } => {
            out.string("body");
            out.name("pointer").string(pointer);
        }
        Place::Answer { status, pointer } => {
            out.string("answer");
            out.name("status");
            self::status(out, *status);
            out.name("pointer").string(pointer);
        }
        _ => out.string("operation"),
    }
}

fn status(out: &mut Writer, status: Option<u16>) {
    match status {
        Some(status) => out.word(&status.to_string()),
        None => out.word("null"),
    }
}

/// What is at a path: the versions are its own, those of its fields are not told.
pub(crate) fn explained(out: &mut Writer, found: &Explanation<'_>, depth: usize) {
    out.object(|out| {
        out.name("path").string(&found.path);
        out.name("type").string(&found.schema.label());
        schema(out.name("schema"), found.schema, depth);
        out.name("versions").strings(found.history.versions().iter());
    });
}

fn named<'a>(out: &mut Writer, all: impl Iterator<Item = (&'a str, Schema<'a>)>, depth: usize) {
    out.object(|out| {
        for (name, own) in all {
            schema(out.name(name), own, depth);
        }
    });
}

fn schema(out: &mut Writer, schema: Schema<'_>, depth: usize) {
    within(out, schema, depth, &mut { LONGEST });
}

/// A schema in the words of JSON Schema where they fit.
fn within(out: &mut Writer, schema: Schema<'_>, depth: usize, budget: &mut usize) {
    let resolved = schema.resolved();
    out.object(|out| {
        out.name("type").string(schema.type_name());
        if let Some(name) = schema.definition() {
            out.name("definition").string(name);
        }
        if let Some(format) = resolved.format() {
            out.name("format").string(format);
        }
        if schema.nullable() || resolved.nullable() {
            out.name("nullable").word("true");
        }
        if let Some(default) = schema.default().or_else(|| resolved.default()) {
            out.name("default").json(default);
        }
        if resolved.members().next().is_some() {
            out.name("enum").list(resolved.members(), Writer::json);
        }
        let Some(depth) = depth.checked_sub(1) else { return };
        if *budget == 0 {
            return;
        }
        *budget -= 1;
        if let Some(items) = resolved.items() {
            within(out.name("items"), items, depth, budget);
        }
        if resolved.properties().next().is_some() {
            if resolved.properties().any(|property| property.required) {
                let required = resolved.properties().filter(|property| property.required);
                out.name("required").strings(required.map(|property| property.name));
            }
            out.name("properties").object(|out| {
                for property in resolved.properties() {
                    within(out.name(property.name), property.schema, depth, budget);
                }
            });
        }
        match resolved.additional() {
            Additional::Forbidden => out.name("additionalProperties").word("false"),
            Additional::Any => out.name("additionalProperties").word("true"),
            Additional::Schema(values) => {
                within(out.name("additionalProperties"), values, depth, budget);
            }
            _ => {}
        }
        let parts = match resolved.kind() {
            SchemaKind::AllOf => "allOf",
            SchemaKind::OneOf => "oneOf",
            SchemaKind::AnyOf => "anyOf",
            _ => return,
        };
        out.name(parts).list(resolved.parts(), |out, part| within(out, part, depth, budget));
    });
}
