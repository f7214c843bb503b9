//! What is wrong with TLS, in words.

use std::error;

/// An error in the making: see `Error::tls`.
pub(crate) struct Fault {
    pub(crate) code: &'static str,
    pub(crate) text: String,
    pub(crate) hint: String,
    pub(crate) cause: Option<Box<dyn error::Error + Send + Sync>>,
}

impl Fault {
    pub(super) fn new(
        code: &'static str,
        text: impl Into<String>,
        hint: impl Into<String>,
    ) -> Self {
        Self { code, text: text.into(), hint: hint.into(), cause: None }
    }

    #[cfg(feature = "tls")]
    pub(super) fn with_cause(
        mut self,
        cause: impl Into<Box<dyn error::Error + Send + Sync>>,
    ) -> Self {
        self.cause = Some(cause.into());
        self
    }
}
