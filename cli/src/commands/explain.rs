//! `contajners explain ENGINE PATH`

use std::io::Write as _;

use contajners_core::{Additional, Api, Pack, Schema, SchemaHistory, nearest};
use serde::Serialize;
use serde_json::Value;

use crate::args::{self, Form};
use crate::commands::doc;
use crate::failure::Failure;
use crate::output::Output;
use crate::render::schema;
use crate::render::text::wrap;
use crate::settings::{self, Settings};

/// How many references and parts are gone through in search of a field.
const BUDGET: usize = 256;

/// What is known of a place, as JSON.
#[derive(Serialize)]
struct Explained<'a> {
    path: &'a str,
    r#type: String,
    schema: Value,
    versions: Vec<&'a str>,
}

/// Explains what is at a path.
pub(crate) fn run(
    typed: &args::Engine,
    path: &str,
    depth: usize,
    settings: &Settings,
    output: &mut Output,
) -> Result<(), Failure> {
    let chosen = settings.engine(typed)?;
    let api = chosen.api()?;
    let names: Vec<&str> = path.split(['.', '/']).filter(|name| !name.is_empty()).collect();
    let [root, fields @ ..] = &names[..] else {
        return Err(Failure::usage("the path is empty").with_hint("begin with an operation"));
    };
    let found = place(api, root, fields)?;
    let history = history(chosen.pack, root, fields);
    let versions = history.versions();
    if settings.form_of_page() == Form::Json {
        return output.json(
            &Explained {
                path,
                r#type: schema::label(found),
                schema: schema::value(found, &history, depth),
                versions: versions.iter().collect(),
            },
            settings,
        );
    }
    let paint = settings.paint;
    let text = format!("{path}  {}", schema::words(found, &history));
    for (number, line) in wrap(&text, settings.text_width().saturating_sub(2)).iter().enumerate() {
        match line.strip_prefix(path) {
            Some(rest) if number == 0 => writeln!(output, "{} {rest}", paint.strong(path))?,
            _ if number == 0 => writeln!(output, "{line}")?,
            _ => writeln!(output, "  {line}")?,
        }
    }
    writeln!(output, "in {} {}; it exists in {versions}", api.engine(), api.version())?;
    doc::tree(&schema::tree(found, &history, depth), 2, settings, output)
}

/// Finds what is at a path: in the body of an operation, in its first successful answer, or in a
/// definition.
fn place<'a>(api: Api<'a>, root: &str, fields: &[&str]) -> Result<Schema<'a>, Failure> {
    let roots = roots(api, root);
    if roots.is_empty() {
        return Err(unknown_root(api, root));
    }
    let mut failure = None;
    for schema in roots {
        match go(schema, fields) {
            Ok(found) => return Ok(found),
            Err(missing) => {
                // Where one gets farthest is what was meant.
                if failure.as_ref().is_none_or(|known: &Missing| known.at < missing.at) {
                    failure = Some(missing);
                }
            }
        }
    }
    let Some(Missing { at, near, leaf }) = failure else { return Err(unknown_root(api, root)) };
    let before = [&[root], &fields[..at]].concat().join(".");
    let failure = Failure::usage(format!(
        "`{before}` has no field `{}` in {} {}",
        fields[at],
        api.engine(),
        api.version()
    ));
    let elsewhere = history(api.pack(), root, fields).versions();
    Err(failure.with_hint(match (elsewhere.is_empty(), near.is_empty(), leaf) {
        (false, ..) => format!("it exists in {elsewhere}"),
        (true, false, _) => format!("did you mean `{}`?", near.join("` or `")),
        (true, true, Some(kind)) => format!("it is {kind}, and has no fields"),
        (true, true, None) => {
            let is_newest = api.pack().newest().is_some_and(|own| own.version() == api.version());
            let at = if is_newest { String::new() } else { format!("@{}", api.version()) };
            format!("`contajners explain {}{at} {before}` shows its fields", api.engine())
        }
    }))
}

/// Returns the schemas that a path may begin in.
pub(crate) fn roots<'a>(api: Api<'a>, root: &str) -> Vec<Schema<'a>> {
    if let Ok(operation) = settings::operation(api, root) {
        let body = operation.body();
        // As JSON first: that is what fields are of.
        let json = body.and_then(|body| body.json_schema());
        let others = body.into_iter().flat_map(|body| body.schemas().map(|(_, own)| own));
        let body = json.or(body.map(|body| body.schema())).into_iter().chain(others);
        let answers = operation
            .responses()
            .filter(|answer| answer.status().is_some_and(|status| (200..300).contains(&status)))
            .filter_map(|answer| answer.schema());
        return body.chain(answers).collect();
    }
    api.definitions().filter(|(name, _)| *name == root).map(|(_, schema)| schema).collect()
}

fn unknown_root(api: Api<'_>, root: &str) -> Failure {
    let (engine, version) = (api.engine(), api.version());
    if settings::operation(api, root).is_ok() {
        return Failure::usage(format!(
            "neither body nor answer of `{root}` has a schema in {engine} {version}"
        ));
    }
    let definitions: Vec<&str> = api.definitions().map(|(name, _)| name).collect();
    let ids = api.operations().map(|operation| operation.id());
    let near = nearest(root, ids.chain(definitions));
    let failure = Failure::usage(format!(
        "there is no operation and no definition `{root}` in {engine} {version}"
    ));
    match near.is_empty() {
        true => failure.with_hint(format!("`contajners ops {engine}` lists the operations")),
        false => failure.with_hint(format!("did you mean `{}`?", near.join("` or `"))),
    }
}

/// A field that is not there, and the names nearest to it.
struct Missing {
    at: usize,
    near: Vec<String>,
    /// The type of what it would be a field of, when that has none at all.
    leaf: Option<String>,
}

/// Returns what is at a path of fields; `None` where there is nothing.
pub(crate) fn follow<'a>(schema: Schema<'a>, fields: &[&str]) -> Option<Schema<'a>> {
    go(schema, fields).ok()
}

/// Goes down by names of fields; items of arrays and values of maps are gone into by themselves,
/// or by `*`.
fn go<'a>(schema: Schema<'a>, fields: &[&str]) -> Result<Schema<'a>, Missing> {
    let mut schema = schema;
    for (at, name) in fields.iter().enumerate() {
        let mut inner = schema;
        let found = loop {
            if *name == "*" {
                break inside(inner, &mut { BUDGET });
            }
            if let Some(property) = inner.property(name) {
                break Some(property.schema);
            }
            // As pointers of findings have it.
            if name.bytes().all(|byte| byte.is_ascii_digit())
                && let Some(items) = inner.resolved().items()
            {
                break Some(items);
            }
            // Any name is one of a map's, once nothing else is meant.
            match inside(inner, &mut { BUDGET }) {
                Some(next)
                    if next.property(name).is_some() || next.resolved().items().is_some() =>
                {
                    inner = next;
                }
                other => break other.filter(|_| inner.resolved().items().is_none()),
            }
        };
        schema = match found {
            Some(found) => found,
            None => {
                let mut names = Vec::new();
                gather(schema, &mut names, &mut { BUDGET });
                let leaf = names.is_empty().then(|| schema::label(schema));
                let near = nearest(name, names).into_iter().map(Into::into).collect();
                return Err(Missing { at, near, leaf });
            }
        };
    }
    Ok(schema)
}

/// The items of an array or the values of a map.
fn inside<'a>(schema: Schema<'a>, budget: &mut usize) -> Option<Schema<'a>> {
    *budget = budget.checked_sub(1)?;
    let schema = schema.resolved();
    match schema.additional() {
        Additional::Schema(values) => Some(values),
        _ => schema.items().or_else(|| schema.parts().find_map(|part| inside(part, budget))),
    }
}

/// The names of the fields, those of items too.
fn gather<'a>(schema: Schema<'a>, names: &mut Vec<&'a str>, budget: &mut usize) {
    let Some(left) = budget.checked_sub(1) else { return };
    *budget = left;
    let schema = schema.resolved();
    names.extend(schema.properties().map(|property| property.name));
    schema.parts().chain(schema.items()).for_each(|part| gather(part, names, budget));
}

fn history<'a>(pack: Pack<'a>, root: &str, fields: &[&str]) -> SchemaHistory<'a> {
    SchemaHistory::of(pack, |api| {
        roots(api, root).into_iter().find_map(|schema| follow(schema, fields))
    })
}
