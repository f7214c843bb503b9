//! `contajners ops ENGINE [CATEGORY]`

use std::borrow::Cow;

use contajners_core::{Api, Operation, Parameter, ResolveError};
use serde::Serialize;
use serde_json::Value;

use crate::args::{self, Form};
use crate::failure::Failure;
use crate::output::Output;
use crate::render::schema::of_text;
use crate::render::table::Table;
use crate::settings::{self, Settings};

/// An operation in the stable JSON: these fields and no others.
#[derive(Serialize)]
struct Listed<'a> {
    category: Cow<'a, str>,
    operation: &'a str,
    method: &'static str,
    path: &'a str,
    parameters: Vec<ListedParameter<'a>>,
    request_body: bool,
}

/// A parameter in the stable JSON.
#[derive(Serialize)]
pub(crate) struct ListedParameter<'a> {
    pub(crate) name: &'a str,
    #[serde(rename = "in")]
    pub(crate) location: &'static str,
    #[serde(rename = "type")]
    pub(crate) type_name: &'static str,
    pub(crate) required: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) default: Option<Value>,
    #[serde(rename = "enum", skip_serializing_if = "Vec::is_empty")]
    pub(crate) members: Vec<Value>,
}

impl<'a> Listed<'a> {
    fn new(operation: &Operation<'a>) -> Self {
        Self {
            category: operation.category(),
            operation: operation.id(),
            method: operation.method().as_str(),
            path: operation.path(),
            parameters: operation.parameters().map(|own| ListedParameter::new(&own)).collect(),
            request_body: operation.body().is_some(),
        }
    }
}

impl<'a> ListedParameter<'a> {
    /// Describes a parameter.
    pub(crate) fn new(parameter: &Parameter<'a>) -> Self {
        let schema = parameter.schema();
        let resolved = schema.resolved();
        Self {
            name: parameter.name(),
            location: parameter.location().name(),
            type_name: schema.type_name(),
            required: parameter.required(),
            default: schema.default().or_else(|| resolved.default()).map(of_text),
            members: resolved.members().map(of_text).collect(),
        }
    }
}

/// Lists operations by path and method.
pub(crate) fn run(
    engine: &args::Engine,
    category: Option<&str>,
    settings: &Settings,
    output: &mut Output,
) -> Result<(), Failure> {
    let api = settings.engine(engine)?.api()?;
    let operations = match category {
        Some(category) => api.category(category).map_err(|error| unknown(error, api))?,
        None => api.operations().collect(),
    };
    match settings.form_of_list() {
        Form::Json => {
            output.json(&operations.iter().map(Listed::new).collect::<Vec<_>>(), settings)
        }
        Form::Raw => output.lines(operations.iter().map(|operation| operation.id())),
        Form::Table => {
            let mut table = Table::new(["OPERATION", "METHOD", "PATH"]);
            for operation in &operations {
                table.row([operation.id(), operation.method().as_str(), operation.path()]);
            }
            Ok(table.write(output, settings.width, settings.paint)?)
        }
    }
}

fn unknown(error: ResolveError, api: Api<'_>) -> Failure {
    let hint = format!("`contajners categories {}` lists them", settings::typed_as(api));
    Failure::from(error).with_usage_hint(&hint)
}
