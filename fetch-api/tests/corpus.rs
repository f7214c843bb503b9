//! What every published version has, and what it gained and lost: vendors' slips become visible.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::Path;

use contajners_core::Pack;
use contajners_fetch_api::compile::{Mode, Origin, Plan, compile, default_threads};
use contajners_fetch_api::lift;
use contajners_fetch_api::model::{Location, Method, Model, Operation};
use contajners_fetch_api::sources::Sources;
use contajners_fetch_api::spec::Prose;

/// An operation's method and its path, with the names of placeholders left out.
type Key = (String, Method);

#[test]
fn docker() {
    check("docker");
}

#[test]
fn podman() {
    check("podman");
}

#[test]
fn cloud_hypervisor() {
    check("cloud-hypervisor");
}

#[test]
fn firecracker() {
    check("firecracker");
}

#[test]
fn incus() {
    check("incus");
}

#[track_caller]
fn check(engine: &str) {
    let Some(specs) = contajners_tests::shared_specs() else {
        // CI has them where the project keeps them; elsewhere their absence is no failure. The
        // print macros would be captured, and a skip that nobody sees looks like a pass.
        let reason = "no folder of specs beside the project (set CONTAJNERS_SPECS)";
        let _ = writeln!(std::io::stderr(), "skipped: corpus of {engine}: {reason}");
        return;
    };
    let sources =
        Sources::open(&Path::new(env!("CARGO_MANIFEST_DIR")).join("sources.yaml")).unwrap();
    let sources = sources.engines.into_iter().find(|own| own.engine.name == engine).unwrap();
    let out = tempfile::tempdir().unwrap();
    let plan = Plan {
        engines: vec![(sources.clone(), (0..sources.versions.len()).collect())],
        picked: false,
        origin: Origin::Folder(specs),
        out: out.path().to_owned(),
        mode: Mode::Write,
        faults: Default::default(),
        prose: Prose::Skip,
        threads: default_threads(),
    };
    let reports = compile(&plan, &()).unwrap();
    assert!(reports.iter().all(|report| report.is_good()), "{reports:?}");
    let bytes = std::fs::read(out.path().join(format!("{engine}.postcard"))).unwrap();
    let models = lift::models(&Pack::open(&bytes).unwrap()).unwrap();
    let mut lines = Vec::new();
    let mut before: Option<&Model> = None;
    for model in &models {
        lines.extend(summary(before, model));
        before = Some(model);
    }
    let summary = lines.join("\n");
    insta::with_settings!({ omit_expression => true }, {
        insta::assert_snapshot!(engine, summary);
    });
}

/// How many operations a version has, and what is different from the version before it.
fn summary(before: Option<&Model>, model: &Model) -> Vec<String> {
    let count = model.operations.len();
    let Some(before) = before else {
        return vec![format!("{}: {count} operations", model.version)];
    };
    let (old, new) = (by_key(before), by_key(model));
    let mut lines = Vec::new();
    let without = |own: &BTreeMap<Key, &'_ Operation>, other: &BTreeMap<Key, &Operation>| {
        let mut ids: Vec<String> = { own.iter() }
            .filter(|(key, _)| !other.contains_key(key))
            .map(|(_, operation)| operation.id.clone())
            .collect();
        ids.sort();
        ids
    };
    let (gained, lost) = (without(&new, &old), without(&old, &new));
    lines.extend(list("gained", &gained));
    lines.extend(list("lost", &lost));
    let mut renamed = Vec::new();
    let mut changed = Vec::new();
    for (key, operation) in &new {
        let Some(old) = old.get(key) else { continue };
        if old.id != operation.id {
            renamed.push(format!("{}→{}", old.id, operation.id));
        }
        let (had, has) = (parameters(old), parameters(operation));
        let gained = has.difference(&had).map(|name| format!("+{name}"));
        let lost = had.difference(&has).map(|name| format!("-{name}"));
        let all: Vec<String> = gained.chain(lost).collect();
        if !all.is_empty() {
            changed.push(format!("  {}: {}", operation.id, all.join(" ")));
        }
    }
    renamed.sort();
    changed.sort();
    lines.extend(list("renamed", &renamed));
    lines.extend(changed);
    let same = if lines.is_empty() { ", as before" } else { "" };
    lines.insert(0, format!("{}: {count} operations{same}", model.version));
    lines
}

/// A list in lines that fit a screen.
fn list(what: &str, ids: &[String]) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for id in ids {
        match lines.last_mut() {
            Some(line) if line.chars().count() + id.chars().count() < 96 => {
                line.push(' ');
                line.push_str(id);
            }
            Some(_) => lines.push(format!("    {id}")),
            None => lines.push(format!("  {what} {id}")),
        }
    }
    lines
}

fn by_key(model: &Model) -> BTreeMap<Key, &Operation> {
    let key = |operation: &Operation| {
        let path = operation.path.split('{').map(|part| match part.split_once('}') {
            Some((_, rest)) => format!("}}{rest}"),
            None => part.to_owned(),
        });
        (path.collect::<Vec<_>>().join("{"), operation.method)
    };
    model.operations.iter().map(|operation| (key(operation), operation)).collect()
}

/// The body and all parameters but those of the path, which go with it.
fn parameters(operation: &Operation) -> BTreeSet<String> {
    let named = operation.parameters.iter().filter_map(|parameter| match parameter.location {
        Location::Path => None,
        Location::Query => Some(parameter.name.clone()),
        location => Some(format!("{}({location})", parameter.name)),
    });
    named.chain(operation.body.iter().map(|_| "(body)".to_owned())).collect()
}
