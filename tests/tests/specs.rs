//! The packs beside an independent reading of the vendors' specs.
//!
//! The reading below knows nothing of the compiler: it walks the YAML as it stands and collects
//! what an operation is called and takes. Where the specs are not at hand the tests say so.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::{Path, PathBuf};

use contajners_core::{Api, ApiVersion, Pack};
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
        // CI has them where the project keeps them; elsewhere their absence is no failure. The
        // print macros would be captured, and a skip that nobody sees looks like a pass.
        let reason = "no folder of specs beside the project (set CONTAJNERS_SPECS)";
        let _ = writeln!(std::io::stderr(), "skipped: specs of {engine}: {reason}");
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
        let bare = path.split('?').next().unwrap();
        let category: Vec<&str> = bare.split('/').skip(1).take(depth).collect();
        for method in ["get", "head", "post", "put", "patch", "delete", "options"] {
            let operation = &item[method];
            if operation.is_null() {
                continue;
            }
            let parameters = operation["parameters"].as_sequence().cloned().unwrap_or_default();
            let place = |parameter: &Value| parameter["in"].as_str().unwrap().to_owned();
            let mut named: BTreeSet<(String, String)> = parameters
                .iter()
                .filter(|parameter| place(parameter) != "body")
                .map(|parameter| (parameter["name"].as_str().unwrap().to_owned(), place(parameter)))
                .collect();
            // Incus leaves most of the variables in its paths undeclared.
            let variables = path.split('{').skip(1).map(|rest| rest.split('}').next().unwrap());
            if !path.contains(":.*") {
                named.extend(variables.map(|name| (name.to_owned(), "path".to_owned())));
            }
            facts.insert(Fact {
                category: category.join("/"),
                id: match operation["operationId"].as_str() {
                    Some(id) => id.to_owned(),
                    None => made_id(method, path),
                },
                method: method.to_uppercase(),
                path: path.to_owned(),
                has_body: parameters.iter().any(|parameter| place(parameter) == "body")
                    || !operation["requestBody"].is_null(),
                parameters: named,
            });
        }
    }
    facts
}

/// What the engine reads a body of and no spec says so.
const WITHOUT_BODY: [&str; 7] = [
    "ContainerRestoreLibpod",
    "ImageBuildLibpod",
    "ImageCommit",
    "PlayKubeDownLibpod",
    "commitContainer",
    "libpodBuildImage",
    "libpodRestoreContainer",
];

/// What Docker reads credentials of and no spec says so.
const WITHOUT_CREDENTIALS: [&str; 3] = ["DistributionInspect", "GetPluginPrivileges", "PluginPush"];

/// What annotations change of operations, parameters and bodies, where a real engine has shown that
/// the specs are wrong.
fn mended(engine: &str, version: &str, facts: BTreeSet<Fact>) -> BTreeSet<Fact> {
    if engine == "docker" {
        let with_credentials = |mut fact: Fact| {
            if WITHOUT_CREDENTIALS.contains(&&*fact.id) {
                let header = ("X-Registry-Auth".to_owned(), "header".to_owned());
                assert!(fact.parameters.insert(header), "{version}: it is mended upstream");
            }
            fact
        };
        return facts.into_iter().map(with_credentials).collect();
    }
    if engine != "podman" {
        return facts;
    }
    let is_since = |other| ApiVersion::parse(version) >= ApiVersion::parse(other);
    let is_there = |fact: &Fact| {
        !is_since("v4.0.0") || !["ManifestAddLibpod", "ManifestPushV3Libpod"].contains(&&*fact.id)
    };
    let other = |mut fact: Fact| {
        if WITHOUT_BODY.contains(&&*fact.id) {
            assert!(!fact.has_body, "{version}: the body is mended upstream");
            fact.has_body = true;
        }
        if fact.id == "ManifestCreateLibpod" && is_since("v4.0.0") && !is_since("v5.1.0") {
            assert_eq!(fact.path, "/libpod/manifests", "{version}: it is mended upstream");
            fact.path.push_str("/{name}");
            assert!(fact.parameters.remove(&("name".to_owned(), "query".to_owned())), "{version}");
            fact.parameters.insert(("name".to_owned(), "path".to_owned()));
        }
        fact
    };
    facts.into_iter().filter(is_there).map(other).collect()
}

/// The id of an operation without one; here only of paths without variables.
fn made_id(method: &str, path: &str) -> String {
    assert!(!path.contains('{'), "{path}");
    let words = path.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    let words = words.map(|word| word[..1].to_uppercase() + &word[1..]);
    method.to_owned() + &words.collect::<String>()
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
                    let expected = mended(engine, version, facts_of_spec(path, namespace));
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

#[test]
fn incus_is_what_its_specs_say() {
    check("incus", "/1.0");
}

#[test]
fn firecracker_is_what_its_specs_say() {
    check("firecracker", "");
}

#[test]
fn cloud_hypervisor_is_what_its_specs_say() {
    check("cloud-hypervisor", "");
}

/// Bodies and answers of OpenAPI 3 by an independent reading: media types and status codes.
#[test]
fn cloud_hypervisors_bodies_and_answers_are_what_its_specs_say() {
    let Some(specs) = specs_of("cloud-hypervisor") else { return };
    let pack = Pack::open(contajners_resources::pack("cloud-hypervisor").unwrap()).unwrap();
    for (version, path) in specs {
        let spec: Value = yaml_serde::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        let api = pack.api(&version).unwrap();
        assert_eq!(api.prefix_template(), "/api/v1");
        let mut bodies = 0;
        for operation in api.operations() {
            let method = operation.method().to_string().to_lowercase();
            let own = &spec["paths"][operation.path()][&*method];
            let keys = |value: &Value| -> Vec<String> {
                let keys = value.as_mapping().into_iter().flat_map(|map| map.keys());
                let text = |key: &Value| match key {
                    Value::Number(number) => number.to_string(),
                    other => other.as_str().unwrap().to_owned(),
                };
                keys.map(text).collect()
            };
            let body = operation.body();
            let types: Vec<String> =
                body.iter().flat_map(|body| body.media_types()).map(str::to_owned).collect();
            assert_eq!(types, keys(&own["requestBody"]["content"]), "{version} {operation:?}");
            if let Some(body) = body {
                let required = own["requestBody"]["required"].as_bool() == Some(true);
                assert_eq!(body.required(), required, "{version} {operation:?}");
                bodies += 1;
            }
            let mut expected = keys(&own["responses"]);
            expected.sort();
            let found = operation.responses().map(|response| {
                response.status().map_or("default".to_owned(), |status| status.to_string())
            });
            assert_eq!(found.collect::<Vec<_>>(), expected, "{version} {operation:?}");
        }
        assert!(bodies > 10, "{version}: {bodies}");
    }
}

/// A query that belongs to a path goes before the parameters of the call.
#[test]
fn paths_of_incus_may_carry_a_query() {
    use contajners_core::Body;
    let pack = Pack::open(contajners_resources::pack("incus").unwrap()).unwrap();
    let api = pack.newest().unwrap();
    let target = |id: &str, values: &[(&str, &dyn contajners_core::Value)]| {
        api.operation(id).unwrap().resolve(values, Body::Nothing).unwrap().target().to_owned()
    };
    assert_eq!(target("instances_get", &[]), "/1.0/instances");
    assert_eq!(target("instances_get_recursion1", &[]), "/1.0/instances?recursion=1");
    assert_eq!(target("instances_get_recursion2", &[]), "/1.0/instances?recursion=2");
    assert_eq!(
        target("instances_get_recursion1", &[("project", &"a&b=c d")]),
        "/1.0/instances?recursion=1&project=a%26b%3Dc%20d"
    );
    assert_eq!(
        target("image_export_get_untrusted", &[("fingerprint", &"a/b?c"), ("secret", &"x")]),
        "/1.0/images/a%2Fb%3Fc/export?public&secret=x"
    );
    let history = api.operation("instances_get").unwrap().history();
    assert!(history.is_all(), "{history}");
    let of_path = |path: &str| api.operations().filter(|own| own.path() == path).count();
    assert!(of_path("/1.0/instances") >= 2 && of_path("/1.0/instances?recursion=1") == 1);
}

/// The packs hold facts only: none of the vendors' sentences is in them.
#[test]
fn packs_hold_no_prose() {
    for (engine, least) in [
        ("docker", 100),
        ("podman", 100),
        ("incus", 20),
        ("firecracker", 50),
        ("cloud-hypervisor", 4),
    ] {
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
        assert!(sentences > least, "{engine}: {sentences}");
    }
}

/// The sizes that the packs must not outgrow.
#[test]
fn packs_are_small() {
    let size = |engine| contajners_resources::pack(engine).unwrap().len();
    assert!(size("docker") <= 64 << 10, "{}", size("docker"));
    assert!(size("podman") <= 128 << 10, "{}", size("podman"));
    let new = size("incus") + size("firecracker") + size("cloud-hypervisor");
    assert!(new <= 64 << 10, "{new}");
    let mut gzip = std::process::Command::new("gzip")
        .args(["-9", "-c"])
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .expect("gzip is part of every Debian");
    let mut input = gzip.stdin.take().unwrap();
    std::thread::spawn(move || {
        use std::io::Write as _;
        for engine in ["docker", "podman"] {
            let pack = contajners_resources::pack(engine).unwrap();
            input.write_all(pack).unwrap();
        }
    });
    let zipped = gzip.wait_with_output().unwrap().stdout.len();
    assert!(zipped <= 64 << 10, "{zipped}");
}
