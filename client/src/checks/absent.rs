//! What stands in for checks in a program that was built without them: nothing is looked at.

use contajners_core::{Finding, Operation, Value};

use crate::error::Error;

/// There are none.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Checks {}

impl Checks {
    pub(crate) fn find(
        self,
        _: &Operation<'_>,
        _: &[(&str, &dyn Value)],
        _: Option<&serde_json::Value>,
    ) -> Vec<Finding> {
        Vec::new()
    }

    pub(crate) fn judge(self, _: &[Finding]) -> Result<(), Error> {
        Ok(())
    }
}
