//! A subscriber that writes down all that it is told.

use std::fmt::Write as _;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock, Mutex, OnceLock};

use tracing::span::{Attributes, Id, Record};
use tracing::{Dispatch, Metadata};
use tracing_core::span::Current;

/// Every span and event with all of its fields. There is one kind of span, and one at a time.
#[derive(Clone, Default)]
pub(crate) struct Lines {
    text: Arc<Mutex<String>>,
    kind: Arc<OnceLock<&'static Metadata<'static>>>,
    /// How many hold the span.
    held: Arc<AtomicUsize>,
}

impl Lines {
    /// Runs something and returns what comes of it, and what is told meanwhile.
    pub(crate) fn told<T>(work: impl FnOnce() -> T) -> (T, String) {
        // While there is but one subscriber, `tracing` asks that of the thread at hand whether an
        // event is wanted, once and for all; and threads of other tests have none.
        static ANOTHER: LazyLock<Dispatch> = LazyLock::new(|| Dispatch::new(Lines::default()));
        LazyLock::force(&ANOTHER);
        let lines = Self::default();
        let done = tracing::subscriber::with_default(lines.clone(), work);
        (done, lines.text())
    }

    pub(crate) fn text(&self) -> String {
        self.text.lock().expect("lines").clone()
    }

    fn line(&self, begin: &str, record: impl FnOnce(&mut Fields<'_>)) {
        let mut text = self.text.lock().expect("lines");
        text.push_str(begin);
        record(&mut Fields(&mut text));
        text.push('\n');
    }
}

impl tracing::Subscriber for Lines {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        self.line(span.metadata().name(), |fields| span.record(fields));
        let _ = self.kind.set(span.metadata());
        self.held.fetch_add(1, Ordering::SeqCst);
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, values: &Record<'_>) {
        self.line(" ", |fields| values.record(fields));
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &tracing::Event<'_>) {
        self.line(" ", |fields| event.record(fields));
    }

    fn current_span(&self) -> Current {
        self.kind.get().map_or_else(Current::none, |kind| Current::new(Id::from_u64(1), kind))
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}

    fn clone_span(&self, id: &Id) -> Id {
        self.held.fetch_add(1, Ordering::SeqCst);
        id.clone()
    }

    fn try_close(&self, _: Id) -> bool {
        let is_last = self.held.fetch_sub(1, Ordering::SeqCst) == 1;
        if is_last {
            self.line("  end", |_| ());
        }
        is_last
    }
}

struct Fields<'l>(&'l mut String);

impl tracing::field::Visit for Fields<'_> {
    fn record_debug(&mut self, field: &tracing::field::Field, value: &dyn std::fmt::Debug) {
        let _ = write!(self.0, " {field}={value:?}");
    }
}
