//! What a call tells those who listen with `tracing`: one span, with names that OpenTelemetry has
//! for clients of HTTP. Values of parameters, queries, headers and bodies are in none of it.
//!
//! Spans are recorded in by name, never as the current one: where a filter leaves ours out, that is
//! one of the caller's.

use contajners_core::Request;
pub(crate) use tracing::warn;
use tracing::{Instrument as _, field};
pub(crate) use tracing::{Span, debug};

use crate::client::Client;
use crate::endpoint::Endpoint;
use crate::error::Error;

/// Does something with this span as the current one.
pub(crate) async fn within<T>(span: &Span, work: impl Future<Output = T>) -> T {
    work.instrument(span.clone()).await
}

/// Begins the span of a call. What is not known yet is recorded when it is.
pub(crate) fn span(client: &Client, operation: Option<&str>) -> Span {
    let peer = &client.0.peer;
    let span = tracing::info_span!(
        "call",
        "otel.kind" = "client",
        "otel.name" = field::Empty,
        engine = peer.engine,
        operation,
        version = field::Empty,
        "url.scheme" = peer.endpoint.scheme(),
        "server.address" = field::Empty,
        "server.port" = field::Empty,
        "http.request.method" = field::Empty,
        "url.template" = field::Empty,
        "url.path" = field::Empty,
        "http.response.status_code" = field::Empty,
        "error.type" = field::Empty,
        "otel.status_code" = field::Empty,
    );
    if span.is_disabled() {
        return span;
    }
    match &peer.endpoint {
        Endpoint::Unix(path) => span.record("server.address", field::display(path.display())),
        Endpoint::Pipe(name) => span.record("server.address", name.as_str()),
        Endpoint::Tcp { host, port, .. } | Endpoint::Https { host, port, .. } => {
            span.record("server.address", host.as_str()).record("server.port", port)
        }
        Endpoint::Ssh { host, port, .. } => {
            if let Some(port) = port {
                span.record("server.port", port);
            }
            span.record("server.address", host.as_str())
        }
    };
    span
}

/// Records what a call was resolved to: its path as the vendor wrote it, which tells no value.
/// Of a raw request the path is all that is known of it.
pub(crate) fn resolved(span: &Span, client: &Client, request: &Request, template: Option<&str>) {
    if span.is_disabled() {
        return;
    }
    if let Some(version) = client.0.version.get() {
        span.record("version", version.name.as_str());
    }
    let method = request.method().as_str();
    span.record("http.request.method", method);
    match template {
        Some(template) => {
            span.record("url.template", template);
            span.record("otel.name", field::display(format_args!("{method} {template}")));
        }
        None => {
            span.record("url.path", request.path());
            span.record("otel.name", method);
        }
    }
}

/// Records the status of the answer.
pub(crate) fn answered(span: &Span, status: u16) {
    span.record("http.response.status_code", status);
    debug!("answered");
}

/// Records how a call ended.
pub(crate) fn ended<T>(span: &Span, result: &Result<T, Error>) {
    if let Err(error) = result {
        failed(span, error);
    }
}

/// Records why a call failed.
pub(crate) fn failed(span: &Span, error: &Error) {
    span.record("error.type", error.code());
    span.record("otel.status_code", "ERROR");
    span.in_scope(|| debug!("failed"));
}
