//! Nothing that a client tells may hold a secret: not its events, its errors nor its `Debug`.

use std::fmt::{self, Write as _};
use std::sync::{Mutex, Once, PoisonError};

use contajners::Error;
use contajners_tests::certs::KEY_PASSWORD;
use contajners_tests::registry::PASSWORD;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

/// What is planted where clients read secrets. The last is how every key begins in base64.
const PLANTED: &[&str] =
    &[KEY_PASSWORD, PASSWORD, "planted", "PRIVATE KEY", "MIGHAgEAMBMGByqGSM49"];

/// What events have told of it.
static TOLD: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// How many events there were: none heard would prove nothing.
static HEARD: Mutex<usize> = Mutex::new(0);

/// Listens to all events of this process from now.
pub(crate) fn listen() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| tracing::subscriber::set_global_default(Listener).expect("the first one"));
}

/// Fails if a text holds a secret.
#[track_caller]
pub(crate) fn check(text: &str) {
    for secret in PLANTED {
        assert!(!text.contains(secret), "a secret in: {text}");
    }
}

/// Fails if an error tells a secret, in whichever way it is shown.
#[track_caller]
pub(crate) fn check_error(error: &Error) {
    check(&format!("{error} {error:?} {error:#?}"));
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        check(&format!("{error} {error:?}"));
        cause = error.source();
    }
    check(error.hint().unwrap_or_default());
}

/// Fails if any event has told a secret.
#[track_caller]
pub(crate) fn none_was_told() {
    assert!(*lock(&HEARD) > 0, "not one event was heard");
    let told = lock(&TOLD);
    assert!(told.is_empty(), "secrets in events: {told:#?}");
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

struct Listener;

impl Listener {
    fn hear(&self, line: String) {
        *lock(&HEARD) += 1;
        if PLANTED.iter().any(|secret| line.contains(secret)) {
            lock(&TOLD).push(line);
        }
    }
}

impl Subscriber for Listener {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, attributes: &Attributes<'_>) -> Id {
        let mut line = Line(attributes.metadata().name().to_owned());
        attributes.record(&mut line);
        self.hear(line.0);
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, values: &Record<'_>) {
        let mut line = Line(String::new());
        values.record(&mut line);
        self.hear(line.0);
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut line = Line(event.metadata().target().to_owned());
        event.record(&mut line);
        self.hear(line.0);
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

/// An event as it would be logged.
struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let _ = write!(self.0, " {}={value:?}", field.name());
    }
}

#[test]
fn a_secret_is_heard() {
    let heard = std::panic::catch_unwind(|| check(&format!("key: {KEY_PASSWORD}")));
    assert!(heard.is_err());
    check("nothing of the kind");
}
