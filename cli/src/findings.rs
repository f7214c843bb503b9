//! Telling what checks find.

use std::borrow::Cow;

use contajners::{Finding, FindingKind};
use contajners_core::{Operation, Value as CoreValue};
use serde_json::Value;

use crate::args::Checks;
use crate::call::{self, Body};
use crate::failure::Failure;
use crate::output::remark;
use crate::render::plain;

/// Looks at a call that is about to be sent, and warns; refuses it when that is wished.
pub(crate) fn judge(
    operation: &Operation<'_>,
    values: &[(String, Value)],
    body: &Body,
    content_type: Option<&str>,
    checks: &Checks,
) -> Result<(), Failure> {
    if checks.no_check {
        return Ok(());
    }
    let mut findings = of_values(operation, values);
    let of_body = of_body(operation, body, content_type).map(|found| findings.extend(found));
    for finding in &findings {
        remark(format_args!("warning: {}", plain(&finding.to_string())));
        if let Some(hint) = hint(finding) {
            remark(format_args!("  hint: {}", plain(&hint)));
        }
    }
    match of_body {
        Err(failure) if checks.strict => {
            return Err(failure.with_hint("without `--strict` it is sent anyway"));
        }
        Err(failure) => remark(format_args!("warning: {}", failure.line())),
        Ok(()) => {}
    }
    if !checks.strict || findings.is_empty() {
        return Ok(());
    }
    let api = operation.api();
    let text = format!("the call does not match {} {}", api.engine(), api.version());
    Err(Failure::usage(text).with_hint("without `--strict` it is sent anyway"))
}

/// Returns what is found in values.
pub(crate) fn of_values(operation: &Operation<'_>, values: &[(String, Value)]) -> Vec<Finding> {
    let values: Vec<(&str, &dyn CoreValue)> =
        values.iter().map(|(name, value)| (&**name, value as _)).collect();
    operation.check_parameters(&values)
}

/// Returns what is found in a body that is JSON.
pub(crate) fn of_body(
    operation: &Operation<'_>,
    body: &Body,
    content_type: Option<&str>,
) -> Result<Vec<Finding>, Failure> {
    let Body::Text(text) = body else { return Ok(Vec::new()) };
    let is_json = call::is_json(operation, content_type);
    match value(text, "the body") {
        // What is said not to be JSON may look like it.
        Ok(_) if content_type.is_some() && !is_json => Ok(Vec::new()),
        Ok(value) => Ok(operation.check_body(&value)),
        Err(failure) if is_json => Err(failure),
        // A text for an operation that takes others, too.
        Err(_) => Ok(Vec::new()),
    }
}

/// Returns what is found in an answer.
pub(crate) fn of_answer(
    operation: &Operation<'_>,
    status: u16,
    body: &Body,
) -> Result<Vec<Finding>, Failure> {
    let unchecked = |why: &str| {
        let (id, api) = (operation.id(), operation.api());
        let (engine, version) = (api.engine(), api.version());
        Failure::usage(format!("an answer `{status}` of `{id}` {why} in {engine} {version}"))
    };
    let Some(documented) = operation.response(status) else {
        let known: Vec<String> = operation
            .responses()
            .filter_map(|answer| answer.status())
            .map(|status| format!("`{status}`"))
            .collect();
        let failure = unchecked("is not documented");
        return Err(match known.as_slice() {
            [] => failure.with_hint("no answer is"),
            known => failure.with_hint(format!("the documented ones are {}", known.join(", "))),
        });
    };
    if documented.schema().is_none() {
        return Err(unchecked("has no documented body"));
    }
    let Body::Text(text) = body else { return Ok(Vec::new()) };
    Ok(operation.check_answer(status, &value(text, "the answer")?))
}

/// Reads what is JSON, as far as that can be checked: serde_json takes no more than 128 levels.
fn value(text: &str, name: &str) -> Result<Value, Failure> {
    serde_json::from_str(text)
        .map_err(|error| Failure::usage(format!("{name} cannot be checked")).with_cause(&error))
}

/// Returns what to do about a finding.
pub(crate) fn hint(finding: &Finding) -> Option<Cow<'_, str>> {
    match (finding.kind(), finding.hint()) {
        (FindingKind::UnknownField, None) => {
            Some("`contajners doc` shows the fields that there are".into())
        }
        (_, hint) => hint,
    }
}
