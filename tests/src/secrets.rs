//! Finding planted secrets in what a client tells: its events, its errors, its `Debug`.

use std::fmt::{self, Write as _};
use std::sync::{Mutex, Once, PoisonError};

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

use crate::certs::KEY_PASSWORD;
use crate::registry::PASSWORD;

/// What is planted where clients read secrets: the passwords, the ones that are wrong on purpose,
/// the registry's in base64 wherever in it that begins, and how elliptic-curve keys begin in PEM.
const PLANTED: &[&str] = &[
    KEY_PASSWORD,
    PASSWORD,
    "planted",
    "geheim",
    "czNjcmV0IHBhc3",
    "MzY3JldCBwYXNz",
    "zM2NyZXQgcGFzc",
    "MIGHAgEAMBMGByqGSM49",
];

/// What events have told of it.
static TOLD: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// How many events there were: none heard would prove nothing.
static HEARD: Mutex<usize> = Mutex::new(0);

/// Listens to all events of this process from now.
///
/// # Panics
///
/// If somebody else listens already.
pub fn listen() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| tracing::subscriber::set_global_default(Listener).expect("the first one"));
}

/// Tells whether a text holds a secret.
pub fn are_in(text: &str) -> bool {
    PLANTED.iter().any(|secret| text.contains(secret))
}

/// Fails if a text holds a secret.
///
/// # Panics
///
/// If it does.
#[track_caller]
pub fn check(text: &str) {
    assert!(!are_in(text), "a secret in: {}", hidden(text));
}

/// Not even a failing test shows them.
fn hidden(text: &str) -> String {
    PLANTED.iter().fold(text.to_owned(), |text, secret| text.replace(secret, "(secret)"))
}

/// Fails if any event has told a secret.
///
/// # Panics
///
/// If one has, or if none was heard.
#[track_caller]
pub fn none_was_told() {
    assert!(*lock(&HEARD) > 0, "not one event was heard");
    let told = lock(&TOLD);
    assert!(told.is_empty(), "secrets in events: {told:#?}");
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

struct Listener;

impl Listener {
    fn hear(&self, line: &str) {
        *lock(&HEARD) += 1;
        if are_in(line) {
            lock(&TOLD).push(hidden(line));
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
        self.hear(&line.0);
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, values: &Record<'_>) {
        let mut line = Line(String::new());
        values.record(&mut line);
        self.hear(&line.0);
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut line = Line(event.metadata().target().to_owned());
        event.record(&mut line);
        self.hear(&line.0);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_found() {
        for text in [format!("key: {KEY_PASSWORD}"), "dGVzdGVyOnMzY3JldCBwYXNz".to_owned()] {
            assert!(std::panic::catch_unwind(|| check(&text)).is_err());
        }
        check("nothing of the kind");
    }

    #[test]
    fn events_are_heard() {
        listen();
        tracing::trace!(nothing = "of the kind");
        none_was_told();
        tracing::debug!(password = ?KEY_PASSWORD);
        assert!(std::panic::catch_unwind(none_was_told).is_err());
    }
}
