//! What the catalogue does not know of sending an operation: `plan.yaml`.

use std::collections::{BTreeMap, BTreeSet};

use contajners_core::Api;
use contajners_tests::image;
use serde::Deserialize;
use serde_json::Value;

use crate::things::{ThingKind, plugin_archive};

/// What there is to know about one engine.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Plan {
    /// The version whose operations the plan names, and the table shows.
    pub(crate) api_version: String,
    /// Values of parameters by name, whichever operation has them.
    pub(crate) values: BTreeMap<String, Value>,
    /// What the placeholder of a path names, by the path's beginning.
    things: BTreeMap<String, ThingKind>,
    operations: BTreeMap<String, Way>,
    /// Operations that the engine refuses, though it has a route.
    refused: Vec<Reason>,
    /// Operations that are done with a status that the spec does not list. Others must not be: it
    /// may be the answer of another operation, whose path theirs looks like.
    other_status: Vec<Reason>,
    not_sent: Vec<Reason>,
    /// Operations that the engine has no route for.
    no_route: Vec<Reason>,
    /// What annotations take out of this version, since the engine does not have it.
    pub(crate) left_out: Vec<LeftOut>,
}

/// An operation that only the spec has.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LeftOut {
    pub(crate) operation: String,
    /// Method and path.
    pub(crate) request: String,
    pub(crate) because: String,
}

/// How one operation is sent, where it is not like the others.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Way {
    pub(crate) thing: Option<ThingKind>,
    /// Parameters that it needs, and others that keep it short.
    pub(crate) parameters: BTreeMap<String, Value>,
    pub(crate) body: Option<Value>,
    pub(crate) archive: Option<Archive>,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) order: Order,
}

/// A body that has to be something in particular.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Archive {
    /// A folder to build an image from.
    Build,
    /// An image, as `save` writes it.
    Image,
    Plugin,
}

impl Archive {
    pub(crate) fn bytes(self) -> Vec<u8> {
        match self {
            Self::Build => {
                let file = format!("FROM {}\nLABEL a=b\n", image::BUSYBOX);
                image::tar_of([("Dockerfile", file.as_bytes())])
            }
            Self::Image => image::busybox_archive().expect("a static busybox").to_vec(),
            Self::Plugin => plugin_archive("planned"),
        }
    }
}

/// When it is sent: before or after all others, one at a time, where it concerns more than what was
/// made for it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Order {
    First,
    #[default]
    Middle,
    Last,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Reason {
    operations: Vec<String>,
    because: String,
}

impl Plan {
    pub(crate) fn of(engine: &str) -> Self {
        let all: BTreeMap<String, Self> =
            yaml_serde::from_str(include_str!("plan.yaml")).expect("a sound plan.yaml");
        all.get(engine).expect("an engine of plan.yaml").clone()
    }

    pub(crate) fn way(&self, operation: &str) -> Way {
        self.operations.get(operation).cloned().unwrap_or_default()
    }

    /// What the placeholder of a path names; the longest beginning that fits decides.
    pub(crate) fn thing_at(&self, path: &str) -> Option<ThingKind> {
        let fitting = self.things.iter().filter(|(beginning, _)| path.starts_with(&***beginning));
        fitting.max_by_key(|(beginning, _)| beginning.len()).map(|(_, kind)| *kind)
    }

    pub(crate) fn refused(&self, operation: &str) -> Option<&str> {
        reason(&self.refused, operation)
    }

    pub(crate) fn other_status(&self, operation: &str) -> Option<&str> {
        reason(&self.other_status, operation)
    }

    pub(crate) fn not_sent(&self, operation: &str) -> Option<&str> {
        reason(&self.not_sent, operation)
    }

    pub(crate) fn no_route(&self, operation: &str) -> Option<&str> {
        reason(&self.no_route, operation)
    }

    /// Returns what is wrong with it: names of nothing, reasons that are missing or given twice.
    pub(crate) fn faults(&self, api: Api<'_>) -> Vec<String> {
        let mut faults = Vec::new();
        let reasons = [&self.refused, &self.other_status, &self.not_sent, &self.no_route];
        let given = || reasons.into_iter().flatten();
        let named = given().flat_map(|reason| &reason.operations);
        for name in self.operations.keys().chain(named.clone()) {
            if let Err(error) = api.operation(name) {
                faults.push(error.to_string());
            }
        }
        let mut seen = BTreeSet::new();
        for name in named.filter(|name| !seen.insert(*name)) {
            faults.push(format!("`{name}` has two reasons"));
        }
        for reason in given().filter(|reason| reason.because.trim().is_empty()) {
            faults.push(format!("no reason for {:?}", reason.operations));
        }
        for (id, way) in &self.operations {
            let Ok(operation) = api.operation(id) else { continue };
            for name in way.parameters.keys() {
                if !operation.parameters().any(|parameter| parameter.is_named(name)) {
                    faults.push(format!("`{id}` has no parameter `{name}`"));
                }
            }
            let has_body = way.body.is_some() || way.archive.is_some();
            if has_body && operation.body().is_none() {
                faults.push(format!("`{id}` takes no body"));
            }
        }
        for LeftOut { operation, request, .. } in &self.left_out {
            let has = |api: Api<'_>| {
                let mut all = api.operations();
                all.any(|own| format!("{} {}", own.method(), own.path()) == *request)
            };
            if has(api) || api.operation(operation).is_ok() {
                faults.push(format!("`{operation}` is not left out"));
            }
            if api.pack().versions_where(has).is_empty() {
                faults.push(format!("`{request}` is in no version"));
            }
        }
        for name in self.values.keys() {
            let mut parameters = api.operations().flat_map(|operation| operation.parameters());
            if !parameters.any(|parameter| parameter.is_named(name)) {
                faults.push(format!("no operation has a parameter `{name}`"));
            }
        }
        for beginning in self.things.keys() {
            if !api.operations().any(|operation| operation.path().starts_with(beginning)) {
                faults.push(format!("no path begins with `{beginning}`"));
            }
        }
        faults
    }
}

fn reason<'a>(reasons: &'a [Reason], operation: &str) -> Option<&'a str> {
    let found = reasons.iter().find(|reason| reason.operations.iter().any(|id| id == operation));
    found.map(|reason| &*reason.because)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_nothing_are_faults() {
        let text = "
            api-version: v1.41
            values: { nowhere: 1 }
            things: { /nowhere/: image }
            operations:
              ContainerStart: { parameters: { plattform: x }, body: {} }
              ContainerStat: {}
            refused: [{ operations: [ImagePull, ImagePush], because: ' ' }]
            other-status: []
            not-sent: [{ operations: [ImagePush], because: it is far }]
            no-route: []
            left-out:
              - { operation: ImagePull, request: GET /images/pull, because: of a dream }
              - { operation: ImagePush, request: 'POST /images/{name}/push', because: of a mistake }
        ";
        let plan: Plan = yaml_serde::from_str(text).unwrap();
        let api = crate::pack(contajners_tests::Kind::Docker).api("v1.41").unwrap();
        insta::assert_snapshot!(plan.faults(api).join("\n"), @r#"
        unknown operation `ContainerStat` in docker v1.41
        unknown operation `ImagePull` in docker v1.41
        `ImagePush` has two reasons
        no reason for ["ImagePull", "ImagePush"]
        `ContainerStart` has no parameter `plattform`
        `ContainerStart` takes no body
        `GET /images/pull` is in no version
        `ImagePush` is not left out
        no operation has a parameter `nowhere`
        no path begins with `/nowhere/`
        "#);
    }
}
