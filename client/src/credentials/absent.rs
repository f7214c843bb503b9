//! What stands in for credentials in a program that was built without them: no call takes any but
//! those that it is given.

use contajners_core::{Operation, Request};
use serde_json::Value;

use crate::Work;
use crate::client::Client;
use crate::error::Error;
use crate::exchange::Deadline;

/// There are none.
#[derive(Debug, Clone, Default)]
pub(crate) struct Credentials {}

/// Nothing is wanted.
pub(crate) enum Wanted {}

impl Credentials {
    pub(crate) fn wanted(
        &self,
        _: Operation<'_>,
        _: &[(&str, &Value)],
        _: &[(String, String)],
    ) -> Option<Wanted> {
        None
    }
}

pub(crate) fn fill<'a>(
    _: &'a Client,
    _: &'a mut Request,
    wanted: &'a Wanted,
    _: Option<Deadline>,
) -> Work<'a, Result<Option<String>, Error>> {
    match *wanted {}
}
