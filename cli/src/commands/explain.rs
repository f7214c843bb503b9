//! `contajners explain ENGINE PATH`

use std::io::Write as _;

use contajners_core::{Api, ExplainError, ExplainErrorKind};
use serde::Serialize;
use serde_json::Value;

use crate::args::{self, Form};
use crate::commands::doc;
use crate::failure::Failure;
use crate::output::Output;
use crate::render::schema;
use crate::render::text::wrap;
use crate::settings::{self, Settings};

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
    let api = settings.engine(typed)?.api()?;
    let path = &spelled(api, path);
    let found = api.explain(path).map_err(|error| failed(&error, api))?;
    let versions = found.history.versions();
    if settings.form_of_page() == Form::Json {
        return output.json(
            &Explained {
                path,
                r#type: schema::label(found.schema),
                schema: schema::value(found.schema, &found.history, depth),
                versions: versions.iter().collect(),
            },
            settings,
        );
    }
    let paint = settings.paint;
    let text = format!("{path}  {}", schema::words(found.schema, &found.history));
    for (number, line) in wrap(&text, settings.text_width().saturating_sub(2)).iter().enumerate() {
        match line.strip_prefix(&**path) {
            Some(rest) if number == 0 => writeln!(output, "{} {rest}", paint.strong(path))?,
            _ if number == 0 => writeln!(output, "{line}")?,
            _ => writeln!(output, "  {line}")?,
        }
    }
    writeln!(output, "in {} {}; it exists in {versions}", api.engine(), api.version())?;
    doc::tree(&schema::tree(found.schema, &found.history, depth), 2, settings, output)
}

/// The path with the operation's id for an alias of it.
fn spelled(api: Api<'_>, path: &str) -> String {
    let path = path.trim_matches(['.', '/']);
    let (root, fields) = path.split_at(path.find(['.', '/']).unwrap_or(path.len()));
    match settings::operation(api, root) {
        Ok(operation) => format!("{}{fields}", operation.id()),
        Err(_) => path.to_owned(),
    }
}

fn failed(error: &ExplainError, api: Api<'_>) -> Failure {
    let failure = Failure::usage(error.to_string());
    let engine = settings::typed_as(api);
    let hint = match (error.kind(), error.hint()) {
        (_, Some(hint)) => hint.to_owned(),
        (ExplainErrorKind::UnknownRoot, None) => {
            format!("`contajners ops {engine}` lists the operations")
        }
        (ExplainErrorKind::UnknownField, None) => {
            format!("`contajners explain {engine} {}` shows its fields", error.reached())
        }
        _ => return failure,
    };
    failure.with_hint(hint)
}
