//! Checks of what is sent against its schema, and what becomes of what they find.

use contajners_core::{Finding, Operation};
use serde_json::Value;

use crate::error::Error;
use crate::trace;

/// What a client does about bodies and values of parameters that are not as the spec has them:
/// unknown fields, wrong types, missing fields, values that are none of those allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Checks {
    /// They are not looked at.
    Off,
    /// They are sent, since specs have mistakes. What was found is told through [`tracing`], without
    /// any value, and by [`Response::findings`](crate::Response::findings).
    #[default]
    Warn,
    /// They are not sent: an error tells what was found.
    Strict,
}

impl Checks {
    /// Looks at what a call was given. Bytes are nobody's to look into.
    pub(crate) fn find(
        self,
        operation: &Operation<'_>,
        values: &[(&str, &dyn contajners_core::Value)],
        body: Option<&Value>,
    ) -> Vec<Finding> {
        if self == Self::Off {
            return Vec::new();
        }
        let mut findings = operation.check_parameters(values);
        // A text may be sent as it is, as JSON that was written elsewhere.
        if let Some(body) = body.filter(|body| !body.is_string()) {
            findings.extend(operation.check_body(body));
        }
        findings
    }

    /// Does about findings what is to be done.
    pub(crate) fn judge(self, findings: &[Finding]) -> Result<(), Error> {
        match self {
            Self::Strict if !findings.is_empty() => Err(Error::check_failed(findings.to_vec())),
            Self::Strict | Self::Off => Ok(()),
            Self::Warn => {
                for finding in findings {
                    // Without the value: a secret may have got into the wrong field.
                    trace::warn!(
                        code = finding.code(),
                        pointer = finding.pointer(),
                        expected = finding.expected(),
                        "{}",
                        finding.summary()
                    );
                }
                Ok(())
            }
        }
    }
}
