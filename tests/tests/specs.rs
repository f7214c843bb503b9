//! The packs beside an independent reading of the vendors' specs.
//!
//! The reading below knows nothing of the compiler: it walks the YAML as it stands and collects
//! what an operation is called and takes. Where the specs are not at hand the tests say so.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use contajners_core::{Api, Pack};
use yaml_serde::Value;

/// What identifies an operation and what goes into it.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Fact {
    category: String,
    id: String,
    method: String,
    path: String,
    /// Name and place.
    parameters: BTreeSet<(String, String)>,
    has_body: bool,
}

fn specs_of(engine: &str) -> Option<BTreeMap<String, PathBuf>> {
    let Some(folder) = contajners_tests::shared_specs() else {
        // CI has them where the project keeps them; elsewhere their absence is no failure.
        eprintln!("skipped: no folder of specs beside the project (set CONTAJNERS_SPECS)");
        return None;
    };
    let files = std::fs::read_dir(folder.join(engine)).unwrap();
    let files = files.map(|entry| entry.unwrap().path());
    Some(files.map(|path| (path.file_stem().unwrap().to_str().unwrap().to_owned(), path)).collect())
}

fn facts_of_spec(path: &Path, namespace: &str) -> BTreeSet<Fact> {
    let spec: Value = yaml_serde::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let mut facts = BTreeSet::new();
    for (path, item) in spec["paths"].as_mapping().unwrap() {
        let path = path.as_str().unwrap();
        let in_namespace = !namespace.is_empty() && path.starts_with(&format!("{namespace}/"));
        let depth = if in_namespace { 2 } else { 1 };
        let category: Vec<&str> = path.split('/').skip(1).take(depth).collect();
        for method in ["get", "head", "post", "put", "patch", "delete", "options"] {
            let operation = &item[method];
            if operation.is_null() {
                continue;
            }
            let parameters = operation["parameters"].as_sequence().cloned().unwrap_or_default();
            let place = |parameter: &Value| parameter["in"].as_str().unwrap().to_owned();
            facts.insert(Fact {
                category: category.join("/"),
                id: operation["operationId"].as_str().unwrap().to_owned(),
                method: method.to_uppercase(),
                path: path.to_owned(),
                has_body: parameters.iter().any(|parameter| place(parameter) == "body"),
                parameters: parameters
                    .iter()
                    .filter(|parameter| place(parameter) != "body")
                    .map(|parameter| {
                        (parameter["name"].as_str().unwrap().to_owned(), place(parameter))
                    })
                    .collect(),
            });
        }
    }
    facts
}

fn facts_of_pack(api: Api<'_>) -> BTreeSet<Fact> {
    api.operations()
        .map(|operation| Fact {
            category: operation.category().into_owned(),
            id: operation.id().to_owned(),
            method: operation.method().to_string(),
            path: operation.path().to_owned(),
            has_body: operation.body().is_some(),
            parameters: operation
                .parameters()
                .map(|parameter| (parameter.name().to_owned(), parameter.location().to_string()))
                .collect(),
        })
        .collect()
}

#[track_caller]
fn check(engine: &str, namespace: &str) {
    let Some(specs) = specs_of(engine) else { return };
    let pack = Pack::open(contajners_resources::pack(engine).unwrap()).unwrap();
    let versions: BTreeSet<&str> = pack.versions().collect();
    assert_eq!(versions, specs.keys().map(|version| &**version).collect());
    let workers = std::thread::available_parallelism().map_or(1, usize::from);
    let specs: Vec<_> = specs.into_iter().collect();
    std::thread::scope(|scope| {
        for worker in 0..workers {
            let mine = specs.iter().skip(worker).step_by(workers);
            scope.spawn(move || {
                for (version, path) in mine {
                    let found = facts_of_pack(pack.api(version).unwrap());
                    let expected = facts_of_spec(path, namespace);
                    assert!(!expected.is_empty(), "{engine} {version}");
                    let missing: Vec<_> = expected.difference(&found).collect();
                    let extra: Vec<_> = found.difference(&expected).collect();
                    assert!(
                        missing.is_empty() && extra.is_empty(),
                        "{engine} {version}: missing {missing:#?}, extra {extra:#?}"
                    );
                }
            });
        }
    });
}

#[test]
fn docker_is_what_its_specs_say() {
    check("docker", "");
}

#[test]
fn podman_is_what_its_specs_say() {
    check("podman", "/libpod");
}

/// The packs hold facts only: none of the vendors' sentences is in them.
#[test]
fn packs_hold_no_prose() {
    for engine in ["docker", "podman"] {
        let Some(specs) = specs_of(engine) else { return };
        let pack = String::from_utf8_lossy(contajners_resources::pack(engine).unwrap());
        let (_, newest) = specs.last_key_value().unwrap();
        let spec = std::fs::read_to_string(newest).unwrap();
        let mut sentences = 0;
        for line in spec.lines() {
            let text = line.trim().trim_start_matches("description: ").trim_matches('"');
            // Long texts with several words are prose.
            if text.len() > 40 && text.split(' ').count() > 6 {
                assert!(!pack.contains(text), "{engine}: {text}");
                sentences += 1;
            }
        }
        assert!(sentences > 100, "{engine}: {sentences}");
    }
}

/// The sizes that the packs must not outgrow.
#[test]
fn packs_are_small() {
    let size = |engine| contajners_resources::pack(engine).unwrap().len();
    assert!(size("docker") <= 64 << 10, "{}", size("docker"));
    assert!(size("podman") <= 128 << 10, "{}", size("podman"));
    let mut gzip = std::process::Command::new("gzip")
        .args(["-9", "-c"])
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .expect("gzip is part of every Debian");
    let mut input = gzip.stdin.take().unwrap();
    std::thread::spawn(move || {
        use std::io::Write as _;
        for (_, pack) in contajners_resources::ENGINES {
            input.write_all(pack).unwrap();
        }
    });
    let zipped = gzip.wait_with_output().unwrap().stdout.len();
    assert!(zipped <= 64 << 10, "{zipped}");
}
