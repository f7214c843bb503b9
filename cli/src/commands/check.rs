//! `contajners check ENGINE OPERATION …`

use contajners::Finding;
use contajners_core::{
    Body as CoreBody, Operation, Pack, ResolveError, ResolveErrorKind, VersionSet,
};
use serde::Serialize;
use serde_json::{Value, json};

use crate::args::{Call, Form};
use crate::call::{self, Body};
use crate::failure::{self, Failure};
use crate::findings;
use crate::output::{Output, remark};
use crate::render::plain;
use crate::settings::{self, Settings};

/// The exit status when something was found, as that of `diff` and its kin.
const FOUND: u8 = 1;

/// A finding in the stable JSON.
#[derive(Serialize)]
struct Told<'f> {
    code: &'static str,
    pointer: &'f str,
    text: String,
    expected: Option<&'f str>,
    nearest: &'f [String],
    hint: Option<String>,
    versions: Vec<&'f str>,
}

/// A finding, and the versions in which it is one.
struct Found<'a> {
    what: What,
    versions: VersionSet<'a>,
}

/// What is found.
enum What {
    /// Something in a body or a value.
    Inside(Finding),
    /// That a version does not take the call at all, though others do.
    Refused(ResolveError),
    /// Something that a call cannot be without.
    Missing { error: ResolveError, hint: Option<String> },
}

impl What {
    fn code(&self) -> &'static str {
        match self {
            Self::Inside(finding) => finding.code(),
            Self::Refused(error) | Self::Missing { error, .. } => error.code(),
        }
    }

    fn pointer(&self) -> &str {
        match self {
            Self::Inside(finding) => finding.pointer(),
            Self::Refused(_) | Self::Missing { .. } => "",
        }
    }

    fn text(&self) -> String {
        match self {
            Self::Inside(finding) => finding.to_string(),
            Self::Refused(error) | Self::Missing { error, .. } => error.to_string(),
        }
    }

    fn expected(&self) -> Option<&str> {
        match self {
            Self::Inside(finding) => finding.expected(),
            Self::Refused(_) | Self::Missing { .. } => None,
        }
    }

    fn nearest(&self) -> &[String] {
        match self {
            Self::Inside(finding) => finding.nearest(),
            Self::Refused(error) | Self::Missing { error, .. } => error.nearest(),
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Inside(finding) => findings::hint(finding).map(Into::into),
            Self::Refused(error) => failure::hint_of(error),
            Self::Missing { hint, .. } => hint.clone(),
        }
    }

    /// Tells whether another version finds the same.
    fn is_same(&self, other: &Self) -> bool {
        let name = |what: &Self| match what {
            Self::Inside(_) => None,
            // An operation has other names in other versions.
            Self::Refused(error) if error.kind() == ResolveErrorKind::UnknownOperation => None,
            Self::Refused(error) | Self::Missing { error, .. } => Some(error.name().to_owned()),
        };
        let is_alike = self.code() == other.code() && self.pointer() == other.pointer();
        is_alike && name(self) == name(other)
    }
}

/// Checks a body and values, without sending them.
pub(crate) fn run(
    typed: &Call,
    answer: Option<u16>,
    all_versions: bool,
    settings: &Settings,
    output: &mut Output,
) -> Result<(), Failure> {
    let chosen = settings.engine(&typed.operation.engine)?;
    let newest = settings::operation(chosen.api()?, &typed.operation.operation)?;
    call::headers_of(typed, false)?;
    let body = match (answer, &typed.data) {
        (Some(_), Some(data)) => call::json_body(data)?,
        (Some(_), None) => {
            return Err(Failure::usage("there is no answer to check").with_hint("give `--data`"));
        }
        (None, data) => call::body(&newest, data.as_ref(), typed.content_type.as_deref())?,
    };
    let subject = Subject { typed, body, answer };
    let found = match all_versions {
        false => {
            let only = newest.api();
            let version = chosen.pack.versions_where(|api| api.version() == only.version());
            let found = subject.look(&newest).taken(&subject.values(&newest))?.into_iter();
            found.map(|what| Found { what, versions: version.clone() }).collect()
        }
        true => subject.in_all(chosen.pack, &newest)?,
    };
    Failure::unless_reader_gone(tell(&found, all_versions, settings, output))?;
    match found.is_empty() {
        true => {
            if settings.form() != Some(Form::Json) {
                let of = newest.id();
                remark(format_args!("no findings for `{of}`"));
            }
            Ok(())
        }
        false => Err(Failure::Process(FOUND)),
    }
}

/// What is checked.
struct Subject<'t> {
    typed: &'t Call,
    body: Body,
    answer: Option<u16>,
}

/// What one version says.
struct Looked {
    found: Vec<What>,
    refused: Option<Refusal>,
}

/// Why a version finds nothing.
enum Refusal {
    /// It does not take the call.
    Call(ResolveError),
    /// There is nothing to check it by, or nothing that can be checked.
    Unchecked(Failure),
}

impl Looked {
    fn taken(self, values: &[(String, Value)]) -> Result<Vec<What>, Failure> {
        match self.refused {
            Some(Refusal::Call(error)) => Err(call::refused(&error, values)),
            Some(Refusal::Unchecked(failure)) => Err(failure),
            None => Ok(self.found),
        }
    }
}

impl Subject<'_> {
    /// The values, as far as they can be read.
    fn values(&self, operation: &Operation<'_>) -> Vec<(String, Value)> {
        call::values(operation, &self.typed.values).unwrap_or_default()
    }

    fn look(&self, operation: &Operation<'_>) -> Looked {
        let (values, unread) = match call::values(operation, &self.typed.values) {
            Ok(values) => (values, None),
            Err(failure) => (Vec::new(), Some(Refusal::Unchecked(failure))),
        };
        let content_type = self.typed.content_type.as_deref();
        let call = match self.answer {
            Some(_) => Judged::new(operation, &values, CoreBody::Nothing),
            None => Judged::new(operation, &values, self.body.for_core(content_type)),
        };
        let mut refused = unread.or(call.refused.map(Refusal::Call));
        let (mut findings, checked) = match self.answer {
            Some(status) => (Vec::new(), findings::of_answer(operation, status, &self.body)),
            None => {
                let of_values = findings::of_values(operation, &values);
                (of_values, findings::of_body(operation, &self.body, content_type))
            }
        };
        match checked {
            Ok(more) => findings.extend(more),
            Err(failure) => refused = refused.or(Some(Refusal::Unchecked(failure))),
        }
        let mut found: Vec<What> = findings.into_iter().map(What::Inside).collect();
        // An answer is checked without a call.
        if self.answer.is_none() && !matches!(refused, Some(Refusal::Unchecked(_))) {
            found.extend(call.missing);
        }
        Looked { found, refused }
    }

    /// Checks against every version: the operation there may have another id.
    fn in_all<'a>(
        &self,
        pack: Pack<'a>,
        newest: &Operation<'a>,
    ) -> Result<Vec<Found<'a>>, Failure> {
        let mut all: Vec<(What, Vec<&str>)> = Vec::new();
        let mut unchecked = Vec::new();
        let mut last = None;
        let mut is_taken = false;
        for api in pack.apis() {
            let by_name = || api.operation(newest.id());
            let looked = match newest.counterpart(api).map_or_else(by_name, Ok) {
                Ok(operation) => self.look(&operation),
                Err(error) => Looked { found: Vec::new(), refused: Some(Refusal::Call(error)) },
            };
            let refused = match looked.refused {
                Some(Refusal::Call(error)) => Some(What::Refused(error)),
                Some(Refusal::Unchecked(failure)) => {
                    unchecked.push(api.version());
                    last = Some(failure);
                    None
                }
                None => {
                    is_taken = true;
                    None
                }
            };
            for what in refused.into_iter().chain(looked.found) {
                match all.iter_mut().find(|(known, _)| known.is_same(&what)) {
                    // The newest words are the most telling.
                    Some((known, versions)) => {
                        *known = what;
                        versions.push(api.version());
                    }
                    None => all.push((what, vec![api.version()])),
                }
            }
        }
        if !is_taken {
            // No version takes it: that is an error as it is for one.
            self.look(newest).taken(&self.values(newest))?;
        }
        if let Some(failure) = last {
            let set = pack.versions_where(|api| unchecked.contains(&api.version()));
            remark(format_args!("note: not checked in {set}: {}", failure.line()));
        }
        let found = all.into_iter().map(|(what, versions)| Found {
            what,
            versions: pack.versions_where(|api| versions.contains(&api.version())),
        });
        Ok(found.collect())
    }
}

/// What is to be said of a call as a whole.
struct Judged {
    /// What is typed, and is not right.
    refused: Option<ResolveError>,
    /// What it is not sent without.
    missing: Vec<What>,
}

impl Judged {
    /// Fills in what is missing and leaves out what is refused, so that the rest is judged, too.
    fn new(operation: &Operation<'_>, values: &[(String, Value)], mut body: CoreBody<'_>) -> Self {
        use ResolveErrorKind::{
            InvalidParameter, MissingBody, MissingParameter, RepeatedParameter, UnexpectedBody,
            UnknownParameter,
        };
        let (mut values, mut filled) = (values.to_vec(), Vec::new());
        let (mut refused, mut missing) = (None, Vec::new());
        while let Err(error) = call::resolve(operation, &[&*values, &filled].concat(), body) {
            let hint = failure::hint_of(&error);
            match error.kind() {
                MissingParameter(location) => {
                    let name = format!("{location}.{}", error.name());
                    if filled.iter().any(|(own, _)| *own == name) {
                        break;
                    }
                    // The hint tells what was given; what is filled in was not.
                    let hint = hint.filter(|_| filled.is_empty());
                    filled.push((name, json!(1)));
                    missing.push(What::Missing { error, hint });
                }
                MissingBody => {
                    body = CoreBody::Bytes;
                    missing.push(What::Missing { error, hint });
                }
                UnexpectedBody => {
                    body = CoreBody::Nothing;
                    refused = refused.or(Some(error));
                }
                UnknownParameter | RepeatedParameter | InvalidParameter => {
                    let count = values.len();
                    values.retain(|(own, _)| !is_for(own, error.name()));
                    // What was filled in may be of the wrong type.
                    if values.len() == count {
                        break;
                    }
                    refused = refused.or(Some(error));
                }
                _ => break,
            }
        }
        Self { refused, missing }
    }
}

/// Tells whether what is typed is for this parameter, perhaps with the place where it stands.
fn is_for(typed: &str, name: &str) -> bool {
    let rest = typed.strip_suffix(name);
    rest.is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

fn tell(
    found: &[Found<'_>],
    all_versions: bool,
    settings: &Settings,
    output: &mut Output,
) -> Result<(), Failure> {
    if settings.form() == Some(Form::Json) {
        let told: Vec<Told<'_>> = found
            .iter()
            .map(|Found { what, versions }| Told {
                code: what.code(),
                pointer: what.pointer(),
                text: what.text(),
                expected: what.expected(),
                nearest: what.nearest(),
                hint: what.hint(),
                versions: versions.iter().collect(),
            })
            .collect();
        return output.json(&told, settings);
    }
    let mut lines = Vec::new();
    for Found { what, versions } in found {
        lines.push(plain(&what.text()).into_owned());
        if all_versions {
            lines.push(format!("  in: {versions}"));
        }
        if let Some(hint) = what.hint() {
            lines.push(format!("  hint: {}", plain(&hint)));
        }
    }
    output.lines(lines)
}
