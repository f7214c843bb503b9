//! Differences between the versions in the packs of `resources/`.

#![cfg(feature = "schemas")]

use contajners_core::{Api, Change, ChangeKind, Pack, Place};

fn pack(engine: &str) -> Pack<'static> {
    Pack::open(contajners_resources::pack(engine).unwrap()).unwrap()
}

fn api(engine: &str, version: &str) -> Api<'static> {
    pack(engine).api(version).unwrap()
}

fn told(changes: &[Change]) -> Vec<String> {
    let line = |change: &Change| {
        let mark = if change.is_breaking() { " !" } else { "" };
        format!("{}: {}: {}{mark}", change.operation, change.place, change.kind)
    };
    changes.iter().map(line).collect()
}

#[test]
fn what_changed_in_an_operation() {
    let (old, new) = (api("docker", "v1.41"), api("docker", "v1.42"));
    let changes =
        old.operation("ContainerCreate").unwrap().diff(new.operation("ContainerCreate").unwrap());
    assert_eq!(
        told(&changes),
        [
            "ContainerCreate: body /HostConfig/ConsoleSize: may be null now",
            "ContainerCreate: body /HostConfig/KernelMemory: removed !",
            "ContainerCreate: body /HostConfig/Mounts/*/BindOptions/CreateMountpoint: added",
            // Docker has the type of a mount in an `allOf`.
            "ContainerCreate: body /HostConfig/Mounts/*/Type: takes \"cluster\" now",
        ]
    );
}

/// What is sent and read stays the same JSON; `null` breaks those who read it, or who send it.
#[test]
fn formats_and_null() {
    let create = |version| api("docker", version).operation("ContainerCreate").unwrap();
    let line = |changes: Vec<Change>, place: &str| -> Vec<String> {
        told(&changes).into_iter().filter(|line| line.contains(place)).collect()
    };
    let changes = create("v1.41").diff(create("v1.55"));
    assert_eq!(
        line(changes, "/Dns/*"),
        ["ContainerCreate: body /HostConfig/Dns/*: string → string (ip-address)"]
    );
    let changes = create("v1.41").diff(create("v1.55"));
    assert_eq!(
        line(changes, "/Runtime"),
        ["ContainerCreate: body /HostConfig/Runtime: may be null now"]
    );
    let changes = create("v1.55").diff(create("v1.41"));
    assert_eq!(
        line(changes, "/Runtime"),
        ["ContainerCreate: body /HostConfig/Runtime: may be null no longer !"]
    );
    let inspect = |version| api("docker", version).operation("ContainerInspect").unwrap();
    let changes = inspect("v1.41").diff(inspect("v1.55"));
    assert_eq!(
        line(changes, "/HostConfig/Runtime"),
        ["ContainerInspect: answer 200 /HostConfig/Runtime: may be null now !"]
    );
}

/// The id does not tell whether it is the same operation.
#[test]
fn a_new_id_is_a_rename() {
    let changes = api("docker", "v1.27").diff(api("docker", "v1.28"));
    let renamed: Vec<String> =
        told(&changes).into_iter().filter(|line| line.contains("renamed")).collect();
    assert_eq!(
        renamed,
        [
            "ContainerArchive: operation: renamed from ContainerGetArchive to ContainerArchive !",
            "ContainerArchiveInfo: operation: renamed from ContainerArchiveHead to \
             ContainerArchiveInfo !",
            "PutContainerArchive: operation: renamed from ContainerPutArchive to \
             PutContainerArchive !",
        ]
    );
    let is_whole = |change: &&Change| change.place == Place::Operation;
    let gone = changes.iter().filter(is_whole).filter(|change| change.kind == ChangeKind::Removed);
    assert_eq!(gone.count(), 0);
}

/// Docker v1.27 alone lacks `filters` on `VolumePrune`.
#[test]
fn things_go_and_come_back() {
    let prune = |version| api("docker", version).operation("VolumePrune").unwrap();
    let filters = "VolumePrune: query filters:";
    assert_eq!(told(&prune("v1.26").diff(prune("v1.27")))[..1], [format!("{filters} removed !")]);
    assert_eq!(told(&prune("v1.27").diff(prune("v1.28")))[..1], [format!("{filters} added")]);
}

#[test]
fn engines_where_they_are_the_same() {
    let (docker, podman) = (api("docker", "v1.41"), api("podman", "v5.8.2"));
    let changes = docker.diff(podman);
    assert!(changes.iter().all(|change| change.place != Place::Operation));
    assert!(changes.iter().any(|change| change.operation == "ContainerList"));
    let inspect = docker.operation("ContainerInspect").unwrap();
    assert_eq!(inspect.counterpart(podman).unwrap().path(), "/containers/{name}/json");
}

/// What one has more than the other, the other has less than the one.
#[test]
fn differences_turn_around() {
    for engine in ["docker", "podman"] {
        let apis: Vec<Api<'static>> = pack(engine).apis().collect();
        for pair in apis.windows(2).step_by(7) {
            assert_eq!(pair[0].diff(pair[0]), []);
            let (on, back) = (pair[0].diff(pair[1]), pair[1].diff(pair[0]));
            let mut on: Vec<String> = on
                .iter()
                .filter(|change| matches!(change.kind, ChangeKind::Added { .. }))
                .map(|change| format!("{} {} {}", change.method, change.path, change.place))
                .collect();
            let mut back: Vec<String> = back
                .iter()
                .filter(|change| change.kind == ChangeKind::Removed)
                .map(|change| format!("{} {} {}", change.method, change.path, change.place))
                .collect();
            on.sort();
            back.sort();
            assert_eq!(on, back, "{pair:?}");
        }
    }
}
