//! `contajners doc ENGINE OPERATION`

use std::borrow::Cow;
use std::io::Write as _;

use contajners_core::{Operation, Parameter, Response, Schema, SchemaHistory};
use serde::Serialize;
use serde_json::Value;

use crate::args::{self, Form};
use crate::commands::ops::ListedParameter;
use crate::failure::Failure;
use crate::output::{Output, remark};
use crate::prose::{self, Prose};
use crate::render::table::Table;
use crate::render::text::wrap;
use crate::render::{plain, schema};
use crate::settings::{self, Settings};

/// All that is known of an operation, as JSON.
#[derive(Serialize)]
struct Documented<'a> {
    engine: &'a str,
    version: &'a str,
    category: Cow<'a, str>,
    operation: &'a str,
    method: &'static str,
    path: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    summary: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
    url: Option<String>,
    versions: Vec<&'a str>,
    ids: Vec<Id<'a>>,
    parameters: Vec<DocumentedParameter<'a>>,
    request_body: Option<RequestBody<'a>>,
    answer: &'static str,
    produces: Vec<&'a str>,
    answers: Vec<DocumentedAnswer>,
}

#[derive(Serialize)]
struct Id<'a> {
    id: &'a str,
    versions: Vec<&'a str>,
}

#[derive(Serialize)]
struct DocumentedParameter<'a> {
    #[serde(flatten)]
    listed: ListedParameter<'a>,
    schema: Value,
    versions: Vec<&'a str>,
}

#[derive(Serialize)]
struct RequestBody<'a> {
    required: bool,
    media_types: Vec<&'a str>,
    /// With the media type that is sent by default.
    schema: Value,
    /// By media type, where it depends on that.
    #[serde(skip_serializing_if = "serde_json::Map::is_empty")]
    schemas: serde_json::Map<String, Value>,
}

#[derive(Serialize)]
struct DocumentedAnswer {
    /// None for any status that is not listed.
    status: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    schema: Option<Value>,
    #[serde(skip_serializing_if = "serde_json::Map::is_empty")]
    headers: serde_json::Map<String, Value>,
}

/// Explains an operation.
pub(crate) fn run(
    typed: &args::Operation,
    depth: usize,
    settings: &Settings,
    output: &mut Output,
) -> Result<(), Failure> {
    let api = settings.engine(&typed.engine)?.api()?;
    let operation = settings::operation(api, &typed.operation)?;
    let prose = prose::find(&operation).unwrap_or_else(|unusable| {
        // An extra that is broken leaves the rest as it is.
        let path = unusable.path.display().to_string();
        remark(format_args!("note: no summaries: {}: {}", plain(&path), plain(&unusable.reason)));
        None
    });
    match settings.form_of_page() {
        Form::Json => output.json(&Documented::new(&operation, prose.as_ref(), depth), settings),
        Form::Table | Form::Raw => {
            let mut page = Page { operation, depth, settings, output };
            page.head(prose.as_ref())?;
            page.parameters()?;
            page.body()?;
            page.answers()
        }
    }
}

impl<'a> Documented<'a> {
    fn new(operation: &Operation<'a>, prose: Option<&'a Prose>, depth: usize) -> Self {
        let said = |text: &'a str| Some(text).filter(|text| !text.is_empty());
        Self {
            engine: operation.api().engine(),
            version: operation.api().version(),
            category: operation.category(),
            operation: operation.id(),
            method: operation.method().as_str(),
            path: operation.path(),
            summary: prose.and_then(|prose| said(&prose.summary)),
            description: prose.and_then(|prose| said(&prose.description)),
            url: operation.doc_url(),
            versions: operation.history().iter().collect(),
            ids: { operation.ids().into_iter() }
                .map(|(id, versions)| Id { id, versions: versions.iter().collect() })
                .collect(),
            parameters: { operation.parameters() }
                .map(|parameter| DocumentedParameter {
                    listed: ListedParameter::new(&parameter),
                    schema: schema::value(parameter.schema(), &parameter.schema_history(), depth),
                    versions: parameter.history().iter().collect(),
                })
                .collect(),
            request_body: operation.body().map(|body| RequestBody {
                required: body.required(),
                media_types: body.media_types().collect(),
                schema: schema::value(body.schema(), &operation.body_history(), depth),
                schemas: { body.schemas() }
                    .map(|(name, own)| {
                        let history = operation.body_history_as(name);
                        (name.to_owned(), schema::value(own, &history, depth))
                    })
                    .collect(),
            }),
            answer: operation.answer().name(),
            produces: operation.produces().collect(),
            answers: { operation.responses() }
                .map(|response| DocumentedAnswer {
                    status: response.status(),
                    schema: response.schema().map(|own| {
                        schema::value(own, &operation.answer_history(response.status()), depth)
                    }),
                    headers: { response.headers() }
                        .map(|(name, own)| {
                            (name.to_owned(), schema::value(own, &own.alone(), depth))
                        })
                        .collect(),
                })
                .collect(),
        }
    }
}

/// The page of an operation as it is written.
struct Page<'a, 'o> {
    operation: Operation<'a>,
    depth: usize,
    settings: &'o Settings,
    output: &'o mut Output,
}

impl Page<'_, '_> {
    /// Name, place, summary, history.
    fn head(&mut self, prose: Option<&Prose>) -> Result<(), Failure> {
        let (operation, paint) = (self.operation, self.settings.paint);
        let api = operation.api();
        writeln!(
            self.output,
            "{}  {} {}",
            paint.strong(operation.id()),
            operation.method(),
            operation.path()
        )?;
        if let Some(prose) = prose {
            for text in [&prose.summary, &prose.description] {
                if !text.is_empty() {
                    writeln!(self.output)?;
                    self.paragraph("", "", &plain(text))?;
                }
            }
        }
        writeln!(self.output)?;
        let shown = format!("{} {}", api.engine(), api.version());
        self.fact("shown for", &shown)?;
        // A path that is `/` has none.
        if !operation.category().is_empty() {
            self.fact("category", &operation.category())?;
        }
        self.fact("exists in", &operation.history().to_string())?;
        for (id, versions) in operation.ids() {
            if id != operation.id() {
                self.fact("also named", &format!("{id} in {versions}"))?;
            }
        }
        match operation.doc_url() {
            // Not wrapped: it is there to be opened.
            Some(url) => writeln!(self.output, "  {:<12}{url}", "see")?,
            None => self.fact("see", "no documentation known")?,
        }
        Ok(())
    }

    fn parameters(&mut self) -> Result<(), Failure> {
        let parameters: Vec<Parameter<'_>> = self.operation.parameters().collect();
        if parameters.is_empty() {
            return Ok(());
        }
        self.title("Parameters", "")?;
        let mut table = Table::new(Vec::<String>::new()).indented(2);
        for parameter in &parameters {
            let mut notes = Vec::new();
            if parameter.required() {
                notes.push("required".to_owned());
            }
            notes.extend(schema::notes(parameter.schema(), &parameter.schema_history()));
            notes.extend(schema::since(&parameter.history(), &self.operation.history()));
            table.row([
                parameter.bare_name(),
                parameter.location().name(),
                &kind(parameter),
                &notes.join(", "),
            ]);
        }
        Ok(table.write(self.output, self.settings.width, self.settings.paint)?)
    }

    fn body(&mut self) -> Result<(), Failure> {
        let Some(body) = self.operation.body() else { return Ok(()) };
        let media_types: Vec<&str> = body.media_types().collect();
        let required = if body.required() { "required" } else { "optional" };
        self.title("Body", &format!("{required}, {}", media_types.join(" or ")))?;
        for (name, own) in body.schemas() {
            let history = self.operation.body_history_as(name);
            self.paragraph(&format!("  {name}: "), "    ", &schema::words(own, &history))?;
            self.tree(own, &history, 4)?;
        }
        if body.is_by_media_type() {
            return Ok(());
        }
        let history = self.operation.body_history();
        self.paragraph("  ", "    ", &schema::words(body.schema(), &history))?;
        self.tree(body.schema(), &history, 4)
    }

    fn answers(&mut self) -> Result<(), Failure> {
        self.title("Answers", self.operation.answer().name())?;
        let responses: Vec<Response<'_>> = self.operation.responses().collect();
        let status = |response: &Response<'_>| {
            response.status().map_or("other".to_owned(), |code| code.to_string())
        };
        let column = responses.iter().map(|own| status(own).len()).max().unwrap_or(0) + 2;
        let indent = column + 2;
        let others = " ".repeat(indent);
        for response in responses {
            let status = status(&response);
            let history = self.operation.answer_history(response.status());
            let words = match response.schema() {
                Some(schema) => schema::words(schema, &history),
                None => "no body".to_owned(),
            };
            self.paragraph(&format!("  {status:<column$}"), &others, &words)?;
            for (name, header) in response.headers() {
                let text = format!("header {name}: {}", schema::words(header, &header.alone()));
                self.paragraph(&others, &format!("{others}  "), &text)?;
            }
            // What errors look like is the same everywhere.
            if let (Some(schema), Some(..400)) = (response.schema(), response.status()) {
                self.tree(schema, &history, indent)?;
            }
        }
        Ok(())
    }

    fn title(&mut self, title: &str, remark: &str) -> Result<(), Failure> {
        let paint = self.settings.paint;
        match remark {
            "" => writeln!(self.output, "\n{}", paint.strong(title))?,
            remark => writeln!(
                self.output,
                "\n{} {}",
                paint.strong(title),
                paint.faint(&format!("({remark})"))
            )?,
        }
        Ok(())
    }

    fn fact(&mut self, name: &str, text: &str) -> Result<(), Failure> {
        self.paragraph(&format!("  {name:<12}"), "              ", text)
    }

    fn tree(
        &mut self,
        root: Schema<'_>,
        history: &SchemaHistory<'_>,
        indent: usize,
    ) -> Result<(), Failure> {
        let lines = schema::tree(root, history, self.depth);
        tree(&lines, indent, self.settings, self.output)
    }

    /// Writes text wrapped, its first line and the others indented.
    fn paragraph(&mut self, first: &str, others: &str, text: &str) -> Result<(), Failure> {
        let width = self.settings.text_width().saturating_sub(others.len()).max(20);
        for (number, line) in wrap(text, width).iter().enumerate() {
            let indent = if number == 0 { first } else { others };
            writeln!(self.output, "{indent}{line}")?;
        }
        Ok(())
    }
}

/// Writes the fields of a schema.
pub(super) fn tree(
    lines: &[schema::Line],
    indent: usize,
    settings: &Settings,
    output: &mut Output,
) -> Result<(), Failure> {
    let paint = settings.paint;
    for line in lines {
        let indent = indent + line.level * 2;
        let width = settings.text_width().saturating_sub(indent + 2).max(20);
        let separator = if line.name.is_empty() { "" } else { ": " };
        let text = format!("{}{separator}{}", line.name, line.text);
        for (number, part) in wrap(&text, width).iter().enumerate() {
            let hanging = indent + if number > 0 { 2 } else { 0 };
            let (name, rest) = match part.strip_prefix(&*line.name) {
                Some(rest) if number == 0 => (&*line.name, rest),
                _ => ("", &**part),
            };
            writeln!(output, "{:hanging$}{}{rest}", "", paint.name(name))?;
        }
    }
    Ok(())
}

/// The type of a parameter's values, as a caller writes them.
fn kind(parameter: &Parameter<'_>) -> String {
    use contajners_core::Encoding;
    let label = schema::label(parameter.schema());
    match parameter.encoding() {
        Encoding::Json => format!("{label} (JSON)"),
        Encoding::JsonBase64 => format!("{label} (JSON, base64url)"),
        _ => label,
    }
}
