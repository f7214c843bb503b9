//! What a call tells those who listen with `tracing`: one span, with names that OpenTelemetry has
//! for clients of HTTP. Values of parameters, queries, headers and bodies are in none of it.

use contajners_core::Request;
use tracing::{Span, field};

use crate::client::Client;
use crate::error::Error;

/// Begins the span of a call. What is not known yet is recorded when it is.
pub(crate) fn span(client: &Client, operation: Option<&str>) -> Span {
    let span = tracing::info_span!(
        "call",
        "otel.kind" = "client",
        engine = client.0.peer.engine,
        operation = field::Empty,
        version = field::Empty,
        "server.address" = client.0.peer.address,
        "http.request.method" = field::Empty,
        "url.path" = field::Empty,
        "http.response.status_code" = field::Empty,
        "error.type" = field::Empty,
    );
    if let Some(operation) = operation {
        span.record("operation", operation);
    }
    span
}

/// Records what a call was resolved to, in the span that is entered.
pub(crate) fn resolved(client: &Client, request: &Request) {
    let span = Span::current();
    if span.is_disabled() {
        return;
    }
    if let Some(version) = client.0.version.get() {
        span.record("version", version);
    }
    span.record("http.request.method", request.method().as_str());
    span.record("url.path", request.target().split('?').next().unwrap_or_default());
}

/// Records the status of the answer, in the span that is entered.
pub(crate) fn answered(status: u16) {
    Span::current().record("http.response.status_code", status);
    tracing::debug!("answered");
}

/// Records how a call ended.
pub(crate) fn ended<T>(span: &Span, result: &Result<T, Error>) {
    if let Err(error) = result {
        span.record("error.type", error.code());
        span.in_scope(|| tracing::debug!("failed"));
    }
}
