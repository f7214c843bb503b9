//! `contajners resolve ENGINE OPERATION …`

use std::io::Write as _;

use contajners_core::{Answer, RequestContent, is_secret_header};
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

use crate::args::{Call, Form};
use crate::call::{self, Body};
use crate::failure::Failure;
use crate::output::{Output, remark};
use crate::render::curl::{self, Shown, ShownBody};
use crate::render::json::{self, Layout};
use crate::render::plain;
use crate::settings::{self, Settings};

/// How the request is shown when it is not JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Line {
    /// As it goes over the wire.
    Request,
    /// As a curl command line.
    Curl,
}

/// What becomes of the credentials in headers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Secrets {
    /// A placeholder stands for them.
    Hidden,
    /// They are shown.
    Shown,
}

/// What stands for a secret.
const SECRET: &str = "(secret)";

/// What stands where credentials are wanted and there are none: `{}`, encoded.
const NO_CREDENTIALS: &str = "e30=";

/// A request in the stable JSON.
#[derive(Serialize)]
struct Resolved<'a> {
    method: &'static str,
    target: &'a str,
    #[serde(serialize_with = "as_object")]
    headers: &'a [(String, String)],
    body: Carried<'a>,
}

/// The body in the stable JSON: JSON as it is, other text as a string, a file as an object.
#[derive(Serialize)]
#[serde(untagged)]
enum Carried<'a> {
    Nothing,
    Json(Box<RawValue>),
    Text(&'a str),
    File { file: &'a str },
}

fn as_object<S: Serializer>(headers: &&[(String, String)], to: S) -> Result<S::Ok, S::Error> {
    to.collect_map(headers.iter().map(|(name, value)| (name, value)))
}

/// Shows the request that a call becomes.
pub(crate) fn run(
    call: &Call,
    line: Line,
    secrets: Secrets,
    settings: &Settings,
    output: &mut Output,
) -> Result<(), Failure> {
    if line == Line::Curl && settings.form() == Some(Form::Json) {
        return Err(
            Failure::usage("a curl line is not JSON").with_hint("leave out `--curl`, or `-o json`")
        );
    }
    let chosen = settings.engine(&call.operation.engine)?;
    let api = chosen.api()?;
    let operation = settings::operation(api, &call.operation.operation)?;
    let values = call::values(&operation, &call.values)?;
    let content_type = call.content_type.as_deref();
    let typed_headers = call::headers_of(call, false)?;
    // The values are looked at before any file or standard input is.
    let body = match operation.body() {
        Some(_) => call::body(&operation, call.data.as_ref(), content_type)?,
        None => call.data.as_ref().map_or(Body::Nothing, call::bytes_body),
    };
    let mut request = call::resolve(&operation, &values, body.for_core(content_type))
        .map_err(|error| call::refused(&error, &values))?;
    for (name, value) in typed_headers {
        // It has been looked at.
        let _ = request.set_header(name, value);
    }

    let headers: Vec<(String, String)> = request
        .headers()
        .map(|(name, value)| {
            let is_hidden =
                secrets == Secrets::Hidden && is_secret_header(name) && value != NO_CREDENTIALS;
            (name.to_owned(), if is_hidden { SECRET } else { value }.to_owned())
        })
        .collect();
    let file = match &body {
        Body::File(path) => path.display().to_string(),
        _ => "-".to_owned(),
    };
    let shown = Shown {
        method: request.method(),
        target: request.target(),
        headers: &headers,
        body: match (request.content(), &body) {
            (RequestContent::Text(form), _) => ShownBody::Text(form),
            (RequestContent::Callers, Body::Text(text)) => ShownBody::Text(text),
            (RequestContent::Callers, _) => ShownBody::File(&file),
            _ => ShownBody::Nothing,
        },
        answer: request.answer(),
    };
    if line == Line::Curl {
        if let Body::File(path) = &body
            && path.is_dir()
        {
            let hint = "with `--data -` it sends standard input: `tar -C FOLDER -c . | curl …`";
            let text = format!("`{file}` is a folder, which curl cannot send");
            return Err(Failure::usage(text).with_hint(hint));
        }
        let place = settings.place_to_show(chosen.pack)?;
        writeln!(output, "{}", curl::line(&place, &shown)?)?;
        if chosen.pinned.is_none() && api.prefix_template().contains("{version}") {
            let (engine, version) = (api.engine(), api.version());
            remark(format_args!(
                "note: for {engine} {version}, the newest; name the engine's own: `{engine}@VERSION`"
            ));
        }
        if headers.iter().any(|(_, value)| value == SECRET) {
            remark(format_args!("note: `--show-secrets` includes the credentials"));
        }
        if shown.answer == Answer::Upgrade {
            remark(format_args!(
                "note: the connection is upgraded: curl shows the answer's head at most"
            ));
        }
        return Ok(());
    }
    match settings.form_of_page() {
        Form::Json => output.json(&Resolved::new(&shown), settings),
        Form::Table | Form::Raw => page(&shown, settings, output),
    }
}

impl<'a> Resolved<'a> {
    fn new(shown: &Shown<'a>) -> Self {
        let body = match shown.body {
            ShownBody::Nothing => Carried::Nothing,
            ShownBody::File(file) => Carried::File { file },
            ShownBody::Text(text) => {
                let json = is_json_body(shown.headers)
                    .then(|| RawValue::from_string(text.to_owned()).ok())
                    .flatten();
                json.map_or(Carried::Text(text), Carried::Json)
            }
        };
        Self { method: shown.method.as_str(), target: shown.target, headers: shown.headers, body }
    }
}

/// The request as HTTP would have it, with a body laid out for reading.
fn page(shown: &Shown<'_>, settings: &Settings, output: &mut Output) -> Result<(), Failure> {
    let paint = settings.paint;
    writeln!(output, "{} {}", paint.strong(shown.method.as_str()), shown.target)?;
    for (name, value) in shown.headers {
        writeln!(output, "{}: {value}", paint.name(name))?;
    }
    match shown.body {
        ShownBody::Nothing => {}
        ShownBody::Text(text) if is_json_body(shown.headers) => {
            writeln!(output)?;
            json::write(output, text, Layout::Pretty, paint)?;
        }
        ShownBody::Text(text) => {
            writeln!(output)?;
            for line in text.lines() {
                writeln!(output, "{}", plain(line))?;
            }
        }
        ShownBody::File("-") => writeln!(output, "\n(the bytes of standard input)")?,
        ShownBody::File(file) => writeln!(output, "\n(the bytes of {})", plain(file))?,
    }
    Ok(())
}

fn is_json_body(headers: &[(String, String)]) -> bool {
    let content_type = headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("Content-Type"));
    content_type.is_some_and(|(_, media_type)| contajners_core::is_json(media_type))
}
