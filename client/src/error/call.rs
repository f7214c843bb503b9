//! The call that an error belongs to.

use std::fmt;
use std::sync::Arc;

use contajners_core::{Method, Request};

/// The call that an error belongs to. Cheap to clone.
#[derive(Clone)]
pub(crate) struct CallOf(Arc<Of>);

struct Of {
    /// The names of engine and operation and the target, one after another: there is one for each
    /// call, and few are ever told.
    texts: String,
    engine: usize,
    /// How long that of the operation is; a raw request has none.
    operation: Option<usize>,
    method: Method,
    /// What was passed over on its way, which may be why the engine refuses.
    remark: Option<String>,
}

impl CallOf {
    pub(crate) fn new(engine: &str, request: &Request) -> Self {
        let operation = request.operation();
        let texts = [engine, operation.unwrap_or_default(), request.target()].concat();
        let (engine, operation) = (engine.len(), operation.map(str::len));
        Self(Arc::new(Of { texts, engine, operation, method: request.method(), remark: None }))
    }

    /// Adds what was passed over; nobody else may have a clone yet.
    pub(crate) fn remarked(mut self, remark: Option<String>) -> Self {
        if let (Some(of), Some(_)) = (Arc::get_mut(&mut self.0), &remark) {
            of.remark = remark;
        }
        self
    }

    /// What was passed over, which may be why the engine refuses.
    pub(crate) fn remark(&self) -> Option<&str> {
        self.0.remark.as_deref()
    }

    pub(crate) fn engine(&self) -> &str {
        &self.0.texts[..self.0.engine]
    }

    pub(crate) fn operation(&self) -> Option<&str> {
        self.0.operation.map(|length| &self.0.texts[self.0.engine..][..length])
    }

    pub(crate) fn method(&self) -> Method {
        self.0.method
    }

    pub(crate) fn target(&self) -> &str {
        &self.0.texts[self.0.engine + self.0.operation.unwrap_or_default()..]
    }

    /// The path alone: a query may hold secrets.
    pub(super) fn path(&self) -> &str {
        self.target().split('?').next().unwrap_or_default()
    }
}

impl fmt::Display for CallOf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (method, path) = (self.0.method, self.path());
        match self.operation() {
            Some(operation) => write!(f, "`{operation}` ({method} {path})"),
            None => write!(f, "`{method} {path}`"),
        }
    }
}
