//! Telling what checks find.

use std::borrow::Cow;

use contajners::{Finding, FindingKind};
use contajners_core::{Operation, Value as CoreValue};
use serde_json::Value;

use crate::args::Checks;
use crate::call::Body;
use crate::failure::Failure;
use crate::output::remark;
use crate::render::plain;

/// Looks at a call that is about to be sent, and warns; refuses it when that is wished.
pub(crate) fn judge(
    operation: &Operation<'_>,
    values: &[(String, Value)],
    body: &Body,
    checks: &Checks,
) -> Result<(), Failure> {
    if checks.no_check {
        return Ok(());
    }
    let findings = of_call(operation, values, body);
    for finding in &findings {
        remark(format_args!("warning: {}", plain(&finding.to_string())));
        if let Some(hint) = hint(finding) {
            remark(format_args!("  hint: {}", plain(&hint)));
        }
    }
    if !checks.strict || findings.is_empty() {
        return Ok(());
    }
    let api = operation.api();
    let text = format!("the call is not as {} {} has it", api.engine(), api.version());
    Err(Failure::usage(text).with_hint("without `--strict` it is sent all the same"))
}

/// Returns what is found in values and in a body that is JSON.
pub(crate) fn of_call(
    operation: &Operation<'_>,
    values: &[(String, Value)],
    body: &Body,
) -> Vec<Finding> {
    let values: Vec<(&str, &dyn CoreValue)> =
        values.iter().map(|(name, value)| (&**name, value as _)).collect();
    let mut findings = operation.check_parameters(&values);
    if let Body::Text(text) = body
        && let Ok(body) = serde_json::from_str::<Value>(text)
    {
        findings.extend(operation.check_body(&body));
    }
    findings
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
