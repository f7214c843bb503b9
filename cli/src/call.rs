//! Values and bodies as they are typed, made ready for a call.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use contajners::Folder;
use contajners_core::{
    Body as CoreBody, Encoding, ListStyle, Method, Operation, RawError, Request, ResolveError,
    ResolveErrorKind,
};
use serde::de::IgnoredAny;
use serde_json::Value;

use crate::args::{Call, Data};
use crate::failure::{self, Failure, Status};

/// The largest file that is read for a parameter.
const MAX_BYTES: u64 = 16 << 20;

/// The body of a call.
#[derive(Debug, Clone)]
pub(crate) enum Body {
    /// None.
    Nothing,
    /// A text, JSON as a rule. It goes on as it was typed: fields keep their order and numbers
    /// their digits.
    Text(String),
    /// The bytes of a file.
    File(PathBuf),
    /// The bytes of standard input.
    Stdin,
    /// A folder as a tar.
    Folder(Folder),
}

impl Body {
    /// Returns what core is told of it: the bytes are for the transport alone.
    pub(crate) fn for_core<'t>(&self, content_type: Option<&'t str>) -> CoreBody<'t> {
        match (self, content_type) {
            (Self::Nothing, _) => CoreBody::Nothing,
            (_, Some(content_type)) => CoreBody::BytesAs(content_type),
            (_, None) => CoreBody::Bytes,
        }
    }
}

/// Puts what is in files in the place of their names: `key:=@file`. They are read once, however often
/// the values are looked at, and no JSON begins so.
pub(crate) fn with_files(typed: &mut [String]) -> Result<(), Failure> {
    for argument in typed {
        let Some((key, text)) = argument.split_once('=') else { continue };
        let is_json = key.len() > 1 && key.ends_with(':');
        let Some(file) = text.strip_prefix('@').filter(|_| is_json) else { continue };
        *argument = format!("{key}={}", json_of_file(file)?);
    }
    Ok(())
}

fn json_of_file(file: &str) -> Result<String, Failure> {
    if file.is_empty() {
        return Err(Failure::usage("the name of the file is missing after `@`"));
    }
    let path = Path::new(file);
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|file| file.take(MAX_BYTES + 1).read_to_end(&mut bytes));
    let read = match read {
        Ok(_) if bytes.len() as u64 > MAX_BYTES => {
            Err(io::Error::other(format!("it is larger than {} MiB", MAX_BYTES >> 20)))
        }
        read => read,
    };
    read.map_err(|error| Failure::unreadable(path, &error))?;
    let name = format!("the file `{file}`");
    let text = utf8(bytes, &name)?;
    serde_json::from_str::<IgnoredAny>(&text)
        .map_err(|error| Failure::usage(format!("{name} is not JSON")).with_cause(&error))?;
    Ok(text)
}

/// Reads the values that were typed: `key=text`, `key:=json`, a repeated key.
pub(crate) fn values(
    operation: &Operation<'_>,
    typed: &[String],
) -> Result<Vec<(String, Value)>, Failure> {
    let mut values: Vec<(String, Value)> = Vec::with_capacity(typed.len());
    // A list may be one of the values given: `key:=[1] key:=[2]`.
    let mut lists = BTreeSet::new();
    for argument in typed {
        let (key, value) = value(operation, argument)?;
        let takes_several = operation.parameters().any(|parameter| {
            parameter.is_named(&key)
                && (parameter.style() != ListStyle::Single
                    || parameter.encoding() != Encoding::Plain)
        });
        // Several values where one is taken are for core to refuse.
        match values.iter_mut().find(|(known, _)| takes_several && *known == key) {
            None => values.push((key, value)),
            Some((_, Value::Array(items))) if lists.contains(&key) => items.push(value),
            Some((_, first)) => {
                *first = Value::Array(vec![first.take(), value]);
                lists.insert(key);
            }
        }
    }
    Ok(values)
}

fn value(operation: &Operation<'_>, typed: &str) -> Result<(String, Value), Failure> {
    // JSON may have a `=`, too.
    let Some((key, text)) = typed.split_once('=').filter(|_| !is_body(typed)) else {
        return Err(bare(operation, typed));
    };
    let (key, is_json) = match key.strip_suffix(':') {
        Some(key) => (key, true),
        None => (key, false),
    };
    if key.is_empty() {
        return Err(Failure::usage(format!("`{typed}` names no parameter"))
            .with_hint("write `key=value`, or `key:=json`"));
    }
    let value = match is_json {
        false => Value::String(text.to_owned()),
        true => json_value(text).map_err(|error| {
            Failure::usage(format!("the value of `{key}` is not JSON"))
                .with_cause(&error)
                .with_hint(format!("`{key}=…` takes text as it is"))
        })?,
    };
    Ok((key.to_owned(), value))
}

/// Reads a value. A number that would lose digits stays the text it is: a parameter becomes text
/// anyway.
fn json_value(text: &str) -> Result<Value, serde_json::Error> {
    let value = serde_json::from_str(text)?;
    let typed = text.trim();
    Ok(match &value {
        Value::Number(number) if !typed.contains(['e', 'E']) && number.to_string() != typed => {
            Value::String(typed.to_owned())
        }
        _ => value,
    })
}

/// What addresses of engines begin with.
const SCHEMES: [&str; 7] = ["unix", "http+unix", "npipe", "tcp", "http", "https", "ssh"];

/// Reads the headers that were typed: `NAME: VALUE`.
pub(crate) fn headers<'t>(typed: &'t [String]) -> Result<Vec<(&'t str, &'t str)>, Failure> {
    let header = |typed: &'t String| {
        // It may well be a secret, which is shown nowhere.
        let (name, value) = typed.split_once(':').ok_or_else(|| {
            Failure::usage("a header has no colon")
                .with_hint("write `-H 'NAME: VALUE'`; addresses go with `--host`")
        })?;
        let (name, value) = (name.trim(), value.trim());
        // With the engines' own commands `-H` names the engine.
        let is_scheme = |scheme: &&str| name.eq_ignore_ascii_case(scheme);
        if value.starts_with("//") && SCHEMES.iter().any(is_scheme) {
            let failure = Failure::usage("a header looks like the address of an engine");
            return Err(failure.with_hint("`-H` is for headers; the address goes with `--host`"));
        }
        check_header(name, value).map_err(|error| {
            let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
            let which = match name.chars().all(is_name) {
                true => format!(": `{name}`"),
                // The colon may be that of a secret.
                false => String::new(),
            };
            Failure::usage(format!("{error}{which}")).with_hint(error.hint())
        })?;
        Ok((name, value))
    };
    typed.iter().map(header).collect()
}

fn check_header(name: &str, value: &str) -> Result<(), RawError> {
    Request::raw(Method::Get, "/")?.set_header(name, value)
}

/// The same for an operation, whose body has a media type of its own, be it data or a folder.
pub(crate) fn headers_of(typed: &Call, has_folder: bool) -> Result<Vec<(&str, &str)>, Failure> {
    let headers = headers(&typed.headers)?;
    let is_of_body = |(name, _): &(&str, &str)| name.eq_ignore_ascii_case("Content-Type");
    if !(has_folder || typed.data.is_some()) || !headers.iter().any(is_of_body) {
        return Ok(headers);
    }
    let failure = Failure::usage("the header `Content-Type` belongs to the body");
    Err(failure.with_hint(match has_folder {
        true => "a folder is sent as what the operation takes",
        false => "`--content-type TYPE` names its media type",
    }))
}

/// Tells whether an argument is JSON, which has a place of its own.
fn is_body(typed: &str) -> bool {
    typed.trim_start().starts_with(['{', '['])
}

/// An argument without `=`: perhaps the value of the parameter in the path, or a body.
fn bare(operation: &Operation<'_>, typed: &str) -> Failure {
    // A body may hold secrets.
    let failure = Failure::usage(match is_body(typed) {
        true => "JSON is not of the form `key=value`".to_owned(),
        false => format!("`{typed}` is not of the form `key=value`"),
    });
    let mut required = operation.parameters().filter(|parameter| parameter.required());
    let hint = if operation.parameters().any(|parameter| parameter.is_named(typed)) {
        format!("write `{typed}=VALUE`")
    } else if (is_body(typed) || typed.starts_with('@')) && operation.body().is_some() {
        format!("give the body as `--data {}`", if typed.starts_with('@') { typed } else { "…" })
    } else if let Some(parameter) = required.next() {
        let typed = if is_body(typed) { "…" } else { typed };
        format!("write `{}={typed}`", parameter.bare_name())
    } else {
        "write `key=text`, or `key:=json` for other types".to_owned()
    };
    failure.with_hint(hint)
}

/// Makes a body of what `--data` says: JSON where that is what `--content-type` says or, when it
/// says nothing, what the operation takes; else bytes.
pub(crate) fn body(
    operation: &Operation<'_>,
    data: Option<&Data>,
    content_type: Option<&str>,
) -> Result<Body, Failure> {
    let Some(data) = data else { return Ok(Body::Nothing) };
    if !is_json(operation, content_type) {
        return Ok(bytes_body(data));
    }
    json_body(data).map_err(|failure| {
        let mut others = operation.body().into_iter().flat_map(|body| body.media_types());
        match (content_type, others.find(|other| !contajners_core::is_json(other))) {
            (None, Some(other)) if !matches!(data, Data::Inline(_)) => {
                failure.with_usage_hint(&format!("`--content-type {other}` sends it as it is"))
            }
            _ => failure,
        }
    })
}

/// Tells whether a body is JSON: by the media type that is said of it, else by what the operation
/// takes.
pub(crate) fn is_json(operation: &Operation<'_>, content_type: Option<&str>) -> bool {
    let documented = || {
        let body = operation.body()?;
        Some(body.media_types().next().unwrap_or("application/json"))
    };
    content_type.or_else(documented).is_some_and(contajners_core::is_json)
}

/// A body of bytes: nothing is read here.
pub(crate) fn bytes_body(data: &Data) -> Body {
    match data {
        Data::Inline(text) => Body::Text(text.clone()),
        Data::File(path) => Body::File(path.clone()),
        Data::Stdin => Body::Stdin,
    }
}

/// A body of JSON, read and checked as a whole.
pub(crate) fn json_body(data: &Data) -> Result<Body, Failure> {
    let (name, text) = match data {
        Data::Inline(text) => ("the body".to_owned(), text.clone()),
        Data::File(path) => (format!("the file `{}`", path.display()), text_of(path)?),
        Data::Stdin => {
            let mut bytes = Vec::new();
            io::stdin().lock().read_to_end(&mut bytes).map_err(|error| {
                Failure::new(Status::Local, "cannot read standard input").with_cause(&error)
            })?;
            ("standard input".to_owned(), utf8(bytes, "standard input")?)
        }
    };
    serde_json::from_str::<IgnoredAny>(&text).map_err(|error| {
        let failure = Failure::usage(format!("{name} is not JSON")).with_cause(&error);
        match data {
            Data::Inline(_) if Path::new(&text).is_file() => {
                failure.with_hint(format!("`--data @{text}` sends the file of that name"))
            }
            Data::Inline(_) if is_like_a_file(&text) => {
                failure.with_hint(format!("`--data @{text}` reads the body from a file"))
            }
            _ => failure,
        }
    })?;
    Ok(Body::Text(text.trim().to_owned()))
}

/// Tells whether a text looks like the name of a file, whether or not there is one.
fn is_like_a_file(text: &str) -> bool {
    let is_of_names = |c: char| c.is_alphanumeric() || matches!(c, '.' | '_' | '-' | '/' | '~');
    text.chars().all(is_of_names)
        && text.contains(['.', '/'])
        && text.contains(|c: char| c.is_alphabetic())
}

fn text_of(path: &Path) -> Result<String, Failure> {
    let bytes = fs::read(path).map_err(|error| Failure::unreadable(path, &error))?;
    utf8(bytes, &format!("the file `{}`", path.display()))
}

fn utf8(bytes: Vec<u8>, name: &str) -> Result<String, Failure> {
    let mut text = String::from_utf8(bytes).map_err(|error| {
        Failure::usage(format!("{name} is not JSON")).with_cause(&error.utf8_error())
    })?;
    // Editors on Windows like to begin a file so; JSON may not.
    if text.starts_with('\u{feff}') {
        text.remove(0);
    }
    Ok(text)
}

/// Resolves a call to the request that it becomes.
pub(crate) fn resolve(
    operation: &Operation<'_>,
    values: &[(String, Value)],
    body: CoreBody<'_>,
) -> Result<Request, ResolveError> {
    let values: Vec<(&str, &dyn contajners_core::Value)> =
        values.iter().map(|(name, value)| (&**name, value as _)).collect();
    operation.resolve(&values, body)
}

/// Makes the error of a call that is refused.
pub(crate) fn refused(error: &ResolveError, values: &[(String, Value)]) -> Failure {
    let failure = Failure::usage(error.to_string());
    // Engines list the names of containers with a slash in front, which no path takes.
    let without_slash = || {
        let own =
            |name: &str| name.rsplit('.').next() == Some(error.name()) || name == error.name();
        let (name, value) = values.iter().find(|(name, _)| own(name))?;
        let bare = value.as_str()?.strip_prefix('/')?;
        let is_whole = bare.split('/').all(|part| !matches!(part, "" | "." | ".."));
        is_whole.then(|| format!("leave out the `/`: `{name}={bare}`"))
    };
    let is_value = error.kind() == ResolveErrorKind::InvalidParameter;
    match failure::hint_of(error).or_else(|| is_value.then(without_slash)?) {
        Some(hint) => failure.with_hint(hint),
        None => failure,
    }
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;

    use super::*;

    fn operation(id: &str) -> Operation<'static> {
        contajners::pack("docker").unwrap().newest().unwrap().operation(id).unwrap()
    }

    #[track_caller]
    fn check(id: &str, typed: &[&str], expected: &[(&str, &str)]) {
        let typed: Vec<String> = typed.iter().map(|&typed| typed.into()).collect();
        let values = values(&operation(id), &typed).unwrap();
        let found: Vec<(&str, String)> =
            values.iter().map(|(key, value)| (&**key, value.to_string())).collect();
        let expected: Vec<(&str, String)> =
            expected.iter().map(|&(key, json)| (key, json.to_owned())).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn values_are_text_or_json() {
        check("ContainerList", &["all=true", "limit:=5"], &[("all", "\"true\""), ("limit", "5")]);
        check("ContainerList", &["filters={\"a\":=1}"], &[("filters", "\"{\\\"a\\\":=1}\"")]);
        check("ContainerList", &["filters:={ \"a\": [1] }"], &[("filters", "{\"a\":[1]}")]);
        check("ImageTag", &["repo=", "tag=a=b"], &[("repo", "\"\""), ("tag", "\"a=b\"")]);
    }

    #[test]
    fn numbers_keep_their_digits() {
        let check = |typed: &str, expected: &str| {
            check("ContainerLogs", &[&format!("since:={typed}")], &[("since", expected)]);
        };
        check("1700000000.5", "1700000000.5");
        check("1700000000.123456789", "\"1700000000.123456789\"");
        check(" 1700000000.123456789 ", "\"1700000000.123456789\"");
        check("123456789012345678901234567890", "\"123456789012345678901234567890\"");
        check("18446744073709551615", "18446744073709551615");
        check("-9223372036854775809", "\"-9223372036854775809\"");
        check("1e3", "1000.0");
        // Inside of something it is JSON that goes out.
        check("[1700000000.5]", "[1700000000.5]");
    }

    #[test]
    fn a_repeated_key_is_a_list_where_one_is_taken() {
        check(
            "ImageBuild",
            &["cachefrom=a", "q=1", "cachefrom=b", "cachefrom=c"],
            &[("cachefrom", "[\"a\",\"b\",\"c\"]"), ("q", "\"1\"")],
        );
        check("ContainerList", &["limit=1", "limit=2"], &[("limit", "\"1\""), ("limit", "\"2\"")]);
    }

    #[test]
    fn data_is_inline_a_file_or_standard_input() {
        let read = |typed: &str| Data::try_from(OsString::from(typed));
        let check = |typed: &str, expected| assert_eq!(read(typed), Ok(expected));
        check("-", Data::Stdin);
        check("@-", Data::Stdin);
        check("@a b", Data::File("a b".into()));
        check("{}", Data::Inline("{}".into()));
        check("-1", Data::Inline("-1".into()));
        assert!(read("@").is_err());
    }
}
