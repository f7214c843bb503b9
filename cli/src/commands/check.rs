//! `contajners check ENGINE OPERATION …`

use contajners::Finding;
use contajners_core::{Operation, Pack, ResolveErrorKind, VersionSet};
use serde::Serialize;
use serde_json::Value;

use crate::args::{Call, Form};
use crate::call::{self, Body};
use crate::failure::Failure;
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
    hint: Option<String>,
    versions: Vec<&'f str>,
}

/// A finding, and the versions in which it is one.
struct Found<'a> {
    finding: Finding,
    versions: VersionSet<'a>,
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
    let body = match (answer, &typed.data) {
        (Some(_), Some(data)) => call::json_body(data)?,
        (Some(_), None) => {
            return Err(Failure::usage("there is no answer to check").with_hint("give `--data`"));
        }
        (None, data) => call::body(&newest, data.as_ref())?,
    };
    let subject = Subject { typed, body, answer };
    let found = match all_versions {
        false => {
            let only = newest.api();
            let version = chosen.pack.versions_where(|api| api.version() == only.version());
            let findings = subject.look(&newest).taken()?.into_iter();
            findings.map(|finding| Found { finding, versions: version.clone() }).collect()
        }
        true => subject.in_all(chosen.pack, &newest)?,
    };
    tell(&found, all_versions, settings, output)?;
    match found.is_empty() {
        true => {
            if settings.form() != Some(Form::Json) {
                let of = newest.id();
                remark(format_args!("nothing found in what is for `{of}`"));
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
    findings: Vec<Finding>,
    /// Why it does not take the call, or why there is nothing to check it by.
    refused: Option<Failure>,
}

impl Looked {
    fn taken(self) -> Result<Vec<Finding>, Failure> {
        match self.refused {
            Some(failure) => Err(failure),
            None => Ok(self.findings),
        }
    }
}

impl Subject<'_> {
    fn look(&self, operation: &Operation<'_>) -> Looked {
        let (values, mut refused) = match call::values(operation, &self.typed.values) {
            Ok(values) => (values, None),
            Err(failure) => (Vec::new(), Some(failure)),
        };
        let (mut findings, checked) = match self.answer {
            Some(status) => {
                refused = refused.or_else(|| refusal(operation, &values, &Body::Nothing));
                (Vec::new(), findings::of_answer(operation, status, &self.body))
            }
            None => {
                refused = refused.or_else(|| refusal(operation, &values, &self.body));
                let of_values = findings::of_values(operation, &values);
                (of_values, findings::of_body(operation, &self.body))
            }
        };
        match checked {
            Ok(more) => findings.extend(more),
            Err(failure) => refused = refused.or(Some(failure)),
        }
        Looked { findings, refused }
    }

    /// Checks against every version that has the operation, under whatever id.
    fn in_all<'a>(
        &self,
        pack: Pack<'a>,
        newest: &Operation<'a>,
    ) -> Result<Vec<Found<'a>>, Failure> {
        let mut all: Vec<(Finding, Vec<&str>)> = Vec::new();
        let mut missing = Vec::new();
        let mut refusing = Vec::new();
        let mut last = None;
        let mut is_taken = false;
        for api in pack.apis() {
            let Some(operation) = newest.counterpart(api) else {
                missing.push(api.version());
                continue;
            };
            let Looked { findings, refused } = self.look(&operation);
            match refused {
                Some(failure) => {
                    refusing.push(api.version());
                    last = Some(failure);
                }
                None => is_taken = true,
            }
            for finding in findings {
                let known = all.iter_mut().find(|(known, _)| {
                    known.code() == finding.code() && known.pointer() == finding.pointer()
                });
                match known {
                    // The newest words are the most telling.
                    Some((known, versions)) => {
                        *known = finding;
                        versions.push(api.version());
                    }
                    None => all.push((finding, vec![api.version()])),
                }
            }
        }
        if !is_taken {
            // No version takes it: that is an error as it is for one.
            self.look(newest).taken()?;
        }
        if !missing.is_empty() {
            let set = pack.versions_where(|api| missing.contains(&api.version()));
            remark(format_args!("note: `{}` does not exist in {set}", newest.id()));
        }
        if let Some(failure) = last {
            let set = pack.versions_where(|api| refusing.contains(&api.version()));
            let done = if self.answer.is_some() { "checked" } else { "taken" };
            remark(format_args!("note: not {done} in {set}: {}", failure.line()));
        }
        let found = all.into_iter().map(|(finding, versions)| Found {
            finding,
            versions: pack.versions_where(|api| versions.contains(&api.version())),
        });
        Ok(found.collect())
    }
}

/// What is typed is to be right; what is left out is for a call to have.
fn refusal(operation: &Operation<'_>, values: &[(String, Value)], body: &Body) -> Option<Failure> {
    use ResolveErrorKind::{InvalidParameter, RepeatedParameter, UnexpectedBody, UnknownParameter};
    let error = call::resolve(operation, values, body.for_core()).err()?;
    matches!(error.kind(), UnknownParameter | RepeatedParameter | InvalidParameter | UnexpectedBody)
        .then(|| error.into())
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
            .map(|Found { finding, versions }| Told {
                code: finding.code(),
                pointer: finding.pointer(),
                text: finding.to_string(),
                hint: finding.hint().map(Into::into),
                versions: versions.iter().collect(),
            })
            .collect();
        return output.json(&told, settings);
    }
    let mut lines = Vec::new();
    for Found { finding, versions } in found {
        lines.push(plain(&finding.to_string()).into_owned());
        if all_versions {
            lines.push(format!("  in: {versions}"));
        }
        if let Some(hint) = findings::hint(finding) {
            lines.push(format!("  hint: {}", plain(&hint)));
        }
    }
    output.lines(lines)
}
