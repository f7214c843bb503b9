//! A way in for the fuzz target of files with credentials.

use serde_json::Value;

use super::plan::{self, Machine, Plan, Step, WholePlan};
use super::reference::Repository;
use super::{CredentialsError, Place, Rules};
use crate::discovery::Surroundings;

/// What was found for an image, or for all registries.
#[derive(Debug, PartialEq)]
pub struct FoundCredentials {
    /// The credentials as engines get them, each with the registry it was found for.
    pub known: Vec<(String, Value)>,
    /// The programs that would be asked, by the names they go by.
    pub asked: Vec<String>,
    /// What was wrong: code and text. The last is the reason for which nothing is found at all.
    pub errors: Vec<(&'static str, String)>,
}

/// Finds credentials as an engine's own tool does, for an image or for all registries; `None`
/// where the reference names no registry.
pub fn credentials(
    engine: &str,
    reference: Option<&str>,
    surroundings: &dyn Surroundings,
) -> Option<FoundCredentials> {
    let machine = Machine { surroundings, user: Some(1000) };
    let (rules, place) = (Rules::of(engine), Place::Usual);
    let mut found = FoundCredentials { known: Vec::new(), asked: Vec::new(), errors: Vec::new() };
    let plan = match reference {
        Some(reference) => {
            let repository = Repository::parse(reference)?;
            plan::one(rules, &place, &repository, machine).map(|Plan { steps, remarks }| {
                let steps = steps.into_iter().map(|step| (repository.host.clone(), step));
                (steps.collect(), remarks)
            })
        }
        None => plan::all(rules, &place, machine).map(|WholePlan { steps, stores, remarks }| {
            let stores = stores.into_iter().map(|store| (String::new(), Step::Ask(store)));
            (steps.into_iter().chain(stores).collect(), remarks)
        }),
    };
    let (steps, errors): (Vec<_>, Vec<_>) = match plan {
        Ok(found) => found,
        Err(error) => (Vec::new(), vec![error]),
    };
    for (registry, step) in steps {
        match step {
            Step::Known(auth) => {
                let value = serde_json::to_value(auth).expect("a map of texts");
                found.known.push((registry, value));
            }
            Step::Ask(helper) | Step::Try(helper) => found.asked.push(helper.name),
        }
    }
    let told = |error: &CredentialsError| (error.code(), error.to_string());
    found.errors.extend(errors.iter().map(told));
    Some(found)
}
