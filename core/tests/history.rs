//! Histories of fields and of allowed values, from the packs in `resources/`.

#![cfg(feature = "schemas")]

use contajners_core::{Pack, SchemaHistory};

fn create(version: &str) -> SchemaHistory<'static> {
    let pack = Pack::open(contajners_resources::pack("docker").unwrap()).unwrap();
    pack.api(version).unwrap().operation("ContainerCreate").unwrap().body_history()
}

#[test]
fn fields() {
    // What is asked for does not depend on the version that it is asked of.
    for version in ["v1.25", "v1.55"] {
        let host = create(version).property("HostConfig");
        let check = |path: &str, expected: &str| {
            let place = path.split('/').fold(host.clone(), |at, name| match name {
                "*" => at.inner(),
                name => at.property(name),
            });
            assert_eq!(place.versions().to_string(), expected, "{path}");
        };
        check("Memory", "all versions");
        check("KernelMemory", "v1.36–v1.37, v1.40–v1.41");
        check("Mounts/*/BindOptions/CreateMountpoint", "v1.42–v1.55");
        check("PortBindings/*/*/HostPort", "v1.35–v1.55");
        check("Mounts/BindOptions", "no version");
        check("Memory/*", "no version");
        check("Nothing/BindOptions/*", "no version");
    }
}

#[test]
fn allowed_values() {
    let host = create("v1.55").property("HostConfig");
    let kind = host.property("Mounts").inner().property("Type");
    let since = |member: &str| kind.member_versions(member).to_string();
    assert_eq!(since("\"bind\""), "all versions");
    assert_eq!(since("\"cluster\""), "v1.42–v1.55");
    assert_eq!(since("cluster"), "no version");
    // A field that took anything once: its values are no younger than itself.
    let mode = host.property("CgroupnsMode");
    assert_eq!(mode.member_versions("\"host\""), mode.versions_with_members());
    assert_eq!(mode.versions().since(), Some("v1.41"));
}

#[test]
fn parameters_answers_and_single_schemas() {
    let pack = Pack::open(contajners_resources::pack("docker").unwrap()).unwrap();
    let api = pack.api("v1.55").unwrap();
    let wait = api.operation("ContainerWait").unwrap();
    let condition = wait.parameters().find(|own| own.name() == "condition").unwrap();
    let history = condition.schema_history();
    assert_eq!(history.versions(), condition.history());
    assert_eq!(history.member_versions("\"removed\"").since(), Some("v1.30"));
    let answer = wait.answer_history(Some(200));
    assert!(answer.property("StatusCode").versions().is_all());
    assert!(wait.answer_history(Some(299)).versions().is_empty());
    let alone = condition.schema().alone();
    assert_eq!(alone.versions().iter().collect::<Vec<_>>(), ["v1.55"]);
    assert_eq!(format!("{alone:?}"), "SchemaHistory(v1.55)");
    // A schema of another version is none of the version that was asked for.
    let body = api.operation("ContainerCreate").unwrap().body().unwrap().schema();
    let found = SchemaHistory::of(pack, |_| Some(body)).versions();
    assert_eq!(found.iter().collect::<Vec<_>>(), ["v1.55"]);
}
