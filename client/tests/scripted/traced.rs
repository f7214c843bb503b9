//! What calls tell those who listen: a span each, without any value that a call was given.

use std::fmt::Write as _;
use std::sync::{Arc, LazyLock, Mutex, OnceLock};

use contajners::{Client, Credentials, Method};
use serde_json::json;
use tracing::{Dispatch, Metadata};
use tracing_core::span::Current;

use crate::{JSON, Script, always, block_on};

pub(crate) fn told(script: &Script, work: impl AsyncFnOnce(Client)) -> String {
    // While there is but one subscriber, `tracing` asks that of the thread at hand whether an event
    // is wanted, once and for all; and threads of other tests have none.
    static ANOTHER: LazyLock<Dispatch> = LazyLock::new(|| Dispatch::new(Lines::default()));
    LazyLock::force(&ANOTHER);
    let lines = Lines::default();
    tracing::subscriber::with_default(lines.clone(), || {
        let builder = Client::builder("docker").uri(script.uri()).api_version("v1.41");
        block_on(work(builder.credentials(Credentials::none()).build().expect("a client")));
    });
    lines.0.lock().expect("lines").replace(&script.uri(), "unix:///engine.sock")
}

#[test]
fn a_call_has_a_span() {
    let script = always("404 Not Found", JSON, br#"{"message":"hunter2"}"#);
    let text = told(&script, async |client: Client| {
        let call = client
            .invoke("ContainerStart")
            .param("id", "conny")
            .param("detachKeys", "hunter2")
            .header("X-Secret", "hunter2");
        call.await.unwrap_err();
        client.invoke("ContainerCreate").param("nam", "hunter2").await.unwrap_err();
        let raw = client.request(Method::Post, "/a/b?token=hunter2").body(json!("hunter2"));
        raw.await.unwrap_err();
    });
    insta::with_settings!({ omit_expression => true }, { insta::assert_snapshot!(text) });
    assert!(!text.contains("hunter2"));
}

/// Writes down every span and event with all of its fields.
#[derive(Clone, Default)]
pub(crate) struct Lines(pub(crate) Arc<Mutex<String>>, Arc<OnceLock<&'static Metadata<'static>>>);

impl tracing::Subscriber for Lines {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, span: &tracing::span::Attributes<'_>) -> tracing::span::Id {
        self.line(span.metadata().name(), |fields| span.record(fields));
        let _ = self.1.set(span.metadata());
        tracing::span::Id::from_u64(1)
    }

    fn record(&self, _: &tracing::span::Id, values: &tracing::span::Record<'_>) {
        self.line(" ", |fields| values.record(fields));
    }

    fn record_follows_from(&self, _: &tracing::span::Id, _: &tracing::span::Id) {}

    fn event(&self, event: &tracing::Event<'_>) {
        self.line(" ", |fields| event.record(fields));
    }

    /// There is one kind of span, and one at a time.
    fn current_span(&self) -> Current {
        let id = tracing::span::Id::from_u64(1);
        self.1.get().map_or_else(Current::none, |metadata| Current::new(id, metadata))
    }

    fn enter(&self, _: &tracing::span::Id) {}

    fn exit(&self, _: &tracing::span::Id) {}
}

impl Lines {
    fn line(&self, begin: &str, record: impl FnOnce(&mut Fields<'_>)) {
        let mut text = self.0.lock().unwrap();
        text.push_str(begin);
        record(&mut Fields(&mut text));
        text.push('\n');
    }
}

struct Fields<'l>(&'l mut String);

impl tracing::field::Visit for Fields<'_> {
    fn record_debug(&mut self, field: &tracing::field::Field, value: &dyn std::fmt::Debug) {
        let _ = write!(self.0, " {field}={value:?}");
    }
}
