//! Resolving: operation, values and body become a request, or an error before anything is sent.

use alloc::borrow::Cow;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use crate::catalog::{Operation, Parameter, RequestBody};
use crate::encode::{base64url, path_literal, path_segment, query_part};
use crate::error::{ResolveError, ResolveErrorKind};
use crate::form;
use crate::media_type::{BINARY, FORMS, is_json, is_one_of};
use crate::nearest::{listed, nearest_names};
use crate::readings::{boolean, decimal, decimal_of, integer, is_decimal};
use crate::request::{
    Encoding, ListStyle, Location, Request, RequestContent, is_header_name, is_header_value,
    is_secret_header,
};
use crate::schema::{SchemaKind, member_text};
use crate::search::{placeholder, shortened};
use crate::value::{Value, View};

/// How much of a value an error tells.
const SHOWN: usize = 60;

/// The body of a call.
#[derive(Clone, Copy, Default)]
#[non_exhaustive]
pub enum Body<'v> {
    /// None.
    #[default]
    Nothing,
    /// A value: it becomes JSON. Text is sent as it is, unless the operation's body is a JSON
    /// string.
    Value(&'v dyn Value),
    /// Bytes that the transport gets from the caller, of the media type the operation documents.
    Bytes,
    /// Bytes that the transport gets from the caller, of this media type.
    BytesAs(&'v str),
}

/// A value of a declared parameter.
struct Given<'a, 'v> {
    parameter: Parameter<'a>,
    value: &'v dyn Value,
    /// Whether the parameter has a value before this one.
    is_again: bool,
}

impl Given<'_, '_> {
    /// Tells whether it is written for itself, in this place: what is set apart in one text stands
    /// where the first of these values does.
    fn is_written(&self, location: Location) -> bool {
        self.parameter.location() == location
            && !(self.is_again && self.parameter.style().separator(location).is_some())
    }

    /// Tells whether anything is written for it: of an empty list or object, only as one text. What
    /// goes into the path is judged there.
    fn is_something(&self) -> bool {
        let mut has_any = self.parameter.style() == ListStyle::Single
            || self.parameter.location() == Location::Path;
        match self.value.view() {
            View::Array => self.value.items(&mut |_| {
                has_any = true;
                false
            }),
            View::Object => self.value.fields(&mut |_, _| {
                has_any = true;
                false
            }),
            _ => has_any = true,
        }
        has_any
    }

    fn is_of(&self, parameter: &Parameter<'_>) -> bool {
        self.parameter.location() == parameter.location()
            && self.parameter.name() == parameter.name()
    }
}

impl<'a> Operation<'a> {
    /// Resolves a call to the request that a transport sends.
    ///
    /// Parameters go by the vendor's names, each wherever it belongs. A name that stands in two
    /// places means the one in the path; `query.name` means the other. `null` counts as not
    /// given, and so does what leaves a header empty. Lists repeat the key unless the spec says
    /// otherwise, and so do values that are given one by one; objects given to a text parameter
    /// become JSON. Values are encoded so that none can reach another path segment, parameter or
    /// header. A header that has a documented default gets it.
    ///
    /// ```
    /// # fn demo(bytes: &[u8]) -> Result<(), Box<dyn std::error::Error>> {
    /// use contajners_core::{Body, Pack};
    ///
    /// let api = Pack::open(bytes)?.api("v1.41")?;
    /// let request = api
    ///     .operation("ContainerList")?
    ///     .resolve(&[("all", &true), ("limit", &5)], Body::Nothing)?;
    /// assert_eq!(request.target(), "/v1.41/containers/json?all=true&limit=5");
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// [`ResolveErrorKind::UnknownParameter`] with the nearest names and the versions that have
    /// it; [`ResolveErrorKind::MissingParameter`]; [`ResolveErrorKind::RepeatedParameter`] when
    /// one value is taken and several are given; [`ResolveErrorKind::InvalidParameter`] when a
    /// value is not of the parameter's type, when a path value or a required header is empty, when
    /// a path value holds `.`, `..` or empty segments, when a header value holds control
    /// characters, or when a field of a form goes with a body as a whole;
    /// [`ResolveErrorKind::MissingBody`], [`ResolveErrorKind::UnexpectedBody`] and
    /// [`ResolveErrorKind::InvalidBody`].
    pub fn resolve(
        &self,
        values: &[(&str, &dyn Value)],
        body: Body<'_>,
    ) -> Result<Request, ResolveError> {
        let declared: Vec<Parameter<'a>> = self.parameters().collect();
        let given = self.assign(&declared, values)?;
        self.check_required(&declared, &given, !matches!(body, Body::Nothing))?;

        let mut target = String::with_capacity(64);
        self.api.write_prefix(&mut target);
        self.write_path(&given, &mut target)?;
        if !target.starts_with('/') {
            // It must not go on where the name of a host ends.
            target.insert(0, '/');
        }
        self.write_query(&given, &mut target)?;

        let mut request = Request {
            method: self.method(),
            target,
            headers: Vec::new(),
            body: RequestContent::Nothing,
            answer: self.answer(),
            operation: Some(self.id().into()),
        };
        let media_type = self.fill_body(&declared, &given, body, &mut request)?;
        self.fill_headers(&declared, &given, body, media_type, &mut request)?;
        Ok(request)
    }

    /// Finds the declared parameter that each name means.
    fn assign<'v>(
        &self,
        declared: &[Parameter<'a>],
        values: &[(&str, &'v dyn Value)],
    ) -> Result<Vec<Given<'a, 'v>>, ResolveError> {
        let mut given: Vec<Given<'a, 'v>> = Vec::with_capacity(values.len());
        for &(name, value) in values {
            let mut meant = None;
            for parameter in declared.iter().filter(|parameter| parameter.is_named(name)) {
                if meant.is_none() || parameter.location() == Location::Path {
                    meant = Some(*parameter);
                }
                if parameter.location() == Location::Path {
                    break;
                }
            }
            let Some(parameter) = meant else { return Err(self.unknown_parameter(name)) };
            if value.view() == View::Null {
                continue;
            }
            let is_again = given.iter().any(|other| other.is_of(&parameter));
            if is_again && parameter.style() == ListStyle::Single {
                let mut error = self.error(ResolveErrorKind::RepeatedParameter, name);
                error.0.hint = declared
                    .iter()
                    .find(|other| {
                        other.bare_name() == parameter.bare_name()
                            && other.location() != parameter.location()
                    })
                    .map(qualified)
                    .map(|other| format!("the other one is `{other}`"));
                return Err(error);
            }
            given.push(Given { parameter, value, is_again });
        }
        Ok(given)
    }

    fn check_required(
        &self,
        declared: &[Parameter<'a>],
        given: &[Given<'a, '_>],
        has_body: bool,
    ) -> Result<(), ResolveError> {
        let is_form = |given: &Given<'_, '_>| given.parameter.location() == Location::Form;
        let is_optional = |body: RequestBody<'_>| !body.required();
        // A body as a whole stands for the fields of the form; without either there is none.
        let no_form =
            has_body || !given.iter().any(is_form) && self.body().is_some_and(is_optional);
        for parameter in declared.iter().filter(|parameter| parameter.required()) {
            if parameter.location() == Location::Form && no_form {
                continue;
            }
            let is_given = given.iter().any(|given| given.is_of(parameter) && given.is_something());
            let filled_in = parameter.location() == Location::Header
                && (parameter.schema().default().is_some()
                    || parameter.encoding() == Encoding::JsonBase64);
            if is_given || filled_in {
                continue;
            }
            let kind = ResolveErrorKind::MissingParameter(parameter.location());
            let mut error = self.error(kind, parameter.bare_name());
            let twin = declared.iter().any(|other| {
                other.bare_name() == parameter.bare_name()
                    && other.location() == Location::Path
                    && parameter.location() != Location::Path
            });
            error.0.hint = Some(if twin {
                format!(
                    "give it as `{}`; `{}` alone is the one in the path",
                    qualified(parameter),
                    parameter.bare_name()
                )
            } else {
                let mut hint = format!("the path is `{}`", self.path());
                if given.is_empty() {
                    hint.push_str("; nothing was given");
                } else {
                    let names: Vec<&str> =
                        given.iter().map(|given| given.parameter.bare_name()).collect();
                    hint.push_str("; given: ");
                    hint.push_str(&listed(&names, ", "));
                }
                hint
            });
            return Err(error);
        }
        Ok(())
    }

    fn unknown_parameter(&self, name: &str) -> ResolveError {
        let mut error = self.error(ResolveErrorKind::UnknownParameter, name);
        let history = self.parameter_history(name);
        if !history.is_empty() {
            error.0.detail = history.to_string();
            let speaks = self.api.version();
            error.0.hint = Some(match history.since() {
                Some(since) => format!("available from {since}; this call speaks {speaks}"),
                None => format!("available in {history}; this call speaks {speaks}"),
            });
            return error;
        }
        let names: Vec<&str> = self.parameters().map(|parameter| parameter.bare_name()).collect();
        error.0.nearest = nearest_names(name, names.iter().copied());
        if let Some(body) = self.body()
            && body.schema().property(name).is_some()
        {
            error.0.hint = Some(format!("`{name}` is a field of the body"));
        } else if error.0.nearest.is_empty() {
            error.0.hint = Some(if names.is_empty() {
                format!("`{}` takes no parameters", self.id())
            } else {
                format!("it takes {}", listed(&names, ", "))
            });
        }
        error
    }

    fn write_path(&self, given: &[Given<'a, '_>], target: &mut String) -> Result<(), ResolveError> {
        let mut rest = self.path();
        while let Some((literal, name, after)) = placeholder(rest) {
            path_literal(literal, target);
            rest = after;
            let own = given.iter().find(|given| {
                given.parameter.location() == Location::Path && given.parameter.name() == name
            });
            let Some(own) = own else {
                let kind = ResolveErrorKind::MissingParameter(Location::Path);
                return Err(self.error(kind, name));
            };
            let mut text = String::new();
            self.each_text(own, given, &mut |part| text.push_str(part))?;
            if let Some(reason) = unfit_for_path(&text) {
                return Err(self.invalid(own.parameter, reason));
            }
            path_segment(&text, target);
        }
        path_literal(rest, target);
        Ok(())
    }

    fn write_query(
        &self,
        given: &[Given<'a, '_>],
        target: &mut String,
    ) -> Result<(), ResolveError> {
        // What a vendor wrote of a path may begin the query; of values nothing does.
        let mut separator = if target.as_bytes().contains(&b'?') { '&' } else { '?' };
        for own in given.iter().filter(|own| own.is_written(Location::Query)) {
            let name = own.parameter.name();
            let mut write = |key: &str, text: &str| {
                target.push(core::mem::replace(&mut separator, '&'));
                query_part(key, target);
                target.push('=');
                query_part(text, target);
            };
            match own.parameter.style() {
                ListStyle::Deep if own.value.view() == View::Object => {
                    each_field(own.value, &mut |field, text| {
                        write(&format!("{name}[{field}]"), text);
                    });
                }
                ListStyle::Fields if own.value.view() == View::Object => {
                    each_field(own.value, &mut write);
                }
                _ => self.each_text(own, given, &mut |text| write(name, text))?,
            }
        }
        Ok(())
    }

    /// Sets the body and returns its media type, when the operation decides it.
    fn fill_body<'b>(
        &self,
        declared: &[Parameter<'a>],
        given: &[Given<'a, '_>],
        body: Body<'b>,
        request: &mut Request,
    ) -> Result<Option<Cow<'b, str>>, ResolveError>
    where
        'a: 'b,
    {
        let is_form = |parameter: &Parameter<'_>| parameter.location() == Location::Form;
        let field = given.iter().find(|given| is_form(&given.parameter));
        // Where the body may be something else, too, fields have to be given to make it a form.
        if matches!(body, Body::Nothing)
            && (field.is_some() || self.body().is_none() && declared.iter().any(is_form))
        {
            let multipart = "multipart/form-data";
            let takes = |body: RequestBody<'_>| body.media_types().any(|name| name == multipart);
            let mut fields = form::Form::new(self.body().is_some_and(takes));
            for own in given.iter().filter(|own| own.is_written(Location::Form)) {
                let parameter = own.parameter;
                let schema = parameter.schema();
                let schema = schema.items().unwrap_or(schema);
                let is_file = schema.kind() == SchemaKind::File
                    || schema.kind() == SchemaKind::String && schema.format() == Some("binary");
                let mut texts = Vec::new();
                self.each_text(own, given, &mut |text| texts.push(text.to_string()))?;
                for text in texts {
                    fields.add(parameter.name(), text, is_file);
                }
            }
            let (media_type, text) = fields.finish();
            request.body = RequestContent::Text(text);
            return Ok(Some(media_type));
        }
        if let Some(field) = field {
            let reason = "goes into the body, which is given as a whole".into();
            return Err(self.invalid(field.parameter, reason));
        }
        let accepted = self.body();
        let (accepted, body) = match (accepted, body) {
            (None, Body::Nothing) => return Ok(None),
            (Some(accepted), Body::Nothing) if !accepted.required() => return Ok(None),
            (Some(accepted), Body::Nothing) => {
                let mut error = self.error(ResolveErrorKind::MissingBody, "");
                error.0.hint = Some(format!(
                    "it takes {}",
                    accepted.media_types().next().unwrap_or("application/json")
                ));
                return Err(error);
            }
            (None, _) => {
                let mut error = self.error(ResolveErrorKind::UnexpectedBody, "");
                error.0.hint = Some("a raw request can carry what the spec does not know".into());
                return Err(error);
            }
            (Some(accepted), body) => (accepted, body),
        };
        let media_type = accepted.media_types().next().unwrap_or("application/json");
        match body {
            Body::Value(value) => {
                let view = value.view();
                let is_text = matches!(view, View::Text(_));
                // Values but text are JSON, where that is taken at all.
                let media_type = match is_text {
                    true => media_type,
                    false => {
                        accepted.media_types().find(|name| is_json(name)).unwrap_or(media_type)
                    }
                };
                let text = match view {
                    View::Text(text)
                        if !is_json(media_type)
                            || accepted.schema_for(media_type).resolved().kind()
                                != SchemaKind::String =>
                    {
                        text.into_owned()
                    }
                    _ => value.to_json(),
                };
                let is_form = is_one_of(FORMS, media_type);
                if !is_text && (is_form || is_one_of(BINARY, media_type)) {
                    let mut error = self.error(ResolveErrorKind::InvalidBody, "");
                    error.0.detail =
                        format!("is {media_type}; {} was given", value.view().type_name());
                    let ways = match is_form {
                        true => "give its fields as parameters",
                        false => "give bytes, a file or a reader",
                    };
                    error.0.wants_bytes = !is_form;
                    error.0.hint = Some(ways.into());
                    return Err(error);
                }
                request.body = RequestContent::Text(text);
                Ok(Some(Cow::Borrowed(media_type)))
            }
            Body::BytesAs(media_type) => {
                request.body = RequestContent::Callers;
                Ok(Some(Cow::Borrowed(media_type)))
            }
            Body::Bytes | Body::Nothing => {
                request.body = RequestContent::Callers;
                Ok(Some(Cow::Borrowed(media_type)))
            }
        }
    }

    /// Sets the header parameters, given ones and documented defaults, and the content type.
    fn fill_headers(
        &self,
        declared: &[Parameter<'a>],
        given: &[Given<'a, '_>],
        body: Body<'_>,
        media_type: Option<Cow<'_, str>>,
        request: &mut Request,
    ) -> Result<(), ResolveError> {
        let has_body = media_type.is_some();
        if let Some(media_type) = media_type {
            if !is_header_value(&media_type) {
                let mut error = self.error(ResolveErrorKind::InvalidBody, "");
                error.0.detail = "has a media type with control characters in it".into();
                return Err(error);
            }
            request.put_header(Cow::Borrowed("Content-Type"), media_type.into_owned());
        }
        for parameter in
            declared.iter().filter(|parameter| parameter.location() == Location::Header)
        {
            let name = parameter.name();
            let is_content_type = name.eq_ignore_ascii_case("Content-Type");
            if is_content_type && !has_body {
                continue;
            }
            let mut text = String::new();
            if let Some(own) = given.iter().find(|given| given.is_of(parameter)) {
                self.each_text(own, given, &mut |part| text.push_str(part))?;
            }
            let value = match text.is_empty() {
                false => text,
                // Credentials that are not given are those of nobody.
                true if parameter.required() && parameter.encoding() == Encoding::JsonBase64 => {
                    "e30=".into()
                }
                true => match parameter.schema().default() {
                    // The content type follows from the body; the documented default is for
                    // bytes whose type the caller did not say.
                    Some(default) if !is_content_type || matches!(body, Body::Bytes) => {
                        member_text(default).into()
                    }
                    None if parameter.required() => {
                        return Err(self.invalid(*parameter, "is empty".into()));
                    }
                    _ => continue,
                },
            };
            if value.is_empty() {
                continue;
            }
            if !is_header_value(&value) {
                return Err(self.invalid(
                    *parameter,
                    "holds a line break, a control character or text beyond ASCII".into(),
                ));
            }
            if !is_header_name(name) {
                return Err(self.invalid(*parameter, "is no name of a header".into()));
            }
            let name = if is_content_type { "Content-Type".into() } else { name.to_string() };
            request.put_header(Cow::Owned(name), value);
        }
        Ok(())
    }

    /// Hands out the texts that a value is written as: several for a repeated key. Where they are
    /// set apart in one text, the other values of the parameter go into it.
    fn each_text(
        &self,
        own: &Given<'a, '_>,
        given: &[Given<'a, '_>],
        write: &mut dyn FnMut(&str),
    ) -> Result<(), ResolveError> {
        let parameter = own.parameter;
        let separator = parameter.style().separator(parameter.location());
        let mut joined: Option<String> = None;
        let mut problem = None;
        let mut add = |text: &str| match (separator, &mut joined) {
            (None, _) => write(text),
            (Some(separator), Some(all)) => {
                all.push(separator);
                all.push_str(text);
            }
            (_, none) => *none = Some(text.into()),
        };
        for other in given {
            let is_own = core::ptr::eq(own, other);
            if !is_own && (separator.is_none() || !other.is_of(&parameter)) {
                continue;
            }
            if parameter.style() == ListStyle::Single || other.value.view() != View::Array {
                add(&self.scalar(parameter, other.value)?);
                continue;
            }
            other.value.items(&mut |item| {
                match self.scalar(parameter, item) {
                    Ok(text) => add(&text),
                    Err(error) => problem = Some(error),
                }
                problem.is_none()
            });
        }
        if let Some(all) = joined {
            write(&all);
        }
        problem.map_or(Ok(()), Err)
    }

    /// The text of one value, checked against the parameter's type.
    fn scalar<'v>(
        &self,
        parameter: Parameter<'a>,
        value: &'v dyn Value,
    ) -> Result<Cow<'v, str>, ResolveError> {
        let view = value.view();
        match parameter.encoding() {
            Encoding::Plain => {}
            Encoding::Json => {
                return Ok(match view {
                    View::Text(text) => text,
                    _ => Cow::Owned(value.to_json()),
                });
            }
            Encoding::JsonBase64 => {
                let mut out = String::new();
                match view {
                    View::Text(text) if text.trim_start().starts_with('{') => {
                        base64url(text.trim().as_bytes(), &mut out);
                    }
                    // Encoded already, with whichever alphabet.
                    View::Text(text) => out.extend(text.chars().map(|c| match c {
                        '+' => '-',
                        '/' => '_',
                        c => c,
                    })),
                    _ => base64url(value.to_json().as_bytes(), &mut out),
                }
                return Ok(Cow::Owned(out));
            }
        }
        let mut schema = parameter.schema().resolved();
        if let Some(items) = schema.items() {
            schema = items.resolved();
        }
        let accepted = match (schema.kind(), &view) {
            (SchemaKind::Boolean, view) => match boolean(view) {
                Some(true) => return Ok(Cow::Borrowed("true")),
                Some(false) => return Ok(Cow::Borrowed("false")),
                None => "`true` or `false`",
            },
            (SchemaKind::Integer, view) => match integer(view) {
                Some(integer) => return Ok(Cow::Owned(decimal_of(integer))),
                None => "a whole number",
            },
            (SchemaKind::Number, View::Integer(number)) => {
                return Ok(Cow::Owned(decimal_of(*number)));
            }
            (SchemaKind::Number, View::Number(number)) if number.is_finite() => {
                return Ok(Cow::Owned(decimal(value)));
            }
            (SchemaKind::Number, View::Text(text)) if is_decimal(text) => {
                return Ok(text.clone());
            }
            (SchemaKind::Number, _) => "a number",
            (_, View::Text(text)) => return Ok(text.clone()),
            (_, View::Boolean(value)) => {
                return Ok(Cow::Borrowed(if *value { "true" } else { "false" }));
            }
            (_, View::Integer(number)) => return Ok(Cow::Owned(decimal_of(*number))),
            (_, View::Number(number)) if number.is_finite() => {
                return Ok(Cow::Owned(decimal(value)));
            }
            (_, View::Object) => return Ok(Cow::Owned(value.to_json())),
            _ => "one text",
        };
        let found = match &view {
            View::Text(_) if is_secret_header(parameter.name()) => "other text".into(),
            View::Text(text) => format!("`{}`", shortened(text, SHOWN)),
            View::Boolean(value) => format!("`{value}`"),
            View::Integer(number) => format!("`{}`", decimal_of(*number)),
            View::Number(number) if number.is_finite() => format!("`{}`", decimal(value)),
            other => other.type_name().into(),
        };
        Err(self.invalid(parameter, format!("is {accepted}; {found} was given")))
    }

    fn invalid(&self, parameter: Parameter<'a>, detail: String) -> ResolveError {
        let mut error = self.error(ResolveErrorKind::InvalidParameter, parameter.bare_name());
        error.0.detail = detail;
        error
    }
}

/// Hands out the fields of an object with the texts they are written as: several for a list.
fn each_field(object: &dyn Value, write: &mut dyn FnMut(&str, &str)) {
    object.fields(&mut |name, value| {
        match value.view() {
            View::Null => {}
            View::Array => value.items(&mut |item| {
                write(name, &plain_text(item));
                true
            }),
            _ => write(name, &plain_text(value)),
        }
        true
    });
}

/// The text of a value whose type is not known.
pub(crate) fn plain_text(value: &dyn Value) -> Cow<'_, str> {
    match value.view() {
        View::Text(text) => text,
        _ => Cow::Owned(value.to_json()),
    }
}

/// A parameter's name behind its location, for those whose name stands in two places.
fn qualified(parameter: &Parameter<'_>) -> String {
    format!("{}.{}", parameter.location(), parameter.bare_name())
}

/// Why a value cannot be a path segment; servers clean paths after decoding them, so that dots
/// and empty segments would reach another operation.
pub(crate) fn unfit_for_path(value: &str) -> Option<String> {
    if value.is_empty() {
        return Some("is empty".into());
    }
    for segment in value.split('/') {
        match segment {
            "." | ".." => {
                return Some(format!(
                    "is `{}`: `{segment}` would change the path",
                    shortened(value, SHOWN)
                ));
            }
            "" => {
                return Some(format!(
                    "is `{}`: it begins or ends with `/`, or has two in a row",
                    shortened(value, SHOWN)
                ));
            }
            _ => {}
        }
    }
    None
}
