//! Remembers which hosts can be reached, so that no time is lost on those that cannot.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// What is known of the hosts so far.
#[derive(Debug, Default)]
pub(super) struct Reach {
    /// Each host that was tried to the end, and whether it was reached the last time.
    hosts: Mutex<BTreeMap<String, bool>>,
}

/// How likely a host is to be reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Prospect {
    /// Nothing speaks against it.
    Good,
    /// Nothing is known of it, but others could not be reached, and none could.
    Poor,
    /// It could not be reached the last time.
    None,
}

impl Reach {
    pub(super) fn prospect(&self, host: &str) -> Prospect {
        let hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        match hosts.get(host) {
            Some(true) => Prospect::Good,
            Some(false) => Prospect::None,
            None if hosts.is_empty() || hosts.values().any(|reached| *reached) => Prospect::Good,
            None => Prospect::Poor,
        }
    }

    pub(super) fn reached(&self, host: String) {
        self.note(host, true);
    }

    pub(super) fn give_up(&self, host: String) {
        self.note(host, false);
    }

    fn note(&self, host: String, reached: bool) {
        self.hosts.lock().unwrap_or_else(PoisonError::into_inner).insert(host, reached);
    }
}
