//! The waiters of all versions: those that are the same in several become one record.

use std::collections::BTreeMap;

use contajners_core::write::{self, Writer};

use crate::model::{Sign, Waiter};

/// The waiters seen so far, by name: each with the versions it stands in.
#[derive(Debug, Default)]
pub(super) struct Waiters(BTreeMap<String, Vec<(Waiter, Vec<u32>)>>);

/// Hands on every text of a waiter.
pub(super) fn texts(name: &str, waiter: &Waiter, mut tell: impl FnMut(&str)) {
    tell(name);
    tell(&waiter.operation);
    for (own, theirs) in &waiter.parameters {
        tell(own);
        tell(theirs);
    }
    waiter.tells.iter().for_each(|pointer| tell(pointer));
    for condition in &waiter.conditions {
        match &condition.sign {
            None => {}
            Some(Sign::Is(pointer, values)) => {
                tell(pointer);
                values.iter().for_each(|value| tell(value));
            }
            Some(Sign::Absent(pointer) | Sign::Present(pointer)) => tell(pointer),
        }
        condition.failed.iter().for_each(|reason| tell(reason));
    }
}

impl Waiters {
    /// Notes that a version has the waiter.
    pub(super) fn add(&mut self, name: &str, waiter: &Waiter, version: u32) {
        let known = self.0.entry(name.to_owned()).or_default();
        match known.iter_mut().find(|(known, _)| known == waiter) {
            Some((_, versions)) => versions.push(version),
            None => known.push((waiter.clone(), vec![version])),
        }
    }

    /// Returns the sets of versions that there are.
    pub(super) fn versions(&self) -> impl Iterator<Item = &Vec<u32>> {
        self.0.values().flatten().map(|(_, versions)| versions)
    }

    /// Writes the records; names are sorted as strings are.
    pub(super) fn write(
        &self,
        writer: &mut Writer,
        text: impl Fn(&str) -> u32,
        set: impl Fn(&Vec<u32>) -> u32,
    ) {
        let of_sign = |sign: &Sign| match sign {
            Sign::Is(pointer, values) => {
                write::Sign::Is(text(pointer), values.iter().map(|value| text(value)).collect())
            }
            Sign::Absent(pointer) => write::Sign::Absent(text(pointer)),
            Sign::Present(pointer) => write::Sign::Present(text(pointer)),
        };
        for (name, known) in &self.0 {
            for (waiter, versions) in known {
                writer.waiter(&write::Waiter {
                    name: text(name),
                    versions: set(versions),
                    operation: text(&waiter.operation),
                    every: waiter.every,
                    within: waiter.within,
                    tells: waiter.tells.as_deref().map(&text),
                    parameters: waiter
                        .parameters
                        .iter()
                        .map(|(own, theirs)| (text(own), text(theirs)))
                        .collect(),
                    conditions: waiter
                        .conditions
                        .iter()
                        .map(|own| write::Condition {
                            statuses: own.statuses.clone(),
                            sign: own.sign.as_ref().map(of_sign),
                            failed: own.failed.as_deref().map(&text),
                        })
                        .collect(),
                });
            }
        }
    }
}
