//! The operations beside one that makes a socket.

use std::io;

use contajners::Client;
use contajners_core::{Api, Location, Method, Operation};
use serde_json::Value;

use crate::failure::Failure;

/// The operations beside one that makes a socket, and the path value that names its process.
pub(super) struct Siblings<'a> {
    inspect: Option<Operation<'a>>,
    resize: Option<Operation<'a>>,
    /// The values of path parameters, by name.
    path: Vec<(String, Value)>,
}

impl<'a> Siblings<'a> {
    pub(super) fn new(api: Api<'a>, operation: &Operation<'a>, values: &[(String, Value)]) -> Self {
        let folder = operation.path().rsplit_once('/').map_or("", |(folder, _)| folder);
        let beside = |method: Method, name: &str| {
            api.operations().find(|other| {
                let path =
                    other.path().strip_prefix(folder).and_then(|rest| rest.strip_prefix('/'));
                other.method() == method && path == Some(name)
            })
        };
        let in_path = |name: &str| {
            let mut parameters = operation.parameters();
            parameters.any(|own| own.location() == Location::Path && own.is_named(name))
        };
        Self {
            inspect: beside(Method::Get, "json"),
            resize: beside(Method::Post, "resize"),
            path: values.iter().filter(|(name, _)| in_path(name)).cloned().collect(),
        }
    }

    pub(super) async fn inspect(&self, client: &Client) -> Result<Value, Failure> {
        let Some(operation) = &self.inspect else { return Ok(Value::Null) };
        let mut call = client.invoke(operation.id());
        for (name, value) in &self.path {
            call = call.param(name, value);
        }
        Ok(call.await?)
    }

    /// Sets the size of the terminal; that it cannot be set ends nothing.
    pub(super) async fn resize(&self, client: &Client) {
        let size = terminal_size::terminal_size_of(io::stdout());
        let (Some(operation), Some((width, height))) = (&self.resize, size) else { return };
        let mut call = client.invoke(operation.id()).param("w", width.0).param("h", height.0);
        for (name, value) in &self.path {
            call = call.param(name, value);
        }
        let _ = call.send().await;
    }
}
