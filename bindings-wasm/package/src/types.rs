//! Declarations of an engine's operations, made of its pack.
//!
//! A pack says in which versions a thing looks how, and so do the declarations: each operation and
//! definition is there once, as a type that depends on the version `V`. All versions together are
//! hardly more text than one of them, and the compiler looks only at what a program asks for.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use contajners_core::{
    Additional, Answer, Api, Encoding, ListStyle, Location, Operation, Pack, Parameter, Schema,
    SchemaKind, is_json,
};

/// Inline schemas are followed no farther than this.
const DEEPEST: usize = 24;

/// What a thing looks like, and in which versions; the newest look first.
type Looks<'a> = Vec<(String, Vec<&'a str>)>;

/// Writes the declarations of all versions.
pub(crate) fn of(pack: Pack<'_>) -> String {
    let versions: Vec<&str> = pack.versions().collect();
    let mut definitions: BTreeMap<&str, Looks<'_>> = BTreeMap::new();
    let mut operations: BTreeMap<&str, Looks<'_>> = BTreeMap::new();
    for api in pack.apis().rev() {
        for (name, schema) in api.definitions() {
            look(definitions.entry(name).or_default(), text(schema, DEEPEST), api);
        }
        for operation in api.operations() {
            look(operations.entry(operation.id()).or_default(), of_operation(&operation), api);
        }
    }
    let mut sets = Sets { known: BTreeMap::new(), all: versions.len() };
    let mut body = String::new();
    for (name, looks) in &definitions {
        let _ = writeln!(body, "export type {}<V> = {};", identifier(name), sets.choice(looks));
    }
    body.push_str("export interface Operations<V> {\n");
    for (id, looks) in &operations {
        let _ = writeln!(body, "{}: {};", key(id), sets.choice(looks));
    }
    body.push_str("}\n");

    let mut out = String::from("import type { Bytes } from \"../index.js\";\n");
    let _ = writeln!(out, "export type Versions = {};", union(&versions));
    let _ = writeln!(out, "export type Newest = {:?};", versions.last().unwrap_or(&""));
    out.push_str(&sets.declarations());
    out + &body
}

fn look<'a>(looks: &mut Looks<'a>, text: String, api: Api<'a>) {
    match looks.iter_mut().find(|(known, _)| *known == text) {
        Some((_, versions)) => versions.push(api.version()),
        None => looks.push((text, vec![api.version()])),
    }
}

/// Sets of versions that choices are made by; each gets a short name.
struct Sets<'a> {
    known: BTreeMap<Vec<&'a str>, usize>,
    all: usize,
}

impl<'a> Sets<'a> {
    /// A type that depends on the version.
    fn choice(&mut self, looks: &Looks<'a>) -> String {
        let mut out = String::new();
        for (text, versions) in looks {
            if versions.len() == self.all {
                return text.clone();
            }
            let next = self.known.len();
            let number = *self.known.entry(versions.clone()).or_insert(next);
            let _ = write!(out, "V extends S{number} ? {text} : ");
        }
        out + "never"
    }

    fn declarations(&self) -> String {
        let mut sets: Vec<_> = self.known.iter().collect();
        sets.sort_by_key(|(_, number)| **number);
        let line = |(versions, number): (&Vec<&str>, &usize)| {
            format!("type S{number} = {};\n", union(versions))
        };
        sets.into_iter().map(line).collect()
    }
}

fn union(texts: &[&str]) -> String {
    let quoted: Vec<String> = texts.iter().map(|text| format!("{text:?}")).collect();
    if quoted.is_empty() { "never".into() } else { quoted.join(" | ") }
}

fn of_operation(operation: &Operation<'_>) -> String {
    let mut out = String::from("{ params: {");
    let mut names = BTreeSet::new();
    for parameter in operation.parameters() {
        let bare = parameter.bare_name();
        // A name that stands in two places means the one in the path.
        let twin = operation.parameters().any(|other| {
            other.bare_name() == bare
                && other.location() == Location::Path
                && parameter.location() != Location::Path
        });
        let name = match twin {
            true => format!("{}.{bare}", parameter.location().name()),
            false => bare.to_owned(),
        };
        if !names.insert(name.clone()) {
            continue;
        }
        let needed = is_needed(&parameter);
        let (mark, null) = if needed { ("", "") } else { ("?", " | null") };
        let _ = write!(out, " {}{mark}: {}{null};", key(&name), of_parameter(&parameter));
    }
    out.push_str(" };");
    if let Some(body) = operation.body() {
        let media_type = body.media_types().next().unwrap_or("application/json");
        let own = match (is_json(media_type), body.schema().resolved().kind()) {
            (false, _) => "string".into(),
            (true, SchemaKind::File) => "string".into(),
            (true, _) => text(body.schema(), DEEPEST),
        };
        let mark = if body.required() { "" } else { "?" };
        let _ = write!(out, " body{mark}: {own} | Bytes;");
    }
    let schema = operation
        .responses()
        .filter(|answer| answer.status().is_some_and(|status| (200..300).contains(&status)))
        .find_map(|answer| answer.schema());
    let documented = || schema.map_or_else(|| "unknown".into(), |own| text(own, DEEPEST));
    let result = match operation.answer() {
        Answer::Nothing => "null".into(),
        Answer::Json => documented(),
        Answer::Text | Answer::Frames => "string".into(),
        Answer::Bytes => "Uint8Array".into(),
        _ => "unknown".into(),
    };
    let _ = write!(out, " result: {result};");
    if matches!(operation.answer(), Answer::JsonLines | Answer::Json) {
        let _ = write!(out, " document: {};", documented());
    }
    out + " }"
}

/// A call without it is refused: its value is neither known nor filled in.
fn is_needed(parameter: &Parameter<'_>) -> bool {
    let filled_in = parameter.location() == Location::Header
        && (parameter.schema().default().is_some() || parameter.encoding() == Encoding::JsonBase64);
    parameter.required() && !filled_in
}

fn of_parameter(parameter: &Parameter<'_>) -> String {
    if parameter.encoding() != Encoding::Plain {
        return "string | object".into();
    }
    let schema = parameter.schema().resolved();
    let one = schema.items().map_or(schema, Schema::resolved);
    let scalar = match one.kind() {
        SchemaKind::Boolean => "boolean".into(),
        SchemaKind::Integer | SchemaKind::Number => "number | bigint".into(),
        SchemaKind::String => members(one).unwrap_or_else(|| "string".into()),
        _ => "string | number | boolean | object".to_owned(),
    };
    match parameter.style() {
        ListStyle::Single => scalar,
        _ => format!("{scalar} | ({scalar})[]"),
    }
}

/// The values allowed, where there is a list of them and all are texts.
fn members(schema: Schema<'_>) -> Option<String> {
    let all: Vec<&str> = schema.members().filter(|member| *member != "\"\"").collect();
    let texts = all.iter().all(|member| member.starts_with('"'));
    (texts && !all.is_empty()).then(|| all.join(" | "))
}

/// A schema as a type.
fn text(schema: Schema<'_>, depth: usize) -> String {
    let own = plain(schema, depth);
    if schema.nullable() { format!("({own}) | null") } else { own }
}

fn plain(schema: Schema<'_>, depth: usize) -> String {
    if let Some(name) = schema.definition() {
        // A definition that only refers to itself says nothing.
        let says = schema.resolved().kind() != SchemaKind::Ref;
        return if says { format!("{}<V>", identifier(name)) } else { "unknown".into() };
    }
    let Some(depth) = depth.checked_sub(1) else { return "unknown".into() };
    match schema.kind() {
        SchemaKind::String => members(schema).unwrap_or_else(|| "string".into()),
        SchemaKind::Integer | SchemaKind::Number => "number".into(),
        SchemaKind::Boolean => "boolean".into(),
        SchemaKind::Null => "null".into(),
        SchemaKind::Array => match schema.items() {
            Some(items) => format!("({})[]", text(items, depth)),
            None => "unknown[]".into(),
        },
        SchemaKind::Object => object(schema, depth),
        SchemaKind::AllOf => joined(schema, depth, " & "),
        SchemaKind::OneOf | SchemaKind::AnyOf => joined(schema, depth, " | "),
        _ => "unknown".into(),
    }
}

fn joined(schema: Schema<'_>, depth: usize, sign: &str) -> String {
    let parts: Vec<String> = schema.parts().map(|part| text(part, depth)).collect();
    // What says nothing takes nothing away from what does.
    let telling: Vec<String> = parts
        .into_iter()
        .filter(|part| part != "unknown")
        .map(|part| format!("({part})"))
        .collect();
    if telling.is_empty() { "unknown".into() } else { telling.join(sign) }
}

fn object(schema: Schema<'_>, depth: usize) -> String {
    let mut fields = String::new();
    for property in schema.properties() {
        let mark = if property.required { "" } else { "?" };
        let _ = write!(fields, " {}{mark}: {};", key(property.name), text(property.schema, depth));
    }
    let others = match schema.additional() {
        Additional::Schema(values) => Some(text(values, depth)),
        Additional::Any => Some("unknown".into()),
        _ if fields.is_empty() => Some("unknown".into()),
        _ => None,
    };
    match others {
        None => format!("{{{fields} }}"),
        Some(values) if fields.is_empty() => format!("{{ [name: string]: {values} }}"),
        // Fields of other types than the rest would contradict an index.
        Some(_) => format!("{{{fields} [name: string]: unknown }}"),
    }
}

/// A name as the key of an object type.
fn key(name: &str) -> String {
    if is_plain(name) { name.to_owned() } else { format!("{name:?}") }
}

fn is_plain(name: &str) -> bool {
    !name.is_empty()
        && !name.starts_with(|c: char| c.is_ascii_digit())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '$')
}

/// A definition's name as the name of a type, told from those that are used here.
fn identifier(name: &str) -> String {
    let plain: String =
        name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
    let taken = ["Bytes", "Operations", "Versions", "Newest", "Uint8Array", "V"];
    let short = plain.strip_prefix('S').is_some_and(|rest| rest.parse::<u32>().is_ok());
    let lower = plain.starts_with(|c: char| !c.is_ascii_uppercase());
    if taken.contains(&&*plain) || short || lower { format!("T_{plain}") } else { plain }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The declarations are long; what is looked at is a piece of them.
    fn lines(engine: &str, starts: &[&str]) -> String {
        let pack = Pack::open(contajners_resources::pack(engine).unwrap()).unwrap();
        let all = of(pack);
        let wanted = |line: &&str| starts.iter().any(|start| line.starts_with(start));
        all.lines().filter(wanted).map(|line| format!("{line}\n")).collect()
    }

    #[test]
    fn operations_depend_on_the_version() {
        let starts = [
            "ContainerList:",
            "ImagePush:",
            "VolumePrune:",
            "ContainerLogs:",
            "PutContainerArchive:",
        ];
        insta::assert_snapshot!(lines("docker", &starts));
    }

    #[test]
    fn definitions_depend_on_the_version() {
        let starts = [
            "export type Port<",
            "export type RestartPolicy<",
            "export type Newest",
            "export type IdResponse<",
        ];
        insta::assert_snapshot!(lines("docker", &starts));
    }

    #[test]
    fn both_apis_of_podman_are_there() {
        let starts = ["ContainerStatsAllLibpod:", "PodStartLibpod:", "ImageTag:"];
        insta::assert_snapshot!(lines("podman", &starts));
    }

    #[test]
    fn names_that_would_clash_are_changed() {
        for (name, expected) in [
            ("Port", "Port"),
            ("S1", "T_S1"),
            ("a.b", "T_a_b"),
            ("Bytes", "T_Bytes"),
            ("Summary", "Summary"),
        ] {
            assert_eq!(identifier(name), expected);
        }
        assert_eq!(key("com.docker/x"), "\"com.docker/x\"");
    }
}
